#include "coord/txn/transaction.h"

namespace tsd::coord {

void Transaction::Join(NodeId node) {
  MutexLock lock(mutex_);
  operations_.try_emplace(node, 0);
}

void Transaction::NoteOperation(NodeId node) {
  MutexLock lock(mutex_);
  ++operations_[node];
}

std::vector<NodeId> Transaction::participants() const {
  MutexLock lock(mutex_);
  std::vector<NodeId> nodes;
  for (const auto& [node, count] : operations_) nodes.push_back(node);
  return nodes;
}

uint64_t Transaction::operations(NodeId node) const {
  MutexLock lock(mutex_);
  auto found = operations_.find(node);
  return found == operations_.end() ? 0 : found->second;
}

}  // namespace tsd::coord
