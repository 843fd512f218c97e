// Checkpoints: freeze the memtables at a point of the log, write them to chunk files, install the manifest, cut the log. Also decides
// which maintenance job (checkpoint or merge) runs next: one at a time, so the manifest has one writer.
#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/log.h"
#include "engine/store/store_core.h"

namespace tsd::engine {
namespace {

constexpr size_t kMaxDeleteFiles = 4;
constexpr size_t kMaxUnlistedFiles = 64;
constexpr absl::Duration kPauseAfterFailure = absl::Seconds(1);
constexpr absl::Duration kIdleStep = absl::Seconds(1);
constexpr int64_t kLoadedBytes = 4 << 20;  // rows in memory that are worth a checkpoint at the first pause

}  // namespace

struct CheckpointPlan {
  struct Chunk {
    ChunkStatePtr chunk;
    uint64_t next_row_id = 1;
    std::vector<CommittedBlock> blocks;
    std::vector<FileRef> files;
    DeleteRuns saved_deletes;
    DeleteRuns new_deletes;
    int64_t frozen_bytes = 0;
    // Results.
    std::optional<FileRef> written;
    DeleteRuns deletes_after;
    std::vector<uint64_t> obsolete_delete_files;
  };
  Lsn checkpoint;
  Lsn replay_from;
  Timestamp last_commit;
  std::vector<Chunk> chunks;  // that changed since the last one
  std::vector<ChunkId> dropped;
  std::vector<Promise<Status>> promises;
  size_t next = 0;
};

bool StoreCore::WantsCheckpoint() const {
  if (!flush_promises_.empty()) return true;
  if (flush_pausing_) return false;
  return idle_checkpoint_due_ || memtable_bytes_ - frozen_bytes_ >= static_cast<int64_t>(options_.memtable_bytes / 2) || unlisted_files_ >= kMaxUnlistedFiles;
}

Future<Status> StoreCore::Flush() {
  Promise<Status> promise;
  Deferred after;
  MutexLock lock(mutex_);
  if (Status status = CheckOpen(); !status.ok()) return ReadyFuture(std::move(status));
  flush_promises_.push_back(promise);
  StartMaintenance(after);
  return promise.future();
}

void StoreCore::FinishFlushes(std::vector<Promise<Status>>& promises, const Status& status, Deferred& after) {
  for (const Promise<Status>& promise : std::exchange(promises, {})) after.Set(promise, status);
}

void StoreCore::StartMaintenance(Deferred& after) {
  if (maintenance_running_) return;
  if (const Status status = CheckOpen(); !status.ok()) {
    FinishFlushes(flush_promises_, status, after);
    FinishCompactions(status, after);
    return;
  }
  if (WantsCheckpoint()) {
    maintenance_running_ = true;
    StartCheckpoint(after);
  } else if (std::optional<MergeInput> merge = PickMerge(after); merge.has_value()) {
    maintenance_running_ = true;
    after.Add([self = shared_from_this(), input = std::make_shared<MergeInput>(*std::move(merge))] {
      self->options_.background->Post([self, input] { self->RunMerge(*input); });
    });
  }
}

void StoreCore::ArmIdleTimer(absl::Duration idle) {
  if (options_.idle_checkpoint <= absl::ZeroDuration() || idle_timer_armed_) return;
  if (memtable_bytes_ == 0 && unlisted_files_ == 0) return;
  idle_timer_armed_ = true;
  const absl::Duration step = std::min(kIdleStep, options_.idle_checkpoint);
  options_.background->PostAfter(step, [weak = weak_from_this(), seen = applied_commits_, idle = idle + step] {
    if (const std::shared_ptr<StoreCore> self = weak.lock()) self->OnIdleTimer(seen, idle);
  });
}

void StoreCore::OnIdleTimer(uint64_t seen_commits, absl::Duration idle) {
  Deferred after;
  MutexLock lock(mutex_);
  idle_timer_armed_ = false;
  if (!CheckOpen().ok()) return;
  if (applied_commits_ != seen_commits) idle = absl::ZeroDuration();
  // After a load the log goes at once; a trickle of single rows waits, or it would make a file each.
  const bool loaded = unlisted_files_ > 0 || memtable_bytes_ >= kLoadedBytes;
  const absl::Duration patience = loaded ? std::min(kIdleStep, options_.idle_checkpoint) : options_.idle_checkpoint;
  if (idle < patience) {
    ArmIdleTimer(idle);
    return;
  }
  idle_checkpoint_due_ = memtable_bytes_ > 0 || unlisted_files_ > 0;
  if (idle_checkpoint_due_) StartMaintenance(after);
}

void StoreCore::MaintenanceDone(Deferred& after) {
  maintenance_running_ = false;
  FinishClose(after);
  StartMaintenance(after);
}

void StoreCore::StartCheckpoint(Deferred& after) {
  auto promises = std::make_shared<std::vector<Promise<Status>>>(std::exchange(flush_promises_, {}));
  idle_checkpoint_due_ = false;
  const Lsn checkpoint = wal_->NextLsn();
  if (checkpoint <= manifest_->current().position.checkpoint && log_queue_.empty()) {
    FinishFlushes(*promises, OkStatus(), after);
    maintenance_running_ = false;
    StartMaintenance(after);
    return;
  }
  epoch_start_ = checkpoint;
  logged_schemas_.clear();
  auto entry = std::make_shared<LogEntry>();
  entry->lsn = checkpoint;
  entry->apply = [this, checkpoint, promises](const Status& status, Deferred& later) {
    if (!status.ok()) {
      FinishFlushes(*promises, status, later);
      MaintenanceDone(later);
      return;
    }
    std::shared_ptr<CheckpointPlan> plan = Freeze(checkpoint);
    plan->promises = std::move(*promises);
    later.Add([self = shared_from_this(), plan] {
      self->options_.background->Post([self, plan] { self->WriteNextChunk(plan); });
    });
  };
  log_queue_.push_back(entry);
  after.Add([self = shared_from_this(), entry = std::move(entry), future = wal_->Rotate()]() mutable {
    Future<Status> rotated = future;
    rotated.OnReady([self = std::move(self), entry = std::move(entry), future = std::move(future)]() mutable { self->OnLogged(entry, future.Take()); });
  });
}

std::shared_ptr<CheckpointPlan> StoreCore::Freeze(Lsn checkpoint) {
  auto plan = std::make_shared<CheckpointPlan>();
  plan->checkpoint = checkpoint;
  plan->replay_from = checkpoint;
  plan->last_commit = last_commit_;
  for (const auto& [id, txn] : transactions_) {
    if (txn->replay_from.IsValid()) plan->replay_from = std::min(plan->replay_from, txn->replay_from);
  }
  plan->dropped = std::exchange(dropped_chunks_, {});
  for (ChunkId id : std::exchange(dirty_chunks_, {})) {
    const auto found = chunks_.find(id);
    if (found == chunks_.end()) continue;
    const ChunkStatePtr& chunk = found->second;
    CheckpointPlan::Chunk part;
    part.chunk = chunk;
    part.next_row_id = chunk->next_row_id;
    part.files = chunk->files;
    part.saved_deletes = chunk->saved_deletes;
    chunk->frozen_bytes = chunk->memtable.bytes();
    chunk->frozen = chunk->memtable.Take();
    chunk->frozen_deletes = std::exchange(chunk->fresh_deletes, {});
    part.blocks = chunk->frozen;
    part.new_deletes = chunk->frozen_deletes;
    part.frozen_bytes = static_cast<int64_t>(chunk->frozen_bytes);
    for (const DeleteRunPtr& run : part.new_deletes) part.frozen_bytes += static_cast<int64_t>(run->bytes());
    frozen_bytes_ += part.frozen_bytes;
    plan->chunks.push_back(std::move(part));
  }
  unlisted_files_ = 0;
  return plan;
}

void StoreCore::WriteNextChunk(const std::shared_ptr<CheckpointPlan>& plan) {
  if (const Status status = Closing(); !status.ok()) {  // the log still has the rows, and the next start removes the files
    FailCheckpoint(plan, status);
    return;
  }
  while (plan->next < plan->chunks.size() && plan->chunks[plan->next].blocks.empty() && plan->chunks[plan->next].new_deletes.empty()) {
    plan->chunks[plan->next].deletes_after = plan->chunks[plan->next].saved_deletes;
    ++plan->next;
  }
  if (plan->next == plan->chunks.size()) {
    InstallCheckpoint(plan);
    return;
  }
  if (const Status status = WriteChunkOf(*plan, plan->next++); !status.ok()) {
    FailCheckpoint(plan, status);
    return;
  }
  options_.background->Post([self = shared_from_this(), plan] { self->WriteNextChunk(plan); });
}

Status StoreCore::WriteChunkOf(CheckpointPlan& plan, size_t index) {
  CheckpointPlan::Chunk& part = plan.chunks[index];
  if (!part.blocks.empty()) {
    ASSIGN_OR_RETURN(ChunkFilePtr file, WriteChunkFile(space_, part.blocks, CommitTimes::kPerRow));
    TSD_FAULT_POINT("store.flush.file_written");
    FileRef written{std::move(file), kMaxTimestamp, Timestamp(), true};
    for (const CommittedBlock& block : part.blocks) {
      written.min_commit = std::min(written.min_commit, block.min_commit);
      written.max_commit = std::max(written.max_commit, block.max_commit);
    }
    part.written = std::move(written);
  }
  part.deletes_after = part.saved_deletes;
  if (part.new_deletes.empty()) return OkStatus();
  DeleteRuns to_write = part.new_deletes;
  if (part.saved_deletes.size() >= kMaxDeleteFiles) {
    to_write.insert(to_write.end(), part.saved_deletes.begin(), part.saved_deletes.end());
    for (const DeleteRunPtr& run : part.saved_deletes) part.obsolete_delete_files.push_back(run->file_id);
    part.deletes_after.clear();
  }
  ASSIGN_OR_RETURN(DeleteRunPtr saved, WriteDeleteFile(*space_, *MergeDeleteRuns(to_write)));
  part.deletes_after.push_back(std::move(saved));
  return OkStatus();
}

void StoreCore::InstallCheckpoint(const std::shared_ptr<CheckpointPlan>& plan) {
  ManifestEdit edit;
  edit.position = {plan->checkpoint, plan->replay_from, space_->next_id.load(), plan->last_commit};
  auto list = [&](ManifestChunk& entry, const FileRef& file) {
    const FileMeta& meta = file.file->meta();
    entry.files.push_back({meta, file.min_commit, file.max_commit});
    TableSchemaPtr& schema = edit.schemas[meta.schema_fingerprint];
    if (schema == nullptr) schema = space_->schemas.Find(meta.schema_fingerprint);
  };
  edit.gone = plan->dropped;
  for (const CheckpointPlan::Chunk& part : plan->chunks) {
    if (part.files.empty() && !part.written.has_value() && part.deletes_after.empty()) {
      edit.gone.push_back(part.chunk->id);
      continue;
    }
    ManifestChunk& entry = edit.chunks[part.chunk->id];
    entry.next_row_id = part.next_row_id;
    for (const FileRef& file : part.files) list(entry, file);
    if (part.written.has_value()) list(entry, *part.written);
    for (const DeleteRunPtr& run : part.deletes_after) entry.delete_files.push_back(run->file_id);
  }
  Status saved = space_->env->SyncDirectory(space_->directory);  // the names of all files of this checkpoint (S4)
  if (saved.ok()) saved = manifest_->Apply(edit);
  if (const Status& status = saved; !status.ok()) {
    FailCheckpoint(plan, status);
    return;
  }
  TSD_FAULT_POINT("store.manifest.installed");
  std::vector<uint64_t> obsolete_delete_files;
  {
    Deferred after;
    MutexLock lock(mutex_);
    for (CheckpointPlan::Chunk& part : plan->chunks) {
      ChunkState& chunk = *part.chunk;
      chunk.frozen.clear();
      chunk.frozen_bytes = 0;
      chunk.frozen_deletes.clear();
      chunk.saved_deletes = std::move(part.deletes_after);
      for (FileRef& file : chunk.files) {
        file.in_manifest |= std::any_of(part.files.begin(), part.files.end(), [&](const FileRef& listed) { return listed.file == file.file; });
      }
      if (part.written.has_value()) HandOverFile(chunk, *part.written);
      if (!chunk.dropped) merge_candidates_.insert(chunk.id);
      memtable_bytes_ -= part.frozen_bytes;
      obsolete_delete_files.insert(obsolete_delete_files.end(), part.obsolete_delete_files.begin(), part.obsolete_delete_files.end());
    }
    frozen_bytes_ = 0;
    flush_failure_ = OkStatus();
    FinishFlushes(plan->promises, OkStatus(), after);
    WakeWriters(after);
    MaintenanceDone(after);
  }
  for (uint64_t file : obsolete_delete_files) RemoveDeleteFile(*space_, file);
  Future<Status> cut = wal_->DropSegmentsBelow(plan->replay_from);
  cut.OnReady([cut]() mutable {
    if (const Status status = cut.Take(); !status.ok()) log::Warning("log not cut: ", status.message());
  });
}

void StoreCore::FailCheckpoint(const std::shared_ptr<CheckpointPlan>& plan, const Status& status) {
  const bool disk_full = HasSqlState(status, sqlstate::kDiskFull);
  Deferred after;
  MutexLock lock(mutex_);
  dropped_chunks_.insert(dropped_chunks_.end(), plan->dropped.begin(), plan->dropped.end());
  for (CheckpointPlan::Chunk& part : plan->chunks) {
    ChunkState& chunk = *part.chunk;
    dirty_chunks_.insert(chunk.id);
    chunk.frozen_bytes = 0;
    chunk.frozen_deletes.clear();
    if (chunk.dropped) {
      chunk.frozen.clear();
      memtable_bytes_ -= part.frozen_bytes;
    } else {
      chunk.memtable.PutBack(std::exchange(chunk.frozen, {}));
      chunk.fresh_deletes.insert(chunk.fresh_deletes.begin(), part.new_deletes.begin(), part.new_deletes.end());
    }
    // After another failure the new manifest may be there (S3): its files stay until the next start finds out.
    if (!disk_full) continue;
    if (part.written.has_value()) part.written->file->MarkObsolete();
    for (const DeleteRunPtr& run : part.deletes_after) {
      const bool fresh = std::none_of(part.saved_deletes.begin(), part.saved_deletes.end(), [&](const DeleteRunPtr& old) { return old == run; });
      if (fresh) after.Add([self = shared_from_this(), id = run->file_id] { RemoveDeleteFile(*self->space_, id); });
    }
  }
  frozen_bytes_ = 0;
  after.Add([plan] {});
  // A full disk may pass; a failed sync does not (I4).
  if (disk_full) {
    log::Warning("checkpoint failed: ", status.message());
    flush_failure_ = status;
    flush_pausing_ = true;
    options_.background->PostAfter(kPauseAfterFailure, [weak = weak_from_this()] {
      const std::shared_ptr<StoreCore> self = weak.lock();
      if (self == nullptr) return;
      Deferred later;
      MutexLock guard(self->mutex_);
      self->flush_pausing_ = false;
      if (self->WantsCheckpoint()) self->StartMaintenance(later);
    });
  } else if (!closed_) {
    Poison(status, after);
  }
  FinishFlushes(plan->promises, status, after);
  WakeWriters(after);
  MaintenanceDone(after);
}

}  // namespace tsd::engine
