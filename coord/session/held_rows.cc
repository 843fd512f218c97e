#include "coord/session/held_rows.h"

namespace tsd::coord {

Status HeldRows::Add(ColumnBatch batch) {
  const size_t bytes = bytes_ + batch.MemoryBytes();
  RETURN_IF_ERROR(hold_.Set(bytes));
  bytes_ = bytes;
  batches_.push_back(std::move(batch));
  return OkStatus();
}

Task<StatusOr<ColumnBatch>> HeldRows::Next() {
  if (next_ >= batches_.size()) co_return ColumnBatch();
  ColumnBatch batch = std::move(batches_[next_++]);
  bytes_ -= batch.MemoryBytes();
  CO_RETURN_IF_ERROR(hold_.Set(bytes_));
  co_return batch;
}

}  // namespace tsd::coord
