#include "coord/read/query_memory.h"

namespace tsd::coord {

std::shared_ptr<MemoryBudget> QueryMemory::OfQuery(uint64_t limit_bytes) const {
  return std::make_shared<MemoryBudget>(static_cast<int64_t>(limit_bytes), node_);
}

std::shared_ptr<MemoryBudget> QueryMemory::OfFragment(TxnId transaction, uint32_t level, uint64_t limit_bytes) {
  const Statement statement(transaction, level);
  MutexLock lock(shared_->mutex);
  std::weak_ptr<MemoryBudget>& known = shared_->budgets[statement];
  if (std::shared_ptr<MemoryBudget> budget = known.lock()) return budget;
  std::shared_ptr<MemoryBudget> owned = OfQuery(limit_bytes);
  MemoryBudget* const pointer = owned.get();
  std::shared_ptr<MemoryBudget> budget(pointer, [owned = std::move(owned), shared = shared_, statement](MemoryBudget*) mutable {
    owned.reset();
    MutexLock forget(shared->mutex);
    const auto found = shared->budgets.find(statement);
    // Another fragment may have come meanwhile and made the next one.
    if (found != shared->budgets.end() && found->second.expired()) shared->budgets.erase(found);
  });
  known = budget;
  return budget;
}

}  // namespace tsd::coord
