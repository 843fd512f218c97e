#pragma once
// Casts of whole columns: numbers, strings with length rules, dates and zones, arrays elementwise, text forms. PostgreSQL's results and
// errors. Any thread.
#include "engine/base/status.h"
#include "engine/types/vector.h"
#include "sql/exec/operator.h"
#include "sql/function/registry.h"

namespace tsd::sql {

/// `from` as `to`, typmod applied. Constant in, constant out. 42846 for a pair that has no cast.
StatusOr<VectorPtr> CastVector(const VectorPtr& from, const DataType& to, CastContext rule, const ExecContext& context);

/// PostgreSQL's rounding casts; 22003 "integer out of range".
StatusOr<int16_t> Float64ToInt16(double value);
StatusOr<int32_t> Float64ToInt32(double value);
StatusOr<int64_t> Float64ToInt64(double value);

}  // namespace tsd::sql
