#include "sql/exec/distinct_operator.h"

#include "engine/types/compare.h"

namespace tsd::sql {

StatusOr<Pull> DistinctOperator::Next(ColumnBatch* out) {
  while (true) {
    RETURN_IF_ERROR(CheckCancelled(context_));
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
    if (pull != Pull::kRows) return pull;
    if (batch.column_count() == 0) {  // all rows are equal
      if (table_.size() != 0) continue;
      table_.Resolve({}, 1, &ids_);
      *out = ColumnBatch(1);
      return Pull::kRows;
    }
    size_t known = table_.size();
    table_.Resolve(batch.columns(), batch.rows(), &ids_);
    RETURN_IF_ERROR(memory_.Set(table_.MemoryBytes()));
    std::vector<uint32_t> fresh;
    for (size_t row = 0; row < ids_.size(); ++row) {
      if (ids_[row] < known) continue;
      fresh.push_back(static_cast<uint32_t>(row));
      known = ids_[row] + size_t{1};
    }
    if (fresh.empty()) continue;
    *out = fresh.size() == batch.rows() ? std::move(batch) : batch.Gather(fresh);
    return Pull::kRows;
  }
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
