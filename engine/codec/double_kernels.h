#pragma once
// Doubles and their decimal digits: inner loops in SIMD (Google Highway): one body, compiled for several instruction sets, the best one
// picked when the program runs; every target gives the same bits. Free functions over arrays; any thread.
#include <cstddef>
#include <cstdint>

namespace tsd::engine {

/// In place: the double (double(values[i]) * power) * inverse in the place of the integer. Requires: |values[i]| < 2^51, or the result is
/// any double.
void ScaleToDoubles(int64_t* values, size_t count, double power, double inverse);

/// out[i] = the same of base + offsets[i]. Requires: |base| <= 2^30.
void OffsetsToDoubles(const int16_t* offsets, size_t count, int32_t base, double power, double inverse, double* out);

/// digits[i] = values[i] * up * down rounded, and bit i of `failed` where ScaleToDoubles would not give the same bits back.
/// Writes (count + 63) / 64 words. Returns the number of failures.
size_t ToDecimalDigits(const double* values, size_t count, double up, double down, double power, double inverse, int64_t* digits,
                       uint64_t* failed);

/// How the bits of floats became words of two parts (float_parts.h).
struct FloatWords {
  unsigned sign_bit = 63;    // where the floats have their sign
  bool signs_apart = false;  // the sign is the word's lowest bit, the other bits follow
  unsigned cut_bits = 0;     // zeros that the word lacks at the lower end of the other bits
  unsigned low_bits = 0;     // of the word, in the lower part
};
/// out[i] = the float of the word upper[i] << low_bits | lower[i]; anything if there is none. Requires: low_bits, cut_bits <= 63.
void JoinParts(const int64_t* upper, const uint64_t* lower, size_t count, const FloatWords& words, double* out);
void JoinParts(const int64_t* upper, const uint64_t* lower, size_t count, const FloatWords& words, float* out);

/// out[i] = values[i], bit for bit.
void WidenFloats(const float* values, size_t count, double* out);

/// Sum of eight interleaved running sums, smallest and largest number, whether there is a NaN.
struct DoubleSummary {
  double sum = 0, low = 0, high = 0;
  bool has_nan = false, has_number = false;
};
DoubleSummary SummariseDoubles(const double* values, size_t count);

}  // namespace tsd::engine
