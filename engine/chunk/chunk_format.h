#pragma once
// The chunk file's bytes as constants and the footer as a structure; engine/FORMAT.md draws them. Any thread.
//
//   header | blocks of row group 0, column by column | blocks of row group 1 | ... | footer | trailer
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/chunk/zone_map.h"

namespace tsd::engine {

inline constexpr char kChunkMagic[] = "TSDCHUNK";  // eight bytes without the NUL; first and last in the file
inline constexpr uint32_t kChunkVersion = 1;
inline constexpr size_t kChunkHeaderBytes = 16;
inline constexpr size_t kChunkTrailerBytes = 32;

/// Hidden columns, given and read like any other.
inline constexpr ColumnId kRowIdColumn{65534};   // kInt64
inline constexpr ColumnId kCommitColumn{65533};  // kInt64

struct ChunkColumn {
  ColumnId id;
  DataType type;
};

struct BlockInfo {
  uint64_t offset = 0;
  uint32_t length = 0;
  uint64_t checksum = 0;  // Hash64 of the block's bytes
  ColumnStats stats;
};

struct RowGroupInfo {
  uint64_t first_row = 0;
  uint32_t rows = 0;
  std::vector<BlockInfo> blocks;  // one a column, in ChunkFooter::columns order
};

struct ChunkFooter {
  uint64_t rows = 0;
  std::vector<ChunkColumn> columns;
  std::vector<ColumnStats> file_stats;  // one a column
  std::vector<RowGroupInfo> row_groups;

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
