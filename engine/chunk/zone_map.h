#pragma once
// ColumnStats: what is known of a run of rows of one column (a block, or a whole chunk file) without reading it: zone map and summary.
// Any thread.
//
// Order is that of types/compare.h: NaN above all numbers, -0 equals 0, strings by bytes. Types without a useful order here (json, arrays, ...) have no bounds.
// Bounds are conservative: min <= every value <= max;
// `exact` tells whether both are values that occur (long strings are cut).
#include <cstdint>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/scan/column_stats.h"
#include "engine/scan/predicate.h"
#include "engine/types/value.h"
#include "engine/types/vector.h"

namespace tsd::engine {

void EncodeStats(const ColumnStats& stats, ByteWriter& writer);
ColumnStats DecodeStats(ByteReader& reader, DataType type);

/// Over all rows. `vector` not constant.
ColumnStats ComputeStats(const Vector& vector);

/// False only if no row can satisfy the condition. Values of another layout than the column's never exclude anything.
bool MayMatch(const ColumnStats& stats, DataType type, const ColumnCondition& condition);

/// Whether columns of the type get bounds.
bool HasZoneOrder(DataType type);

}  // namespace tsd::engine
