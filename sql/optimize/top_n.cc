#include <algorithm>

#include "sql/exec/evaluator.h"
#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

/// A constant row count; false when it is not known yet, negative or NULL (LIMIT ALL).
bool RowCount(const ExprPtr& expr, int64_t absent, int64_t* count) {
  *count = absent;
  if (expr == nullptr) return true;
  if (expr->kind != ExprKind::kConstant || expr->value.IsNull()) return false;
  *count = expr->value.AsInteger();
  return *count >= 0;
}

/// What must be evaluated anew for each row (nextval) is not, for rows behind the limit. (Those before an offset are evaluated, as in PostgreSQL.)
PlanPtr LimitBelowVolatile(PlanPtr plan) {
  const auto& limit = PlanAs<LimitNode>(*plan);
  const auto* project = PlanTry<ProjectNode>(plan->children[0].get());
  if (project == nullptr || !limit.ties.empty() || limit.offset != nullptr || std::ranges::none_of(project->expressions, [](const ExprPtr& e) { return IsVolatile(*e); })) {
    return plan;
  }
  PlanPtr top = plan->children[0];
  plan->children[0] = top->children[0];
  plan->output = plan->children[0]->output;
  top->children[0] = std::move(plan);
  return top;
}

}  // namespace

PlanPtr TopNRule(PlanPtr plan, const OptimizeContext& context) {
  constexpr int64_t kMaxTopN = 100'000;
  for (PlanPtr& child : plan->children) child = TopNRule(std::move(child), context);
  const auto* limit = PlanTry<LimitNode>(plan.get());
  if (limit == nullptr) return plan;
  int64_t rows = 0, offset = 0;
  if (PlanTry<ProjectNode>(plan->children[0].get()) != nullptr) return LimitBelowVolatile(std::move(plan));
  if (limit->limit == nullptr || !RowCount(limit->limit, 0, &rows) || !RowCount(limit->offset, 0, &offset)) return plan;
  if (rows > kMaxTopN || offset > kMaxTopN) return plan;
  const auto* sort = PlanTry<SortNode>(plan->children[0].get());
  if (sort == nullptr) return plan;
  auto top = MakeUnary<TopNNode>(sort->children[0]);
  top->keys = sort->keys;
  top->limit = rows;
  top->offset = offset;
  top->with_ties = !limit->ties.empty();
  return top;
}

}  // namespace tsd::sql
