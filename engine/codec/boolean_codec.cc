#include "engine/codec/boolean_codec.h"

#include <vector>

#include "engine/codec/integer_codec.h"

namespace tsd::engine {

CodecId EncodeBooleans(std::span<const uint8_t> values, std::string& out) {
  size_t runs = 1;
  for (size_t i = 1; i < values.size(); ++i) runs += values[i] != values[i - 1];
  if (runs * 32 <= values.size() || runs == 1) {
    const std::vector<int64_t> integers(values.begin(), values.end());
    const CodecId codec = runs == 1 ? CodecId::kConstant : CodecId::kRunLength;
    EncodeIntegersAs(codec, integers, out);
    return codec;
  }
  const size_t begin = out.size();
  out.resize(begin + (values.size() + 7) / 8);
  for (size_t i = 0; i < values.size(); ++i) out[begin + i / 8] |= static_cast<char>((values[i] != 0) << (i % 8));
  return CodecId::kBitmap;
}

bool DecodeBooleans(CodecId codec, ByteReader& reader, std::span<uint8_t> out) {
  if (codec != CodecId::kBitmap) {
    if (codec != CodecId::kConstant && codec != CodecId::kRunLength) return false;
    std::vector<int64_t> integers(out.size());
    if (!DecodeIntegersAs(codec, reader, integers)) return false;
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint8_t>(integers[i]) != 0;
    return true;
  }
  const std::string_view bits = reader.GetBytes((out.size() + 7) / 8);
  if (!reader.ok()) return false;
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint8_t>(bits[i / 8]) >> (i % 8) & 1;
  return true;
}

}  // namespace tsd::engine
