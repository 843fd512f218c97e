#pragma once
// Numbers of up to eight bits out of their packed form: inner loops in SIMD (Google Highway): one body, compiled for several instruction
// sets, the best one picked when the program runs; every target gives the same bits. Free functions over arrays; any thread.
#include <cstddef>
#include <cstdint>

namespace tsd::engine {

/// out[i] = the i-th number of `width` bits (1..8) of `in`; writes up to seven more. Bytes up to `available` may be read, all the numbers'
/// among them.
void UnpackBytes(unsigned width, const char* in, size_t available, size_t count, uint8_t* out);

/// The numbers of a frame as they are packed, `width` bits (1..8) each.
struct PackedFrame {
  const char* bits = nullptr;
  size_t available = 0;  // bytes that may be read, all the numbers' among them
  unsigned width = 0;
  size_t count = 0;
  /// Not null: a number with all its bits set stands for the next of these bytes, and the other numbers are moved up by `shift`.
  /// Requires: width <= kWidestEscaped; readable for count + 8 bytes past those there are.
  const uint8_t* escapes = nullptr;
  uint8_t shift = 0;
};
inline constexpr unsigned kWidestEscaped = 4;
inline constexpr unsigned kWidestSummed = 5;

/// out[i] = the i-th number; writes up to seven more. Returns how many escapes were used: may be more than there are.
size_t UnpackOffsets(const PackedFrame& frame, int16_t* out);
/// The same, and out[i] = the sum of (number + step) of 0..i. Requires: width <= kWidestSummed; escapes, and numbers when moved up, are
/// below 32; sums fit.
size_t UnpackSummed(const PackedFrame& frame, int16_t step, int16_t* out);

}  // namespace tsd::engine
