// Merges: many small chunk files of a chunk become one, and rows deleted before every open snapshot are left out.
#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "engine/store/store_core.h"

namespace tsd::engine {
namespace {

constexpr size_t kMaxFiles = 8;                          // of a chunk, before a merge is due
constexpr uint64_t kMaxMergedBytes = uint64_t{128} << 20;  // rows in memory at once
constexpr uint64_t kLargeFileBytes = uint64_t{64} << 20;   // not merged any more
constexpr size_t kMinInputs = 4;

/// The file's rows without those in `gone_rows`, whose ids are added to `gone`.
StatusOr<std::vector<CommittedBlock>> ReadFile(const FileRef& file, const TableSchemaPtr& schema, const DeletedRows& gone_rows,
                                               std::vector<uint64_t>* gone) {
  std::vector<CommittedBlock> blocks;
  const ChunkReader& reader = file.file->reader();
  for (size_t group = 0; group < reader.row_group_count(); ++group) {
    auto block = std::make_shared<RowBlock>();
    block->schema = schema;
    ColumnBatch rows(reader.rows_in(group));
    for (const ColumnSchema& column : schema->columns) {
      ASSIGN_OR_RETURN(VectorPtr values, reader.ReadColumn(group, column.id));
      if (values == nullptr) values = MissingColumn(column, rows.rows());
      ASSIGN_OR_RETURN(values, Relabel(std::move(values), column.type));
      rows.Add(std::move(values));
    }
    ASSIGN_OR_RETURN(block->row_ids, reader.ReadColumn(group, kRowIdColumn));
    if (file.file->HasCommits()) {
      ASSIGN_OR_RETURN(block->commits, reader.ReadColumn(group, kCommitColumn));
    }
    std::vector<uint32_t> kept;
    for (size_t row = 0; !gone_rows.empty() && row < rows.rows(); ++row) {
      if (gone_rows.Contains(block->RowId(row))) {
        gone->push_back(block->RowId(row));
      } else {
        kept.push_back(static_cast<uint32_t>(row));
      }
    }
    if (!gone_rows.empty() && kept.size() < rows.rows()) {
      if (kept.empty()) continue;
      rows = rows.Gather(kept);
      block->row_ids = Vector::Gather(block->row_ids, kept);
      if (block->commits != nullptr) block->commits = Vector::Gather(block->commits, kept);
    }
    block->rows = std::move(rows);
    block->UpdateBytes();
    blocks.push_back({std::move(block), file.min_commit, file.max_commit});
  }
  return blocks;
}

}  // namespace

std::optional<StoreCore::MergeInput> StoreCore::PickMerge() {
  for (const auto& [id, chunk] : chunks_) {
    if (chunk->files.size() <= kMaxFiles) continue;
    std::vector<FileRef> small;
    for (const FileRef& file : chunk->files) {
      // A file that only the log knows must stay: a replay would ask for it.
      if (file.in_manifest && file.file->meta().raw_bytes < kLargeFileBytes) small.push_back(file);
    }
    if (small.size() <= kMaxFiles) continue;
    std::sort(small.begin(), small.end(),
              [](const FileRef& left, const FileRef& right) { return left.file->meta().raw_bytes < right.file->meta().raw_bytes; });
    size_t count = 0;
    uint64_t bytes = 0;
    for (const FileRef& file : small) {
      const uint64_t more = file.file->meta().raw_bytes;
      if (bytes + more > kMaxMergedBytes || (count >= kMinInputs && more > 2 * bytes)) break;
      bytes += more;
      ++count;
    }
    if (count < 2) continue;
    small.resize(count);
    return MergeInput{chunk, std::move(small), chunk->saved_deletes, chunk->fresh_deletes, horizon_};
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
    if (HasSqlState(status, sqlstate::kDiskFull) && output->file.has_value()) output->file->file->MarkObsolete();
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
  TableSchemaPtr schema;
  Timestamp settled;  // the latest commit that every snapshot sees: older ones need not be told apart
  for (const FileRef& file : input.files) {
    TableSchemaPtr own = space_->schemas.Find(file.file->meta().schema_fingerprint);
    if (own == nullptr) return Error(sqlstate::kDataCorrupted, "chunk file with an unknown schema");
    schema = schema == nullptr ? own : LaterSchema(schema, own);
    if (file.max_commit <= input.horizon) settled = std::max(settled, file.max_commit);
  }
  std::vector<CommittedBlock> blocks;
  for (const FileRef& file : input.files) {
    ASSIGN_OR_RETURN(std::vector<CommittedBlock> own, ReadFile(file, schema, gone_rows, &output.gone));
    for (CommittedBlock& block : own) {
      if (file.max_commit <= input.horizon) {
        auto plain = std::make_shared<RowBlock>(*block.block);
        plain->commits = nullptr;
        block = {std::move(plain), settled, settled};
      }
      blocks.push_back(std::move(block));
    }
  }
  std::sort(output.gone.begin(), output.gone.end());
  if (!blocks.empty()) {
    FileRef file{nullptr, kMaxTimestamp, Timestamp(), true};
    for (const CommittedBlock& block : blocks) {
      file.min_commit = std::min(file.min_commit, block.min_commit);
      file.max_commit = std::max(file.max_commit, block.max_commit);
    }
    ASSIGN_OR_RETURN(file.file, WriteChunkFile(space_, blocks, CommitTimes::kPerRow));
    output.file = std::move(file);
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
  Manifest manifest = manifest_;
  ManifestChunk& entry = manifest.chunks[input.chunk->id];
  std::erase_if(entry.files, [&](const ManifestFile& listed) {
    return std::any_of(input.files.begin(), input.files.end(), [&](const FileRef& file) { return file.file->meta().id == listed.meta.id; });
  });
  if (output.file.has_value()) {
    const FileMeta& meta = output.file->file->meta();
    entry.files.push_back({meta, output.file->min_commit, output.file->max_commit});
    manifest.schemas[meta.schema_fingerprint] = space_->schemas.Find(meta.schema_fingerprint);
  }
  entry.delete_files.clear();
  for (const DeleteRunPtr& run : output.saved_deletes) entry.delete_files.push_back(run->file_id);
  manifest.next_file_id = space_->next_id.load();
  RETURN_IF_ERROR(manifest.Save(*options_.env, options_.directory));
  MutexLock lock(mutex_);
  manifest_ = std::move(manifest);
  return OkStatus();
}

void StoreCore::InstallMerged(const MergeInput& input, const MergeOutput& output, Deferred& after) {
  ChunkState& chunk = *input.chunk;
  for (const FileRef& file : input.files) {
    const auto found = std::find_if(chunk.files.begin(), chunk.files.end(), [&](const FileRef& own) { return own.file == file.file; });
    if (found != chunk.files.end()) chunk.files.erase(found);
    file.file->MarkObsolete();
  }
  if (output.file.has_value()) HandOverFile(chunk, *output.file);
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
