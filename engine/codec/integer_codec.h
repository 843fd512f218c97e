#pragma once
// Sequences of 64-bit integers: column values, string lengths, dictionary codes, scaled decimals. Any thread.
//
// Constant, progression and run length are what they are called; whatever else is a form of frames (integer_frames.h): frame of reference, after
// Goldstein, Ramakrishnan, Shaft: "Compressing Relations and Indexes", ICDE 1998, with patches after Zukowski, Heman, Nes, Boncz: "Super-Scalar
// RAM-CPU Cache Compression" (PFOR, PFOR-DELTA), ICDE 2006. Delta packs differences so; delta of delta their differences, as Pelkonen et al. do with
// timestamps: "Gorilla: A Fast, Scalable, In-Memory Time Series Database", VLDB 2015, section 4.1.1, but in frames instead of its four
// prefixes, which are read a value at a time. A run of equal steps, Gorilla's usual case, is a progression and takes a few bytes in all.
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
