#include "engine/chunk/chunk_format.h"

#include "engine/base/hash.h"
#include "engine/codec/block_codec.h"

namespace tsd::engine {
namespace {

constexpr size_t kMagicBytes = sizeof(kChunkMagic) - 1;

void EncodeColumn(const ChunkColumn& column, ByteWriter& writer) {
  writer.PutU16(column.id.value());
  writer.PutU8(static_cast<uint8_t>(column.type.id));
  writer.PutBool(column.type.is_array);
  writer.PutZigzag(column.type.typmod);
}

ChunkColumn DecodeColumn(ByteReader& reader) {
  ChunkColumn column;
  column.id = ColumnId(reader.GetU16());
  const uint8_t type = reader.GetU8();
  if (type > static_cast<uint8_t>(TypeId::kInet)) reader.Fail();
  const bool is_array = reader.GetBool();
  const int32_t typmod = static_cast<int32_t>(reader.GetZigzag());
  if (reader.ok()) column.type = DataType(static_cast<TypeId>(type), is_array, typmod);
  return column;
}

BlockInfo DecodeBlockInfo(ByteReader& reader, DataType type, uint32_t rows, uint64_t data_end) {
  BlockInfo block;
  block.offset = reader.GetVarint();
  const uint64_t length = reader.GetVarint();
  block.checksum = reader.GetU64();
  block.stats = DecodeStats(reader, type);
  if (block.offset < kChunkHeaderBytes || block.offset > data_end || length > data_end - block.offset || length > UINT32_MAX ||
      block.stats.rows != rows) {
    reader.Fail();
  }
  block.length = static_cast<uint32_t>(length);
  return block;
}

Status Damaged(std::string_view what) { return Error(sqlstate::kDataCorrupted, what); }

}  // namespace

std::string ChunkFooter::Encode() const {
  ByteWriter writer;
  writer.PutVarint(rows);
  writer.PutVarint(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    EncodeColumn(columns[i], writer);
    EncodeStats(file_stats[i], writer);
  }
  writer.PutVarint(row_groups.size());
  for (const RowGroupInfo& group : row_groups) {
    writer.PutVarint(group.rows);
    for (const BlockInfo& block : group.blocks) {
      writer.PutVarint(block.offset);
      writer.PutVarint(block.length);
      writer.PutU64(block.checksum);
      EncodeStats(block.stats, writer);
    }
  }
  return std::move(writer).Take();
}

StatusOr<ChunkFooter> ChunkFooter::Decode(std::string_view bytes, uint64_t data_end) {
  ByteReader reader(bytes);
  ChunkFooter footer;
  footer.rows = reader.GetVarint();
  constexpr size_t kSmallestColumn = 8;
  const uint64_t column_count = reader.GetCount(kSmallestColumn);
  for (uint64_t i = 0; i < column_count && reader.ok(); ++i) {
    footer.columns.push_back(DecodeColumn(reader));
    footer.file_stats.push_back(DecodeStats(reader, footer.columns.back().type));
    if (footer.file_stats.back().rows != footer.rows) reader.Fail();
    for (uint64_t before = 0; before < i; ++before) {
      if (footer.columns[before].id == footer.columns[i].id) reader.Fail();
    }
  }
  constexpr size_t kSmallestBlock = 13;
  const uint64_t group_count = reader.GetCount(1 + column_count * kSmallestBlock);
  uint64_t rows = 0;
  for (uint64_t i = 0; i < group_count && reader.ok(); ++i) {
    RowGroupInfo group;
    group.first_row = rows;
    const uint64_t group_rows = reader.GetVarint();
    if (group_rows == 0 || group_rows > kMaxBlockRows) reader.Fail();
    group.rows = static_cast<uint32_t>(group_rows);
    for (const ChunkColumn& column : footer.columns) {
      if (!reader.ok()) break;
      group.blocks.push_back(DecodeBlockInfo(reader, column.type, group.rows, data_end));
    }
    rows += group.rows;
    footer.row_groups.push_back(std::move(group));
  }
  if (!reader.ok() || !reader.AtEnd() || rows != footer.rows) return Damaged("footer is damaged");
  return footer;
}

std::string EncodeChunkHeader() {
  ByteWriter writer;
  writer.PutBytes(std::string_view(kChunkMagic, kMagicBytes));
  writer.PutU32(kChunkVersion);
  writer.PutU32(0);
  return std::move(writer).Take();
}

std::string EncodeChunkTrailer(uint64_t footer_offset, std::string_view footer) {
  ByteWriter writer;
  writer.PutU64(footer_offset);
  writer.PutU64(Hash64(footer, footer_offset));
  writer.PutU32(kChunkVersion);
  writer.PutU32(0);
  writer.PutBytes(std::string_view(kChunkMagic, kMagicBytes));
  return std::move(writer).Take();
}

Status CheckChunkHeader(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.GetBytes(kMagicBytes) != std::string_view(kChunkMagic, kMagicBytes)) return Damaged("this is no chunk file");
  const uint32_t version = reader.GetU32();
  if (!reader.ok()) return Damaged("header is cut short");
  if (version != kChunkVersion) {
    return Error(sqlstate::kFeatureNotSupported, "chunk file has version " + std::to_string(version) + ", which this server cannot read");
  }
  if (bytes != EncodeChunkHeader()) return Damaged("header is damaged");
  return OkStatus();
}

StatusOr<uint64_t> FooterOffset(std::string_view trailer, uint64_t file_size) {
  ByteReader reader(trailer);
  const uint64_t offset = reader.GetU64();
  reader.GetU64();
  const uint32_t version = reader.GetU32();
  const uint32_t reserved = reader.GetU32();
  if (reader.GetBytes(kMagicBytes) != std::string_view(kChunkMagic, kMagicBytes)) {
    return Damaged("file has no end mark: it was never finished or is cut short");
  }
  if (version != kChunkVersion) {
    return Error(sqlstate::kFeatureNotSupported, "chunk file has version " + std::to_string(version) + ", which this server cannot read");
  }
  if (!reader.ok() || reserved != 0 || offset < kChunkHeaderBytes || offset > file_size - kChunkTrailerBytes) {
    return Damaged("trailer is damaged");
  }
  return offset;
}

}  // namespace tsd::engine
