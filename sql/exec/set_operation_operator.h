#pragma once
// UNION, INTERSECT, EXCEPT, each with and without ALL.
#include "sql/exec/build_state.h"

namespace tsd::sql {

StatusOr<OperatorPtr> MakeSetOperation(const SetOperationNode& node, const BuildStatePtr& state);

}  // namespace tsd::sql
