#pragma once
// UNION, INTERSECT, EXCEPT, each with and without ALL.
#include "sql/exec/build_state.h"

namespace tsd::sql {

/// All rows of one, then all of the other.
OperatorPtr MakeAppend(OperatorPtr first, OperatorPtr second);
StatusOr<OperatorPtr> MakeSetOperation(const SetOperationNode& node, const BuildStatePtr& state);

}  // namespace tsd::sql
