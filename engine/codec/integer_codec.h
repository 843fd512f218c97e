#pragma once
// Sequences of 64-bit integers: column values, string lengths, dictionary codes, scaled decimals. Any thread.
#include <cstdint>
#include <span>
#include <string>

#include "engine/base/bytes.h"
#include "engine/codec/block_codec.h"
#include "engine/codec/span_sums.h"

namespace tsd::engine {

/// Appends `values` in the form of `codec`: kConstant (requires all equal), kProgression (requires equal steps),
/// kRunLength, kFrame, kDelta or kDeltaDelta.
void EncodeIntegersAs(CodecId codec, std::span<const int64_t> values, std::string& out);
/// Fills `out`; false on damaged bytes. `codec` may be any byte.
bool DecodeIntegersAs(CodecId codec, ByteReader& reader, std::span<int64_t> out);

/// With the codec's byte in front, the codec chosen by chooser.h.
void EncodeIntegers(std::span<const int64_t> values, std::string& out);
bool DecodeIntegers(ByteReader& reader, std::span<int64_t> out);

/// Adds up the numbers of EncodeIntegers' form without keeping them; false on damage, or for a codec that has no frames.
bool SumIntegers(ByteReader& reader, size_t count, SpanSums& sums);

}  // namespace tsd::engine
