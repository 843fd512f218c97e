#pragma once
// HeldRows: rows that a session keeps for its client (RETURNING, cursors), charged to the memory of the query that made them for as long as
// they are here. One coroutine at a time.
#include <memory>
#include <vector>

#include "coord/read/query_run.h"
#include "sql/exec/memory_hold.h"

namespace tsd::coord {

class HeldRows final : public RowSource {
 public:
  explicit HeldRows(std::shared_ptr<MemoryBudget> memory) : memory_(std::move(memory)), hold_(memory_.get()) {}
  /// 53200 when the query's memory does not hold them.
  Status Add(ColumnBatch batch);
  /// All that were added, unless Next was called.
  const std::vector<ColumnBatch>& batches() const { return batches_; }
  /// They leave one batch after the other.
  Task<StatusOr<ColumnBatch>> Next() override;

 private:
  const std::shared_ptr<MemoryBudget> memory_;
  sql::MemoryHold hold_;
  size_t bytes_ = 0;
  std::vector<ColumnBatch> batches_;
  size_t next_ = 0;
};

}  // namespace tsd::coord
