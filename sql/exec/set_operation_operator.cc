#include "sql/exec/set_operation_operator.h"

#include <algorithm>

#include "sql/exec/distinct_operator.h"
#include "sql/exec/group_table.h"
#include "sql/exec/spill_partitions.h"

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

/// How often each row was on the right side, and how often it came out.
class RowCounts {
 public:
  explicit RowCounts(const SetOperationNode& node) : node_(node), table_(TypesOf(node.output)) {}

  void AddRight(const ColumnBatch& rows) {
    Resolve(rows);
    for (uint32_t id : ids_) ++counts_[id];
  }
  /// The rows that come out.
  std::vector<uint32_t> TakeLeft(const ColumnBatch& rows) {
    Resolve(rows);
    std::vector<uint32_t> kept;
    for (size_t row = 0; row < ids_.size(); ++row) {
      if (Keep(ids_[row])) kept.push_back(static_cast<uint32_t>(row));
    }
    return kept;
  }
  size_t size() const { return counts_.size(); }
  size_t MemoryBytes() const { return table_.MemoryBytes() + counts_.capacity() * 8 + emitted_.capacity() / 8; }

  /// Rows [begin, end), then two columns: their count, and whether they came out.
  ColumnBatch Get(size_t begin, size_t end) const {
    ColumnBatch batch(table_.Keys(begin, end), end - begin);
    auto counts = std::make_shared<Vector>(DataType(TypeId::kInt64));
    auto emitted = std::make_shared<Vector>(DataType(TypeId::kBool));
    for (size_t id = begin; id < end; ++id) {
      counts->Append<int64_t>(static_cast<int64_t>(counts_[id]));
      emitted->Append<uint8_t>(emitted_[id] ? 1 : 0);
    }
    batch.Add(std::move(counts));
    batch.Add(std::move(emitted));
    return batch;
  }
  /// What Get gave, maybe of several RowCounts.
  void Merge(const ColumnBatch& batch) {
    const size_t width = batch.column_count() - 2;
    Resolve(ColumnBatch({batch.columns().begin(), batch.columns().begin() + static_cast<ptrdiff_t>(width)}, batch.rows()));
    for (size_t row = 0; row < ids_.size(); ++row) {
      counts_[ids_[row]] += static_cast<uint64_t>(batch.column(width).Get<int64_t>(row));
      if (batch.column(width + 1).Get<uint8_t>(row) != 0) emitted_[ids_[row]] = true;
    }
  }

 private:
  void Resolve(const ColumnBatch& rows) {
    table_.Resolve(rows.columns(), rows.rows(), &ids_);
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

  const SetOperationNode& node_;
  GroupTable table_;
  std::vector<uint32_t> ids_;
  std::vector<uint64_t> counts_;
  std::vector<bool> emitted_;
};

/// Counts the right side's rows by value, then lets the left side's rows through by what the counts say. Counts that the budget does not
/// hold go to disk, cut by hash, and with them the left rows that have not been let through.
class CountedOperator final : public Operator {
 public:
  CountedOperator(OperatorPtr left, OperatorPtr right, const SetOperationNode& node, const ExecContext& context)
      : left_(std::move(left)), right_(std::move(right)), node_(node), context_(context), memory_(context),
        counts_(std::make_unique<RowCounts>(node)) {}

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
      counts_->AddRight(batch);
      RETURN_IF_ERROR(MakeRoom());
    }
    while (left_ != nullptr) {
      RETURN_IF_ERROR(CheckCancelled(context_));
      ColumnBatch batch;
      ASSIGN_OR_RETURN(const Pull pull, left_->Next(&batch));
      if (pull == Pull::kBlocked) return pull;
      if (pull == Pull::kDone) {
        left_.reset();
        RETURN_IF_ERROR(StartPartitions());
      } else if (spilled_counts_ != nullptr) {
        RETURN_IF_ERROR(spilled_left_->Write(batch, PartitionsByKey(batch.columns(), batch.rows(), spilled_left_->count())));
      } else if (LetThrough(batch, out)) {
        RETURN_IF_ERROR(MakeRoom());
        return Pull::kRows;
      } else {
        RETURN_IF_ERROR(MakeRoom());
      }
    }
    return NextSpilled(out);
  }
  std::string Name() const override { return node_.operation == SetOperationType::kIntersect ? "HashSetOp Intersect" : "HashSetOp Except"; }

 private:
  bool LetThrough(const ColumnBatch& batch, ColumnBatch* out) {
    const std::vector<uint32_t> kept = counts_->TakeLeft(batch);
    if (!kept.empty()) *out = batch.Gather(kept);
    return !kept.empty();
  }

  Status MakeRoom() {
    const Status status = memory_.SetOrSpill(counts_->MemoryBytes());
    if (status.ok() || context_.spill == nullptr || !memory_.AreWorthSpilling(counts_->MemoryBytes())) return status;
    return SpillCounts();
  }

  Status SpillCounts() {
    const size_t width = node_.output.size();
    if (spilled_counts_ == nullptr) {
      std::vector<DataType> types = TypesOf(node_.output);
      spilled_left_ = std::make_unique<SpillPartitions>(types, SpillPartitions::kUsualCount, context_);
      types.insert(types.end(), {DataType(TypeId::kInt64), DataType(TypeId::kBool)});
      spilled_counts_ = std::make_unique<SpillPartitions>(std::move(types), SpillPartitions::kUsualCount, context_);
    }
    for (size_t begin = 0; begin < counts_->size(); begin += kDefaultBatchRows) {
      const ColumnBatch batch = counts_->Get(begin, std::min(counts_->size(), begin + kDefaultBatchRows));
      const std::span<const VectorPtr> keys(batch.columns().data(), width);
      RETURN_IF_ERROR(spilled_counts_->Write(batch, PartitionsByKey(keys, batch.rows(), spilled_counts_->count())));
    }
    counts_ = std::make_unique<RowCounts>(node_);
    return memory_.Set(0);
  }

  Status StartPartitions() {
    if (spilled_counts_ == nullptr) return OkStatus();
    RETURN_IF_ERROR(SpillCounts());
    RETURN_IF_ERROR(spilled_counts_->Finish());
    return spilled_left_->Finish();
  }

  StatusOr<Pull> NextSpilled(ColumnBatch* out) {
    while (spilled_counts_ != nullptr && partition_ < spilled_left_->count()) {
      if (read_ == 0) RETURN_IF_ERROR(LoadCounts());
      ASSIGN_OR_RETURN(const ColumnBatch batch, spilled_left_->Read(partition_, read_++));
      if (batch.empty()) {
        ++partition_;
        read_ = 0;
        continue;
      }
      const bool any = LetThrough(batch, out);
      RETURN_IF_ERROR(memory_.Set(counts_->MemoryBytes()));
      if (any) return Pull::kRows;
    }
    return Pull::kDone;
  }

  Status LoadCounts() {
    counts_ = std::make_unique<RowCounts>(node_);
    for (size_t number = 0; spilled_left_->rows(partition_) != 0; ++number) {
      ASSIGN_OR_RETURN(const ColumnBatch batch, spilled_counts_->Read(partition_, number));
      if (batch.empty()) break;
      counts_->Merge(batch);
      RETURN_IF_ERROR(memory_.Set(counts_->MemoryBytes()));
    }
    return OkStatus();
  }

  OperatorPtr left_, right_;
  const SetOperationNode& node_;
  const ExecContext& context_;
  MemoryHold memory_;
  std::unique_ptr<RowCounts> counts_;
  std::unique_ptr<SpillPartitions> spilled_counts_, spilled_left_;
  size_t partition_ = 0, read_ = 0;
};

}  // namespace

OperatorPtr MakeAppend(OperatorPtr first, OperatorPtr second) { return std::make_unique<AppendOperator>(std::move(first), std::move(second)); }

StatusOr<OperatorPtr> MakeSetOperation(const SetOperationNode& node, const BuildStatePtr& state) {
  ASSIGN_OR_RETURN(OperatorPtr left, BuildNode(*node.children[0], state));
  ASSIGN_OR_RETURN(OperatorPtr right, BuildNode(*node.children[1], state));
  const ExecContext& context = *state->context;
  if (node.operation != SetOperationType::kUnion) {
    return OperatorPtr(std::make_unique<CountedOperator>(std::move(left), std::move(right), node, context));
  }
  OperatorPtr append = MakeAppend(std::move(left), std::move(right));
  if (node.all) return append;
  return OperatorPtr(std::make_unique<DistinctOperator>(std::move(append), TypesOf(node.output), context));
}

}  // namespace tsd::sql
