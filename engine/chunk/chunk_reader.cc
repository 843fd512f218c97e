#include "engine/chunk/chunk_reader.h"

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/base/strings.h"
#include "engine/codec/block_codec.h"

namespace tsd::engine {
namespace {

Status InFile(const Status& status, const std::string& path, uint64_t offset) {
  return WithPrefix(status, StrCat("chunk file \"", path, "\" at offset ", offset, ": "));
}
Status DamageAt(const std::string& path, uint64_t offset, std::string_view what) {
  return InFile(Error(sqlstate::kDataCorrupted, what), path, offset);
}

}  // namespace

StatusOr<std::shared_ptr<const ChunkReader>> ChunkReader::Open(Env& env, const std::string& path, BlockCache* cache, uint64_t file_id) {
  ASSIGN_OR_RETURN(std::shared_ptr<RandomAccessFile> file, env.OpenRandomAccess(path));
  const uint64_t size = file->size();
  if (size < kChunkHeaderBytes + kChunkTrailerBytes) return DamageAt(path, 0, "file is cut short");
  ASSIGN_OR_RETURN(const std::string header, file->Read(0, kChunkHeaderBytes));
  const Status header_status = CheckChunkHeader(header);
  if (!header_status.ok()) return InFile(header_status, path, 0);
  const uint64_t trailer_offset = size - kChunkTrailerBytes;
  ASSIGN_OR_RETURN(const std::string trailer, file->Read(trailer_offset, kChunkTrailerBytes));
  const StatusOr<uint64_t> footer_offset = FooterOffset(trailer, size);
  if (!footer_offset.ok()) return InFile(footer_offset.status(), path, trailer_offset);
  ASSIGN_OR_RETURN(const std::string footer_bytes, file->Read(*footer_offset, trailer_offset - *footer_offset));
  if (EncodeChunkTrailer(*footer_offset, footer_bytes) != trailer) return DamageAt(path, *footer_offset, "checksum of the footer is wrong");
  StatusOr<ChunkFooter> footer = ChunkFooter::Decode(footer_bytes, *footer_offset);
  if (!footer.ok()) return InFile(footer.status(), path, *footer_offset);
  return std::shared_ptr<const ChunkReader>(new ChunkReader(path, std::move(file), *std::move(footer), cache, file_id));
}

ChunkReader::ChunkReader(std::string path, std::shared_ptr<RandomAccessFile> file, ChunkFooter footer, BlockCache* cache, uint64_t file_id)
    : path_(std::move(path)), file_(std::move(file)), file_bytes_(file_->size()), footer_(std::move(footer)), cache_(cache), file_id_(file_id) {}

int ChunkReader::ColumnIndex(ColumnId id) const {
  for (size_t i = 0; i < footer_.columns.size(); ++i) {
    if (footer_.columns[i].id == id) return static_cast<int>(i);
  }
  return -1;
}

const ColumnStats* ChunkReader::FileStats(ColumnId id) const {
  const int column = ColumnIndex(id);
  return column < 0 ? nullptr : &footer_.file_stats[static_cast<size_t>(column)];
}

const ColumnStats* ChunkReader::BlockStats(size_t row_group, ColumnId id) const {
  const int column = ColumnIndex(id);
  return column < 0 ? nullptr : &footer_.row_groups[row_group].blocks[static_cast<size_t>(column)].stats;
}

uint64_t ChunkReader::BlockBytes(size_t row_group, ColumnId id) const {
  const int column = ColumnIndex(id);
  return column < 0 ? 0 : footer_.row_groups[row_group].blocks[static_cast<size_t>(column)].length;
}

StatusOr<VectorPtr> ChunkReader::ReadBlock(size_t row_group, size_t column) const {
  const RowGroupInfo& group = footer_.row_groups[row_group];
  const BlockInfo& block = group.blocks[column];
  ASSIGN_OR_RETURN(const std::string bytes, file_->Read(block.offset, block.length));
  if (Hash64(bytes) != block.checksum) return DamageAt(path_, block.offset, "checksum of the block is wrong");
  StatusOr<VectorPtr> vector = DecodeBlock(footer_.columns[column].type, bytes, group.rows);
  if (!vector.ok()) return InFile(vector.status(), path_, block.offset);
  return vector;
}

StatusOr<VectorPtr> ChunkReader::ReadColumn(size_t row_group, ColumnId id) const {
  const int column = ColumnIndex(id);
  if (column < 0) return VectorPtr();
  const BlockKey key{file_id_, id, static_cast<uint32_t>(row_group)};
  if (cache_ != nullptr) {
    if (VectorPtr cached = cache_->Find(key)) return cached;
  }
  ASSIGN_OR_RETURN(VectorPtr vector, ReadBlock(row_group, static_cast<size_t>(column)));
  if (cache_ != nullptr) cache_->Insert(key, vector);
  return vector;
}

bool ChunkReader::CanSkip(size_t row_group, const ScanPredicate& predicate) const {
  for (const ColumnCondition& condition : predicate.conditions) {
    const int column = ColumnIndex(condition.column);
    if (column < 0) continue;
    const size_t index = static_cast<size_t>(column);
    if (!MayMatch(footer_.row_groups[row_group].blocks[index].stats, footer_.columns[index].type, condition)) return true;
  }
  return false;
}

bool ChunkReader::CanSkipFile(const ScanPredicate& predicate) const {
  if (footer_.rows == 0) return true;
  for (const ColumnCondition& condition : predicate.conditions) {
    const int column = ColumnIndex(condition.column);
    if (column < 0) continue;
    const size_t index = static_cast<size_t>(column);
    if (!MayMatch(footer_.file_stats[index], footer_.columns[index].type, condition)) return true;
  }
  return false;
}

Status ChunkReader::Verify() const {
  auto bytes_of = [](const ColumnStats& stats) {
    ByteWriter writer;
    EncodeStats(stats, writer);
    return std::move(writer).Take();
  };
  for (size_t column = 0; column < footer_.columns.size(); ++column) {
    ColumnStats whole;
    for (size_t group = 0; group < footer_.row_groups.size(); ++group) {
      const BlockInfo& block = footer_.row_groups[group].blocks[column];
      ASSIGN_OR_RETURN(const VectorPtr vector, ReadBlock(group, column));
      if (bytes_of(ComputeStats(*vector)) != bytes_of(block.stats)) {
        return DamageAt(path_, block.offset, "block statistics do not describe the block");
      }
      whole.Merge(block.stats);
    }
    if (bytes_of(whole) != bytes_of(footer_.file_stats[column])) {
      return DamageAt(path_, file_bytes_ - kChunkTrailerBytes, "file statistics do not describe the blocks");
    }
  }
  return OkStatus();
}

}  // namespace tsd::engine
