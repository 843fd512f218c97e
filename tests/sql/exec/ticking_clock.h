#pragma once
// A clock by which every look at it takes the same time, so that what depends on time can be counted.
#include "engine/base/clock.h"

namespace tsd::sql::test {

class TickingClock final : public Clock {
 public:
  explicit TickingClock(absl::Duration step) : step_(step) {}
  absl::Time Now() const override { return absl::UnixEpoch(); }
  absl::Duration Monotonic() const override { return now_ += step_; }

 private:
  const absl::Duration step_;
  mutable absl::Duration now_;
};

}  // namespace tsd::sql::test
