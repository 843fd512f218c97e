#include "sql/exec/merge_operator.h"

#include <algorithm>

#include "sql/exec/build_state.h"
#include "sql/exec/row_order.h"

namespace tsd::sql {
namespace {

class ConcatOperator final : public Operator {
 public:
  explicit ConcatOperator(std::vector<OperatorPtr> sources) : sources_(std::move(sources)) {}
  StatusOr<Pull> Next(ColumnBatch* out) override {
    size_t blocked = 0;
    while (!sources_.empty() && blocked < sources_.size()) {
      if (at_ >= sources_.size()) at_ = 0;
      ASSIGN_OR_RETURN(const Pull pull, sources_[at_]->Next(out));
      if (pull == Pull::kRows) return pull;
      if (pull == Pull::kBlocked) {
        ++blocked;
        ++at_;
        continue;
      }
      sources_.erase(sources_.begin() + static_cast<ptrdiff_t>(at_));
      blocked = 0;
    }
    return sources_.empty() ? Pull::kDone : Pull::kBlocked;
  }
  std::string Name() const override { return "Append"; }

 private:
  std::vector<OperatorPtr> sources_;
  size_t at_ = 0;
};

class MergeOperator final : public Operator {
 public:
  MergeOperator(std::vector<OperatorPtr> sources, std::vector<OrderKey> keys, std::vector<DataType> types)
      : keys_(std::move(keys)), types_(std::move(types)) {
    for (OperatorPtr& source : sources) inputs_.push_back({std::move(source), ColumnBatch(), 0});
  }

  StatusOr<Pull> Next(ColumnBatch* out) override {
    BatchBuilder builder(types_);
    while (builder.rows() < kDefaultBatchRows) {
      ASSIGN_OR_RETURN(const bool ready, Refill());
      if (!ready) {
        if (builder.rows() > 0) break;
        return Pull::kBlocked;
      }
      if (inputs_.empty()) break;
      size_t best = 0;
      for (size_t i = 1; i < inputs_.size(); ++i) {
        if (CompareOrder(keys_, inputs_[i].batch, inputs_[i].row, inputs_[best].batch, inputs_[best].row) < 0) best = i;
      }
      TakeRun(best, builder);
    }
    if (builder.rows() == 0) return Pull::kDone;
    *out = builder.Finish();
    return Pull::kRows;
  }
  std::string Name() const override { return "Merge"; }

 private:
  struct Input {
    OperatorPtr source;
    ColumnBatch batch;
    size_t row = 0;
  };

  /// Every input has a row, or is gone. False while one is blocked.
  StatusOr<bool> Refill() {
    for (size_t i = 0; i < inputs_.size();) {
      Input& input = inputs_[i];
      if (input.row < input.batch.rows()) {
        ++i;
        continue;
      }
      ASSIGN_OR_RETURN(const Pull pull, input.source->Next(&input.batch));
      if (pull == Pull::kBlocked) {
        input.batch = ColumnBatch();
        input.row = 0;
        return false;
      }
      input.row = 0;
      if (pull == Pull::kDone) inputs_.erase(inputs_.begin() + static_cast<ptrdiff_t>(i));
    }
    return true;
  }

  /// The best input's rows as long as they come before all others' next.
  void TakeRun(size_t best, BatchBuilder& builder) {
    Input& input = inputs_[best];
    std::vector<uint32_t> rows;
    while (input.row < input.batch.rows() && builder.rows() + rows.size() < kDefaultBatchRows) {
      const bool first = rows.empty();
      for (size_t i = 0; i < inputs_.size() && !first; ++i) {
        if (i == best) continue;
        if (CompareOrder(keys_, inputs_[i].batch, inputs_[i].row, input.batch, input.row) < 0) {
          builder.AppendSelected(input.batch, rows);
          return;
        }
      }
      rows.push_back(static_cast<uint32_t>(input.row++));
    }
    builder.AppendSelected(input.batch, rows);
  }

  std::vector<Input> inputs_;
  std::vector<OrderKey> keys_;
  std::vector<DataType> types_;
};

}  // namespace

OperatorPtr MakeConcat(std::vector<OperatorPtr> sources) { return std::make_unique<ConcatOperator>(std::move(sources)); }

StatusOr<OperatorPtr> MakeMerge(std::vector<OperatorPtr> sources, const std::vector<SortKey>& keys, const std::vector<PlanColumn>& columns) {
  std::vector<OrderKey> order;
  for (const SortKey& key : keys) {
    ASSIGN_OR_RETURN(const size_t position, PositionOf(columns, key.column));
    order.push_back({position, key.descending, key.nulls_first});
  }
  return MakeMerge(std::move(sources), std::move(order), TypesOf(columns));
}

OperatorPtr MakeMerge(std::vector<OperatorPtr> sources, std::vector<OrderKey> keys, std::vector<DataType> types) {
  return std::make_unique<MergeOperator>(std::move(sources), std::move(keys), std::move(types));
}

}  // namespace tsd::sql
