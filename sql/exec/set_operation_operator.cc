#include "sql/exec/set_operation_operator.h"

#include "sql/exec/distinct_operator.h"
#include "sql/exec/group_table.h"

namespace tsd::sql {
namespace {

class AppendOperator final : public Operator {
 public:
  AppendOperator(OperatorPtr left, OperatorPtr right) : left_(std::move(left)), right_(std::move(right)) {}
  StatusOr<Pull> Next(ColumnBatch* out) override {
    if (left_ != nullptr) {
      ASSIGN_OR_RETURN(const Pull pull, left_->Next(out));
      if (pull != Pull::kDone) return pull;
      left_.reset();
    }
    return right_->Next(out);
  }
  std::string Name() const override { return "Append"; }

 private:
  OperatorPtr left_, right_;
};

/// Counts the right side's rows by value, then lets the left side's rows through by what the counts say.
class CountedOperator final : public Operator {
 public:
  CountedOperator(OperatorPtr left, OperatorPtr right, const SetOperationNode& node, const ExecContext& context)
      : left_(std::move(left)), right_(std::move(right)), node_(node), context_(context), memory_(context), table_(TypesOf(node.output)) {}

  StatusOr<Pull> Next(ColumnBatch* out) override {
    while (right_ != nullptr) {
      RETURN_IF_ERROR(CheckCancelled(context_));
      ColumnBatch batch;
      ASSIGN_OR_RETURN(const Pull pull, right_->Next(&batch));
      if (pull == Pull::kBlocked) return pull;
      if (pull == Pull::kDone) {
        right_.reset();
        break;
      }
      Resolve(batch);
      for (uint32_t id : ids_) ++counts_[id];
      RETURN_IF_ERROR(memory_.Set(table_.MemoryBytes() + counts_.size() * 9));
    }
    while (true) {
      RETURN_IF_ERROR(CheckCancelled(context_));
      ColumnBatch batch;
      ASSIGN_OR_RETURN(const Pull pull, left_->Next(&batch));
      if (pull != Pull::kRows) return pull;
      Resolve(batch);
      std::vector<uint32_t> kept;
      for (size_t row = 0; row < ids_.size(); ++row) {
        if (Keep(ids_[row])) kept.push_back(static_cast<uint32_t>(row));
      }
      if (kept.empty()) continue;
      *out = batch.Gather(kept);
      return Pull::kRows;
    }
  }
  std::string Name() const override { return node_.operation == SetOperationType::kIntersect ? "HashSetOp Intersect" : "HashSetOp Except"; }

 private:
  void Resolve(const ColumnBatch& batch) {
    table_.Resolve(batch.columns(), batch.rows(), &ids_);
    counts_.resize(table_.size());
    emitted_.resize(table_.size());
  }

  bool Keep(uint32_t id) {
    const bool intersect = node_.operation == SetOperationType::kIntersect;
    if (!node_.all) {
      if (emitted_[id] || (counts_[id] > 0) != intersect) return false;
      emitted_[id] = true;
      return true;
    }
    if (counts_[id] > 0) {
      --counts_[id];
      return intersect;
    }
    return !intersect;
  }

  OperatorPtr left_, right_;
  const SetOperationNode& node_;
  const ExecContext& context_;
  MemoryHold memory_;
  GroupTable table_;
  std::vector<uint32_t> ids_;
  std::vector<uint64_t> counts_;
  std::vector<bool> emitted_;
};

}  // namespace

StatusOr<OperatorPtr> MakeSetOperation(const SetOperationNode& node, const BuildStatePtr& state) {
  ASSIGN_OR_RETURN(OperatorPtr left, BuildNode(*node.children[0], state));
  ASSIGN_OR_RETURN(OperatorPtr right, BuildNode(*node.children[1], state));
  const ExecContext& context = *state->context;
  if (node.operation != SetOperationType::kUnion) {
    return OperatorPtr(std::make_unique<CountedOperator>(std::move(left), std::move(right), node, context));
  }
  OperatorPtr append = std::make_unique<AppendOperator>(std::move(left), std::move(right));
  if (node.all) return append;
  return OperatorPtr(std::make_unique<DistinctOperator>(std::move(append), TypesOf(node.output), context));
}

}  // namespace tsd::sql
