#pragma once
// The chunk file's bytes as constants and the footer as a structure; engine/FORMAT.md draws them. Any thread.
//
//   header | blocks of row group 0, column by column | blocks of row group 1 | ... | last rows | dictionaries | footer | trailer
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/status.h"
#include "engine/chunk/block_summaries.h"
#include "engine/types/column_batch.h"

namespace tsd::engine {

inline constexpr char kChunkMagic[] = "TSDCHUNK";  // eight bytes without the NUL; first and last in the file
inline constexpr uint32_t kChunkVersion = 4;
inline constexpr size_t kChunkHeaderBytes = 16;
inline constexpr size_t kChunkTrailerBytes = 32;

/// Hidden columns, given and read like any other.
inline constexpr ColumnId kRowIdColumn{65534};   // kInt64
inline constexpr ColumnId kCommitColumn{65533};  // kInt64

struct ChunkColumn {
  ColumnId id;
  DataType type;
};

/// How the rows of a file are sorted: by segment_by, then by order_by, ascending, NULLs last. Rows that agree in segment_by are a segment.
struct ChunkOrder {
  std::vector<ColumnId> segment_by;
  std::vector<ColumnId> order_by;
};

/// Where each segment begins. Left out (empty) where it would be large: few rows a segment, or very many segments.
struct SegmentIndex {
  std::vector<uint64_t> first_rows;  // ascending from 0
  ColumnBatch values;                // of ChunkOrder::segment_by, a row a segment

  size_t size() const { return first_rows.size(); }
};
inline constexpr size_t kMaxIndexedSegments = 65536;
inline constexpr size_t kMinIndexedSegmentRows = 8;  // on average
inline constexpr size_t kMaxRowGroups = 65536;
/// On average: with fewer, the last rows of shared row groups are not written once more.
inline constexpr size_t kMinRowsPerLastRow = 32;

/// The block that holds the distinct strings of a column's blocks (codec kSharedDictionary), behind all row groups.
struct DictionaryBlock {
  uint32_t entries = 0;  // 0: there is none
  uint32_t length = 0;
  uint32_t checksum = 0;
  uint64_t offset = 0;
};

/// The blocks of one column, one a row group; then, where there are any, that of the last rows.
struct ColumnBlocks {
  explicit ColumnBlocks(DataType type) : summaries(type) {}
  std::vector<uint64_t> offsets;
  std::vector<uint32_t> lengths;
  std::vector<uint32_t> checksums;  // BlockChecksum
  BlockSummaries summaries;
  DictionaryBlock dictionary;        // of strings only
};
uint32_t BlockChecksum(std::string_view block);

struct ChunkFooter {
  ChunkOrder order;
  std::vector<ChunkColumn> columns;
  std::vector<uint32_t> group_rows;
  std::vector<uint64_t> first_rows;  // of each row group; then the number of rows
  std::vector<ColumnBlocks> blocks;  // one a column
  /// Of the extra row group that holds once more the last row of each segment in row groups shared by several; 0: there is none.
  uint32_t last_rows = 0;
  SegmentIndex segments;

  uint64_t rows() const { return first_rows.empty() ? 0 : first_rows.back(); }
  size_t groups() const { return group_rows.size(); }
  /// With the one of the last rows, which has the number groups().
  size_t stored_groups() const { return groups() + (last_rows > 0 ? 1 : 0); }
  uint32_t rows_in(size_t group) const { return group < groups() ? group_rows[group] : last_rows; }
  /// How many segments have rows in each group that several share; 0 where one has all. Requires: segments, first_rows.
  std::vector<uint32_t> SharingSegments() const;
  int Index(ColumnId id) const {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].id == id) return static_cast<int>(i);
    }
    return -1;
  }
  /// Requires: group_rows and the lengths are set; fills in first_rows and offsets. Returns where the last block ends.
  uint64_t PlaceBlocks();

  std::string Encode() const;
  /// XX001 on any bytes that are not a consistent footer of a file with `data_end` bytes before it.
  static StatusOr<ChunkFooter> Decode(std::string_view bytes, uint64_t data_end);
};

std::string EncodeChunkHeader();
std::string EncodeChunkTrailer(uint64_t footer_offset, std::string_view footer);
/// XX001, or 0A000 for a version this code does not know; the caller adds file and offset.
Status CheckChunkHeader(std::string_view bytes);
/// Where the footer begins. Requires: file_size >= kChunkHeaderBytes + kChunkTrailerBytes.
StatusOr<uint64_t> FooterOffset(std::string_view trailer, uint64_t file_size);

}  // namespace tsd::engine
