#include "engine/types/fast_text.h"

#include <charconv>
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

/// Few decimals: the least number of them that gives the value back. Null if there is none.
char* PutFewDecimals(double magnitude, char* at) {
  constexpr double kMost = 1e8;  // with the decimals below: 15 digits at most, so that a decimal is one double's only
  constexpr int kDecimals = 6;
  if (magnitude >= kMost) return nullptr;
  uint64_t scale = 1;
  for (int decimals = 1; decimals <= kDecimals; ++decimals) {
    scale *= 10;
    const double divisor = static_cast<double>(scale);
    const uint64_t number = static_cast<uint64_t>(magnitude * divisor + 0.5);
    if (static_cast<double>(number) / divisor != magnitude) continue;
    at = PutUnsigned(number / scale, at);
    *at++ = '.';
    uint64_t fraction = number % scale;
    for (int i = decimals - 1; i >= 0; --i) {
      at[i] = static_cast<char>('0' + fraction % 10);
      fraction /= 10;
    }
    return at + decimals;
  }
  return nullptr;
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
    return std::to_chars(at, at + kMaxFastText - 1, magnitude, std::chars_format::fixed).ptr;
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
