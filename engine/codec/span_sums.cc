#include "engine/codec/span_sums.h"

#include "engine/codec/frame_kernels.h"

namespace tsd::engine {

void SpanSums::Take(const int64_t* values, size_t count) {
  while (count != 0) {
    const size_t part = Together(count);
    TakeSum(part, at_ >= begin_ ? SumNumbers(values, part) : 0);
    values += part;
    count -= part;
  }
}

}  // namespace tsd::engine
