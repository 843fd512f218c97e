#include "engine/types/fast_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <string>

#include "engine/types/datetime.h"
#include "engine/types/text_form.h"
#include "engine/types/timezone.h"

namespace tsd {
namespace {

constexpr char kPairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566"
    "676869707172737475767778798081828384858687888990919293949596979899";

char* PutPair(unsigned value, char* at) {
  std::memcpy(at, kPairs + 2 * value, 2);
  return at + 2;
}

char* PutUnsigned(uint64_t value, char* at) {
  if (value < 10) {
    *at = static_cast<char>('0' + value);
    return at + 1;
  }
  if (value < 100) return PutPair(static_cast<unsigned>(value), at);
  char digits[20];
  char* begin = digits + sizeof(digits);
  while (value >= 100) {
    begin -= 2;
    std::memcpy(begin, kPairs + 2 * (value % 100), 2);
    value /= 100;
  }
  if (value >= 10) {
    begin -= 2;
    std::memcpy(begin, kPairs + 2 * value, 2);
  } else {
    *--begin = static_cast<char>('0' + value);
  }
  const size_t size = static_cast<size_t>(digits + sizeof(digits) - begin);
  std::memcpy(at, begin, size);
  return at + size;
}

/// At most six decimals. Null if the value has more.
char* PutFewDecimals(double magnitude, char* at) {
  constexpr double kMost = 1e8;  // with the decimals: 15 digits at most, so that a decimal is one double's only
  constexpr uint64_t kScale = 1'000'000;
  if (magnitude >= kMost) return nullptr;
  const uint64_t number = static_cast<uint64_t>(magnitude * static_cast<double>(kScale) + 0.5);
  if (static_cast<double>(number) / static_cast<double>(kScale) != magnitude) return nullptr;
  const unsigned fraction = static_cast<unsigned>(number % kScale);
  at = PutUnsigned(number / kScale, at);
  *at++ = '.';
  PutPair(fraction / 10000, at);
  PutPair(fraction / 100 % 100, at + 2);
  PutPair(fraction % 100, at + 4);
  at += 6;
  while (at[-1] == '0') --at;
  return at;
}

char* PutEight(uint32_t value, char* at) {
  const uint32_t high = value / 10000, low = value % 10000;
  PutPair(high / 100, at);
  PutPair(high % 100, at + 2);
  PutPair(low / 100, at + 4);
  return PutPair(low % 100, at + 6);
}

/// The shortest decimal that gives `magnitude` back, without an exponent; a number that is not whole. Dragonbox (Jeon, "Dragonbox: A New
/// Floating-Point Binary-to-Decimal Conversion Algorithm", 2020) as {fmt} has it; writing the digits is ours, as that is most of the time else.
char* PutFraction(double magnitude, char* at) {
  constexpr uint32_t kEight = 100'000'000;
  const auto decimal = fmt::detail::dragonbox::to_decimal(magnitude);
  char digits[32] = {};
  char* end = PutUnsigned(decimal.significand / kEight, digits);
  if (decimal.significand < kEight) {
    end = PutUnsigned(decimal.significand, digits);
  } else {
    end = PutEight(static_cast<uint32_t>(decimal.significand % kEight), end);
  }
  const size_t count = static_cast<size_t>(end - digits);
  const size_t decimals = static_cast<size_t>(-decimal.exponent);
  // Copies of a constant size: there is room, and what is too much is written over.
  if (decimals < count) {
    const size_t whole = count - decimals;
    std::memcpy(at, digits, 16);
    at[whole] = '.';
    std::memcpy(at + whole + 1, digits + whole, 16);
    return at + count + 1;
  }
  const size_t zeros = decimals - count;
  std::memcpy(at, "0.0000", 6);
  std::memcpy(at + 2 + zeros, digits, 20);
  return at + 2 + decimals;
}

char* PutString(const std::string& text, char* at) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

}  // namespace

char* PutIntegerText(int64_t value, char* at) {
  uint64_t magnitude = static_cast<uint64_t>(value);
  if (value < 0) {
    *at++ = '-';
    magnitude = 0 - magnitude;
  }
  return PutUnsigned(magnitude, at);
}

char* PutFloat64Text(double value, char* at) {
  constexpr double kPlainFrom = 1e-4, kPlainTo = 1e15;
  const double magnitude = std::fabs(value);
  // One comparison is false for NaN, infinities, zero and what has an exponent.
  if (magnitude >= kPlainFrom && magnitude < kPlainTo) {
    if (value < 0) *at++ = '-';
    const uint64_t whole = static_cast<uint64_t>(magnitude);
    if (static_cast<double>(whole) == magnitude) return PutUnsigned(whole, at);
    if (char* end = PutFewDecimals(magnitude, at)) return end;
    return PutFraction(magnitude, at);
  }
  if (value == 0 && !std::signbit(value)) {
    *at = '0';
    return at + 1;
  }
  std::string text;
  FormatFloat64(value, 1, text);
  return PutString(text, at);
}

char* TimestampText::Put(int64_t timestamp, char* at) {
  int64_t local = timestamp;
  int offset = 0;
  if (zone_ != nullptr && IsFiniteTimestamp(timestamp)) {
    offset = ZoneOffsetAt(timestamp, *zone_);
    if (__builtin_add_overflow(timestamp, offset * kMicrosPerSecond, &local)) local = timestamp;
  }
  int64_t day = local / kMicrosPerDay;
  int64_t micros = local % kMicrosPerDay;
  if (micros < 0) {
    micros += kMicrosPerDay;
    --day;
  }
  if (day != day_ || !IsFiniteTimestamp(timestamp)) {
    CivilTime civil;
    if (IsFiniteTimestamp(timestamp)) CivilFromDays(day, &civil);
    if (!IsFiniteTimestamp(timestamp) || civil.year < 1 || civil.year > 9999) {
      std::string text;
      if (zone_ != nullptr) {
        FormatTimestampTz(timestamp, *zone_, text);
      } else {
        FormatTimestamp(timestamp, text);
      }
      return PutString(text, at);
    }
    char* end = PutPair(static_cast<unsigned>(civil.year / 100), date_);
    end = PutPair(static_cast<unsigned>(civil.year % 100), end);
    *end++ = '-';
    end = PutPair(static_cast<unsigned>(civil.month), end);
    *end++ = '-';
    end = PutPair(static_cast<unsigned>(civil.day), end);
    *end = ' ';
    day_ = day;
  }
  std::memcpy(at, date_, 11);
  at += 11;
  const unsigned seconds = static_cast<unsigned>(micros / kMicrosPerSecond);
  unsigned fraction = static_cast<unsigned>(micros % kMicrosPerSecond);
  at = PutPair(seconds / 3600, at);
  *at++ = ':';
  at = PutPair(seconds / 60 % 60, at);
  *at++ = ':';
  at = PutPair(seconds % 60, at);
  if (fraction != 0) {
    *at++ = '.';
    for (unsigned scale = 100'000; fraction != 0; scale /= 10) {
      *at++ = static_cast<char>('0' + fraction / scale);
      fraction %= scale;
    }
  }
  if (zone_ == nullptr) return at;
  if (!has_suffix_ || offset != offset_) {
    std::string text;
    FormatTimestampTz(timestamp, *zone_, text);
    const size_t sign = text.find_last_of("+-");
    suffix_size_ = text.size() - sign;
    std::memcpy(suffix_, text.data() + sign, suffix_size_);
    offset_ = offset;
    has_suffix_ = true;
  }
  std::memcpy(at, suffix_, sizeof(suffix_));  // the room is there; a constant size is quicker
  return at + suffix_size_;
}

}  // namespace tsd
