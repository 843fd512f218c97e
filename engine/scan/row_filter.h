#pragma once
// Which rows of a column satisfy a condition: what a scan checks itself before it reads the other columns. Pure; any thread.
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/codec/row_test.h"
#include "engine/scan/predicate.h"
#include "engine/types/vector.h"

namespace tsd::engine {

/// Whether FilterRows understands the condition for columns of the type; otherwise it is left to the executor.
bool CanFilter(DataType type, const ColumnCondition& condition);

/// The condition as a test of doubles, where it is one for a column of the type.
std::optional<DoubleTest> DoubleTestOf(DataType type, const ColumnCondition& condition);

/// keep[row] &= whether the row satisfies the condition (NULL does not, but for IS NULL). Requires: CanFilter, one byte a row.
void FilterRows(const Vector& column, const ColumnCondition& condition, std::vector<uint8_t>& keep);

}  // namespace tsd::engine
