#pragma once
// HashAggregate: groups by hash, one AggregateState a call. Phases kFull and kPartial take rows, kFinal takes groups and states.
// DISTINCT arguments are de-duplicated per group here; ordered calls see their rows at the end, sorted. Grouping sets share the group
// table, with the set's mask as one more key.
#include "sql/exec/aggregate_state.h"
#include "sql/exec/build_state.h"
#include "sql/exec/group_table.h"
#include "sql/exec/row_order.h"

namespace tsd::sql {

class AggregateOperator final : public Operator {
 public:
  static StatusOr<OperatorPtr> Make(OperatorPtr child, const AggregateNode& node, const std::vector<PlanColumn>& input,
                                    const ExecContext& context);
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return node_.groups.empty() ? "Aggregate" : "HashAggregate"; }

 private:
  struct Call {
    std::unique_ptr<AggregateState> state;
    std::vector<std::unique_ptr<CompiledExpr>> arguments;
    std::unique_ptr<CompiledExpr> filter;
    std::unique_ptr<GroupTable> seen;        // DISTINCT without ORDER BY: (group, arguments)
    std::vector<OrderKey> order;             // positions in `buffer`
    std::vector<size_t> order_inputs;        // positions in the child's batch
    std::unique_ptr<BatchBuilder> buffer;    // ORDER BY: group, arguments, order columns
  };

  AggregateOperator(OperatorPtr child, const AggregateNode& node, const ExecContext& context)
      : child_(std::move(child)), node_(node), context_(context), memory_(context) {}
  Status Prepare(const std::vector<PlanColumn>& input);
  Status Take(const ColumnBatch& batch);
  Status TakeSet(const ColumnBatch& batch, std::vector<VectorPtr> keys);
  Status UpdateCall(Call& call, const AggregateCall& spec, const ColumnBatch& batch, const std::vector<uint32_t>& ids);
  Status BufferOrdered(Call& call, const ColumnBatch& batch, const std::vector<VectorPtr>& arguments, const std::vector<uint32_t>& ids,
                       const std::vector<uint32_t>* selection);
  Status FeedOrdered(Call& call, const AggregateCall& spec);
  Status Finish();
  Status Emit(ColumnBatch* out);
  bool HasMask() const { return !node_.grouping_sets.empty(); }
  /// One group without keys: no table.
  bool IsPlain() const { return node_.groups.empty() && !HasMask(); }
  size_t GroupCount() const { return IsPlain() ? 1 : table_->size(); }
  Status AccountMemory();

  OperatorPtr child_;
  const AggregateNode& node_;
  const ExecContext& context_;
  MemoryHold memory_;
  std::vector<std::unique_ptr<CompiledExpr>> groups_;
  std::vector<Call> calls_;
  std::unique_ptr<GroupTable> table_;
  std::vector<uint32_t> ids_;
  bool done_ = false;
  size_t at_ = 0;
};

}  // namespace tsd::sql
