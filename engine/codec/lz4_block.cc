#include "engine/codec/lz4_block.h"

#include <lz4.h>

namespace tsd::engine {

namespace {
constexpr size_t kWorthTrying = 64;
constexpr size_t kLz4MaxRatio = 255;
}  // namespace

void EncodeHeap(std::string_view bytes, std::string& out) {
  ByteWriter header;
  if (bytes.size() >= kWorthTrying && bytes.size() <= kMaxHeapBytes) {
    const int limit = static_cast<int>(bytes.size() - bytes.size() / 8);
    std::string compressed(static_cast<size_t>(limit), '\0');
    const int size = LZ4_compress_default(bytes.data(), compressed.data(), static_cast<int>(bytes.size()), limit);
    if (size > 0) {
      header.PutU8(1);
      header.PutVarint(bytes.size());
      header.PutVarint(static_cast<uint64_t>(size));
      out += header.data();
      out.append(compressed, 0, static_cast<size_t>(size));
      return;
    }
  }
  header.PutU8(0);
  header.PutVarint(bytes.size());
  out += header.data();
  out += bytes;
}

bool DecodeHeap(ByteReader& reader, std::string& out) {
  const uint8_t form = reader.GetU8();
  const uint64_t raw_size = reader.GetVarint();
  if (!reader.ok() || raw_size > kMaxHeapBytes) return false;
  if (form == 0) {
    out = std::string(reader.GetBytes(raw_size));
    return reader.ok();
  }
  if (form != 1) return false;
  const std::string_view compressed = reader.GetString();
  if (!reader.ok() || compressed.size() > kMaxHeapBytes || raw_size / kLz4MaxRatio > compressed.size()) return false;
  out.resize(raw_size);
  const int size =
      LZ4_decompress_safe(compressed.data(), out.data(), static_cast<int>(compressed.size()), static_cast<int>(raw_size));
  return size >= 0 && static_cast<uint64_t>(size) == raw_size;
}

}  // namespace tsd::engine
