#pragma once
// Values: rows of expressions without columns; SELECT without FROM is one row of none. Also by itself, without the operators of a plan: for
// the rows of INSERT .. VALUES, whose parameters need not become constants of a plan first.
#include "sql/exec/build_state.h"
#include "sql/exec/values_program.h"

namespace tsd::sql {

class ValuesOperator final : public Operator {
 public:
  ValuesOperator(const ValuesNode& node, const ExecContext& context) : node_(node), context_(context) {}
  /// `program`: the node's, if it was compiled before. `parameters`: of those that the expressions still have.
  ValuesOperator(const ValuesNode& node, const ExecContext& context, std::shared_ptr<ValuesProgram> program,
                 const std::vector<Value>& parameters)
      : node_(node), context_(context), parameters_(&parameters), program_(std::move(program)) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Values"; }

 private:
  const ValuesNode& node_;
  const ExecContext& context_;
  const std::vector<Value>* const parameters_ = nullptr;
  std::shared_ptr<ValuesProgram> program_;
  size_t at_ = 0, next_ready_ = 0;
};

}  // namespace tsd::sql
