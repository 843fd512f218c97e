#include "sql/exec/filter_operator.h"

namespace tsd::sql {

StatusOr<Pull> FilterOperator::Next(ColumnBatch* out) {
  while (true) {
    RETURN_IF_ERROR(CheckCancelled(context_));
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
    if (pull != Pull::kRows) return pull;
    selection_.clear();
    RETURN_IF_ERROR(condition_->EvaluateFilter(batch, context_, &selection_));
    if (selection_.empty()) continue;
    *out = selection_.size() == batch.rows() ? std::move(batch) : batch.Gather(selection_);
    return Pull::kRows;
  }
}

}  // namespace tsd::sql
