// Fields of dates and times: extract, date_part, date_trunc.
#include "engine/base/strings.h"
#include "engine/types/datetime.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/timezone.h"

namespace tsd {
namespace {

struct FieldName {
  std::string_view name;
  DateTimeField field;
};
constexpr FieldName kFieldNames[] = {
    {"microseconds", DateTimeField::kMicroseconds}, {"microsecond", DateTimeField::kMicroseconds}, {"us", DateTimeField::kMicroseconds},
    {"usec", DateTimeField::kMicroseconds}, {"usecs", DateTimeField::kMicroseconds}, {"usecond", DateTimeField::kMicroseconds},
    {"useconds", DateTimeField::kMicroseconds}, {"milliseconds", DateTimeField::kMilliseconds}, {"millisecond", DateTimeField::kMilliseconds},
    {"ms", DateTimeField::kMilliseconds}, {"msec", DateTimeField::kMilliseconds}, {"msecs", DateTimeField::kMilliseconds},
    {"msecond", DateTimeField::kMilliseconds}, {"mseconds", DateTimeField::kMilliseconds}, {"second", DateTimeField::kSecond},
    {"seconds", DateTimeField::kSecond}, {"sec", DateTimeField::kSecond}, {"secs", DateTimeField::kSecond}, {"s", DateTimeField::kSecond},
    {"minute", DateTimeField::kMinute}, {"minutes", DateTimeField::kMinute}, {"min", DateTimeField::kMinute}, {"mins", DateTimeField::kMinute},
    {"m", DateTimeField::kMinute}, {"hour", DateTimeField::kHour}, {"hours", DateTimeField::kHour}, {"hr", DateTimeField::kHour},
    {"hrs", DateTimeField::kHour}, {"h", DateTimeField::kHour}, {"day", DateTimeField::kDay}, {"days", DateTimeField::kDay},
    {"d", DateTimeField::kDay}, {"dow", DateTimeField::kDow}, {"isodow", DateTimeField::kIsoDow}, {"doy", DateTimeField::kDoy},
    {"week", DateTimeField::kWeek}, {"weeks", DateTimeField::kWeek}, {"w", DateTimeField::kWeek}, {"month", DateTimeField::kMonth},
    {"months", DateTimeField::kMonth}, {"mon", DateTimeField::kMonth}, {"mons", DateTimeField::kMonth}, {"quarter", DateTimeField::kQuarter},
    {"qtr", DateTimeField::kQuarter}, {"year", DateTimeField::kYear}, {"years", DateTimeField::kYear}, {"yr", DateTimeField::kYear},
    {"yrs", DateTimeField::kYear}, {"y", DateTimeField::kYear}, {"isoyear", DateTimeField::kIsoYear}, {"decade", DateTimeField::kDecade},
    {"decades", DateTimeField::kDecade}, {"dec", DateTimeField::kDecade}, {"decs", DateTimeField::kDecade}, {"century", DateTimeField::kCentury},
    {"centuries", DateTimeField::kCentury}, {"cent", DateTimeField::kCentury}, {"c", DateTimeField::kCentury},
    {"millennium", DateTimeField::kMillennium}, {"millennia", DateTimeField::kMillennium}, {"mil", DateTimeField::kMillennium},
    {"mils", DateTimeField::kMillennium}, {"epoch", DateTimeField::kEpoch}, {"julian", DateTimeField::kJulian}, {"jd", DateTimeField::kJulian},
    {"j", DateTimeField::kJulian}, {"timezone", DateTimeField::kTimezone}, {"timezone_hour", DateTimeField::kTimezoneHour},
    {"timezone_h", DateTimeField::kTimezoneHour}, {"timezone_minute", DateTimeField::kTimezoneMinute},
    {"timezone_m", DateTimeField::kTimezoneMinute},
};

/// The spelling used in messages.
std::string_view NameOf(DateTimeField field) {
  for (const FieldName& entry : kFieldNames) {
    if (entry.field == field) return entry.name;
  }
  return "";
}

Status NotSupported(DateTimeField field, DataType type) {
  return Error(sqlstate::kFeatureNotSupported, StrCat("unit \"", NameOf(field), "\" not supported for type ", TypeName(type)));
}
Status NotRecognized(std::string_view text, DataType type) {
  return Error(sqlstate::kInvalidParameterValue, StrCat("unit \"", text, "\" not recognized for type ", TypeName(type)));
}

using Extracted = StatusOr<std::optional<Numeric>>;
Extracted Scaled(__int128 mantissa, int scale) { return std::optional<Numeric>(Numeric::FromScaled(mantissa, scale)); }
Extracted Whole(int64_t value) { return Scaled(value, 0); }

int64_t FloorDivide(int64_t value, int64_t divisor) {
  const int64_t quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

/// Day number of the Monday of ISO week 1.
int64_t FirstIsoMonday(int64_t year) {
  const int64_t fourth = DaysFromCivil(year, 1, 4);
  return fourth - (DayOfWeek(fourth) + 6) % 7;
}

struct IsoWeek {
  int64_t year;
  int week;
};
IsoWeek IsoWeekOf(int64_t days, int64_t civil_year) {
  int64_t year = civil_year;
  if (days < FirstIsoMonday(year)) {
    --year;
  } else if (days >= FirstIsoMonday(year + 1)) {
    ++year;
  }
  return {year, static_cast<int>((days - FirstIsoMonday(year)) / 7) + 1};
}

/// There is no year 0: 1 BC is -1.
int64_t YearNumber(int64_t year) { return year > 0 ? year : year - 1; }
/// Centuries and millennia: 1..size is the first one.
int64_t PeriodNumber(int64_t year, int64_t size) {
  return year > 0 ? (year + size - 1) / size : -((size - 1 - (year - 1)) / size);
}

/// Fields of a calendar day. nullopt if the field is no such.
std::optional<int64_t> DayField(DateTimeField field, const CivilTime& civil) {
  const int64_t days = DaysFromCivil(civil.year, civil.month, civil.day);
  switch (field) {
    case DateTimeField::kDay: return civil.day;
    case DateTimeField::kDow: return DayOfWeek(days);
    case DateTimeField::kIsoDow: return DayOfWeek(days) == 0 ? 7 : DayOfWeek(days);
    case DateTimeField::kDoy: return days - DaysFromCivil(civil.year, 1, 1) + 1;
    case DateTimeField::kWeek: return IsoWeekOf(days, civil.year).week;
    case DateTimeField::kMonth: return civil.month;
    case DateTimeField::kQuarter: return (civil.month - 1) / 3 + 1;
    case DateTimeField::kYear: return YearNumber(civil.year);
    case DateTimeField::kIsoYear: return YearNumber(IsoWeekOf(days, civil.year).year);
    case DateTimeField::kDecade: return FloorDivide(civil.year, 10);
    case DateTimeField::kCentury: return PeriodNumber(civil.year, 100);
    case DateTimeField::kMillennium: return PeriodNumber(civil.year, 1000);
    default: return std::nullopt;
  }
}

/// Fields of a time of day given as its parts. False if the field is no such.
bool TimeField(DateTimeField field, int64_t hour, int64_t minute, int64_t micros_of_minute, Extracted* result) {
  switch (field) {
    case DateTimeField::kMicroseconds: *result = Whole(micros_of_minute); return true;
    case DateTimeField::kMilliseconds: *result = Scaled(micros_of_minute, 3); return true;
    case DateTimeField::kSecond: *result = Scaled(micros_of_minute, 6); return true;
    case DateTimeField::kMinute: *result = Whole(minute); return true;
    case DateTimeField::kHour: *result = Whole(hour); return true;
    default: return false;
  }
}

/// Fields that grow with time are infinite at infinity, the others are NULL.
Extracted InfiniteField(DateTimeField field, bool negative) {
  switch (field) {
    case DateTimeField::kYear:
    case DateTimeField::kIsoYear:
    case DateTimeField::kDecade:
    case DateTimeField::kCentury:
    case DateTimeField::kMillennium:
    case DateTimeField::kEpoch:
    case DateTimeField::kJulian: return std::optional<Numeric>(negative ? Numeric::NegativeInfinity() : Numeric::Infinity());
    default: return std::optional<Numeric>();
  }
}

Extracted JulianField(int64_t local) {
  const int64_t days = FloorDivide(local, kMicrosPerDay);
  ASSIGN_OR_RETURN(const Numeric fraction, Numeric::Divide(Numeric::FromInt64(local - days * kMicrosPerDay), Numeric::FromInt64(kMicrosPerDay)));
  ASSIGN_OR_RETURN(Numeric julian, Numeric::Add(Numeric::FromInt64(days - kMinDate), fraction));
  return std::optional<Numeric>(std::move(julian));
}

Extracted LocalField(DateTimeField field, int64_t local, DataType type) {
  const CivilTime civil = CivilFromTimestamp(local);
  Extracted result = std::optional<Numeric>();
  if (TimeField(field, civil.hour, civil.minute, civil.second * kMicrosPerSecond + civil.micros, &result)) return result;
  if (const std::optional<int64_t> value = DayField(field, civil)) return Whole(*value);
  if (field == DateTimeField::kJulian) return JulianField(local);
  return NotSupported(field, type);
}

/// Start of the field's period on a wall clock. False if date_trunc does not know the field.
bool TruncateLocal(DateTimeField field, CivilTime* civil) {
  const auto keep_date = [&] { civil->hour = civil->minute = civil->second = civil->micros = 0; };
  const auto to_year = [&](int64_t year) {
    civil->year = year;
    civil->month = civil->day = 1;
    keep_date();
  };
  switch (field) {
    case DateTimeField::kMicroseconds: return true;
    case DateTimeField::kMilliseconds: civil->micros = civil->micros / 1000 * 1000; return true;
    case DateTimeField::kSecond: civil->micros = 0; return true;
    case DateTimeField::kMinute: civil->second = civil->micros = 0; return true;
    case DateTimeField::kHour: civil->minute = civil->second = civil->micros = 0; return true;
    case DateTimeField::kDay: keep_date(); return true;
    case DateTimeField::kWeek: {
      const int64_t days = DaysFromCivil(civil->year, civil->month, civil->day);
      CivilFromDays(days - (DayOfWeek(days) + 6) % 7, civil);
      keep_date();
      return true;
    }
    case DateTimeField::kMonth: civil->day = 1; keep_date(); return true;
    case DateTimeField::kQuarter:
      civil->month = (civil->month - 1) / 3 * 3 + 1;
      civil->day = 1;
      keep_date();
      return true;
    case DateTimeField::kYear: to_year(civil->year); return true;
    case DateTimeField::kDecade: to_year(FloorDivide(civil->year, 10) * 10); return true;
    // The 21st century began in 2001.
    case DateTimeField::kCentury: to_year(FloorDivide(civil->year - 1, 100) * 100 + 1); return true;
    case DateTimeField::kMillennium: to_year(FloorDivide(civil->year - 1, 1000) * 1000 + 1); return true;
    default: return false;
  }
}

bool IsZoneField(DateTimeField field) { return field >= DateTimeField::kTimezone; }
/// date_trunc's error for a field it does not know.
Status CannotTruncate(DateTimeField field, DataType type) {
  return IsZoneField(field) ? NotSupported(field, type) : NotRecognized(NameOf(field), type);
}

bool IsBelowDay(DateTimeField field) { return field <= DateTimeField::kHour; }

}  // namespace

StatusOr<DateTimeField> ParseDateTimeField(std::string_view text, DataType type) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const FieldName& entry : kFieldNames) {
    if (entry.name == lower) return entry.field;
  }
  return NotRecognized(lower, type.WithoutTypmod());
}

StatusOr<std::optional<Numeric>> ExtractTimestamp(DateTimeField field, int64_t timestamp) {
  if (!IsFiniteTimestamp(timestamp)) return InfiniteField(field, timestamp == kTimestampMinusInfinity);
  if (field == DateTimeField::kEpoch) return Scaled(static_cast<__int128>(timestamp) + kEpochShiftMicros, 6);
  return LocalField(field, timestamp, TypeId::kTimestamp);
}

StatusOr<std::optional<Numeric>> ExtractTimestampTz(DateTimeField field, int64_t timestamp, const absl::TimeZone& zone) {
  if (!IsFiniteTimestamp(timestamp)) return InfiniteField(field, timestamp == kTimestampMinusInfinity);
  switch (field) {
    case DateTimeField::kEpoch: return Scaled(static_cast<__int128>(timestamp) + kEpochShiftMicros, 6);
    case DateTimeField::kTimezone: return Whole(ZoneOffsetAt(timestamp, zone));
    case DateTimeField::kTimezoneHour: return Whole(ZoneOffsetAt(timestamp, zone) / 3600);
    case DateTimeField::kTimezoneMinute: return Whole(ZoneOffsetAt(timestamp, zone) / 60 % 60);
    default: break;
  }
  ASSIGN_OR_RETURN(const int64_t local, UtcToLocal(timestamp, zone));
  return LocalField(field, local, TypeId::kTimestampTz);
}

StatusOr<std::optional<Numeric>> ExtractDate(DateTimeField field, int32_t date) {
  const bool of_time = IsBelowDay(field);
  if (of_time || IsZoneField(field)) return NotSupported(field, TypeId::kDate);
  if (!IsFiniteDate(date)) return InfiniteField(field, date == kDateMinusInfinity);
  if (field == DateTimeField::kEpoch) return Whole((int64_t{date} + kEpochShiftDays) * 86'400);
  if (field == DateTimeField::kJulian) return Whole(int64_t{date} - kMinDate);
  CivilTime civil;
  CivilFromDays(date, &civil);
  return Whole(*DayField(field, civil));
}

StatusOr<std::optional<Numeric>> ExtractTime(DateTimeField field, int64_t time) {
  Extracted result = std::optional<Numeric>();
  if (TimeField(field, time / kMicrosPerHour, time / kMicrosPerMinute % 60, time % kMicrosPerMinute, &result)) return result;
  if (field == DateTimeField::kEpoch) return Scaled(time, 6);
  return NotSupported(field, TypeId::kTime);
}

StatusOr<std::optional<Numeric>> ExtractInterval(DateTimeField field, const Interval& interval) {
  Extracted result = std::optional<Numeric>();
  const int64_t micros = interval.micros;
  if (TimeField(field, micros / kMicrosPerHour, micros / kMicrosPerMinute % 60, micros % kMicrosPerMinute, &result)) return result;
  const int64_t years = interval.months / 12;
  const int64_t months = interval.months % 12;
  switch (field) {
    case DateTimeField::kDay: return Whole(interval.days);
    case DateTimeField::kMonth: return Whole(months);
    case DateTimeField::kQuarter: return Whole(months / 3 + 1);
    case DateTimeField::kYear: return Whole(years);
    case DateTimeField::kDecade: return Whole(years / 10);
    case DateTimeField::kCentury: return Whole(years / 100);
    case DateTimeField::kMillennium: return Whole(years / 1000);
    case DateTimeField::kEpoch: {
      // A year counts 365.25 days, a month 30.
      const __int128 seconds = static_cast<__int128>(years) * 31'557'600 + static_cast<__int128>(months) * 30 * 86'400 + static_cast<__int128>(interval.days) * 86'400;
      return Scaled(seconds * kMicrosPerSecond + micros, 6);
    }
    default: return NotSupported(field, TypeId::kInterval);
  }
}

StatusOr<int64_t> TruncateTimestamp(DateTimeField field, int64_t timestamp) {
  if (!IsFiniteTimestamp(timestamp)) return timestamp;
  CivilTime civil = CivilFromTimestamp(timestamp);
  if (!TruncateLocal(field, &civil)) return CannotTruncate(field, TypeId::kTimestamp);
  return TimestampFromCivil(civil);
}

StatusOr<int64_t> TruncateTimestampTz(DateTimeField field, int64_t timestamp, const absl::TimeZone& zone) {
  if (!IsFiniteTimestamp(timestamp)) return timestamp;
  ASSIGN_OR_RETURN(const int64_t local, UtcToLocal(timestamp, zone));
  CivilTime civil = CivilFromTimestamp(local);
  if (!TruncateLocal(field, &civil)) return CannotTruncate(field, TypeId::kTimestampTz);
  ASSIGN_OR_RETURN(const int64_t start, TimestampFromCivil(civil));
  // Hours and less keep the instant's own offset; the start of a day may have another one.
  if (IsBelowDay(field)) return start - (local - timestamp);
  return LocalToUtc(start, zone);
}

StatusOr<Interval> TruncateInterval(DateTimeField field, const Interval& interval) {
  Interval result = interval;
  const auto cut_time = [&](int64_t unit) { result.micros -= result.micros % unit; };
  const auto cut_months = [&](int32_t unit) {
    result.months -= result.months % unit;
    result.days = 0;
    result.micros = 0;
  };
  switch (field) {
    case DateTimeField::kMicroseconds: break;
    case DateTimeField::kMilliseconds: cut_time(1000); break;
    case DateTimeField::kSecond: cut_time(kMicrosPerSecond); break;
    case DateTimeField::kMinute: cut_time(kMicrosPerMinute); break;
    case DateTimeField::kHour: cut_time(kMicrosPerHour); break;
    case DateTimeField::kDay: result.micros = 0; break;
    case DateTimeField::kMonth: cut_months(1); break;
    case DateTimeField::kQuarter: cut_months(3); break;
    case DateTimeField::kYear: cut_months(12); break;
    case DateTimeField::kDecade: cut_months(120); break;
    case DateTimeField::kCentury: cut_months(1200); break;
    case DateTimeField::kMillennium: cut_months(12'000); break;
    case DateTimeField::kWeek:
      return WithDetail(NotSupported(field, TypeId::kInterval), "Months usually have fractional weeks.");
    default: return CannotTruncate(field, TypeId::kInterval);
  }
  return result;
}

}  // namespace tsd
