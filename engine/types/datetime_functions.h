#pragma once
// What SQL does with dates and times: fields, truncation, arithmetic, conversions. PostgreSQL 15's results and errors. Pure, any thread.
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/status.h"
#include "engine/types/data_type.h"
#include "engine/types/interval.h"
#include "engine/types/numeric.h"

namespace tsd {

enum class DateTimeField : uint8_t {
  kMicroseconds, kMilliseconds, kSecond, kMinute, kHour, kDay, kDow, kIsoDow, kDoy, kWeek, kMonth, kQuarter, kYear, kIsoYear,
  kDecade, kCentury, kMillennium, kEpoch, kJulian, kTimezone, kTimezoneHour, kTimezoneMinute,
};
/// Any PostgreSQL spelling ("mon", "hours", "us"), any case. 22023 'unit "x" not recognized for type T'.
StatusOr<DateTimeField> ParseDateTimeField(std::string_view text, DataType type);

// ---- extract / date_part. nullopt = SQL NULL (most fields of an infinite value). 0A000 for fields the type has not. ----
// extract() is the Numeric; date_part() is its ToDouble().
StatusOr<std::optional<Numeric>> ExtractTimestamp(DateTimeField field, int64_t timestamp);
StatusOr<std::optional<Numeric>> ExtractTimestampTz(DateTimeField field, int64_t timestamp, const absl::TimeZone& zone);
StatusOr<std::optional<Numeric>> ExtractDate(DateTimeField field, int32_t date);
StatusOr<std::optional<Numeric>> ExtractTime(DateTimeField field, int64_t time);
StatusOr<std::optional<Numeric>> ExtractInterval(DateTimeField field, const Interval& interval);

// ---- date_trunc ----
StatusOr<int64_t> TruncateTimestamp(DateTimeField field, int64_t timestamp);
StatusOr<int64_t> TruncateTimestampTz(DateTimeField field, int64_t timestamp, const absl::TimeZone& zone);
StatusOr<Interval> TruncateInterval(DateTimeField field, const Interval& interval);

// ---- arithmetic; infinities pass through. 22008 "timestamp out of range". ----
StatusOr<int64_t> AddInterval(int64_t timestamp, const Interval& interval);
StatusOr<int64_t> SubtractInterval(int64_t timestamp, const Interval& interval);
StatusOr<int64_t> AddIntervalTz(int64_t timestamp, const Interval& interval, const absl::TimeZone& zone);
StatusOr<int64_t> SubtractIntervalTz(int64_t timestamp, const Interval& interval, const absl::TimeZone& zone);
/// timestamp - timestamp: days and time. 22008 "cannot subtract infinite timestamps".
StatusOr<Interval> SubtractTimestamps(int64_t left, int64_t right);
/// age(left, right) in years, months, days; age of timestamptz works on wall clocks (pass UtcToLocal of both).
StatusOr<Interval> Age(int64_t left, int64_t right);
StatusOr<int32_t> AddDays(int32_t date, int64_t days);
/// date - date. 22008 "cannot subtract infinite dates".
StatusOr<int32_t> SubtractDates(int32_t left, int32_t right);
/// time +- interval wraps at midnight.
int64_t AddIntervalToTime(int64_t time, const Interval& interval);
int64_t SubtractIntervalFromTime(int64_t time, const Interval& interval);

// ---- conversions ----
StatusOr<int64_t> DateToTimestamp(int32_t date);
StatusOr<int64_t> DateToTimestampTz(int32_t date, const absl::TimeZone& zone);
StatusOr<int32_t> TimestampToDate(int64_t timestamp);
StatusOr<int32_t> TimestampTzToDate(int64_t timestamp, const absl::TimeZone& zone);
int64_t TimestampToTime(int64_t timestamp);  // Requires: finite
Interval TimeToInterval(int64_t time);
int64_t IntervalToTime(const Interval& interval);

// ---- make_* and to_timestamp. 22008 'date field value out of range: Y-MM-DD' and the like. ----
StatusOr<int32_t> MakeDate(int32_t year, int32_t month, int32_t day);
StatusOr<int64_t> MakeTime(int32_t hour, int32_t minute, double second);
StatusOr<int64_t> MakeTimestamp(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute, double second);
StatusOr<Interval> MakeInterval(int32_t years, int32_t months, int32_t weeks, int32_t days, int32_t hours, int32_t minutes, double seconds);
/// to_timestamp(double precision): seconds since 1970.
StatusOr<int64_t> TimestampFromEpochSeconds(double seconds);

}  // namespace tsd
