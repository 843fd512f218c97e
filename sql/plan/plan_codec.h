#pragma once
// Byte form of a fragment (the child of a Gather), from access node to data node. Decoding takes any bytes: depth and counts are limited,
// column references are checked against the children, so a decoded fragment can be built or is refused with an error. Nodes that only an
// access node runs (virtual scans, provider functions, CTEs, gathers) are refused with 0A000 on both sides.
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "sql/plan/logical_plan.h"

namespace tsd::sql {

inline constexpr int kMaxPlanDepth = 200;

StatusOr<std::string> EncodePlan(const PlanNode& fragment);
/// 08P01 on damaged or hostile bytes.
StatusOr<PlanPtr> DecodePlan(std::string_view bytes);

}  // namespace tsd::sql
