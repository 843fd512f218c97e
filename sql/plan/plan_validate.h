#pragma once
// Whether a decoded fragment hangs together: what operators take for granted. Internal to sql/plan.
#include "engine/base/status.h"
#include "sql/plan/logical_plan.h"

namespace tsd::sql {

/// 08P01: counts of children, column references, types of outputs against what makes them, indexes of grouping sets.
Status ValidateFragment(const PlanNode& plan);

}  // namespace tsd::sql
