#include "engine/codec/float_codec.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <vector>

#include "engine/codec/dictionary_codes.h"
#include "engine/codec/double_kernels.h"
#include "engine/codec/float_alp.h"
#include "engine/codec/float_parts.h"
#include "engine/codec/raw_values.h"
#include "engine/codec/integer_codec.h"

namespace tsd::engine {
namespace {

/// Decimals of a quarter of the raw size and less are not worth a look for something better.
constexpr size_t kShortPart = 4;

template <typename T>
std::string_view RawBytes(std::span<const T> values) {
  return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

template <typename T>
bool AllSame(std::span<const T> values) {
  const std::string_view raw = RawBytes(values);
  return std::memcmp(raw.data(), raw.data() + sizeof(T), raw.size() - sizeof(T)) == 0;
}

bool IsFloat(double value) { return std::bit_cast<uint64_t>(static_cast<double>(static_cast<float>(value))) == std::bit_cast<uint64_t>(value); }

/// Every value for itself: no dictionary.
template <typename T>
CodecId EncodeEach(std::span<const T> values, std::string& out) {
  const size_t begin = out.size();
  const size_t raw_bytes = values.size() * sizeof(T);
  const bool decimals = EncodeAlp<T>(values, out);
  if (decimals && (out.size() - begin) * kShortPart <= raw_bytes) return CodecId::kAlp;
  std::string other;
  CodecId codec = CodecId::kParts;
  if constexpr (sizeof(T) == sizeof(double)) {
    if (std::all_of(values.begin(), values.end(), IsFloat)) {
      const std::vector<float> floats(values.begin(), values.end());
      other.push_back('\0');
      const CodecId inner = EncodeEach<float>(floats, other);
      other[0] = static_cast<char>(inner);
      codec = CodecId::kNarrow;
    }
  }
  if (other.empty()) EncodeParts<T>(values, other);
  if (decimals && out.size() - begin <= other.size()) return CodecId::kAlp;
  out.resize(begin);
  if (other.size() * 16 <= raw_bytes * 15) {
    out += other;
    return codec;
  }
  out += RawBytes(values);
  return CodecId::kPlain;
}

template <typename T>
bool EncodeFewValues(std::span<const T> values, size_t limit, std::string& out) {
  DistinctValues<T> distinct;
  if (!FindDistinct<T>(values, distinct)) return false;
  const size_t begin = out.size();
  ByteWriter count;
  count.PutVarint(distinct.entries.size());
  out += count.data();
  const size_t codec_at = out.size();
  out.push_back('\0');
  const CodecId codec = EncodeEach<T>(distinct.entries, out);
  out[codec_at] = static_cast<char>(codec);
  EncodeIntegers(distinct.codes, out);
  if (out.size() - begin < limit) return true;
  out.resize(begin);
  return false;
}

bool DecodeNarrow(ByteReader& reader, std::span<double> out);

template <typename T>
bool DecodeEach(CodecId codec, ByteReader& reader, std::span<T> out) {
  if constexpr (sizeof(T) == sizeof(double)) {
    if (codec == CodecId::kNarrow) return DecodeNarrow(reader, out);
  }
  switch (codec) {
    case CodecId::kPlain: return DecodePlain<T>(reader, out);
    case CodecId::kAlp: return DecodeAlp<T>(reader, out);
    case CodecId::kParts: return DecodeParts<T>(reader, out);
    default: return false;
  }
}

bool DecodeNarrow(ByteReader& reader, std::span<double> out) {
  const CodecId codec = static_cast<CodecId>(reader.GetU8());
  const std::unique_ptr<float[]> floats = std::make_unique_for_overwrite<float[]>(out.size());
  if (!reader.ok() || !DecodeEach<float>(codec, reader, std::span<float>(floats.get(), out.size()))) return false;
  WidenFloats(floats.get(), out.size(), out.data());
  return true;
}

template <typename T>
bool DecodeFewValues(ByteReader& reader, std::span<T> out) {
  const uint64_t count = reader.GetVarint();
  const CodecId codec = static_cast<CodecId>(reader.GetU8());
  if (!reader.ok() || count == 0 || count > out.size()) return false;
  const std::unique_ptr<T[]> entries = std::make_unique_for_overwrite<T[]>(count);
  const std::unique_ptr<uint16_t[]> codes = std::make_unique_for_overwrite<uint16_t[]>(out.size());
  if (!DecodeEach<T>(codec, reader, std::span<T>(entries.get(), count)) || !DecodeCodes(reader, count, std::span<uint16_t>(codes.get(), out.size()))) return false;
  for (size_t i = 0; i < out.size(); ++i) out[i] = entries[codes[i]];
  return true;
}

}  // namespace

template <typename T>
CodecId EncodeFloats(std::span<const T> values, std::string& out) {
  if (AllSame(values)) {
    out += RawBytes(values.first(1));
    return CodecId::kConstant;
  }
  const size_t begin = out.size();
  const CodecId codec = EncodeEach<T>(values, out);
  const size_t bytes = out.size() - begin;
  if (codec == CodecId::kAlp && bytes * kShortPart <= values.size() * sizeof(T)) return codec;
  std::string few;
  if (!EncodeFewValues<T>(values, bytes, few)) return codec;
  out.resize(begin);
  out += few;
  return CodecId::kDictionary;
}

template <typename T>
bool DecodeFloats(CodecId codec, ByteReader& reader, std::span<T> out) {
  if (codec == CodecId::kConstant) return DecodeConstant<T>(reader, out);
  if (codec == CodecId::kDictionary) return DecodeFewValues<T>(reader, out);
  return DecodeEach<T>(codec, reader, out);
}

template CodecId EncodeFloats<float>(std::span<const float>, std::string&);
template CodecId EncodeFloats<double>(std::span<const double>, std::string&);
template bool DecodeFloats<float>(CodecId, ByteReader&, std::span<float>);
template bool DecodeFloats<double>(CodecId, ByteReader&, std::span<double>);

}  // namespace tsd::engine
