#pragma once
// Frames: integers in runs of kFrameValues, each with its own base and bit width, so that a jump costs one frame and not the block.
// Arithmetic is modulo 2^64. Any thread.
//
// Few values that would widen a frame are kept apart, in one of two ways (after Zukowski et al., "Super-Scalar RAM-CPU Cache Compression",
// 2006: patched frame of reference):
//  - very few: their positions and values follow the frame (positions cost a byte each, the frame none);
//  - more: the largest symbol of the width is an escape, and the values go, in order, to a second sequence of frames in front of the first,
//    which may have escapes itself. A width of 2 with 1 value in 7 escaped is how deltas of a slow random walk get to 2.3 bits.
//
// Sequence: varint escapes, if any: sequence of them; frames. Depth at most kMaxFrameDepth.
// Frame: u8 kind: 0..64 the width; 65..127 the width + 65, u8 exceptions; 128 + width (1..32): largest symbol is an escape. zigzag base; packed
// bits of value - base; per exception u8 position, zigzag value.
// An escaped value v is stored as zigzag(v - center) - (2^width - 1), center = base + 2^(width - 1) - 1: no symbol has those zigzags.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/bytes.h"
#include "engine/codec/frame_sink.h"

namespace tsd::engine {

inline constexpr int kMaxFrameDepth = 3;

void EncodeFrames(const int64_t* values, size_t count, std::string& out);
/// What EncodeFrames would append, about; several times cheaper.
size_t EstimateFrames(const int64_t* values, size_t count);
/// False (and !reader.ok() or garbage in out) if the bytes are no frames.
bool DecodeFrames(ByteReader& reader, size_t count, int64_t* out);
/// The same, and out[i] becomes start + the sum of the decoded values 0..i.
bool DecodeFramesSummed(ByteReader& reader, size_t count, int64_t start, int64_t* out);

/// The same, frame by frame into a sink.
bool VisitFrames(ByteReader& reader, size_t count, FrameSink& sink);
bool VisitFramesSummed(ByteReader& reader, size_t count, int64_t start, FrameSink& sink);

}  // namespace tsd::engine
