#pragma once
// Inside of Numeric: the big integer and access to mantissas. Only numeric*.cc include this (Boost stays out of numeric.h).
#include <boost/multiprecision/cpp_int.hpp>

#include <utility>

#include "engine/types/numeric.h"

namespace tsd {

using BigInt = boost::multiprecision::cpp_int;

struct BigMantissa {
  explicit BigMantissa(BigInt number) : value(std::move(number)) {}
  BigInt value;

  static BigInt Of(const Numeric& numeric);
  /// Stores small mantissas inline.
  static Numeric Make(const BigInt& mantissa, int scale);
  /// The same, checked against PostgreSQL's limits: 22003 "value overflows numeric format".
  static StatusOr<Numeric> MakeChecked(const BigInt& mantissa, int scale);
  /// Mantissa at another scale: exact when raised, half away from zero when lowered.
  static BigInt AtScale(const Numeric& numeric, int scale);
};

/// 10^exponent. Requires: exponent >= 0.
BigInt BigPowerOfTen(int exponent);
/// numerator / denominator, half away from zero. Requires: denominator > 0.
BigInt DivideRounded(const BigInt& numerator, const BigInt& denominator);
/// Decimal digits of |value|; 0 has none.
int DecimalDigits(const BigInt& value);

/// Where the value's leading digit lies: 10^exponent <= |value| < 10^(exponent + 1). Requires: finite, not zero.
int DecimalExponent(const Numeric& value);

/// The leading base-10000 digit and its weight, which PostgreSQL's scale rules are written in; 0 and 0 for zero.
struct LeadingDigit {
  int weight = 0;
  int digit = 0;
};
LeadingDigit LeadingBase10000(const Numeric& value);

Status NumericOverflow();

inline constexpr int kNumericMinSignificantDigits = 16;
inline constexpr int kNumericMaxDisplayScale = 1000;
inline constexpr int kNumericMaxResultScale = 2000;

}  // namespace tsd
