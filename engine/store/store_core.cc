#include "engine/store/store_core.h"

#include <utility>

#include "engine/base/log.h"
#include "engine/base/strings.h"

namespace tsd::engine {

std::vector<uint64_t> StagedChunk::DeletedIds() const {
  std::vector<uint64_t> ids = undone;
  for (const StagedDelete& staged : deletes) ids.insert(ids.end(), staged.row_ids.begin(), staged.row_ids.end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

StoreCore::StoreCore(StoreOptions options) : options_(std::move(options)), space_(std::make_shared<FileSpace>()) {
  space_->env = options_.env;
  space_->directory = StrCat(options_.directory, "/chunks");
  space_->cache = std::make_shared<BlockCache>(options_.block_cache_bytes);
  space_->readers = std::make_shared<ChunkReaders>(options_.open_files);
  space_->rows_per_block = options_.rows_per_block;
}

Status StoreCore::CheckOpen() const {
  if (!poisoned_.ok()) return poisoned_;
  if (closed_) return Error(sqlstate::kAdminShutdown, "the store is closed");
  return OkStatus();
}

Status StoreCore::Closing() const {
  MutexLock lock(mutex_);
  return CheckOpen();
}

Status StoreCore::poisoned() const {
  MutexLock lock(mutex_);
  return poisoned_;
}

void StoreCore::Abandon() {
  space_->deleting.store(false);
  MutexLock lock(mutex_);
  closed_ = true;
}

void StoreCore::Poison(const Status& cause, Deferred& after) {
  if (!poisoned_.ok()) return;
  poisoned_ = HasSqlState(cause, sqlstate::kIoError) ? cause : Error(sqlstate::kIoError, StdView(cause.message()));
  after.Add([self = shared_from_this(), status = poisoned_] {
    log::Error("store poisoned: ", status.message());
    if (self->options_.on_poisoned) self->options_.on_poisoned(status);
  });
  for (auto& entry : std::exchange(log_queue_, {})) entry->apply(poisoned_, after);
  for (WaitingWriter& writer : std::exchange(waiting_writers_, {})) after.Set(writer.promise, poisoned_);
  for (auto& [id, promise] : std::exchange(waiting_readers_, {})) after.Set(promise, poisoned_);
  for (Unsynced& waiting : std::exchange(unsynced_, {})) after.Set(waiting.promise, poisoned_);
  FinishFlushes(flush_promises_, poisoned_, after);
  FinishCompactions(poisoned_, after);
  std::vector<std::shared_ptr<DeleteOperation>> deletes;
  for (const auto& [id, txn] : transactions_) deletes.insert(deletes.end(), txn->waiting_deletes.begin(), txn->waiting_deletes.end());
  for (const auto& operation : deletes) FinishDelete(operation, poisoned_, after);
}

void StoreCore::OnWalPoisoned(const Status& cause) {
  Deferred after;
  MutexLock lock(mutex_);
  Poison(cause, after);
}

void StoreCore::AppendToLog(LogType type, std::string payload, Durability durability, Action apply, Deferred& after) {
  auto entry = std::make_shared<LogEntry>();
  entry->lsn = wal_->NextLsn();
  entry->apply = std::move(apply);
  log_queue_.push_back(entry);
  // The future may be ready already: its callback takes the mutex, so it is attached outside.
  after.Add([self = shared_from_this(), entry = std::move(entry), future = wal_->Append(static_cast<uint8_t>(type), std::move(payload), durability)]() mutable {
    Future<StatusOr<Lsn>> logged = future;
    logged.OnReady([self = std::move(self), entry = std::move(entry), future = std::move(future)]() mutable { self->OnLogged(entry, future.Take().status()); });
  });
}

void StoreCore::OnLogged(const std::shared_ptr<LogEntry>& entry, const Status& status) {
  Deferred after;
  MutexLock lock(mutex_);
  if (HasSqlState(status, sqlstate::kAdminShutdown)) {  // raced with Close: nothing is wrong with the log
    std::erase(log_queue_, entry);
    entry->apply(status, after);
    return;
  }
  if (!status.ok()) {
    Poison(status, after);
    return;
  }
  entry->done = true;
  while (!log_queue_.empty() && log_queue_.front()->done) {
    const std::shared_ptr<LogEntry> front = std::move(log_queue_.front());
    log_queue_.pop_front();
    front->apply(OkStatus(), after);
  }
  AnswerDurable(after);
}

TransactionPtr StoreCore::FindTransaction(TxnId id) {
  const auto found = transactions_.find(id);
  return found == transactions_.end() ? nullptr : found->second;
}

TransactionPtr StoreCore::FindOrBegin(TxnId id) {
  TransactionPtr& txn = transactions_[id];
  if (txn == nullptr) txn = std::make_shared<Transaction>(id);
  return txn;
}

ChunkStatePtr StoreCore::FindOrCreateChunk(ChunkId id) {
  ChunkStatePtr& chunk = chunks_[id];
  if (chunk == nullptr) chunk = std::make_shared<ChunkState>(id);
  return chunk;
}

StagedChunk& StoreCore::Stage(Transaction& txn, ChunkId chunk) {
  StagedChunk& staged = txn.chunks[chunk];
  if (staged.chunk == nullptr) {
    staged.chunk = FindOrCreateChunk(chunk);
    staged.chunk->stagers.insert(&txn);
  }
  return staged;
}

void StoreCore::RunAll(std::vector<Waiter>& waiters, Deferred& after) {
  for (Waiter& waiter : std::exchange(waiters, {})) waiter(after);
}

Future<Status> StoreCore::Close() {
  Promise<Status> promise;
  Deferred after;
  MutexLock lock(mutex_);
  if (closed_) return ReadyFuture(OkStatus());
  closed_ = true;
  const Status closed = Error(sqlstate::kAdminShutdown, "the store is closed");
  for (WaitingWriter& writer : std::exchange(waiting_writers_, {})) after.Set(writer.promise, closed);
  for (auto& [id, waiting] : std::exchange(waiting_readers_, {})) after.Set(waiting, closed);
  close_promise_ = promise;
  FinishClose(after);
  return promise.future();
}

void StoreCore::FinishClose(Deferred& after) {
  if (!close_promise_.has_value() || maintenance_running_ || removing_orphans_ || jobs_in_flight_ > 0) return;
  after.Add([self = shared_from_this(), promise = *std::exchange(close_promise_, std::nullopt)] {
    Future<Status> closed = self->wal_->Close();
    closed.OnReady([self, promise, closed]() mutable {
      const Status status = closed.Take();
      self->space_->deleting.store(false);
      {
        MutexLock lock(self->mutex_);
        self->lock_file_.reset();
      }
      promise.Set(status);
    });
  });
}

}  // namespace tsd::engine
