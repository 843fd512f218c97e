#pragma once
// Reads one chunk file. Open checks header, trailer and footer; every block's checksum is checked when it is read. Damage is XX001 with
// file and offset, an unknown version 0A000. Immutable after Open: thread-safe. Keeps the file open: it may be deleted meanwhile.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/chunk/block_cache.h"
#include "engine/chunk/chunk_format.h"
#include "engine/chunk/read_ahead.h"
#include "engine/codec/block_codec.h"
#include "engine/env/env.h"
#include "engine/scan/predicate.h"

namespace tsd::engine {

class ChunkReader {
 public:
  /// `cache` may be null; `file_id` is the file's key in it. `cache` must outlive the reader.
  static StatusOr<std::shared_ptr<const ChunkReader>> Open(Env& env, const std::string& path, BlockCache* cache = nullptr,
                                                           uint64_t file_id = 0);

  const std::string& path() const { return path_; }
  uint64_t rows() const { return footer_.rows(); }
  uint64_t file_bytes() const { return file_bytes_; }
  const std::vector<ChunkColumn>& columns() const { return footer_.columns; }
  const ChunkOrder& order() const { return footer_.order; }
  /// Empty where the file has none.
  const SegmentIndex& segments() const { return footer_.segments; }
  size_t row_group_count() const { return footer_.groups(); }
  uint32_t rows_in(size_t row_group) const { return footer_.group_rows[row_group]; }
  uint64_t first_row_of(size_t row_group) const { return footer_.first_rows[row_group]; }
  /// Whether all rows of the group are of one segment (always so in a file without segments): its rows ascend by order_by.
  bool IsOneSegment(size_t row_group) const { return one_segment_[row_group]; }

  bool HasColumn(ColumnId id) const { return footer_.Index(id) >= 0; }
  /// Null if the file has no such column. Of the whole file: bounds and counts.
  const ColumnStats* FileStats(ColumnId id) const;
  /// Null if the file has no such column.
  const BlockSummaries* Summaries(ColumnId id) const;
  /// Requires: HasColumn(id).
  ColumnStats BlockStats(size_t row_group, ColumnId id) const;
  /// Encoded bytes of a block; 0 without such a column.
  uint64_t BlockBytes(size_t row_group, ColumnId id) const;

  /// How a block is encoded. Requires: HasColumn(id).
  StatusOr<CodecId> CodecOf(size_t row_group, ColumnId id) const;

  /// All rows of a row group; a null pointer if the file has no such column (the table had none when it was written).
  StatusOr<VectorPtr> ReadColumn(size_t row_group, ColumnId id) const;

  /// Where the file has the last row of each segment in the group once more, as rows of ReadLastRows: the first of them, in the order of the
  /// segments. nullopt for a group that is not shared, and in a file that does not have them.
  std::optional<uint32_t> FirstLastRow(size_t row_group) const;
  /// Null if the file has no such column. Requires: FirstLastRow of some group.
  StatusOr<VectorPtr> ReadLastRows(ColumnId id) const { return ReadColumn(footer_.groups(), id); }

  /// The codes of a row group of strings that has a dictionary; else nullopt. Two groups with the same entries share them.
  StatusOr<std::optional<CodedRows>> ReadCodes(size_t row_group, ColumnId id) const;

  // Of a column of doubles, by its encoded block (block_codec.h's SumRows and TestRows); false if the values have to be read.
  StatusOr<bool> SumRows(size_t row_group, ColumnId id, std::span<const RowSpan> spans, std::span<const uint8_t> keep, double* sums) const;
  StatusOr<bool> TestRows(size_t row_group, ColumnId id, DoubleTest test, uint8_t* keep) const;

  /// True if no row can satisfy the predicate. Conditions on columns the file does not have are ignored.
  bool CanSkip(size_t row_group, const ScanPredicate& predicate) const;
  bool CanSkipFile(const ScanPredicate& predicate) const;
  /// True only if every row of the group satisfies the condition, on a column that the file has.
  bool MustMatch(size_t row_group, const ColumnCondition& condition) const;

  /// Reads and decodes every block and compares it with its statistics. Bypasses the cache.
  Status Verify() const;

 private:
  ChunkReader(std::string path, std::shared_ptr<RandomAccessFile> file, ChunkFooter footer, BlockCache* cache, uint64_t file_id);
  StatusOr<BlockBytesPtr> LoadBlock(size_t row_group, size_t column) const;
  /// Before a block is read that `waits` for the disk or does not.
  void AskAhead(size_t row_group, size_t column, bool waits) const;
  /// From the cache, or read and put there: encoded or decoded.
  StatusOr<BlockCache::Entry> CachedBlock(size_t row_group, size_t column) const;
  /// From the cache, or made of codes and put there beside them. Requires: a cache.
  StatusOr<VectorPtr> ReadStrings(size_t row_group, size_t column) const;
  StatusOr<VectorPtr> LoadDictionary(size_t column) const;
  /// The entries that a block of the codec may name, from the cache or read and put there; null if it has no need of them.
  StatusOr<VectorPtr> DictionaryFor(size_t column, CodecId codec) const;
  /// Null unless it is a block of doubles that is kept encoded.
  StatusOr<BlockBytesPtr> EncodedDoubles(size_t row_group, ColumnId id) const;
  StatusOr<VectorPtr> DecodeLoaded(size_t row_group, size_t column, std::string_view bytes) const;
  Status VerifySegments() const;
  Status VerifyLastRows() const;

  const std::string path_;
  const std::shared_ptr<RandomAccessFile> file_;
  const uint64_t file_bytes_;
  const ChunkFooter footer_;
  std::vector<ColumnStats> file_stats_;
  std::vector<bool> one_segment_;
  std::vector<std::optional<uint32_t>> first_last_rows_;  // one a row group; empty in a file that does not have them
  BlockCache* const cache_;
  const uint64_t file_id_;
  mutable Mutex mutex_;
  mutable std::vector<ReadAhead> read_ahead_ ABSL_GUARDED_BY(mutex_);  // a column each; empty until a block had to be waited for
};

}  // namespace tsd::engine
