#pragma once
// Lets the operator that it wraps give way: kBlocked before its next batch once the query's turn is over.
#include "sql/exec/build_state.h"

namespace tsd::sql {

/// Requires: context.turn.
OperatorPtr MakeTurnOperator(OperatorPtr inner, const ExecContext& context);

}  // namespace tsd::sql
