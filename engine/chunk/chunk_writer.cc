#include "engine/chunk/chunk_writer.h"

#include <algorithm>

#include "engine/base/fault.h"
#include "engine/base/strings.h"
#include "engine/chunk/zone_map.h"
#include "engine/codec/block_codec.h"
#include "engine/codec/lz4_block.h"

namespace tsd::engine {
namespace {
constexpr size_t kWriteBytes = 1 << 20;
constexpr size_t kPieceRows = 2048;
/// A segment of this part of a block's rows does not share its row groups.
constexpr size_t kOwnGroupsPart = 16;
}  // namespace

StatusOr<std::unique_ptr<ChunkWriter>> ChunkWriter::Create(Env& env, std::string path, std::vector<ChunkColumn> columns,
                                                           ChunkWriterOptions options) {
  options.rows_per_block = std::clamp<size_t>(options.rows_per_block, 1, kMaxBlockRows);
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, env.NewWritableFile(path));
  std::unique_ptr<ChunkWriter> writer(new ChunkWriter(std::move(file), std::move(path), std::move(columns), std::move(options)));
  RETURN_IF_ERROR(writer->Write(EncodeChunkHeader()));
  return writer;
}

ChunkWriter::ChunkWriter(std::unique_ptr<WritableFile> file, std::string path, std::vector<ChunkColumn> columns, ChunkWriterOptions options)
    : path_(std::move(path)), options_(std::move(options)), file_(std::move(file)) {
  footer_.columns = std::move(columns);
  footer_.order = options_.order;
  for (const ChunkColumn& column : footer_.columns) {
    footer_.blocks.emplace_back(column.type);
    last_rows_.push_back(std::make_shared<Vector>(column.type));
  }
  dictionaries_.resize(footer_.columns.size());
  for (ColumnId id : footer_.order.segment_by) {
    const int index = footer_.Index(id);
    TSD_CHECK(index >= 0);
    segment_columns_.push_back(static_cast<size_t>(index));
    segment_values_.push_back(std::make_shared<Vector>(footer_.columns[static_cast<size_t>(index)].type));
  }
  index_segments_ = !segment_columns_.empty();
  StartRowGroup();
}

ChunkWriter::~ChunkWriter() = default;

void ChunkWriter::StartRowGroup() {
  pending_.clear();
  pending_rows_ = 0;
  for (const ChunkColumn& column : footer_.columns) {
    pending_.push_back(std::make_shared<Vector>(column.type));
    if (column.type.Physical() != PhysicalType::kBytes) pending_.back()->Reserve(options_.rows_per_block, 0);
  }
}

/// How many rows from `begin` to take over at once: enough to be fast, not so many that wide values overshoot the group's size.
size_t ChunkWriter::PieceRows(const ColumnBatch& batch, size_t begin, size_t end) {
  size_t rows = std::min({kPieceRows, group_target_ - pending_rows_, end - begin});
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

bool ChunkWriter::IsSmall(size_t rows) const { return rows < std::max<size_t>(1, options_.rows_per_block / kOwnGroupsPart); }

Status ChunkWriter::BeginSegment(const ColumnBatch& batch, size_t row, size_t rows) {
  if (!IsSmall(segment_rows_) || !IsSmall(rows) || pending_rows_ + rows > options_.rows_per_block) RETURN_IF_ERROR(WriteRowGroup());
  segment_rows_ = 0;
  if (pending_rows_ == 0) {
    // A little more than a full group makes two of half the size, where it is known how much comes.
    const size_t pieces = (rows + options_.rows_per_block - 1) / options_.rows_per_block;
    group_target_ = pieces == 1 ? options_.rows_per_block : (rows + pieces - 1) / pieces;
  }
  IndexSegment(batch, row, this->rows());
  return OkStatus();
}

void ChunkWriter::IndexSegment(const ColumnBatch& batch, size_t row, uint64_t first_row) {
  if (!index_segments_) return;
  if (footer_.segments.size() >= kMaxIndexedSegments) {
    index_segments_ = false;
    return;
  }
  footer_.segments.first_rows.push_back(first_row);
  for (size_t i = 0; i < segment_columns_.size(); ++i) segment_values_[i]->AppendFrom(batch.column(segment_columns_[i]), row);
}

Status ChunkWriter::Append(const ColumnBatch& batch, size_t begin, size_t end, std::span<const uint32_t> starts) {
  TSD_CHECK(batch.column_count() == footer_.columns.size());
  const bool first = rows() == 0 && (starts.empty() || starts[0] != begin);  // the file's first row begins a segment, said or not
  size_t next = 0;
  auto rows_of = [&](size_t segment) { return (segment + 1 < starts.size() ? starts[segment + 1] : end) - starts[segment]; };
  while (begin < end) {
    size_t run_end = next < starts.size() ? starts[next] : end;
    if (next < starts.size() && run_end == begin) {
      run_end = begin + rows_of(next);
      RETURN_IF_ERROR(BeginSegment(batch, begin, rows_of(next)));
      segment_rows_ = rows_of(next++);
      for (; next < starts.size() && IsSmall(segment_rows_) && IsSmall(rows_of(next)); ++next) {
        const size_t together = run_end - begin + rows_of(next);
        if (pending_rows_ + together > options_.rows_per_block) break;
        IndexSegment(batch, starts[next], rows() + (run_end - begin));
        segment_rows_ = rows_of(next);
        run_end = begin + together;
      }
    } else {
      if (first && rows() == 0) RETURN_IF_ERROR(BeginSegment(batch, begin, run_end - begin));
      if (pending_rows_ == 0) group_target_ = options_.rows_per_block;
      segment_rows_ += run_end - begin;
    }
    RETURN_IF_ERROR(AppendRun(batch, begin, run_end));
    begin = run_end;
  }
  return OkStatus();
}

Status ChunkWriter::AppendRun(const ColumnBatch& batch, size_t begin, size_t end) {
  while (begin < end) {
    const size_t rows = PieceRows(batch, begin, end);
    size_t bytes = 0;
    for (size_t i = 0; i < pending_.size(); ++i) {
      TSD_CHECK(batch.column(i).type().Physical() == footer_.columns[i].type.Physical());
      pending_[i]->AppendRange(batch.column(i), begin, begin + rows);
      bytes += pending_[i]->MemoryBytes();
    }
    pending_rows_ += rows;
    begin += rows;
    if (pending_rows_ >= group_target_ || bytes >= options_.max_block_group_bytes) RETURN_IF_ERROR(WriteRowGroup());
  }
  return OkStatus();
}

Status ChunkWriter::WriteRowGroup() {
  if (pending_rows_ == 0) return OkStatus();
  if (footer_.group_rows.size() >= kMaxRowGroups) return Error(sqlstate::kProgramLimitExceeded, "a chunk file has too many row groups");
  footer_.group_rows.push_back(static_cast<uint32_t>(pending_rows_));
  for (size_t i = 0; i < pending_.size(); ++i) {
    if (pending_[i]->heap().size() > kMaxHeapBytes) {
      return Error(sqlstate::kProgramLimitExceeded, StrCat("a value of ", pending_[i]->heap().size(), " bytes is too large to be stored"));
    }
    footer_.blocks[i].summaries.Append(ComputeStats(*pending_[i]));
    RETURN_IF_ERROR(WriteBlock(i, *pending_[i]));
  }
  KeepLastRows();
  written_rows_ += pending_rows_;
  TSD_FAULT_POINT("chunk.row_group_written");
  StartRowGroup();
  return OkStatus();
}

Status ChunkWriter::WriteBlock(size_t column, const Vector& values) {
  const std::string encoded = EncodeBlock(values, &dictionaries_[column]);
  footer_.blocks[column].lengths.push_back(static_cast<uint32_t>(encoded.size()));
  footer_.blocks[column].checksums.push_back(BlockChecksum(encoded));
  return Write(encoded);
}

void ChunkWriter::KeepLastRows() {
  if (!index_segments_ || last_rows_.empty()) return;
  const std::vector<uint64_t>& starts = footer_.segments.first_rows;
  const auto end = std::lower_bound(starts.begin(), starts.end(), written_rows_ + pending_rows_);
  std::vector<uint32_t> rows;
  for (auto start = std::upper_bound(starts.begin(), end, written_rows_); start != end; ++start) {
    rows.push_back(static_cast<uint32_t>(*start - written_rows_ - 1));
  }
  if (rows.empty()) return;
  rows.push_back(static_cast<uint32_t>(pending_rows_ - 1));
  size_t bytes = 0;
  for (size_t i = 0; i < pending_.size(); ++i) {
    last_rows_[i]->AppendSelected(*pending_[i], rows);
    bytes += last_rows_[i]->MemoryBytes();
  }
  shared_rows_ += pending_rows_;
  const bool too_many = last_rows_[0]->size() > options_.rows_per_block && !LastRowsPay();
  if (too_many || bytes > options_.max_block_group_bytes) last_rows_.clear();
}

bool ChunkWriter::LastRowsPay() const { return last_rows_[0]->size() * kMinRowsPerLastRow <= shared_rows_; }

Status ChunkWriter::WriteLastRows() {
  if (last_rows_.empty() || last_rows_[0]->size() > kMaxBlockRows || !LastRowsPay()) return OkStatus();
  footer_.last_rows = static_cast<uint32_t>(last_rows_[0]->size());
  if (footer_.last_rows == 0) return OkStatus();
  for (size_t i = 0; i < last_rows_.size(); ++i) RETURN_IF_ERROR(WriteBlock(i, *last_rows_[i]));
  return OkStatus();
}

Status ChunkWriter::WriteDictionaries() {
  for (size_t i = 0; i < dictionaries_.size(); ++i) {
    if (dictionaries_[i].size() == 0) continue;
    const std::string encoded = EncodeBlock(dictionaries_[i].Entries(footer_.columns[i].type));
    DictionaryBlock& block = footer_.blocks[i].dictionary;
    block.entries = static_cast<uint32_t>(dictionaries_[i].size());
    block.length = static_cast<uint32_t>(encoded.size());
    block.checksum = BlockChecksum(encoded);
    RETURN_IF_ERROR(Write(encoded));
  }
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
  if (index_segments_ && footer_.segments.size() * kMinIndexedSegmentRows <= written_rows_) {
    footer_.segments.values = ColumnBatch(std::vector<VectorPtr>(segment_values_.begin(), segment_values_.end()), footer_.segments.size());
    RETURN_IF_ERROR(WriteLastRows());
  } else {
    footer_.segments = SegmentIndex();
  }
  RETURN_IF_ERROR(WriteDictionaries());
  const uint64_t footer_offset = footer_.PlaceBlocks();
  TSD_CHECK(footer_offset == offset_);
  const std::string footer = footer_.Encode();
  RETURN_IF_ERROR(Write(footer));
  RETURN_IF_ERROR(Write(EncodeChunkTrailer(footer_offset, footer)));
  RETURN_IF_ERROR(FlushBuffer());
  TSD_FAULT_POINT("chunk.before_sync");
  RETURN_IF_ERROR(file_->Sync());
  TSD_FAULT_POINT("chunk.after_sync");
  RETURN_IF_ERROR(file_->Close());
  return ChunkFileInfo{footer_.rows(), offset_, footer_.groups()};
}

}  // namespace tsd::engine
