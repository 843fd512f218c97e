#include "sql/exec/values_operator.h"

#include <algorithm>

namespace tsd::sql {

StatusOr<Pull> ValuesOperator::Next(ColumnBatch* out) {
  if (next_ready_ < node_.ready.size()) {
    *out = node_.ready[next_ready_++];
    return Pull::kRows;
  }
  if (at_ >= node_.rows.size()) return Pull::kDone;
  const size_t end = std::min(node_.rows.size(), at_ + kDefaultBatchRows);
  std::vector<std::shared_ptr<Vector>> columns;
  for (const PlanColumn& column : node_.output) columns.push_back(std::make_shared<Vector>(column.type));
  for (size_t row = at_; row < end; ++row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const Expr& expr = *node_.rows[row][i];
      if (expr.kind == ExprKind::kConstant) {
        if (expr.value.IsNull()) {
          columns[i]->AppendNull();
        } else {
          expr.value.AppendTo(*columns[i]);
        }
        continue;
      }
      ASSIGN_OR_RETURN(const Value value, EvaluateConstant(expr, context_));
      if (value.IsNull()) {
        columns[i]->AppendNull();
      } else {
        value.AppendTo(*columns[i]);
      }
    }
  }
  ColumnBatch batch(end - at_);
  for (auto& column : columns) batch.Add(std::move(column));
  at_ = end;
  *out = std::move(batch);
  return Pull::kRows;
}

}  // namespace tsd::sql
