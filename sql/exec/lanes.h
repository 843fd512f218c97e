#pragma once
// Lanes: how the threads of one node share a fragment. The part of the plan that works row by row, and the first operator that gathers
// rows (as a partial one), runs once a lane over a share of the scan; what is above runs once, over a Gather of the lanes. Pure.
#include <optional>

#include "sql/plan/logical_plan.h"

namespace tsd::sql {

struct LanePlan {
  PlanPtr lane;
  PlanPtr rest;  // holds exactly one Gather, whose child is `lane`
};

/// nullopt: the fragment has to be run by one thread (it ends early, or visits its rows in an order that lanes cannot share). `fragment` is not changed.
std::optional<LanePlan> SplitForLanes(const PlanPtr& fragment);

}  // namespace tsd::sql
