#pragma once
// Booleans: one value, few runs (integer_codec.h), or a bit each, which no general codec beats on values without runs. Any thread.
//
// kBitmap form: ceil(values / 8) bytes, low bit first. kConstant and kRunLength forms: those of the integers 0 and 1.
#include <cstdint>
#include <span>
#include <string>

#include "engine/base/bytes.h"
#include "engine/codec/block_codec.h"

namespace tsd::engine {

CodecId EncodeBooleans(std::span<const uint8_t> values, std::string& out);
/// Every value becomes 0 or 1. False on damaged bytes. `codec` may be any byte.
bool DecodeBooleans(CodecId codec, ByteReader& reader, std::span<uint8_t> out);

}  // namespace tsd::engine
