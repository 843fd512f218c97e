#pragma once
// Time is injected. RealClock is the only reader of the system's clocks; the simulator has its own.
#include <absl/time/time.h>

namespace tsd {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock, for SQL's now(), log lines, commit timestamps. May jump. Thread-safe.
  virtual absl::Time Now() const = 0;
  /// Monotonic, for durations and deadlines. Thread-safe.
  virtual absl::Duration Monotonic() const = 0;
};

class RealClock final : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
};

}  // namespace tsd
