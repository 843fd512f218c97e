#pragma once
// Optimize: the rules of sql/optimize in their order. Run once an execution, after parameters became constants (SubstituteParameters), so
// that chunk exclusion and constant folding see them. Pure apart from folding calls of stable functions with the context given.
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "sql/catalog/catalog.h"
#include "sql/exec/operator.h"
#include "sql/optimize/chunk_exclusion.h"
#include "sql/plan/logical_plan.h"

namespace tsd::sql {

struct OptimizeContext {
  CatalogPtr catalog;                // current: relations in the plan are refreshed from it (new chunks)
  ExecContext* exec = nullptr;       // for folding stable and context functions
  bool push_aggregates = true;       // tests switch pushdown off
  bool push_limits = true;
};

/// Every Scan of the result is under exactly one Gather.
StatusOr<PlanPtr> Optimize(PlanPtr plan, OptimizeContext& context);

}  // namespace tsd::sql
