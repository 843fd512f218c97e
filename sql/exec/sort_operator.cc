#include "sql/exec/sort_operator.h"

#include <algorithm>

namespace tsd::sql {

StatusOr<Pull> SortOperator::Next(ColumnBatch* out) {
  if (!sorted_) {
    ASSIGN_OR_RETURN(const Pull pull, collector_.Run());
    if (pull == Pull::kBlocked) return pull;
    rows_ = collector_.Take();
    RETURN_IF_ERROR(memory_.Set(rows_.rows() * 20));
    order_ = SortedRows(rows_, keys_);
    sorted_ = true;
  }
  if (at_ >= order_.size()) return Pull::kDone;
  const size_t end = std::min(order_.size(), at_ + kDefaultBatchRows);
  *out = rows_.Gather(std::span<const uint32_t>(order_).subspan(at_, end - at_));
  at_ = end;
  return Pull::kRows;
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
