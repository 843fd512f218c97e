#pragma once
// Values: rows of expressions without columns; SELECT without FROM is one row of none.
#include "sql/exec/build_state.h"

namespace tsd::sql {

class ValuesOperator final : public Operator {
 public:
  ValuesOperator(const ValuesNode& node, const ExecContext& context) : node_(node), context_(context) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Values"; }

 private:
  const ValuesNode& node_;
  const ExecContext& context_;
  size_t at_ = 0, next_ready_ = 0;
};

}  // namespace tsd::sql
