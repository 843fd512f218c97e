#pragma once
// Loops over the rows of a column in SIMD (Google Highway, best instruction set at run time): tests and sums under a list of kept rows, one
// byte a row, 0 or 1. Every target gives the same bits. Free functions; any thread.
#include <cstddef>
#include <cstdint>

#include "engine/codec/row_test.h"

namespace tsd::engine {

/// keep[i] &= values[i] test bound. NaN, above every number, passes the upward tests only. Requires: bound is not NaN.
void TestDoubles(const double* values, size_t count, RowTest test, double bound, uint8_t* keep);
void TestIntegers(const int64_t* values, size_t count, RowTest test, int64_t bound, uint8_t* keep);

/// How many bytes are 1.
size_t CountKept(const uint8_t* keep, size_t count);

/// Eight interleaved running sums, added in pairs.
double SumDoubles(const double* values, size_t count);
/// The same with zeros for values that are not kept.
double SumKeptDoubles(const double* values, const uint8_t* keep, size_t count);

}  // namespace tsd::engine
