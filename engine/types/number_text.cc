// Text of integers, oids, floats and booleans.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "engine/base/ascii.h"
#include "engine/base/strings.h"
#include "engine/types/fast_text.h"
#include "engine/types/text_form.h"

namespace tsd {
namespace {


Status InvalidSyntax(std::string_view type, std::string_view text) {
  return Error(sqlstate::kInvalidTextRepresentation, StrCat("invalid input syntax for type ", type, ": \"", text, "\""));
}
Status ValueOutOfRange(std::string_view type, std::string_view text) {
  return Error(sqlstate::kNumericValueOutOfRange, StrCat("value \"", text, "\" is out of range for type ", type));
}
Status FloatOutOfRange(std::string_view type, std::string_view text) {
  return Error(sqlstate::kNumericValueOutOfRange, StrCat("\"", text, "\" is out of range for type ", type));
}


struct IntegerRange {
  uint64_t max;  // of positive numbers; negative ones reach one further
  std::string_view name;
};
IntegerRange RangeOf(TypeId type) {
  switch (type) {
    case TypeId::kInt16: return {0x7fff, "smallint"};
    case TypeId::kInt32: return {0x7fffffff, "integer"};
    default: return {0x7fffffffffffffff, "bigint"};
  }
}

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// Plain decimals of at most 15 or so digits: mantissa and power of ten are both exact doubles, so one division rounds correctly.
bool ParseShortDecimal(std::string_view text, double* result) {
  const char* at = text.data();
  const char* end = at + text.size();
  bool negative = false;
  if (at != end && (*at == '-' || *at == '+')) negative = *at++ == '-';
  if (end - at > 18) return false;  // the mantissa must not overflow
  uint64_t mantissa = 0;
  const char* start = at;
  while (at != end && static_cast<unsigned>(*at - '0') < 10) mantissa = mantissa * 10 + static_cast<uint64_t>(*at++ - '0');
  size_t digits = static_cast<size_t>(at - start);
  size_t fraction = 0;
  if (at != end && *at == '.') {
    start = ++at;
    while (at != end && static_cast<unsigned>(*at - '0') < 10) mantissa = mantissa * 10 + static_cast<uint64_t>(*at++ - '0');
    fraction = static_cast<size_t>(at - start);
    digits += fraction;
  }
  if (at != end || digits == 0 || mantissa > (uint64_t{1} << 53)) return false;
  double value = static_cast<double>(mantissa);
  if (fraction != 0) value /= kPowersOfTen[fraction];
  *result = negative ? -value : value;
  return true;
}

/// Infinity and NaN by name. False if it is no such name.
template <typename T>
bool ParseSpecialFloat(std::string_view text, T* result) {
  bool negative = false;
  std::string_view name = text;
  if (!name.empty() && (name[0] == '-' || name[0] == '+')) {
    negative = name[0] == '-';
    name.remove_prefix(1);
  }
  if (EqualsLower(name, "infinity") || EqualsLower(name, "inf")) {
    *result = negative ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
    return true;
  }
  if (EqualsLower(name, "nan")) {
    *result = std::numeric_limits<T>::quiet_NaN();
    return true;
  }
  return false;
}

template <typename T>
StatusOr<T> ParseFloat(std::string_view whole, std::string_view type) {
  std::string_view text = Trim(whole);
  T value = 0;
  std::string_view digits = text;
  if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
  const size_t first = !digits.empty() && digits[0] == '-' ? 1 : 0;
  const char lead = first < digits.size() ? digits[first] : '\0';
  const bool starts_number = (lead >= '0' && lead <= '9') || lead == '.';
  if (!starts_number || (text.size() != digits.size() && first == 1)) {
    if (ParseSpecialFloat(text, &value)) return value;
    return InvalidSyntax(type, whole);
  }
  const std::from_chars_result result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc::invalid_argument || result.ptr != digits.data() + digits.size()) return InvalidSyntax(type, whole);
  if (result.ec == std::errc::result_out_of_range) return FloatOutOfRange(type, whole);
  if (value == 0 || std::isinf(value)) {
    // Zero must be spelled as zero: 1e-400 is an underflow.
    const std::string_view mantissa = digits.substr(0, digits.find_first_of("eE"));
    if (std::isinf(value) || mantissa.find_first_of("123456789") != std::string_view::npos) return FloatOutOfRange(type, whole);
  }
  return value;
}

/// Lays out shortest digits the way PostgreSQL does: plain between 1e-5 and 10^limit, else with an exponent of two digits or more.
void LayOutFloat(bool negative, const char* digits, int count, int exponent, int limit, std::string& out) {
  if (negative) out += '-';
  if (exponent < -4 || exponent >= limit) {
    out += digits[0];
    if (count > 1) {
      out += '.';
      out.append(digits + 1, static_cast<size_t>(count - 1));
    }
    out += 'e';
    out += exponent < 0 ? '-' : '+';
    const int magnitude = std::abs(exponent);
    if (magnitude < 10) out += '0';
    FormatInteger(magnitude, out);
    return;
  }
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<size_t>(-exponent - 1), '0');
    out.append(digits, static_cast<size_t>(count));
    return;
  }
  const int whole = exponent + 1;
  if (count <= whole) {
    out.append(digits, static_cast<size_t>(count));
    out.append(static_cast<size_t>(whole - count), '0');
    return;
  }
  out.append(digits, static_cast<size_t>(whole));
  out += '.';
  out.append(digits + whole, static_cast<size_t>(count - whole));
}

/// Decimal digits d1 d2 ... and the exponent of d1.
struct Decimal {
  char digits[32];
  int count = 0;
  int exponent = 0;
};

/// Reads what std::to_chars wrote in scientific form, without sign; zeros at the end are cut.
Decimal ReadScientific(const char* at, const char* end) {
  Decimal decimal;
  for (; at != end && *at != 'e'; ++at) {
    if (*at != '.') decimal.digits[decimal.count++] = *at;
  }
  if (at != end) {
    ++at;
    const bool below_one = *at == '-';
    for (++at; at != end; ++at) decimal.exponent = decimal.exponent * 10 + (*at - '0');
    if (below_one) decimal.exponent = -decimal.exponent;
  }
  while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0') --decimal.count;
  return decimal;
}

/// Whether the decimal lies exactly half way between `value` and a neighbour. Reading it back gives `value` only by the rule of
/// ties, so PostgreSQL prints a longer number. Only integers above the mantissa's range can be such.
template <typename T>
bool IsHalfWay(T value, const Decimal& decimal) {
  constexpr int kMantissaBits = std::numeric_limits<T>::digits;
  const int zeros = decimal.exponent + 1 - decimal.count;
  if (zeros < 0 || zeros > 27 || decimal.count > 17) return false;
  unsigned __int128 odd = 0;
  for (int i = 0; i < decimal.count; ++i) odd = odd * 10 + static_cast<unsigned>(decimal.digits[i] - '0');
  for (int i = 0; i < zeros; ++i) odd *= 5;
  int twos = zeros;
  for (; (odd & 1) == 0; odd >>= 1) ++twos;
  int exponent;
  const T fraction = std::frexp(value, &exponent);
  const auto mantissa = static_cast<uint64_t>(std::ldexp(fraction, kMantissaBits));
  exponent -= kMantissaBits;
  // Neighbours are mantissa +- 1; below a power of two the step is half as wide.
  if (twos == exponent - 1 && (odd == mantissa * 2 + 1 || odd == mantissa * 2 - 1)) return true;
  const bool power_of_two = mantissa == uint64_t{1} << (kMantissaBits - 1);
  return power_of_two && twos == exponent - 2 && odd == mantissa * 4 - 1;
}

template <typename T>
void FormatShortest(T value, int limit, std::string& out) {
  const bool negative = value < 0;
  const T magnitude = negative ? -value : value;
  char buffer[64];
  std::to_chars_result result = std::to_chars(buffer, buffer + sizeof(buffer), magnitude, std::chars_format::scientific);
  Decimal decimal = ReadScientific(buffer, result.ptr);
  for (int digits = decimal.count; decimal.exponent >= limit && digits < 17 && IsHalfWay(magnitude, decimal); ++digits) {
    // The next precision that reads back as the same number.
    result = std::to_chars(buffer, buffer + sizeof(buffer), magnitude, std::chars_format::scientific, digits);
    T back = 0;
    std::from_chars(buffer, result.ptr, back);
    if (back == magnitude) decimal = ReadScientific(buffer, result.ptr);
  }
  LayOutFloat(negative, decimal.digits, decimal.count, decimal.exponent, limit, out);
}

template <typename T>
void FormatFloat(T value, int significant, int limit, int extra_float_digits, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
  } else if (value == 0) {
    out += std::signbit(value) ? "-0" : "0";
  } else if (extra_float_digits > 0) {
    FormatShortest(value, limit, out);
  } else {
    const int precision = std::max(1, significant + extra_float_digits);
    char buffer[64];
    const std::to_chars_result result =
        std::to_chars(buffer, buffer + sizeof(buffer), static_cast<double>(value), std::chars_format::general, precision);
    out.append(buffer, result.ptr);
  }
}

}  // namespace

StatusOr<bool> ParseBool(std::string_view text) {
  const std::string_view word = Trim(text);
  if (word.size() == 1) {
    switch (word[0]) {
      case 't': case 'T': case 'y': case 'Y': case '1': return true;
      case 'f': case 'F': case 'n': case 'N': case '0': return false;
      default: return InvalidSyntax("boolean", text);
    }
  }
  if (!word.empty()) {
    for (std::string_view name : {"true", "yes"}) {
      if (word.size() <= name.size() && EqualsLower(word, name.substr(0, word.size()))) return true;
    }
    for (std::string_view name : {"false", "no"}) {
      if (word.size() <= name.size() && EqualsLower(word, name.substr(0, word.size()))) return false;
    }
    if (EqualsLower(word, "on")) return true;
    if (EqualsLower(word, "off") || EqualsLower(word, "of")) return false;
  }
  return InvalidSyntax("boolean", text);
}

StatusOr<int64_t> ParseInteger(TypeId type, std::string_view text) {
  const IntegerRange range = RangeOf(type);
  const char* at = text.data();
  const char* end = at + text.size();
  while (at != end && IsBlank(*at)) ++at;
  bool negative = false;
  if (at != end && (*at == '-' || *at == '+')) negative = *at++ == '-';
  const char* first_digit = at;
  uint64_t value = 0;
  bool overflow = false;
  for (; at != end && static_cast<unsigned>(*at - '0') < 10; ++at) {
    const uint64_t digit = static_cast<uint64_t>(*at - '0');
    if (value > (std::numeric_limits<uint64_t>::max() - 9) / 10) overflow = true;
    value = value * 10 + digit;
  }
  if (at == first_digit) return InvalidSyntax(range.name, text);
  while (at != end && IsBlank(*at)) ++at;
  if (at != end) return InvalidSyntax(range.name, text);
  if (overflow || value > range.max + (negative ? 1 : 0)) return ValueOutOfRange(range.name, text);
  return negative ? static_cast<int64_t>(~value + 1) : static_cast<int64_t>(value);
}

StatusOr<double> ParseFloat64(std::string_view text) {
  double value;
  if (ParseShortDecimal(text, &value)) return value;
  return ParseFloat<double>(text, "double precision");
}

StatusOr<float> ParseFloat32(std::string_view text) { return ParseFloat<float>(text, "real"); }

StatusOr<uint32_t> ParseOid(std::string_view text) {
  const std::string_view word = Trim(text);
  const bool negative = !word.empty() && word[0] == '-';
  const size_t start = !word.empty() && (word[0] == '-' || word[0] == '+') ? 1 : 0;
  if (start == word.size()) return InvalidSyntax("oid", text);
  uint64_t value = 0;
  for (size_t i = start; i < word.size(); ++i) {
    if (word[i] < '0' || word[i] > '9') return InvalidSyntax("oid", text);
    if (value <= 0xffffffffULL) value = value * 10 + static_cast<uint64_t>(word[i] - '0');
  }
  // Negative numbers down to int4's minimum wrap, as PostgreSQL reads them.
  if (value > (negative ? 0x80000000ULL : 0xffffffffULL)) return ValueOutOfRange("oid", text);
  return static_cast<uint32_t>(negative ? ~value + 1 : value);
}

void FormatInteger(int64_t value, std::string& out) {
  char buffer[kMaxFastText];
  out.append(buffer, PutIntegerText(value, buffer));
}

void FormatFloat64(double value, int extra_float_digits, std::string& out) {
  const double magnitude = std::fabs(value);
  if (extra_float_digits > 0 && magnitude >= 1e-4 && magnitude < 1e15) {  // where PutFloat64Text does not come back here
    char buffer[kMaxFastText];
    out.append(buffer, PutFloat64Text(value, buffer));
  } else {
    FormatFloat(value, 15, 15, extra_float_digits, out);
  }
}
void FormatFloat32(float value, int extra_float_digits, std::string& out) { FormatFloat(value, 6, 6, extra_float_digits, out); }

}  // namespace tsd
