#include "engine/types/batch_codec.h"

#include <lz4.h>

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "engine/types/narrow_values.h"

namespace tsd {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kFlagArray = 1;
constexpr uint8_t kFlagValidity = 2;
constexpr uint8_t kFlagNarrow = 4;
constexpr uint8_t kFlags = kFlagArray | kFlagValidity | kFlagNarrow;
constexpr uint8_t kLastTypeId = static_cast<uint8_t>(TypeId::kInet);
constexpr size_t kHeaderBytes = 6;

Status Damaged(std::string_view what) { return Error(sqlstate::kDataCorrupted, std::string("damaged batch: ") + std::string(what)); }

void EncodeColumn(const RowPiece& piece, size_t index, NarrowValues& narrow, ByteWriter& writer) {
  const VectorPtr& whole = piece.batch->column_ptr(index);
  const DataType type = whole->type();
  // Values that become narrow are picked from where they lie; others, and those with gaps, are gathered first.
  const bool picked = piece.positions && !whole->HasNulls() && narrow.Take(*whole, piece.positions.get());
  const VectorPtr gathered = piece.positions && !picked ? Vector::Gather(whole, *piece.positions) : whole;
  const bool is_narrow = picked || narrow.Take(*gathered, nullptr);
  const std::span<const uint64_t> validity = gathered->validity();
  writer.PutU8(static_cast<uint8_t>(type.id));
  writer.PutU8(static_cast<uint8_t>((type.is_array ? kFlagArray : 0) | (validity.empty() ? 0 : kFlagValidity) | (is_narrow ? kFlagNarrow : 0)));
  writer.PutZigzag(type.typmod);
  if (!validity.empty()) writer.PutBytes(RawBytes(validity.data(), validity.size()));
  if (type.Physical() == PhysicalType::kBytes) {
    writer.PutU32(static_cast<uint32_t>(gathered->heap().size()));
    writer.PutBytes(RawBytes(gathered->offsets().data() + 1, gathered->size()));
    writer.PutBytes(gathered->heap());
  } else if (is_narrow) {
    narrow.Write(writer);
  } else {
    writer.PutBytes(RawBytes(gathered->values<uint8_t>(), gathered->size() * type.Width()));
  }
}

void EncodeBody(const RowPiece& piece, ByteWriter& writer) {
  const size_t columns = piece.batch->column_count();
  writer.PutVarint(piece.rows());
  writer.PutVarint(columns);
  NarrowValues narrow;
  for (size_t i = 0; i < columns; ++i) EncodeColumn(piece, i, narrow, writer);
}

size_t BodyEstimate(const RowPiece& piece) {
  size_t bytes = 20;
  for (const VectorPtr& column : piece.batch->columns()) {
    bytes += 16 + column->validity().size() * 8 + piece.rows() * std::max<size_t>(4, column->type().Width());
    if (piece.rows() != 0) bytes += column->heap().size() / piece.batch->rows() * piece.rows();
  }
  return bytes;
}

/// The bodies of batches that become one, each with its rows.
struct Body {
  size_t rows = 0;
  ByteReader reader;
};

struct ColumnHeader {
  DataType type;
  uint8_t flags = 0;
};

StatusOr<ColumnHeader> DecodeColumnHeader(ByteReader& reader) {
  const uint8_t id = reader.GetU8();
  const uint8_t flags = reader.GetU8();
  const int64_t typmod = reader.GetZigzag();
  if (!reader.ok() || id > kLastTypeId || (flags & ~kFlags) != 0 || typmod < INT32_MIN || typmod > INT32_MAX) {
    return Damaged("column header");
  }
  return ColumnHeader{DataType(static_cast<TypeId>(id), (flags & kFlagArray) != 0, static_cast<int32_t>(typmod)), flags};
}

/// The validity of a column's rows, of which most often all are present.
class ValidityDecoder {
 public:
  explicit ValidityDecoder(size_t rows) : rows_(rows) {}
  /// Of rows [at, at + rows).
  Status Take(size_t at, size_t rows, ByteReader& reader) {
    const size_t words = (rows + 63) / 64;
    const std::string_view bytes = reader.GetBytes(words * sizeof(uint64_t));
    if (!reader.ok()) return Damaged("short validity");
    if (validity_.empty()) validity_.assign((rows_ + 63) / 64, ~uint64_t{0});
    for (size_t i = 0; i < words; ++i) {
      uint64_t word;
      std::memcpy(&word, bytes.data() + i * sizeof(word), sizeof(word));
      const size_t count = std::min<size_t>(64, rows - i * 64);
      uint64_t absent = ~word;
      if (count < 64) absent &= (uint64_t{1} << count) - 1;
      const size_t first = at + i * 64;
      const size_t shift = first % 64;
      validity_[first / 64] &= ~(absent << shift);
      if (shift != 0 && (absent >> (64 - shift)) != 0) validity_[first / 64 + 1] &= ~(absent >> (64 - shift));
    }
    return OkStatus();
  }
  void Finish(Vector& column) && {
    if (!validity_.empty()) column.AdoptValidity(std::move(validity_));
  }

 private:
  const size_t rows_;
  std::vector<uint64_t> validity_;  // empty while all are
};

class BytesDecoder {
 public:
  explicit BytesDecoder(size_t rows) : offsets_(rows + 1) {}
  Status Take(size_t at, size_t rows, ByteReader& reader) {
    const uint32_t heap_size = reader.GetU32();
    const std::string_view ends = reader.GetBytes(rows * sizeof(uint32_t));
    const std::string_view heap = reader.GetBytes(heap_size);
    if (!reader.ok() || heap.size() > UINT32_MAX - heap_.size()) return Damaged("short column");
    const uint32_t base = static_cast<uint32_t>(heap_.size());
    uint32_t* const out = offsets_.data() + at + 1;
    if (rows != 0) std::memcpy(out, ends.data(), ends.size());
    bool ascending = true;
    uint32_t last = 0;
    for (size_t i = 0; i < rows; ++i) {
      ascending &= last <= out[i];
      last = out[i];
      out[i] += base;
    }
    if (!ascending || last != heap_size) return Damaged("column offsets");
    heap_.append(heap);
    return OkStatus();
  }
  void Finish(Vector& column) && { column.AdoptBytes(std::move(offsets_), std::move(heap_)); }

 private:
  std::vector<uint32_t> offsets_;
  std::string heap_;
};

Status TakeFixed(const ColumnHeader& header, size_t at, size_t rows, ByteReader& reader, Vector& column) {
  const size_t width = header.type.Width();
  if ((header.flags & kFlagNarrow) != 0) {
    if (width != sizeof(int64_t) || !ReadNarrowValues(at, rows, reader, column)) return Damaged("narrow column");
    return OkStatus();
  }
  const std::string_view bytes = reader.GetBytes(rows * width);
  if (!reader.ok()) return Damaged("short column");
  if (rows != 0) std::memcpy(column.mutable_values<uint8_t>() + at * width, bytes.data(), bytes.size());
  return OkStatus();
}

/// The next column of all bodies, which have `rows` rows together.
StatusOr<VectorPtr> DecodeColumn(std::span<Body> bodies, size_t rows) {
  std::shared_ptr<Vector> vector;
  ValidityDecoder validity(rows);
  std::optional<BytesDecoder> strings;
  size_t at = 0;
  for (Body& body : bodies) {
    ASSIGN_OR_RETURN(const ColumnHeader header, DecodeColumnHeader(body.reader));
    const bool is_bytes = header.type.Physical() == PhysicalType::kBytes;
    if (is_bytes && (header.flags & kFlagNarrow) != 0) return Damaged("column header");
    if (!vector) {
      vector = std::make_shared<Vector>(header.type);
      if (is_bytes) {
        strings.emplace(rows);
      } else {
        vector->ResizeFixedUninitialized(rows);
      }
    } else if (!header.type.SameAs(vector->type())) {
      return Damaged("columns of several types");
    }
    if ((header.flags & kFlagValidity) != 0) RETURN_IF_ERROR(validity.Take(at, body.rows, body.reader));
    RETURN_IF_ERROR(is_bytes ? strings->Take(at, body.rows, body.reader) : TakeFixed(header, at, body.rows, body.reader, *vector));
    at += body.rows;
  }
  if (strings) std::move(*strings).Finish(*vector);
  if (vector->type().Physical() == PhysicalType::kBool) {
    for (size_t row = 0; row < rows; ++row) vector->mutable_values<uint8_t>()[row] &= 1;
  }
  std::move(validity).Finish(*vector);
  return VectorPtr(std::move(vector));
}

StatusOr<ColumnBatch> DecodeBodies(std::span<const std::string_view> bytes) {
  std::vector<Body> bodies;
  uint64_t rows = 0;
  uint64_t columns = 0;
  for (std::string_view body : bytes) {
    ByteReader reader(body);
    const uint64_t body_rows = reader.GetVarint();
    // A column header takes at least three bytes.
    const uint64_t body_columns = reader.GetCount(3);
    if (!reader.ok() || body_rows > kMaxBatchRows || (!bodies.empty() && body_columns != columns)) return Damaged("header");
    columns = body_columns;
    rows += body_rows;
    bodies.push_back({static_cast<size_t>(body_rows), reader});
  }
  // Narrow columns grow as they are decoded: together at most eight times, and not beyond what any batch may have.
  if (rows > kMaxBatchRows || rows * columns > kMaxBatchBytes / sizeof(int64_t)) return Damaged("size");
  ColumnBatch batch(static_cast<size_t>(rows));
  for (uint64_t i = 0; i < columns; ++i) {
    ASSIGN_OR_RETURN(VectorPtr column, DecodeColumn(bodies, static_cast<size_t>(rows)));
    batch.Add(std::move(column));
  }
  for (const Body& body : bodies) {
    if (!body.reader.AtEnd()) return Damaged("trailing bytes");
  }
  return batch;
}

}  // namespace

void PutBlock(std::string_view bytes, Compression compression, ByteWriter& writer) {
  std::string packed;
  int packed_size = 0;
  if (compression == Compression::kLz4 && bytes.size() <= LZ4_MAX_INPUT_SIZE) {
    // Room for seven eighths: LZ4 gives up once the block would be larger, and then it is not worth it.
    packed.resize(bytes.size() - bytes.size() / 8);
    packed_size = LZ4_compress_default(bytes.data(), packed.data(), static_cast<int>(bytes.size()), static_cast<int>(packed.size()));
  }
  writer.PutU8(static_cast<uint8_t>(packed_size > 0 ? Compression::kLz4 : Compression::kNone));
  writer.PutU32(static_cast<uint32_t>(bytes.size()));
  writer.PutBytes(packed_size > 0 ? std::string_view(packed.data(), static_cast<size_t>(packed_size)) : bytes);
}

StatusOr<std::string_view> GetBlock(std::string_view block, std::string& room) {
  ByteReader reader(block);
  const uint8_t compression = reader.GetU8();
  const uint32_t raw_size = reader.GetU32();
  if (!reader.ok()) return Damaged("short header");
  const std::string_view rest = reader.Rest();
  if (compression == static_cast<uint8_t>(Compression::kNone)) {
    if (rest.size() != raw_size) return Damaged("size");
    return rest;
  }
  if (compression != static_cast<uint8_t>(Compression::kLz4)) return Damaged("unknown compression");
  // LZ4 packs at most 255 to 1, so a raw size beyond that is a lie and not worth its memory.
  if (raw_size > kMaxBatchBytes || rest.size() > kMaxBatchBytes || raw_size > rest.size() * 255 + 64) return Damaged("size");
  room.resize(raw_size);
  const int unpacked = LZ4_decompress_safe(rest.data(), room.data(), static_cast<int>(rest.size()), static_cast<int>(raw_size));
  if (unpacked < 0 || static_cast<uint32_t>(unpacked) != raw_size) return Damaged("compressed block");
  return std::string_view(room);
}

void EncodeRows(const RowPiece& rows, Compression compression, ByteWriter& writer) {
  const size_t start = writer.size();
  writer.Reserve(start + kHeaderBytes + BodyEstimate(rows));
  writer.PutU8(kVersion);
  if (compression == Compression::kNone) {
    writer.PutU8(static_cast<uint8_t>(Compression::kNone));
    const size_t size_at = writer.size();
    writer.PutU32(0);
    EncodeBody(rows, writer);
    writer.PatchU32(size_at, static_cast<uint32_t>(writer.size() - size_at - 4));
    return;
  }
  ByteWriter body;
  body.Reserve(BodyEstimate(rows));
  EncodeBody(rows, body);
  PutBlock(body.data(), compression, writer);
}

void EncodeBatch(const ColumnBatch& batch, Compression compression, ByteWriter& writer) {
  // Refers to the batch without owning it.
  const std::shared_ptr<const ColumnBatch> reference(std::shared_ptr<const ColumnBatch>(), &batch);
  EncodeRows({reference, nullptr}, compression, writer);
}

StatusOr<ColumnBatch> DecodeBatches(std::span<const std::string_view> batches) {
  std::vector<std::string> rooms(batches.size());
  std::vector<std::string_view> bodies;
  for (size_t i = 0; i < batches.size(); ++i) {
    if (batches[i].empty()) return Damaged("short header");
    if (static_cast<uint8_t>(batches[i][0]) != kVersion) return Damaged("unknown version");
    ASSIGN_OR_RETURN(const std::string_view body, GetBlock(batches[i].substr(1), rooms[i]));
    bodies.push_back(body);
  }
  return DecodeBodies(bodies);
}

StatusOr<ColumnBatch> DecodeBatch(std::string_view bytes) { return DecodeBatches(std::span(&bytes, 1)); }

}  // namespace tsd
