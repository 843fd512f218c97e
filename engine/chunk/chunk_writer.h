#pragma once
// Writes one immutable chunk file, streaming. Rows come in the order they are to have; the writer cuts them into row groups. One thread.
// The file is whole and durable when Finish ended OK; its name only after the caller synced the directory. A writer destroyed before
// Finish leaves a file without a footer behind, which nobody can open; the caller deletes it.
#include <memory>
#include <string>
#include <vector>

#include "engine/chunk/chunk_format.h"
#include "engine/env/env.h"
#include "engine/types/column_batch.h"

namespace tsd::engine {

struct ChunkWriterOptions {
  size_t rows_per_block = 8192;
  size_t max_block_group_bytes = 32 << 20;  // a row group is cut early when its rows take more memory
};

struct ChunkFileInfo {
  uint64_t rows = 0;
  uint64_t bytes = 0;
  std::vector<ChunkColumn> columns;
  std::vector<ColumnStats> stats;  // of the whole file, one a column
  const ColumnStats* StatsOf(ColumnId id) const;
};

class ChunkWriter {
 public:
  static StatusOr<std::unique_ptr<ChunkWriter>> Create(Env& env, std::string path, std::vector<ChunkColumn> columns,
                                                       ChunkWriterOptions options = {});
  ~ChunkWriter();

  /// One batch column per file column, same order and layout. After an error only destruction is allowed.
  Status Append(const ColumnBatch& batch);
  /// Writes the rest and the footer and syncs the file. Zero rows make a valid empty file.
  StatusOr<ChunkFileInfo> Finish();
  /// Encoded so far.
  uint64_t bytes() const;
  uint64_t rows() const;

 private:
  ChunkWriter(std::unique_ptr<WritableFile> file, std::string path, std::vector<ChunkColumn> columns, ChunkWriterOptions options);
  size_t PieceRows(const ColumnBatch& batch, size_t begin) const;
  Status WriteRowGroup();
  Status Write(std::string_view bytes);
  Status FlushBuffer();
  void StartRowGroup();

  const std::string path_;
  const ChunkWriterOptions options_;
  std::unique_ptr<WritableFile> file_;
  std::string buffer_;        // not yet handed to the file
  uint64_t offset_ = 0;       // of the next byte in the file
  std::vector<std::shared_ptr<Vector>> pending_;  // the row group being gathered
  size_t pending_rows_ = 0;
  ChunkFooter footer_;
};

}  // namespace tsd::engine
