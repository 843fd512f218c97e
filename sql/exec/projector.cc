#include "sql/exec/projector.h"

namespace tsd::sql {

StatusOr<std::unique_ptr<Projector>> Projector::Make(const std::vector<ExprPtr>& expressions) {
  auto projector = std::make_unique<Projector>();
  for (const ExprPtr& expression : expressions) {
    ASSIGN_OR_RETURN(auto compiled, CompiledExpr::Compile(*expression));
    projector->expressions_.push_back(std::move(compiled));
  }
  return projector;
}

StatusOr<ColumnBatch> Projector::Run(const ColumnBatch& input, const ExecContext& context) const {
  ColumnBatch result(input.rows());
  for (const auto& expression : expressions_) {
    ASSIGN_OR_RETURN(VectorPtr column, expression->Evaluate(input, context));
    result.Add(Vector::Flatten(column));
  }
  return result;
}

}  // namespace tsd::sql
