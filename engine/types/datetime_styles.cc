// Dates and timestamps in the DateStyles other than ISO: Postgres ("Wed Dec 17 07:37:16 1997 PST"), SQL ("12/17/1997 07:37:16 PST"),
// German ("17.12.1997 07:37:16 PST"). The zone is printed by its abbreviation.
#include <algorithm>
#include <cstdio>

#include "engine/types/datetime.h"
#include "engine/types/timezone.h"

namespace tsd {
namespace {

constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

template <typename... Args>
void Print(std::string& out, const char* format, Args... args) {
  char buffer[96];
  const int length = std::snprintf(buffer, sizeof(buffer), format, args...);
  if (length > 0) out.append(buffer, std::min(static_cast<size_t>(length), sizeof(buffer) - 1));
}

long long ShownYear(const CivilTime& civil) { return civil.year > 0 ? civil.year : 1 - civil.year; }

void PutDay(const CivilTime& civil, const DateTimeContext& context, char separator, std::string& out) {
  const bool day_first = context.order == DateOrder::kDmy || context.style == DateStyle::kGerman;
  Print(out, "%02d%c%02d%c%04lld", day_first ? civil.day : civil.month, separator, day_first ? civil.month : civil.day, separator,
        ShownYear(civil));
}

void PutClock(const CivilTime& civil, std::string& out) {
  Print(out, "%02d:%02d:%02d", civil.hour, civil.minute, civil.second);
  if (civil.micros == 0) return;
  Print(out, ".%06d", civil.micros);
  while (out.back() == '0') out.pop_back();
}

void PutStyled(int64_t wall, const DateTimeContext& context, const std::string& zone, std::string& out) {
  const CivilTime civil = CivilFromTimestamp(wall);
  if (context.style == DateStyle::kPostgres) {
    out += kDays[DayOfWeek(DaysFromCivil(civil.year, civil.month, civil.day))];
    const char* month = kMonths[civil.month - 1];
    if (context.order == DateOrder::kDmy) {
      Print(out, " %02d %s ", civil.day, month);
    } else {
      Print(out, " %s %02d ", month, civil.day);
    }
    PutClock(civil, out);
    Print(out, " %04lld", ShownYear(civil));
  } else {
    PutDay(civil, context, context.style == DateStyle::kGerman ? '.' : '/', out);
    out += ' ';
    PutClock(civil, out);
  }
  if (!zone.empty()) {
    out += ' ';
    out += zone;
  }
  if (civil.year <= 0) out += " BC";
}

}  // namespace

void FormatTimestampStyled(int64_t timestamp, const DateTimeContext& context, std::string& out) {
  if (context.style == DateStyle::kIso || !IsFiniteTimestamp(timestamp)) return FormatTimestamp(timestamp, out);
  PutStyled(timestamp, context, std::string(), out);
}

void FormatTimestampTzStyled(int64_t timestamp, const DateTimeContext& context, std::string& out) {
  if (context.style == DateStyle::kIso || !IsFiniteTimestamp(timestamp)) return FormatTimestampTz(timestamp, context.zone, out);
  int64_t wall;
  if (__builtin_add_overflow(timestamp, ZoneOffsetAt(timestamp, context.zone) * kMicrosPerSecond, &wall)) wall = timestamp;
  PutStyled(wall, context, ZoneAbbreviationAt(timestamp, context.zone), out);
}

void FormatDateStyled(int32_t date, const DateTimeContext& context, std::string& out) {
  if (context.style == DateStyle::kIso || !IsFiniteDate(date)) return FormatDate(date, out);
  CivilTime civil;
  CivilFromDays(date, &civil);
  PutDay(civil, context, context.style == DateStyle::kGerman ? '.' : context.style == DateStyle::kSql ? '/' : '-', out);
  if (civil.year <= 0) out += " BC";
}

}  // namespace tsd
