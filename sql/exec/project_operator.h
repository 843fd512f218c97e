#pragma once
// Project: expressions over the child's columns.
#include "sql/exec/build_state.h"

namespace tsd::sql {

class ProjectOperator final : public Operator {
 public:
  ProjectOperator(OperatorPtr child, std::vector<std::unique_ptr<CompiledExpr>> expressions, const ExecContext& context)
      : child_(std::move(child)), expressions_(std::move(expressions)), context_(context) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Project"; }

 private:
  OperatorPtr child_;
  std::vector<std::unique_ptr<CompiledExpr>> expressions_;
  const ExecContext& context_;
};

}  // namespace tsd::sql
