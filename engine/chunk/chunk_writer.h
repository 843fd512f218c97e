#pragma once
// Writes one immutable chunk file, streaming. Rows come in the order they are to have; the writer cuts them into row groups: a segment with
// many rows gets groups of its own, small segments share one and are not split. One thread.
// The file is whole and durable when Finish ended OK; its name only after the caller synced the directory. A writer destroyed before
// Finish leaves a file without a footer behind, which nobody can open; the caller deletes it.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/chunk/chunk_format.h"
#include "engine/codec/shared_dictionary.h"
#include "engine/env/env.h"
#include "engine/types/column_batch.h"

namespace tsd::engine {

struct ChunkWriterOptions {
  size_t rows_per_block = 8192;
  size_t max_block_group_bytes = 32 << 20;  // a row group is cut early when its rows take more memory
  ChunkOrder order;                         // that the rows come in
};

struct ChunkFileInfo {
  uint64_t rows = 0;
  uint64_t bytes = 0;
  size_t row_groups = 0;
};

class ChunkWriter {
 public:
  static StatusOr<std::unique_ptr<ChunkWriter>> Create(Env& env, std::string path, std::vector<ChunkColumn> columns,
                                                       ChunkWriterOptions options = {});
  ~ChunkWriter();

  /// One batch column per file column, same order and layout. After an error only destruction is allowed.
  Status Append(const ColumnBatch& batch) { return Append(batch, 0, batch.rows(), {}); }
  /// Rows [begin, end); `starts`: the rows among them, ascending, that begin another segment than that of the row before.
  Status Append(const ColumnBatch& batch, size_t begin, size_t end, std::span<const uint32_t> starts);
  /// Writes the rest and the footer and syncs the file. Zero rows make a valid empty file.
  StatusOr<ChunkFileInfo> Finish();
  /// Encoded so far.
  uint64_t bytes() const { return offset_; }
  uint64_t rows() const { return written_rows_ + pending_rows_; }

 private:
  ChunkWriter(std::unique_ptr<WritableFile> file, std::string path, std::vector<ChunkColumn> columns, ChunkWriterOptions options);
  size_t PieceRows(const ColumnBatch& batch, size_t begin, size_t end);
  /// Rows of one segment, or of several small ones that share a row group: they are copied together, as there may be very many.
  Status AppendRun(const ColumnBatch& batch, size_t begin, size_t end);
  /// Whether a segment of so many rows shares row groups with others.
  bool IsSmall(size_t rows) const;
  Status BeginSegment(const ColumnBatch& batch, size_t row, size_t rows);
  void IndexSegment(const ColumnBatch& batch, size_t row, uint64_t first_row);
  Status WriteRowGroup();
  Status WriteBlock(size_t column, const Vector& values);
  /// Takes the last row of each segment in the row group being gathered, if several share it. Gives it up where they are too many or too wide.
  void KeepLastRows();
  bool LastRowsPay() const;
  Status WriteLastRows();
  Status WriteDictionaries();
  Status Write(std::string_view bytes);
  Status FlushBuffer();
  void StartRowGroup();

  const std::string path_;
  const ChunkWriterOptions options_;
  std::unique_ptr<WritableFile> file_;
  std::string buffer_;        // not yet handed to the file
  uint64_t offset_ = 0;       // of the next byte in the file
  std::vector<std::shared_ptr<Vector>> pending_;  // the row group being gathered
  std::vector<SharedDictionary> dictionaries_;    // one a column; of strings only
  size_t pending_rows_ = 0;
  size_t group_target_ = 0;   // its rows when it will be full
  uint64_t written_rows_ = 0;
  size_t segment_rows_ = 0;   // of the current segment so far
  bool index_segments_ = false;
  std::vector<size_t> segment_columns_;
  std::vector<std::shared_ptr<Vector>> segment_values_;
  std::vector<std::shared_ptr<Vector>> last_rows_;  // of the segments in shared row groups, one vector a column; none once given up
  uint64_t shared_rows_ = 0;                        // in those row groups
  ChunkFooter footer_;
};

}  // namespace tsd::engine
