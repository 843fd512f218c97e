#pragma once
// Filter: the child's rows for which a condition is true. Also what scans use for their residual filters.
#include "sql/exec/build_state.h"

namespace tsd::sql {

class FilterOperator final : public Operator {
 public:
  FilterOperator(OperatorPtr child, std::unique_ptr<CompiledExpr> condition, const ExecContext& context)
      : child_(std::move(child)), condition_(std::move(condition)), context_(context) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Filter"; }

 private:
  OperatorPtr child_;
  std::unique_ptr<CompiledExpr> condition_;
  const ExecContext& context_;
  std::vector<uint32_t> selection_;
};

}  // namespace tsd::sql
