#pragma once
// AdaptiveSpin: for how long it is worth to look for events again and again before the thread sleeps. As KVM does for idle processors
// (halt polling, Documentation/virt/kvm/halt-polling.rst of the Linux kernel): longer after waits that were short, not at all after long ones,
// so that what comes rarely costs no processor time. One thread at a time.
#include <algorithm>
#include <chrono>

namespace tsd::net {

class AdaptiveSpin {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::nanoseconds kLongest = std::chrono::microseconds(500);

  bool IsWorth(std::chrono::nanoseconds spun) const { return spun < window_; }
  /// A wait has ended, which took so long, asleep or not.
  void Note(std::chrono::nanoseconds waited) {
    if (waited > kLongest) {
      window_ = window_ / 2 < kShortest ? std::chrono::nanoseconds(0) : window_ / 2;
    } else if (waited > window_) {
      window_ = std::clamp(2 * window_, 2 * kShortest, kLongest);
    }
  }

 private:
  static constexpr std::chrono::nanoseconds kShortest = std::chrono::microseconds(10);
  std::chrono::nanoseconds window_{0};
};

}  // namespace tsd::net
