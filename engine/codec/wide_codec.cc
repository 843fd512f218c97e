#include "engine/codec/wide_codec.h"

#include <cstring>
#include <vector>

#include "engine/codec/dictionary_codes.h"
#include "engine/codec/integer_codec.h"
#include "engine/codec/lz4_block.h"
#include "engine/codec/raw_values.h"

namespace tsd::engine {
namespace {

template <typename T>
std::string_view RawBytes(std::span<const T> values) {
  return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

bool AllSame(std::string_view raw, size_t width) {
  return raw.size() <= width || std::memcmp(raw.data(), raw.data() + width, raw.size() - width) == 0;
}

template <typename T>
bool DecodeFewWide(ByteReader& reader, std::span<T> out) {
  const uint64_t count = reader.GetVarint();
  std::string entries;
  if (!reader.ok() || count > out.size() || !DecodeHeap(reader, entries) || entries.size() != count * sizeof(T)) return false;
  std::vector<uint16_t> codes(out.size());
  if (!DecodeCodes(reader, count, codes)) return false;
  for (size_t i = 0; i < out.size(); ++i) std::memcpy(&out[i], entries.data() + codes[i] * sizeof(T), sizeof(T));
  return true;
}

}  // namespace

template <typename T>
CodecId EncodeWide(std::span<const T> values, std::string& out) {
  const std::string_view raw = RawBytes(values);
  if (AllSame(raw, sizeof(T))) {
    out += raw.substr(0, sizeof(T));
    return CodecId::kConstant;
  }
  const size_t begin = out.size();
  if (DistinctValues<T> distinct; FindDistinct<T>(values, distinct)) {
    ByteWriter count;
    count.PutVarint(distinct.entries.size());
    out += count.data();
    EncodeHeap(RawBytes(std::span<const T>(distinct.entries)), out);
    EncodeIntegers(distinct.codes, out);
    return CodecId::kDictionary;
  }
  EncodeHeap(raw, out);
  if (out.size() - begin < raw.size()) return CodecId::kLz4;
  out.resize(begin);
  out += raw;
  return CodecId::kPlain;
}

template <typename T>
bool DecodeWide(CodecId codec, ByteReader& reader, std::span<T> out) {
  if (codec == CodecId::kConstant) return DecodeConstant(reader, out);
  if (codec == CodecId::kDictionary) return DecodeFewWide(reader, out);
  if (codec == CodecId::kPlain) return DecodePlain(reader, out);
  std::string heap;
  if (codec != CodecId::kLz4 || !DecodeHeap(reader, heap) || heap.size() != out.size() * sizeof(T)) return false;
  std::memcpy(out.data(), heap.data(), heap.size());
  return true;
}

template CodecId EncodeWide<Uuid>(std::span<const Uuid> values, std::string& out);
template CodecId EncodeWide<Interval>(std::span<const Interval> values, std::string& out);
template bool DecodeWide<Uuid>(CodecId codec, ByteReader& reader, std::span<Uuid> out);
template bool DecodeWide<Interval>(CodecId codec, ByteReader& reader, std::span<Interval> out);

}  // namespace tsd::engine
