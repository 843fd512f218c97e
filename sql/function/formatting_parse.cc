// to_timestamp(text, template), to_date(text, template).
#include <algorithm>
#include <optional>

#include "engine/base/strings.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/timezone.h"
#include "sql/function/datetime_template.h"
#include "sql/function/formatting.h"
#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

struct ParsedFields {
  std::optional<int64_t> year, month, day, day_of_year, iso_year, iso_week, iso_day, iso_day_of_year, week, week_of_month, century, julian;
  std::optional<int64_t> hour, minute, second, second_of_day;
  size_t year_digits = 0;  // as written; 0 = no year
  int64_t micros = 0;
  int precision = 6;       // FF1..FF6: digits to round to
  bool hour_is_12 = false;
  std::optional<bool> afternoon;
  bool before_christ = false;
  int offset_sign = 1;
  std::optional<int64_t> offset_hours, offset_minutes;
};

Status BadValue(std::string_view value, std::string_view field) {
  return WithDetail(Error(sqlstate::kInvalidDatetimeFormat, StrCat("invalid value \"", value, "\" for \"", field, "\"")),
                    "Value must be an integer.");
}

Status FieldOutOfRange(std::string_view text) {
  return Error(sqlstate::kDatetimeFieldOverflow, StrCat("date/time field value out of range: \"", text, "\""));
}

class TemplateReader {
 public:
  explicit TemplateReader(std::string_view text) : text_(text) {}

  Status Read(const std::vector<TemplateItem>& items) {
    for (size_t i = 0; i < items.size(); ++i) {
      const TemplateItem& item = items[i];
      if (item.field == TemplateField::kLiteral) {
        SkipLiteral(item.literal);
        continue;
      }
      for (; at_ < text_.size() && text_[at_] == ' '; ++at_) ++extra_skipped_;
      if (at_ >= text_.size()) return OkStatus();
      // Directly followed by another number, a field has its fixed width; else it takes all digits there are.
      const bool tight = i + 1 < items.size() && IsNumber(items[i + 1].field);
      RETURN_IF_ERROR(ReadItem(item, tight));
      if (item.ordinal != 0) at_ = std::min(text_.size(), at_ + 2);
      extra_skipped_ = 0;
    }
    return OkStatus();
  }
  const ParsedFields& fields() const { return fields_; }

 private:
  static bool IsNumber(TemplateField field) {
    switch (field) {
      case TemplateField::kLiteral:
      case TemplateField::kMonthName:
      case TemplateField::kMonthShort:
      case TemplateField::kDayName:
      case TemplateField::kDayShort:
      case TemplateField::kRomanMonth:
      case TemplateField::kMeridiem:
      case TemplateField::kMeridiemDots:
      case TemplateField::kEra:
      case TemplateField::kEraDots:
      case TemplateField::kZone:
      case TemplateField::kOffset:
      case TemplateField::kZoneHour: return false;
      default: return true;
    }
  }
  static bool IsSeparator(char c) { return static_cast<uint8_t>(c) < 0x80 && !IsLetterOrDigit(static_cast<char32_t>(c)); }

  /// A separator of the template takes a space or separator of the input, if there is one; other characters take one character each, less
  /// what was skipped already.
  void SkipLiteral(std::string_view literal) {
    for (size_t i = 0; i < literal.size(); i += CharLength(literal, i)) {
      if (IsSeparator(literal[i])) {
        --extra_skipped_;
        if (at_ < text_.size() && IsSeparator(text_[at_])) {
          ++at_;
          ++extra_skipped_;
        }
      } else if (extra_skipped_ > 0) {
        --extra_skipped_;
      } else if (at_ < text_.size()) {
        at_ += CharLength(text_, at_);
      }
    }
  }

  StatusOr<int64_t> Number(const TemplateItem& item, size_t width, bool tight) {
    const size_t start = at_;
    bool negative = false;
    if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) negative = text_[at_++] == '-';
    const size_t limit = tight ? at_ + width : at_ + 9;
    int64_t value = 0;
    const size_t digits = at_;
    while (at_ < text_.size() && at_ < limit && text_[at_] >= '0' && text_[at_] <= '9') value = value * 10 + (text_[at_++] - '0');
    if (at_ == digits) {
      return BadValue(text_.substr(start, std::min<size_t>(width, text_.size() - start)), item.written);
    }
    digits_read_ = at_ - digits;
    return negative ? -value : value;
  }

  template <size_t kCount>
  StatusOr<int64_t> Name(const std::string_view (&names)[kCount], size_t length, std::string_view field) {
    // The last that fits: of Roman numerals the longest.
    for (size_t i = kCount; i-- > 0;) {
      const std::string_view name = length == 0 ? names[i] : names[i].substr(0, length);
      if (LowerText(text_.substr(at_, name.size())) == LowerText(name)) {
        at_ += name.size();
        return static_cast<int64_t>(i);
      }
    }
    const size_t end = std::min(text_.find(' ', at_), text_.size());
    return WithDetail(Error(sqlstate::kInvalidDatetimeFormat, StrCat("invalid value \"", text_.substr(at_, end - at_), "\" for \"", field, "\"")),
                      "The given value did not match any of the allowed values for this field.");
  }

  /// Two digits: the year of that ending next to 2020, as PostgreSQL: 70..99 are 19xx, 00..69 are 20xx.
  static int64_t WidenYear(int64_t value, size_t digits) {
    if (digits <= 2) return value + (value < 70 ? 2000 : 1900);
    if (digits == 3) return value + (value < 520 ? 2000 : 1000);
    return value;
  }

  Status ReadFraction(const TemplateItem& item, size_t width, bool tight) {
    ASSIGN_OR_RETURN(int64_t value, Number(item, width, tight));
    const size_t whole = item.field == TemplateField::kMillis ? 3 : 6;
    if (digits_read_ > whole) return FieldOutOfRange(text_);
    // '5' as milliseconds is .5 seconds: digits count from the point.
    for (size_t i = digits_read_; i < 6; ++i) value *= 10;
    fields_.micros = value;
    if (item.digits > 0) fields_.precision = item.digits;
    return OkStatus();
  }

  /// The sign may have been taken for a separator.
  Status ReadZoneHour(const TemplateItem& item) {
    if (text_[at_] == '+' || text_[at_] == '-') {
      fields_.offset_sign = text_[at_++] == '-' ? -1 : 1;
    } else {
      fields_.offset_sign = extra_skipped_ > 0 && at_ > 0 && text_[at_ - 1] == '-' ? -1 : 1;
    }
    return Set(fields_.offset_hours, item, 2, true);
  }

  /// "1,582"
  Status ReadYearWithComma(const TemplateItem& item) {
    ASSIGN_OR_RETURN(const int64_t thousands, Number(item, 4, false));
    if (at_ >= text_.size() || text_[at_] != ',') {
      return WithDetail(Error(sqlstate::kInvalidDatetimeFormat, StrCat("invalid input string for \"", item.written, "\"")), "");
    }
    ++at_;
    ASSIGN_OR_RETURN(const int64_t rest, Number(item, 3, true));
    fields_.year = thousands * 1000 + rest;
    fields_.year_digits = 4;
    return OkStatus();
  }

  Status ReadWord(const TemplateItem& item) {
    switch (item.field) {
      case TemplateField::kMonthName:
      case TemplateField::kMonthShort: {
        StatusOr<int64_t> full = Name(kMonthNames, item.field == TemplateField::kMonthName ? 0 : 3, item.written);
        if (!full.ok()) return full.status();
        fields_.month = *full + 1;
        return OkStatus();
      }
      case TemplateField::kDayName: return Name(kDayNames, 0, item.written).status();
      case TemplateField::kDayShort: return Name(kDayNames, 3, item.written).status();
      case TemplateField::kMeridiem:
      case TemplateField::kMeridiemDots: {
        const std::string start = LowerText(text_.substr(at_, 4));
        if (!start.starts_with("a") && !start.starts_with("p")) return BadValue(text_.substr(at_, 2), "AM");
        fields_.afternoon = start[0] == 'p';
        at_ = std::min(text_.size(), at_ + (item.field == TemplateField::kMeridiemDots ? 4 : 2));
        return OkStatus();
      }
      case TemplateField::kEra:
      case TemplateField::kEraDots:
        fields_.before_christ = LowerText(text_.substr(at_, 1)) == "b";
        at_ = std::min(text_.size(), at_ + (item.field == TemplateField::kEraDots ? 4 : 2));
        return OkStatus();
      case TemplateField::kRomanMonth: {
        ASSIGN_OR_RETURN(const int64_t month, Name(kRomanMonths, 0, item.written));
        fields_.month = month + 1;
        return OkStatus();
      }
      case TemplateField::kZoneHour: return ReadZoneHour(item);
      default:
        return Error(sqlstate::kFeatureNotSupported, StrCat("formatting field \"", item.written, "\" is only supported in to_char"));
    }
  }

  Status Set(std::optional<int64_t>& target, const TemplateItem& item, size_t width, bool tight) {
    ASSIGN_OR_RETURN(target, Number(item, width, tight));
    return OkStatus();
  }

  /// A year of up to four digits; fewer than four are completed.
  Status SetYear(std::optional<int64_t>& target, const TemplateItem& item, size_t width, bool tight) {
    RETURN_IF_ERROR(Set(target, item, width, tight));
    fields_.year_digits = digits_read_;
    if (width < 4) target = WidenYear(*target, digits_read_);
    return OkStatus();
  }

  Status ReadItem(const TemplateItem& item, bool tight) {
    switch (item.field) {
      case TemplateField::kYear4Comma: return ReadYearWithComma(item);
      case TemplateField::kYear4: return SetYear(fields_.year, item, 4, tight);
      case TemplateField::kYear3: return SetYear(fields_.year, item, 3, tight);
      case TemplateField::kYear2: return SetYear(fields_.year, item, 2, tight);
      case TemplateField::kYear1: return SetYear(fields_.year, item, 1, tight);
      case TemplateField::kIsoYear4: return SetYear(fields_.iso_year, item, 4, tight);
      case TemplateField::kIsoYear3: return SetYear(fields_.iso_year, item, 3, tight);
      case TemplateField::kIsoYear2: return SetYear(fields_.iso_year, item, 2, tight);
      case TemplateField::kIsoYear1: return SetYear(fields_.iso_year, item, 1, tight);
      case TemplateField::kIsoDayOfYear: return Set(fields_.iso_day_of_year, item, 3, tight);
      case TemplateField::kWeek: return Set(fields_.week, item, 2, tight);
      case TemplateField::kWeekOfMonth: return Set(fields_.week_of_month, item, 1, tight);
      case TemplateField::kCentury: return Set(fields_.century, item, 2, tight);
      case TemplateField::kMonth: return Set(fields_.month, item, 2, tight);
      case TemplateField::kDay: return Set(fields_.day, item, 2, tight);
      case TemplateField::kDayOfYear: return Set(fields_.day_of_year, item, 3, tight);
      case TemplateField::kIsoWeek: return Set(fields_.iso_week, item, 2, tight);
      case TemplateField::kIsoDayOfWeek: return Set(fields_.iso_day, item, 1, tight);
      case TemplateField::kJulian: return Set(fields_.julian, item, 9, tight);
      case TemplateField::kHour12:
        fields_.hour_is_12 = true;
        return Set(fields_.hour, item, 2, tight);
      case TemplateField::kHour24: return Set(fields_.hour, item, 2, tight);
      case TemplateField::kMinute: return Set(fields_.minute, item, 2, tight);
      case TemplateField::kSecond: return Set(fields_.second, item, 2, tight);
      case TemplateField::kSecondOfDay: return Set(fields_.second_of_day, item, 5, tight);
      case TemplateField::kMillis: return ReadFraction(item, 3, tight);
      case TemplateField::kMicros: return ReadFraction(item, 6, tight);
      case TemplateField::kFraction: return ReadFraction(item, static_cast<size_t>(item.digits), tight);
      case TemplateField::kZoneMinute: return Set(fields_.offset_minutes, item, 2, true);
      case TemplateField::kQuarter:
      case TemplateField::kDayOfWeek: return Number(item, 1, tight).status();  // read, and of no use
      default: return ReadWord(item);
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t digits_read_ = 0;
  int extra_skipped_ = 0;  // characters of the input skipped beyond those of the template
  ParsedFields fields_;
};

StatusOr<int64_t> DaysOf(const ParsedFields& f, std::string_view text) {
  if (f.julian.has_value()) return *f.julian - 2'451'545;
  if (f.iso_year.has_value()) {
    // Monday of the ISO year's first week: the week of 4 January.
    const int64_t fourth = DaysFromCivil(*f.iso_year, 1, 4);
    const int64_t monday = fourth - (DayOfWeek(fourth) + 6) % 7;
    if (f.iso_day_of_year.has_value()) return monday + *f.iso_day_of_year - 1;
    return monday + (f.iso_week.value_or(1) - 1) * 7 + f.iso_day.value_or(1) - 1;
  }
  // Nothing said about the year: 1 BC, as PostgreSQL.
  int64_t year = f.year.value_or(0);
  if (f.century.has_value() && f.year_digits <= 2) {
    // A century completes a year of two digits; alone it means its first year.
    const int64_t in_century = f.year_digits == 0 ? 1 : year % 100;
    year = in_century == 0 ? *f.century * 100 : (*f.century - 1) * 100 + in_century;
  }
  if (f.before_christ && year > 0) year = 1 - year;
  if (f.week.has_value()) return DaysFromCivil(year, 1, 1) + (*f.week - 1) * 7;
  if (f.day_of_year.has_value()) {
    if (*f.day_of_year < 1 || *f.day_of_year > (IsLeapYear(year) ? 366 : 365)) return FieldOutOfRange(text);
    return DaysFromCivil(year, 1, 1) + *f.day_of_year - 1;
  }
  const int64_t month = f.month.value_or(1);
  const int64_t day = f.week_of_month.has_value() ? (*f.week_of_month - 1) * 7 + 1 : f.day.value_or(1);
  if (month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, static_cast<int>(month))) return FieldOutOfRange(text);
  return DaysFromCivil(year, static_cast<int>(month), day);
}

StatusOr<int64_t> TimeOf(const ParsedFields& f, std::string_view text) {
  int64_t hour = f.hour.value_or(0);
  if (f.hour_is_12) {
    if (hour < 1 || hour > 12) {
      return WithHint(Error(sqlstate::kInvalidDatetimeFormat, StrCat("hour \"", hour, "\" is invalid for the 12-hour clock")),
                      "Use the 24-hour clock, or give an hour between 1 and 12.");
    }
    if (f.afternoon.value_or(false) && hour < 12) hour += 12;
    if (!f.afternoon.value_or(true) && hour == 12) hour = 0;
  }
  const int64_t minute = f.minute.value_or(0);
  const int64_t second = f.second.value_or(0);
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 59) return FieldOutOfRange(text);
  if (f.second_of_day.has_value()) {
    if (*f.second_of_day < 0 || *f.second_of_day > 86400) return FieldOutOfRange(text);
    return *f.second_of_day * kMicrosPerSecond + f.micros;
  }
  return hour * kMicrosPerHour + minute * kMicrosPerMinute + second * kMicrosPerSecond + f.micros;
}

Status ToTimestamp(const RowArgs& a, Vector& out) {
  TemplateReader reader(a.Text(0));
  RETURN_IF_ERROR(reader.Read(ParseDateTimeTemplate(a.Text(1))));
  const ParsedFields& fields = reader.fields();
  ASSIGN_OR_RETURN(const int64_t days, DaysOf(fields, a.Text(0)));
  ASSIGN_OR_RETURN(const int64_t time, TimeOf(fields, a.Text(0)));
  const __int128 local = static_cast<__int128>(days) * kMicrosPerDay + time;
  if (local < kMinTimestamp || local >= kEndTimestamp) return TimestampOutOfRange();
  const int64_t wall = static_cast<int64_t>(local);
  const int64_t rounded = RoundToPrecision(wall, fields.precision);
  if (fields.offset_hours.has_value() || fields.offset_minutes.has_value()) {
    const int64_t hours = fields.offset_hours.value_or(0), minutes = fields.offset_minutes.value_or(0);
    if (hours > 15 || minutes > 59) return FieldOutOfRange(a.Text(0));
    return Put<int64_t>(out, rounded - fields.offset_sign * (hours * 3600 + minutes * 60) * kMicrosPerSecond);
  }
  return PutOr<int64_t>(out, LocalToUtc(rounded, a.context().datetime.zone));
}

Status ToDate(const RowArgs& a, Vector& out) {
  TemplateReader reader(a.Text(0));
  RETURN_IF_ERROR(reader.Read(ParseDateTimeTemplate(a.Text(1))));
  ASSIGN_OR_RETURN(const int64_t days, DaysOf(reader.fields(), a.Text(0)));
  if (days < kMinDate || days >= kEndDate) return DateOutOfRange();
  return Put<int32_t>(out, static_cast<int32_t>(days));
}

}  // namespace

void RegisterDateTimeParsing(RegistryBuilder& builder) {
  Stable(builder.Row("to_timestamp", "text,text", "timestamptz", ToTimestamp));
  Stable(builder.Row("to_date", "text,text", "date", ToDate));
}

}  // namespace tsd::sql
