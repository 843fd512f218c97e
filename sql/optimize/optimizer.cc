#include "sql/optimize/optimizer.h"

#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

/// Bound plans may be older than the newest chunks.
void RefreshRelations(PlanNode& plan, const Catalog& catalog) {
  VisitPlan(plan, [&](PlanNode& node) {
    auto* scan = PlanTry<ScanNode>(&node);
    if (scan == nullptr) return;
    if (RelationPtr current = catalog.Find(scan->relation->id)) scan->relation = std::move(current);
  });
}

}  // namespace

StatusOr<PlanPtr> Optimize(PlanPtr plan, OptimizeContext& context) {
  if (plan->kind == PlanKind::kValues) return plan;  // INSERT ... VALUES: each expression is evaluated once, with or without folding
  if (context.catalog != nullptr) RefreshRelations(*plan, *context.catalog);
  plan = InlineCtesRule(std::move(plan));
  plan = FoldConstantsRule(std::move(plan), context);
  plan = UnnestSubqueriesRule(std::move(plan));
  plan = PushFiltersRule(std::move(plan), context);
  plan = TopNRule(std::move(plan), context);
  plan = PruneColumnsRule(std::move(plan));
  ExtractPredicates(*plan);
  return PlaceGathersRule(std::move(plan), context);
}

}  // namespace tsd::sql
