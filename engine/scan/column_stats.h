#pragma once
// ColumnStats: what is known of a run of rows of one column (a block, or a whole chunk file) without reading it. A value; any thread.
// Made and judged by engine/chunk/zone_map.h.
//
// Order is that of types/compare.h: NaN above all numbers, -0 equals 0, strings by bytes. Types without a useful order here (json,
// arrays, ...) have no bounds. Bounds are conservative: min <= every value <= max; `exact` tells whether both are values that occur (long
// strings are cut).
#include <cstdint>

#include "engine/types/value.h"

namespace tsd::engine {

struct ColumnStats {
  uint64_t rows = 0;
  uint64_t null_count = 0;
  bool has_bounds = false;  // false: unknown, or no value that is not NULL
  bool exact = false;       // min and max occur
  Value min, max;
  /// The values of the first and the last row, NULL included; unknown (false) for long strings and after merging a run that lacks them.
  bool has_edges = false;
  Value first, last;
  /// Of the values that are not NULL. Integers: exact 128-bit sum in int_sum. Floats: double_sum, a pairwise sum of the rows as doubles.
  enum class SumKind : uint8_t { kNone = 0, kInteger = 1, kDouble = 2 };
  SumKind sum_kind = SumKind::kNone;
  __int128 int_sum = 0;
  double double_sum = 0;

  uint64_t value_count() const { return rows - null_count; }
  /// Adds what `other` (same column, later rows) knows.
  void Merge(const ColumnStats& other);
};

}  // namespace tsd::engine
