#pragma once
// The rules, one a file, in the order Optimize runs them. Each takes a plan and gives back an equivalent one. Internal to sql/optimize.
#include <set>

#include "sql/optimize/optimizer.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::sql {

/// fold_constants.cc: calls of constants become constants; filters that are always true go, always false ones empty their input.
PlanPtr FoldConstantsRule(PlanPtr plan, const OptimizeContext& context);
/// inline_cte.cc: a CTE read once becomes part of its reader; one never read goes.
PlanPtr InlineCtesRule(PlanPtr plan);
/// unnest_subquery.cc: EXISTS and IN among a filter's conjuncts become semi and anti joins.
PlanPtr UnnestSubqueriesRule(PlanPtr plan);
/// push_filters.cc: conditions move as far down as they can; equalities across a join become its keys.
PlanPtr PushFiltersRule(PlanPtr plan, const OptimizeContext& context);
/// top_n.cc: Limit over Sort with constants becomes TopN.
PlanPtr TopNRule(PlanPtr plan, const OptimizeContext& context);
/// prune_columns.cc: nodes yield only what is used above them.
PlanPtr PruneColumnsRule(PlanPtr plan);
/// scan_predicate.cc: simple conditions of a scan's filters become its ScanPredicate. Also after outer columns became constants.
void ExtractPredicates(PlanNode& plan);
/// place_gathers.cc: every scan gets its Gather, and what stands above moves into the fragments where it may.
StatusOr<PlanPtr> PlaceGathersRule(PlanPtr plan, const OptimizeContext& context);
/// split_aggregate.cc: Aggregate over Gather; nullptr if it has to stay above.
StatusOr<PlanPtr> SplitAggregate(const AggregateNode& aggregate, const GatherNode& gather, const OptimizeContext& context);

// time_order.cc, of a plan with its gathers:
/// Below a Top-N by a rounded time, newest first, the aggregation drops groups that cannot be among the first.
void LimitGroups(const TopNNode& top);
/// DISTINCT ON (segment) .. ORDER BY segment, time DESC; last(.., time) and max(time) by segment: the scan gives last rows only.
void LastRowsOfSegments(const DistinctOnNode& distinct);
void LastRowsOfSegments(const AggregateNode& aggregate);

// ---- shared questions (expressions.cc) ----

/// Conjuncts of a condition; joined again (null for none).
void SplitConjuncts(const ExprPtr& condition, std::vector<ExprPtr>* conjuncts);
ExprPtr JoinConjuncts(const std::vector<ExprPtr>& conjuncts);
/// May run on a data node: no volatile or context functions, no names of catalog objects.
bool IsShippable(const Expr& expr);
bool AreShippable(const std::vector<ExprPtr>& exprs);
bool IsVolatile(const Expr& expr);
/// All columns used are among those of `columns`.
bool UsesOnly(const Expr& expr, const std::vector<PlanColumn>& columns);
bool UsesAny(const Expr& expr, const std::vector<PlanColumn>& columns);
/// Column references replaced by expressions, by id.
ExprPtr ReplaceColumns(const ExprPtr& expr, const std::vector<PlanColumn>& columns, const std::vector<ExprPtr>& by);
/// "=(a,b)": a call of an equality operator; its two sides.
bool IsEquality(const Expr& expr);
std::set<int> IdsOf(const std::vector<PlanColumn>& columns);

}  // namespace tsd::sql
