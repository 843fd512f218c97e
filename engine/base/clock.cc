#include "engine/base/clock.h"

#include <absl/time/clock.h>

#include <chrono>

namespace tsd {

absl::Time RealClock::Now() const { return absl::Now(); }

absl::Duration RealClock::Monotonic() const {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace tsd
