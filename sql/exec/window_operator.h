#pragma once
// Window functions: takes all rows in, sorts them by partition and order, and appends one column a call.
#include "sql/exec/build_state.h"

namespace tsd::sql {

StatusOr<OperatorPtr> MakeWindow(OperatorPtr child, const WindowNode& node, const ExecContext& context);

}  // namespace tsd::sql
