// Interval arithmetic with PostgreSQL's spill of fractions: months into days of 30 a month, days into time.
#include <cmath>
#include <limits>

#include "engine/types/datetime.h"
#include "engine/types/interval_text.h"

namespace tsd {
namespace {

constexpr double kSecondsPerDay = 86'400;

/// Rounds to microseconds, so that 0.1 * 30 days is three days.
double RoundMicros(double seconds) { return std::rint(seconds * 1e6) / 1e6; }

bool FitsInt32(double value) { return value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max(); }

/// Months, days and microseconds as real numbers.
StatusOr<Interval> FromReal(double months, double days, double micros) {
  if (!FitsInt32(months) || !FitsInt32(days)) return IntervalOutOfRange();  // also NaN
  Interval result;
  result.months = static_cast<int32_t>(months);
  int64_t whole_days = static_cast<int32_t>(days);
  const double spilled_days = RoundMicros((months - result.months) * 30);
  double seconds = RoundMicros((days - static_cast<double>(whole_days) + spilled_days - static_cast<int>(spilled_days)) * kSecondsPerDay);
  if (std::fabs(seconds) >= kSecondsPerDay) {
    const int more = static_cast<int>(seconds / kSecondsPerDay);
    whole_days += more;
    seconds -= more * kSecondsPerDay;
  }
  whole_days += static_cast<int>(spilled_days);
  if (whole_days != static_cast<int32_t>(whole_days)) return IntervalOutOfRange();
  result.days = static_cast<int32_t>(whole_days);
  const double total = std::rint(micros + seconds * 1e6);
  if (!(total >= -0x1p63 && total < 0x1p63)) return IntervalOutOfRange();
  result.micros = static_cast<int64_t>(total);
  return result;
}

}  // namespace

StatusOr<Interval> AddIntervals(const Interval& left, const Interval& right) {
  Interval result;
  if (__builtin_add_overflow(left.months, right.months, &result.months) || __builtin_add_overflow(left.days, right.days, &result.days) ||
      __builtin_add_overflow(left.micros, right.micros, &result.micros)) {
    return IntervalOutOfRange();
  }
  return result;
}

StatusOr<Interval> SubtractIntervals(const Interval& left, const Interval& right) {
  Interval result;
  if (__builtin_sub_overflow(left.months, right.months, &result.months) || __builtin_sub_overflow(left.days, right.days, &result.days) ||
      __builtin_sub_overflow(left.micros, right.micros, &result.micros)) {
    return IntervalOutOfRange();
  }
  return result;
}

StatusOr<Interval> NegateInterval(const Interval& interval) { return SubtractIntervals(Interval(), interval); }

StatusOr<Interval> MultiplyInterval(const Interval& interval, double factor) {
  return FromReal(interval.months * factor, interval.days * factor, static_cast<double>(interval.micros) * factor);
}

StatusOr<Interval> DivideInterval(const Interval& interval, double divisor) {
  if (divisor == 0) return Error(sqlstate::kDivisionByZero, "division by zero");
  return FromReal(interval.months / divisor, interval.days / divisor, static_cast<double>(interval.micros) / divisor);
}

StatusOr<Interval> JustifyHours(const Interval& interval) {
  Interval result = interval;
  int64_t days = interval.days + interval.micros / kMicrosPerDay;
  result.micros = interval.micros % kMicrosPerDay;
  if (days > 0 && result.micros < 0) {
    result.micros += kMicrosPerDay;
    --days;
  } else if (days < 0 && result.micros > 0) {
    result.micros -= kMicrosPerDay;
    ++days;
  }
  if (days != static_cast<int32_t>(days)) return IntervalOutOfRange();
  result.days = static_cast<int32_t>(days);
  return result;
}

StatusOr<Interval> JustifyDays(const Interval& interval) {
  Interval result = interval;
  int64_t months = int64_t{interval.months} + interval.days / 30;
  result.days = interval.days % 30;
  if (months > 0 && result.days < 0) {
    result.days += 30;
    --months;
  } else if (months < 0 && result.days > 0) {
    result.days -= 30;
    ++months;
  }
  if (months != static_cast<int32_t>(months)) return IntervalOutOfRange();
  result.months = static_cast<int32_t>(months);
  return result;
}

StatusOr<Interval> JustifyInterval(const Interval& interval) {
  // Whole days out of the time, whole months out of the days, then all of one sign.
  int64_t days = interval.days + interval.micros / kMicrosPerDay;
  int64_t micros = interval.micros % kMicrosPerDay;
  int64_t months = interval.months + days / 30;
  days %= 30;
  if (months > 0 && (days < 0 || (days == 0 && micros < 0))) {
    days += 30;
    --months;
  } else if (months < 0 && (days > 0 || (days == 0 && micros > 0))) {
    days -= 30;
    ++months;
  }
  if (days > 0 && micros < 0) {
    micros += kMicrosPerDay;
    --days;
  } else if (days < 0 && micros > 0) {
    micros -= kMicrosPerDay;
    ++days;
  }
  if (months != static_cast<int32_t>(months)) return IntervalOutOfRange();
  Interval result;
  result.months = static_cast<int32_t>(months);
  result.days = static_cast<int32_t>(days);
  result.micros = micros;
  return result;
}

}  // namespace tsd
