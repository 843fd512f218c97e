#include "sql/exec/values_operator.h"

#include <algorithm>

#include "sql/plan/plan_rewrite.h"

namespace tsd::sql {

Status ValuesOperator::Append(const ExprPtr& expr, Vector& column) const {
  if (expr->kind == ExprKind::kConstant) {
    expr->value.AppendTo(column);
    return OkStatus();
  }
  if (parameters_ == nullptr) {
    ASSIGN_OR_RETURN(const Value value, EvaluateConstant(*expr, context_));
    value.AppendTo(column);
    return OkStatus();
  }
  const Value* parameter = expr->kind == ExprKind::kParameter ? ParameterIn(*parameters_, expr->column) : nullptr;
  if (parameter != nullptr) {
    parameter->AppendTo(column);
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const Value value, EvaluateConstant(*SubstituteParameters(expr, *parameters_), context_));
  value.AppendTo(column);
  return OkStatus();
}

StatusOr<Pull> ValuesOperator::Next(ColumnBatch* out) {
  if (next_ready_ < node_.ready.size()) {
    *out = node_.ready[next_ready_++];
    return Pull::kRows;
  }
  if (at_ >= node_.rows.size()) return Pull::kDone;
  const size_t end = std::min(node_.rows.size(), at_ + kDefaultBatchRows);
  std::vector<VectorPtr> columns;
  std::vector<Vector*> building;
  columns.reserve(node_.output.size());
  building.reserve(node_.output.size());
  for (const PlanColumn& output : node_.output) {
    auto column = std::make_shared<Vector>(output.type);
    column->Reserve(end - at_, 0);
    building.push_back(column.get());
    columns.push_back(std::move(column));
  }
  // A row at a time: the order shows in what volatile functions return, and in which error is met first.
  for (size_t row = at_; row < end; ++row) {
    for (size_t i = 0; i < building.size(); ++i) RETURN_IF_ERROR(Append(node_.rows[row][i], *building[i]));
  }
  *out = ColumnBatch(std::move(columns), end - at_);
  at_ = end;
  return Pull::kRows;
}

}  // namespace tsd::sql
