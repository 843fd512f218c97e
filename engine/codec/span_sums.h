#pragma once
// SpanSums: sums of some runs of a sequence of integers that comes piece by piece. Sums are exact; damaged input gives any sum. One thread.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/codec/block_codec.h"

namespace tsd::engine {

class SpanSums {
 public:
  /// `spans` ascend and lie apart.
  explicit SpanSums(std::span<const RowSpan> spans) : spans_(spans), sums_(spans.size()) { Enter(); }
  __int128 sum(size_t span) const { return sums_[span]; }

  /// The next numbers.
  void Take(const int64_t* values, size_t count);
  /// How many of the next `most` numbers are of one span, or of none: those before the next edge.
  size_t Together(size_t most) const { return std::min(most, (at_ >= begin_ ? end_ : begin_) - at_); }
  /// The next `count` numbers, of which only the sum is known. Requires: count <= Together(count).
  void TakeSum(size_t count, int64_t sum) {
    if (at_ >= begin_) sums_[span_] += sum;
    Pass(count);
  }

 private:
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
  std::vector<__int128> sums_;
  size_t at_ = 0;
  size_t span_ = 0;
  size_t begin_ = 0, end_ = 0;  // of span_
};

}  // namespace tsd::engine
