#include "engine/types/datetime.h"

namespace tsd {
namespace {

constexpr int64_t kDaysPerEra = 146'097;  // 400 Gregorian years
/// Days from 0000-03-01 to 2000-01-01.
constexpr int64_t kEraShiftDays = 730'425;

}  // namespace

// Both directions count years from March, so that the leap day is the last of its year.
int64_t DaysFromCivil(int64_t year, int month, int64_t day) {
  if (month <= 2) --year;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era + (day - 1) - kEraShiftDays;
}

void CivilFromDays(int64_t days, CivilTime* civil) {
  days += kEraShiftDays;
  const int64_t era = (days >= 0 ? days : days - (kDaysPerEra - 1)) / kDaysPerEra;
  const int64_t day_of_era = days - era * kDaysPerEra;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  civil->day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  civil->month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  civil->year = year_of_era + era * 400 + (civil->month <= 2 ? 1 : 0);
}

CivilTime CivilFromTimestamp(int64_t timestamp) {
  int64_t days = timestamp / kMicrosPerDay;
  int64_t rest = timestamp % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  CivilTime civil;
  CivilFromDays(days, &civil);
  civil.hour = static_cast<int>(rest / kMicrosPerHour);
  civil.minute = static_cast<int>(rest / kMicrosPerMinute % 60);
  civil.second = static_cast<int>(rest / kMicrosPerSecond % 60);
  civil.micros = static_cast<int>(rest % kMicrosPerSecond);
  return civil;
}

StatusOr<int64_t> TimestampFromCivil(const CivilTime& civil) {
  if (civil.year < -5000 || civil.year > 300'000) return TimestampOutOfRange();
  const int64_t days = DaysFromCivil(civil.year, civil.month, civil.day);
  const int64_t time = civil.hour * kMicrosPerHour + civil.minute * kMicrosPerMinute + civil.second * kMicrosPerSecond + civil.micros;
  int64_t result;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &result) || __builtin_add_overflow(result, time, &result) || !IsValidTimestamp(result)) {
    return TimestampOutOfRange();
  }
  return result;
}

bool IsLeapYear(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int64_t year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

int DayOfWeek(int64_t days) {
  // 2000-01-01 was a Saturday.
  const int64_t rest = (days + 6) % 7;
  return static_cast<int>(rest < 0 ? rest + 7 : rest);
}

absl::Time TimestampToAbsl(int64_t timestamp) {
  if (timestamp == kTimestampInfinity) return absl::InfiniteFuture();
  if (timestamp == kTimestampMinusInfinity) return absl::InfinitePast();
  return absl::UnixEpoch() + absl::Seconds(kEpochShiftSeconds) + absl::Microseconds(timestamp);
}

int64_t TimestampFromAbsl(absl::Time time) {
  if (time == absl::InfiniteFuture()) return kTimestampInfinity;
  if (time == absl::InfinitePast()) return kTimestampMinusInfinity;
  // By way of a duration since 2000: the last finite timestamps are beyond 64 bits of microseconds since 1970.
  absl::Duration rest;
  const absl::Duration since = time - (absl::UnixEpoch() + absl::Seconds(kEpochShiftSeconds));
  const int64_t micros = absl::IDivDuration(since, absl::Microseconds(1), &rest);
  return rest < absl::ZeroDuration() ? micros - 1 : micros;
}

Status TimestampOutOfRange() { return Error(sqlstate::kDatetimeFieldOverflow, "timestamp out of range"); }
Status DateOutOfRange() { return Error(sqlstate::kDatetimeFieldOverflow, "date out of range"); }
Status IntervalOutOfRange() { return Error(sqlstate::kDatetimeFieldOverflow, "interval out of range"); }

int64_t RoundToPrecision(int64_t micros, int32_t typmod) {
  if (typmod < 0 || typmod > 5 || !IsFiniteTimestamp(micros)) return micros;
  static constexpr int64_t kScales[] = {1'000'000, 100'000, 10'000, 1'000, 100, 10};
  const int64_t scale = kScales[typmod];
  // Half away from zero, as PostgreSQL rounds.
  return micros >= 0 ? (micros + scale / 2) / scale * scale : -((-micros + scale / 2) / scale * scale);
}

}  // namespace tsd
