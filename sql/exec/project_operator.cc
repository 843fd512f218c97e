#include "sql/exec/project_operator.h"

namespace tsd::sql {

StatusOr<Pull> ProjectOperator::Next(ColumnBatch* out) {
  ColumnBatch batch;
  ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
  if (pull != Pull::kRows) return pull;
  ColumnBatch result(batch.rows());
  for (const auto& expression : expressions_) {
    ASSIGN_OR_RETURN(VectorPtr column, EvaluateFlat(*expression, batch, context_));
    result.Add(std::move(column));
  }
  *out = std::move(result);
  return Pull::kRows;
}

}  // namespace tsd::sql
