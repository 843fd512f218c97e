// Questions about expressions that several rules ask.
#include <algorithm>

#include "sql/function/call_builder.h"
#include "sql/function/registry.h"
#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

bool IsNamed(const DataType& type) {
  return type.id == TypeId::kRegclass || type.id == TypeId::kRegtype || type.id == TypeId::kRegproc || type.id == TypeId::kRegnamespace ||
         type.id == TypeId::kRegrole;
}

}  // namespace

void SplitConjuncts(const ExprPtr& condition, std::vector<ExprPtr>* conjuncts) {
  if (condition == nullptr) return;
  if (condition->kind != ExprKind::kAnd) {
    conjuncts->push_back(condition);
    return;
  }
  for (const ExprPtr& argument : condition->arguments) SplitConjuncts(argument, conjuncts);
}

ExprPtr JoinConjuncts(const std::vector<ExprPtr>& conjuncts) {
  if (conjuncts.empty()) return nullptr;
  return conjuncts.size() == 1 ? conjuncts[0] : MakeLogical(ExprKind::kAnd, conjuncts);
}

bool IsVolatile(const Expr& expr) { return VolatilityOf(expr) == Volatility::kVolatile; }

bool IsShippable(const Expr& expr) {
  if (expr.kind == ExprKind::kSubquery || expr.kind == ExprKind::kParameter) return false;
  if (expr.kind == ExprKind::kFunction) {
    std::vector<DataType> types;
    for (const ExprPtr& argument : expr.arguments) types.push_back(argument->type);
    if (VolatilityOf(expr.function, types, expr.type) == Volatility::kVolatile) return false;
    if (IsCastKey(expr.function)) {
      // Text forms of these need the catalog.
      const bool named = IsNamed(expr.type) || (!types.empty() && IsNamed(types[0]));
      if (named) return false;
    } else {
      const Function* function = Registry::Get().Find(expr.function);
      if (function != nullptr && function->context) return false;
    }
  }
  return AreShippable(expr.arguments);
}

bool AreShippable(const std::vector<ExprPtr>& exprs) {
  return std::all_of(exprs.begin(), exprs.end(), [](const ExprPtr& expr) { return expr == nullptr || IsShippable(*expr); });
}

bool UsesOnly(const Expr& expr, const std::vector<PlanColumn>& columns) {
  const std::set<int> ids = IdsOf(columns);
  const std::vector<int> used = ColumnsOf(expr);
  return std::all_of(used.begin(), used.end(), [&](int id) { return ids.count(id) != 0; });
}

bool UsesAny(const Expr& expr, const std::vector<PlanColumn>& columns) {
  const std::set<int> ids = IdsOf(columns);
  const std::vector<int> used = ColumnsOf(expr);
  return std::any_of(used.begin(), used.end(), [&](int id) { return ids.count(id) != 0; });
}

ExprPtr ReplaceColumns(const ExprPtr& expr, const std::vector<PlanColumn>& columns, const std::vector<ExprPtr>& by) {
  return RewriteExpr(expr, [&](const ExprPtr& node) -> ExprPtr {
    if (node->kind != ExprKind::kColumn) return nullptr;
    for (size_t i = 0; i < columns.size() && i < by.size(); ++i) {
      if (columns[i].id == node->column) return by[i];
    }
    return nullptr;
  });
}

bool IsEquality(const Expr& expr) {
  return expr.kind == ExprKind::kFunction && expr.arguments.size() == 2 && expr.function.rfind("=(", 0) == 0;
}

std::set<int> IdsOf(const std::vector<PlanColumn>& columns) {
  std::set<int> ids;
  for (const PlanColumn& column : columns) ids.insert(column.id);
  return ids;
}

}  // namespace tsd::sql
