// Numeric: sqrt, exp, ln, log, power. Result scales follow PostgreSQL 15; values are computed in binary fixed point with guard bits.
#include <cmath>

#include "engine/types/numeric.h"
#include "engine/types/numeric_big.h"

namespace tsd {
namespace {

constexpr double kLog10OfE = 0.434294481903251828;
constexpr double kBitsPerDigit = 3.3219280948873626;
constexpr int kGuardBits = 96;
/// Exponents beyond this make exp() overflow (or round to nothing) in PostgreSQL.
constexpr double kMaxExpArgument = kNumericMaxResultScale * 3.0;
/// Integer powers of at most so many digits are multiplied out exactly.
constexpr double kMaxExactPowerDigits = 400'000;
/// The series behind other powers take a time that grows with the square of their precision: beyond this it would be minutes.
constexpr int kMaxPowerSeriesBits = 20'000;

int BitsFor(int decimal_digits) { return static_cast<int>(decimal_digits * kBitsPerDigit) + kGuardBits; }

int ClampScale(int scale) { return std::clamp(scale, 0, kNumericMaxDisplayScale); }

/// log10 of |value|, to double precision. Requires: finite, not zero.
double EstimateLog10(const Numeric& value) {
  BigInt mantissa = boost::multiprecision::abs(BigMantissa::Of(value));
  const unsigned bits = boost::multiprecision::msb(mantissa);
  const unsigned shift = bits > 62 ? bits - 62 : 0;
  const double leading = static_cast<double>(static_cast<uint64_t>(mantissa >> shift));
  return std::log10(leading) + shift / kBitsPerDigit - value.scale();
}

/// ln of a value, where near 1 a plain double would lose the difference.
double EstimateLn(const Numeric& value) {
  const BigInt one = BigPowerOfTen(value.scale());
  const Numeric difference = BigMantissa::Make(BigMantissa::Of(value) - one, value.scale());
  if (difference.IsZero()) return 0;
  const double off = difference.ToDouble();
  if (std::fabs(off) < 0.1) return std::log1p(off);
  return EstimateLog10(value) / kLog10OfE;
}

/// Decimal weight of ln(value), as PostgreSQL estimates it: the result shows 16 significant digits from there.
int LnWeight(const Numeric& value) {
  const BigInt one = BigPowerOfTen(value.scale());
  const Numeric difference = BigMantissa::Make(BigMantissa::Of(value) - one, value.scale());
  if (difference.IsZero()) return 0;
  const double off = difference.ToDouble();
  if (off >= -0.1 && off <= 0.1) {
    const LeadingDigit leading = LeadingBase10000(difference);
    return leading.weight * 4 + static_cast<int>(std::log10(leading.digit));
  }
  return static_cast<int>(std::log10(std::fabs(EstimateLn(value))));
}

// ---- binary fixed point: a BigInt stands for itself / 2^bits ----

/// 2 * (z + z^3/3 + z^5/5 + ...), for |z| <= 1/3.
BigInt TwiceAtanh(const BigInt& z, int bits) {
  const BigInt square = (z * z) >> bits;
  BigInt term = z;
  BigInt sum = z;
  for (unsigned divisor = 3; term != 0; divisor += 2) {
    // Shifting a negative number rounds away from zero and would never reach it.
    const BigInt product = term * square;
    term = product < 0 ? BigInt(-(BigInt(-product) >> bits)) : BigInt(product >> bits);
    sum += term / divisor;
  }
  return sum * 2;
}

BigInt LnOfTwo(int bits) {
  BigInt term = (BigInt(1) << bits) / 3;
  BigInt sum = term;
  for (unsigned divisor = 3; term != 0; divisor += 2) {
    term /= 9;
    sum += term / divisor;
  }
  return sum * 2;
}

/// ln(numerator / denominator), both positive.
BigInt FixedLn(const BigInt& numerator, const BigInt& denominator, int bits) {
  const int exponent = static_cast<int>(boost::multiprecision::msb(numerator)) - static_cast<int>(boost::multiprecision::msb(denominator));
  // The ratio without its power of two lies in (1/2, 2).
  BigInt over = numerator, under = denominator;
  if (exponent > 0) {
    under <<= exponent;
  } else {
    over <<= -exponent;
  }
  const BigInt z = (BigInt(over - under) << bits) / (over + under);
  BigInt result = TwiceAtanh(z, bits);
  if (exponent != 0) result += LnOfTwo(bits) * exponent;
  return result;
}

/// e^x with `bits` good bits after the point; x has `bits` bits after the point too, and its caller's guard bits.
BigInt FixedExp(const BigInt& x, int bits) {
  const BigInt ln2 = LnOfTwo(bits);
  BigInt quotient = x / ln2;
  BigInt rest = x - quotient * ln2;
  if (rest < 0) {
    rest += ln2;
    --quotient;
  }
  constexpr int kHalvings = 8;
  rest >>= kHalvings;
  BigInt sum = BigInt(1) << bits;
  BigInt term = sum;
  for (unsigned divisor = 1; term != 0; ++divisor) {
    term = ((term * rest) >> bits) / divisor;
    sum += term;
  }
  for (int i = 0; i < kHalvings; ++i) sum = (sum * sum) >> bits;
  const int shift = static_cast<int>(quotient);
  return shift >= 0 ? BigInt(sum << shift) : BigInt(sum >> -shift);
}

StatusOr<Numeric> FromFixed(const BigInt& value, int bits, int scale) {
  return BigMantissa::MakeChecked(DivideRounded(value * BigPowerOfTen(scale), BigInt(1) << bits), scale);
}

/// e^(argument) at a scale, with the argument given as fixed point by `make(bits)`; `log10_estimate` is that of the result.
template <typename Make>
StatusOr<Numeric> ExpAtScale(double argument_estimate, int scale, Make make) {
  if (argument_estimate >= kMaxExpArgument) return NumericOverflow();
  if (argument_estimate <= -kMaxExpArgument) return Numeric::FromScaled(0, scale);
  const double log10_estimate = argument_estimate * kLog10OfE;
  const int bits = BitsFor(scale + std::max(0, static_cast<int>(log10_estimate) + 1));
  return FromFixed(FixedExp(make(bits), bits), bits, scale);
}

BigInt ToFixed(const Numeric& value, int bits) {
  const BigInt mantissa = BigMantissa::Of(value);
  if (mantissa < 0) return -BigInt(((-mantissa) << bits) / BigPowerOfTen(value.scale()));
  return (mantissa << bits) / BigPowerOfTen(value.scale());
}

Status CheckLogArgument(const Numeric& value) {
  if (value.IsZero()) return Error(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of zero");
  if (value.Sign() < 0) return Error(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of a negative number");
  return OkStatus();
}

bool IsWhole(const Numeric& value) { return value.TrimScale().scale() == 0; }
bool IsOne(const Numeric& value) { return value.Compare(Numeric::FromInt64(1)) == 0; }

/// base^exponent for a whole exponent of int32 size.
StatusOr<Numeric> PowerWhole(const Numeric& base, int64_t exponent) {
  const int scale = ClampScale(std::max(kNumericMinSignificantDigits, base.scale()));
  if (exponent == 0) return Numeric::FromInt64(1).Round(scale);
  if (base.IsZero()) return Numeric::FromScaled(0, scale);
  const double log10_result = static_cast<double>(exponent) * EstimateLn(base.Abs()) * kLog10OfE;
  if (log10_result > Numeric::kMaxIntegerDigits + 1) return NumericOverflow();
  if (log10_result < -(scale + 2)) return Numeric::FromScaled(0, scale);
  const bool negative = base.Sign() < 0 && exponent % 2 != 0;
  const Numeric trimmed = base.Abs().TrimScale();
  const BigInt mantissa = BigMantissa::Of(trimmed);
  const uint64_t times = static_cast<uint64_t>(exponent < 0 ? -exponent : exponent);
  BigInt result;
  if (static_cast<double>(times) * (DecimalDigits(mantissa) + trimmed.scale()) <= kMaxExactPowerDigits || mantissa == 1) {
    BigInt numerator = boost::multiprecision::pow(mantissa, static_cast<unsigned>(times));
    BigInt denominator = boost::multiprecision::pow(BigPowerOfTen(trimmed.scale()), static_cast<unsigned>(times));
    if (exponent < 0) std::swap(numerator, denominator);
    result = DivideRounded(numerator * BigPowerOfTen(scale), denominator);
  } else {
    const int bits = BitsFor(scale + std::max(0, static_cast<int>(log10_result) + 1) + 20);
    if (bits > kMaxPowerSeriesBits) return Error(sqlstate::kProgramLimitExceeded, "result of power() has too many digits");
    const BigInt argument = FixedLn(mantissa, BigPowerOfTen(trimmed.scale()), bits) * exponent;
    result = DivideRounded(FixedExp(argument, bits) * BigPowerOfTen(scale), BigInt(1) << bits);
  }
  return BigMantissa::MakeChecked(negative ? BigInt(-result) : result, scale);
}

Numeric InfinityOrZero(bool negative, bool infinite) {
  if (infinite) return negative ? Numeric::NegativeInfinity() : Numeric::Infinity();
  return Numeric();
}

/// Power with an infinite operand, after the rules of POSIX pow().
StatusOr<Numeric> PowerOfInfinite(const Numeric& base, const Numeric& exponent) {
  if (IsOne(base) || exponent.IsZero()) return Numeric::FromInt64(1);
  if (base.IsZero() && exponent.Sign() < 0) {
    return Error(sqlstate::kInvalidArgumentForPower, "zero raised to a negative power is undefined");
  }
  if (exponent.IsInfinite()) {
    const int against_one = base.Abs().Compare(Numeric::FromInt64(1));
    if (against_one == 0) return Numeric::FromInt64(1);
    const bool grows = (against_one > 0) == (exponent.Sign() > 0);
    return grows ? Numeric::Infinity() : Numeric();
  }
  const bool odd = IsWhole(exponent) && BigMantissa::Of(exponent.TrimScale()) % 2 != 0;
  if (base.Sign() < 0 && !IsWhole(exponent)) {
    return Error(sqlstate::kInvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result");
  }
  return InfinityOrZero(base.Sign() < 0 && odd, exponent.Sign() > 0);
}

}  // namespace

StatusOr<Numeric> Numeric::Sqrt(const Numeric& value) {
  if (value.IsNaN() || (value.IsInfinite() && value.Sign() > 0)) return value;
  if (value.Sign() < 0) return Error(sqlstate::kInvalidArgumentForPower, "cannot take square root of a negative number");
  // The root has half the weight of its square.
  const int root_weight = LeadingBase10000(value).weight * 2 + 1;
  const int scale = ClampScale(std::max(kNumericMinSignificantDigits - root_weight, value.scale()));
  BigInt square = BigMantissa::Of(value);
  const int shift = 2 * scale - value.scale();
  BigInt rest;
  BigInt root;
  if (shift >= 0) {
    root = boost::multiprecision::sqrt(BigInt(square * BigPowerOfTen(shift)), rest);
  } else {
    root = boost::multiprecision::sqrt(BigInt(square / BigPowerOfTen(-shift)), rest);
  }
  if (rest > root) ++root;  // nearer to the next one
  return BigMantissa::MakeChecked(root, scale);
}

StatusOr<Numeric> Numeric::Exp(const Numeric& value) {
  if (value.IsNaN()) return NaN();
  if (value.IsInfinite()) return value.Sign() > 0 ? Infinity() : Numeric();
  const double argument = value.ToDouble();
  const double weight = std::clamp(argument * kLog10OfE, -1.0 * kNumericMaxResultScale, 1.0 * kNumericMaxResultScale);
  const int scale = ClampScale(std::max(kNumericMinSignificantDigits - static_cast<int>(weight), value.scale()));
  return ExpAtScale(argument, scale, [&](int bits) { return ToFixed(value, bits); });
}

StatusOr<Numeric> Numeric::Ln(const Numeric& value) {
  if (value.IsNaN()) return NaN();
  RETURN_IF_ERROR(CheckLogArgument(value));
  if (value.IsInfinite()) return Infinity();
  const int scale = ClampScale(std::max(kNumericMinSignificantDigits - LnWeight(value), value.scale()));
  const int bits = BitsFor(scale + 2);
  return FromFixed(FixedLn(BigMantissa::Of(value), BigPowerOfTen(value.scale()), bits), bits, scale);
}

StatusOr<Numeric> Numeric::Log10(const Numeric& value) { return Log(FromInt64(10), value); }

StatusOr<Numeric> Numeric::Log(const Numeric& base, const Numeric& value) {
  if (base.IsNaN() || value.IsNaN()) return NaN();
  RETURN_IF_ERROR(CheckLogArgument(base));
  RETURN_IF_ERROR(CheckLogArgument(value));
  if (base.IsInfinite()) return value.IsInfinite() ? NaN() : Numeric();
  if (value.IsInfinite()) return Infinity();
  if (IsOne(base)) return Error(sqlstate::kDivisionByZero, "division by zero");
  const int base_weight = LnWeight(base), value_weight = LnWeight(value);
  const int scale = ClampScale(std::max({kNumericMinSignificantDigits - (value_weight - base_weight), base.scale(), value.scale()}));
  const int bits = BitsFor(scale + 2 * std::abs(base_weight) + std::abs(value_weight) + 4);
  const BigInt top = FixedLn(BigMantissa::Of(value), BigPowerOfTen(value.scale()), bits);
  const BigInt bottom = FixedLn(BigMantissa::Of(base), BigPowerOfTen(base.scale()), bits);
  BigInt numerator = top * BigPowerOfTen(scale);
  if (bottom < 0) numerator = -numerator;
  return BigMantissa::MakeChecked(DivideRounded(numerator, boost::multiprecision::abs(bottom)), scale);
}

StatusOr<Numeric> Numeric::Power(const Numeric& base, const Numeric& exponent) {
  if (base.IsNaN() || exponent.IsNaN()) {
    // As POSIX: anything to the 0 and 1 to anything are 1.
    if (IsOne(base) || exponent.IsZero()) return FromInt64(1);
    return NaN();
  }
  if (base.IsInfinite() || exponent.IsInfinite()) return PowerOfInfinite(base, exponent);
  if (base.IsZero() && exponent.Sign() < 0) {
    return Error(sqlstate::kInvalidArgumentForPower, "zero raised to a negative power is undefined");
  }
  const bool whole = IsWhole(exponent);
  if (base.Sign() < 0 && !whole) {
    return Error(sqlstate::kInvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result");
  }
  if (whole) {
    const Numeric number = exponent.TrimScale();
    if (number.FitsSmall() && number.SmallMantissa() >= INT32_MIN && number.SmallMantissa() <= INT32_MAX) {
      return PowerWhole(base, static_cast<int64_t>(number.SmallMantissa()));
    }
  }
  if (base.IsZero()) return FromScaled(0, kNumericMinSignificantDigits);
  const Numeric magnitude = base.Abs();
  const bool negative = base.Sign() < 0 && BigMantissa::Of(exponent.TrimScale()) % 2 != 0;
  const double argument = exponent.ToDouble() * EstimateLn(magnitude);
  const double weight = std::clamp(argument * kLog10OfE, -1.0 * kNumericMaxResultScale, 1.0 * kNumericMaxResultScale);
  const int scale = ClampScale(std::max({kNumericMinSignificantDigits - static_cast<int>(weight), base.scale(), exponent.scale()}));
  StatusOr<Numeric> result = ExpAtScale(argument, scale, [&](int bits) {
    // The exponent multiplies the logarithm's error: as many bits more.
    const BigInt factor = BigMantissa::Of(exponent);
    const int extra = factor == 0 ? 0 : static_cast<int>(boost::multiprecision::msb(boost::multiprecision::abs(factor)));
    const BigInt ln = FixedLn(BigMantissa::Of(magnitude), BigPowerOfTen(magnitude.scale()), bits + extra);
    return BigInt(ln * factor / BigPowerOfTen(exponent.scale()) / (BigInt(1) << extra));
  });
  if (result.ok() && negative) return result->Negate();
  return result;
}

}  // namespace tsd
