#pragma once
// FrameSink: takes a sequence of integers frame by frame, in the narrowest form they are at hand in, so that work on them (sums, tests)
// need not spread them out to 64 bits. One thread.
#include <cstddef>
#include <cstdint>

namespace tsd::engine {

/// The most numbers that come at once.
inline constexpr size_t kFrameValues = 256;

class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// The next numbers: base + offsets[i], modulo 2^64.
  virtual void PutNarrow(int64_t base, const int16_t* offsets, size_t count) = 0;
  /// Where the next `count` numbers may be written before they are put.
  virtual int64_t* Room(size_t count) = 0;
  /// The next numbers, from anywhere.
  virtual void PutWide(const int64_t* values, size_t count) = 0;
};

}  // namespace tsd::engine
