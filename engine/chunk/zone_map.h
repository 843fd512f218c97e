#pragma once
// What is computed of a run of rows of one column (scan/column_stats.h) and what it excludes or proves. Any thread.
#include "engine/scan/column_stats.h"
#include "engine/scan/predicate.h"
#include "engine/types/value.h"
#include "engine/types/vector.h"

namespace tsd::engine {

/// Over all rows. `vector` not constant.
ColumnStats ComputeStats(const Vector& vector);

/// False only if no row can satisfy the condition. Values of another layout than the column's never exclude anything.
bool MayMatch(const ColumnStats& stats, DataType type, const ColumnCondition& condition);
/// True only if every row satisfies the condition.
bool MustMatch(const ColumnStats& stats, DataType type, const ColumnCondition& condition);

/// Whether the order of `value` against values of a column is the order the condition means.
bool ComparableWith(const Value& value, DataType column);

/// Whether columns of the type get bounds.
bool HasZoneOrder(DataType type);

}  // namespace tsd::engine
