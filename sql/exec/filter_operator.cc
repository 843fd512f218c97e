#include "sql/exec/filter_operator.h"

#include "sql/exec/choose_rows.h"

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
    *out = ChooseRows(std::move(batch), selection_);
    return Pull::kRows;
  }
}

}  // namespace tsd::sql
