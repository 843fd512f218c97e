#include "sql/exec/evaluator.h"
#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

PlanPtr Empty(const PlanNode& plan) {
  auto values = std::make_shared<ValuesNode>();
  values->output = plan.output;
  return values;
}

/// Conjuncts that are TRUE go; a FALSE or NULL one leaves nothing.
PlanPtr SimplifyFilter(PlanPtr plan) {
  auto& filter = PlanAs<FilterNode>(*plan);
  std::vector<ExprPtr> conjuncts, kept;
  SplitConjuncts(filter.condition, &conjuncts);
  for (const ExprPtr& conjunct : conjuncts) {
    if (conjunct->kind != ExprKind::kConstant) {
      kept.push_back(conjunct);
    } else if (conjunct->value.IsNull() || !conjunct->value.AsBool()) {
      return Empty(*plan);
    }
  }
  if (kept.empty()) return plan->children[0];
  filter.condition = JoinConjuncts(kept);
  return plan;
}

}  // namespace

PlanPtr FoldConstantsRule(PlanPtr plan, const OptimizeContext& context) {
  for (PlanPtr& child : plan->children) child = FoldConstantsRule(std::move(child), context);
  if (context.exec != nullptr) {
    VisitExpressions(*plan, [&](ExprPtr& slot) { slot = FoldConstants(slot, *context.exec, FoldLevel::kStable); });
  }
  if (plan->kind == PlanKind::kFilter) return SimplifyFilter(std::move(plan));
  return plan;
}

}  // namespace tsd::sql
