#pragma once
// Joins: the right side is taken in and hashed by its keys (or just kept, without keys); the left side streams past it.
#include "sql/exec/build_state.h"

namespace tsd::sql {

StatusOr<OperatorPtr> MakeJoin(const JoinNode& node, const BuildStatePtr& state);

}  // namespace tsd::sql
