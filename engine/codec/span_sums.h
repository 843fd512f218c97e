#pragma once
// SpanSums: sums of some runs of a sequence of integers that comes frame by frame, of all rows or of those that are kept. Sums are exact;
// damaged input gives any sum. One thread.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/codec/block_codec.h"
#include "engine/codec/frame_sink.h"

namespace tsd::engine {

class SpanSums final : public FrameSink {
 public:
  /// `spans` ascend and lie apart. `keep`: one byte a row, 0 for rows to leave out, 1 for others; or empty.
  SpanSums(std::span<const RowSpan> spans, std::span<const uint8_t> keep) : spans_(spans), keep_(keep), sums_(spans.size()) { Enter(); }
  __int128 sum(size_t span) const { return sums_[span]; }

  void PutNarrow(int64_t base, const int16_t* offsets, size_t count) override;
  int64_t* Room(size_t) override { return room_; }
  void PutWide(const int64_t* values, size_t count) override;

 private:
  /// How many of the next `most` numbers are of one span, or of none: those before the next edge.
  size_t Together(size_t most) const { return std::min(most, (at_ >= begin_ ? end_ : begin_) - at_); }
  bool InSpan() const { return at_ >= begin_; }
  /// The span at or after at_.
  void Enter() {
    begin_ = span_ < spans_.size() ? spans_[span_].begin : SIZE_MAX;
    end_ = span_ < spans_.size() ? spans_[span_].end : SIZE_MAX;
  }
  void Pass(size_t count) {
    at_ += count;
    if (at_ >= end_) {
      ++span_;
      Enter();
    }
  }

  const std::span<const RowSpan> spans_;
  const std::span<const uint8_t> keep_;
  std::vector<__int128> sums_;
  size_t at_ = 0;
  size_t span_ = 0;
  size_t begin_ = 0, end_ = 0;  // of span_
  int64_t room_[kFrameValues];
};

}  // namespace tsd::engine
