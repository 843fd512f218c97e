// Numeric: + - * / %, rounding, typmods.
#include "engine/base/strings.h"
#include "engine/types/numeric.h"
#include "engine/types/numeric_big.h"

namespace tsd {
namespace {

Status DivisionByZero() { return Error(sqlstate::kDivisionByZero, "division by zero"); }

Numeric SignedInfinity(int sign) { return sign < 0 ? Numeric::NegativeInfinity() : Numeric::Infinity(); }

/// The scale a quotient gets: at least 16 significant digits, and no less than either operand shows.
int QuotientScale(const Numeric& left, const Numeric& right) {
  const LeadingDigit a = LeadingBase10000(left), b = LeadingBase10000(right);
  int weight = a.weight - b.weight;
  if (a.digit <= b.digit) --weight;
  const int scale = std::max({kNumericMinSignificantDigits - weight * 4, left.scale(), right.scale(), 0});
  return std::min(scale, kNumericMaxDisplayScale);
}

enum class Rounding { kHalfAway, kTruncate, kUp, kDown };

Numeric RoundTo(const Numeric& value, int digits, Rounding rounding) {
  if (!value.IsFinite()) return value;
  digits = std::clamp(digits, -Numeric::kMaxIntegerDigits - 1, Numeric::kMaxScale);
  const int scale = std::max(digits, 0);
  if (digits >= value.scale()) return BigMantissa::Make(BigMantissa::AtScale(value, scale), scale);
  const BigInt unit = BigPowerOfTen(value.scale() - digits);
  const BigInt mantissa = BigMantissa::Of(value);
  BigInt quotient;
  if (rounding == Rounding::kHalfAway) {
    quotient = DivideRounded(mantissa, unit);
  } else {
    quotient = mantissa / unit;  // towards zero
    const BigInt rest = mantissa - quotient * unit;
    if (rounding == Rounding::kUp && rest > 0) ++quotient;
    if (rounding == Rounding::kDown && rest < 0) --quotient;
  }
  if (digits < 0) quotient *= BigPowerOfTen(-digits);
  return BigMantissa::Make(quotient, scale);
}

/// Small numerics of few digits round without big integers.
bool RoundSmall(const Numeric& value, int digits, Numeric* result) {
  if (!value.FitsSmall() || digits < 0 || digits >= value.scale() || value.scale() - digits > 18) return false;
  int64_t unit = 1;
  for (int i = digits; i < value.scale(); ++i) unit *= 10;
  const __int128 mantissa = value.SmallMantissa();
  __int128 quotient = mantissa / unit;
  const __int128 rest = mantissa % unit;
  if ((rest < 0 ? -rest : rest) * 2 >= unit) quotient += mantissa < 0 ? -1 : 1;
  *result = Numeric::FromScaled(quotient, digits);
  return true;
}

}  // namespace

Numeric Numeric::Negate() const {
  switch (kind_) {
    case Kind::kNaN: return *this;
    case Kind::kInfinity: return NegativeInfinity();
    case Kind::kNegativeInfinity: return Infinity();
    case Kind::kFinite: break;
  }
  return BigMantissa::Make(-BigMantissa::Of(*this), scale_);
}

Numeric Numeric::Abs() const { return Sign() < 0 ? Negate() : *this; }

StatusOr<Numeric> Numeric::Add(const Numeric& left, const Numeric& right) {
  if (left.IsNaN() || right.IsNaN()) return NaN();
  if (left.IsInfinite() || right.IsInfinite()) {
    if (left.IsInfinite() && right.IsInfinite() && left.Sign() != right.Sign()) return NaN();
    return left.IsInfinite() ? left : right;
  }
  if (left.FitsSmall() && right.FitsSmall() && left.scale_ == right.scale_) {
    __int128 sum;
    if (!__builtin_add_overflow(left.small_, right.small_, &sum)) return FromScaled(sum, left.scale_);
  }
  const int scale = std::max(left.scale_, right.scale_);
  return BigMantissa::MakeChecked(BigMantissa::AtScale(left, scale) + BigMantissa::AtScale(right, scale), scale);
}

StatusOr<Numeric> Numeric::Subtract(const Numeric& left, const Numeric& right) { return Add(left, right.Negate()); }

StatusOr<Numeric> Numeric::Multiply(const Numeric& left, const Numeric& right) {
  if (left.IsNaN() || right.IsNaN()) return NaN();
  if (left.IsInfinite() || right.IsInfinite()) {
    if (left.Sign() == 0 || right.Sign() == 0) return NaN();
    return SignedInfinity(left.Sign() * right.Sign());
  }
  int scale = left.scale_ + right.scale_;
  if (left.FitsSmall() && right.FitsSmall() && scale <= kMaxScale) {
    __int128 product;
    if (!__builtin_mul_overflow(left.small_, right.small_, &product)) return FromScaled(product, scale);
  }
  BigInt product = BigMantissa::Of(left) * BigMantissa::Of(right);
  if (scale > kMaxScale) {
    product = DivideRounded(product, BigPowerOfTen(scale - kMaxScale));
    scale = kMaxScale;
  }
  return BigMantissa::MakeChecked(product, scale);
}

StatusOr<Numeric> Numeric::Divide(const Numeric& left, const Numeric& right) {
  if (left.IsNaN() || right.IsNaN()) return NaN();
  if (left.IsInfinite()) {
    if (right.IsInfinite()) return NaN();
    if (right.IsZero()) return DivisionByZero();
    return SignedInfinity(left.Sign() * right.Sign());
  }
  if (right.IsInfinite()) return Numeric();
  if (right.IsZero()) return DivisionByZero();
  const int scale = QuotientScale(left, right);
  BigInt numerator = BigMantissa::Of(left);
  BigInt denominator = BigMantissa::Of(right);
  const int shift = scale - left.scale_ + right.scale_;
  if (shift >= 0) {
    numerator *= BigPowerOfTen(shift);
  } else {
    denominator *= BigPowerOfTen(-shift);
  }
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  return BigMantissa::MakeChecked(DivideRounded(numerator, denominator), scale);
}

StatusOr<Numeric> Numeric::DivideTruncated(const Numeric& left, const Numeric& right) {
  if (left.IsNaN() || right.IsNaN()) return NaN();
  if (left.IsInfinite()) {
    if (right.IsInfinite()) return NaN();
    if (right.IsZero()) return DivisionByZero();
    return SignedInfinity(left.Sign() * right.Sign());
  }
  if (right.IsInfinite()) return Numeric();
  if (right.IsZero()) return DivisionByZero();
  const int scale = std::max(left.scale_, right.scale_);
  return BigMantissa::MakeChecked(BigMantissa::AtScale(left, scale) / BigMantissa::AtScale(right, scale), 0);
}

StatusOr<Numeric> Numeric::Modulo(const Numeric& left, const Numeric& right) {
  if (left.IsNaN() || right.IsNaN()) return NaN();
  if (left.IsInfinite()) {
    if (right.IsZero()) return DivisionByZero();
    return NaN();
  }
  if (right.IsInfinite()) return left;
  if (right.IsZero()) return DivisionByZero();
  const int scale = std::max(left.scale_, right.scale_);
  return BigMantissa::MakeChecked(BigMantissa::AtScale(left, scale) % BigMantissa::AtScale(right, scale), scale);
}

Numeric Numeric::Round(int digits) const {
  Numeric result;
  if (RoundSmall(*this, digits, &result)) return result;
  return RoundTo(*this, digits, Rounding::kHalfAway);
}
Numeric Numeric::Truncate(int digits) const { return RoundTo(*this, digits, Rounding::kTruncate); }
Numeric Numeric::Ceil() const { return RoundTo(*this, 0, Rounding::kUp); }
Numeric Numeric::Floor() const { return RoundTo(*this, 0, Rounding::kDown); }

StatusOr<Numeric> Numeric::ApplyTypmod(int32_t typmod) const {
  if (typmod < 4 || IsNaN()) return *this;
  const int32_t raw = typmod - 4;
  const int precision = (raw >> 16) & 0xffff;
  const int scale = ((raw & 0x7ff) ^ 1024) - 1024;
  const auto overflow = [&](std::string_view detail) {
    return WithDetail(Error(sqlstate::kNumericValueOutOfRange, "numeric field overflow"), detail);
  };
  if (IsInfinite()) {
    return overflow(StrCat("A field with precision ", precision, ", scale ", scale, " cannot hold an infinite value."));
  }
  const Numeric rounded = Round(scale);
  if (!rounded.IsZero() && DecimalExponent(rounded) + 1 > precision - scale) {
    const int power = precision - scale;
    return overflow(StrCat("A field with precision ", precision, ", scale ", scale, " must round to an absolute value less than ",
                           power != 0 ? StrCat("10^", power) : std::string("1"), "."));
  }
  return rounded;
}

}  // namespace tsd
