#pragma once
// Limit: skips and stops. LIMIT / OFFSET expressions are evaluated at start (NULL: none); WITH TIES goes on while the keys stay equal.
#include "sql/exec/build_state.h"
#include "sql/exec/row_order.h"

namespace tsd::sql {

class LimitOperator final : public Operator {
 public:
  LimitOperator(OperatorPtr child, ExprPtr limit, ExprPtr offset, std::vector<OrderKey> ties, const ExecContext& context)
      : child_(std::move(child)), limit_(std::move(limit)), offset_(std::move(offset)), ties_(std::move(ties)), context_(context) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Limit"; }

 private:
  Status Start();
  StatusOr<Pull> NextTies(ColumnBatch* out);

  OperatorPtr child_;
  ExprPtr limit_, offset_;
  std::vector<OrderKey> ties_;
  const ExecContext& context_;
  bool started_ = false;
  uint64_t skip_ = 0;
  uint64_t left_ = UINT64_MAX;
  ColumnBatch last_;  // one row, with ties
};

/// A LIMIT or OFFSET value: not negative. 2201W / 2201X.
StatusOr<uint64_t> EvaluateRowCount(const ExprPtr& expr, const char* sqlstate, const char* word, uint64_t absent, const ExecContext& context);

}  // namespace tsd::sql
