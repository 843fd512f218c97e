#include "sql/exec/recursive_union_operator.h"

#include "sql/exec/group_table.h"

namespace tsd::sql {
namespace {

class RecursiveUnionOperator final : public Operator {
 public:
  RecursiveUnionOperator(const RecursiveUnionNode& node, OperatorPtr start, BuildStatePtr state)
      : node_(node), state_(std::move(state)), working_(std::make_shared<WorkingTable>()), current_(std::move(start)),
        seen_(TypesOf(node.output)), memory_(*state_->context) {}

  StatusOr<Pull> Next(ColumnBatch* out) override {
    while (true) {
      RETURN_IF_ERROR(CheckCancelled(*state_->context));
      if (current_ == nullptr) {
        if (next_.empty()) return Pull::kDone;
        working_->batches = std::move(next_);
        next_.clear();
        bytes_ = 0;
        state_->working_tables[node_.cte] = working_;
        ASSIGN_OR_RETURN(current_, BuildNode(*node_.children[1], state_));
      }
      ColumnBatch batch;
      ASSIGN_OR_RETURN(const Pull pull, current_->Next(&batch));
      if (pull == Pull::kBlocked) return pull;
      if (pull == Pull::kDone) {
        current_.reset();
        continue;
      }
      if (!node_.all) {
        size_t known = seen_.size();
        seen_.Resolve(batch.columns(), batch.rows(), &ids_);
        std::vector<uint32_t> fresh;
        for (size_t row = 0; row < ids_.size(); ++row) {
          if (ids_[row] < known) continue;
          fresh.push_back(static_cast<uint32_t>(row));
          known = ids_[row] + size_t{1};
        }
        if (fresh.empty()) continue;
        if (fresh.size() < batch.rows()) batch = batch.Gather(fresh);
      }
      bytes_ += batch.MemoryBytes();
      RETURN_IF_ERROR(memory_.Set(bytes_ + (node_.all ? 0 : seen_.MemoryBytes())));
      next_.push_back(batch);
      *out = std::move(batch);
      return Pull::kRows;
    }
  }
  std::string Name() const override { return "Recursive Union"; }

 private:
  const RecursiveUnionNode& node_;
  BuildStatePtr state_;
  std::shared_ptr<WorkingTable> working_;
  OperatorPtr current_;
  std::vector<ColumnBatch> next_;
  GroupTable seen_;
  std::vector<uint32_t> ids_;
  size_t bytes_ = 0;
  MemoryHold memory_;
};

class WorkingTableScan final : public Operator {
 public:
  explicit WorkingTableScan(std::shared_ptr<WorkingTable> table) : table_(std::move(table)) {}
  StatusOr<Pull> Next(ColumnBatch* out) override {
    if (at_ >= table_->batches.size()) return Pull::kDone;
    *out = table_->batches[at_++];
    return Pull::kRows;
  }
  std::string Name() const override { return "WorkTable Scan"; }

 private:
  std::shared_ptr<WorkingTable> table_;
  size_t at_ = 0;
};

}  // namespace

OperatorPtr MakeWorkingTableScan(std::shared_ptr<WorkingTable> table) { return std::make_unique<WorkingTableScan>(std::move(table)); }

StatusOr<OperatorPtr> MakeRecursiveUnion(const RecursiveUnionNode& node, const BuildStatePtr& state) {
  ASSIGN_OR_RETURN(OperatorPtr start, BuildNode(*node.children[0], state));
  // Its own state: the step is built again each round, with the working table in it.
  auto own = std::make_shared<BuildState>(*state);
  own->stats = nullptr;
  return OperatorPtr(std::make_unique<RecursiveUnionOperator>(node, std::move(start), std::move(own)));
}

}  // namespace tsd::sql
