// Snapshots: what readers wait for, and what a scan gets to see.
#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/strings.h"
#include "engine/scan/scan_work.h"
#include "engine/scan/table_scan.h"
#include "engine/store/store_core.h"

namespace tsd::engine {

/// Views of a scan's chunks, taken under the mutex. Those of later chunks are taken later, which changes nothing: what a snapshot sees of a
/// chunk stays so while the snapshot is above the horizon, and whoever drops chunks waits for transactions that may read them.
class StoreCore::ScanViews final : public ViewSource {
 public:
  ScanViews(std::shared_ptr<StoreCore> core, const ScanSpec& spec)
      : core_(std::move(core)), chunks_(spec.chunks), snapshot_(spec.snapshot), origin_(spec.schema->origin) {}
  StatusOr<std::vector<ChunkView>> Next() override;

 private:
  static constexpr size_t kViewsAtOnce = 1024;
  const std::shared_ptr<StoreCore> core_;
  const std::vector<ChunkId> chunks_;
  const Snapshot snapshot_;
  const uint64_t origin_;
  size_t next_ = 0;
};

bool StoreCore::Blocks(const Transaction& txn, const std::vector<ChunkId>& chunks, const Snapshot& snapshot) const {
  if (txn.id == snapshot.own) return false;
  const Timestamp earliest = txn.state == TxnState::kCommitting ? txn.commit : Timestamp(txn.preparation.floor.value() + 1);
  if (earliest > snapshot.read_timestamp) return false;
  return std::any_of(chunks.begin(), chunks.end(), [&txn](ChunkId chunk) { return txn.chunks.contains(chunk); });
}

Future<Status> StoreCore::AwaitReadable(std::vector<ChunkId> chunks, Snapshot snapshot, absl::Duration timeout) {
  struct Wait {
    size_t remaining = 0;
    TimerId timer = 0;
    uint64_t id = 0;
  };
  Promise<Status> promise;
  Deferred after;
  MutexLock lock(mutex_);
  if (Status status = CheckOpen(); !status.ok()) return ReadyFuture(std::move(status));
  // The largest timestamp means "whatever there is"; no commit could come after it.
  if (snapshot.read_timestamp != kMaxTimestamp) max_read_ = std::max(max_read_, snapshot.read_timestamp);
  if (undecided_.empty() || fault::Broken("read_ignores_prepared")) return ReadyFuture(OkStatus());
  auto wait = std::make_shared<Wait>();
  TxnId first;
  for (Transaction* txn : undecided_) {
    if (!Blocks(*txn, chunks, snapshot)) continue;
    if (wait->remaining++ == 0) {
      first = txn->id;
      wait->id = next_reader_++;
    }
    txn->when_ended.push_back([this, wait](Deferred& later) {
      if (--wait->remaining > 0) return;
      const auto found = waiting_readers_.find(wait->id);
      if (found == waiting_readers_.end()) return;
      later.Set(found->second, OkStatus());
      later.Add([executor = options_.workers, timer = wait->timer] { executor->Cancel(timer); });
      waiting_readers_.erase(found);
    });
  }
  if (wait->remaining == 0) return ReadyFuture(OkStatus());
  waiting_readers_.emplace(wait->id, promise);
  wait->timer = options_.workers->PostAfter(timeout, [weak = weak_from_this(), id = wait->id, first] {
    const std::shared_ptr<StoreCore> self = weak.lock();
    if (self == nullptr) return;
    Deferred later;
    MutexLock guard(self->mutex_);
    const auto found = self->waiting_readers_.find(id);
    if (found == self->waiting_readers_.end()) return;
    later.Set(found->second, Error(sqlstate::kLockNotAvailable,
                                   StrCat("timed out waiting for the outcome of transaction ", first.ToString())));
    self->waiting_readers_.erase(found);
  });
  return promise.future();
}

ChunkView StoreCore::ViewOf(ChunkId id, const Snapshot& snapshot) {
  ChunkView view;
  view.chunk = id;
  const auto found = chunks_.find(id);
  if (found == chunks_.end()) return view;
  const ChunkState& chunk = *found->second;
  for (const std::vector<CommittedBlock>* blocks : {&chunk.frozen, &chunk.memtable.blocks()}) {
    for (const CommittedBlock& block : *blocks) {
      if (block.min_commit <= snapshot.read_timestamp) view.blocks.push_back(block);
    }
  }
  for (const FileRef& file : chunk.files) {
    if (file.min_commit <= snapshot.read_timestamp) view.files.push_back(file);
  }
  for (const DeleteRuns* runs : {&chunk.saved_deletes, &chunk.frozen_deletes, &chunk.fresh_deletes}) {
    for (const DeleteRunPtr& run : *runs) {
      if (run->min_commit <= snapshot.read_timestamp) view.deletes.push_back(run);
    }
  }
  const TransactionPtr own = snapshot.own.IsValid() ? FindTransaction(snapshot.own) : nullptr;
  if (own == nullptr) return view;
  const auto staged_found = own->chunks.find(id);
  if (staged_found == own->chunks.end()) return view;
  const StagedChunk& staged = staged_found->second;
  auto add_blocks = [&](const std::vector<StagedBlock>& blocks) {
    for (const StagedBlock& block : blocks) {
      if (block.level < snapshot.own_level) view.own_blocks.push_back(block.block);
    }
  };
  add_blocks(staged.blocks);
  for (const auto& job : staged.jobs) add_blocks(job->blocks);
  for (const StagedFile& file : staged.files) {
    OwnFile own_file{file.file, {}};
    for (const RowRange& range : file.ranges) {
      if (range.level >= snapshot.own_level) own_file.hidden.push_back(range);
    }
    if (own_file.hidden.empty() || own_file.hidden.size() < file.ranges.size()) view.own_files.push_back(std::move(own_file));
  }
  view.own_deletes = staged.undone;
  for (const StagedDelete& deleted : staged.deletes) {
    if (deleted.level < snapshot.own_level) view.own_deletes.insert(view.own_deletes.end(), deleted.row_ids.begin(), deleted.row_ids.end());
  }
  return view;
}

StatusOr<std::unique_ptr<TableScan>> StoreCore::OpenScan(ScanSpec spec) {
  ASSIGN_OR_RETURN(std::vector<std::unique_ptr<TableScan>> scans, OpenScans(std::move(spec), 1));
  return std::move(scans.front());
}

StatusOr<std::vector<std::unique_ptr<TableScan>>> StoreCore::OpenScans(ScanSpec spec, size_t parts) {
  if (spec.schema == nullptr) return Error(sqlstate::kInternalError, "scan without a schema");
  for (ColumnId column : spec.columns) {
    if (spec.schema->Find(column) == nullptr) return Error(sqlstate::kInternalError, "scan of a column that the schema does not have");
  }
  auto views = std::make_unique<ScanViews>(shared_from_this(), spec);
  return NewTableScans(std::move(spec), std::move(views), std::max<size_t>(1, parts));
}

StatusOr<std::vector<ChunkView>> StoreCore::ScanViews::Next() {
  std::vector<ChunkView> views;
  if (next_ == chunks_.size() && next_ > 0) return views;
  MutexLock lock(core_->mutex_);
  RETURN_IF_ERROR(core_->CheckOpen());
  if (snapshot_.read_timestamp < core_->HorizonOf(origin_)) return Error(sqlstate::kSerializationFailure, "snapshot too old");
  for (; next_ < chunks_.size() && views.size() < kViewsAtOnce; ++next_) views.push_back(core_->ViewOf(chunks_[next_], snapshot_));
  return views;
}

std::vector<ChunkId> StoreCore::Chunks() {
  MutexLock lock(mutex_);
  std::vector<ChunkId> result;
  for (const auto& [id, chunk] : chunks_) {
    if (chunk->HasData()) result.push_back(id);
  }
  std::sort(result.begin(), result.end());
  return result;
}

ChunkSize StoreCore::SizeOf(ChunkId id) {
  MutexLock lock(mutex_);
  ChunkSize size;
  const auto found = chunks_.find(id);
  if (found == chunks_.end()) return size;
  const ChunkState& chunk = *found->second;
  size.bytes = chunk.memtable.bytes() + chunk.frozen_bytes;
  size.rows = chunk.memtable.rows();
  for (const CommittedBlock& block : chunk.frozen) size.rows += block.block->row_count();
  size.memory_rows = size.rows;
  size.raw_bytes = size.bytes;
  for (const FileRef& file : chunk.files) {
    size.bytes += file.file->meta().bytes;
    size.rows += file.file->meta().rows;
    size.raw_bytes += file.file->meta().raw_bytes;
  }
  size.file_count = chunk.files.size();
  uint64_t deleted = 0;
  for (const DeleteRuns* runs : {&chunk.saved_deletes, &chunk.frozen_deletes, &chunk.fresh_deletes}) {
    for (const DeleteRunPtr& run : *runs) deleted += run->row_ids.size();
  }
  size.rows -= std::min(size.rows, deleted);
  return size;
}

void StoreCore::AdvanceHorizon(uint64_t origin, Timestamp oldest_snapshot) {
  Deferred after;
  MutexLock lock(mutex_);
  if (oldest_snapshot == kMaxTimestamp || oldest_snapshot <= HorizonOf(origin)) return;
  horizons_[origin] = oldest_snapshot;
  sweep_candidates_.merge(swept_chunks_);
  if (!sweep_candidates_.empty()) StartMaintenance(after);
}

}  // namespace tsd::engine
