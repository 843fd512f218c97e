#pragma once
// AdaptiveSpin: for how long it is worth to look for events again and again before the thread sleeps. As KVM does for idle processors
// (halt polling, Documentation/virt/kvm/halt-polling.rst of the Linux kernel): longer after waits that were short, not at all after long ones,
// so that what comes rarely costs no processor time. Nor where somebody else wants the core: who gives way to a long computation gets it back
// after that one's time slice, while a sleeper is woken at once. One thread at a time.
#include <algorithm>
#include <chrono>

namespace tsd::net {

class AdaptiveSpin {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::nanoseconds kLongest = std::chrono::microseconds(500);

  bool IsWorth(std::chrono::nanoseconds spun) const { return spun < window_; }
  /// A wait has ended, which took so long, asleep or not.
  void NoteWait(std::chrono::nanoseconds waited, Clock::time_point now) {
    if (now < not_before_) return;
    if (window_.count() > 0) pause_ = kFirstPause;  // it had the core to itself
    if (waited > kLongest) {
      window_ = window_ / 2 < kShortest ? std::chrono::nanoseconds(0) : window_ / 2;
    } else if (waited > window_) {
      window_ = std::clamp(2 * window_, 2 * kShortest, kLongest);
    }
  }
  /// Somebody else computes on this core.
  void NoteCrowded(Clock::time_point now) {
    window_ = std::chrono::nanoseconds(0);
    not_before_ = now + pause_;
    pause_ = std::min(2 * pause_, kLongestPause);
  }

 private:
  static constexpr std::chrono::nanoseconds kShortest = std::chrono::microseconds(10);
  static constexpr std::chrono::nanoseconds kFirstPause = std::chrono::milliseconds(5);
  static constexpr std::chrono::nanoseconds kLongestPause = std::chrono::seconds(1);
  std::chrono::nanoseconds window_{0};
  std::chrono::nanoseconds pause_ = kFirstPause;
  Clock::time_point not_before_;
};

}  // namespace tsd::net
