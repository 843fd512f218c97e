#pragma once
// Distinct: the first of equal rows. DistinctOn: the first row of each run of equal keys (its input is sorted by them).
#include "sql/exec/build_state.h"
#include "sql/exec/group_table.h"

namespace tsd::sql {

class DistinctOperator final : public Operator {
 public:
  DistinctOperator(OperatorPtr child, std::vector<DataType> types, const ExecContext& context)
      : child_(std::move(child)), table_(std::move(types)), context_(context), memory_(context) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "HashDistinct"; }

 private:
  OperatorPtr child_;
  GroupTable table_;
  const ExecContext& context_;
  MemoryHold memory_;
  std::vector<uint32_t> ids_;
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
