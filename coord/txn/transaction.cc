#include "coord/txn/transaction.h"

#include "engine/base/check.h"

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

void Transaction::AddChange(const CatalogChange& change) {
  if (change_levels_.empty() || change_levels_.back().first < level_) change_levels_.emplace_back(level_, change_.size());
  change_.Append(change);
  MutexLock lock(mutex_);
  if (base_ == nullptr) return;
  auto next = std::make_shared<sql::Catalog>(*catalog_);
  if (change.ApplyTo(*next).ok()) {
    catalog_ = std::move(next);
  } else {
    base_.reset();
  }
}

void Transaction::UndoChanges(uint32_t level) {
  while (!change_levels_.empty() && change_levels_.back().first >= level) {
    change_.Truncate(change_levels_.back().second);
    change_levels_.pop_back();
  }
  MutexLock lock(mutex_);
  base_.reset();
}

sql::CatalogPtr Transaction::CatalogOver(const sql::CatalogPtr& published) const {
  if (change_.empty()) return published;
  MutexLock lock(mutex_);
  if (base_ == published) return catalog_;
  // Made again when others published: chunks that they created meanwhile must be seen here too.
  auto next = std::make_shared<sql::Catalog>(*published);
  const Status applied = change_.ApplyTo(*next);
  TSD_CHECK_MSG(applied.ok(), "a transaction's own catalog change does not apply");
  base_ = published;
  catalog_ = std::move(next);
  return catalog_;
}

}  // namespace tsd::coord
