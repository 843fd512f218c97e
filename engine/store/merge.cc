// Merges: files of about the same size of a chunk become one, and rows deleted before every open snapshot are left out.
//
// Tiers are powers of kFanIn of a file's rows in memory; kFanIn files of a tier make one of the next, or one near its upper end. So a row is
// written again about once a tier: from a flush of few rows (under 128 kB) to a file that is not merged any more (1 GB) five times, a flush of
// many (8 MB) or a bulk load's direct file (16 MB) twice. In the lowest tier, which has no lower end, it is more often if flushes are tiny.
//
// Compact has files of another order than the table's present one sorted anew, before other merges and whatever their number.
#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "engine/store/merge_files.h"
#include "engine/store/sort_rows.h"
#include "engine/store/store_core.h"

namespace tsd::engine {
namespace {

constexpr size_t kFanIn = 8;
constexpr size_t kMaxInputs = 16;                              // open at a time, a row group of each in memory
constexpr uint64_t kSmallestTierBytes = uint64_t{128} << 10;   // the lowest tier ends here
constexpr uint64_t kLargeFileBytes = uint64_t{1} << 30;        // not merged any more
constexpr size_t kTiers = 6;                                   // up to 128 kB, 1 MB, 8 MB, 64 MB, 512 MB, above

size_t TierOf(uint64_t raw_bytes) {
  size_t tier = 0;
  for (uint64_t end = kSmallestTierBytes; raw_bytes >= end && tier + 1 < kTiers; end *= kFanIn) ++tier;
  return tier;
}

/// Whether a file that was written under the one schema lies as the other says.
bool SameOrder(const TableSchema& left, const TableSchema& right) {
  const ChunkOrder left_order = OrderOf(left), right_order = OrderOf(right);
  return left_order.segment_by == right_order.segment_by && left_order.order_by == right_order.order_by;
}

uint64_t CountBetween(const std::vector<uint64_t>& ascending, uint64_t low, uint64_t high) {
  const auto begin = std::lower_bound(ascending.begin(), ascending.end(), low);
  return static_cast<uint64_t>(std::upper_bound(begin, ascending.end(), high) - begin);
}

/// How many marks up to the horizon name rows of the file, or of others with ids between its lowest and highest.
uint64_t SweepableRows(const DeleteRuns& runs, const FileMeta& meta, Timestamp horizon) {
  uint64_t count = 0;
  for (const DeleteRunPtr& run : runs) {
    if (run->min_commit > horizon) continue;
    count += CountBetween(run->row_ids, meta.min_row_id, meta.max_row_id);
  }
  return count;
}

std::vector<FileRef> OldestOfAFullTier(const ChunkState& chunk) {
  std::vector<FileRef> tiers[kTiers];
  for (const FileRef& file : chunk.files) {
    // A file that only the log knows must stay: a replay would ask for it.
    const uint64_t bytes = file.file->meta().raw_bytes;
    if (file.in_manifest && bytes < kLargeFileBytes) tiers[TierOf(bytes)].push_back(file);
  }
  for (std::vector<FileRef>& tier : tiers) {
    if (tier.size() < kFanIn) continue;
    tier.resize(std::min(tier.size(), kMaxInputs));
    return std::move(tier);
  }
  return {};
}

/// Files of which a fifth or more is deleted and out of everybody's sight.
std::vector<FileRef> WorthSweeping(const ChunkState& chunk, Timestamp horizon) {
  std::vector<FileRef> files;
  for (const FileRef& file : chunk.files) {
    if (!file.in_manifest || files.size() == kMaxInputs) continue;
    const FileMeta& meta = file.file->meta();
    const uint64_t rows = SweepableRows(chunk.saved_deletes, meta, horizon) + SweepableRows(chunk.fresh_deletes, meta, horizon);
    // Ids that turned out to be other files' do not count again.
    if (rows * 5 >= meta.rows && rows > 2 * file.file->swept_in_vain()) files.push_back(file);
  }
  return files;
}

}  // namespace

Timestamp StoreCore::HorizonOf(uint64_t origin) const {
  const auto found = horizons_.find(origin);
  return found == horizons_.end() ? Timestamp() : found->second;
}

Timestamp StoreCore::HorizonOf(const ChunkState& chunk) {
  if (chunk.files.empty()) return Timestamp();
  const TableSchemaPtr schema = space_->schemas.Find(chunk.files.front().file->meta().schema_fingerprint);
  return schema == nullptr ? Timestamp() : HorizonOf(schema->origin);
}

Future<Status> StoreCore::Compact(std::vector<ChunkId> chunks, TableSchemaPtr schema) {
  Promise<Status> promise;
  // Rows in memory become files first, sorted as whoever wrote them knew: the checkpoint has its own order of things.
  Future<Status> flushed = Flush();
  flushed.OnReady([self = shared_from_this(), flushed, promise, chunks = std::move(chunks), schema = space_->schemas.Intern(schema).schema]() mutable {
    Deferred after;
    Status status = flushed.Take();
    MutexLock lock(self->mutex_);
    if (status.ok()) status = self->CheckOpen();
    if (!status.ok()) {
      after.Set(promise, std::move(status));
      return;
    }
    self->compactions_.push_back({std::move(chunks), std::move(schema), promise});
    self->StartMaintenance(after);
  });
  return promise.future();
}

void StoreCore::FinishCompactions(const Status& status, Deferred& after) {
  for (const Compaction& compaction : std::exchange(compactions_, {})) after.Set(compaction.promise, status);
}

std::vector<FileRef> StoreCore::SortedOtherwise(const ChunkState& chunk, const TableSchemaPtr& schema) {
  std::vector<FileRef> files;
  for (const FileRef& file : chunk.files) {
    if (!file.in_manifest || files.size() == kMaxInputs) continue;  // one that only the log knows came after the call
    const TableSchemaPtr own = space_->schemas.Find(file.file->meta().schema_fingerprint);
    // One with columns that the caller does not know yet is left to who does.
    if (own != nullptr && LaterSchema(own, schema) == schema && !SameOrder(*own, *schema)) files.push_back(file);
  }
  return files;
}

std::optional<StoreCore::MergeInput> StoreCore::PickMerge(Deferred& after) {
  auto input_of = [this](const ChunkStatePtr& chunk, std::vector<FileRef> files, TableSchemaPtr schema = nullptr) {
    return MergeInput{chunk, std::move(files), chunk->saved_deletes, chunk->fresh_deletes, HorizonOf(*chunk), std::move(schema)};
  };
  while (!compactions_.empty()) {
    Compaction& next = compactions_.front();
    for (; !next.chunks.empty(); next.chunks.pop_back()) {
      const auto found = chunks_.find(next.chunks.back());
      if (found == chunks_.end()) continue;
      if (std::vector<FileRef> files = SortedOtherwise(*found->second, next.schema); !files.empty()) {
        return input_of(found->second, std::move(files), next.schema);
      }
    }
    after.Set(next.promise, OkStatus());
    compactions_.pop_front();
  }
  while (!merge_candidates_.empty()) {
    const auto found = chunks_.find(*merge_candidates_.begin());
    if (found != chunks_.end()) {
      if (std::vector<FileRef> files = OldestOfAFullTier(*found->second); !files.empty()) return input_of(found->second, std::move(files));
    }
    merge_candidates_.erase(merge_candidates_.begin());
  }
  while (!sweep_candidates_.empty()) {
    const ChunkId id = *sweep_candidates_.begin();
    sweep_candidates_.erase(sweep_candidates_.begin());
    const auto found = chunks_.find(id);
    if (found == chunks_.end() || (found->second->saved_deletes.empty() && found->second->fresh_deletes.empty())) continue;
    swept_chunks_.insert(id);  // again when the horizon has moved
    if (std::vector<FileRef> files = WorthSweeping(*found->second, HorizonOf(*found->second)); !files.empty()) {
      sweep_candidates_.insert(id);
      return input_of(found->second, std::move(files));
    }
  }
  return std::nullopt;
}

void StoreCore::RunMerge(const MergeInput& input) {
  StatusOr<MergeOutput> output = Merge(input);
  Status status = output.status();
  if (status.ok()) {
    TSD_FAULT_POINT("store.merge.file_written");
    status = SaveMerged(input, *output);
    // After any other failure the new manifest may be there (S3): the file stays until the next start finds out.
    if (HasSqlState(status, sqlstate::kDiskFull)) {
      for (const FileRef& file : output->files) file.file->MarkObsolete();
    }
  }
  Deferred after;
  MutexLock lock(mutex_);
  if (status.ok()) {
    TSD_FAULT_POINT("store.merge.installed");
    InstallMerged(input, *output, after);
    MaintenanceDone(after);
    return;
  }
  log::Warning("merge of chunk ", input.chunk->id.value(), " failed: ", status.message());
  if (HasSqlState(status, sqlstate::kIoError) && !closed_) Poison(status, after);
  FinishCompactions(status, after);
  // Tried again after the next checkpoint, not at once.
  maintenance_running_ = false;
  FinishClose(after);
  if (WantsCheckpoint()) StartMaintenance(after);
}

StatusOr<StoreCore::MergeOutput> StoreCore::Merge(const MergeInput& input) {
  MergeOutput output;
  DeleteRuns runs = input.saved_deletes;
  runs.insert(runs.end(), input.other_deletes.begin(), input.other_deletes.end());
  const DeletedRows gone_rows(runs, input.horizon, {});
  FileMergeInput files{input.files, input.schema, &gone_rows, input.horizon};
  std::vector<FileRef> by_commit = input.files;  // see LaterSchema
  std::ranges::stable_sort(by_commit, {}, &FileRef::max_commit);
  for (const FileRef& file : by_commit) {
    if (input.schema != nullptr) break;
    TableSchemaPtr own = space_->schemas.Find(file.file->meta().schema_fingerprint);
    if (own == nullptr) return Error(sqlstate::kDataCorrupted, "chunk file with an unknown schema");
    files.schema = files.schema == nullptr ? own : LaterSchema(files.schema, own);
  }
  ASSIGN_OR_RETURN(FileMergeResult merged, MergeFiles(space_, files));
  output.files = std::move(merged.files);
  output.gone = std::move(merged.gone);
  for (const FileRef& file : output.files) {
    const FileMeta& meta = file.file->meta();
    const uint64_t marks = SweepableRows(runs, meta, input.horizon);
    const uint64_t gone = CountBetween(output.gone, meta.min_row_id, meta.max_row_id);
    if (marks > gone) file.file->SetSweptInVain(marks - gone);
  }
  output.saved_deletes = input.saved_deletes;
  if (!output.gone.empty() && !input.saved_deletes.empty()) {
    output.saved_deletes.clear();
    if (const DeleteRunPtr left = WithoutRows(MergeDeleteRuns(input.saved_deletes), output.gone); left != nullptr) {
      ASSIGN_OR_RETURN(DeleteRunPtr saved, WriteDeleteFile(*space_, *left));
      output.saved_deletes.push_back(std::move(saved));
    }
  }
  return output;
}

Status StoreCore::SaveMerged(const MergeInput& input, const MergeOutput& output) {
  const Manifest& manifest = manifest_->current();
  ManifestEdit edit;
  edit.position = manifest.position;
  edit.position.next_file_id = space_->next_id.load();
  ManifestChunk& entry = edit.chunks[input.chunk->id];
  if (const auto listed = manifest.chunks.find(input.chunk->id); listed != manifest.chunks.end()) entry = listed->second;
  std::erase_if(entry.files, [&](const ManifestFile& listed) {
    return std::any_of(input.files.begin(), input.files.end(), [&](const FileRef& file) { return file.file->meta().id == listed.meta.id; });
  });
  for (const FileRef& file : output.files) {
    const FileMeta& meta = file.file->meta();
    entry.files.push_back({meta, file.min_commit, file.max_commit});
    edit.schemas[meta.schema_fingerprint] = space_->schemas.Find(meta.schema_fingerprint);
  }
  entry.delete_files.clear();
  for (const DeleteRunPtr& run : output.saved_deletes) entry.delete_files.push_back(run->file_id);
  return manifest_->Apply(edit);
}

void StoreCore::InstallMerged(const MergeInput& input, const MergeOutput& output, Deferred& after) {
  ChunkState& chunk = *input.chunk;
  for (const FileRef& file : input.files) {
    const auto found = std::find_if(chunk.files.begin(), chunk.files.end(), [&](const FileRef& own) { return own.file == file.file; });
    if (found != chunk.files.end()) chunk.files.erase(found);
    file.file->MarkObsolete();
  }
  for (const FileRef& file : output.files) HandOverFile(chunk, file);
  merge_candidates_.insert(chunk.id);
  for (const DeleteRunPtr& run : chunk.saved_deletes) {
    const bool kept = std::any_of(output.saved_deletes.begin(), output.saved_deletes.end(), [&](const DeleteRunPtr& own) { return own == run; });
    if (!kept) after.Add([self = shared_from_this(), id = run->file_id] { RemoveDeleteFile(*self->space_, id); });
  }
  chunk.saved_deletes = output.saved_deletes;
  if (output.gone.empty() || chunk.dropped) return;
  DeleteRuns fresh;
  for (const DeleteRunPtr& run : chunk.fresh_deletes) {
    const DeleteRunPtr left = WithoutRows(run, output.gone);
    memtable_bytes_ -= static_cast<int64_t>(run->bytes());
    if (left == nullptr) continue;
    memtable_bytes_ += static_cast<int64_t>(left->bytes());
    fresh.push_back(left);
  }
  chunk.fresh_deletes = std::move(fresh);
}

}  // namespace tsd::engine
