#include "engine/store/chunk_file.h"

#include <algorithm>

#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "engine/chunk/chunk_writer.h"
#include "engine/store/sort_rows.h"

namespace tsd::engine {
namespace {

constexpr std::string_view kChunkSuffix = ".chunk";
constexpr std::string_view kDeleteSuffix = ".del";

/// Rows handed to the writer at a time: bounds what a permuted copy takes beside the rows themselves.
constexpr size_t kWriteRows = 65536;

bool ParseName(std::string_view name, std::string_view suffix, uint64_t* id) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  if (name.empty() || name.size() > 19) return false;
  uint64_t value = 0;
  for (char c : name) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  *id = value;
  return true;
}

/// A bounded number of rows in their new order at a time.
Status WriteSorted(ChunkWriter& writer, const ColumnBatch& rows, const SortedRows& sorted) {
  auto start = sorted.segment_starts.begin();
  std::vector<uint32_t> starts;  // of the piece
  for (size_t begin = 0; begin < rows.rows();) {
    const size_t end = std::min(begin + kWriteRows, rows.rows());
    const bool as_they_lie = sorted.order.empty();
    const size_t offset = as_they_lie ? 0 : begin;
    const ColumnBatch piece = as_they_lie ? rows : rows.Gather(std::span(sorted.order).subspan(begin, end - begin));
    starts.clear();
    for (; start != sorted.segment_starts.end() && *start < end; ++start) starts.push_back(static_cast<uint32_t>(*start - offset));
    RETURN_IF_ERROR(writer.Append(piece, begin - offset, end - offset, starts));
    begin = end;
  }
  return OkStatus();
}

void RowIdBounds(const RowBlock& block, FileMeta* meta) {
  meta->min_row_id = block.RowId(0);
  meta->max_row_id = meta->min_row_id;
  if (block.row_ids == nullptr) {
    meta->max_row_id = block.first_row_id + block.row_count() - 1;
    return;
  }
  for (size_t row = 0; row < block.row_count(); ++row) {
    meta->min_row_id = std::min(meta->min_row_id, block.RowId(row));
    meta->max_row_id = std::max(meta->max_row_id, block.RowId(row));
  }
}

}  // namespace

std::string FileSpace::ChunkPath(uint64_t id) const { return StrCat(directory, "/", id, kChunkSuffix); }
std::string FileSpace::DeletePath(uint64_t id) const { return StrCat(directory, "/", id, kDeleteSuffix); }

std::vector<ChunkColumn> FileColumns(const TableSchema& schema, bool per_row_commits) {
  std::vector<ChunkColumn> columns;
  for (const ColumnSchema& column : schema.columns) columns.push_back({column.id, column.type});
  columns.push_back({kRowIdColumn, TypeId::kInt64});
  if (per_row_commits) columns.push_back({kCommitColumn, TypeId::kInt64});
  return columns;
}

void FileMeta::Encode(ByteWriter& writer) const {
  writer.PutVarint(id);
  writer.PutVarint(rows);
  writer.PutVarint(bytes);
  writer.PutVarint(raw_bytes);
  writer.PutVarint(min_row_id);
  writer.PutVarint(max_row_id);
  writer.PutU64(schema_fingerprint);
}

FileMeta FileMeta::Decode(ByteReader& reader) {
  FileMeta meta;
  meta.id = reader.GetVarint();
  meta.rows = reader.GetVarint();
  meta.bytes = reader.GetVarint();
  meta.raw_bytes = reader.GetVarint();
  meta.min_row_id = reader.GetVarint();
  meta.max_row_id = reader.GetVarint();
  meta.schema_fingerprint = reader.GetU64();
  return meta;
}

std::shared_ptr<const ChunkReader> ChunkReaders::Find(uint64_t file) {
  MutexLock lock(mutex_);
  const auto found = index_.find(file);
  if (found == index_.end()) return nullptr;
  open_.splice(open_.begin(), open_, found->second);
  return found->second->reader;
}

void ChunkReaders::Insert(uint64_t file, std::shared_ptr<const ChunkReader> reader) {
  std::list<Open> closed;  // after the lock
  MutexLock lock(mutex_);
  if (index_.contains(file)) return;
  open_.push_front({file, std::move(reader)});
  index_.emplace(file, open_.begin());
  if (open_.size() <= capacity_) return;
  index_.erase(open_.back().file);
  closed.splice(closed.begin(), open_, std::prev(open_.end()));
}

void ChunkReaders::Erase(uint64_t file) {
  std::list<Open> closed;
  MutexLock lock(mutex_);
  const auto found = index_.find(file);
  if (found == index_.end()) return;
  closed.splice(closed.begin(), open_, found->second);
  index_.erase(found);
}

ChunkFile::ChunkFile(std::shared_ptr<FileSpace> space, FileMeta meta) : space_(std::move(space)), meta_(meta) {}

StatusOr<std::shared_ptr<const ChunkReader>> ChunkFile::Reader() const {
  if (std::shared_ptr<const ChunkReader> open = space_->readers->Find(meta_.id)) return open;
  const std::string path = space_->ChunkPath(meta_.id);
  ASSIGN_OR_RETURN(std::shared_ptr<const ChunkReader> reader, ChunkReader::Open(*space_->env, path, space_->cache.get(), meta_.id));
  if (reader->rows() != meta_.rows || !reader->HasColumn(kRowIdColumn)) {
    return Error(sqlstate::kDataCorrupted, StrCat("chunk file \"", path, "\" is not the one the store wrote: ", reader->rows(), " rows instead of ", meta_.rows));
  }
  space_->readers->Insert(meta_.id, reader);
  return reader;
}

ChunkFile::~ChunkFile() {
  if (!obsolete_.load() || !space_->deleting.load()) return;
  space_->readers->Erase(meta_.id);
  space_->cache->EraseFile(meta_.id);
  const Status status = space_->env->DeleteFile(space_->ChunkPath(meta_.id));
  if (!status.ok()) log::Warning("chunk file not deleted: ", status.message());
}

StatusOr<ChunkFilePtr> WriteChunkFile(const std::shared_ptr<FileSpace>& space, std::span<const CommittedBlock> blocks, CommitTimes times) {
  ASSIGN_OR_RETURN(CommittedBlock all, ConcatBlocks(blocks));
  const RowBlock& block = *all.block;
  const bool per_row = times == CommitTimes::kPerRow && block.commits != nullptr;
  ColumnBatch rows = block.rows;
  rows.Add(block.RowIdColumn());
  if (per_row) rows.Add(block.commits);

  FileMeta meta;
  meta.id = space->next_id.fetch_add(1);
  const std::string path = space->ChunkPath(meta.id);
  auto write = [&]() -> Status {
    ChunkWriterOptions options;
    options.rows_per_block = space->rows_per_block;
    options.order = OrderOf(*block.schema);
    ASSIGN_OR_RETURN(std::unique_ptr<ChunkWriter> writer,
                     ChunkWriter::Create(*space->env, path, FileColumns(*block.schema, per_row), std::move(options)));
    RETURN_IF_ERROR(WriteSorted(*writer, rows, SortRows(block.rows, *block.schema)));
    ASSIGN_OR_RETURN(const ChunkFileInfo info, writer->Finish());
    meta.bytes = info.bytes;
    return OkStatus();
  };
  if (const Status status = write(); !status.ok()) {
    space->env->DeleteFile(path).IgnoreError();
    return status;
  }
  meta.rows = block.row_count();
  meta.raw_bytes = block.bytes;
  meta.schema_fingerprint = space->schemas.FingerprintOf(block.schema);
  RowIdBounds(block, &meta);
  return ChunkFilePtr(std::make_shared<ChunkFile>(space, meta));
}

StatusOr<ChunkFilePtr> AdoptChunkFile(const std::shared_ptr<FileSpace>& space, const FileMeta& meta) {
  const std::string path = space->ChunkPath(meta.id);
  ASSIGN_OR_RETURN(const uint64_t bytes, space->env->FileSize(path));
  if (bytes != meta.bytes) {
    return Error(sqlstate::kDataCorrupted, StrCat("chunk file \"", path, "\" is not the one the store wrote: ", bytes, " bytes instead of ", meta.bytes));
  }
  return ChunkFilePtr(std::make_shared<ChunkFile>(space, meta));
}

StatusOr<DeleteRunPtr> WriteDeleteFile(FileSpace& space, const DeleteRun& run) {
  auto saved = std::make_shared<DeleteRun>(run);
  saved->file_id = space.next_id.fetch_add(1);
  // An atomic write syncs the directory too.
  RETURN_IF_ERROR(space.env->WriteFileAtomically(space.DeletePath(saved->file_id), EncodeDeleteFile(run)));
  return DeleteRunPtr(std::move(saved));
}

StatusOr<DeleteRunPtr> ReadDeleteFile(FileSpace& space, uint64_t id) {
  const std::string path = space.DeletePath(id);
  ASSIGN_OR_RETURN(const std::string bytes, space.env->ReadFile(path));
  StatusOr<std::shared_ptr<DeleteRun>> run = DecodeDeleteFile(bytes);
  if (!run.ok()) return WithPrefix(run.status(), StrCat("file \"", path, "\": "));
  (*run)->file_id = id;
  return DeleteRunPtr(*std::move(run));
}

void RemoveDeleteFile(FileSpace& space, uint64_t id) {
  if (!space.deleting.load()) return;
  const Status status = space.env->DeleteFile(space.DeletePath(id));
  if (!status.ok()) log::Warning("delete file not deleted: ", status.message());
}

StatusOr<std::vector<std::string>> FindOrphans(FileSpace& space, const absl::flat_hash_set<uint64_t>& needed_chunk_files,
                                               const absl::flat_hash_set<uint64_t>& needed_delete_files) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, space.env->ListDirectory(space.directory));
  std::vector<std::string> orphans;
  uint64_t highest = 0;
  for (const std::string& name : names) {
    uint64_t id = 0;
    bool needed = true;
    if (ParseName(name, kChunkSuffix, &id)) {
      needed = needed_chunk_files.contains(id);
    } else if (ParseName(name, kDeleteSuffix, &id)) {
      needed = needed_delete_files.contains(id);
    } else if (name.ends_with(".tmp")) {  // its id may be given again: gone before anything is written
      RETURN_IF_ERROR(space.env->DeleteFile(StrCat(space.directory, "/", name)));
    }
    highest = std::max(highest, id);
    if (!needed) orphans.push_back(StrCat(space.directory, "/", name));
  }
  if (space.next_id.load() <= highest) space.next_id.store(highest + 1);
  return orphans;
}

}  // namespace tsd::engine
