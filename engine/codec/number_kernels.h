#pragma once
// 64-bit integers: inner loops in SIMD (Google Highway): one body, compiled for several instruction sets, the best one picked when the
// program runs; every target gives the same bits. Free functions over arrays; any thread.
#include <cstddef>
#include <cstdint>

namespace tsd::engine {

/// values[i] = start + sum of values[0..i]; returns the last one.
int64_t PrefixSum(int64_t* values, size_t count, int64_t start);

/// out[i] = values[i + 1] - values[i], count - 1 of them. Requires: count >= 1. `out` may be `values`.
void Differences(const int64_t* values, size_t count, int64_t* out);

/// How many values differ from the one before them.
size_t CountChanges(const int64_t* values, size_t count);

/// Modulo 2^64.
int64_t SumNumbers(const int64_t* values, size_t count);

void MinMax(const int64_t* values, size_t count, int64_t* low, int64_t* high);

}  // namespace tsd::engine
