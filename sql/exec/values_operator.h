#pragma once
// Values: rows of expressions without columns; SELECT without FROM is one row of none. Also by itself, without the operators of a plan: for
// the rows of INSERT .. VALUES, whose parameters need not become constants of a plan first.
#include "sql/exec/build_state.h"

namespace tsd::sql {

class ValuesOperator final : public Operator {
 public:
  ValuesOperator(const ValuesNode& node, const ExecContext& context) : ValuesOperator(node, context, nullptr) {}
  /// `parameters`: of those that the expressions still have; may be null.
  ValuesOperator(const ValuesNode& node, const ExecContext& context, const std::vector<Value>* parameters)
      : node_(node), context_(context), parameters_(parameters) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Values"; }

 private:
  Status Append(const ExprPtr& expr, Vector& column) const;

  const ValuesNode& node_;
  const ExecContext& context_;
  const std::vector<Value>* const parameters_;
  size_t at_ = 0, next_ready_ = 0;
};

}  // namespace tsd::sql
