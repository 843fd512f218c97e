#pragma once
// Which codec for these floats, by the size that each takes: one value, short decimals (float_alp.h), two parts (float_parts.h), doubles that are
// floats in truth, few distinct values (dictionary_codes.h), or as they are. T is float or double. Any thread.
//
// Forms: kConstant the value; kPlain the values; kNarrow u8 codec and its form, of the values as 32-bit floats; kDictionary varint entries,
// u8 codec and its form of them, codes as integers. The codec inside is kPlain, kAlp or kParts, in a dictionary also kNarrow.
#include <span>
#include <string>

#include "engine/base/bytes.h"
#include "engine/codec/block_codec.h"

namespace tsd::engine {

/// Requires: values.
template <typename T>
CodecId EncodeFloats(std::span<const T> values, std::string& out);
/// False on damaged bytes. `codec` may be any byte.
template <typename T>
bool DecodeFloats(CodecId codec, ByteReader& reader, std::span<T> out);

}  // namespace tsd::engine
