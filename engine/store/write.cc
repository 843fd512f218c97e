// Staging rows: Write, RollbackTo, and the direct files that large transactions are spilled to.
#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/strings.h"
#include "engine/store/store_core.h"

namespace tsd::engine {
namespace {

constexpr int kMaxJobsInFlight = 8;
constexpr int kMaxJobsOfTransaction = 4;
constexpr size_t kSmallestFileBytes = 1 << 20;
// Parts of the memory that was granted:
constexpr size_t kReliefSteps = 128;  // what a transaction stages before it is looked at again
constexpr size_t kReliefs = 16;       // what goes to small files at a time
/// What is left beside larger files of the transaction is worth one from this part of the smallest on.
constexpr size_t kRestPart = 16;

Status CheckBatch(const WriteRequest& request) {
  if (request.schema == nullptr || request.rows.column_count() != request.schema->columns.size()) {
    return Error(sqlstate::kInternalError, "rows do not have the schema's columns");
  }
  for (size_t i = 0; i < request.rows.column_count(); ++i) {
    if (request.rows.column(i).type().Physical() != request.schema->columns[i].type.Physical()) {
      return Error(sqlstate::kInternalError, StrCat("column \"", request.schema->columns[i].name, "\" has another layout than its type"));
    }
  }
  return OkStatus();
}

Status CannotWrite(const Transaction& txn) {
  if (!txn.failure.ok()) return txn.failure;
  if (txn.state == TxnState::kActive) return OkStatus();
  return Error(sqlstate::kInFailedSqlTransaction, StrCat("transaction ", txn.id.ToString(), " is already ending"));
}

}  // namespace

Status StoreCore::MayWrite(const Transaction& txn) const {
  RETURN_IF_ERROR(CannotWrite(txn));
  const bool full = memtable_bytes_ + static_cast<int64_t>(staged_bytes_) > static_cast<int64_t>(options_.memtable_bytes);
  return full ? flush_failure_ : OkStatus();
}

Future<Status> StoreCore::Write(WriteRequest request) {
  if (Status status = CheckBatch(request); !status.ok()) return ReadyFuture(std::move(status));
  if (!request.schema->unique_keys.empty() && !request.rows.empty()) {
    Promise<Status> written;
    Future<StatusOr<WriteConflicts>> checked = WriteUnique(std::move(request), std::nullopt);
    checked.OnReady([checked, written]() mutable { written.Set(checked.Take().status()); });
    return written.future();
  }
  auto block = std::make_shared<RowBlock>();
  block->schema = space_->schemas.Intern(request.schema).schema;
  block->rows = std::move(request.rows);
  block->UpdateBytes();
  const uint64_t rows = block->row_count();

  Deferred after;
  MutexLock lock(mutex_);
  if (Status status = CheckOpen(); !status.ok()) return ReadyFuture(std::move(status));
  const TransactionPtr txn = FindOrBegin(request.txn);
  if (Status status = MayWrite(*txn); !status.ok()) return ReadyFuture(std::move(status));
  if (rows == 0) return ReadyFuture(OkStatus());
  StagedChunk& staged = Stage(*txn, request.chunk);
  block->first_row_id = staged.chunk->TakeRowIds(request.first_row_id, rows);
  StageBlock(txn, staged, request.level, std::move(block), after);
  if (!MustWait(*txn)) return ReadyFuture(OkStatus());
  Promise<Status> promise;
  waiting_writers_.push_back({txn, promise});
  return promise.future();
}

Future<StatusOr<WriteConflicts>> StoreCore::WriteUnlessConflicting(WriteRequest request, std::vector<size_t> arbiters) {
  Status status = CheckBatch(request);
  for (const size_t key : arbiters) {
    if (status.ok() && key >= request.schema->unique_keys.size()) status = Error(sqlstate::kInternalError, "the schema has no such key");
  }
  if (!status.ok()) return ReadyFuture(StatusOr<WriteConflicts>(std::move(status)));
  return WriteUnique(std::move(request), std::move(arbiters));
}

void StoreCore::StageBlock(const TransactionPtr& txn, StagedChunk& staged, uint32_t level, RowBlockPtr block, Deferred& after) {
  staged.bytes += block->bytes;
  txn->bytes += block->bytes;
  staged_bytes_ += block->bytes;
  staged.blocks.push_back({level, std::move(block)});
  RelieveMemory(txn, staged, after);
}

bool StoreCore::IsWorthAFile(const StagedChunk& staged) const {
  const size_t alone = std::min<size_t>(kSmallestFileBytes, options_.direct_file_bytes / 4);
  const bool has_files = !staged.files.empty() || !staged.jobs.empty();
  return staged.bytes >= (has_files ? alone / kRestPart : alone);
}

void StoreCore::RelieveMemory(const TransactionPtr& txn, StagedChunk& staged, Deferred& after) {
  if (staged.bytes > options_.direct_file_bytes) {
    StartDirectJob(txn, staged, after);
    return;
  }
  if (staged_bytes_ <= options_.memtable_bytes / 2 || txn->bytes < txn->next_relief) return;
  txn->next_relief = txn->bytes + options_.memtable_bytes / kReliefSteps;  // the largest of very many chunks is not looked for at every write
  const std::vector<StagedChunk*> largest = LargestFirst(*txn);
  if (IsWorthAFile(*largest.front())) {
    StartDirectJob(txn, *largest.front(), after);
    return;
  }
  if (staged_bytes_ <= options_.memtable_bytes || jobs_in_flight_ > 0) return;
  // Rows scattered over very many chunks make small files: better than more memory than was granted.
  size_t relieved = 0;
  for (size_t i = 0; i < largest.size() && relieved < options_.memtable_bytes / kReliefs; ++i) {
    relieved += largest[i]->bytes;
    StartDirectJob(txn, *largest[i], after);
  }
}

std::vector<StagedChunk*> StoreCore::LargestFirst(Transaction& txn) {
  std::vector<StagedChunk*> chunks;
  for (auto& [id, staged] : txn.chunks) {
    if (staged.bytes > 0) chunks.push_back(&staged);
  }
  std::sort(chunks.begin(), chunks.end(), [](const StagedChunk* left, const StagedChunk* right) {
    return std::pair(left->bytes, left->chunk->id) > std::pair(right->bytes, right->chunk->id);
  });
  return chunks;
}

bool StoreCore::MustWait(const Transaction& txn) const {
  if (txn.jobs_in_flight >= kMaxJobsOfTransaction || jobs_in_flight_ >= kMaxJobsInFlight) return true;
  // Waiting makes sense only while something is under way that gives memory back.
  const bool full = memtable_bytes_ + static_cast<int64_t>(staged_bytes_) > static_cast<int64_t>(options_.memtable_bytes);
  return full && (jobs_in_flight_ > 0 || frozen_bytes_ > 0);
}

void StoreCore::WakeWriters(Deferred& after) {
  std::deque<WaitingWriter> still_waiting;
  for (WaitingWriter& writer : waiting_writers_) {
    if (writer.txn->state == TxnState::kActive && writer.txn->failure.ok() && MustWait(*writer.txn)) {
      still_waiting.push_back(std::move(writer));
    } else {
      after.Set(writer.promise, CannotWrite(*writer.txn));
    }
  }
  waiting_writers_ = std::move(still_waiting);
}

void StoreCore::StartDirectJob(const TransactionPtr& txn, StagedChunk& staged, Deferred& after) {
  auto job = std::make_shared<DirectJob>();
  job->blocks = std::exchange(staged.blocks, {});
  job->bytes = std::exchange(staged.bytes, 0);
  staged.jobs.push_back(job);
  ++txn->jobs_in_flight;
  ++jobs_in_flight_;
  queued_jobs_.push_back({txn, staged.chunk->id, job});
  PostDirectJobs(after);
}

void StoreCore::PostDirectJobs(Deferred& after) {
  while (running_jobs_ < std::max(1, options_.direct_jobs) && !queued_jobs_.empty()) {
    ++running_jobs_;
    after.Add([self = shared_from_this(), next = std::move(queued_jobs_.front())] {
      self->options_.workers->Post([self, next] { self->RunDirectJob(next.txn, next.chunk, next.job); });
    });
    queued_jobs_.pop_front();
  }
}

void StoreCore::RunDirectJob(const TransactionPtr& txn, ChunkId chunk, const std::shared_ptr<DirectJob>& job) {
  std::vector<CommittedBlock> blocks;
  for (const StagedBlock& staged : job->blocks) blocks.push_back({staged.block, Timestamp(), Timestamp()});
  StatusOr<ChunkFilePtr> file = WriteChunkFile(space_, blocks, CommitTimes::kOutside);
  if (file.ok()) {
    if (Status synced = space_->env->SyncDirectory(space_->directory); !synced.ok()) file = std::move(synced);
  }
  TSD_FAULT_POINT("store.direct.file_synced");
  FinishDirectJob(txn, chunk, job, std::move(file));
}

void StoreCore::FinishDirectJob(const TransactionPtr& txn, ChunkId chunk, const std::shared_ptr<DirectJob>& job, StatusOr<ChunkFilePtr> file) {
  Deferred after;
  MutexLock lock(mutex_);
  --txn->jobs_in_flight;
  --jobs_in_flight_;
  --running_jobs_;
  PostDirectJobs(after);
  txn->bytes -= job->bytes;
  txn->next_relief = std::min<size_t>(txn->next_relief, txn->bytes + options_.memtable_bytes / kReliefSteps);
  staged_bytes_ -= job->bytes;
  if (!file.ok()) {
    // A full disk fails the transaction; anything else may have been a sync that lost data (I4).
    txn->failure = file.status();
    if (!HasSqlState(file.status(), sqlstate::kDiskFull) && !closed_) Poison(file.status(), after);
  } else {
    const auto staged = txn->chunks.find(chunk);
    const bool wanted = txn->state != TxnState::kEnded && staged != txn->chunks.end() &&
                        std::erase(staged->second.jobs, job) == 1;
    if (wanted) {
      StagedFile staged_file{*file, {}};
      for (const StagedBlock& block : job->blocks) {
        staged_file.ranges.push_back({block.level, block.block->first_row_id, block.block->row_count()});
      }
      staged->second.files.push_back(std::move(staged_file));
    } else {
      (*file)->MarkObsolete();
      after.Add([file = *std::move(file)] {});  // its last holder deletes it: not under the mutex
    }
  }
  if (txn->jobs_in_flight == 0) RunAll(txn->when_idle, after);
  WakeWriters(after);
  FinishClose(after);
}

void StoreCore::WhenIdle(const TransactionPtr& txn, Waiter waiter, Deferred& after) {
  if (txn->jobs_in_flight == 0) {
    waiter(after);
  } else {
    txn->when_idle.push_back(std::move(waiter));
  }
}

Future<Status> StoreCore::RollbackTo(TxnId id, uint32_t level) {
  Promise<Status> promise;
  Deferred after;
  MutexLock lock(mutex_);
  if (Status status = CheckOpen(); !status.ok()) return ReadyFuture(std::move(status));
  const TransactionPtr txn = FindTransaction(id);
  if (txn == nullptr) return ReadyFuture(OkStatus());
  if (txn->state != TxnState::kActive) {
    return ReadyFuture(Error(sqlstate::kInFailedSqlTransaction, StrCat("transaction ", id.ToString(), " is already ending")));
  }
  WhenIdle(txn, [this, self = shared_from_this(), txn, level, promise](Deferred& later) {
    RollbackStaged(*txn, level, later);
    later.Set(promise, OkStatus());
  }, after);
  return promise.future();
}

void StoreCore::RollbackStaged(Transaction& txn, uint32_t level, Deferred& after) {
  if (txn.state == TxnState::kEnded) return;
  for (auto& [id, staged] : txn.chunks) {
    std::erase_if(staged.blocks, [&](const StagedBlock& block) {
      if (block.level < level) return false;
      staged.bytes -= block.block->bytes;
      txn.bytes -= block.block->bytes;
      staged_bytes_ -= block.block->bytes;
      return true;
    });
    std::erase_if(staged.files, [&](const StagedFile& file) {
      const bool all = std::all_of(file.ranges.begin(), file.ranges.end(), [level](const RowRange& range) { return range.level >= level; });
      if (!all) return false;
      file.file->MarkObsolete();
      after.Add([gone = file.file] {});
      return true;
    });
    for (StagedFile& file : staged.files) {
      std::erase_if(file.ranges, [&](const RowRange& range) {
        if (range.level < level) return false;
        for (uint64_t row = 0; row < range.count; ++row) staged.undone.push_back(range.first_row_id + row);
        return true;
      });
    }
    std::erase_if(staged.deletes, [&](const StagedDelete& deleted) {
      if (deleted.level < level) return false;
      for (uint64_t row_id : deleted.row_ids) staged.chunk->locks.erase(row_id);
      return true;
    });
  }
  RunAll(txn.when_unlocked, after);
}

}  // namespace tsd::engine
