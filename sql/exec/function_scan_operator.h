#pragma once
// Set-returning functions: in FROM (FunctionScan) and in select lists (ProjectSet). Built-in ones come from the registry, others from coord.
#include "sql/exec/build_state.h"

namespace tsd::sql {

StatusOr<OperatorPtr> MakeFunctionScan(const FunctionScanNode& node, const BuildStatePtr& state);
StatusOr<OperatorPtr> MakeProjectSet(OperatorPtr child, const ProjectSetNode& node, const BuildStatePtr& state);

}  // namespace tsd::sql
