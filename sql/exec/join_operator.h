#pragma once
// Joins: by hash of equal keys, or every pair (nested loops). MakeJoin alone is for others.
//
// Memory: the right side lies in a JoinTable, the left side streams past. A right side that the budget does not hold goes to disk, cut by
// the keys' hash, and the left side the same way; then part is joined with part. A right part that is still too large (one key has most
// rows, or there are no keys) is taken in blocks, the left part read once for each.
#include "sql/exec/build_state.h"

namespace tsd::sql {

StatusOr<OperatorPtr> MakeJoin(const JoinNode& node, const BuildStatePtr& state);

}  // namespace tsd::sql
