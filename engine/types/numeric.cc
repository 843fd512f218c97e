// Numeric: representation, text, byte form, comparison, conversions.
#include "engine/types/numeric.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "engine/base/ascii.h"
#include "engine/base/bytes.h"
#include "engine/base/hash.h"
#include "engine/base/strings.h"
#include "engine/types/numeric_big.h"

namespace tsd {
namespace {

using Unsigned128 = unsigned __int128;

constexpr int kSmallDigits = 38;  // every number of so many digits fits __int128

constexpr std::array<__int128, kSmallDigits + 1> MakePowers() {
  std::array<__int128, kSmallDigits + 1> powers{};
  powers[0] = 1;
  for (int i = 1; i <= kSmallDigits; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<__int128, kSmallDigits + 1> kPowers = MakePowers();

Unsigned128 Magnitude(__int128 value) { return value < 0 ? ~static_cast<Unsigned128>(value) + 1 : static_cast<Unsigned128>(value); }

/// Digits of the magnitude; none for zero.
int SmallDigits(Unsigned128 value) {
  int digits = 0;
  while (digits <= kSmallDigits && value >= static_cast<Unsigned128>(kPowers[std::min(digits, kSmallDigits)])) {
    if (digits == kSmallDigits) return kSmallDigits + 1;
    ++digits;
  }
  return digits;
}

std::string SmallToString(Unsigned128 value) {
  char buffer[40];
  int at = sizeof(buffer);
  while (value > std::numeric_limits<uint64_t>::max()) {
    buffer[--at] = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  }
  uint64_t low = static_cast<uint64_t>(value);
  do {
    buffer[--at] = static_cast<char>('0' + low % 10);
    low /= 10;
  } while (low != 0);
  return std::string(buffer + at, sizeof(buffer) - static_cast<size_t>(at));
}


Status InvalidSyntax(std::string_view text) {
  return Error(sqlstate::kInvalidTextRepresentation, StrCat("invalid input syntax for type numeric: \"", text, "\""));
}

/// The digits of a decimal literal, split at its exponent. False if it is none.
struct Literal {
  bool negative = false;
  std::string_view whole, fraction;
  int64_t exponent = 0;
};
bool SplitLiteral(std::string_view text, Literal* literal) {
  size_t at = 0;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) literal->negative = text[at++] == '-';
  const size_t whole = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  literal->whole = text.substr(whole, at - whole);
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = ++at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    literal->fraction = text.substr(fraction, at - fraction);
  }
  if (literal->whole.empty() && literal->fraction.empty()) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool negative = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
    const size_t digits = at;
    for (; at < text.size() && IsDigit(text[at]); ++at) {
      if (literal->exponent < 1'000'000'000) literal->exponent = literal->exponent * 10 + (text[at] - '0');
    }
    if (at == digits) return false;
    if (negative) literal->exponent = -literal->exponent;
  }
  return at == text.size();
}

}  // namespace

Status NumericOverflow() { return Error(sqlstate::kNumericValueOutOfRange, "value overflows numeric format"); }

BigInt BigPowerOfTen(int exponent) { return boost::multiprecision::pow(BigInt(10), static_cast<unsigned>(exponent)); }

BigInt DivideRounded(const BigInt& numerator, const BigInt& denominator) {
  const bool negative = numerator < 0;
  const BigInt magnitude = negative ? BigInt(-numerator) : numerator;
  BigInt quotient, remainder;
  boost::multiprecision::divide_qr(magnitude, denominator, quotient, remainder);
  if (remainder * 2 >= denominator) ++quotient;
  return negative ? BigInt(-quotient) : quotient;
}

int DecimalDigits(const BigInt& value) {
  if (value == 0) return 0;
  const BigInt magnitude = boost::multiprecision::abs(value);
  // From the bit length, then corrected by one comparison.
  const unsigned bits = boost::multiprecision::msb(magnitude);
  int digits = static_cast<int>(static_cast<double>(bits) * 0.30102999566398119521);
  while (magnitude >= BigPowerOfTen(digits)) ++digits;
  return digits;
}

BigInt BigMantissa::Of(const Numeric& numeric) {
  return numeric.big_ != nullptr ? numeric.big_->value : BigInt(numeric.small_);
}

Numeric BigMantissa::Make(const BigInt& mantissa, int scale) {
  Numeric result;
  result.scale_ = scale;
  if (mantissa == 0) return result;
  if (boost::multiprecision::msb(boost::multiprecision::abs(mantissa)) < 127) {
    result.small_ = static_cast<__int128>(mantissa);
  } else {
    result.big_ = std::make_shared<const BigMantissa>(mantissa);
  }
  return result;
}

StatusOr<Numeric> BigMantissa::MakeChecked(const BigInt& mantissa, int scale) {
  if (scale > Numeric::kMaxScale) return NumericOverflow();
  // 3.32 bits a digit: only numbers near the limit are counted exactly.
  constexpr unsigned kSafeBits = 400'000;
  if (mantissa != 0 && boost::multiprecision::msb(boost::multiprecision::abs(mantissa)) > kSafeBits &&
      DecimalDigits(mantissa) - scale > Numeric::kMaxIntegerDigits) {
    return NumericOverflow();
  }
  return Make(mantissa, scale);
}

BigInt BigMantissa::AtScale(const Numeric& numeric, int scale) {
  const BigInt mantissa = Of(numeric);
  if (scale >= numeric.scale()) return mantissa * BigPowerOfTen(scale - numeric.scale());
  return DivideRounded(mantissa, BigPowerOfTen(numeric.scale() - scale));
}

int DecimalExponent(const Numeric& value) {
  const int digits = value.FitsSmall() ? SmallDigits(Magnitude(value.SmallMantissa())) : DecimalDigits(BigMantissa::Of(value));
  return digits - 1 - value.scale();
}

LeadingDigit LeadingBase10000(const Numeric& value) {
  LeadingDigit result;
  if (value.IsZero()) return result;
  const int exponent = DecimalExponent(value);
  result.weight = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
  // |value| / 10000^weight, cut to an integer.
  const BigInt mantissa = boost::multiprecision::abs(BigMantissa::Of(value));
  const int shift = -value.scale() - 4 * result.weight;
  const BigInt leading = shift >= 0 ? BigInt(mantissa * BigPowerOfTen(shift)) : BigInt(mantissa / BigPowerOfTen(-shift));
  result.digit = static_cast<int>(leading);
  return result;
}

Numeric Numeric::NaN() { return Numeric(Kind::kNaN); }
Numeric Numeric::Infinity() { return Numeric(Kind::kInfinity); }
Numeric Numeric::NegativeInfinity() { return Numeric(Kind::kNegativeInfinity); }

Numeric Numeric::FromInt64(int64_t value) { return FromScaled(value, 0); }
Numeric Numeric::FromInt128(__int128 value) { return FromScaled(value, 0); }
Numeric Numeric::FromScaled(__int128 mantissa, int scale) {
  Numeric result;
  result.small_ = mantissa;
  result.scale_ = scale;
  return result;
}

namespace {
/// A float's decimal digits at a precision, as text that Parse reads.
Numeric FromFloating(double value, int significant) {
  if (std::isnan(value)) return Numeric::NaN();
  if (std::isinf(value)) return value > 0 ? Numeric::Infinity() : Numeric::NegativeInfinity();
  char buffer[64];
  const std::to_chars_result result = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::general, significant);
  StatusOr<Numeric> parsed = Numeric::Parse(std::string_view(buffer, static_cast<size_t>(result.ptr - buffer)));
  return parsed.ok() ? *std::move(parsed) : Numeric::NaN();
}
}  // namespace

Numeric Numeric::FromDouble(double value) { return FromFloating(value, 15); }
Numeric Numeric::FromFloat(float value) { return FromFloating(static_cast<double>(value), 6); }

StatusOr<Numeric> Numeric::Parse(std::string_view whole) {
  const std::string_view text = Trim(whole);
  Literal literal;
  if (!SplitLiteral(text, &literal)) {
    if (EqualsLower(text, "nan")) return NaN();
    const bool negative = !text.empty() && text[0] == '-';
    std::string_view name = text;
    if (!name.empty() && (name[0] == '-' || name[0] == '+')) name.remove_prefix(1);
    if (EqualsLower(name, "infinity") || EqualsLower(name, "inf")) return negative ? NegativeInfinity() : Infinity();
    return InvalidSyntax(whole);
  }
  const size_t digit_count = literal.whole.size() + literal.fraction.size();
  const int64_t scale = std::max<int64_t>(0, static_cast<int64_t>(literal.fraction.size()) - literal.exponent);
  // Zeros the exponent adds behind the written digits.
  const int64_t padding = std::max<int64_t>(0, literal.exponent - static_cast<int64_t>(literal.fraction.size()));
  if (scale > kMaxScale || padding > kMaxIntegerDigits || digit_count > static_cast<size_t>(kMaxIntegerDigits + kMaxScale)) return NumericOverflow();
  if (digit_count + static_cast<size_t>(padding) <= kSmallDigits) {
    __int128 mantissa = 0;
    for (std::string_view part : {literal.whole, literal.fraction}) {
      for (char c : part) mantissa = mantissa * 10 + (c - '0');
    }
    mantissa *= kPowers[static_cast<size_t>(padding)];
    return FromScaled(literal.negative ? -mantissa : mantissa, static_cast<int>(scale));
  }
  std::string digits = StrCat(literal.whole, literal.fraction);
  const size_t first = digits.find_first_not_of('0');
  digits = first == std::string::npos ? "0" : digits.substr(first);  // a leading zero would mean octal
  BigInt mantissa(digits);
  if (padding != 0) mantissa *= BigPowerOfTen(static_cast<int>(padding));
  if (literal.negative) mantissa = -mantissa;
  return BigMantissa::MakeChecked(mantissa, static_cast<int>(scale));
}

void Numeric::AppendTo(std::string& out) const {
  switch (kind_) {
    case Kind::kNaN: out += "NaN"; return;
    case Kind::kInfinity: out += "Infinity"; return;
    case Kind::kNegativeInfinity: out += "-Infinity"; return;
    case Kind::kFinite: break;
  }
  std::string digits;
  bool negative;
  if (big_ != nullptr) {
    negative = big_->value < 0;
    digits = BigInt(boost::multiprecision::abs(big_->value)).str();
  } else {
    negative = small_ < 0;
    digits = SmallToString(Magnitude(small_));
  }
  if (negative) out += '-';
  const size_t scale = static_cast<size_t>(scale_);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  out.append(digits, 0, digits.size() - scale);
  if (scale != 0) {
    out += '.';
    out.append(digits, digits.size() - scale, scale);
  }
}

std::string Numeric::ToString() const {
  std::string out;
  AppendTo(out);
  return out;
}

namespace {
// Byte form: a tag byte, the scale as varint, the magnitude little-endian without high zero bytes.
constexpr uint8_t kTagPositive = 0;
constexpr uint8_t kTagNegative = 1;
constexpr uint8_t kTagNaN = 2;
constexpr uint8_t kTagInfinity = 3;
constexpr uint8_t kTagNegativeInfinity = 4;
/// Bytes of the largest magnitude: 131072 + 16383 digits.
constexpr size_t kMaxMagnitudeBytes = 61'300;

Status NotANumeric() { return Error(sqlstate::kDataCorrupted, "damaged numeric value"); }
}  // namespace

void Numeric::EncodeTo(std::string& out) const {
  switch (kind_) {
    case Kind::kNaN: out += static_cast<char>(kTagNaN); return;
    case Kind::kInfinity: out += static_cast<char>(kTagInfinity); return;
    case Kind::kNegativeInfinity: out += static_cast<char>(kTagNegativeInfinity); return;
    case Kind::kFinite: break;
  }
  out += static_cast<char>(Sign() < 0 ? kTagNegative : kTagPositive);
  unsigned scale = static_cast<unsigned>(scale_);
  while (scale >= 0x80) {
    out += static_cast<char>(scale | 0x80);
    scale >>= 7;
  }
  out += static_cast<char>(scale);
  if (big_ != nullptr) {
    std::string bytes;
    const BigInt magnitude = boost::multiprecision::abs(big_->value);
    boost::multiprecision::export_bits(magnitude, std::back_inserter(bytes), 8, false);
    out += bytes;
    return;
  }
  for (Unsigned128 magnitude = Magnitude(small_); magnitude != 0; magnitude >>= 8) {
    out += static_cast<char>(static_cast<uint8_t>(magnitude));
  }
}

std::string Numeric::Encode() const {
  std::string out;
  EncodeTo(out);
  return out;
}

StatusOr<Numeric> Numeric::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const uint8_t tag = reader.GetU8();
  if (!reader.ok()) return NotANumeric();
  if (tag == kTagNaN) return NaN();
  if (tag == kTagInfinity) return Infinity();
  if (tag == kTagNegativeInfinity) return NegativeInfinity();
  if (tag != kTagPositive && tag != kTagNegative) return NotANumeric();
  const uint64_t scale = reader.GetVarint();
  const std::string_view magnitude = reader.Rest();
  if (!reader.ok() || scale > kMaxScale || magnitude.size() > kMaxMagnitudeBytes) return NotANumeric();
  if (magnitude.size() < 16 || (magnitude.size() == 16 && static_cast<uint8_t>(magnitude[15]) < 0x80)) {
    Unsigned128 value = 0;
    std::memcpy(&value, magnitude.data(), magnitude.size());
    const __int128 mantissa = static_cast<__int128>(value);
    return FromScaled(tag == kTagNegative ? -mantissa : mantissa, static_cast<int>(scale));
  }
  BigInt value;
  boost::multiprecision::import_bits(value, magnitude.begin(), magnitude.end(), 8, false);
  if (tag == kTagNegative) value = -value;
  return BigMantissa::Make(value, static_cast<int>(scale));
}

int Numeric::Sign() const {
  switch (kind_) {
    case Kind::kNaN:
    case Kind::kInfinity: return 1;
    case Kind::kNegativeInfinity: return -1;
    case Kind::kFinite: break;
  }
  if (big_ != nullptr) return big_->value < 0 ? -1 : 1;
  return small_ == 0 ? 0 : small_ < 0 ? -1 : 1;
}

Numeric Numeric::TrimScale() const {
  if (!IsFinite() || scale_ == 0) return *this;
  if (big_ == nullptr) {
    Numeric result = *this;
    while (result.scale_ > 0 && result.small_ % 10 == 0) {
      result.small_ /= 10;
      --result.scale_;
    }
    return result;
  }
  BigInt mantissa = big_->value;
  int scale = scale_;
  while (scale > 0 && mantissa % 10 == 0) {
    mantissa /= 10;
    --scale;
  }
  return BigMantissa::Make(mantissa, scale);
}

int Numeric::Compare(const Numeric& other) const {
  const auto rank = [](Kind kind) {
    switch (kind) {
      case Kind::kNegativeInfinity: return 0;
      case Kind::kFinite: return 1;
      case Kind::kInfinity: return 2;
      case Kind::kNaN: return 3;
    }
    return 1;
  };
  const int left_rank = rank(kind_), right_rank = rank(other.kind_);
  if (left_rank != right_rank) return left_rank < right_rank ? -1 : 1;
  if (left_rank != 1) return 0;
  if (big_ == nullptr && other.big_ == nullptr) {
    if (scale_ == other.scale_) return small_ < other.small_ ? -1 : small_ > other.small_ ? 1 : 0;
    const int left_sign = Sign(), right_sign = other.Sign();
    if (left_sign != right_sign) return left_sign < right_sign ? -1 : 1;
    const bool raise_left = scale_ < other.scale_;
    const int difference = raise_left ? other.scale_ - scale_ : scale_ - other.scale_;
    __int128 raised;
    if (difference <= kSmallDigits && !__builtin_mul_overflow(raise_left ? small_ : other.small_, kPowers[static_cast<size_t>(difference)], &raised)) {
      const __int128 left = raise_left ? raised : small_;
      const __int128 right = raise_left ? other.small_ : raised;
      return left < right ? -1 : left > right ? 1 : 0;
    }
  }
  const int left_sign = Sign(), right_sign = other.Sign();
  if (left_sign != right_sign) return left_sign < right_sign ? -1 : 1;
  if (left_sign == 0) return 0;
  const int scale = std::max(scale_, other.scale_);
  return BigMantissa::AtScale(*this, scale).compare(BigMantissa::AtScale(other, scale));
}

uint64_t Numeric::Hash() const {
  if (!IsFinite()) return MixHash(static_cast<uint64_t>(kind_) + 0x5bd1e995);
  const Numeric trimmed = TrimScale();
  if (trimmed.big_ == nullptr) {
    const Unsigned128 bits = static_cast<Unsigned128>(trimmed.small_);
    return CombineHash(CombineHash(static_cast<uint64_t>(bits), static_cast<uint64_t>(bits >> 64)), static_cast<uint64_t>(trimmed.scale_));
  }
  return Hash64(trimmed.Encode());
}

namespace {
StatusOr<int64_t> ToInteger(const Numeric& value, int64_t low, int64_t high, std::string_view type) {
  if (!value.IsFinite()) {
    return Error(sqlstate::kFeatureNotSupported, StrCat("cannot convert ", value.IsNaN() ? "NaN" : "infinity", " to ", type));
  }
  const Numeric rounded = value.Round(0);
  if (!rounded.FitsSmall() || rounded.SmallMantissa() < low || rounded.SmallMantissa() > high) {
    return Error(sqlstate::kNumericValueOutOfRange, StrCat(type, " out of range"));
  }
  return static_cast<int64_t>(rounded.SmallMantissa());
}
}  // namespace

StatusOr<int64_t> Numeric::ToInt64() const {
  return ToInteger(*this, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(), "bigint");
}
StatusOr<int32_t> Numeric::ToInt32() const {
  ASSIGN_OR_RETURN(const int64_t value, ToInteger(*this, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max(), "integer"));
  return static_cast<int32_t>(value);
}
StatusOr<int16_t> Numeric::ToInt16() const {
  ASSIGN_OR_RETURN(const int64_t value, ToInteger(*this, std::numeric_limits<int16_t>::min(), std::numeric_limits<int16_t>::max(), "smallint"));
  return static_cast<int16_t>(value);
}

double Numeric::ToDouble() const {
  switch (kind_) {
    case Kind::kNaN: return std::numeric_limits<double>::quiet_NaN();
    case Kind::kInfinity: return std::numeric_limits<double>::infinity();
    case Kind::kNegativeInfinity: return -std::numeric_limits<double>::infinity();
    case Kind::kFinite: break;
  }
  if (big_ == nullptr && scale_ <= 22 && Magnitude(small_) <= Unsigned128{1} << 53) {
    // Both are exact doubles, so the division rounds correctly.
    static constexpr double kTens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return static_cast<double>(static_cast<int64_t>(small_)) / kTens[scale_];
  }
  const std::string text = ToString();
  double value = 0;
  const std::from_chars_result result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (DecimalExponent(*this) < 0) return Sign() < 0 ? -0.0 : 0.0;
    return Sign() < 0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  }
  return value;
}

StatusOr<double> Numeric::ToDoubleChecked() const {
  const double value = ToDouble();
  if (IsFinite() && (std::isinf(value) || (value == 0 && !IsZero()))) {
    return Error(sqlstate::kNumericValueOutOfRange, StrCat("\"", ToString(), "\" is out of range for type double precision"));
  }
  return value;
}

StatusOr<float> Numeric::ToFloatChecked() const {
  const float value = static_cast<float>(ToDouble());
  if (IsFinite() && (std::isinf(value) || (value == 0 && !IsZero()))) {
    return Error(sqlstate::kNumericValueOutOfRange, StrCat("\"", ToString(), "\" is out of range for type real"));
  }
  return value;
}

}  // namespace tsd
