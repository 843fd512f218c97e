#pragma once
// time_bucket as TimescaleDB 2.13: fixed widths count from Monday 2000-01-03, month widths from 2000-01-01; infinities pass through;
// origin and offset move the grid; with a zone, buckets follow that zone's wall clock. Pure, any thread.
// 22023 "period must be greater than 0"; 0A000 "month intervals cannot have day or time component".
#include <absl/time/time.h>

#include <cstdint>
#include <optional>

#include "engine/base/status.h"
#include "engine/types/interval.h"

namespace tsd {

/// Floor of value to width, shifted by `offset`. `low`, `high` are the type's bounds. 22008 "timestamp out of range" past them.
StatusOr<int64_t> TimeBucketInteger(int64_t width, int64_t value, int64_t offset, int64_t low, int64_t high);

struct TimeBucketOptions {
  std::optional<int64_t> origin;   // of the value's own kind (UTC for timestamptz)
  std::optional<Interval> offset;
  const absl::TimeZone* zone = nullptr;  // only timestamptz: the form with a timezone argument
  /// Only timestamptz without `zone`: the session's zone, in whose days and months the offset counts; UTC if null.
  const absl::TimeZone* session_zone = nullptr;
};
/// timestamp, and timestamptz in its UTC value (or with options.zone).
StatusOr<int64_t> TimeBucketTimestamp(const Interval& width, int64_t timestamp, const TimeBucketOptions& options);
/// `origin` of options is a timestamp at midnight.
StatusOr<int32_t> TimeBucketDate(const Interval& width, int32_t date, const TimeBucketOptions& options);

/// The checked width of a fixed-width bucket in microseconds, for callers with their own loop; 0 for a month width.
StatusOr<int64_t> FixedBucketWidth(const Interval& width);
inline constexpr int64_t kDefaultBucketOrigin = int64_t{2} * 86'400 * 1'000'000;  // Monday 2000-01-03

}  // namespace tsd
