#include "engine/codec/lz4_block.h"

#include <lz4.h>

#include "engine/codec/symbol_codec.h"

namespace tsd::engine {

namespace {
constexpr size_t kWorthTrying = 64;
constexpr size_t kLz4MaxRatio = 255;
constexpr size_t kWorthSymbols = 1024;
constexpr size_t kTinySymbols = 512;          // LZ4 has done better than symbols ever could
constexpr size_t kMaxSymbolBytes = 4 << 20;   // beyond, values are long and LZ4's business
constexpr size_t kMaxSymbolRatio = 8;
}  // namespace

void EncodeHeap(std::string_view bytes, std::string& out) {
  std::string lz4;
  if (bytes.size() >= kWorthTrying && bytes.size() <= kMaxHeapBytes) {
    lz4.resize(bytes.size() - bytes.size() / 8);
    const int size = LZ4_compress_default(bytes.data(), lz4.data(), static_cast<int>(bytes.size()), static_cast<int>(lz4.size()));
    lz4.resize(size > 0 ? static_cast<size_t>(size) : 0);
  }
  const size_t best = lz4.empty() ? bytes.size() - bytes.size() / 8 : lz4.size() - lz4.size() / 32;
  ByteWriter header;
  if (bytes.size() >= kWorthSymbols && bytes.size() <= kMaxSymbolBytes && best > kTinySymbols) {
    header.PutU8(2);
    header.PutVarint(bytes.size());
    const size_t begin = out.size();
    out += header.data();
    if (EncodeSymbols(bytes, best, out)) return;
    out.resize(begin);
    header.Clear();
  }
  header.PutU8(lz4.empty() ? 0 : 1);
  header.PutVarint(bytes.size());
  if (!lz4.empty()) header.PutVarint(lz4.size());
  out += header.data();
  out += lz4.empty() ? bytes : std::string_view(lz4);
}

bool DecodeHeap(ByteReader& reader, std::string& out) {
  const uint8_t form = reader.GetU8();
  const uint64_t raw_size = reader.GetVarint();
  if (!reader.ok() || raw_size > kMaxHeapBytes) return false;
  if (form == 0) {
    out = std::string(reader.GetBytes(raw_size));
    return reader.ok();
  }
  if (form == 2) {
    if (raw_size / kMaxSymbolRatio > reader.remaining()) return false;
    out.resize(raw_size);
    return DecodeSymbols(reader, out);
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
