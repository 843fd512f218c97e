// Recovery: the manifest's files, then the log from manifest.replay_from on. A commit below the checkpoint is in the files already; a
// prepared transaction without an outcome is restored with its rows, files and row locks; anything else leaves no trace.
#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "engine/store/store_core.h"

namespace tsd::engine {
namespace {

constexpr size_t kOrphansAtOnce = 100;

}  // namespace

struct RecoveryState {
  struct Chunk {
    ChunkStatePtr state;
    std::vector<ManifestFile> listed;     // opened only at the end: a later drop or merge may have deleted them
    std::vector<ManifestFile> unlisted;   // committed after the checkpoint
    std::vector<uint64_t> delete_files;
  };
  struct Pending {
    Preparation preparation;
    std::vector<LoggedChunk> chunks;
  };
  Lsn checkpoint, replay_from;  // the manifest's
  std::map<ChunkId, Chunk> chunks;
  std::map<TxnId, Pending> pending;
  uint64_t highest_file = 0;
  Timestamp last_commit;
  uint64_t records = 0;

  Chunk& At(ChunkId id) {
    Chunk& chunk = chunks[id];
    if (chunk.state == nullptr) chunk.state = std::make_shared<ChunkState>(id);
    return chunk;
  }
  /// Rows that a transaction took, committed or not, keep their ids.
  void ReserveIds(const std::vector<LoggedChunk>& logged) {
    for (const LoggedChunk& part : logged) {
      uint64_t& next = At(part.chunk).state->next_row_id;
      for (const FileMeta& file : part.files) {
        next = std::max(next, file.max_row_id + 1);
        highest_file = std::max(highest_file, file.id);
      }
      if (!part.deleted.empty()) next = std::max(next, part.deleted.back() + 1);
      for (const LoggedRows& rows : part.rows) {
        if (rows.row_ids == nullptr) {
          next = std::max(next, rows.first_row_id + rows.rows.rows());
          continue;
        }
        for (size_t row = 0; row < rows.rows.rows(); ++row) {
          next = std::max(next, static_cast<uint64_t>(rows.row_ids->Get<int64_t>(row)) + 1);
        }
      }
    }
  }
};

Status StoreCore::Recover() {
  RETURN_IF_ERROR(options_.env->CreateDirectory(options_.directory));
  RETURN_IF_ERROR(options_.env->SyncDirectory(DirectoryOf(options_.directory)));
  RETURN_IF_ERROR(options_.env->CreateDirectory(space_->directory));
  RETURN_IF_ERROR(options_.env->SyncDirectory(options_.directory));
  ASSIGN_OR_RETURN(lock_file_, options_.env->LockFile(StrCat(options_.directory, "/LOCK")));
  RecoveryState state;
  ASSIGN_OR_RETURN(manifest_, ManifestLog::Open(*options_.env, options_.directory));
  const Manifest& manifest = manifest_->current();
  state.checkpoint = manifest.position.checkpoint;
  state.replay_from = manifest.position.replay_from;
  state.last_commit = manifest.position.last_commit;
  for (const auto& [fingerprint, schema] : manifest.schemas) space_->schemas.Intern(schema);
  for (const auto& [id, listed] : manifest.chunks) {
    RecoveryState::Chunk& chunk = state.At(id);
    chunk.state->next_row_id = listed.next_row_id;
    chunk.listed = listed.files;
    chunk.delete_files = listed.delete_files;
  }
  WalOptions wal_options;
  wal_options.env = options_.env;
  wal_options.executor = options_.wal_executor;
  wal_options.directory = StrCat(options_.directory, "/wal");
  wal_options.segment_bytes = options_.wal_segment_bytes;
  wal_options.on_poisoned = [weak = weak_from_this()](const Status& cause) {
    if (const std::shared_ptr<StoreCore> self = weak.lock()) self->OnWalPoisoned(cause);
  };
  ASSIGN_OR_RETURN(wal_, Wal::Open(std::move(wal_options), state.replay_from,
                                   [&](const WalRecord& record) { return ReplayRecord(record, state); }));
  space_->next_id.store(std::max(manifest.position.next_file_id, state.highest_file + 1));
  MutexLock lock(mutex_);
  epoch_start_ = wal_->NextLsn();
  last_commit_ = state.last_commit;
  RETURN_IF_ERROR(InstallRecovered(state));
  RETURN_IF_ERROR(RestorePrepared(state));
  for (const auto& [id, listed] : manifest.chunks) {
    if (!state.chunks.contains(id)) dropped_chunks_.push_back(id);
  }
  ArmIdleTimer(absl::ZeroDuration());
  if (state.records > 0) log::Info("store recovered: ", state.records, " log records, ", transactions_.size(), " transactions in doubt");
  return OkStatus();
}

Status StoreCore::ReplayRecord(const WalRecord& record, RecoveryState& state) {
  const LogType type = static_cast<LogType>(record.type);
  StatusOr<LoggedRecord> decoded = DecodeLogRecord(type, record.payload);
  if (!decoded.ok()) return WithPrefix(decoded.status(), StrCat("log record at ", record.lsn.value(), ": "));
  LoggedRecord& logged = *decoded;
  const bool in_files = record.lsn < state.checkpoint;
  ++state.records;
  state.ReserveIds(logged.chunks);
  switch (type) {
    case LogType::kSchema: space_->schemas.Intern(logged.schema); break;
    case LogType::kCommitOnePhase:
      if (in_files) break;
      return ApplyRecovered(logged.chunks, logged.timestamp, state);
    case LogType::kPrepareAlone:
    case LogType::kPrepare:
      state.pending[logged.txn] = {std::move(logged.preparation), std::move(logged.chunks)};
      break;
    case LogType::kCommitPrepared: {
      auto found = state.pending.extract(logged.txn);
      if (found.empty() || in_files) break;
      return ApplyRecovered(found.mapped().chunks, logged.timestamp, state);
    }
    case LogType::kAbort: state.pending.erase(logged.txn); break;
    case LogType::kDropChunks:
      for (ChunkId id : logged.dropped) {
        if (!in_files) state.chunks.erase(id);
        for (auto& [txn, pending] : state.pending) {
          std::erase_if(pending.chunks, [id](const LoggedChunk& chunk) { return chunk.chunk == id; });
        }
      }
      break;
  }
  return OkStatus();
}

StatusOr<RowBlockPtr> StoreCore::RestoreRows(LoggedRows& logged) {
  auto block = std::make_shared<RowBlock>();
  block->schema = space_->schemas.Find(logged.schema_fingerprint);
  if (block->schema == nullptr || block->schema->columns.size() != logged.rows.column_count()) {
    return Error(sqlstate::kDataCorrupted, "logged rows do not fit their schema");
  }
  for (size_t i = 0; i < logged.rows.column_count(); ++i) {
    if (logged.rows.column(i).type().Physical() != block->schema->columns[i].type.Physical()) {
      return Error(sqlstate::kDataCorrupted, "logged rows do not fit their schema");
    }
  }
  block->rows = std::move(logged.rows);
  block->first_row_id = logged.first_row_id;
  block->row_ids = std::move(logged.row_ids);
  block->UpdateBytes();
  return RowBlockPtr(std::move(block));
}

Status StoreCore::ApplyRecovered(std::vector<LoggedChunk>& chunks, Timestamp commit, RecoveryState& state) {
  state.last_commit = std::max(state.last_commit, commit);
  for (LoggedChunk& part : chunks) {
    RecoveryState::Chunk& chunk = state.At(part.chunk);
    for (LoggedRows& rows : part.rows) {
      ASSIGN_OR_RETURN(RowBlockPtr block, RestoreRows(rows));
      chunk.state->memtable.Add({std::move(block), commit, commit});
    }
    for (const FileMeta& file : part.files) chunk.unlisted.push_back({file, commit, commit});
    if (!part.deleted.empty()) AddDeleteRun(chunk.state->fresh_deletes, MakeDeleteRun(std::move(part.deleted), commit));
  }
  return OkStatus();
}

Status StoreCore::InstallRecovered(RecoveryState& state) {
  absl::flat_hash_set<uint64_t> chunk_files, delete_files;
  for (auto& [id, chunk] : state.chunks) {
    auto open = [&](const ManifestFile& file, bool in_manifest) -> Status {
      ASSIGN_OR_RETURN(ChunkFilePtr opened, AdoptChunkFile(space_, file.meta));
      chunk.state->files.push_back({std::move(opened), file.min_commit, file.max_commit, in_manifest});
      chunk_files.insert(file.meta.id);
      return OkStatus();
    };
    for (const ManifestFile& file : chunk.listed) RETURN_IF_ERROR(open(file, true));
    for (const ManifestFile& file : chunk.unlisted) RETURN_IF_ERROR(open(file, false));
    unlisted_files_ += chunk.unlisted.size();
    for (uint64_t file : chunk.delete_files) {
      ASSIGN_OR_RETURN(DeleteRunPtr run, ReadDeleteFile(*space_, file));
      chunk.state->saved_deletes.push_back(std::move(run));
      delete_files.insert(file);
    }
    memtable_bytes_ += static_cast<int64_t>(chunk.state->memtable.bytes());
    for (const DeleteRunPtr& run : chunk.state->fresh_deletes) memtable_bytes_ += static_cast<int64_t>(run->bytes());
    chunks_.emplace(id, chunk.state);
    if (chunk.listed.size() + chunk.unlisted.size() > 1) merge_candidates_.insert(id);
    if (!chunk.unlisted.empty() || !chunk.state->memtable.empty() || !chunk.state->fresh_deletes.empty()) dirty_chunks_.insert(id);
    if (!chunk.state->saved_deletes.empty() || !chunk.state->fresh_deletes.empty()) sweep_candidates_.insert(id);
  }
  for (const auto& [id, pending] : state.pending) {
    for (const LoggedChunk& part : pending.chunks) {
      for (const FileMeta& file : part.files) chunk_files.insert(file.id);
    }
  }
  ASSIGN_OR_RETURN(std::vector<std::string> orphans, FindOrphans(*space_, chunk_files, delete_files));
  if (!orphans.empty()) RemoveOrphans(std::move(orphans));
  return OkStatus();
}

void StoreCore::RemoveOrphans(std::vector<std::string> paths) {
  log::Info("removing ", paths.size(), " files that a crash left");
  removing_orphans_ = true;
  options_.background->Post([self = shared_from_this(), list = std::make_shared<std::vector<std::string>>(std::move(paths))] {
    self->RemoveNextOrphans(list);
  });
}

void StoreCore::RemoveNextOrphans(const std::shared_ptr<std::vector<std::string>>& paths) {
  for (size_t count = 0; count < kOrphansAtOnce && !paths->empty(); ++count) {
    const Status status = options_.env->DeleteFile(paths->back());
    if (!status.ok()) log::Warning("orphaned file not deleted: ", status.message());
    paths->pop_back();
  }
  Deferred after;
  MutexLock lock(mutex_);
  if (!paths->empty() && CheckOpen().ok()) {
    after.Add([self = shared_from_this(), paths] { self->options_.background->Post([self, paths] { self->RemoveNextOrphans(paths); }); });
    return;
  }
  removing_orphans_ = false;
  FinishClose(after);
}

Status StoreCore::RestorePrepared(RecoveryState& state) {
  for (auto& [id, pending] : state.pending) {
    const TransactionPtr txn = FindOrBegin(id);
    txn->state = TxnState::kPrepared;
    txn->preparation = std::move(pending.preparation);
    // Its record's schemas may stand anywhere from there on.
    txn->replay_from = state.replay_from.IsValid() ? state.replay_from : kFirstLsn;
    undecided_.insert(txn.get());
    for (LoggedChunk& part : pending.chunks) {
      StagedChunk& staged = Stage(*txn, part.chunk);
      for (LoggedRows& rows : part.rows) {
        ASSIGN_OR_RETURN(RowBlockPtr block, RestoreRows(rows));
        staged.bytes += block->bytes;
        txn->bytes += block->bytes;
        staged_bytes_ += block->bytes;
        staged.blocks.push_back({0, std::move(block)});
      }
      for (const FileMeta& file : part.files) {
        ASSIGN_OR_RETURN(ChunkFilePtr opened, AdoptChunkFile(space_, file));
        staged.files.push_back({std::move(opened), {{0, file.min_row_id, file.max_row_id - file.min_row_id + 1}}});
      }
      for (uint64_t row_id : part.deleted) staged.chunk->locks.emplace(row_id, txn.get());
      if (!part.deleted.empty()) staged.deletes.push_back({0, std::move(part.deleted)});
    }
  }
  return OkStatus();
}

}  // namespace tsd::engine
