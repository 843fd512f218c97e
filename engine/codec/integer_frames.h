#pragma once
// Frames: integers in runs of kFrameValues, each with its own base and bit width, so that a jump costs one frame and not the block.
// A few values that would widen their frame are stored apart as exceptions. Arithmetic is modulo 2^64. Any thread.
//
// Frame: u8 width, u8 exceptions, zigzag base, packed bits of value - base (exceptions: 0), per exception u8 position, zigzag value.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/bytes.h"

namespace tsd::engine {

inline constexpr size_t kFrameValues = 256;

void EncodeFrames(const int64_t* values, size_t count, std::string& out);
/// What EncodeFrames would append, about; several times cheaper.
size_t EstimateFrames(const int64_t* values, size_t count);
/// False (and !reader.ok() or garbage in out) if the bytes are no frames.
bool DecodeFrames(ByteReader& reader, size_t count, int64_t* out);

}  // namespace tsd::engine
