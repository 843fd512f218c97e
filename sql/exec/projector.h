#pragma once
// Projector: evaluates expressions whose kColumn numbers are positions in the input batch (RETURNING, defaults, CHECK).
#include <memory>
#include <vector>

#include "engine/base/status.h"
#include "engine/types/column_batch.h"
#include "sql/exec/evaluator.h"
#include "sql/exec/operator.h"
#include "sql/plan/expression.h"

namespace tsd::sql {

class Projector {
 public:
  static StatusOr<std::unique_ptr<Projector>> Make(const std::vector<ExprPtr>& expressions);
  /// One column an expression, as many rows as `input`.
  StatusOr<ColumnBatch> Run(const ColumnBatch& input, const ExecContext& context) const;

 private:
  std::vector<std::unique_ptr<CompiledExpr>> expressions_;
};

}  // namespace tsd::sql
