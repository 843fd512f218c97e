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

}  // namespace

PlanPtr TopNRule(PlanPtr plan, const OptimizeContext& context) {
  constexpr int64_t kMaxTopN = 100'000;
  for (PlanPtr& child : plan->children) child = TopNRule(std::move(child), context);
  const auto* limit = PlanTry<LimitNode>(plan.get());
  if (limit == nullptr) return plan;
  int64_t rows = 0, offset = 0;
  if (limit->limit == nullptr || !RowCount(limit->limit, 0, &rows) || !RowCount(limit->offset, 0, &offset)) return plan;
  if (rows > kMaxTopN || offset > kMaxTopN) return plan;
  // Limit, maybe over a projection of plain columns (which keeps ids), over Sort.
  PlanPtr below = plan->children[0];
  const auto* sort = PlanTry<SortNode>(below.get());
  if (sort == nullptr) return plan;
  auto top = MakeUnary<TopNNode>(sort->children[0]);
  top->keys = sort->keys;
  top->limit = rows;
  top->offset = offset;
  top->with_ties = !limit->ties.empty();
  return top;
}

}  // namespace tsd::sql
