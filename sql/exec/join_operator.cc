#include "sql/exec/join_operator.h"

#include <algorithm>

#include "sql/exec/group_table.h"

namespace tsd::sql {
namespace {

constexpr size_t kMaxPairs = 4 * kDefaultBatchRows;  // candidates looked at in one go

struct JoinParts {
  OperatorPtr left, right;
  std::vector<std::unique_ptr<CompiledExpr>> left_keys, right_keys;
  std::unique_ptr<CompiledExpr> residual;
};

std::vector<DataType> KeyTypes(const std::vector<std::unique_ptr<CompiledExpr>>& keys) {
  std::vector<DataType> types;
  for (const auto& key : keys) types.push_back(key->type());
  return types;
}

bool AnyNull(const std::vector<VectorPtr>& keys, size_t row) {
  for (const VectorPtr& key : keys) {
    if (key->IsNull(row)) return true;
  }
  return false;
}

class JoinOperator final : public Operator {
 public:
  JoinOperator(const JoinNode& node, JoinParts parts, const ExecContext& context)
      : node_(node), parts_(std::move(parts)), context_(context),
        collector_(std::move(parts_.right), TypesOf(node.children[1]->output), context), memory_(context), table_(KeyTypes(parts_.right_keys)) {}

  StatusOr<Pull> Next(ColumnBatch* out) override {
    if (!built_) {
      ASSIGN_OR_RETURN(const Pull pull, collector_.Run());
      if (pull == Pull::kBlocked) return pull;
      RETURN_IF_ERROR(Build());
    }
    while (true) {
      RETURN_IF_ERROR(CheckCancelled(context_));
      if (!probing_) {
        if (left_done_) return EmitUnmatchedRight(out) ? Pull::kRows : Pull::kDone;
        if (CannotMatch()) return Pull::kDone;
        ColumnBatch batch;
        ASSIGN_OR_RETURN(const Pull pull, parts_.left->Next(&batch));
        if (pull == Pull::kBlocked) return pull;
        if (pull == Pull::kDone) {
          left_done_ = true;
          parts_.left.reset();
          continue;
        }
        RETURN_IF_ERROR(StartBatch(std::move(batch)));
      }
      RETURN_IF_ERROR(Step(out));
      if (!out->empty()) return Pull::kRows;
    }
  }
  std::string Name() const override { return HasKeys() ? "Hash Join" : "Nested Loop"; }

 private:
  bool HasKeys() const { return !parts_.left_keys.empty(); }
  bool LeftOnly() const {
    return node_.join == JoinType::kSemi || node_.join == JoinType::kAnti || node_.join == JoinType::kAntiNotIn;
  }
  bool KeepsLeft() const { return node_.join == JoinType::kLeft || node_.join == JoinType::kFull; }
  bool KeepsRight() const { return node_.join == JoinType::kRight || node_.join == JoinType::kFull; }
  /// An empty right side leaves nothing to find.
  bool CannotMatch() const {
    return right_.empty() && (node_.join == JoinType::kInner || node_.join == JoinType::kCross || node_.join == JoinType::kSemi);
  }

  Status Build() {
    right_ = collector_.Take();
    built_ = true;
    right_matched_.assign(KeepsRight() ? right_.rows() : 0, false);
    if (!HasKeys()) return OkStatus();
    std::vector<VectorPtr> keys;
    for (const auto& key : parts_.right_keys) {
      ASSIGN_OR_RETURN(VectorPtr column, EvaluateFlat(*key, right_, context_));
      keys.push_back(std::move(column));
    }
    std::vector<uint32_t> ids;
    table_.Resolve(keys, right_.rows(), &ids);
    first_.assign(table_.size(), GroupTable::kNone);
    next_.assign(right_.rows(), GroupTable::kNone);
    for (size_t row = right_.rows(); row-- > 0;) {  // backwards: chains run in input order
      if (AnyNull(keys, row)) {
        right_has_null_ = true;
        continue;
      }
      next_[row] = first_[ids[row]];
      first_[ids[row]] = static_cast<uint32_t>(row);
    }
    return memory_.Set(right_.MemoryBytes() + table_.MemoryBytes() + next_.size() * 4 + first_.size() * 4);
  }

  Status StartBatch(ColumnBatch batch) {
    left_ = std::move(batch);
    left_matched_.assign(left_.rows(), false);
    left_null_.assign(left_.rows(), false);
    row_ = 0;
    probing_ = true;
    cursor_.assign(left_.rows(), GroupTable::kNone);
    if (!HasKeys()) {
      if (!right_.empty()) cursor_.assign(left_.rows(), 0);
      return OkStatus();
    }
    std::vector<VectorPtr> keys;
    for (const auto& key : parts_.left_keys) {
      ASSIGN_OR_RETURN(VectorPtr column, EvaluateFlat(*key, left_, context_));
      keys.push_back(std::move(column));
    }
    std::vector<uint32_t> ids;
    table_.Lookup(keys, left_.rows(), &ids);
    for (size_t row = 0; row < ids.size(); ++row) {
      if (AnyNull(keys, row)) {
        left_null_[row] = true;
      } else if (ids[row] != GroupTable::kNone) {
        cursor_[row] = first_[ids[row]];
      }
    }
    return OkStatus();
  }

  uint32_t Advance(uint32_t right_row) const {
    if (HasKeys()) return next_[right_row];
    return right_row + 1 < right_.rows() ? right_row + 1 : GroupTable::kNone;
  }

  /// Some candidate pairs, or the end of the left batch.
  Status Step(ColumnBatch* out) {
    *out = ColumnBatch();
    std::vector<uint32_t> left_rows, right_rows;
    while (row_ < left_.rows() && left_rows.size() < kMaxPairs) {
      uint32_t& at = cursor_[row_];
      // One match settles a row of a semi or anti join.
      if (at == GroupTable::kNone || (LeftOnly() && left_matched_[row_])) {
        ++row_;
        continue;
      }
      if (LeftOnly() && parts_.residual == nullptr) {
        left_matched_[row_] = true;
        ++row_;
        continue;
      }
      left_rows.push_back(static_cast<uint32_t>(row_));
      right_rows.push_back(at);
      at = Advance(at);
    }
    if (!left_rows.empty()) return EmitPairs(left_rows, right_rows, out);
    probing_ = false;
    return EmitLeft(out);
  }

  Status EmitPairs(std::vector<uint32_t>& left_rows, std::vector<uint32_t>& right_rows, ColumnBatch* out) {
    ColumnBatch pairs = left_.Gather(left_rows);
    const ColumnBatch right = right_.Gather(right_rows);
    for (const VectorPtr& column : right.columns()) pairs.Add(column);
    if (parts_.residual == nullptr) {
      for (uint32_t row : left_rows) left_matched_[row] = true;
      if (KeepsRight()) {
        for (uint32_t row : right_rows) right_matched_[row] = true;
      }
      if (!LeftOnly()) *out = std::move(pairs);
      return OkStatus();
    }
    std::vector<uint32_t> selection;
    RETURN_IF_ERROR(parts_.residual->EvaluateFilter(pairs, context_, &selection));
    for (uint32_t pair : selection) {
      left_matched_[left_rows[pair]] = true;
      if (KeepsRight()) right_matched_[right_rows[pair]] = true;
    }
    if (!LeftOnly() && !selection.empty()) *out = pairs.Gather(selection);
    return OkStatus();
  }

  bool WantsLeft(size_t row) const {
    switch (node_.join) {
      case JoinType::kSemi: return left_matched_[row];
      case JoinType::kAnti: return !left_matched_[row];
      case JoinType::kAntiNotIn:
        if (right_.empty()) return true;
        return !right_has_null_ && !left_null_[row] && !left_matched_[row];
      default: return !left_matched_[row];
    }
  }

  /// The left batch is through: rows that come without a partner.
  Status EmitLeft(ColumnBatch* out) {
    if (!LeftOnly() && !KeepsLeft()) return OkStatus();
    std::vector<uint32_t> rows;
    for (size_t row = 0; row < left_.rows(); ++row) {
      if (WantsLeft(row)) rows.push_back(static_cast<uint32_t>(row));
    }
    if (rows.empty()) return OkStatus();
    ColumnBatch result = rows.size() == left_.rows() ? left_ : left_.Gather(rows);
    if (!LeftOnly()) {
      for (const PlanColumn& column : node_.children[1]->output) result.Add(Vector::AllNull(column.type, rows.size()));
    }
    *out = std::move(result);
    return OkStatus();
  }

  bool EmitUnmatchedRight(ColumnBatch* out) {
    if (!KeepsRight()) return false;
    std::vector<uint32_t> rows;
    while (right_at_ < right_.rows() && rows.size() < kDefaultBatchRows) {
      if (!right_matched_[right_at_]) rows.push_back(static_cast<uint32_t>(right_at_));
      ++right_at_;
    }
    if (rows.empty()) return false;
    ColumnBatch result(rows.size());
    for (const PlanColumn& column : node_.children[0]->output) result.Add(Vector::AllNull(column.type, rows.size()));
    const ColumnBatch right = right_.Gather(rows);
    for (const VectorPtr& column : right.columns()) result.Add(column);
    *out = std::move(result);
    return true;
  }

  const JoinNode& node_;
  JoinParts parts_;
  const ExecContext& context_;
  Collector collector_;
  MemoryHold memory_;
  GroupTable table_;
  bool built_ = false;
  ColumnBatch right_;
  std::vector<uint32_t> first_, next_;   // chains of right rows by key
  bool right_has_null_ = false;
  std::vector<bool> right_matched_;
  size_t right_at_ = 0;
  ColumnBatch left_;
  std::vector<uint32_t> cursor_;         // per left row: the next candidate
  std::vector<bool> left_matched_, left_null_;
  size_t row_ = 0;
  bool probing_ = false;
  bool left_done_ = false;
};

}  // namespace

StatusOr<OperatorPtr> MakeJoin(const JoinNode& node, const BuildStatePtr& state) {
  const std::vector<PlanColumn>& left = node.children[0]->output;
  const std::vector<PlanColumn>& right = node.children[1]->output;
  JoinParts parts;
  ASSIGN_OR_RETURN(parts.left_keys, CompileAll(node.left_keys, left));
  ASSIGN_OR_RETURN(parts.right_keys, CompileAll(node.right_keys, right));
  if (node.residual != nullptr) {
    std::vector<PlanColumn> both = left;
    both.insert(both.end(), right.begin(), right.end());
    ASSIGN_OR_RETURN(parts.residual, CompileOver(node.residual, both));
  }
  ASSIGN_OR_RETURN(parts.left, BuildNode(*node.children[0], state));
  ASSIGN_OR_RETURN(parts.right, BuildNode(*node.children[1], state));
  return OperatorPtr(std::make_unique<JoinOperator>(node, std::move(parts), *state->context));
}

}  // namespace tsd::sql
