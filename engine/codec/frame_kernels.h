#pragma once
// The inner loops of the integer and decimal codecs, in SIMD (Google Highway): one body, compiled for several instruction sets, the best
// one picked when the program runs; every target gives the same bits. Free functions over arrays; any thread.
#include <cstddef>
#include <cstdint>

namespace tsd::engine {

/// Bytes that kernels may write past the end of what they are asked for.
inline constexpr size_t kKernelSlack = 64;

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

/// out[i] = offsets[i] + base, at most INT16_MAX. Returns whether one is negative or INT16_MAX.
bool AddSaturated(const int16_t* offsets, size_t count, int16_t base, int16_t* out);
/// out[i] = center + what numbers[i] + escape stands for in zigzag form. Returns whether a number is above `most`: its byte is anything.
bool UnzigzagToBytes(const int16_t* numbers, size_t count, int16_t escape, int16_t center, int16_t most, uint8_t* out);

// Of offsets. Requires: count <= kFrameValues, for sums.
int64_t SumOffsets(const int16_t* offsets, size_t count);
/// Of those whose `keep` is 1; the others' is 0.
struct KeptSum {
  int64_t sum = 0;
  size_t kept = 0;
};
KeptSum SumKeptOffsets(const int16_t* offsets, const uint8_t* keep, size_t count);
/// passed[i] = whether low <= offsets[i] <= high, as 1 or 0.
void TestOffsets(const int16_t* offsets, size_t count, int16_t low, int16_t high, uint8_t* passed);
/// to[i] &= bytes[i].
void AndBytes(const uint8_t* bytes, size_t count, uint8_t* to);
/// out[i] = base + offsets[i].
void AddOffsets(const int16_t* offsets, size_t count, int64_t base, int64_t* out);

/// out[i] = bytes[i] + base. May read kKernelSlack bytes past the end.
void AddBytes(const uint8_t* bytes, size_t count, int64_t base, int64_t* out);

/// values[i] = start + sum of values[0..i]; returns the last one.
int64_t PrefixSum(int64_t* values, size_t count, int64_t start);

/// Sets bit i of `masks` where bytes[i] == symbol. Writes (count + 63) / 64 words; bits past count are zero.
/// May read kKernelSlack bytes past the end.
void FindByte(const uint8_t* bytes, size_t count, uint8_t symbol, uint64_t* masks);

/// out[i] = values[i + 1] - values[i], count - 1 of them. Requires: count >= 1. `out` may be `values`.
void Differences(const int64_t* values, size_t count, int64_t* out);

/// How many values differ from the one before them.
size_t CountChanges(const int64_t* values, size_t count);

/// Modulo 2^64.
int64_t SumNumbers(const int64_t* values, size_t count);

void MinMax(const int64_t* values, size_t count, int64_t* low, int64_t* high);

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
