#pragma once
// MemoryHold: bytes that an operator, or a session on its client's behalf, holds, charged to the query's budget; given back when it ends.
// One driver at a time.
#include "engine/base/memory_budget.h"
#include "engine/base/status.h"
#include "sql/exec/operator.h"

namespace tsd::sql {

class MemoryHold {
 public:
  explicit MemoryHold(const ExecContext& context) : MemoryHold(context.memory) {}
  /// `budget` outlives it; null: nothing is charged.
  explicit MemoryHold(MemoryBudget* budget) : budget_(budget) {}
  ~MemoryHold() { Set(0).IgnoreError(); }
  MemoryHold(const MemoryHold&) = delete;
  MemoryHold& operator=(const MemoryHold&) = delete;
  /// 53200 when the budget refuses: the query's limit, or that of the node's queries together.
  Status Set(size_t bytes);
  /// The same for an operator that can go to disk: refused earlier, so that half of the budget is left to those that hold little, and to
  /// tables while they grow, when the old one and the new one are there at once.
  Status SetOrSpill(size_t bytes);
  /// So many bytes are worth a trip to the disk: fewer are not what fills the budget.
  bool AreWorthSpilling(size_t bytes) const;

 private:
  /// Of `bytes` more, where the query itself could have had up to `allowed`: if it would not have more, the node's limit is reached.
  Status Refusal(int64_t bytes, int64_t allowed) const;
  MemoryBudget* const budget_;
  int64_t held_ = 0;
};

}  // namespace tsd::sql
