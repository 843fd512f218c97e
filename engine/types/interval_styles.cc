// Intervals in the IntervalStyles other than postgres: postgres_verbose ("@ 1 day 2 hours ago"), sql_standard ("1-2", "3 4:05:06") and
// iso_8601 ("P1Y2M3DT4H5M6S").
#include <cstdio>
#include <cstdlib>

#include "engine/types/interval_text.h"

namespace tsd {
namespace {

struct Parts {
  int64_t years, months, days, hours, minutes, seconds, micros;
};

Parts PartsOf(const Interval& interval) {
  return {interval.months / 12,
          interval.months % 12,
          interval.days,
          interval.micros / kMicrosPerHour,
          interval.micros / kMicrosPerMinute % 60,
          interval.micros / kMicrosPerSecond % 60,
          interval.micros % kMicrosPerSecond};
}

void PutNumber(int64_t value, std::string& out) {
  char digits[24];
  out.append(digits, static_cast<size_t>(std::snprintf(digits, sizeof(digits), "%lld", static_cast<long long>(value))));
}

/// The absolute value of the seconds, at least `width` digits before the point.
void PutSeconds(const Parts& parts, int width, std::string& out) {
  char digits[48];
  const long long seconds = std::llabs(parts.seconds), micros = std::llabs(parts.micros);
  out.append(digits, static_cast<size_t>(std::snprintf(digits, sizeof(digits), "%0*lld", width, seconds)));
  if (micros == 0) return;
  out.append(digits, static_cast<size_t>(std::snprintf(digits, sizeof(digits), ".%06lld", micros)));
  while (out.back() == '0') out.pop_back();
}

/// The first part that isn't 0 decides the sign of all; "ago" at the end says that it was negative.
void FormatVerbose(const Parts& parts, std::string& out) {
  bool zero = true, ago = false;
  const auto part = [&](int64_t value, const char* unit) {
    if (value == 0) return;
    if (zero) ago = value < 0;
    if (ago) value = -value;
    zero = false;
    out += ' ';
    PutNumber(value, out);
    out += ' ';
    out += unit;
    if (value != 1) out += 's';
  };
  out += '@';
  part(parts.years, "year");
  part(parts.months, "mon");
  part(parts.days, "day");
  part(parts.hours, "hour");
  part(parts.minutes, "min");
  if (parts.seconds != 0 || parts.micros != 0) {
    const bool negative = parts.seconds < 0 || parts.micros < 0;
    if (zero) ago = negative;
    zero = false;
    out += ' ';
    if (negative != ago) out += '-';
    PutSeconds(parts, 1, out);
    out += std::llabs(parts.seconds) != 1 || parts.micros != 0 ? " secs" : " sec";
  }
  if (zero) out += " 0";
  if (ago) out += " ago";
}

void PutIso(int64_t value, char unit, std::string& out) {
  if (value == 0) return;
  PutNumber(value, out);
  out += unit;
}

void FormatIso(const Parts& parts, std::string& out) {
  const bool has_seconds = parts.seconds != 0 || parts.micros != 0;
  const bool has_time = parts.hours != 0 || parts.minutes != 0 || has_seconds;
  if (!has_time && parts.years == 0 && parts.months == 0 && parts.days == 0) {
    out += "PT0S";
    return;
  }
  out += 'P';
  PutIso(parts.years, 'Y', out);
  PutIso(parts.months, 'M', out);
  PutIso(parts.days, 'D', out);
  if (!has_time) return;
  out += 'T';
  PutIso(parts.hours, 'H', out);
  PutIso(parts.minutes, 'M', out);
  if (!has_seconds) return;
  if (parts.seconds < 0 || parts.micros < 0) out += '-';
  PutSeconds(parts, 1, out);
  out += 'S';
}

/// "h:mm:ss" of the absolute values.
void PutSqlTime(const Parts& parts, std::string& out) {
  char text[48];
  out.append(text, static_cast<size_t>(std::snprintf(text, sizeof(text), "%lld:%02lld:", std::llabs(parts.hours), std::llabs(parts.minutes))));
  PutSeconds(parts, 2, out);
}

void PutSqlMonths(const Parts& parts, std::string& out) {
  PutNumber(std::llabs(parts.years), out);
  out += '-';
  PutNumber(std::llabs(parts.months), out);
}

void FormatSql(const Interval& interval, const Parts& parts, std::string& out) {
  const bool negative = interval.months < 0 || interval.days < 0 || interval.micros < 0;
  const bool positive = interval.months > 0 || interval.days > 0 || interval.micros > 0;
  if (!negative && !positive) {
    out += '0';
    return;
  }
  const bool has_months = interval.months != 0;
  if ((negative && positive) || (has_months && (interval.days != 0 || interval.micros != 0))) {
    // Not a standard interval: every part with a sign of its own.
    out += interval.months < 0 ? '-' : '+';
    PutSqlMonths(parts, out);
    out += interval.days < 0 ? " -" : " +";
    PutNumber(std::llabs(parts.days), out);
    out += interval.micros < 0 ? " -" : " +";
    PutSqlTime(parts, out);
    return;
  }
  if (negative) out += '-';
  if (has_months) return PutSqlMonths(parts, out);
  if (interval.days != 0) {
    PutNumber(std::llabs(parts.days), out);
    out += ' ';
  }
  PutSqlTime(parts, out);
}

}  // namespace

void FormatIntervalStyled(const Interval& interval, IntervalStyle style, std::string& out) {
  switch (style) {
    case IntervalStyle::kPostgres: return FormatInterval(interval, out);
    case IntervalStyle::kPostgresVerbose: return FormatVerbose(PartsOf(interval), out);
    case IntervalStyle::kSqlStandard: return FormatSql(interval, PartsOf(interval), out);
    case IntervalStyle::kIso8601: return FormatIso(PartsOf(interval), out);
  }
}

}  // namespace tsd
