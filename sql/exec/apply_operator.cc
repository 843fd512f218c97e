#include "sql/exec/apply_operator.h"

#include <algorithm>

#include "engine/types/array.h"
#include "sql/exec/group_table.h"
#include "sql/optimize/rules.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::sql {
namespace {

constexpr size_t kMemoBytes = size_t{16} << 20;

std::vector<DataType> KeyTypes(const std::vector<PlanColumn>& columns, const std::vector<size_t>& keys) {
  std::vector<DataType> types;
  for (size_t key : keys) types.push_back(columns[key].type);
  return types;
}

class ApplyOperator final : public Operator {
 public:
  ApplyOperator(const ApplyNode& node, OperatorPtr outer, std::vector<size_t> keys, std::unique_ptr<CompiledExpr> condition,
                const BuildStatePtr& state)
      : node_(node), outer_(std::move(outer)), keys_(std::move(keys)), condition_(std::move(condition)),
        state_(std::make_shared<BuildState>(*state)),  // a copy: the CTEs known now, no cycle through them
        context_(*state_->context), memory_(context_), memo_(KeyTypes(node.children[0]->output, keys_)) {
    state_->stats = nullptr;
  }

  StatusOr<Pull> Next(ColumnBatch* out) override {
    while (true) {
      RETURN_IF_ERROR(CheckCancelled(context_));
      if (TurnIsOver(context_)) return Pull::kBlocked;
      if (row_ >= batch_.rows()) {
        if (memo_bytes_ > kMemoBytes) Forget();
        ColumnBatch batch;
        ASSIGN_OR_RETURN(const Pull pull, outer_->Next(&batch));
        if (pull != Pull::kRows) return pull;
        batch_ = std::move(batch);
        row_ = 0;
        inner_row_ = 0;
        std::vector<VectorPtr> columns;
        for (size_t key : keys_) columns.push_back(batch_.column_ptr(key));
        memo_.Resolve(columns, batch_.rows(), &ids_);
      }
      ASSIGN_OR_RETURN(const Pull pull, RunInner());
      if (pull == Pull::kBlocked) return pull;
      RETURN_IF_ERROR(node_.apply == ApplyKind::kCross || node_.apply == ApplyKind::kLeft ? EmitJoined(out) : EmitValues(out));
      if (!out->empty()) return Pull::kRows;
    }
  }
  std::string Name() const override { return "Apply"; }

 private:
  void Forget() {
    memo_ = GroupTable(KeyTypes(node_.children[0]->output, keys_));
    results_.clear();
    memo_bytes_ = 0;
  }

  /// Runs the inner plan for every combination that is new in this batch.
  StatusOr<Pull> RunInner() {
    for (size_t row = 0; row < batch_.rows(); ++row) {
      if (ids_[row] < results_.size()) continue;
      if (TurnIsOver(context_)) return Pull::kBlocked;
      // New groups come in row order: this is number results_.size().
      if (inner_ == nullptr) {
        std::vector<std::pair<int, Value>> values;
        for (size_t i = 0; i < keys_.size(); ++i) {
          values.emplace_back(node_.correlated[i], Value::FromVector(batch_.column(keys_[i]), row));
        }
        if (values.empty()) {
          plan_ = node_.children[1];
        } else {
          plan_ = SubstituteOuter(*node_.children[1], values);
          ExtractPredicates(*plan_);  // constants now: they exclude chunks and blocks
        }
        ASSIGN_OR_RETURN(inner_, BuildNode(*plan_, state_));
        collected_ = std::make_unique<BatchBuilder>(TypesOf(plan_->output));
      }
      while (true) {
        ColumnBatch rows;
        ASSIGN_OR_RETURN(const Pull pull, inner_->Next(&rows));
        if (pull == Pull::kBlocked) return pull;
        if (pull == Pull::kDone) break;
        collected_->Append(rows);
        RETURN_IF_ERROR(memory_.Set(memo_bytes_ + collected_->MemoryBytes()));
        if (node_.apply == ApplyKind::kExists) break;
        if (node_.apply == ApplyKind::kScalar && collected_->rows() > 1) {
          return Error(sqlstate::kCardinalityViolation, "more than one row returned by a subquery used as an expression");
        }
      }
      inner_.reset();
      NoteWork(context_);
      results_.push_back(collected_->Finish());
      memo_bytes_ += results_.back().MemoryBytes() + 64;
      collected_.reset();
    }
    return Pull::kDone;
  }

  /// One more column, for the whole batch.
  Status EmitValues(ColumnBatch* out) {
    auto column = std::make_shared<Vector>(node_.output.back().type);
    for (size_t row = 0; row < batch_.rows(); ++row) {
      const ColumnBatch& inner = results_[ids_[row]];
      switch (node_.apply) {
        case ApplyKind::kExists: column->Append<uint8_t>(inner.empty() ? 0 : 1); break;
        case ApplyKind::kScalar:
          if (inner.empty()) {
            column->AppendNull();
          } else {
            column->AppendFrom(inner.column(0), 0);
          }
          break;
        case ApplyKind::kArray: RETURN_IF_ERROR(AppendArray(inner, *column)); break;
        default: RETURN_IF_ERROR(AppendQuantified(inner, row, *column)); break;
      }
    }
    *out = batch_;
    out->Add(std::move(column));
    row_ = batch_.rows();
    return OkStatus();
  }

  Status AppendArray(const ColumnBatch& inner, Vector& out) {
    const DataType element = node_.output.back().type.Element();
    auto elements = std::make_shared<Vector>(DataType(element.id));
    if (!inner.empty()) {
      if (inner.column(0).type().is_array) {
        return Error(sqlstate::kFeatureNotSupported, "ARRAY of a sub-query that yields arrays is not supported");
      }
      elements->AppendRange(inner.column(0), 0, inner.rows());
    }
    out.AppendBytes(ArrayValue::FromVector(std::move(elements)).Encode());
    return OkStatus();
  }

  /// The outer row with each of inner's rows [begin, end).
  ColumnBatch Pair(const ColumnBatch& inner, size_t row, size_t begin, size_t end) const {
    const std::vector<uint32_t> repeated(end - begin, static_cast<uint32_t>(row));
    ColumnBatch pairs = batch_.Gather(repeated);
    const ColumnBatch part = begin == 0 && end == inner.rows() ? inner : inner.Slice(begin, end);
    for (const VectorPtr& column : part.columns()) pairs.Add(column);
    return pairs;
  }

  Status AppendQuantified(const ColumnBatch& inner, size_t row, Vector& out) {
    bool unknown = false;
    for (size_t begin = 0; begin < inner.rows(); begin += kDefaultBatchRows) {
      const size_t end = std::min(inner.rows(), begin + kDefaultBatchRows);
      const ColumnBatch pairs = Pair(inner, row, begin, end);
      ASSIGN_OR_RETURN(const VectorPtr result, EvaluateFlat(*condition_, pairs, context_));
      for (size_t i = 0; i < result->size(); ++i) {
        if (result->IsNull(i)) {
          unknown = true;
        } else if ((result->Get<uint8_t>(i) != 0) != node_.all) {
          out.Append<uint8_t>(node_.all ? 0 : 1);  // decided
          return OkStatus();
        }
      }
    }
    if (unknown) {
      out.AppendNull();
    } else {
      out.Append<uint8_t>(node_.all ? 1 : 0);
    }
    return OkStatus();
  }

  /// Joined rows, about a batch of them, or none when the turn is over; row_ / inner_row_ remember where.
  Status EmitJoined(ColumnBatch* out) {
    BatchBuilder builder(TypesOf(node_.output));
    while (row_ < batch_.rows() && builder.rows() < kDefaultBatchRows && !TurnIsOver(context_)) {
      const ColumnBatch& inner = results_[ids_[row_]];
      if (inner_row_ == 0) matched_ = false;
      const size_t end = std::min(inner.rows(), inner_row_ + kDefaultBatchRows);
      if (end > inner_row_) {
        NoteWork(context_);
        ColumnBatch pairs = Pair(inner, row_, inner_row_, end);
        if (condition_ != nullptr) {
          std::vector<uint32_t> selection;
          RETURN_IF_ERROR(condition_->EvaluateFilter(pairs, context_, &selection));
          matched_ = matched_ || !selection.empty();
          builder.AppendSelected(pairs, selection);
        } else {
          matched_ = true;
          builder.Append(pairs);
        }
      }
      inner_row_ = end;
      if (inner_row_ < inner.rows()) continue;
      if (!matched_ && node_.apply == ApplyKind::kLeft) {
        const size_t outer_columns = batch_.column_count();
        for (size_t i = 0; i < node_.output.size(); ++i) {
          if (i < outer_columns) {
            builder.column(i).AppendFrom(batch_.column(i), row_);
          } else {
            builder.column(i).AppendNull();
          }
        }
        builder.FinishRow();
      }
      ++row_;
      inner_row_ = 0;
    }
    *out = builder.Finish();
    return OkStatus();
  }

  const ApplyNode& node_;
  OperatorPtr outer_;
  std::vector<size_t> keys_;
  std::unique_ptr<CompiledExpr> condition_;
  BuildStatePtr state_;
  const ExecContext& context_;
  MemoryHold memory_;
  GroupTable memo_;
  std::vector<ColumnBatch> results_;   // by group of memo_
  size_t memo_bytes_ = 0;
  ColumnBatch batch_;
  std::vector<uint32_t> ids_;
  size_t row_ = 0, inner_row_ = 0;
  bool matched_ = false;
  PlanPtr plan_;                       // of inner_
  OperatorPtr inner_;
  std::unique_ptr<BatchBuilder> collected_;
};

}  // namespace

StatusOr<OperatorPtr> MakeApply(const ApplyNode& node, const BuildStatePtr& state) {
  const std::vector<PlanColumn>& outer = node.children[0]->output;
  std::vector<size_t> keys;
  for (int id : node.correlated) {
    ASSIGN_OR_RETURN(const size_t position, PositionOf(outer, id));
    keys.push_back(position);
  }
  std::unique_ptr<CompiledExpr> condition;
  if (node.condition != nullptr) {
    std::vector<PlanColumn> both = outer;
    both.insert(both.end(), node.children[1]->output.begin(), node.children[1]->output.end());
    ASSIGN_OR_RETURN(condition, CompileOver(node.condition, both));
  }
  ASSIGN_OR_RETURN(OperatorPtr child, BuildNode(*node.children[0], state));
  return OperatorPtr(std::make_unique<ApplyOperator>(node, std::move(child), std::move(keys), std::move(condition), state));
}

}  // namespace tsd::sql
