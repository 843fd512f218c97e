#pragma once
// Reads one chunk file. Open checks header, trailer and footer; every block's checksum is checked when it is read. Damage is XX001 with
// file and offset, an unknown version 0A000. Immutable after Open: thread-safe. Keeps the file open: it may be deleted meanwhile.
#include <memory>
#include <string>

#include "engine/chunk/block_cache.h"
#include "engine/chunk/chunk_format.h"
#include "engine/env/env.h"
#include "engine/scan/predicate.h"

namespace tsd::engine {

class ChunkReader {
 public:
  /// `cache` may be null; `file_id` is the file's key in it. `cache` must outlive the reader.
  static StatusOr<std::shared_ptr<const ChunkReader>> Open(Env& env, const std::string& path, BlockCache* cache = nullptr,
                                                           uint64_t file_id = 0);

  const std::string& path() const { return path_; }
  uint64_t rows() const { return footer_.rows; }
  uint64_t file_bytes() const { return file_bytes_; }
  const std::vector<ChunkColumn>& columns() const { return footer_.columns; }
  size_t row_group_count() const { return footer_.row_groups.size(); }
  uint32_t rows_in(size_t row_group) const { return footer_.row_groups[row_group].rows; }
  uint64_t first_row_of(size_t row_group) const { return footer_.row_groups[row_group].first_row; }

  bool HasColumn(ColumnId id) const { return ColumnIndex(id) >= 0; }
  /// Null if the file has no such column.
  const ColumnStats* FileStats(ColumnId id) const;
  const ColumnStats* BlockStats(size_t row_group, ColumnId id) const;
  /// Encoded bytes of a block; 0 without such a column.
  uint64_t BlockBytes(size_t row_group, ColumnId id) const;

  /// All rows of a row group; a null pointer if the file has no such column (the table had none when it was written).
  StatusOr<VectorPtr> ReadColumn(size_t row_group, ColumnId id) const;

  /// True if no row can satisfy the predicate. Conditions on columns the file does not have are ignored.
  bool CanSkip(size_t row_group, const ScanPredicate& predicate) const;
  bool CanSkipFile(const ScanPredicate& predicate) const;

  /// Reads and decodes every block and compares it with its statistics. Bypasses the cache.
  Status Verify() const;

 private:
  ChunkReader(std::string path, std::shared_ptr<RandomAccessFile> file, ChunkFooter footer, BlockCache* cache, uint64_t file_id);
  int ColumnIndex(ColumnId id) const;
  StatusOr<VectorPtr> ReadBlock(size_t row_group, size_t column) const;

  const std::string path_;
  const std::shared_ptr<RandomAccessFile> file_;
  const uint64_t file_bytes_;
  const ChunkFooter footer_;
  BlockCache* const cache_;
  const uint64_t file_id_;
};

}  // namespace tsd::engine
