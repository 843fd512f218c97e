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

/// Sum of eight interleaved running sums, smallest and largest number, whether there is a NaN.
struct DoubleSummary {
  double sum = 0, low = 0, high = 0;
  bool has_nan = false, has_number = false;
};
DoubleSummary SummariseDoubles(const double* values, size_t count);

}  // namespace tsd::engine
