// Text of intervals.
#include "engine/types/interval_text.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/ascii.h"
#include "engine/base/strings.h"
#include "engine/types/datetime.h"
#include "engine/types/text_form.h"

namespace tsd {
namespace {

enum class Unit : uint8_t {
  kMicrosecond, kMillisecond, kSecond, kMinute, kHour, kDay, kWeek, kMonth, kYear, kDecade, kCentury, kMillennium, kNone,
};

struct UnitName {
  std::string_view name;
  Unit unit;
};
constexpr UnitName kUnitNames[] = {
    {"us", Unit::kMicrosecond},      {"usec", Unit::kMicrosecond},    {"usecs", Unit::kMicrosecond},     {"usecond", Unit::kMicrosecond},
    {"useconds", Unit::kMicrosecond}, {"microsecond", Unit::kMicrosecond}, {"microseconds", Unit::kMicrosecond}, {"microsecon", Unit::kMicrosecond},
    {"ms", Unit::kMillisecond},      {"msec", Unit::kMillisecond},    {"msecs", Unit::kMillisecond},     {"msecond", Unit::kMillisecond},
    {"mseconds", Unit::kMillisecond}, {"millisecond", Unit::kMillisecond}, {"milliseconds", Unit::kMillisecond}, {"millisecon", Unit::kMillisecond},
    {"s", Unit::kSecond},            {"sec", Unit::kSecond},          {"secs", Unit::kSecond},           {"second", Unit::kSecond},
    {"seconds", Unit::kSecond},      {"m", Unit::kMinute},            {"min", Unit::kMinute},            {"mins", Unit::kMinute},
    {"minute", Unit::kMinute},       {"minutes", Unit::kMinute},      {"h", Unit::kHour},                {"hr", Unit::kHour},
    {"hrs", Unit::kHour},            {"hour", Unit::kHour},           {"hours", Unit::kHour},            {"d", Unit::kDay},
    {"day", Unit::kDay},             {"days", Unit::kDay},            {"w", Unit::kWeek},                {"week", Unit::kWeek},
    {"weeks", Unit::kWeek},          {"mon", Unit::kMonth},           {"mons", Unit::kMonth},            {"month", Unit::kMonth},
    {"months", Unit::kMonth},        {"y", Unit::kYear},              {"yr", Unit::kYear},               {"yrs", Unit::kYear},
    {"year", Unit::kYear},           {"years", Unit::kYear},          {"dec", Unit::kDecade},            {"decs", Unit::kDecade},
    {"decade", Unit::kDecade},       {"decades", Unit::kDecade},      {"c", Unit::kCentury},             {"cent", Unit::kCentury},
    {"century", Unit::kCentury},     {"centuries", Unit::kCentury},   {"mil", Unit::kMillennium},        {"mils", Unit::kMillennium},
    {"millennia", Unit::kMillennium}, {"millennium", Unit::kMillennium},
};

Unit FindUnit(std::string_view lower) {
  lower = lower.substr(0, 10);  // no more letters than that count
  for (const UnitName& entry : kUnitNames) {
    if (entry.name == lower) return entry.unit;
  }
  return Unit::kNone;
}

bool IsSeparator(char c) { return IsBlank(c) || c == ','; }

enum class IntervalOutcome { kOk, kBadFormat, kFieldOverflow, kOutOfRange };

/// A number as written: sign apart, so that "-0.5" keeps it.
struct Number {
  bool negative = false;
  int64_t whole = 0;
  double fraction = 0;
  double SignedFraction() const { return negative ? -fraction : fraction; }
  int64_t SignedWhole() const { return negative ? -whole : whole; }
};

/// Adds up fields; years are kept apart from months until the end, as their ranges are checked apart.
class Sum {
 public:
  IntervalOutcome Add(Unit unit, const Number& number);
  IntervalOutcome AddMicros(int64_t micros) { return __builtin_add_overflow(micros_, micros, &micros_) ? IntervalOutcome::kFieldOverflow : IntervalOutcome::kOk; }
  IntervalOutcome AddYears(int64_t years) { return Bounded(&years_, years, 1); }
  IntervalOutcome AddMonths(int64_t months) { return Bounded(&months_, months, 1); }
  IntervalOutcome AddDays(int64_t days) { return Bounded(&days_, days, 1); }
  IntervalOutcome Negate() {
    if (micros_ == std::numeric_limits<int64_t>::min()) return IntervalOutcome::kFieldOverflow;
    micros_ = -micros_;
    years_ = -years_;
    months_ = -months_;
    days_ = -days_;
    return IntervalOutcome::kOk;
  }
  IntervalOutcome Finish(Interval* interval) const {
    const int64_t months = years_ * 12 + months_;
    if (months != static_cast<int32_t>(months) || days_ != static_cast<int32_t>(days_)) return IntervalOutcome::kOutOfRange;
    interval->micros = micros_;
    interval->days = static_cast<int32_t>(days_);
    interval->months = static_cast<int32_t>(months);
    return IntervalOutcome::kOk;
  }

 private:
  static IntervalOutcome Bounded(int64_t* field, int64_t value, int64_t scale) {
    int64_t result;
    if (__builtin_mul_overflow(value, scale, &result) || __builtin_add_overflow(*field, result, &result) ||
        result != static_cast<int32_t>(result)) {
      return IntervalOutcome::kFieldOverflow;
    }
    *field = result;
    return IntervalOutcome::kOk;
  }
  IntervalOutcome AddTime(const Number& number, int64_t scale) {
    int64_t micros;
    if (__builtin_mul_overflow(number.SignedWhole(), scale, &micros)) return IntervalOutcome::kFieldOverflow;
    const IntervalOutcome outcome = AddMicros(micros);
    return outcome == IntervalOutcome::kOk ? AddFraction(number.SignedFraction(), scale) : outcome;
  }
  IntervalOutcome AddFraction(double fraction, int64_t scale) {
    return AddMicros(static_cast<int64_t>(std::rint(fraction * static_cast<double>(scale))));
  }
  IntervalOutcome AddFractionOfDays(double fraction, int days_each) {
    const double days = fraction * days_each;
    const int64_t whole = static_cast<int64_t>(days);
    const IntervalOutcome outcome = AddDays(whole);
    return outcome == IntervalOutcome::kOk ? AddFraction(days - static_cast<double>(whole), kMicrosPerDay) : outcome;
  }
  IntervalOutcome AddYearsOf(const Number& number, int64_t scale) {
    const IntervalOutcome outcome = Bounded(&years_, number.SignedWhole(), scale);
    if (outcome != IntervalOutcome::kOk) return outcome;
    return AddMonths(static_cast<int64_t>(std::rint(number.SignedFraction() * static_cast<double>(scale) * 12)));
  }

  int64_t years_ = 0, months_ = 0, days_ = 0, micros_ = 0;
};

IntervalOutcome Sum::Add(Unit unit, const Number& number) {
  switch (unit) {
    case Unit::kMicrosecond: return AddTime(number, 1);
    case Unit::kMillisecond: return AddTime(number, 1000);
    case Unit::kSecond: return AddTime(number, kMicrosPerSecond);
    case Unit::kMinute: return AddTime(number, kMicrosPerMinute);
    case Unit::kHour: return AddTime(number, kMicrosPerHour);
    case Unit::kDay: {
      const IntervalOutcome outcome = AddDays(number.SignedWhole());
      return outcome == IntervalOutcome::kOk ? AddFraction(number.SignedFraction(), kMicrosPerDay) : outcome;
    }
    case Unit::kWeek: {
      const IntervalOutcome outcome = Bounded(&days_, number.SignedWhole(), 7);
      return outcome == IntervalOutcome::kOk ? AddFractionOfDays(number.SignedFraction(), 7) : outcome;
    }
    case Unit::kMonth: {
      const IntervalOutcome outcome = AddMonths(number.SignedWhole());
      return outcome == IntervalOutcome::kOk ? AddFractionOfDays(number.SignedFraction(), 30) : outcome;
    }
    case Unit::kYear: return AddYearsOf(number, 1);
    case Unit::kDecade: return AddYearsOf(number, 10);
    case Unit::kCentury: return AddYearsOf(number, 100);
    case Unit::kMillennium: return AddYearsOf(number, 1000);
    case Unit::kNone: break;
  }
  return IntervalOutcome::kBadFormat;
}

class IntervalReader {
 public:
  explicit IntervalReader(std::string_view text) : text_(text) {}
  IntervalOutcome Read(Interval* interval);

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void SkipBlanks() {
    while (at_ < text_.size() && IsSeparator(text_[at_])) ++at_;
  }
  IntervalOutcome ReadNumber(Number* number);
  IntervalOutcome ReadField();
  IntervalOutcome ReadTime(const Number& first);
  IntervalOutcome ReadYearMonth(const Number& years);
  IntervalOutcome ReadIso();
  IntervalOutcome ReadIsoAlternative(const Number& first, bool time_part);
  std::string ReadWord();
  bool NextIsTime() const;
  /// Each unit may be given once.
  bool Mark(Unit unit) {
    const uint32_t bit = 1u << static_cast<unsigned>(unit);
    if ((seen_ & bit) != 0) return false;
    seen_ |= bit;
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  uint32_t seen_ = 0;
  bool ago_ = false;
  Sum sum_;
};

/// [digits][.digits]; at least one digit.
IntervalOutcome IntervalReader::ReadNumber(Number* number) {
  const size_t start = at_;
  bool overflow = false;
  for (; IsDigit(Peek()); ++at_) {
    overflow |= __builtin_mul_overflow(number->whole, int64_t{10}, &number->whole) ||
                __builtin_add_overflow(number->whole, int64_t{Peek() - '0'}, &number->whole);
  }
  bool any = at_ != start;
  if (Peek() == '.') {
    ++at_;
    double scale = 0.1;
    for (; IsDigit(Peek()); ++at_) {
      number->fraction += (Peek() - '0') * scale;
      scale /= 10;
      any = true;
    }
    // Summing digits loses the last bit; the parse of the whole is exact.
    const size_t point = text_.find('.', start);
    const StatusOr<double> exact = ParseFloat64(StrCat("0", text_.substr(point, at_ - point), "0"));
    if (exact.ok()) number->fraction = *exact;
  }
  if (!any) return IntervalOutcome::kBadFormat;
  return overflow ? IntervalOutcome::kFieldOverflow : IntervalOutcome::kOk;
}

std::string IntervalReader::ReadWord() {
  std::string word;
  for (; IsLetter(Peek()); ++at_) word += Lower(Peek());
  return word;
}

/// Whether a (signed) "digits:" comes next: then a bare number before it counts days.
bool IntervalReader::NextIsTime() const {
  size_t at = at_;
  while (at < text_.size() && IsSeparator(text_[at])) ++at;
  if (at < text_.size() && (text_[at] == '+' || text_[at] == '-')) ++at;
  const size_t digits = at;
  while (at < text_.size() && IsDigit(text_[at])) ++at;
  return at != digits && at < text_.size() && text_[at] == ':';
}

/// "hh:mm[:ss[.f]]" or "mm:ss.f", after its first number.
IntervalOutcome IntervalReader::ReadTime(const Number& first) {
  if (!Mark(Unit::kHour) || !Mark(Unit::kMinute) || !Mark(Unit::kSecond) || first.fraction != 0) return IntervalOutcome::kBadFormat;
  ++at_;  // the colon
  Number second, third;
  bool has_third = false;
  const size_t second_at = at_;
  IntervalOutcome outcome = ReadNumber(&second);
  if (outcome != IntervalOutcome::kOk) return outcome;
  const bool second_has_point = text_.substr(second_at, at_ - second_at).find('.') != std::string_view::npos;
  if (Peek() == ':') {
    if (second_has_point) return IntervalOutcome::kBadFormat;
    ++at_;
    outcome = ReadNumber(&third);
    if (outcome != IntervalOutcome::kOk) return outcome;
    has_third = true;
  }
  if (Peek() == ':' || IsLetter(Peek())) return IntervalOutcome::kBadFormat;
  Number hours = first, minutes = second, seconds = third;
  if (!has_third && second_has_point) {
    hours = Number();
    hours.negative = first.negative;
    minutes = first;
    seconds = second;
  }
  if (minutes.whole > 59 || seconds.whole > 60) return IntervalOutcome::kFieldOverflow;
  minutes.negative = seconds.negative = first.negative;
  for (const auto& [unit, number] : {std::pair{Unit::kHour, hours}, {Unit::kMinute, minutes}, {Unit::kSecond, seconds}}) {
    outcome = sum_.Add(unit, number);
    if (outcome != IntervalOutcome::kOk) return outcome;
  }
  return IntervalOutcome::kOk;
}

/// "years-months" of the SQL standard, after the years.
IntervalOutcome IntervalReader::ReadYearMonth(const Number& years) {
  if (!Mark(Unit::kYear) || !Mark(Unit::kMonth) || years.fraction != 0) return IntervalOutcome::kBadFormat;
  ++at_;  // the hyphen
  Number months;
  IntervalOutcome outcome = ReadNumber(&months);
  if (outcome != IntervalOutcome::kOk) return outcome;
  if (months.whole >= 12) return IntervalOutcome::kFieldOverflow;
  months.negative = years.negative;
  outcome = sum_.Add(Unit::kYear, years);
  return outcome == IntervalOutcome::kOk ? sum_.Add(Unit::kMonth, months) : outcome;
}

IntervalOutcome IntervalReader::ReadField() {
  Number number;
  if (Peek() == '+' || Peek() == '-') {
    number.negative = Peek() == '-';
    ++at_;
    SkipBlanks();
  }
  IntervalOutcome outcome = ReadNumber(&number);
  if (outcome != IntervalOutcome::kOk) return outcome;
  if (Peek() == ':') return ReadTime(number);
  if (Peek() == '-' && IsDigit(Peek(1))) return ReadYearMonth(number);
  if (Peek() == '.') return IntervalOutcome::kBadFormat;
  SkipBlanks();
  Unit unit;
  if (IsLetter(Peek())) {
    const size_t before = at_;
    const std::string word = ReadWord();
    unit = FindUnit(word);
    if (unit == Unit::kNone) {
      if (word != "ago") return IntervalOutcome::kBadFormat;
      at_ = before;
      unit = Unit::kSecond;
    }
  } else {
    unit = NextIsTime() ? Unit::kDay : Unit::kSecond;
  }
  if (!Mark(unit)) return IntervalOutcome::kBadFormat;
  return sum_.Add(unit, number);
}

/// "P0001-02-03" or "T04:05:06" parts: numbers joined by '-' or ':'.
IntervalOutcome IntervalReader::ReadIsoAlternative(const Number& first, bool time_part) {
  static constexpr Unit kDateUnits[] = {Unit::kYear, Unit::kMonth, Unit::kDay};
  static constexpr Unit kTimeUnits[] = {Unit::kHour, Unit::kMinute, Unit::kSecond};
  const char separator = time_part ? ':' : '-';
  Number number = first;
  for (int i = 0; i < 3; ++i) {
    const IntervalOutcome outcome = sum_.Add(time_part ? kTimeUnits[i] : kDateUnits[i], number);
    if (outcome != IntervalOutcome::kOk) return outcome;
    if (Peek() != separator) return IntervalOutcome::kOk;
    ++at_;
    number = Number();
    const IntervalOutcome next = ReadNumber(&number);
    if (next != IntervalOutcome::kOk) return next;
  }
  return IntervalOutcome::kBadFormat;
}

/// ISO 8601: designators, or the alternative form.
IntervalOutcome IntervalReader::ReadIso() {
  ++at_;  // 'P'
  bool time_part = false;
  if (at_ == text_.size()) return IntervalOutcome::kBadFormat;
  while (at_ < text_.size()) {
    if (Peek() == 'T') {
      if (time_part) return IntervalOutcome::kBadFormat;
      time_part = true;
      ++at_;
      continue;
    }
    Number number;
    if (Peek() == '+' || Peek() == '-') {
      number.negative = Peek() == '-';
      ++at_;
    }
    IntervalOutcome outcome = ReadNumber(&number);
    if (outcome != IntervalOutcome::kOk) return outcome;
    Unit unit = Unit::kNone;
    switch (Peek()) {
      case 'Y': unit = time_part ? Unit::kNone : Unit::kYear; break;
      case 'M': unit = time_part ? Unit::kMinute : Unit::kMonth; break;
      case 'W': unit = time_part ? Unit::kNone : Unit::kWeek; break;
      case 'D': unit = time_part ? Unit::kNone : Unit::kDay; break;
      case 'H': unit = time_part ? Unit::kHour : Unit::kNone; break;
      case 'S': unit = time_part ? Unit::kSecond : Unit::kNone; break;
      case '-':
      case ':':
      case 'T':
      case '\0':
        outcome = ReadIsoAlternative(number, time_part);
        if (outcome != IntervalOutcome::kOk) return outcome;
        continue;
      default: return IntervalOutcome::kBadFormat;
    }
    if (unit == Unit::kNone) return IntervalOutcome::kBadFormat;
    ++at_;
    outcome = sum_.Add(unit, number);
    if (outcome != IntervalOutcome::kOk) return outcome;
  }
  return IntervalOutcome::kOk;
}

IntervalOutcome IntervalReader::Read(Interval* interval) {
  while (!text_.empty() && IsSeparator(text_.back())) text_.remove_suffix(1);
  SkipBlanks();
  if (at_ == text_.size()) return IntervalOutcome::kBadFormat;
  if (Peek() == 'P') {
    const IntervalOutcome outcome = ReadIso();
    return outcome == IntervalOutcome::kOk ? sum_.Finish(interval) : outcome;
  }
  bool any = false;
  while (at_ < text_.size()) {
    if (Peek() == '@') {
      ++at_;
    } else if (IsLetter(Peek())) {
      if (!any || ago_ || ReadWord() != "ago") return IntervalOutcome::kBadFormat;
      ago_ = true;
      const IntervalOutcome outcome = sum_.Negate();
      if (outcome != IntervalOutcome::kOk) return outcome;
    } else {
      const IntervalOutcome outcome = ReadField();
      if (outcome != IntervalOutcome::kOk) return outcome;
      any = true;
    }
    SkipBlanks();
  }
  if (!any) return IntervalOutcome::kBadFormat;
  return sum_.Finish(interval);
}

void AppendPart(int64_t value, std::string_view unit, bool* empty, bool* after_negative, std::string& out) {
  if (value == 0) return;
  if (!*empty) out += ' ';
  if (*after_negative && value > 0) out += '+';
  FormatInteger(value, out);
  out += ' ';
  out += unit;
  if (value != 1) out += 's';
  *after_negative = value < 0;
  *empty = false;
}

void AppendTwo(uint64_t value, std::string& out) {
  if (value < 10) out += '0';
  FormatInteger(static_cast<int64_t>(value), out);
}

}  // namespace

namespace {

// The bits of a typmod's fields.
constexpr int32_t kMonthBit = 1 << 1, kYearBit = 1 << 2, kDayBit = 1 << 3, kHourBit = 1 << 10, kMinuteBit = 1 << 11, kSecondBit = 1 << 12;
constexpr int32_t kAllFields = 0x7fff;

int32_t TypmodFields(int32_t typmod) {
  const int32_t fields = typmod < 0 ? kAllFields : (typmod >> 16) & kAllFields;
  return fields == 0 ? kAllFields : fields;
}

/// " day" for '2' day: the unit of a number that has none; empty where it is seconds anyway.
std::string_view UnitOfBareNumber(std::string_view text, int32_t typmod) {
  const int32_t fields = TypmodFields(typmod);
  if (fields == kAllFields || (fields & kSecondBit) != 0) return {};
  const size_t first = text.find_first_not_of(" +-");
  if (first == std::string_view::npos || text.find_first_not_of("0123456789. ", first) != std::string_view::npos) return {};
  if ((fields & kMinuteBit) != 0) return " minute";
  if ((fields & kHourBit) != 0) return " hour";
  if ((fields & kDayBit) != 0) return " day";
  return (fields & kMonthBit) != 0 ? " month" : " year";
}

}  // namespace

Interval LimitInterval(Interval interval, int32_t typmod) {
  if (typmod < 0) return interval;
  const int32_t fields = TypmodFields(typmod);
  if (fields != kAllFields) {
    if ((fields & (kDayBit | kHourBit | kMinuteBit | kSecondBit)) == 0) {
      interval.days = 0;
      interval.micros = 0;
      if ((fields & kMonthBit) == 0) interval.months = interval.months / 12 * 12;
    } else if (fields == kDayBit) {
      interval.micros = 0;
    } else if ((fields & kSecondBit) == 0) {
      const int64_t unit = (fields & kMinuteBit) != 0 ? kMicrosPerMinute : kMicrosPerHour;
      interval.micros = interval.micros / unit * unit;
    }
  }
  const int32_t precision = typmod & 0xffff;
  if (precision <= 6) interval.micros = RoundToPrecision(interval.micros, precision);
  return interval;
}

StatusOr<Interval> ParseInterval(std::string_view text, int32_t typmod) {
  Interval interval;
  const std::string_view unit = UnitOfBareNumber(text, typmod);
  std::string with_unit = unit.empty() ? std::string() : StrCat(text, unit);
  // Of two numbers the first counts in the unit above: '1 2' day to hour.
  if (const size_t first = with_unit.find_first_not_of(" +-"), gap = with_unit.find(' ', std::min(first, with_unit.size()));
      unit == " hour" && gap < text.size() && text.find_first_of("0123456789", gap) != std::string_view::npos) {
    with_unit.insert(gap, " day");
  }
  switch (IntervalReader(unit.empty() ? text : std::string_view(with_unit)).Read(&interval)) {
    case IntervalOutcome::kOk: break;
    case IntervalOutcome::kBadFormat:
      return Error(sqlstate::kInvalidDatetimeFormat, StrCat("invalid input syntax for type interval: \"", text, "\""));
    case IntervalOutcome::kFieldOverflow:
      return Error(sqlstate::kIntervalFieldOverflow, StrCat("interval field value out of range: \"", text, "\""));
    case IntervalOutcome::kOutOfRange: return IntervalOutOfRange();
  }
  return LimitInterval(interval, typmod);
}

void FormatInterval(const Interval& interval, std::string& out) {
  bool empty = true;
  bool after_negative = false;
  AppendPart(interval.months / 12, "year", &empty, &after_negative, out);
  AppendPart(interval.months % 12, "mon", &empty, &after_negative, out);
  AppendPart(interval.days, "day", &empty, &after_negative, out);
  if (interval.micros == 0 && !empty) return;
  if (!empty) out += ' ';
  if (interval.micros < 0) {
    out += '-';
  } else if (after_negative) {
    out += '+';
  }
  const uint64_t micros = interval.micros < 0 ? ~static_cast<uint64_t>(interval.micros) + 1 : static_cast<uint64_t>(interval.micros);
  AppendTwo(micros / kMicrosPerHour, out);
  out += ':';
  AppendTwo(micros / kMicrosPerMinute % 60, out);
  out += ':';
  AppendTwo(micros / kMicrosPerSecond % 60, out);
  uint64_t fraction = micros % kMicrosPerSecond;
  if (fraction == 0) return;
  out += '.';
  for (uint64_t scale = 100'000; fraction != 0; scale /= 10) {
    out += static_cast<char>('0' + fraction / scale);
    fraction %= scale;
  }
}

}  // namespace tsd
