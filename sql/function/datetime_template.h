#pragma once
// Templates of to_char, to_timestamp and to_date ("YYYY-MM-DD HH24:MI:SS"), cut into fields and literal text once. Pure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tsd::sql {

enum class TemplateField : uint8_t {
  kLiteral, kYear4, kYear4Comma, kYear3, kYear2, kYear1, kIsoYear4, kIsoYear3, kIsoYear2, kIsoYear1, kEra, kEraDots, kMonth, kMonthName,
  kMonthShort, kDay,
  kDayOfYear, kIsoDayOfYear, kDayName, kDayShort, kDayOfWeek, kIsoDayOfWeek, kWeekOfMonth, kWeek, kIsoWeek, kCentury, kJulian, kQuarter,
  kRomanMonth, kHour12, kHour24, kMinute, kSecond, kFraction, kMicros, kMillis, kSecondOfDay, kMeridiem, kMeridiemDots, kZone, kZoneHour,
  kZoneMinute, kOffset,
};
/// Case of names: MONTH, Month, month.
enum class LetterCase : uint8_t { kUpper, kCapital, kLower };

struct TemplateItem {
  TemplateField field = TemplateField::kLiteral;
  LetterCase letters = LetterCase::kUpper;
  bool fill = true;        // no FM
  char ordinal = 0;        // 'T' for TH, 't' for th
  int digits = 0;          // kFraction
  std::string literal;
  std::string written;     // the field as the template has it, for errors
};

std::vector<TemplateItem> ParseDateTimeTemplate(std::string_view text);

inline constexpr std::string_view kMonthNames[] = {"January", "February", "March",     "April",   "May",      "June",
                                                  "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::string_view kDayNames[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
inline constexpr std::string_view kRomanMonths[] = {"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};

}  // namespace tsd::sql
