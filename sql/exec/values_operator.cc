#include "sql/exec/values_operator.h"

#include <algorithm>

namespace tsd::sql {

StatusOr<Pull> ValuesOperator::Next(ColumnBatch* out) {
  if (next_ready_ < node_.ready.size()) {
    *out = node_.ready[next_ready_++];
    return Pull::kRows;
  }
  if (at_ >= node_.rows.size()) return Pull::kDone;
  if (program_ == nullptr) {
    ASSIGN_OR_RETURN(program_, ValuesProgram::Compile(node_));
  }
  const size_t end = std::min(node_.rows.size(), at_ + kDefaultBatchRows);
  static const std::vector<Value> kNone;
  ASSIGN_OR_RETURN(*out, program_->Run(at_, end, parameters_ == nullptr ? kNone : *parameters_, context_));
  at_ = end;
  return Pull::kRows;
}

}  // namespace tsd::sql
