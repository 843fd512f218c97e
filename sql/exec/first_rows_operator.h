#pragma once
// FirstRows: DISTINCT ON over a sort, without sorting what will not stay: of each group the row that comes first is kept while rows are
// read; what is left at the end is sorted. For "the last row of each device".
#include "sql/exec/build_state.h"
#include "sql/exec/group_table.h"
#include "sql/exec/row_order.h"

namespace tsd::sql {

class FirstRowsOperator final : public Operator {
 public:
  /// `order` begins with the `group_columns` first keys, in any order among them: equal in those is one group.
  FirstRowsOperator(OperatorPtr child, std::vector<DataType> types, std::vector<OrderKey> order, size_t group_columns, const ExecContext& context);
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "First Rows"; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  Status Take(const ColumnBatch& batch);
  /// Rows of the batch that are better than what their groups have.
  void FindBetter(const ColumnBatch& batch);
  void FindBetterByTime(const ColumnBatch& batch, const OrderKey& key);
  bool Precedes(const ColumnBatch& batch, uint32_t row, uint32_t group) const;
  void Win(uint32_t group, uint32_t row);
  void Compact();
  /// What the budget does not hold is sorted on disk.
  Status SortInstead();
  void Finish();

  OperatorPtr child_;
  const std::vector<DataType> types_;
  BatchBuilder kept_;
  const std::vector<OrderKey> order_;     // all keys
  const std::vector<OrderKey> in_group_;  // those after the group's
  std::vector<size_t> group_columns_;
  const ExecContext& context_;
  MemoryHold memory_;
  std::unique_ptr<GroupTable> table_;
  std::vector<uint32_t> best_;      // by group: row in kept_
  std::vector<int64_t> best_time_;  // by group, where the first key in a group is an int64 without NULLs so far
  bool by_time_;
  std::vector<uint32_t> winner_;    // by group: row of the batch at hand, or kNone
  std::vector<uint32_t> touched_;
  std::vector<uint32_t> ids_;
  bool done_ = false;
  BatchEmitter emitter_;
  OperatorPtr sorted_;  // gives the answer, once SortInstead
};

}  // namespace tsd::sql
