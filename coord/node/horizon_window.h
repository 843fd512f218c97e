#pragma once
// HorizonWindow: which horizon of a cluster a node believes (no snapshot below it will be used any more: rows deleted before may go). The
// access node tells one every second; believed is the smallest told within the last seconds. So a message that is wrong, damaged or forged,
// has no effect as long as the access node itself is heard. One cluster's; the caller locks.
#include <absl/time/time.h>

#include <deque>
#include <utility>

#include "engine/base/ids.h"

namespace tsd::coord {

class HorizonWindow {
 public:
  static constexpr absl::Duration kSpan = absl::Seconds(3);

  /// `now` is of the monotonic clock. What is believed from now on: 0 (nothing) before horizons have been told for kSpan.
  Timestamp Note(Timestamp told, absl::Duration now) {
    if (told_.empty() || now - told_.back().first > kSpan) {
      told_.clear();
      since_ = now;
    }
    while (!told_.empty() && told_.back().second >= told) told_.pop_back();
    told_.emplace_back(now, told);
    while (told_.front().first < now - kSpan) told_.pop_front();
    return now - since_ >= kSpan ? told_.front().second : Timestamp();
  }

 private:
  std::deque<std::pair<absl::Duration, Timestamp>> told_;  // ascending in both: what a later one undercuts is gone
  absl::Duration since_;
};

}  // namespace tsd::coord
