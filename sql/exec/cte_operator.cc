#include "sql/exec/cte_operator.h"

#include "sql/exec/recursive_union_operator.h"

namespace tsd::sql {
namespace {

class CteScanOperator final : public Operator {
 public:
  explicit CteScanOperator(std::shared_ptr<CteBuffer> buffer) : buffer_(std::move(buffer)) {}
  StatusOr<Pull> Next(ColumnBatch* out) override {
    ASSIGN_OR_RETURN(const Pull pull, buffer_->At(at_, out));
    if (pull == Pull::kRows) ++at_;
    return pull;
  }
  std::string Name() const override { return "CTE Scan"; }

 private:
  std::shared_ptr<CteBuffer> buffer_;
  size_t at_ = 0;
};

}  // namespace

StatusOr<Pull> CteBuffer::At(size_t index, ColumnBatch* out) {
  while (index >= batches_.size()) {
    if (source_ == nullptr) return Pull::kDone;
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, source_->Next(&batch));
    if (pull == Pull::kBlocked) return pull;
    if (pull == Pull::kDone) {
      source_.reset();
      return pull;
    }
    bytes_ += batch.MemoryBytes();
    RETURN_IF_ERROR(memory_.Set(bytes_));
    batches_.push_back(std::move(batch));
  }
  *out = batches_[index];
  return Pull::kRows;
}

StatusOr<OperatorPtr> MakeWith(const WithNode& node, const BuildStatePtr& state) {
  // In order: a CTE may read those before it.
  for (size_t i = 0; i < node.ids.size(); ++i) {
    ASSIGN_OR_RETURN(OperatorPtr source, BuildNode(*node.children[i + 1], state));
    state->ctes[node.ids[i]] = std::make_shared<CteBuffer>(std::move(source), *state->context);
  }
  return BuildNode(*node.children[0], state);
}

StatusOr<OperatorPtr> MakeCteScan(const CteScanNode& node, const BuildStatePtr& state) {
  const auto working = state->working_tables.find(node.cte);
  if (working != state->working_tables.end()) return MakeWorkingTableScan(working->second);
  const auto found = state->ctes.find(node.cte);
  if (found == state->ctes.end()) return Error(sqlstate::kInternalError, StrCat("CTE ", node.name, " is not there"));
  return OperatorPtr(std::make_unique<CteScanOperator>(found->second));
}

}  // namespace tsd::sql
