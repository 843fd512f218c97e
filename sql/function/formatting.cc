// to_char of timestamps and intervals.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "engine/base/strings.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/timezone.h"
#include "sql/function/datetime_template.h"
#include "sql/function/formatting.h"
#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

/// What a template is filled from.
struct FormatInput {
  CivilTime civil;
  int64_t days = 0;            // since 2000-01-01, of the date part
  int64_t hours = 0;           // may exceed 23 in intervals
  bool interval = false;
  std::optional<int> offset_seconds;  // timestamptz
  std::string zone_name;
};

std::string Padded(int64_t value, int width, bool fill) {
  std::string digits = std::to_string(std::llabs(value));
  if (fill && static_cast<int>(digits.size()) < width) digits.insert(0, static_cast<size_t>(width) - digits.size(), '0');
  return value < 0 ? "-" + digits : digits;
}

std::string WithCase(std::string_view name, LetterCase letters) {
  switch (letters) {
    case LetterCase::kUpper: return UpperText(name);
    case LetterCase::kLower: return LowerText(name);
    case LetterCase::kCapital: return std::string(name);
  }
  return std::string(name);
}
std::string PaddedName(std::string_view name, LetterCase letters, bool fill, size_t width) {
  std::string text = WithCase(name, letters);
  if (fill && text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string Ordinal(const std::string& number, char style) {
  const char last = number.back();
  const bool teen = number.size() > 1 && number[number.size() - 2] == '1';
  const std::string_view suffix = teen ? "th" : last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th";
  return number + (style == 'T' ? UpperText(suffix) : std::string(suffix));
}

struct IsoDate {
  int64_t year;
  int week;
  int day_of_year;
};
IsoDate IsoOf(int64_t days) {
  // The week's Thursday decides the year.
  const int weekday = (DayOfWeek(days) + 6) % 7;
  const int64_t thursday = days - weekday + 3;
  CivilTime civil;
  CivilFromDays(thursday, &civil);
  const int64_t first = DaysFromCivil(civil.year, 1, 1);
  const int week = static_cast<int>((thursday - first) / 7) + 1;
  return {civil.year, week, (week - 1) * 7 + weekday + 1};
}

std::string OffsetText(int seconds, bool minutes_only_if_needed) {
  const int absolute = std::abs(seconds);
  std::string text = seconds < 0 ? "-" : "+";
  text += Padded(absolute / 3600, 2, true);
  if (!minutes_only_if_needed || absolute % 3600 / 60 != 0) StrAppend(&text, ":", Padded(absolute % 3600 / 60, 2, true));
  return text;
}

/// Years of the common era as templates show them: 1 BC is 1.
int64_t ShownYear(int64_t year) { return year <= 0 ? 1 - year : year; }
int64_t Century(int64_t year) { return year > 0 ? (year + 99) / 100 : -((-year + 1 + 99) / 100); }

/// Numeric fields; nullopt: not one of them.
std::optional<std::string> NumberField(const TemplateItem& item, const FormatInput& in) {
  const CivilTime& c = in.civil;
  const int64_t year = in.interval ? c.year : ShownYear(c.year);
  const bool fill = item.fill;
  const auto day_of_year = [&] { return in.days - DaysFromCivil(c.year, 1, 1) + 1; };
  const auto iso_year = [&] { return ShownYear(IsoOf(in.days).year); };
  const int64_t hour12 = in.hours % 12 == 0 ? 12 : in.hours % 12;
  switch (item.field) {
    case TemplateField::kYear4: return Padded(year, 4, fill);
    case TemplateField::kYear4Comma: return StrCat(year / 1000, ",", Padded(year % 1000, 3, true));
    case TemplateField::kYear3: return Padded(year % 1000, 3, fill);
    case TemplateField::kYear2: return Padded(year % 100, 2, fill);
    case TemplateField::kYear1: return Padded(year % 10, 1, fill);
    case TemplateField::kIsoYear4: return Padded(iso_year(), 4, fill);
    case TemplateField::kIsoYear3: return Padded(iso_year() % 1000, 3, fill);
    case TemplateField::kIsoYear2: return Padded(iso_year() % 100, 2, fill);
    case TemplateField::kIsoYear1: return Padded(iso_year() % 10, 1, fill);
    case TemplateField::kMonth: return Padded(c.month, 2, fill);
    case TemplateField::kDay: return Padded(c.day, 2, fill);
    case TemplateField::kDayOfYear: return Padded(day_of_year(), 3, fill);
    case TemplateField::kIsoDayOfYear: return Padded(IsoOf(in.days).day_of_year, 3, fill);
    case TemplateField::kDayOfWeek: return Padded(DayOfWeek(in.days) + 1, 1, fill);
    case TemplateField::kIsoDayOfWeek: return Padded((DayOfWeek(in.days) + 6) % 7 + 1, 1, fill);
    case TemplateField::kWeekOfMonth: return Padded((c.day - 1) / 7 + 1, 1, fill);
    case TemplateField::kWeek: return Padded((day_of_year() - 1) / 7 + 1, 2, fill);
    case TemplateField::kIsoWeek: return Padded(IsoOf(in.days).week, 2, fill);
    case TemplateField::kCentury: return in.interval ? Padded(c.year / 100, 2, fill) : Padded(Century(c.year), 2, fill);
    case TemplateField::kJulian: return std::to_string(in.days + 2'451'545);
    case TemplateField::kQuarter: return c.month == 0 ? std::string() : std::to_string((c.month - 1) / 3 + 1);
    case TemplateField::kHour12: return Padded(hour12, 2, fill);
    case TemplateField::kHour24: return Padded(in.hours, 2, fill);
    case TemplateField::kMinute: return Padded(c.minute, 2, fill);
    case TemplateField::kSecond: return Padded(c.second, 2, fill);
    case TemplateField::kMicros: return Padded(c.micros, 6, true);
    case TemplateField::kMillis: return Padded(c.micros / 1000, 3, true);
    case TemplateField::kFraction: return Padded(c.micros, 6, true).substr(0, static_cast<size_t>(item.digits));
    case TemplateField::kSecondOfDay: return std::to_string(in.hours * 3600 + c.minute * 60 + c.second);
    default: return std::nullopt;
  }
}

// Of intervals too: whole years are December, and a negative one counts back.
std::string RomanMonth(const TemplateItem& item, const CivilTime& c) {
  if (c.month == 0 && c.year == 0) return {};
  const int month = c.month == 0 ? (c.year > 0 ? 12 : 1) : c.month > 0 ? c.month : 13 + c.month;
  return PaddedName(kRomanMonths[static_cast<size_t>(month - 1)], item.letters, item.fill, 4);
}

StatusOr<std::string> WordField(const TemplateItem& item, const FormatInput& in) {
  const CivilTime& c = in.civil;
  const bool calendar_word = item.field == TemplateField::kEra || item.field == TemplateField::kEraDots || item.field == TemplateField::kDayName ||
                             item.field == TemplateField::kDayShort || item.field == TemplateField::kZone || item.field == TemplateField::kOffset;
  if (in.interval && calendar_word) {
    return WithHint(Error(sqlstate::kInvalidDatetimeFormat, "invalid format specification for an interval value"),
                    "Intervals are not tied to specific calendar dates.");
  }
  const size_t month = c.month > 0 ? static_cast<size_t>(c.month - 1) : 0;
  const size_t weekday = static_cast<size_t>(DayOfWeek(in.days));
  switch (item.field) {
    case TemplateField::kMonthName: return c.month == 0 ? std::string() : PaddedName(kMonthNames[month], item.letters, item.fill, 9);
    case TemplateField::kMonthShort: return c.month == 0 ? std::string() : PaddedName(kMonthNames[month].substr(0, 3), item.letters, false, 0);
    case TemplateField::kDayName: return PaddedName(kDayNames[weekday], item.letters, item.fill, 9);
    case TemplateField::kDayShort: return PaddedName(kDayNames[weekday].substr(0, 3), item.letters, false, 0);
    case TemplateField::kRomanMonth: return RomanMonth(item, c);
    case TemplateField::kMeridiem: {
      const LetterCase letters = item.letters == LetterCase::kLower ? LetterCase::kLower : LetterCase::kUpper;
      return WithCase(in.hours % 24 >= 12 ? "PM" : "AM", letters);
    }
    case TemplateField::kMeridiemDots: return WithCase(in.hours % 24 >= 12 ? "P.M." : "A.M.", item.letters);
    case TemplateField::kEra: return WithCase(c.year <= 0 ? "BC" : "AD", item.letters);
    case TemplateField::kEraDots: return WithCase(c.year <= 0 ? "B.C." : "A.D.", item.letters);
    case TemplateField::kZone: return WithCase(in.zone_name, item.letters == LetterCase::kLower ? LetterCase::kLower : LetterCase::kCapital);
    case TemplateField::kOffset: return OffsetText(in.offset_seconds.value_or(0), true);
    case TemplateField::kZoneHour: return OffsetText(in.offset_seconds.value_or(0), true).substr(0, 3);
    case TemplateField::kZoneMinute: return Padded(std::abs(in.offset_seconds.value_or(0)) % 3600 / 60, 2, true);
    default: return item.literal;
  }
}

StatusOr<std::string> Fill(std::string_view text, const FormatInput& in) {
  std::string out;
  for (const TemplateItem& item : ParseDateTimeTemplate(text)) {
    std::optional<std::string> number = NumberField(item, in);
    if (number.has_value()) {
      out += item.ordinal != 0 && !number->empty() ? Ordinal(*number, item.ordinal) : *number;
    } else {
      ASSIGN_OR_RETURN(const std::string word, WordField(item, in));
      out += word;
    }
  }
  return out;
}

Status FormatLocal(const RowArgs& a, int64_t local, FormatInput in, Vector& out) {
  in.civil = CivilFromTimestamp(local);
  in.days = DaysFromCivil(in.civil.year, in.civil.month, in.civil.day);
  in.hours = in.civil.hour;
  ASSIGN_OR_RETURN(const std::string text, Fill(a.Text(1), in));
  return PutText(out, text);
}

Status FormatTimestampRow(const RowArgs& a, Vector& out) {
  const int64_t value = a.I64(0);
  if (!IsFiniteTimestamp(value) || a.Text(1).empty()) return PutNull(out);
  return FormatLocal(a, value, FormatInput(), out);
}

Status FormatTimestampTzRow(const RowArgs& a, Vector& out) {
  const int64_t value = a.I64(0);
  if (!IsFiniteTimestamp(value) || a.Text(1).empty()) return PutNull(out);
  const absl::TimeZone& zone = a.context().datetime.zone;
  FormatInput in;
  in.offset_seconds = ZoneOffsetAt(value, zone);
  in.zone_name = ZoneAbbreviationAt(value, zone);
  ASSIGN_OR_RETURN(const int64_t local, UtcToLocal(value, zone));
  return FormatLocal(a, local, std::move(in), out);
}

Status FormatIntervalRow(const RowArgs& a, Vector& out) {
  if (a.Text(1).empty()) return PutNull(out);
  const Interval value = a.Ival(0);
  FormatInput in;
  in.interval = true;
  in.civil.year = value.months / 12;
  in.civil.month = value.months % 12;
  in.civil.day = value.days;
  in.days = value.days;
  in.hours = value.micros / kMicrosPerHour;
  in.civil.minute = static_cast<int>(value.micros % kMicrosPerHour / kMicrosPerMinute);
  in.civil.second = static_cast<int>(value.micros % kMicrosPerMinute / kMicrosPerSecond);
  in.civil.micros = static_cast<int>(value.micros % kMicrosPerSecond);
  ASSIGN_OR_RETURN(const std::string text, Fill(a.Text(1), in));
  return PutText(out, text);
}

}  // namespace

void RegisterFormatting(RegistryBuilder& builder) {
  Stable(builder.Row("to_char", "timestamp,text", "text", FormatTimestampRow));
  Stable(builder.Row("to_char", "timestamptz,text", "text", FormatTimestampTzRow));
  Stable(builder.Row("to_char", "interval,text", "text", FormatIntervalRow));
  RegisterDateTimeParsing(builder);
  RegisterNumberFormatting(builder);
}

}  // namespace tsd::sql
