#include "sql/exec/join_operator.h"

#include <algorithm>

#include "sql/exec/join_table.h"
#include "sql/exec/spill_partitions.h"

namespace tsd::sql {
namespace {

constexpr size_t kMaxPairs = 4 * kDefaultBatchRows;  // candidates looked at in one go

using KeyExprs = std::vector<std::unique_ptr<CompiledExpr>>;

struct JoinParts {
  OperatorPtr left, right;
  KeyExprs left_keys, right_keys;
  std::unique_ptr<CompiledExpr> residual;
};

std::vector<DataType> KeyTypes(const KeyExprs& keys) {
  std::vector<DataType> types;
  for (const auto& key : keys) types.push_back(key->type());
  return types;
}

/// Batches of a join's side that went to disk, by the hash of their keys.
class SpilledSide {
 public:
  SpilledSide(const std::vector<PlanColumn>& columns, bool has_keys, bool keeps_null_keys, const ExecContext& context)
      : partitions_(TypesOf(columns), has_keys ? SpillPartitions::kUsualCount : 1, context), keeps_null_keys_(keeps_null_keys) {}

  /// Rows with a NULL key match nothing: they are left out, or, if the join keeps them, go anywhere.
  Status Write(const ColumnBatch& rows, const std::vector<VectorPtr>& keys) {
    std::vector<uint32_t> places = PartitionsByKey(keys, rows.rows(), partitions_.count());
    std::vector<uint32_t> kept;
    for (size_t row = 0; row < places.size(); ++row) {
      if (AnyNull(keys, row)) {
        if (!keeps_null_keys_) continue;
        places[row] = static_cast<uint32_t>(next_place_++ % partitions_.count());
      }
      places[kept.size()] = places[row];
      kept.push_back(static_cast<uint32_t>(row));
    }
    places.resize(kept.size());
    return partitions_.Write(kept.size() == rows.rows() ? rows : rows.Gather(kept), places);
  }
  Status Finish() { return partitions_.Finish(); }
  size_t count() const { return partitions_.count(); }
  size_t rows(size_t partition) const { return partitions_.rows(partition); }
  StatusOr<ColumnBatch> Read(size_t partition, size_t number) { return partitions_.Read(partition, number); }

 private:
  SpillPartitions partitions_;
  const bool keeps_null_keys_;
  size_t next_place_ = 0;
};

/// The left batch at hand.
struct Probe {
  ColumnBatch rows;
  std::vector<uint32_t> candidates;  // by row: the next one to look at
  std::vector<bool> matched;
  std::vector<bool> null_key;
  size_t at = 0;
  size_t place = 0;                  // of the first row in its partition
};

/// columns.size(): not there.
size_t PositionIn(const std::vector<PlanColumn>& columns, int id) {
  return static_cast<size_t>(std::find_if(columns.begin(), columns.end(), [id](const PlanColumn& column) { return column.id == id; }) - columns.begin());
}

ColumnBatch SideBySide(ColumnBatch left, const ColumnBatch& right) {
  for (const VectorPtr& column : right.columns()) left.Add(column);
  return left;
}

/// Whether `chosen`, which ascends, is every one of `rows` rows once.
bool AreAll(const std::vector<uint32_t>& chosen, size_t rows) {
  if (chosen.size() != rows) return false;
  for (size_t i = 0; i < rows; ++i) {
    if (chosen[i] != i) return false;
  }
  return true;
}

class JoinOperator final : public Operator {
 public:
  JoinOperator(const JoinNode& node, JoinParts parts, const ExecContext& context)
      : node_(node), parts_(std::move(parts)), context_(context), memory_(context) {
    const size_t left = node.children[0]->output.size();
    for (const PlanColumn& column : node.output) {
      const size_t at = PositionIn(node.children[0]->output, column.id);
      if (at < left) {
        kept_left_.push_back(at);
      } else {
        kept_right_.push_back(PositionIn(node.children[1]->output, column.id));
      }
    }
    NewTable();
  }

  StatusOr<Pull> Next(ColumnBatch* out) override {
    while (stage_ == Stage::kTakingRight || stage_ == Stage::kSpillingLeft) {
      RETURN_IF_ERROR(CheckCancelled(context_));
      ASSIGN_OR_RETURN(const Pull pull, stage_ == Stage::kTakingRight ? TakeRight() : SpillLeft());
      if (pull == Pull::kBlocked) return pull;
    }
    while (stage_ == Stage::kJoining) {
      RETURN_IF_ERROR(CheckCancelled(context_));
      if (TurnIsOver(context_)) return Pull::kBlocked;
      if (probing_) {
        NoteWork(context_);
        RETURN_IF_ERROR(Step(out));
        if (!out->empty()) return Pull::kRows;
        continue;
      }
      ColumnBatch batch;
      ASSIGN_OR_RETURN(const Pull pull, NextLeft(&batch));
      if (pull == Pull::kBlocked) return pull;
      if (pull == Pull::kRows) {
        RETURN_IF_ERROR(StartBatch(std::move(batch)));
        continue;
      }
      if (EmitUnmatchedRight(out)) return Pull::kRows;
      RETURN_IF_ERROR(NextBlock());
    }
    return Pull::kDone;
  }
  std::string Name() const override { return HasKeys() ? "Hash Join" : "Nested Loop"; }

 private:
  enum class Stage : uint8_t { kTakingRight, kSpillingLeft, kJoining, kDone };

  bool HasKeys() const { return !parts_.left_keys.empty(); }
  bool LeftOnly() const {
    return node_.join == JoinType::kSemi || node_.join == JoinType::kAnti || node_.join == JoinType::kAntiNotIn;
  }
  bool KeepsLeft() const { return node_.join == JoinType::kLeft || node_.join == JoinType::kFull; }
  bool KeepsRight() const { return node_.join == JoinType::kRight || node_.join == JoinType::kFull; }
  /// Without right rows there is nothing to find.
  bool NeedsRight() const { return node_.join == JoinType::kInner || node_.join == JoinType::kCross || node_.join == JoinType::kSemi; }
  /// A left row comes out though it matches nothing, or because of that.
  bool NeedsUnmatchedLeft() const { return KeepsLeft() || node_.join == JoinType::kAnti || node_.join == JoinType::kAntiNotIn; }

  void NewTable() { table_ = std::make_unique<JoinTable>(TypesOf(node_.children[1]->output), KeyTypes(parts_.right_keys)); }

  StatusOr<std::vector<VectorPtr>> Keys(const KeyExprs& exprs, const ColumnBatch& batch) const {
    std::vector<VectorPtr> keys;
    for (const auto& key : exprs) {
      ASSIGN_OR_RETURN(VectorPtr column, EvaluateFlat(*key, batch, context_));
      keys.push_back(std::move(column));
    }
    return keys;
  }

  // ---- the right side comes in ----

  StatusOr<Pull> TakeRight() {
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, parts_.right->Next(&batch));
    if (pull == Pull::kDone) RETURN_IF_ERROR(FinishRight());
    if (pull != Pull::kRows) return pull;
    ASSIGN_OR_RETURN(const std::vector<VectorPtr> keys, Keys(parts_.right_keys, batch));
    right_is_empty_ = false;
    for (size_t row = 0; row < batch.rows() && node_.join == JoinType::kAntiNotIn; ++row) {
      if (!AnyNull(keys, row)) continue;
      stage_ = Stage::kDone;  // nothing is surely not in a list with a NULL
      return Pull::kDone;
    }
    if (spilled_right_ != nullptr) {
      RETURN_IF_ERROR(spilled_right_->Write(batch, keys));
      return pull;
    }
    table_->Add(batch, keys);
    const Status room = MakeRoom();
    if (room.ok()) return pull;
    if (context_.spill == nullptr || !memory_.AreWorthSpilling(table_->MemoryBytes())) return room;
    RETURN_IF_ERROR(SpillRight());
    return pull;
  }

  Status MakeRoom() {
    RETURN_IF_ERROR(memory_.SetOrSpill(table_->MemoryBytes() + partition_matched_.size() / 8));
    return table_->CheckSizes();
  }

  Status SpillRight() {
    spilled_right_ = std::make_unique<SpilledSide>(node_.children[1]->output, HasKeys(), KeepsRight(), context_);
    ColumnBatch rows = table_->TakeRows();
    NewTable();
    RETURN_IF_ERROR(memory_.Set(0));
    for (size_t begin = 0; begin < rows.rows(); begin += kDefaultBatchRows) {
      const ColumnBatch part = rows.Slice(begin, std::min(rows.rows(), begin + kDefaultBatchRows));
      ASSIGN_OR_RETURN(const std::vector<VectorPtr> keys, Keys(parts_.right_keys, part));
      RETURN_IF_ERROR(spilled_right_->Write(part, keys));
    }
    return OkStatus();
  }

  Status FinishRight() {
    parts_.right.reset();
    stage_ = Stage::kJoining;
    if (right_is_empty_ && NeedsRight()) {
      stage_ = Stage::kDone;
    } else if (spilled_right_ != nullptr) {
      stage_ = Stage::kSpillingLeft;
      RETURN_IF_ERROR(spilled_right_->Finish());
      const bool keeps_null_keys = KeepsLeft() || node_.join == JoinType::kAnti;
      spilled_left_ = std::make_unique<SpilledSide>(node_.children[0]->output, HasKeys(), keeps_null_keys, context_);
    } else {
      StartBlock();
    }
    return OkStatus();
  }

  StatusOr<Pull> SpillLeft() {
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, parts_.left->Next(&batch));
    if (pull == Pull::kRows) {
      ASSIGN_OR_RETURN(const std::vector<VectorPtr> keys, Keys(parts_.left_keys, batch));
      RETURN_IF_ERROR(spilled_left_->Write(batch, keys));
    } else if (pull == Pull::kDone) {
      parts_.left.reset();
      RETURN_IF_ERROR(spilled_left_->Finish());
      stage_ = Stage::kJoining;
      RETURN_IF_ERROR(StartPartition(0));
    }
    return pull;
  }

  // ---- blocks of right rows, and the left batches that pass each ----

  /// The table has the right rows that the left ones are now held against.
  void StartBlock() {
    table_->Build();
    right_matched_.assign(KeepsRight() ? table_->rows().rows() : 0, false);
    right_at_ = 0;
    left_read_ = 0;
    left_place_ = 0;
    left_done_ = false;
  }

  /// The first partition from `partition` on that gives rows.
  Status StartPartition(size_t partition) {
    const auto nothing = [this](size_t i) {
      const bool left = spilled_left_->rows(i) != 0, right = spilled_right_->rows(i) != 0;
      return !(left && right) && !(left && NeedsUnmatchedLeft()) && !(right && KeepsRight());
    };
    while (partition < spilled_right_->count() && nothing(partition)) ++partition;
    partition_ = partition;
    if (partition == spilled_right_->count()) {
      stage_ = Stage::kDone;
      return OkStatus();
    }
    right_read_ = 0;
    partition_matched_.clear();
    return LoadBlock();
  }

  Status LoadBlock() {
    NewTable();
    RETURN_IF_ERROR(memory_.Set(0));
    last_block_ = false;
    for (bool first = true;; first = false) {
      ASSIGN_OR_RETURN(const ColumnBatch batch, spilled_right_->Read(partition_, right_read_));
      last_block_ = batch.empty();
      if (last_block_) break;
      ++right_read_;
      ASSIGN_OR_RETURN(const std::vector<VectorPtr> keys, Keys(parts_.right_keys, batch));
      table_->Add(batch, keys);
      if (MakeRoom().ok()) continue;
      if (first) RETURN_IF_ERROR(memory_.Set(table_->MemoryBytes()));
      break;
    }
    // A left row's partners may lie in several blocks.
    if (!last_block_ && (LeftOnly() || KeepsLeft())) partition_matched_.resize(spilled_left_->rows(partition_));
    StartBlock();
    return OkStatus();
  }

  Status NextBlock() {
    if (spilled_right_ == nullptr) {
      stage_ = Stage::kDone;
      return OkStatus();
    }
    return last_block_ ? StartPartition(partition_ + 1) : LoadBlock();
  }

  StatusOr<Pull> NextLeft(ColumnBatch* batch) {
    if (left_done_) return Pull::kDone;
    if (spilled_left_ != nullptr) {
      ASSIGN_OR_RETURN(*batch, spilled_left_->Read(partition_, left_read_++));
      left_done_ = batch->empty();
      return left_done_ ? Pull::kDone : Pull::kRows;
    }
    ASSIGN_OR_RETURN(const Pull pull, parts_.left->Next(batch));
    if (pull == Pull::kDone) {
      left_done_ = true;
      parts_.left.reset();
    }
    return pull;
  }

  Status StartBatch(ColumnBatch batch) {
    probe_.rows = std::move(batch);
    const size_t rows = probe_.rows.rows();
    probe_.matched.assign(rows, false);
    probe_.null_key.assign(rows, false);
    probe_.at = 0;
    probe_.place = left_place_;
    left_place_ += rows;
    probing_ = true;
    if (!partition_matched_.empty()) {
      for (size_t row = 0; row < rows; ++row) probe_.matched[row] = partition_matched_[probe_.place + row];
    }
    ASSIGN_OR_RETURN(const std::vector<VectorPtr> keys, Keys(parts_.left_keys, probe_.rows));
    table_->FirstCandidates(keys, rows, &probe_.candidates);
    if (node_.join != JoinType::kAntiNotIn) return OkStatus();
    for (size_t row = 0; row < rows; ++row) probe_.null_key[row] = AnyNull(keys, row);
    return OkStatus();
  }

  /// Some candidate pairs, or the end of the left batch.
  Status Step(ColumnBatch* out) {
    *out = ColumnBatch();
    std::vector<uint32_t> left_rows, right_rows;
    while (probe_.at < probe_.rows.rows() && left_rows.size() < kMaxPairs) {
      uint32_t& candidate = probe_.candidates[probe_.at];
      // One match settles a row of a semi or anti join.
      if (candidate == JoinTable::kNone || (LeftOnly() && probe_.matched[probe_.at])) {
        ++probe_.at;
        continue;
      }
      if (LeftOnly() && parts_.residual == nullptr) {
        probe_.matched[probe_.at++] = true;
        continue;
      }
      left_rows.push_back(static_cast<uint32_t>(probe_.at));
      right_rows.push_back(candidate);
      candidate = table_->NextCandidate(candidate);
    }
    if (!left_rows.empty()) return EmitPairs(left_rows, right_rows, out);
    probing_ = false;
    if (spilled_left_ == nullptr || last_block_) return EmitLeft(out);
    for (size_t row = 0; row < probe_.matched.size() && !partition_matched_.empty(); ++row) {
      partition_matched_[probe_.place + row] = probe_.matched[row];
    }
    return OkStatus();
  }

  Status EmitPairs(const std::vector<uint32_t>& left_rows, const std::vector<uint32_t>& right_rows, ColumnBatch* out) {
    if (parts_.residual == nullptr) {
      for (uint32_t row : left_rows) probe_.matched[row] = true;
      if (KeepsRight()) {
        for (uint32_t row : right_rows) right_matched_[row] = true;
      }
      if (LeftOnly()) return OkStatus();
      const ColumnBatch left = probe_.rows.Project(kept_left_);
      *out = SideBySide(AreAll(left_rows, left.rows()) ? left : left.Gather(left_rows), table_->rows().Project(kept_right_).Gather(right_rows));
      return OkStatus();
    }
    const ColumnBatch pairs = SideBySide(probe_.rows.Gather(left_rows), table_->rows().Gather(right_rows));
    std::vector<uint32_t> selection;
    RETURN_IF_ERROR(parts_.residual->EvaluateFilter(pairs, context_, &selection));
    for (uint32_t pair : selection) {
      probe_.matched[left_rows[pair]] = true;
      if (KeepsRight()) right_matched_[right_rows[pair]] = true;
    }
    if (LeftOnly() || selection.empty()) return OkStatus();
    std::vector<size_t> kept = kept_left_;
    for (size_t position : kept_right_) kept.push_back(probe_.rows.column_count() + position);
    *out = pairs.Project(kept).Gather(selection);
    return OkStatus();
  }

  bool WantsLeft(size_t row) const {
    switch (node_.join) {
      case JoinType::kSemi: return probe_.matched[row];
      case JoinType::kAntiNotIn: return right_is_empty_ || (!probe_.null_key[row] && !probe_.matched[row]);
      default: return !probe_.matched[row];
    }
  }

  /// The left batch has met all right rows: rows that come without a partner.
  Status EmitLeft(ColumnBatch* out) {
    if (!LeftOnly() && !KeepsLeft()) return OkStatus();
    std::vector<uint32_t> rows;
    for (size_t row = 0; row < probe_.rows.rows(); ++row) {
      if (WantsLeft(row)) rows.push_back(static_cast<uint32_t>(row));
    }
    if (rows.empty()) return OkStatus();
    const ColumnBatch left = probe_.rows.Project(kept_left_);
    ColumnBatch result = rows.size() == left.rows() ? left : left.Gather(rows);
    for (size_t position : kept_right_) result.Add(Vector::AllNull(node_.children[1]->output[position].type, rows.size()));
    *out = std::move(result);
    return OkStatus();
  }

  /// The block has met all left rows.
  bool EmitUnmatchedRight(ColumnBatch* out) {
    std::vector<uint32_t> rows;
    while (right_at_ < right_matched_.size() && rows.size() < kDefaultBatchRows) {
      if (!right_matched_[right_at_]) rows.push_back(static_cast<uint32_t>(right_at_));
      ++right_at_;
    }
    if (rows.empty()) return false;
    ColumnBatch result(rows.size());
    for (size_t position : kept_left_) result.Add(Vector::AllNull(node_.children[0]->output[position].type, rows.size()));
    *out = SideBySide(std::move(result), table_->rows().Project(kept_right_).Gather(rows));
    return true;
  }

  const JoinNode& node_;
  JoinParts parts_;
  std::vector<size_t> kept_left_, kept_right_;  // positions in the children of the columns that come out
  const ExecContext& context_;
  MemoryHold memory_;
  Stage stage_ = Stage::kTakingRight;
  std::unique_ptr<JoinTable> table_;     // all right rows, or a block of them
  bool right_is_empty_ = true;
  std::vector<bool> right_matched_;      // by row of the table
  size_t right_at_ = 0;
  Probe probe_;
  bool probing_ = false;
  bool left_done_ = false;               // for this block
  // On disk, and where we are in it.
  std::unique_ptr<SpilledSide> spilled_right_, spilled_left_;
  size_t partition_ = 0, right_read_ = 0, left_read_ = 0, left_place_ = 0;
  bool last_block_ = false;              // of the partition
  std::vector<bool> partition_matched_;  // by left row of the partition, if it has several blocks
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
