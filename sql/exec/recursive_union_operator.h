#pragma once
// WITH RECURSIVE: the start's rows, then the step over the last round's rows until a round yields none.
#include "sql/exec/build_state.h"

namespace tsd::sql {

/// The rows of the last round.
class WorkingTable {
 public:
  std::vector<ColumnBatch> batches;
};

StatusOr<OperatorPtr> MakeRecursiveUnion(const RecursiveUnionNode& node, const BuildStatePtr& state);
OperatorPtr MakeWorkingTableScan(std::shared_ptr<WorkingTable> table);

}  // namespace tsd::sql
