#include "engine/chunk/chunk_writer.h"

#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/hash.h"
#include "engine/base/strings.h"
#include "engine/codec/block_codec.h"
#include "engine/codec/lz4_block.h"

namespace tsd::engine {
namespace {
constexpr size_t kWriteBytes = 1 << 20;
constexpr size_t kPieceRows = 2048;
}  // namespace

const ColumnStats* ChunkFileInfo::StatsOf(ColumnId id) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].id == id) return &stats[i];
  }
  return nullptr;
}

StatusOr<std::unique_ptr<ChunkWriter>> ChunkWriter::Create(Env& env, std::string path, std::vector<ChunkColumn> columns,
                                                           ChunkWriterOptions options) {
  options.rows_per_block = std::clamp<size_t>(options.rows_per_block, 1, kMaxBlockRows);
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env.NewWritableFile(path));
  std::unique_ptr<ChunkWriter> writer(new ChunkWriter(std::move(file), std::move(path), std::move(columns), options));
  RETURN_IF_ERROR(writer->Write(EncodeChunkHeader()));
  return writer;
}

ChunkWriter::ChunkWriter(std::unique_ptr<WritableFile> file, std::string path, std::vector<ChunkColumn> columns, ChunkWriterOptions options)
    : path_(std::move(path)), options_(options), file_(std::move(file)) {
  footer_.columns = std::move(columns);
  footer_.file_stats.resize(footer_.columns.size());
  StartRowGroup();
}

ChunkWriter::~ChunkWriter() = default;

uint64_t ChunkWriter::bytes() const { return offset_; }
uint64_t ChunkWriter::rows() const { return footer_.rows + pending_rows_; }

void ChunkWriter::StartRowGroup() {
  pending_.clear();
  pending_rows_ = 0;
  for (const ChunkColumn& column : footer_.columns) {
    pending_.push_back(std::make_shared<Vector>(column.type));
    if (column.type.Physical() != PhysicalType::kBytes) pending_.back()->Reserve(options_.rows_per_block, 0);
  }
}

/// How many rows from `begin` to take over at once: enough to be fast, not so many that wide values overshoot the group's size.
size_t ChunkWriter::PieceRows(const ColumnBatch& batch, size_t begin) const {
  size_t rows = std::min({kPieceRows, options_.rows_per_block - pending_rows_, batch.rows() - begin});
  auto piece_bytes = [&] {
    size_t bytes = 0;
    for (const VectorPtr& column : batch.columns()) {
      if (column->type().Physical() == PhysicalType::kBytes) bytes += column->offsets()[begin + rows] - column->offsets()[begin];
    }
    return bytes;
  };
  while (rows > 1 && piece_bytes() > options_.max_block_group_bytes) rows /= 2;
  return rows;
}

Status ChunkWriter::Append(const ColumnBatch& batch) {
  TSD_CHECK(batch.column_count() == footer_.columns.size());
  for (size_t begin = 0; begin < batch.rows();) {
    const size_t rows = PieceRows(batch, begin);
    size_t bytes = 0;
    for (size_t i = 0; i < pending_.size(); ++i) {
      TSD_CHECK(batch.column(i).type().Physical() == footer_.columns[i].type.Physical());
      pending_[i]->AppendRange(batch.column(i), begin, begin + rows);
      bytes += pending_[i]->MemoryBytes();
    }
    pending_rows_ += rows;
    begin += rows;
    if (pending_rows_ >= options_.rows_per_block || bytes >= options_.max_block_group_bytes) RETURN_IF_ERROR(WriteRowGroup());
  }
  return OkStatus();
}

Status ChunkWriter::WriteRowGroup() {
  if (pending_rows_ == 0) return OkStatus();
  RowGroupInfo group;
  group.first_row = footer_.rows;
  group.rows = static_cast<uint32_t>(pending_rows_);
  for (size_t i = 0; i < pending_.size(); ++i) {
    if (pending_[i]->heap().size() > kMaxHeapBytes) {
      return Error(sqlstate::kProgramLimitExceeded, StrCat("a value of ", pending_[i]->heap().size(), " bytes is too large to be stored"));
    }
    const std::string encoded = EncodeBlock(*pending_[i]);
    BlockInfo block;
    block.offset = offset_;
    block.length = static_cast<uint32_t>(encoded.size());
    block.checksum = Hash64(encoded);
    block.stats = ComputeStats(*pending_[i]);
    footer_.file_stats[i].Merge(block.stats);
    group.blocks.push_back(std::move(block));
    RETURN_IF_ERROR(Write(encoded));
  }
  footer_.rows += pending_rows_;
  footer_.row_groups.push_back(std::move(group));
  TSD_FAULT_POINT("chunk.row_group_written");
  StartRowGroup();
  return OkStatus();
}

Status ChunkWriter::Write(std::string_view bytes) {
  buffer_ += bytes;
  offset_ += bytes.size();
  return buffer_.size() >= kWriteBytes ? FlushBuffer() : OkStatus();
}

Status ChunkWriter::FlushBuffer() {
  RETURN_IF_ERROR(file_->Append(buffer_));
  buffer_.clear();
  return OkStatus();
}

StatusOr<ChunkFileInfo> ChunkWriter::Finish() {
  RETURN_IF_ERROR(WriteRowGroup());
  const uint64_t footer_offset = offset_;
  const std::string footer = footer_.Encode();
  RETURN_IF_ERROR(Write(footer));
  RETURN_IF_ERROR(Write(EncodeChunkTrailer(footer_offset, footer)));
  RETURN_IF_ERROR(FlushBuffer());
  TSD_FAULT_POINT("chunk.before_sync");
  RETURN_IF_ERROR(file_->Sync());
  TSD_FAULT_POINT("chunk.after_sync");
  RETURN_IF_ERROR(file_->Close());
  ChunkFileInfo info;
  info.rows = footer_.rows;
  info.bytes = offset_;
  info.columns = footer_.columns;
  info.stats = footer_.file_stats;
  return info;
}

}  // namespace tsd::engine
