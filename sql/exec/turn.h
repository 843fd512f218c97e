#pragma once
// Turn: how long a query computes before others have the thread. The driver tells when it pulls; operators ask before a piece of work and
// answer kBlocked once the turn is over, and the driver then gives way and pulls again. Each turn allows at least one piece of work.
// One thread at a time.
#include <utility>

#include "engine/base/clock.h"

namespace tsd::sql {

class Turn {
 public:
  static constexpr absl::Duration kLength = absl::Milliseconds(1);
  enum class Asked : uint8_t {
    kBetweenOperators,  // before any batch goes from one to the next, too
    kByLongWork,        // only by operators that work long between batches: the driver counts batches itself
  };

  explicit Turn(const Clock* clock, Asked asked = Asked::kBetweenOperators) : clock_(clock), asked_(asked) {}
  Asked asked() const { return asked_; }

  /// Around the driver's pulls: its own time between two of them does not count.
  void Resume() { begin_ = clock_->Monotonic() - used_; }
  void Pause() { used_ = clock_->Monotonic() - begin_; }
  /// For a driver that gives way after every pull: a turn of its own for the next one.
  void Begin() {
    TakeGivenWay();
    Resume();
  }
  /// After kBlocked; the next turn begins. True: it was for the turn's end, and nothing else will wake the query.
  bool TakeGivenWay() {
    used_ = absl::ZeroDuration();
    worked_ = false;
    return std::exchange(given_way_, false);
  }

  /// A piece of work is done: about a batch.
  void Worked() { worked_ = true; }
  /// True: answer kBlocked.
  bool IsOver() {
    if (!worked_ || clock_->Monotonic() - begin_ < kLength) return false;
    given_way_ = true;
    return true;
  }

 private:
  const Clock* const clock_;
  const Asked asked_;
  absl::Duration begin_, used_;
  bool worked_ = false, given_way_ = false;
};

}  // namespace tsd::sql
