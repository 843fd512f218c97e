#include "coord/node/open_transactions.h"

#include <algorithm>

#include "engine/base/strings.h"

namespace tsd::coord {

void OpenTransactions::NoteOperation(TxnId txn) {
  MutexLock lock(mutex_);
  ++entries_[txn].operations;
}

void OpenTransactions::NoteArrival(TxnId txn) {
  MutexLock lock(mutex_);
  entries_.try_emplace(txn);
}

Status OpenTransactions::NoteArrived(TxnId txn) {
  MutexLock lock(mutex_);
  const auto found = entries_.find(txn);
  if (found == entries_.end()) {
    return Error(sqlstate::kInFailedSqlTransaction, StrCat("transaction ", txn.ToString(), " was aborted while its rows came in"));
  }
  ++found->second.operations;
  return OkStatus();
}

Status OpenTransactions::CheckOperations(TxnId txn, uint64_t expected) const {
  MutexLock lock(mutex_);
  const auto found = entries_.find(txn);
  const uint64_t seen = found == entries_.end() ? 0 : found->second.operations;
  if (seen == expected) return OkStatus();
  return Error(sqlstate::kConnectionException, "the data node was restarted during the transaction and has lost a part of it");
}

Status OpenTransactions::BeginPrepare(TxnId txn, uint64_t expected) {
  RETURN_IF_ERROR(CheckOperations(txn, expected));
  MutexLock lock(mutex_);
  const auto fence = fences_.find(txn.origin);
  if (fence != fences_.end() && Timestamp(txn.sequence) < fence->second.over_below) {
    return Error(sqlstate::kInFailedSqlTransaction, StrCat("transaction ", txn.ToString(), " is over"));
  }
  entries_[txn].preparing = true;
  return OkStatus();
}

void OpenTransactions::NotePrepareRefused(TxnId txn) {
  MutexLock lock(mutex_);
  const auto found = entries_.find(txn);
  if (found != entries_.end()) found->second.preparing = false;
}

void OpenTransactions::Forget(TxnId txn) {
  MutexLock lock(mutex_);
  entries_.erase(txn);
}

void OpenTransactions::RaiseFence(uint64_t origin, Timestamp over_below) {
  MutexLock lock(mutex_);
  Timestamp& fence = fences_[origin].over_below;
  fence = std::max(fence, over_below);
}

bool OpenTransactions::IsFenced(uint64_t origin, Timestamp over_below) {
  MutexLock lock(mutex_);
  Fence& fence = fences_[origin];
  if (over_below <= fence.settled) return true;
  fence.over_below = std::max(fence.over_below, over_below);
  for (const auto& [txn, entry] : entries_) {
    if (txn.origin == origin && entry.preparing && Timestamp(txn.sequence) < over_below) return false;
  }
  fence.settled = over_below;
  return true;
}

std::vector<HeldTransaction> OpenTransactions::List(uint64_t origin) const {
  MutexLock lock(mutex_);
  std::vector<HeldTransaction> result;
  for (const auto& [txn, entry] : entries_) {
    if (txn.origin == origin) result.push_back({txn, entry.preparing ? HeldState::kPreparing : HeldState::kActive});
  }
  return result;
}

}  // namespace tsd::coord
