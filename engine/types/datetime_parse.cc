// Text input of dates and times in every form but the ISO one of datetime_parse_fast.cc.
#include <cmath>
#include <optional>

#include "engine/base/ascii.h"
#include "engine/base/strings.h"
#include "engine/types/datetime.h"
#include "engine/types/datetime_scan.h"
#include "engine/types/timezone.h"

namespace tsd {
namespace {

enum class Outcome { kOk, kBadFormat, kOutOfRange, kOutOfRangeMonthDay, kBadOffset, kUnknownZone };
enum class Meridiem { kNone, kAm, kPm };
enum class Special { kNone, kEpoch, kInfinity, kMinusInfinity };
/// What the caller wants decides how bare digits are read.
enum class Wanted { kDateTime, kTimeOnly };

/// "hhmm", "hhmmss[.fraction]"
bool IsJoinedTime(std::string_view text) {
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  return AllDigits(whole) && (whole.size() == 4 || whole.size() == 6) &&
         (point == std::string_view::npos || AllDigits(text.substr(point + 1)));
}

/// Collects what tokens say; Finish checks it as a whole.
class DateTimeReader {
 public:
  DateTimeReader(Wanted wanted, const DateTimeContext& context) : wanted_(wanted), context_(context) {}

  Outcome Read(std::string_view text);
  Special special() const { return special_; }
  bool is_now() const { return is_now_; }
  bool has_date() const { return has_year_ && has_month_ && has_day_; }
  bool has_time() const { return has_time_; }
  /// A zone whose offset depends on the date was named.
  bool has_region() const { return zone_is_region_; }
  const CivilTime& civil() const { return civil_; }
  int64_t time_micros() const { return time_micros_; }
  const std::optional<absl::TimeZone>& zone() const { return zone_; }
  const std::string& unknown_zone() const { return unknown_zone_; }

 private:
  Outcome ReadToken(const DateToken& token);
  Outcome ReadDate(std::string_view text);
  Outcome ReadNumber(std::string_view text);
  Outcome ReadDatePart(std::string_view digits);
  Outcome ReadJoinedDate(std::string_view digits);
  Outcome ReadJoinedTime(std::string_view text);
  Outcome ReadTime(std::string_view text);
  Outcome ReadOffset(std::string_view text);
  Outcome ReadWord(std::string_view word);
  Outcome ReadZone(std::string_view name);
  Outcome SetMonthName(int month);
  Outcome SetYear(std::string_view digits);
  Outcome SetMonth(int month);
  Outcome SetDay(int day);
  Outcome SetDayOfYear(int day);
  Outcome SetRelativeDay(int days);
  Outcome SetTime(int hour, int minute, int second, double fraction);
  Outcome SetZone(const absl::TimeZone& zone);
  Outcome Finish();
  Outcome CheckDate();

  const Wanted wanted_;
  const DateTimeContext& context_;
  Special special_ = Special::kNone;
  bool is_now_ = false;
  bool has_year_ = false, has_month_ = false, has_day_ = false, has_time_ = false;
  bool named_month_ = false, short_year_ = false, expect_time_ = false, expect_julian_ = false, is_julian_ = false;
  Meridiem meridiem_ = Meridiem::kNone;
  bool is_bc_ = false, is_ad_ = false;
  int day_of_year_ = 0;
  CivilTime civil_;
  int64_t time_micros_ = 0;
  std::optional<absl::TimeZone> zone_;
  bool zone_is_abbreviation_ = false;
  bool zone_is_region_ = false;
  int zone_offset_ = 0;
  std::string unknown_zone_;
};

Outcome DateTimeReader::Read(std::string_view text) {
  DateScanner scanner;
  if (!scanner.Scan(text) || scanner.count() == 0) return Outcome::kBadFormat;
  for (size_t i = 0; i < scanner.count(); ++i) {
    const Outcome outcome = ReadToken(scanner[i]);
    if (outcome != Outcome::kOk) return outcome;
  }
  if (expect_time_ || expect_julian_) return Outcome::kBadFormat;
  return Finish();
}

Outcome DateTimeReader::ReadToken(const DateToken& token) {
  if (special_ != Special::kNone) return Outcome::kBadFormat;
  if (expect_julian_) {
    expect_julian_ = false;
    int julian;
    if (token.kind != DateTokenKind::kNumber || !SmallNumber(token.text, &julian) || has_year_ || has_month_ || has_day_) {
      return Outcome::kBadFormat;
    }
    CivilFromDays(static_cast<int64_t>(julian) + kMinDate, &civil_);
    has_year_ = has_month_ = has_day_ = is_julian_ = true;
    return Outcome::kOk;
  }
  if (expect_time_ && token.kind != DateTokenKind::kTime && token.kind != DateTokenKind::kNumber) return Outcome::kBadFormat;
  switch (token.kind) {
    case DateTokenKind::kDate: return ReadDate(token.text);
    case DateTokenKind::kNumber: return ReadNumber(token.text);
    case DateTokenKind::kTime: return ReadTime(token.text);
    case DateTokenKind::kOffset: return ReadOffset(token.text);
    case DateTokenKind::kWord: return ReadWord(token.text);
    case DateTokenKind::kZoneName: return ReadZone(token.text);
    case DateTokenKind::kSignedWord:
      if (token.text[0] == '-' && token.text.substr(1) == "infinity" && !has_year_ && !has_time_) {
        special_ = Special::kMinusInfinity;
        return Outcome::kOk;
      }
      return Outcome::kBadFormat;
  }
  return Outcome::kBadFormat;
}

Outcome DateTimeReader::ReadDate(std::string_view text) {
  if (has_date() && !has_time_) {
    // "20011227 040506-08": a time of digits alone, and its zone.
    const size_t sign = text.find('-');
    const std::string_view time = text.substr(0, sign);
    if (sign == std::string_view::npos || !IsJoinedTime(time)) return Outcome::kBadFormat;
    expect_time_ = false;
    const Outcome outcome = ReadJoinedTime(time);
    return outcome == Outcome::kOk ? ReadOffset(text.substr(sign)) : outcome;
  }
  if (has_year_ || has_month_ || has_day_) return Outcome::kBadFormat;
  std::string_view parts[3];
  int count = 0;
  while (!text.empty()) {
    if (count == 3) return Outcome::kBadFormat;
    const size_t end = text.find_first_of("-/.");
    parts[count++] = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  if (count == 2 && AllDigits(parts[0]) && parts[0].size() >= 4 && AllDigits(parts[1]) && parts[1].size() == 3) {
    int day;
    SmallNumber(parts[1], &day);
    const Outcome outcome = SetYear(parts[0]);
    return outcome == Outcome::kOk ? SetDayOfYear(day) : outcome;
  }
  for (int i = 0; i < count; ++i) {
    if (const int month = MonthFromName(parts[i]); month != 0) {
      if (named_month_) return Outcome::kBadFormat;
      civil_.month = month;
      has_month_ = named_month_ = true;
    }
  }
  for (int i = 0; i < count; ++i) {
    if (MonthFromName(parts[i]) != 0) continue;
    const Outcome outcome = ReadDatePart(parts[i]);
    if (outcome != Outcome::kOk) return outcome;
  }
  return has_date() ? Outcome::kOk : Outcome::kBadFormat;
}

Outcome DateTimeReader::ReadNumber(std::string_view text) {
  const bool had_marker = expect_time_;
  expect_time_ = false;
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  if (has_date() || day_of_year_ != 0 || had_marker || (wanted_ == Wanted::kTimeOnly && !has_time_)) {
    if (has_time_ || (whole.size() != 4 && whole.size() != 6)) return Outcome::kBadFormat;
    return ReadJoinedTime(text);
  }
  if (point != std::string_view::npos) {
    const std::string_view part = text.substr(point + 1);
    if (has_year_ || has_month_ || has_day_ || whole.size() < 4 || part.size() != 3) return Outcome::kBadFormat;
    int day;
    SmallNumber(part, &day);
    const Outcome outcome = SetYear(whole);
    return outcome == Outcome::kOk ? SetDayOfYear(day) : outcome;
  }
  if (!has_year_ && !has_month_ && !has_day_ && (text.size() == 6 || text.size() >= 8)) return ReadJoinedDate(text);
  return ReadDatePart(text);
}

/// A number by its place: see DateOrder; three digits or more are a year.
Outcome DateTimeReader::ReadDatePart(std::string_view digits) {
  int value;
  if (!SmallNumber(digits, &value)) return AllDigits(digits) ? Outcome::kOutOfRange : Outcome::kBadFormat;
  const bool long_number = digits.size() >= 3;
  if (has_year_ && has_month_ && has_day_) return Outcome::kBadFormat;
  if (!has_year_ && !has_month_ && !has_day_) {
    if (long_number || context_.order == DateOrder::kYmd) return SetYear(digits);
    return context_.order == DateOrder::kDmy ? SetDay(value) : SetMonth(value);
  }
  if (has_year_ && !has_month_) return has_day_ || !long_number ? SetMonth(value) : Outcome::kBadFormat;
  if (has_year_) {
    // "8 Jan 1999" where the year is expected first: the short number was the day.
    if (!named_month_ || !long_number || !short_year_) return SetDay(value);
    has_year_ = false;
    SetDay(civil_.year);
    return SetYear(digits);
  }
  if (has_month_ && !has_day_) {
    if (named_month_ && long_number) return SetYear(digits);
    if (named_month_ && context_.order == DateOrder::kYmd) return SetYear(digits);
    return SetDay(value);
  }
  if (has_day_ && !has_month_) return SetMonth(value);
  return SetYear(digits);
}

/// YYYYMMDD (or a longer year), YYMMDD.
Outcome DateTimeReader::ReadJoinedDate(std::string_view digits) {
  int month, day;
  SmallNumber(digits.substr(digits.size() - 2), &day);
  SmallNumber(digits.substr(digits.size() - 4, 2), &month);
  const Outcome outcome = SetYear(digits.substr(0, digits.size() - 4));
  if (outcome != Outcome::kOk) return outcome;
  civil_.month = month;
  civil_.day = day;
  has_month_ = has_day_ = true;
  return Outcome::kOk;
}

/// "hhmm", "hhmmss[.fraction]".
Outcome DateTimeReader::ReadJoinedTime(std::string_view text) {
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  int hour = 0, minute = 0, second = 0;
  SmallNumber(whole.substr(0, 2), &hour);
  SmallNumber(whole.substr(2, 2), &minute);
  if (whole.size() == 6) SmallNumber(whole.substr(4, 2), &second);
  double fraction = 0;
  if (point != std::string_view::npos) {
    double scale = 0.1;
    for (char c : text.substr(point + 1)) {
      fraction += (c - '0') * scale;
      scale /= 10;
    }
  }
  return SetTime(hour, minute, second, fraction);
}

Outcome DateTimeReader::ReadTime(std::string_view text) {
  expect_time_ = false;
  if (has_time_) return Outcome::kBadFormat;
  int parts[3] = {0, 0, 0};
  int count = 0;
  double fraction = 0;
  size_t at = 0;
  while (true) {
    const size_t start = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    if (count == 3 || !SmallNumber(text.substr(start, at - start), &parts[count])) return Outcome::kBadFormat;
    ++count;
    if (at == text.size()) break;
    if (text[at] == '.') {
      if (count < 2) return Outcome::kBadFormat;
      double scale = 0.1;
      for (++at; at < text.size(); ++at) {
        if (!IsDigit(text[at])) return Outcome::kBadFormat;
        fraction += (text[at] - '0') * scale;
        scale /= 10;
      }
      // "mm:ss.f": with a fraction the last part is seconds.
      if (count == 2) {
        parts[2] = parts[1];
        parts[1] = parts[0];
        parts[0] = 0;
      }
      break;
    }
    ++at;  // the colon
  }
  if (count < 2) return Outcome::kBadFormat;
  return SetTime(parts[0], parts[1], parts[2], fraction);
}

Outcome DateTimeReader::SetTime(int hour, int minute, int second, double fraction) {
  const int64_t micros = static_cast<int64_t>(std::rint(fraction * 1e6));
  if (hour > 24 || minute > 59 || second > 60) return Outcome::kOutOfRange;
  const int64_t total = hour * kMicrosPerHour + minute * kMicrosPerMinute + second * kMicrosPerSecond + micros;
  if (total > kMicrosPerDay || (second == 60 && micros > 0)) return Outcome::kOutOfRange;
  time_micros_ = total;
  has_time_ = true;
  return Outcome::kOk;
}

Outcome DateTimeReader::ReadOffset(std::string_view text) {
  if (!has_time_ && !has_date() && wanted_ == Wanted::kDateTime && day_of_year_ == 0) return Outcome::kBadFormat;
  if (zone_.has_value()) return Outcome::kBadFormat;
  int seconds_east = 0;
  switch (ParseIsoOffset(text, &seconds_east)) {
    case OffsetText::kOffset: return SetZone(absl::FixedTimeZone(seconds_east));
    case OffsetText::kMalformed: return Outcome::kBadFormat;
    case OffsetText::kOutOfRange: return Outcome::kBadOffset;
  }
  return Outcome::kBadFormat;
}

Outcome DateTimeReader::SetZone(const absl::TimeZone& zone) {
  if (zone_.has_value()) return Outcome::kBadFormat;
  zone_ = zone;
  return Outcome::kOk;
}

Outcome DateTimeReader::ReadZone(std::string_view name) {
  absl::TimeZone zone;
  if (FindTimeZone(name, &zone)) {
    zone_is_region_ = true;
    return SetZone(zone);
  }
  unknown_zone_ = std::string(name);
  return Outcome::kUnknownZone;
}

Outcome DateTimeReader::ReadWord(std::string_view word) {
  if (const int month = MonthFromName(word); month != 0) return SetMonthName(month);
  if (IsDayName(word) || word == "at" || word == "on") return Outcome::kOk;
  if (word == "t") {
    // Between a date and a time; of a time alone the first word.
    if (has_date() == (wanted_ == Wanted::kTimeOnly) && day_of_year_ == 0) return Outcome::kBadFormat;
    expect_time_ = true;
    return Outcome::kOk;
  }
  if (word == "j") {
    expect_julian_ = true;
    return Outcome::kOk;
  }
  if (word == "am" || word == "pm") {
    meridiem_ = word == "am" ? Meridiem::kAm : Meridiem::kPm;
    return has_time_ ? Outcome::kOk : Outcome::kBadFormat;
  }
  if (word == "bc") {
    is_bc_ = true;
    return Outcome::kOk;
  }
  if (word == "ad") {
    is_ad_ = true;
    return Outcome::kOk;
  }
  if (word == "now") {
    if (is_now_ || has_year_ || has_time_) return Outcome::kBadFormat;
    is_now_ = true;
    return Outcome::kOk;
  }
  if (word == "today") return SetRelativeDay(0);
  if (word == "tomorrow") return SetRelativeDay(1);
  if (word == "yesterday") return SetRelativeDay(-1);
  if (word == "allballs") {
    const Outcome outcome = has_time_ ? Outcome::kBadFormat : SetTime(0, 0, 0, 0);
    return outcome == Outcome::kOk ? SetZone(absl::UTCTimeZone()) : outcome;
  }
  if (word == "epoch" || word == "infinity") {
    if (has_year_ || has_month_ || has_day_ || has_time_ || is_now_) return Outcome::kBadFormat;
    special_ = word == "epoch" ? Special::kEpoch : Special::kInfinity;
    return Outcome::kOk;
  }
  if (word == "dst") {
    // After an abbreviation: an hour of daylight time on top.
    if (!zone_is_abbreviation_) return Outcome::kBadFormat;
    zone_is_abbreviation_ = false;
    zone_ = absl::FixedTimeZone(zone_offset_ + 3600);
    return Outcome::kOk;
  }
  if (FindZoneAbbreviation(word, &zone_offset_)) {
    zone_is_abbreviation_ = true;
    return SetZone(absl::FixedTimeZone(zone_offset_));
  }
  absl::TimeZone zone;
  if (word.size() >= 3 && FindTimeZone(word, &zone)) return SetZone(zone);
  return Outcome::kBadFormat;
}

Outcome DateTimeReader::SetMonthName(int month) {
  if (has_month_) {
    // "5 January": the number taken for a month was the day.
    if (named_month_ || has_day_ || civil_.month < 1 || civil_.month > 31) return Outcome::kBadFormat;
    civil_.day = civil_.month;
    has_day_ = true;
  }
  civil_.month = month;
  has_month_ = named_month_ = true;
  return Outcome::kOk;
}

Outcome DateTimeReader::SetYear(std::string_view digits) {
  int year;
  if (has_year_) return Outcome::kBadFormat;
  if (!SmallNumber(digits, &year)) return AllDigits(digits) ? Outcome::kOutOfRange : Outcome::kBadFormat;
  civil_.year = year;
  short_year_ = digits.size() <= 2;
  has_year_ = true;
  return Outcome::kOk;
}

Outcome DateTimeReader::SetMonth(int month) {
  civil_.month = month;
  has_month_ = true;
  return Outcome::kOk;
}

Outcome DateTimeReader::SetDay(int day) {
  civil_.day = day;
  has_day_ = true;
  return Outcome::kOk;
}

Outcome DateTimeReader::SetDayOfYear(int day) {
  if (day < 1 || day > 366) return Outcome::kOutOfRange;
  day_of_year_ = day;
  return Outcome::kOk;
}

Outcome DateTimeReader::SetRelativeDay(int days) {
  if (has_year_ || has_month_ || has_day_ || is_now_) return Outcome::kBadFormat;
  const StatusOr<int64_t> local = UtcToLocal(TimestampFromAbsl(context_.now), context_.zone);
  if (!local.ok() || !IsFiniteTimestamp(*local)) return Outcome::kOutOfRange;
  const CivilTime today = CivilFromTimestamp(*local);
  CivilFromDays(DaysFromCivil(today.year, today.month, today.day) + days, &civil_);
  has_year_ = has_month_ = has_day_ = true;
  return Outcome::kOk;
}

Outcome DateTimeReader::CheckDate() {
  if (is_bc_) {
    if (civil_.year <= 0) return Outcome::kOutOfRange;
    civil_.year = 1 - civil_.year;
  } else if (short_year_ && !is_ad_) {
    civil_.year += civil_.year < 70 ? 2000 : 1900;
  } else if (civil_.year <= 0 && !is_julian_) {
    return Outcome::kOutOfRange;
  }
  if (day_of_year_ != 0) {
    if (day_of_year_ == 366 && !IsLeapYear(civil_.year)) return Outcome::kOutOfRange;
    CivilFromDays(DaysFromCivil(civil_.year, 1, day_of_year_), &civil_);
    has_month_ = has_day_ = true;
  }
  if (civil_.month < 1 || civil_.month > 12 || civil_.day < 1 || civil_.day > 31) return Outcome::kOutOfRangeMonthDay;
  if (civil_.day > DaysInMonth(civil_.year, civil_.month)) return Outcome::kOutOfRange;
  return Outcome::kOk;
}

Outcome DateTimeReader::Finish() {
  if (special_ != Special::kNone) return zone_.has_value() ? Outcome::kBadFormat : Outcome::kOk;
  if (has_year_ || has_month_ || has_day_ || day_of_year_ != 0) {
    if (!has_date() && day_of_year_ == 0) return Outcome::kBadFormat;
    if (is_now_) return Outcome::kBadFormat;
    const Outcome outcome = CheckDate();
    if (outcome != Outcome::kOk) return outcome;
  } else if (is_bc_ || is_ad_) {
    return Outcome::kBadFormat;
  }
  if (meridiem_ == Meridiem::kAm || meridiem_ == Meridiem::kPm) {
    const int64_t hour = time_micros_ / kMicrosPerHour;
    if (hour > 12) return Outcome::kOutOfRange;
    if (meridiem_ == Meridiem::kPm && hour != 12) time_micros_ += 12 * kMicrosPerHour;
    if (meridiem_ == Meridiem::kAm && hour == 12) time_micros_ -= 12 * kMicrosPerHour;
  }
  return Outcome::kOk;
}

Status ParseError(Outcome outcome, std::string_view type, std::string_view text, const DateTimeReader& reader) {
  switch (outcome) {
    case Outcome::kOutOfRange:
      return Error(sqlstate::kDatetimeFieldOverflow, StrCat("date/time field value out of range: \"", text, "\""));
    case Outcome::kOutOfRangeMonthDay:
      return WithHint(Error(sqlstate::kDatetimeFieldOverflow, StrCat("date/time field value out of range: \"", text, "\"")),
                      "Perhaps you need a different \"datestyle\" setting.");
    case Outcome::kBadOffset:
      return Error(sqlstate::kInvalidTimeZoneDisplacement, StrCat("time zone displacement out of range: \"", text, "\""));
    case Outcome::kUnknownZone:
      return Error(sqlstate::kInvalidParameterValue, StrCat("time zone \"", reader.unknown_zone(), "\" not recognized"));
    default: return Error(sqlstate::kInvalidDatetimeFormat, StrCat("invalid input syntax for type ", type, ": \"", text, "\""));
  }
}

Status TimestampTextOutOfRange(std::string_view text) {
  return Error(sqlstate::kDatetimeFieldOverflow, StrCat("timestamp out of range: \"", text, "\""));
}

/// Wall clock of a read date and time. The date must be there.
StatusOr<int64_t> WallClock(const DateTimeReader& reader, std::string_view text) {
  const CivilTime& civil = reader.civil();
  if (civil.year < -5000 || civil.year > 300'000) return TimestampTextOutOfRange(text);
  int64_t result = DaysFromCivil(civil.year, civil.month, civil.day);
  if (__builtin_mul_overflow(result, kMicrosPerDay, &result) || __builtin_add_overflow(result, reader.time_micros(), &result) ||
      !IsValidTimestamp(result)) {
    return TimestampTextOutOfRange(text);
  }
  return result;
}

}  // namespace

StatusOr<int64_t> ParseTimestamp(std::string_view text, int32_t typmod, const DateTimeContext& context) {
  int64_t timestamp;
  bool has_zone;
  if (ParseIsoTimestampFast(text, &timestamp, &has_zone) && !has_zone) return RoundToPrecision(timestamp, typmod);
  DateTimeReader reader(Wanted::kDateTime, context);
  const Outcome outcome = reader.Read(text);
  if (outcome != Outcome::kOk) return ParseError(outcome, "timestamp", text, reader);
  if (reader.special() == Special::kInfinity) return kTimestampInfinity;
  if (reader.special() == Special::kMinusInfinity) return kTimestampMinusInfinity;
  if (reader.special() == Special::kEpoch) return -kEpochShiftMicros;
  if (reader.is_now()) {
    ASSIGN_OR_RETURN(const int64_t now, UtcToLocal(TimestampFromAbsl(context.now), context.zone));
    return RoundToPrecision(now, typmod);
  }
  if (!reader.has_date()) return ParseError(Outcome::kBadFormat, "timestamp", text, reader);
  // A zone is read and ignored, as PostgreSQL does.
  ASSIGN_OR_RETURN(timestamp, WallClock(reader, text));
  return RoundToPrecision(timestamp, typmod);
}

StatusOr<int64_t> ParseTimestampTz(std::string_view text, int32_t typmod, const DateTimeContext& context) {
  int64_t timestamp;
  bool has_zone;
  if (ParseIsoTimestampFast(text, &timestamp, &has_zone)) {
    if (has_zone) return RoundToPrecision(timestamp, typmod);
    ASSIGN_OR_RETURN(timestamp, LocalToUtc(timestamp, context.zone));
    return RoundToPrecision(timestamp, typmod);
  }
  constexpr std::string_view kType = "timestamp with time zone";
  DateTimeReader reader(Wanted::kDateTime, context);
  const Outcome outcome = reader.Read(text);
  if (outcome != Outcome::kOk) return ParseError(outcome, kType, text, reader);
  if (reader.special() == Special::kInfinity) return kTimestampInfinity;
  if (reader.special() == Special::kMinusInfinity) return kTimestampMinusInfinity;
  if (reader.special() == Special::kEpoch) return -kEpochShiftMicros;
  if (reader.is_now()) return RoundToPrecision(TimestampFromAbsl(context.now), typmod);
  if (!reader.has_date()) return ParseError(Outcome::kBadFormat, kType, text, reader);
  ASSIGN_OR_RETURN(timestamp, WallClock(reader, text));
  const StatusOr<int64_t> utc = LocalToUtc(timestamp, reader.zone().value_or(context.zone));
  if (!utc.ok()) return TimestampTextOutOfRange(text);
  return RoundToPrecision(*utc, typmod);
}

StatusOr<int32_t> ParseDate(std::string_view text, const DateTimeContext& context) {
  int64_t timestamp;
  bool has_zone;
  if (text.size() == 10 && ParseIsoTimestampFast(text, &timestamp, &has_zone)) return static_cast<int32_t>(timestamp / kMicrosPerDay);
  DateTimeReader reader(Wanted::kDateTime, context);
  const Outcome outcome = reader.Read(text);
  if (outcome != Outcome::kOk) return ParseError(outcome, "date", text, reader);
  if (reader.special() == Special::kInfinity) return kDateInfinity;
  if (reader.special() == Special::kMinusInfinity) return kDateMinusInfinity;
  if (reader.special() == Special::kEpoch) return -kEpochShiftDays;
  CivilTime civil = reader.civil();
  if (reader.is_now()) {
    ASSIGN_OR_RETURN(const int64_t now, UtcToLocal(TimestampFromAbsl(context.now), context.zone));
    civil = CivilFromTimestamp(now);
  } else if (!reader.has_date()) {
    return ParseError(Outcome::kBadFormat, "date", text, reader);
  }
  const int64_t days = DaysFromCivil(civil.year, civil.month, civil.day);
  if (days < kMinDate || days >= kEndDate) return Error(sqlstate::kDatetimeFieldOverflow, StrCat("date out of range: \"", text, "\""));
  return static_cast<int32_t>(days);
}

StatusOr<int64_t> ParseTime(std::string_view text, int32_t typmod, const DateTimeContext& context) {
  DateTimeReader reader(Wanted::kTimeOnly, context);
  const Outcome outcome = reader.Read(text);
  if (outcome != Outcome::kOk) return ParseError(outcome, "time", text, reader);
  if (reader.is_now()) {
    ASSIGN_OR_RETURN(const int64_t now, UtcToLocal(TimestampFromAbsl(context.now), context.zone));
    const int64_t rest = now % kMicrosPerDay;
    return RoundToPrecision(rest < 0 ? rest + kMicrosPerDay : rest, typmod);
  }
  const bool unknown_offset = reader.has_region() && !reader.has_date();
  if (reader.special() != Special::kNone || !reader.has_time() || unknown_offset) return ParseError(Outcome::kBadFormat, "time", text, reader);
  return RoundToPrecision(reader.time_micros(), typmod);
}

}  // namespace tsd
