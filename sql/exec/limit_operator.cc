#include "sql/exec/limit_operator.h"

namespace tsd::sql {

StatusOr<uint64_t> EvaluateRowCount(const ExprPtr& expr, const char* sqlstate, const char* word, uint64_t absent,
                                    const ExecContext& context) {
  if (expr == nullptr) return absent;
  ASSIGN_OR_RETURN(const Value value, EvaluateConstant(*expr, context));
  if (value.IsNull()) return absent;
  if (value.AsInteger() < 0) return Error(sqlstate, StrCat(word, " must not be negative"));
  return static_cast<uint64_t>(value.AsInteger());
}

Status LimitOperator::Start() {
  ASSIGN_OR_RETURN(skip_, EvaluateRowCount(offset_, sqlstate::kInvalidRowCountInOffset, "OFFSET", 0, context_));
  ASSIGN_OR_RETURN(left_, EvaluateRowCount(limit_, sqlstate::kInvalidRowCountInLimit, "LIMIT", UINT64_MAX, context_));
  started_ = true;
  return OkStatus();
}

StatusOr<Pull> LimitOperator::NextTies(ColumnBatch* out) {
  if (ties_.empty() || last_.empty()) return Pull::kDone;
  ColumnBatch batch;
  ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
  if (pull != Pull::kRows) return pull;
  size_t equal = 0;
  while (equal < batch.rows() && CompareOrder(ties_, batch, equal, last_, 0) == 0) ++equal;
  if (equal < batch.rows()) last_ = ColumnBatch();
  if (equal == 0) return Pull::kDone;
  *out = batch.Slice(0, equal);
  return Pull::kRows;
}

StatusOr<Pull> LimitOperator::Next(ColumnBatch* out) {
  if (!started_) RETURN_IF_ERROR(Start());
  if (left_ == 0) return NextTies(out);
  while (true) {
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
    if (pull != Pull::kRows) return pull;
    if (skip_ >= batch.rows()) {
      skip_ -= batch.rows();
      continue;
    }
    if (skip_ > 0) {
      batch = batch.Slice(skip_, batch.rows());
      skip_ = 0;
    }
    if (batch.rows() < left_) {
      left_ -= batch.rows();
      *out = std::move(batch);
      return Pull::kRows;
    }
    size_t end = left_;
    left_ = 0;
    if (!ties_.empty()) {
      const size_t last = end - 1;
      while (end < batch.rows() && CompareOrder(ties_, batch, end, batch, last) == 0) ++end;
      if (end == batch.rows()) last_ = batch.Slice(last, last + 1);
    }
    *out = end == batch.rows() ? std::move(batch) : batch.Slice(0, end);
    return Pull::kRows;
  }
}

}  // namespace tsd::sql
