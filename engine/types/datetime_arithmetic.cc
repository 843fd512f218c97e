// Arithmetic and conversions of dates and times.
#include <cmath>
#include <limits>

#include "engine/base/strings.h"
#include "engine/types/datetime.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/interval_text.h"
#include "engine/types/timezone.h"

namespace tsd {
namespace {

/// A wall clock some months on; the day is clamped to the month's last.
StatusOr<int64_t> AddMonthsLocal(int64_t local, int32_t months) {
  CivilTime civil = CivilFromTimestamp(local);
  int64_t month = civil.month - 1 + int64_t{months};
  civil.year += month / 12;
  month %= 12;
  if (month < 0) {
    month += 12;
    --civil.year;
  }
  civil.month = static_cast<int>(month) + 1;
  civil.day = std::min(civil.day, DaysInMonth(civil.year, civil.month));
  return TimestampFromCivil(civil);
}

StatusOr<int64_t> AddDaysLocal(int64_t local, int32_t days) {
  int64_t result;
  if (__builtin_mul_overflow(int64_t{days}, kMicrosPerDay, &result) || __builtin_add_overflow(local, result, &result) ||
      !IsValidTimestamp(result)) {
    return TimestampOutOfRange();
  }
  return result;
}

StatusOr<int64_t> AddMicros(int64_t timestamp, int64_t micros) {
  int64_t result;
  if (__builtin_add_overflow(timestamp, micros, &result) || !IsValidTimestamp(result)) return TimestampOutOfRange();
  return result;
}

StatusOr<Interval> Negated(const Interval& interval) {
  StatusOr<Interval> result = NegateInterval(interval);
  if (!result.ok()) return IntervalOutOfRange();
  return result;
}

int64_t WrapToDay(int64_t micros) {
  const int64_t rest = micros % kMicrosPerDay;
  return rest < 0 ? rest + kMicrosPerDay : rest;
}

int64_t FloorToDays(int64_t timestamp) {
  const int64_t days = timestamp / kMicrosPerDay;
  return timestamp % kMicrosPerDay < 0 ? days - 1 : days;
}

std::string Padded(int value) { return value >= 0 && value < 10 ? StrCat("0", value) : StrCat(value); }

Status BadDateFields(int32_t year, int32_t month, int32_t day) {
  return Error(sqlstate::kDatetimeFieldOverflow, StrCat("date field value out of range: ", year, "-", Padded(month), "-", Padded(day)));
}

bool ValidDateFields(int32_t year, int32_t month, int32_t day, CivilTime* civil) {
  if (year == 0 || year == std::numeric_limits<int32_t>::min()) return false;
  civil->year = year > 0 ? year : int64_t{year} + 1;  // negative years are BC
  civil->month = month;
  civil->day = day;
  return month >= 1 && month <= 12 && day >= 1 && day <= DaysInMonth(civil->year, month);
}

StatusOr<int64_t> TimeOfFields(int32_t hour, int32_t minute, double second) {
  const bool valid = !std::isnan(second) && hour >= 0 && hour <= 24 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60;
  if (valid) {
    const int64_t micros = hour * kMicrosPerHour + minute * kMicrosPerMinute + static_cast<int64_t>(std::rint(second * 1e6));
    if (micros <= kMicrosPerDay) return micros;
  }
  std::string seconds;
  if (second >= 0 && second < 10) seconds = "0";
  StrAppend(&seconds, second);
  return Error(sqlstate::kDatetimeFieldOverflow, StrCat("time field value out of range: ", hour, ":", Padded(minute), ":", seconds));
}

}  // namespace

StatusOr<int64_t> AddInterval(int64_t timestamp, const Interval& interval) {
  if (!IsFiniteTimestamp(timestamp)) return timestamp;
  if (interval.months != 0) {
    ASSIGN_OR_RETURN(timestamp, AddMonthsLocal(timestamp, interval.months));
  }
  if (interval.days != 0) {
    ASSIGN_OR_RETURN(timestamp, AddDaysLocal(timestamp, interval.days));
  }
  return AddMicros(timestamp, interval.micros);
}

StatusOr<int64_t> SubtractInterval(int64_t timestamp, const Interval& interval) {
  ASSIGN_OR_RETURN(const Interval negated, Negated(interval));
  return AddInterval(timestamp, negated);
}

StatusOr<int64_t> AddIntervalTz(int64_t timestamp, const Interval& interval, const absl::TimeZone& zone) {
  if (!IsFiniteTimestamp(timestamp)) return timestamp;
  // Months and days move the wall clock (a day may have 23 hours), time moves the instant.
  if (interval.months != 0) {
    ASSIGN_OR_RETURN(int64_t local, UtcToLocal(timestamp, zone));
    ASSIGN_OR_RETURN(local, AddMonthsLocal(local, interval.months));
    ASSIGN_OR_RETURN(timestamp, LocalToUtc(local, zone));
  }
  if (interval.days != 0) {
    ASSIGN_OR_RETURN(int64_t local, UtcToLocal(timestamp, zone));
    ASSIGN_OR_RETURN(local, AddDaysLocal(local, interval.days));
    ASSIGN_OR_RETURN(timestamp, LocalToUtc(local, zone));
  }
  return AddMicros(timestamp, interval.micros);
}

StatusOr<int64_t> SubtractIntervalTz(int64_t timestamp, const Interval& interval, const absl::TimeZone& zone) {
  ASSIGN_OR_RETURN(const Interval negated, Negated(interval));
  return AddIntervalTz(timestamp, negated, zone);
}

StatusOr<Interval> SubtractTimestamps(int64_t left, int64_t right) {
  if (!IsFiniteTimestamp(left) || !IsFiniteTimestamp(right)) {
    return Error(sqlstate::kDatetimeFieldOverflow, "cannot subtract infinite timestamps");
  }
  Interval result;
  if (__builtin_sub_overflow(left, right, &result.micros)) return IntervalOutOfRange();
  return JustifyHours(result);
}

StatusOr<Interval> Age(int64_t left, int64_t right) {
  if (!IsFiniteTimestamp(left) || !IsFiniteTimestamp(right)) return TimestampOutOfRange();
  // Later minus earlier field by field, borrowing from the next higher one; the sign is put back at the end.
  const bool negative = left < right;
  const CivilTime late = CivilFromTimestamp(negative ? right : left);
  const CivilTime early = CivilFromTimestamp(negative ? left : right);
  const auto time_of = [](const CivilTime& civil) {
    return civil.hour * kMicrosPerHour + civil.minute * kMicrosPerMinute + civil.second * kMicrosPerSecond + civil.micros;
  };
  int64_t micros = time_of(late) - time_of(early);
  int days = late.day - early.day;
  int64_t months = (late.year - early.year) * 12 + late.month - early.month;
  if (micros < 0) {
    micros += kMicrosPerDay;
    --days;
  }
  if (days < 0) {
    // A month borrowed has as many days as the earlier date's month.
    days += DaysInMonth(early.year, early.month);
    --months;
  }
  Interval result;
  result.micros = negative ? -micros : micros;
  result.days = negative ? -days : days;
  result.months = static_cast<int32_t>(negative ? -months : months);
  return result;
}

StatusOr<int32_t> AddDays(int32_t date, int64_t days) {
  if (!IsFiniteDate(date)) return date;
  int64_t result;
  if (__builtin_add_overflow(int64_t{date}, days, &result) || result < kMinDate || result >= kEndDate) return DateOutOfRange();
  return static_cast<int32_t>(result);
}

StatusOr<int32_t> SubtractDates(int32_t left, int32_t right) {
  if (!IsFiniteDate(left) || !IsFiniteDate(right)) return Error(sqlstate::kDatetimeFieldOverflow, "cannot subtract infinite dates");
  return static_cast<int32_t>(int64_t{left} - right);
}

int64_t AddIntervalToTime(int64_t time, const Interval& interval) { return WrapToDay(time + interval.micros % kMicrosPerDay); }
int64_t SubtractIntervalFromTime(int64_t time, const Interval& interval) { return WrapToDay(time - interval.micros % kMicrosPerDay); }

StatusOr<int64_t> DateToTimestamp(int32_t date) {
  if (date == kDateInfinity) return kTimestampInfinity;
  if (date == kDateMinusInfinity) return kTimestampMinusInfinity;
  if (date < kMinDate || date >= kEndTimestamp / kMicrosPerDay) return Error(sqlstate::kDatetimeFieldOverflow, "date out of range for timestamp");
  return date * kMicrosPerDay;
}

StatusOr<int64_t> DateToTimestampTz(int32_t date, const absl::TimeZone& zone) {
  ASSIGN_OR_RETURN(const int64_t local, DateToTimestamp(date));
  const StatusOr<int64_t> utc = LocalToUtc(local, zone);
  if (!utc.ok()) return Error(sqlstate::kDatetimeFieldOverflow, "date out of range for timestamp");
  return utc;
}

StatusOr<int32_t> TimestampToDate(int64_t timestamp) {
  if (timestamp == kTimestampInfinity) return kDateInfinity;
  if (timestamp == kTimestampMinusInfinity) return kDateMinusInfinity;
  return static_cast<int32_t>(FloorToDays(timestamp));
}

StatusOr<int32_t> TimestampTzToDate(int64_t timestamp, const absl::TimeZone& zone) {
  ASSIGN_OR_RETURN(const int64_t local, UtcToLocal(timestamp, zone));
  return TimestampToDate(local);
}

int64_t TimestampToTime(int64_t timestamp) { return WrapToDay(timestamp); }

Interval TimeToInterval(int64_t time) {
  Interval result;
  result.micros = time;
  return result;
}

int64_t IntervalToTime(const Interval& interval) { return WrapToDay(interval.micros); }

StatusOr<int32_t> MakeDate(int32_t year, int32_t month, int32_t day) {
  CivilTime civil;
  if (!ValidDateFields(year, month, day, &civil)) return BadDateFields(year, month, day);
  const int64_t days = DaysFromCivil(civil.year, civil.month, civil.day);
  if (days < kMinDate || days >= kEndDate) {
    return Error(sqlstate::kDatetimeFieldOverflow, StrCat("date out of range: ", year, "-", Padded(month), "-", Padded(day)));
  }
  return static_cast<int32_t>(days);
}

StatusOr<int64_t> MakeTime(int32_t hour, int32_t minute, double second) { return TimeOfFields(hour, minute, second); }

StatusOr<int64_t> MakeTimestamp(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute, double second) {
  CivilTime civil;
  if (!ValidDateFields(year, month, day, &civil)) return BadDateFields(year, month, day);
  ASSIGN_OR_RETURN(const int64_t time, TimeOfFields(hour, minute, second));
  ASSIGN_OR_RETURN(const int64_t midnight, TimestampFromCivil(civil));
  return AddMicros(midnight, time);
}

StatusOr<Interval> MakeInterval(int32_t years, int32_t months, int32_t weeks, int32_t days, int32_t hours, int32_t minutes, double seconds) {
  if (!std::isfinite(seconds)) return IntervalOutOfRange();
  const int64_t total_months = int64_t{years} * 12 + months;
  const int64_t total_days = int64_t{weeks} * 7 + days;
  const double micros = std::rint(seconds * 1e6);
  if (total_months != static_cast<int32_t>(total_months) || total_days != static_cast<int32_t>(total_days) || std::fabs(micros) >= 0x1p62) {
    return IntervalOutOfRange();
  }
  Interval result;
  result.months = static_cast<int32_t>(total_months);
  result.days = static_cast<int32_t>(total_days);
  if (__builtin_add_overflow(hours * kMicrosPerHour + minutes * kMicrosPerMinute, static_cast<int64_t>(micros), &result.micros)) {
    return IntervalOutOfRange();
  }
  return result;
}

StatusOr<int64_t> TimestampFromEpochSeconds(double seconds) {
  if (std::isnan(seconds)) return Error(sqlstate::kDatetimeFieldOverflow, "timestamp cannot be NaN");
  if (std::isinf(seconds)) return seconds > 0 ? kTimestampInfinity : kTimestampMinusInfinity;
  const double micros = std::rint((seconds - static_cast<double>(kEpochShiftSeconds)) * 1e6);
  if (std::fabs(micros) >= 0x1p63 || !IsValidTimestamp(static_cast<int64_t>(micros))) {
    return Error(sqlstate::kDatetimeFieldOverflow, StrCat("timestamp out of range: \"", seconds, "\""));
  }
  return static_cast<int64_t>(micros);
}

}  // namespace tsd
