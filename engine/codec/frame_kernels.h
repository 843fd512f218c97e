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

/// The sum of the bytes, and that of (count - i) * bytes[i]: what running sums of them add up to. Requires: count <= 256. May read
/// kKernelSlack bytes past the end.
struct ByteSums {
  uint64_t plain = 0, weighted = 0;
};
ByteSums SumBytesTwice(const uint8_t* bytes, size_t count);

/// out[i] = bytes[i] + base. May read kKernelSlack bytes past the end.
void AddBytes(const uint8_t* bytes, size_t count, int64_t base, int64_t* out);

/// out[i] = start + sum of (bytes[0..i] + base); returns the last one. Requires: eight neighbours never add up to more than 255.
/// May read kKernelSlack bytes past the end.
int64_t SumBytes(const uint8_t* bytes, size_t count, int64_t base, int64_t start, int64_t* out);

/// SumBytes of bytes[i] + shift, where bytes equal to `symbol` stand for the next of `escapes` as it is. `start` becomes the last sum.
/// Returns how many escapes were used: may be more than there are, so `escapes` must be readable for count + 8 bytes.
/// Requires: symbol < 128 - shift, bytes < 128.
size_t SumEscapedBytes(const uint8_t* bytes, size_t count, uint8_t symbol, uint8_t shift, const uint8_t* escapes, int64_t base, int64_t* start,
                       int64_t* out);

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
