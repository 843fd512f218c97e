// Evaluation without rows: constants, folding.
#include "sql/exec/evaluator.h"
#include "sql/function/call_builder.h"
#include "sql/function/registry.h"

namespace tsd::sql {
namespace {

bool AllConstant(const Expr& expr) {
  for (const ExprPtr& argument : expr.arguments) {
    if (argument->kind != ExprKind::kConstant) return false;
  }
  return true;
}

bool Foldable(const Expr& expr, FoldLevel level) {
  switch (expr.kind) {
    case ExprKind::kConstant:
    case ExprKind::kColumn:
    case ExprKind::kOuterColumn:
    case ExprKind::kParameter:
    case ExprKind::kSubquery:
    // A record's fields are read by position; folded they would be gone.
    case ExprKind::kRow: return false;
    case ExprKind::kFunction: {
      std::vector<DataType> types;
      for (const ExprPtr& argument : expr.arguments) types.push_back(argument->type);
      const Volatility volatility = VolatilityOf(expr.function, types, expr.type);
      const bool allowed = level == FoldLevel::kStable ? volatility != Volatility::kVolatile : volatility == Volatility::kImmutable;
      return allowed && AllConstant(expr);
    }
    default: return AllConstant(expr);
  }
}

/// AND and OR lose neutral arguments and collapse on deciding ones.
ExprPtr SimplifyLogic(const ExprPtr& expr) {
  const bool conjunction = expr->kind == ExprKind::kAnd;
  std::vector<ExprPtr> kept;
  for (const ExprPtr& argument : expr->arguments) {
    if (argument->kind == ExprKind::kConstant && !argument->value.IsNull()) {
      if (argument->value.AsBool() != conjunction) return argument;
      continue;
    }
    kept.push_back(argument);
  }
  if (kept.size() == expr->arguments.size()) return expr;
  if (kept.empty()) return MakeConstant(Value::Bool(conjunction), expr->position);
  if (kept.size() == 1) return kept.front();
  return MakeLogical(expr->kind, std::move(kept));
}

}  // namespace

StatusOr<Value> EvaluateConstant(const Expr& expr, const ExecContext& context) {
  ASSIGN_OR_RETURN(std::unique_ptr<CompiledExpr> compiled, CompiledExpr::Compile(expr));
  ColumnBatch one(1);
  ASSIGN_OR_RETURN(VectorPtr result, compiled->Evaluate(one, context));
  Value value = Value::FromVector(*result, 0);
  if (value.IsNull()) return Value::Null(expr.type);
  value.SetType(expr.type);
  return value;
}

ExprPtr FoldConstants(const ExprPtr& expr, const ExecContext& context, FoldLevel level) {
  std::shared_ptr<Expr> copy;
  for (size_t i = 0; i < expr->arguments.size(); ++i) {
    ExprPtr folded = FoldConstants(expr->arguments[i], context, level);
    if (folded == expr->arguments[i]) continue;
    if (copy == nullptr) copy = std::make_shared<Expr>(*expr);
    copy->arguments[i] = std::move(folded);
  }
  ExprPtr current = copy == nullptr ? expr : ExprPtr(std::move(copy));
  if (current->kind == ExprKind::kAnd || current->kind == ExprKind::kOr) current = SimplifyLogic(current);
  if (!Foldable(*current, level)) return current;
  StatusOr<Value> value = EvaluateConstant(*current, context);
  if (!value.ok()) return current;
  return MakeConstant(*std::move(value), current->position);
}

}  // namespace tsd::sql
