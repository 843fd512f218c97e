#pragma once
// Apply: a sub-query per outer row, for what was not turned into a join. The inner plan is copied with the outer values as constants and
// run; results are remembered by those values, so that each distinct combination runs once (within a memory bound).
#include "sql/exec/build_state.h"

namespace tsd::sql {

StatusOr<OperatorPtr> MakeApply(const ApplyNode& node, const BuildStatePtr& state);

}  // namespace tsd::sql
