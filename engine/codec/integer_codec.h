#pragma once
// Sequences of 64-bit integers: column values, string lengths, dictionary codes, scaled decimals. Any thread.
#include <cstdint>
#include <span>
#include <string>

#include "engine/base/bytes.h"
#include "engine/codec/block_codec.h"
#include "engine/codec/frame_sink.h"

namespace tsd::engine {

/// Appends `values` in the form of `codec`: kConstant (requires all equal), kProgression (requires equal steps),
/// kRunLength, kFrame, kDelta or kDeltaDelta.
void EncodeIntegersAs(CodecId codec, std::span<const int64_t> values, std::string& out);
/// Fills `out`; false on damaged bytes. `codec` may be any byte.
bool DecodeIntegersAs(CodecId codec, ByteReader& reader, std::span<int64_t> out);

/// With the codec's byte in front, the codec chosen by chooser.h.
void EncodeIntegers(std::span<const int64_t> values, std::string& out);
bool DecodeIntegers(ByteReader& reader, std::span<int64_t> out);

/// The same numbers, frame by frame into a sink.
bool VisitIntegers(ByteReader& reader, size_t count, FrameSink& sink);

}  // namespace tsd::engine
