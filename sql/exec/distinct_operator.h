#pragma once
// Distinct: the first of equal rows. DistinctOn: the first row of each run of equal keys (its input is sorted by them).
#include "sql/exec/build_state.h"
#include "sql/exec/distinct_rows.h"

namespace tsd::sql {

class DistinctOperator final : public Operator {
 public:
  DistinctOperator(OperatorPtr child, std::vector<DataType> types, const ExecContext& context)
      : child_(std::move(child)), rows_(std::move(types), context), context_(context) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "HashDistinct"; }

 private:
  OperatorPtr child_;
  DistinctRows rows_;
  const ExecContext& context_;
  bool any_ = false;  // without columns: a row was seen
};

class DistinctOnOperator final : public Operator {
 public:
  DistinctOnOperator(OperatorPtr child, std::vector<size_t> keys) : child_(std::move(child)), keys_(std::move(keys)) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Unique"; }

 private:
  OperatorPtr child_;
  std::vector<size_t> keys_;
  ColumnBatch last_;  // one row: the last one seen
};

}  // namespace tsd::sql
