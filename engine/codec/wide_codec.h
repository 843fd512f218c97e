#pragma once
// Values of sixteen bytes (uuids, intervals): one for all rows, few distinct ones with codes (dictionary_codes.h), an LZ4 block or shared symbols
// (lz4_block.h), or as they are, whatever takes least. Random uuids have nothing to find and stay as they are. T is Uuid or Interval. Any thread.
//
// Forms: kConstant the value; kDictionary varint entries, heap of the entries, codes as integers; kLz4 heap of the values; kPlain the values.
#include <span>
#include <string>

#include "engine/base/bytes.h"
#include "engine/codec/block_codec.h"

namespace tsd::engine {

template <typename T>
CodecId EncodeWide(std::span<const T> values, std::string& out);
/// False on damaged bytes. `codec` may be any byte.
template <typename T>
bool DecodeWide(CodecId codec, ByteReader& reader, std::span<T> out);

}  // namespace tsd::engine
