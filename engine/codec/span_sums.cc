#include "engine/codec/span_sums.h"

#include "engine/codec/offset_kernels.h"

namespace tsd::engine {

void SpanSums::PutNarrow(int64_t base, const int16_t* offsets, size_t count) {
  while (count != 0) {
    const size_t part = Together(count);
    if (InSpan()) {
      KeptSum kept{0, part};
      if (keep_.empty()) {
        kept.sum = SumOffsets(offsets, part);
      } else {
        kept = SumKeptOffsets(offsets, keep_.data() + at_, part);
      }
      sums_[span_] += static_cast<__int128>(base) * static_cast<__int128>(kept.kept) + kept.sum;
    }
    Pass(part);
    offsets += part;
    count -= part;
  }
}

void SpanSums::PutWide(const int64_t* values, size_t count) {
  while (count != 0) {
    const size_t part = Together(count);
    __int128 sum = 0;
    for (size_t i = 0; i < part && InSpan(); ++i) sum += keep_.empty() || keep_[at_ + i] != 0 ? values[i] : 0;
    if (InSpan()) sums_[span_] += sum;
    Pass(part);
    values += part;
    count -= part;
  }
}

}  // namespace tsd::engine
