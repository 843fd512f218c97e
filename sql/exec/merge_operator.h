#pragma once
// Several streams as one: in any order, or merged by sort keys when each comes sorted. For gathers.
#include <vector>

#include "sql/exec/operator.h"
#include "sql/exec/row_order.h"
#include "sql/plan/logical_plan.h"

namespace tsd::sql {

/// Rows of all sources as they come; a blocked source does not hold up the others. kBlocked only when all that are left are.
OperatorPtr MakeConcat(std::vector<OperatorPtr> sources);
/// Each source is sorted by `keys`; so is the result. `columns` are the sources' columns.
StatusOr<OperatorPtr> MakeMerge(std::vector<OperatorPtr> sources, const std::vector<SortKey>& keys, const std::vector<PlanColumn>& columns);
/// The same by positions.
OperatorPtr MakeMerge(std::vector<OperatorPtr> sources, std::vector<OrderKey> keys, std::vector<DataType> types);

}  // namespace tsd::sql
