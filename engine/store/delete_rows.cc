// Delete: row locks, and what happens when two transactions want the same row.
#include <algorithm>

#include "engine/base/strings.h"
#include "engine/store/store_core.h"

namespace tsd::engine {

Future<StatusOr<uint64_t>> StoreCore::Delete(DeleteRequest request) {
  auto operation = std::make_shared<DeleteOperation>();
  operation->request = std::move(request);
  Future<StatusOr<uint64_t>> future = operation->promise.future();
  Deferred after;
  MutexLock lock(mutex_);
  Status status = CheckOpen();
  if (status.ok()) {
    operation->txn = FindOrBegin(operation->request.txn);
    if (operation->txn->state != TxnState::kActive) {
      status = Error(sqlstate::kInFailedSqlTransaction, StrCat("transaction ", operation->txn->id.ToString(), " is already ending"));
    }
  }
  if (!status.ok()) return ReadyFuture(StatusOr<uint64_t>(std::move(status)));
  operation->chunk = Stage(*operation->txn, operation->request.chunk).chunk;
  operation->txn->waiting_deletes.push_back(operation);
  ContinueDelete(operation, after);
  return future;
}

void StoreCore::ContinueDelete(const std::shared_ptr<DeleteOperation>& operation, Deferred& after) {
  if (operation->finished) return;
  Transaction* const txn = operation->txn.get();
  txn->waiting_for = nullptr;
  const std::vector<uint64_t>& row_ids = operation->request.row_ids;
  for (; operation->next < row_ids.size(); ++operation->next) {
    const uint64_t row_id = row_ids[operation->next];
    if (const std::optional<Timestamp> deleted = operation->chunk->DeletedAt(row_id); deleted.has_value()) {
      if (*deleted <= operation->request.read_timestamp) continue;
      FinishDelete(operation, Error(sqlstate::kSerializationFailure, "could not serialize access due to concurrent update"), after);
      return;
    }
    const auto [lock, taken] = operation->chunk->locks.try_emplace(row_id, txn);
    if (taken) {
      operation->taken.push_back(row_id);
    } else if (lock->second != txn) {
      WaitForLock(operation, lock->second, after);
      return;
    }
  }
  FinishDelete(operation, static_cast<uint64_t>(operation->taken.size()), after);
}

void StoreCore::WaitForLock(const std::shared_ptr<DeleteOperation>& operation, Transaction* holder, Deferred& after) {
  Transaction* const txn = operation->txn.get();
  for (Transaction* next = holder; next != nullptr; next = next->waiting_for) {
    if (next != txn) continue;
    FinishDelete(operation, Error(sqlstate::kDeadlockDetected, "deadlock detected"), after);
    return;
  }
  txn->waiting_for = holder;
  holder->when_unlocked.push_back([this, operation](Deferred& later) { ContinueDelete(operation, later); });
  if (operation->timer != 0) return;
  operation->timer = options_.workers->PostAfter(options_.lock_timeout, [weak = weak_from_this(), operation] {
    const std::shared_ptr<StoreCore> self = weak.lock();
    if (self == nullptr) return;
    Deferred later;
    MutexLock lock(self->mutex_);
    self->FinishDelete(operation,
                       Error(sqlstate::kDeadlockDetected, StrCat("waited ", absl::FormatDuration(self->options_.lock_timeout),
                                                                 " for a row lock held by another transaction")),
                       later);
  });
}

void StoreCore::FinishDelete(const std::shared_ptr<DeleteOperation>& operation, StatusOr<uint64_t> result, Deferred& after) {
  if (operation->finished) return;
  operation->finished = true;
  Transaction& txn = *operation->txn;
  txn.waiting_for = nullptr;
  std::erase(txn.waiting_deletes, operation);
  if (operation->timer != 0) {
    after.Add([executor = options_.workers, timer = operation->timer] { executor->Cancel(timer); });
  }
  const auto staged = txn.chunks.find(operation->request.chunk);
  const bool stripped = staged == txn.chunks.end() || staged->second.chunk != operation->chunk;  // the chunk was dropped meanwhile
  if (result.ok() && !stripped) {
    if (!operation->taken.empty()) staged->second.deletes.push_back({operation->request.level, operation->taken});
  } else if (!operation->taken.empty()) {
    for (uint64_t row_id : operation->taken) operation->chunk->locks.erase(row_id);
    RunAll(txn.when_unlocked, after);
  }
  after.Set(operation->promise, std::move(result));
}

}  // namespace tsd::engine
