#include "engine/types/time_bucket.h"

#include <limits>

#include "engine/types/datetime.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/timezone.h"

namespace tsd {
namespace {

Status WidthNotPositive() { return Error(sqlstate::kInvalidParameterValue, "period must be greater than 0"); }

/// First day of the month bucket; only year and month of value and origin count.
int64_t MonthBucketDays(int32_t width, const CivilTime& value, const CivilTime& origin) {
  const auto month_number = [](const CivilTime& civil) { return civil.year * 12 + civil.month - 1; };
  const int64_t from_origin = month_number(value) - month_number(origin);
  int64_t rest = from_origin % width;
  if (rest < 0) rest += width;
  const int64_t month = month_number(value) - rest;
  int64_t year = month / 12;
  int64_t in_year = month % 12;
  if (in_year < 0) {
    in_year += 12;
    --year;
  }
  return DaysFromCivil(year, static_cast<int>(in_year) + 1, 1);
}

/// Bucket of a wall clock, without offset.
StatusOr<int64_t> BucketLocal(const Interval& width, int64_t local, std::optional<int64_t> origin) {
  ASSIGN_OR_RETURN(const int64_t fixed, FixedBucketWidth(width));
  if (fixed != 0) {
    return TimeBucketInteger(fixed, local, origin.value_or(kDefaultBucketOrigin), kMinTimestamp, kEndTimestamp - 1);
  }
  const int64_t days = MonthBucketDays(width.months, CivilFromTimestamp(local), CivilFromTimestamp(origin.value_or(0)));
  int64_t result;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &result) || !IsValidTimestamp(result)) return TimestampOutOfRange();
  return result;
}

}  // namespace

StatusOr<int64_t> FixedBucketWidth(const Interval& width) {
  if (width.months != 0) {
    if (width.days != 0 || width.micros != 0) {
      return Error(sqlstate::kFeatureNotSupported, "month intervals cannot have day or time component");
    }
    if (width.months < 0) return WidthNotPositive();
    return 0;
  }
  int64_t result;
  if (__builtin_mul_overflow(int64_t{width.days}, kMicrosPerDay, &result) || __builtin_add_overflow(result, width.micros, &result)) {
    return IntervalOutOfRange();
  }
  if (result <= 0) return WidthNotPositive();
  return result;
}

StatusOr<int64_t> TimeBucketInteger(int64_t width, int64_t value, int64_t offset, int64_t low, int64_t high) {
  if (width <= 0) return WidthNotPositive();
  const __int128 shift = offset % width;
  const __int128 shifted = static_cast<__int128>(value) - shift;
  if (shifted < low || shifted > high) return TimestampOutOfRange();
  __int128 rest = shifted % width;
  if (rest < 0) rest += width;
  const __int128 start = shifted - rest;
  if (start < low) return TimestampOutOfRange();
  return static_cast<int64_t>(start + shift);
}

StatusOr<int64_t> TimeBucketTimestamp(const Interval& width, int64_t timestamp, const TimeBucketOptions& options) {
  RETURN_IF_ERROR(FixedBucketWidth(width).status());
  if (!IsFiniteTimestamp(timestamp)) return timestamp;
  if (options.origin.has_value() && !IsFiniteTimestamp(*options.origin)) {
    return Error(sqlstate::kInvalidParameterValue, "invalid origin value: infinity");
  }
  int64_t local = timestamp;
  std::optional<int64_t> origin = options.origin;
  if (options.zone != nullptr) {
    ASSIGN_OR_RETURN(local, UtcToLocal(timestamp, *options.zone));
    if (origin.has_value()) {
      ASSIGN_OR_RETURN(origin, UtcToLocal(*origin, *options.zone));
    }
  }
  // An offset moves the value back before and the bucket forth after.
  const bool in_session_zone = options.zone == nullptr && options.session_zone != nullptr;
  if (options.offset.has_value()) {
    ASSIGN_OR_RETURN(local, in_session_zone ? SubtractIntervalTz(local, *options.offset, *options.session_zone)
                                            : SubtractInterval(local, *options.offset));
  }
  ASSIGN_OR_RETURN(int64_t bucket, BucketLocal(width, local, origin));
  if (options.offset.has_value()) {
    ASSIGN_OR_RETURN(bucket, in_session_zone ? AddIntervalTz(bucket, *options.offset, *options.session_zone)
                                             : AddInterval(bucket, *options.offset));
  }
  if (options.zone != nullptr) return LocalToUtc(bucket, *options.zone);
  return bucket;
}

StatusOr<int32_t> TimeBucketDate(const Interval& width, int32_t date, const TimeBucketOptions& options) {
  ASSIGN_OR_RETURN(const int64_t fixed, FixedBucketWidth(width));
  if (fixed != 0 && fixed < kMicrosPerDay) {
    return Error(sqlstate::kInvalidParameterValue, "interval must not have sub-day precision");
  }
  if (fixed % kMicrosPerDay != 0) return Error(sqlstate::kInvalidParameterValue, "interval must be a multiple of one day");
  if (!IsFiniteDate(date)) return date;
  ASSIGN_OR_RETURN(const int64_t timestamp, DateToTimestamp(date));
  ASSIGN_OR_RETURN(const int64_t bucket, TimeBucketTimestamp(width, timestamp, options));
  return TimestampToDate(bucket);
}

}  // namespace tsd
