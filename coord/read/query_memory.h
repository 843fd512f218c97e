#pragma once
// QueryMemory: the memory of all queries of a node: one budget, on which each query's own draws. What sessions of other access nodes run
// here counts as theirs do at home: fragments of one statement share one budget. Thread-safe.
#include <map>
#include <memory>
#include <utility>

#include "engine/base/ids.h"
#include "engine/base/memory_budget.h"
#include "engine/base/mutex.h"

namespace tsd::coord {

class QueryMemory {
 public:
  explicit QueryMemory(int64_t limit_bytes) : node_(std::make_shared<MemoryBudget>(limit_bytes)) {}

  /// Of a query of this node's own sessions.
  std::shared_ptr<MemoryBudget> OfQuery(uint64_t limit_bytes) const;
  /// Of a fragment: the same for all of a statement (a level of a transaction) while any of them runs, with the first one's limit.
  std::shared_ptr<MemoryBudget> OfFragment(TxnId transaction, uint32_t level, uint64_t limit_bytes);
  int64_t used() const { return node_->used(); }

 private:
  using Statement = std::pair<TxnId, uint32_t>;
  struct Shared {
    Mutex mutex;
    std::map<Statement, std::weak_ptr<MemoryBudget>> budgets ABSL_GUARDED_BY(mutex);
  };
  const std::shared_ptr<MemoryBudget> node_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();  // outlived by fragments that end late
};

}  // namespace tsd::coord
