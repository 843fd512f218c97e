// How transactions end: Prepare, CommitPrepared, CommitOnePhase, Abort. A transaction's rows reach the log here, in one record.
#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/strings.h"
#include "engine/store/store_core.h"

namespace tsd::engine {
namespace {

/// Small rests of many chunks together: beyond this they go to files too, which bounds a log record.
constexpr size_t kMaxLoggedBytes = 40 << 20;
/// How long the commit of a prepared transaction may wait for a sync that others need anyway.
constexpr absl::Duration kLongestUnsynced = absl::Milliseconds(10);

Status UnknownTransaction(TxnId id) {
  return Error(sqlstate::kInFailedSqlTransaction, StrCat("transaction ", id.ToString(), " is not known here: its changes are lost"));
}
Status WrongState(const Transaction& txn) {
  return Error(sqlstate::kObjectNotInPrerequisiteState, StrCat("transaction ", txn.id.ToString(), " is not in a state for this"));
}
Status WasAborted(const Transaction& txn) {
  return Error(sqlstate::kInFailedSqlTransaction, StrCat("transaction ", txn.id.ToString(), " was aborted"));
}
/// The log failed: whether the record is on disk only a restart will tell, whatever the disk's complaint.
Status MayBeLogged(const Status& status) {
  if (HasSqlState(status, sqlstate::kIoError) || HasSqlState(status, sqlstate::kAdminShutdown)) return status;
  return Error(sqlstate::kIoError, StdView(status.message()));
}

}  // namespace

void StoreCore::CloseTransaction(const TransactionPtr& txn, absl::AnyInvocable<void()> next, Deferred& after) {
  txn->state = TxnState::kClosing;
  size_t logged = 0;
  for (auto& [id, staged] : txn->chunks) {
    if (IsWorthAFile(staged)) {
      StartDirectJob(txn, staged, after);
    } else {
      logged += staged.bytes;
    }
  }
  if (logged > kMaxLoggedBytes) {
    for (StagedChunk* largest : LargestFirst(*txn)) {
      if (logged <= kMaxLoggedBytes) break;
      logged -= largest->bytes;
      StartDirectJob(txn, *largest, after);
    }
  }
  WhenIdle(txn, [next = std::move(next)](Deferred& later) mutable { later.Add(std::move(next)); }, after);
}

StatusOr<std::vector<ChunkToLog>> StoreCore::GatherForLog(const TransactionPtr& txn, uint64_t* strips) {
  struct Part {
    ChunkToLog log;
    std::vector<CommittedBlock> blocks;
  };
  std::vector<Part> parts;
  {
    MutexLock lock(mutex_);
    RETURN_IF_ERROR(CheckOpen());
    RETURN_IF_ERROR(txn->failure);
    *strips = txn->strips;
    parts.reserve(txn->chunks.size());
    for (const auto& [id, staged] : txn->chunks) {
      Part part;
      part.log.chunk = id;
      for (const StagedFile& file : staged.files) part.log.files.push_back(file.file->meta());
      if (!staged.deletes.empty() || !staged.undone.empty()) part.log.deleted = staged.DeletedIds();
      for (const StagedBlock& block : staged.blocks) part.blocks.push_back({block.block, Timestamp(), Timestamp()});
      if (!part.blocks.empty() || !part.log.files.empty() || !part.log.deleted.empty()) parts.push_back(std::move(part));
    }
  }
  std::vector<ChunkToLog> result;
  result.reserve(parts.size());
  for (Part& part : parts) {
    if (!part.blocks.empty()) {
      ASSIGN_OR_RETURN(const CommittedBlock all, ConcatBlocks(part.blocks));
      part.log.rows = all.block;
      part.log.schema_fingerprint = space_->schemas.FingerprintOf(all.block->schema);
    }
    result.push_back(std::move(part.log));
  }
  return result;
}

void StoreCore::AdoptGathered(Transaction& txn, const std::vector<ChunkToLog>& chunks) {
  for (const ChunkToLog& logged : chunks) {
    const auto found = txn.chunks.find(logged.chunk);
    if (logged.rows == nullptr || found == txn.chunks.end() || found->second.blocks.size() < 2) continue;
    StagedChunk& staged = found->second;
    staged_bytes_ += logged.rows->bytes - staged.bytes;
    txn.bytes += logged.rows->bytes - staged.bytes;
    staged.bytes = logged.rows->bytes;
    staged.blocks = {{0, logged.rows}};
  }
}

StoreCore::LogReady StoreCore::ReadyToLog(const Transaction& txn, uint64_t strips) const {
  if (txn.state != TxnState::kClosing) return LogReady::kGone;
  return txn.strips == strips ? LogReady::kReady : LogReady::kChanged;
}

void StoreCore::LogSchemas(const std::vector<ChunkToLog>& chunks, Deferred& after) {
  auto log = [&](uint64_t fingerprint) {
    if (!logged_schemas_.insert(fingerprint).second) return;
    ByteWriter schema;
    space_->schemas.Find(fingerprint)->Encode(schema);
    AppendToLog(LogType::kSchema, EncodeSchemaRecord(fingerprint, schema.data()), Durability::kBuffered, [](const Status&, Deferred&) {}, after);
  };
  for (const ChunkToLog& chunk : chunks) {
    if (chunk.rows != nullptr) log(chunk.schema_fingerprint);
    for (const FileMeta& file : chunk.files) log(file.schema_fingerprint);
  }
}

Future<Status> StoreCore::Prepare(TxnId id, Preparation preparation) {
  Promise<Status> promise;
  Deferred after;
  MutexLock lock(mutex_);
  if (Status status = CheckOpen(); !status.ok()) return ReadyFuture(std::move(status));
  const TransactionPtr txn = FindTransaction(id);
  if (txn == nullptr) return ReadyFuture(UnknownTransaction(id));
  if (txn->state == TxnState::kPrepared) return ReadyFuture(OkStatus());
  if (txn->state != TxnState::kActive) return ReadyFuture(WrongState(*txn));
  txn->preparation = std::move(preparation);
  CloseTransaction(txn, [self = shared_from_this(), txn, promise] { self->LogPrepare(txn, promise); }, after);
  return promise.future();
}

void StoreCore::LogPrepare(const TransactionPtr& txn, Promise<Status> promise) {
  while (true) {
    uint64_t strips = 0;
    StatusOr<std::vector<ChunkToLog>> chunks = GatherForLog(txn, &strips);
    std::string record;
    if (chunks.ok()) record = EncodePrepare(txn->id, txn->preparation, *chunks);
    if (record.size() > kMaxRecordBytes) chunks = Error(sqlstate::kProgramLimitExceeded, "transaction is too large for the log");

    Deferred after;
    MutexLock lock(mutex_);
    const LogReady ready = ReadyToLog(*txn, strips);
    if (ready == LogReady::kChanged) continue;
    if (!chunks.ok() || ready == LogReady::kGone) {
      after.Set(promise, chunks.ok() ? WasAborted(*txn) : chunks.status());
      if (txn->state == TxnState::kClosing) txn->state = TxnState::kActive;
      return;
    }
    txn->state = TxnState::kPreparing;
    txn->replay_from = epoch_start_;
    AdoptGathered(*txn, *chunks);
    LogSchemas(*chunks, after);
    const Durability durability = fault::Broken("skip_prepare_sync") ? Durability::kBuffered : Durability::kSync;
    AppendToLog(LogType::kPrepare, std::move(record), durability, [this, txn, promise](const Status& status, Deferred& later) {
      if (status.ok()) TSD_FAULT_POINT("store.prepare.logged");
      if (status.ok() && txn->state == TxnState::kPreparing) {
        txn->state = TxnState::kPrepared;
        undecided_.insert(txn.get());
      }
      const bool prepared = txn->state == TxnState::kPrepared;
      later.Set(promise, !status.ok() ? MayBeLogged(status) : prepared ? OkStatus() : WasAborted(*txn));
    }, after);
    return;
  }
}

Future<Status> StoreCore::CommitPrepared(TxnId id, Timestamp commit) {
  Promise<Status> promise;
  Deferred after;
  MutexLock lock(mutex_);
  if (Status status = CheckOpen(); !status.ok()) return ReadyFuture(std::move(status));
  const TransactionPtr txn = FindTransaction(id);
  if (txn == nullptr || txn->state == TxnState::kCommitting) {
    AnswerWhenDurable(promise, after);
    return promise.future();
  }
  if (txn->state != TxnState::kPrepared) return ReadyFuture(WrongState(*txn));
  txn->state = TxnState::kCommitting;
  txn->commit = commit;
  last_commit_ = std::max(last_commit_, commit);
  // The decision is durable with the coordinator, which asks again until we answer: only the answer waits for our disk.
  AppendToLog(LogType::kCommitPrepared, EncodeCommitPrepared(id, commit), Durability::kBuffered,
              [this, txn, promise](const Status& status, Deferred& later) {
                if (!status.ok()) {
                  later.Set(promise, status);
                  return;
                }
                TSD_FAULT_POINT("store.commit.logged");
                ApplyCommit(txn, later);
                AnswerWhenDurable(promise, later);
              }, after);
  return promise.future();
}

void StoreCore::AnswerWhenDurable(const Promise<Status>& promise, Deferred& after) {
  const Lsn end = wal_->NextLsn();
  if (wal_->DurableLsn() >= end) {
    after.Set(promise, OkStatus());
    return;
  }
  if (unsynced_.empty()) {
    after.Add([executor = options_.workers, weak = weak_from_this()] {
      executor->PostAfter(kLongestUnsynced, [weak] {
        if (const std::shared_ptr<StoreCore> self = weak.lock()) self->SyncUnsynced();
      });
    });
  }
  unsynced_.push_back({end, promise});
}

void StoreCore::AnswerDurable(Deferred& after) {
  while (!unsynced_.empty() && unsynced_.front().end <= wal_->DurableLsn()) {
    after.Set(unsynced_.front().promise, OkStatus());
    unsynced_.pop_front();
  }
}

void StoreCore::SyncUnsynced() {
  {
    MutexLock lock(mutex_);
    if (unsynced_.empty()) return;
  }
  Future<Status> sync = wal_->Sync();
  sync.OnReady([self = shared_from_this(), sync]() mutable {
    const Status status = sync.Take();
    Deferred after;
    MutexLock lock(self->mutex_);
    self->AnswerDurable(after);
    if (status.ok() && !self->unsynced_.empty()) {  // those that came meanwhile
      after.Add([self] { self->SyncUnsynced(); });
      return;
    }
    for (Unsynced& waiting : std::exchange(self->unsynced_, {})) after.Set(waiting.promise, status);
  });
}

Future<StatusOr<Timestamp>> StoreCore::CommitOnePhase(TxnId id, Timestamp minimum) {
  Promise<StatusOr<Timestamp>> promise;
  Deferred after;
  MutexLock lock(mutex_);
  if (Status status = CheckOpen(); !status.ok()) return ReadyFuture(StatusOr<Timestamp>(std::move(status)));
  const TransactionPtr txn = FindTransaction(id);
  if (txn == nullptr) return ReadyFuture(StatusOr<Timestamp>(UnknownTransaction(id)));
  if (txn->state != TxnState::kActive) return ReadyFuture(StatusOr<Timestamp>(WrongState(*txn)));
  CloseTransaction(txn, [self = shared_from_this(), txn, minimum, promise] { self->LogCommitOnePhase(txn, minimum, promise); }, after);
  return promise.future();
}

Timestamp StoreCore::NextCommitTimestamp(Timestamp minimum) {
  last_commit_ = std::max({minimum, Timestamp(max_read_.value() + 1), Timestamp(last_commit_.value() + 1)});
  return last_commit_;
}

void StoreCore::LogCommitOnePhase(const TransactionPtr& txn, Timestamp minimum, Promise<StatusOr<Timestamp>> promise) {
  while (true) {
    uint64_t strips = 0;
    StatusOr<std::vector<ChunkToLog>> chunks = GatherForLog(txn, &strips);
    std::string record;
    if (chunks.ok() && !chunks->empty()) record = EncodeCommitOnePhase(txn->id, *chunks);
    if (record.size() > kMaxRecordBytes) chunks = Error(sqlstate::kProgramLimitExceeded, "transaction is too large for the log");

    Deferred after;
    MutexLock lock(mutex_);
    const LogReady ready = ReadyToLog(*txn, strips);
    if (ready == LogReady::kChanged) continue;
    if (!chunks.ok() || ready == LogReady::kGone) {
      after.Set(promise, chunks.ok() ? WasAborted(*txn) : chunks.status());
      if (txn->state == TxnState::kClosing) txn->state = TxnState::kActive;
      return;
    }
    txn->commit = NextCommitTimestamp(minimum);
    txn->state = TxnState::kCommitting;
    if (chunks->empty()) {  // everything was taken back: nothing to make durable
      ApplyCommit(txn, after);
      after.Set(promise, txn->commit);
      return;
    }
    undecided_.insert(txn.get());
    SetRecordTimestamp(record, txn->commit);
    AdoptGathered(*txn, *chunks);
    LogSchemas(*chunks, after);
    AppendToLog(LogType::kCommitOnePhase, std::move(record), Durability::kSync, [this, txn, promise](const Status& status, Deferred& later) {
      if (!status.ok()) {
        later.Set(promise, MayBeLogged(status));
        return;
      }
      TSD_FAULT_POINT("store.commit.logged");
      ApplyCommit(txn, later);
      later.Set(promise, txn->commit);
    }, after);
    return;
  }
}

void StoreCore::ApplyCommit(const TransactionPtr& txn, Deferred& after) {
  const Timestamp commit = txn->commit;
  for (auto& [id, staged] : txn->chunks) {
    ChunkState& chunk = *staged.chunk;
    for (const StagedFile& file : staged.files) HandOverFile(chunk, {file.file, commit, commit});
    unlisted_files_ += staged.files.size();
    if (!chunk.dropped) {
      dirty_chunks_.insert(id);
      for (const StagedBlock& block : staged.blocks) memtable_bytes_ += chunk.memtable.Add({block.block, commit, commit});
      if (std::vector<uint64_t> deleted = staged.DeletedIds(); !deleted.empty()) {
        DeleteRunPtr run = MakeDeleteRun(std::move(deleted), commit);
        memtable_bytes_ += static_cast<int64_t>(run->bytes());
        AddDeleteRun(chunk.fresh_deletes, std::move(run));
        sweep_candidates_.insert(id);
      }
    }
    staged.files.clear();
  }
  EndTransaction(txn, after);
  ++applied_commits_;
  ArmIdleTimer(absl::ZeroDuration());
  if (WantsCheckpoint()) StartMaintenance(after);
}

void StoreCore::HandOverFile(ChunkState& chunk, const FileRef& file) {
  if (chunk.drop_durable) {
    file.file->MarkObsolete();
  } else {
    chunk.files.push_back(file);
  }
}

void StoreCore::ReleaseLocks(Transaction& txn, StagedChunk& staged) {
  staged.chunk->stagers.erase(&txn);
  for (const StagedDelete& deleted : staged.deletes) {
    for (uint64_t row_id : deleted.row_ids) {
      const auto lock = staged.chunk->locks.find(row_id);
      if (lock != staged.chunk->locks.end() && lock->second == &txn) staged.chunk->locks.erase(lock);
    }
  }
}

void StoreCore::EndTransaction(const TransactionPtr& txn, Deferred& after) {
  const bool committed = txn->state == TxnState::kCommitting;
  txn->state = TxnState::kEnded;
  for (const std::shared_ptr<DeleteOperation>& waiting : std::vector(txn->waiting_deletes)) FinishDelete(waiting, WasAborted(*txn), after);
  for (const UniqueWritePtr& waiting : std::vector(txn->waiting_writes)) FinishUniqueWrite(waiting, WasAborted(*txn), after);
  for (auto& [id, staged] : txn->chunks) {
    ReleaseLocks(*txn, staged);
    staged_bytes_ -= staged.bytes;
    txn->bytes -= staged.bytes;
    if (committed) continue;
    for (const StagedFile& file : staged.files) file.file->MarkObsolete();
  }
  after.Add([chunks = std::exchange(txn->chunks, {})] {});  // files of an aborted one are deleted outside the mutex
  undecided_.erase(txn.get());
  transactions_.erase(txn->id);
  RunAll(txn->when_taken_back, after);
  RunAll(txn->when_unlocked, after);
  RunAll(txn->when_ended, after);
  WakeWriters(after);
}

Future<Status> StoreCore::Abort(TxnId id) {
  Promise<Status> promise;
  Deferred after;
  MutexLock lock(mutex_);
  if (Status status = CheckOpen(); !status.ok()) return ReadyFuture(std::move(status));
  const TransactionPtr txn = FindTransaction(id);
  if (txn == nullptr) return ReadyFuture(OkStatus());
  switch (txn->state) {
    case TxnState::kActive:
    case TxnState::kClosing:
      txn->state = TxnState::kAborting;
      EndTransaction(txn, after);
      return ReadyFuture(OkStatus());
    case TxnState::kPreparing:
    case TxnState::kPrepared:
      txn->state = TxnState::kAborting;
      // Durable first: what was seen as aborted must not come back in doubt, as the others may all be prepared (coord/TXN.md), and its
      // files must not be gone while the log still says that it is prepared (S3).
      AppendToLog(LogType::kAbort, EncodeAbort(id), Durability::kSync, [this, txn, promise](const Status& status, Deferred& later) {
        if (status.ok()) EndTransaction(txn, later);
        later.Set(promise, status);
      }, after);
      return promise.future();
    case TxnState::kAborting:
      txn->when_ended.push_back([promise](Deferred& later) { later.Set(promise, OkStatus()); });
      return promise.future();
    case TxnState::kCommitting:
    case TxnState::kEnded: break;
  }
  return ReadyFuture(WrongState(*txn));
}

std::vector<PreparedTransaction> StoreCore::InDoubt() {
  MutexLock lock(mutex_);
  std::vector<PreparedTransaction> result;
  for (const auto& [id, txn] : transactions_) {
    if (txn->state == TxnState::kPrepared) result.push_back({id, txn->preparation});
  }
  std::sort(result.begin(), result.end(), [](const auto& left, const auto& right) { return left.txn < right.txn; });
  return result;
}

size_t StoreCore::PreparedCount() {
  MutexLock lock(mutex_);
  return static_cast<size_t>(std::ranges::count_if(transactions_, [](const auto& entry) { return entry.second->state == TxnState::kPrepared; }));
}

bool StoreCore::IsActive(TxnId id) {
  MutexLock lock(mutex_);
  return transactions_.contains(id);
}

}  // namespace tsd::engine
