#pragma once
// Whole-tree operations on plans: copies, substitution of parameters and outer columns, chunk assignment. Pure; the argument stays.
#include <functional>
#include <vector>

#include "sql/plan/logical_plan.h"

namespace tsd::sql {

/// Deep copy of nodes; expressions are shared (they are immutable).
PlanPtr ClonePlan(const PlanNode& plan);

/// Rewrites an expression bottom-up: `rewrite` sees each node with rewritten arguments and returns it or another (null: keep).
ExprPtr RewriteExpr(const ExprPtr& expr, const std::function<ExprPtr(const ExprPtr&)>& rewrite);

/// Calls `visit` on every expression slot of this node (not of its children); null slots are skipped. The slot may be replaced.
void VisitExpressions(PlanNode& node, const std::function<void(ExprPtr&)>& visit);
void VisitExpressions(const PlanNode& node, const std::function<void(const ExprPtr&)>& visit);
/// The node and all below it, children first.
void VisitPlan(PlanNode& node, const std::function<void(PlanNode&)>& visit);
void VisitPlan(const PlanNode& node, const std::function<void(const PlanNode&)>& visit);

/// A copy with $n replaced by values[n - 1]. Values have the parameter's type.
PlanPtr SubstituteParameters(const PlanNode& plan, const std::vector<Value>& values);
ExprPtr SubstituteParameters(const ExprPtr& expr, const std::vector<Value>& values);
/// The value of $`number`; null if it is not there.
const Value* ParameterIn(const std::vector<Value>& values, int number);
/// A copy with kOuterColumn(id) replaced by its constant, in inner Applies too.
PlanPtr SubstituteOuter(const PlanNode& plan, const std::vector<std::pair<int, Value>>& values);
/// A copy of a fragment that scans these chunks, in this order.
PlanPtr WithChunks(const PlanPtr& fragment, std::vector<ChunkId> chunks);
/// The same, in the order the scan asks for, with the chunks' time ranges, so that an ordered LIMIT can stop early. Prefer this one.
PlanPtr WithChunks(const PlanPtr& fragment, const std::vector<ChunkPtr>& chunks);

/// kOuterColumn ids used anywhere in the plan.
std::vector<int> OuterColumnsOf(const PlanNode& plan);

}  // namespace tsd::sql
