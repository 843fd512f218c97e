#include "sql/bind/grouping.h"

namespace tsd::sql {

StatusOr<ExprPtr> GroupRewriter::Rewrite(const ExprPtr& expr) const {
  for (size_t i = 0; i < groups_.size(); ++i) {
    if (SameExpr(*groups_[i], *expr)) return MakeColumn(outputs_[i].id, outputs_[i].type, expr->position);
  }
  if (expr->kind == ExprKind::kColumn) {
    if (known_.count(expr->column) != 0) return expr;
    return ErrorAt(sqlstate::kGroupingError,
                   StrCat("column \"", binder_.ColumnName(expr->column),
                          "\" must appear in the GROUP BY clause or be used in an aggregate function"),
                   expr->position);
  }
  std::shared_ptr<Expr> changed;
  for (size_t i = 0; i < expr->arguments.size(); ++i) {
    ASSIGN_OR_RETURN(ExprPtr argument, Rewrite(expr->arguments[i]));
    if (argument == expr->arguments[i]) continue;
    if (changed == nullptr) changed = std::make_shared<Expr>(*expr);
    changed->arguments[i] = std::move(argument);
  }
  return changed != nullptr ? ExprPtr(std::move(changed)) : expr;
}

Status GroupRewriter::CheckInner(const PlanNode& inner, const PlanNode& below) const {
  for (int id : OuterColumnsOf(inner)) {
    if (below.FindOutput(id) == nullptr) continue;  // of a query further out
    bool grouped = false;
    for (const PlanColumn& output : outputs_) grouped = grouped || output.id == id;
    if (!grouped) {
      return Error(sqlstate::kGroupingError,
                   StrCat("subquery uses ungrouped column \"", binder_.ColumnName(id), "\" from outer query"));
    }
  }
  return OkStatus();
}

}  // namespace tsd::sql
