#pragma once
// The usual spellings of numbers, parsed without a branch too many. False means "not that simple": the caller asks ParseText's full
// parser, which knows signs, blanks, infinities and errors. Any thread.
#include <charconv>
#include <cstdint>
#include <string_view>

namespace tsd {

/// [-]digits, at most 18 of them.
inline bool FastParseInteger(std::string_view text, int64_t* value) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  const size_t digits = static_cast<size_t>(end - at);
  if (digits == 0 || digits > 18) return false;
  uint64_t result = 0;
  for (; at != end; ++at) {
    const unsigned digit = static_cast<unsigned char>(*at) - '0';
    if (digit > 9) return false;
    result = result * 10 + digit;
  }
  *value = negative ? -static_cast<int64_t>(result) : static_cast<int64_t>(result);
  return true;
}

inline constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                          1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// [-]digits[.digits] exactly rounded: mantissa and power of ten are exact doubles, so one division rounds once (Clinger, 1990).
/// Longer ones go to std::from_chars.
inline bool FastParseDouble(std::string_view text, double* value) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  const char* const start = at;
  uint64_t mantissa = 0;
  unsigned digit;
  for (; at != end && (digit = static_cast<unsigned char>(*at) - '0') <= 9; ++at) mantissa = mantissa * 10 + digit;
  size_t digits = static_cast<size_t>(at - start);
  size_t fraction = 0;
  if (at != end && *at == '.') {
    const char* const point = ++at;
    for (; at != end && (digit = static_cast<unsigned char>(*at) - '0') <= 9; ++at) mantissa = mantissa * 10 + digit;
    fraction = static_cast<size_t>(at - point);
    digits += fraction;
  }
  if (digits == 0) return false;
  if (at == end && digits <= 19 && mantissa <= (uint64_t{1} << 53)) {
    double result = static_cast<double>(mantissa);
    if (fraction != 0) result /= kPowersOfTen[fraction];
    *value = negative ? -result : result;
    return true;
  }
  // Only what begins like a number with digits comes here ("nan" and hexadecimal forms do not).
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end;
}

}  // namespace tsd
