#include "engine/chunk/chunk_format.h"

#include <algorithm>
#include <numeric>

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

void PutIds(const std::vector<ColumnId>& ids, ByteWriter& writer) {
  writer.PutVarint(ids.size());
  for (ColumnId id : ids) writer.PutU16(id.value());
}

std::vector<ColumnId> GetIds(ByteReader& reader) {
  std::vector<ColumnId> ids;
  for (uint64_t left = reader.GetCount(2); left > 0 && reader.ok(); --left) ids.push_back(ColumnId(reader.GetU16()));
  return ids;
}

template <typename T>
std::vector<int64_t> Wide(const std::vector<T>& values) {
  return std::vector<int64_t>(values.begin(), values.end());
}

std::vector<uint32_t> GetSmall(ByteReader& reader, size_t count, uint32_t low) {
  std::vector<uint32_t> result;
  for (int64_t value : GetIntegers(reader, count)) {
    if (value < low || value > UINT32_MAX) reader.Fail();
    result.push_back(static_cast<uint32_t>(value));
  }
  return result;
}

void EncodeDictionary(const DictionaryBlock& dictionary, ByteWriter& writer) {
  writer.PutVarint(dictionary.entries);
  if (dictionary.entries == 0) return;
  writer.PutVarint(dictionary.length);
  writer.PutU32(dictionary.checksum);
}

DictionaryBlock DecodeDictionary(ByteReader& reader) {
  DictionaryBlock dictionary;
  const uint64_t entries = reader.GetVarint();
  if (!reader.ok() || entries == 0) return dictionary;
  const uint64_t length = reader.GetVarint();
  if (entries > kMaxBlockRows || length == 0 || length > UINT32_MAX) reader.Fail();
  dictionary.entries = static_cast<uint32_t>(entries);
  dictionary.length = static_cast<uint32_t>(length);
  dictionary.checksum = reader.GetU32();
  return dictionary;
}

ColumnBlocks DecodeBlocks(ByteReader& reader, DataType type, const ChunkFooter& footer) {
  ColumnBlocks blocks(type);
  if (footer.groups() == 0) return blocks;
  blocks.lengths = GetSmall(reader, footer.stored_groups(), 1);
  for (size_t i = 0; i < footer.stored_groups() && reader.ok(); ++i) blocks.checksums.push_back(reader.GetU32());
  blocks.summaries = BlockSummaries::Decode(reader, type, footer.group_rows);
  if (type.Physical() == PhysicalType::kBytes) blocks.dictionary = DecodeDictionary(reader);
  return blocks;
}

void EncodeSegments(const SegmentIndex& segments, ByteWriter& writer) {
  writer.PutVarint(segments.size());
  if (segments.size() == 0) return;
  PutIntegers(Wide(segments.first_rows), writer);
  for (const VectorPtr& column : segments.values.columns()) PutColumn(*column, writer);
}

SegmentIndex DecodeSegments(ByteReader& reader, const ChunkFooter& footer) {
  SegmentIndex segments;
  const uint64_t count = reader.GetVarint();
  if (!reader.ok() || count > kMaxIndexedSegments || count > footer.rows()) {
    reader.Fail();
    return segments;
  }
  if (count == 0) return segments;
  for (int64_t row : GetIntegers(reader, count)) {
    const bool ascends = segments.first_rows.empty() ? row == 0 : row > 0 && static_cast<uint64_t>(row) > segments.first_rows.back();
    if (!ascends || static_cast<uint64_t>(row) >= footer.rows()) {
      reader.Fail();
      return segments;
    }
    segments.first_rows.push_back(static_cast<uint64_t>(row));
  }
  segments.values.SetRows(count);
  for (ColumnId id : footer.order.segment_by) {
    const int column = footer.Index(id);
    if (column < 0) {
      reader.Fail();
      return segments;
    }
    segments.values.Add(GetColumn(reader, footer.columns[static_cast<size_t>(column)].type, count));
  }
  return segments;
}

Status Damaged(std::string_view what) { return Error(sqlstate::kDataCorrupted, what); }

}  // namespace

uint32_t BlockChecksum(std::string_view block) { return static_cast<uint32_t>(Hash64(block)); }

uint64_t ChunkFooter::PlaceBlocks() {
  first_rows.assign(1, 0);
  for (uint32_t rows : group_rows) first_rows.push_back(first_rows.back() + rows);
  uint64_t offset = kChunkHeaderBytes;
  for (ColumnBlocks& column : blocks) column.offsets.resize(stored_groups());
  for (size_t group = 0; group < stored_groups(); ++group) {
    for (ColumnBlocks& column : blocks) {
      column.offsets[group] = offset;
      offset += column.lengths[group];
    }
  }
  for (ColumnBlocks& column : blocks) {
    column.dictionary.offset = offset;
    offset += column.dictionary.length;
  }
  return offset;
}

std::vector<uint32_t> ChunkFooter::SharingSegments() const {
  std::vector<uint32_t> sharing(groups());
  auto next = segments.first_rows.begin();
  for (size_t group = 0; group < groups() && segments.size() > 0; ++group) {
    next = std::upper_bound(next, segments.first_rows.end(), first_rows[group]);
    const auto end = std::lower_bound(next, segments.first_rows.end(), first_rows[group + 1]);
    if (end != next) sharing[group] = static_cast<uint32_t>(end - next) + 1;
  }
  return sharing;
}

std::string ChunkFooter::Encode() const {
  ByteWriter writer;
  writer.PutVarint(columns.size());
  for (const ChunkColumn& column : columns) EncodeColumn(column, writer);
  PutIds(order.segment_by, writer);
  PutIds(order.order_by, writer);
  writer.PutVarint(groups());
  if (groups() > 0) {
    PutIntegers(Wide(group_rows), writer);
    writer.PutVarint(last_rows);
  }
  for (const ColumnBlocks& column : blocks) {
    if (groups() > 0) PutIntegers(Wide(column.lengths), writer);
    for (uint32_t checksum : column.checksums) writer.PutU32(checksum);
    column.summaries.Encode(writer);
    if (groups() > 0 && column.summaries.lows().type().Physical() == PhysicalType::kBytes) EncodeDictionary(column.dictionary, writer);
  }
  EncodeSegments(segments, writer);
  return std::move(writer).Take();
}

StatusOr<ChunkFooter> ChunkFooter::Decode(std::string_view bytes, uint64_t data_end) {
  ByteReader reader(bytes);
  ChunkFooter footer;
  constexpr size_t kSmallestColumn = 5;
  const uint64_t column_count = reader.GetCount(kSmallestColumn);
  for (uint64_t i = 0; i < column_count && reader.ok(); ++i) {
    const ChunkColumn column = DecodeColumn(reader);
    if (footer.Index(column.id) >= 0) reader.Fail();
    footer.columns.push_back(column);
  }
  footer.order.segment_by = GetIds(reader);
  footer.order.order_by = GetIds(reader);
  const uint64_t groups = reader.GetVarint();
  if (!reader.ok() || groups > kMaxRowGroups || (groups > 0 && column_count == 0)) return Damaged("footer is damaged");
  if (groups > 0) {
    footer.group_rows = GetSmall(reader, groups, 1);
    const uint64_t last_rows = reader.GetVarint();
    if (last_rows > kMaxBlockRows) reader.Fail();
    footer.last_rows = static_cast<uint32_t>(last_rows);
  }
  for (uint32_t rows : footer.group_rows) {
    if (rows > kMaxBlockRows) reader.Fail();
  }
  for (const ChunkColumn& column : footer.columns) {
    if (!reader.ok()) return Damaged("footer is damaged");
    footer.blocks.push_back(DecodeBlocks(reader, column.type, footer));
  }
  if (!reader.ok()) return Damaged("footer is damaged");
  // The blocks fill the file up to the footer: no byte is left to chance.
  if (footer.PlaceBlocks() != data_end) return Damaged("footer does not fit the file");
  footer.segments = DecodeSegments(reader, footer);
  if (!reader.ok() || !reader.AtEnd()) return Damaged("footer is damaged");
  if (footer.last_rows > 0) {
    const std::vector<uint32_t> sharing = footer.SharingSegments();
    if (std::accumulate(sharing.begin(), sharing.end(), uint64_t{0}) != footer.last_rows) return Damaged("the last rows are not those of its segments");
  }
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
