#pragma once
// Counts rows and time of the operator it wraps (EXPLAIN ANALYZE).
#include "sql/exec/build_state.h"

namespace tsd::sql {

OperatorPtr MakeStatsOperator(OperatorPtr inner, OperatorStats* stats, const Clock* clock);

}  // namespace tsd::sql
