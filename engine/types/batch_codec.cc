#include "engine/types/batch_codec.h"

#include <lz4.h>

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

void EncodeColumn(const Vector& column, ByteWriter& writer) {
  const DataType type = column.type();
  const std::span<const uint64_t> validity = column.validity();
  const NarrowValues narrow(column);
  writer.PutU8(static_cast<uint8_t>(type.id));
  writer.PutU8(static_cast<uint8_t>((type.is_array ? kFlagArray : 0) | (validity.empty() ? 0 : kFlagValidity) | (narrow.pays() ? kFlagNarrow : 0)));
  writer.PutZigzag(type.typmod);
  if (!validity.empty()) writer.PutBytes(RawBytes(validity.data(), validity.size()));
  if (type.Physical() == PhysicalType::kBytes) {
    writer.PutU32(static_cast<uint32_t>(column.heap().size()));
    writer.PutBytes(RawBytes(column.offsets().data() + 1, column.size()));
    writer.PutBytes(column.heap());
  } else if (narrow.pays()) {
    narrow.Write(writer);
  } else {
    writer.PutBytes(RawBytes(column.values<uint8_t>(), column.size() * type.Width()));
  }
}

void EncodeBody(const ColumnBatch& batch, ByteWriter& writer) {
  writer.PutVarint(batch.rows());
  writer.PutVarint(batch.column_count());
  for (const VectorPtr& column : batch.columns()) EncodeColumn(*column, writer);
}

size_t BodyEstimate(const ColumnBatch& batch) {
  size_t bytes = 20;
  for (const VectorPtr& column : batch.columns()) {
    bytes += 16 + column->validity().size() * 8 + column->heap().size() + column->size() * std::max<size_t>(4, column->type().Width());
  }
  return bytes;
}

StatusOr<std::shared_ptr<Vector>> DecodeBytesColumn(DataType type, size_t rows, ByteReader& reader) {
  const uint32_t heap_size = reader.GetU32();
  const std::string_view ends = reader.GetBytes(rows * sizeof(uint32_t));
  const std::string_view heap = reader.GetBytes(heap_size);
  if (!reader.ok()) return Damaged("short column");
  std::vector<uint32_t> offsets(rows + 1);
  if (rows != 0) std::memcpy(offsets.data() + 1, ends.data(), ends.size());
  bool ascending = true;
  for (size_t i = 0; i < rows; ++i) ascending &= offsets[i] <= offsets[i + 1];
  if (!ascending || offsets.back() != heap_size) return Damaged("column offsets");
  auto vector = std::make_shared<Vector>(type);
  vector->AdoptBytes(std::move(offsets), std::string(heap));
  return vector;
}

StatusOr<std::shared_ptr<Vector>> DecodeFixedColumn(DataType type, size_t rows, bool narrow, ByteReader& reader) {
  auto vector = std::make_shared<Vector>(type);
  if (narrow) {
    if (type.Width() != sizeof(int64_t) || !ReadNarrowValues(rows, reader, *vector)) return Damaged("narrow column");
    return vector;
  }
  const std::string_view bytes = reader.GetBytes(rows * type.Width());
  if (!reader.ok()) return Damaged("short column");
  vector->ResizeFixedUninitialized(rows);
  if (rows != 0) std::memcpy(vector->mutable_values<uint8_t>(), bytes.data(), bytes.size());
  return vector;
}

StatusOr<VectorPtr> DecodeColumn(size_t rows, ByteReader& reader) {
  const uint8_t id = reader.GetU8();
  const uint8_t flags = reader.GetU8();
  const int64_t typmod = reader.GetZigzag();
  if (!reader.ok() || id > kLastTypeId || (flags & ~kFlags) != 0 || typmod < INT32_MIN || typmod > INT32_MAX) {
    return Damaged("column header");
  }
  const DataType type(static_cast<TypeId>(id), (flags & kFlagArray) != 0, static_cast<int32_t>(typmod));
  std::vector<uint64_t> validity;
  if ((flags & kFlagValidity) != 0) {
    const size_t words = (rows + 63) / 64;
    const std::string_view bytes = reader.GetBytes(words * 8);
    if (!reader.ok()) return Damaged("short validity");
    validity.resize(words);
    if (words != 0) std::memcpy(validity.data(), bytes.data(), bytes.size());
  }
  std::shared_ptr<Vector> vector;
  if (type.Physical() == PhysicalType::kBytes) {
    if ((flags & kFlagNarrow) != 0) return Damaged("column header");
    ASSIGN_OR_RETURN(vector, DecodeBytesColumn(type, rows, reader));
  } else {
    ASSIGN_OR_RETURN(vector, DecodeFixedColumn(type, rows, (flags & kFlagNarrow) != 0, reader));
  }
  if (type.Physical() == PhysicalType::kBool) {
    for (size_t row = 0; row < rows; ++row) vector->mutable_values<uint8_t>()[row] &= 1;
  }
  if (!validity.empty()) vector->AdoptValidity(std::move(validity));
  return VectorPtr(std::move(vector));
}

StatusOr<ColumnBatch> DecodeBody(std::string_view body) {
  ByteReader reader(body);
  const uint64_t rows = reader.GetVarint();
  // A column header takes at least three bytes.
  const uint64_t columns = reader.GetCount(3);
  if (!reader.ok() || rows > kMaxBatchRows) return Damaged("header");
  ColumnBatch batch(static_cast<size_t>(rows));
  // Narrow columns grow as they are decoded: together at most eight times, and not beyond what any batch may have.
  if (rows * columns > kMaxBatchBytes / sizeof(int64_t)) return Damaged("size");
  for (uint64_t i = 0; i < columns; ++i) {
    ASSIGN_OR_RETURN(VectorPtr column, DecodeColumn(static_cast<size_t>(rows), reader));
    batch.Add(std::move(column));
  }
  if (!reader.AtEnd()) return Damaged("trailing bytes");
  return batch;
}

}  // namespace

void EncodeBatch(const ColumnBatch& batch, Compression compression, ByteWriter& writer) {
  const size_t start = writer.size();
  writer.Reserve(start + kHeaderBytes + BodyEstimate(batch));
  writer.PutU8(kVersion);
  const auto put_plain = [&] {
    writer.PutU8(static_cast<uint8_t>(Compression::kNone));
    const size_t size_at = writer.size();
    writer.PutU32(0);
    EncodeBody(batch, writer);
    writer.PatchU32(size_at, static_cast<uint32_t>(writer.size() - size_at - 4));
  };
  if (compression == Compression::kNone) {
    put_plain();
    return;
  }
  ByteWriter body;
  body.Reserve(BodyEstimate(batch));
  EncodeBody(batch, body);
  std::string block;
  int packed = 0;
  if (body.size() <= LZ4_MAX_INPUT_SIZE) {
    // Room for seven eighths: LZ4 gives up once the block would be larger, and then it is not worth it.
    block.resize(body.size() - body.size() / 8);
    packed = LZ4_compress_default(body.data().data(), block.data(), static_cast<int>(body.size()), static_cast<int>(block.size()));
  }
  writer.PutU8(static_cast<uint8_t>(packed > 0 ? Compression::kLz4 : Compression::kNone));
  writer.PutU32(static_cast<uint32_t>(body.size()));
  writer.PutBytes(packed > 0 ? std::string_view(block.data(), static_cast<size_t>(packed)) : std::string_view(body.data()));
}

StatusOr<ColumnBatch> DecodeBatch(std::string_view bytes) {
  ByteReader reader(bytes);
  const uint8_t version = reader.GetU8();
  const uint8_t compression = reader.GetU8();
  const uint32_t raw_size = reader.GetU32();
  if (!reader.ok()) return Damaged("short header");
  if (version != kVersion) return Damaged("unknown version");
  const std::string_view rest = reader.Rest();
  if (compression == static_cast<uint8_t>(Compression::kNone)) {
    if (rest.size() != raw_size) return Damaged("size");
    return DecodeBody(rest);
  }
  if (compression != static_cast<uint8_t>(Compression::kLz4)) return Damaged("unknown compression");
  // LZ4 packs at most 255 to 1, so a raw size beyond that is a lie and not worth its memory.
  if (raw_size > kMaxBatchBytes || rest.size() > kMaxBatchBytes || raw_size > rest.size() * 255 + 64) return Damaged("size");
  std::string body;
  body.resize(raw_size);
  const int unpacked = LZ4_decompress_safe(rest.data(), body.data(), static_cast<int>(rest.size()), static_cast<int>(raw_size));
  if (unpacked < 0 || static_cast<uint32_t>(unpacked) != raw_size) return Damaged("compressed block");
  return DecodeBody(body);
}

}  // namespace tsd
