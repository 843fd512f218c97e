#include "sql/exec/sort_operator.h"

#include <algorithm>

#include "sql/exec/merge_operator.h"

namespace tsd::sql {

namespace {

constexpr size_t kMaxRuns = 64;                  // merged at once
constexpr size_t kRunBatchRows = 1024;           // a merge holds one batch a run

}  // namespace

StatusOr<Pull> SortOperator::Next(ColumnBatch* out) {
  while (phase_ != Phase::kGive) {
    RETURN_IF_ERROR(CheckCancelled(context_));
    ASSIGN_OR_RETURN(const Pull pull, Step());
    if (pull == Pull::kBlocked) return pull;
    if (phase_ == Phase::kTake) continue;  // the child sees to turns
    NoteWork(context_);
    if (TurnIsOver(context_)) return Pull::kBlocked;
  }
  if (merged_ != nullptr) return merged_->Next(out);
  if (at_ >= order_.size()) return Pull::kDone;
  const size_t end = std::min(order_.size(), at_ + kDefaultBatchRows);
  *out = rows_.Gather(std::span<const uint32_t>(order_).subspan(at_, end - at_));
  at_ = end;
  return Pull::kRows;
}

StatusOr<Pull> SortOperator::Step() {
  switch (phase_) {
    case Phase::kTake: {
      ColumnBatch batch;
      ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
      if (pull == Pull::kBlocked) return pull;
      RETURN_IF_ERROR(pull == Pull::kRows ? Take(batch) : TakenAll());
      break;
    }
    case Phase::kMergeRuns: RETURN_IF_ERROR(MergeSome()); break;
    case Phase::kSort:
      if (!sorter_->Step()) break;
      order_ = sorter_->Take();
      sorter_.reset();
      at_ = 0;
      phase_ = new_run_ != nullptr ? Phase::kWriteRun : Phase::kGive;
      break;
    case Phase::kWriteRun: RETURN_IF_ERROR(WriteSome()); break;
    case Phase::kGive: break;
  }
  return Pull::kRows;
}

Status SortOperator::Take(const ColumnBatch& batch) {
  builder_.Append(batch);
  const size_t bytes = builder_.MemoryBytes() + builder_.rows() * RowSorter::BytesARow(keys_);
  Status status = memory_.SetOrSpill(bytes);
  if (status.ok()) status = CheckColumnSizes(builder_, batch.column_count());
  if (status.ok() || context_.spill == nullptr || !memory_.AreWorthSpilling(bytes)) return status;
  return BeginRun();
}

Status SortOperator::TakenAll() {
  child_.reset();
  if (runs_.empty()) {
    BeginSort();
  } else if (builder_.rows() > 0) {
    return BeginRun();
  } else {
    merged_ = MergeOfRuns();
    phase_ = Phase::kGive;
  }
  return OkStatus();
}

Status SortOperator::BeginRun() {
  ASSIGN_OR_RETURN(new_run_, SpillRun::Create(*context_.spill));
  if (runs_.size() >= kMaxRuns) {
    merged_ = MergeOfRuns();
    phase_ = Phase::kMergeRuns;
  } else {
    BeginSort();
  }
  return OkStatus();
}

void SortOperator::BeginSort() {
  rows_ = builder_.Finish();
  sorter_.emplace(rows_, keys_);
  phase_ = Phase::kSort;
}

Status SortOperator::WriteSome() {
  const size_t count = std::min(order_.size() - at_, kRunBatchRows);
  RETURN_IF_ERROR(new_run_->Write(rows_.Gather(std::span<const uint32_t>(order_).subspan(at_, count))));
  at_ += count;
  if (at_ < order_.size()) return OkStatus();
  runs_.push_back(std::move(new_run_));
  rows_ = ColumnBatch();
  order_ = {};
  RETURN_IF_ERROR(memory_.Set(0));
  phase_ = Phase::kTake;
  return child_ == nullptr ? TakenAll() : OkStatus();
}

OperatorPtr SortOperator::MergeOfRuns() {
  std::vector<OperatorPtr> sources;
  for (std::unique_ptr<SpillRun>& run : runs_) sources.push_back(MakeRunSource(std::move(run)));
  runs_.clear();
  return MakeMerge(std::move(sources), keys_, types_);
}

Status SortOperator::MergeSome() {
  ColumnBatch batch;
  ASSIGN_OR_RETURN(const Pull pull, merged_->Next(&batch));
  if (pull == Pull::kDone) {
    runs_.push_back(std::move(new_run_));
    merged_.reset();
    return BeginRun();
  }
  for (size_t begin = 0; begin < batch.rows(); begin += kRunBatchRows) {
    RETURN_IF_ERROR(new_run_->Write(batch.Slice(begin, std::min(batch.rows(), begin + kRunBatchRows))));
  }
  return OkStatus();
}

namespace {

uint64_t KeptRows(const TopNOperator::Options& options) {
  return options.limit > std::numeric_limits<uint64_t>::max() - options.offset ? std::numeric_limits<uint64_t>::max()
                                                                               : options.limit + options.offset;
}

/// The value a chunk's time range is compared with; false for other types.
bool BoundValue(const Vector& column, size_t row, int64_t* value) {
  if (column.IsNull(row)) return false;
  switch (column.type().Physical()) {
    case PhysicalType::kInt16: *value = column.Get<int16_t>(row); return true;
    case PhysicalType::kInt32: *value = column.Get<int32_t>(row); return true;
    case PhysicalType::kInt64: *value = column.Get<int64_t>(row); return true;
    default: return false;
  }
}

}  // namespace

void TopNOperator::Prune() {
  const uint64_t keep = KeptRows(options_);
  ColumnBatch rows = builder_.Finish();
  std::vector<uint32_t> order;
  if (options_.with_ties) {
    order = SortedRows(rows, keys_);
    size_t end = std::min<size_t>(keep, order.size());
    while (end > 0 && end < order.size() && CompareOrder(keys_, rows, order[end], rows, order[keep - 1]) == 0) ++end;
    order.resize(end);
  } else {
    order = FirstRows(rows, keys_, keep);
  }
  builder_.AppendSelected(rows, order);
  if (order.size() < keep || keep == 0) return;
  const uint32_t last = order[keep - 1];
  worst_ = rows.Slice(last, last + 1);
  if (options_.bound != nullptr && !keys_.empty()) {
    options_.bound->full = BoundValue(rows.column(keys_[0].column), last, &options_.bound->worst);
  }
}

Status TopNOperator::Take(const ColumnBatch& batch) {
  const uint64_t keep = KeptRows(options_);
  if (worst_.empty()) {
    builder_.Append(batch);
  } else {
    std::vector<uint32_t> better;
    const int limit = options_.with_ties ? 1 : 0;
    for (size_t row = 0; row < batch.rows(); ++row) {
      if (CompareOrder(keys_, batch, row, worst_, 0) < limit) better.push_back(static_cast<uint32_t>(row));
    }
    if (better.empty()) return OkStatus();
    builder_.AppendSelected(batch, better);
  }
  // Only now and then: pruning costs a pass over what is kept.
  const uint64_t slack = std::max<uint64_t>(keep, kDefaultBatchRows);
  const bool first_full = worst_.empty() && builder_.rows() >= keep;
  if (first_full || (builder_.rows() > slack && builder_.rows() - slack >= keep)) Prune();
  return memory_.Set(builder_.MemoryBytes());
}

void TopNOperator::Finish() {
  Prune();
  ColumnBatch rows = builder_.Finish();
  // FirstRows left them in order, and nothing came after.
  if (options_.offset >= rows.rows()) {
    rows = ColumnBatch();
  } else if (options_.offset > 0) {
    rows = rows.Slice(options_.offset, rows.rows());
  }
  emitter_.Reset(std::move(rows));
  done_ = true;
}

StatusOr<Pull> TopNOperator::Next(ColumnBatch* out) {
  while (!done_) {
    RETURN_IF_ERROR(CheckCancelled(context_));
    if (options_.limit == 0) return Pull::kDone;
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
    if (pull == Pull::kBlocked) return pull;
    if (pull == Pull::kDone) {
      Finish();
      child_.reset();
      break;
    }
    RETURN_IF_ERROR(Take(batch));
  }
  return emitter_.Next(out) ? Pull::kRows : Pull::kDone;
}

}  // namespace tsd::sql
