#include "net/pg/copy_binary_rows.h"

#include <cstring>

#include "engine/base/bytes.h"

namespace tsd::net::pg {
namespace {

constexpr size_t kFixedHeaderBytes = 11 + 4 + 4;
constexpr uint32_t kOidsFlag = 1u << 16;
constexpr size_t kCountBytes = 2;
constexpr int32_t kMaxFieldBytes = 0x3fffffff;

uint32_t WordAt(const char* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

int16_t CountAt(const char* bytes) {
  return static_cast<int16_t>((static_cast<unsigned char>(bytes[0]) << 8) | static_cast<unsigned char>(bytes[1]));
}

Status Refuse(std::string_view message) { return Error(sqlstate::kBadCopyFileFormat, message); }

}  // namespace

StatusOr<size_t> BinaryHeaderSize(std::string_view data) {
  const std::string_view signature = data.substr(0, kCopySignature.size());
  if (signature != kCopySignature.substr(0, signature.size())) return Refuse("COPY file signature not recognized");
  if (data.size() < kFixedHeaderBytes) return size_t{0};
  ByteReader reader(data.substr(kCopySignature.size()));
  const uint32_t flags = reader.GetBeU32();
  if ((flags & kOidsFlag) != 0) return Refuse("invalid COPY file header (WITH OIDS)");
  if ((flags >> 16) != 0) return Refuse("unrecognized critical flags in COPY file header");
  const uint32_t extension = reader.GetBeU32();
  if (static_cast<int32_t>(extension) < 0) return Refuse("invalid COPY file header (missing length)");
  if (data.size() - kFixedHeaderBytes < extension) return size_t{0};
  return kFixedHeaderBytes + extension;
}

Status RefuseCutHeader(std::string_view data) {
  if (data.size() < kCopySignature.size()) return Refuse("COPY file signature not recognized");
  if (data.size() < kFixedHeaderBytes - 4) return Refuse("invalid COPY file header (missing flags)");
  if (data.size() < kFixedHeaderBytes) return Refuse("invalid COPY file header (missing length)");
  return Refuse("invalid COPY file header (wrong length)");
}

BinaryRow BinaryRowWalker::Walk(std::string_view data) {
  if (row_bytes_ == 0 || data.size() < row_bytes_) return WalkEach(data);
  const int count = CountAt(data.data());
  uint32_t differs = static_cast<uint32_t>(count) ^ static_cast<uint32_t>(values_.size());
  for (const Value& value : values_) differs |= WordAt(data.data() + value.begin - sizeof(uint32_t)) ^ value.size_word;
  if (differs != 0) return WalkEach(data);
  return {BinaryRow::Kind::kWhole, 0, count, row_bytes_};
}

BinaryRow BinaryRowWalker::WalkEach(std::string_view data) {
  row_bytes_ = 0;
  if (data.size() < kCountBytes) return {BinaryRow::Kind::kCut};
  const int count = CountAt(data.data());
  if (count == -1) return {BinaryRow::Kind::kTrailer, 0, count, kCountBytes};
  if (count < 0 || static_cast<size_t>(count) != values_.size()) return {BinaryRow::Kind::kBadCount, 0, count};
  size_t at = kCountBytes;
  for (size_t c = 0; c < values_.size(); ++c) {
    if (data.size() - at < sizeof(uint32_t)) return {BinaryRow::Kind::kCut, c};
    const uint32_t word = WordAt(data.data() + at);
    const int32_t size = static_cast<int32_t>(__builtin_bswap32(word));
    at += sizeof(uint32_t);
    if (size < -1 || size > kMaxFieldBytes) return {BinaryRow::Kind::kBadSize, c};
    const size_t bytes = size == -1 ? 0 : static_cast<size_t>(size);
    if (data.size() - at < bytes) return {BinaryRow::Kind::kCut, c};
    values_[c] = {static_cast<uint32_t>(at), static_cast<uint32_t>(bytes), word};
    at += bytes;
  }
  if (at <= kMaxCopyRowBytes) row_bytes_ = at;
  return {BinaryRow::Kind::kWhole, 0, count, at};
}

}  // namespace tsd::net::pg
