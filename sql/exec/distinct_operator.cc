#include "sql/exec/distinct_operator.h"

#include "engine/types/compare.h"

namespace tsd::sql {

StatusOr<Pull> DistinctOperator::Next(ColumnBatch* out) {
  while (child_ != nullptr) {
    RETURN_IF_ERROR(CheckCancelled(context_));
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
    if (pull == Pull::kBlocked) return pull;
    if (pull == Pull::kDone) {
      child_.reset();
      break;
    }
    if (batch.column_count() == 0) {  // all rows are equal
      if (std::exchange(any_, true)) continue;
      *out = ColumnBatch(1);
      return Pull::kRows;
    }
    std::vector<uint32_t> fresh;
    RETURN_IF_ERROR(rows_.Take(batch, &fresh));
    if (fresh.empty()) continue;
    *out = fresh.size() == batch.rows() ? std::move(batch) : batch.Gather(fresh);
    return Pull::kRows;
  }
  ASSIGN_OR_RETURN(*out, rows_.Next());
  return out->empty() ? Pull::kDone : Pull::kRows;
}

StatusOr<Pull> DistinctOnOperator::Next(ColumnBatch* out) {
  const auto same = [this](const ColumnBatch& a, size_t a_row, const ColumnBatch& b, size_t b_row) {
    for (size_t key : keys_) {
      if (!RowsEqualOrBothNull(a.column(key), a_row, b.column(key), b_row)) return false;
    }
    return true;
  };
  while (true) {
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
    if (pull != Pull::kRows) return pull;
    std::vector<uint32_t> first;
    for (size_t row = 0; row < batch.rows(); ++row) {
      const bool repeated = row > 0 ? same(batch, row - 1, batch, row) : !last_.empty() && same(last_, 0, batch, row);
      if (!repeated) first.push_back(static_cast<uint32_t>(row));
    }
    last_ = batch.Slice(batch.rows() - 1, batch.rows());
    if (first.empty()) continue;
    *out = first.size() == batch.rows() ? std::move(batch) : batch.Gather(first);
    return Pull::kRows;
  }
}

}  // namespace tsd::sql
