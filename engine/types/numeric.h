#pragma once
// Numeric: PostgreSQL's numeric. A finite value is mantissa * 10^-scale, exact; scale is the display scale (1.50 keeps two digits).
// Mantissas that fit 128 bits live inline (no allocation); larger ones in a shared immutable big integer (numeric_big.h).
// Limits are PostgreSQL's: 131072 digits before the decimal point, 16383 after; beyond them operations fail with 22003.
// A value type: copying is cheap, any thread. In Vectors (PhysicalType::kBytes) a numeric is its Encode() form.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace tsd {

struct BigMantissa;  // numeric_big.h

class Numeric {
 public:
  static constexpr int kMaxScale = 16383;
  static constexpr int kMaxIntegerDigits = 131072;

  Numeric() = default;  // 0
  static Numeric NaN();
  static Numeric Infinity();
  static Numeric NegativeInfinity();
  static Numeric FromInt64(int64_t value);
  static Numeric FromInt128(__int128 value);
  /// mantissa * 10^-scale. Requires: 0 <= scale <= kMaxScale.
  static Numeric FromScaled(__int128 mantissa, int scale);
  /// As PostgreSQL's casts: 15 significant digits of a double, 6 of a float.
  static Numeric FromDouble(double value);
  static Numeric FromFloat(float value);

  /// PostgreSQL's input syntax; surrounding blanks allowed. 22P02 or 22003.
  static StatusOr<Numeric> Parse(std::string_view text);
  std::string ToString() const;
  void AppendTo(std::string& out) const;

  /// The byte form kept in Vectors; not canonical (1.0 and 1.00 differ), so compare with Compare.
  void EncodeTo(std::string& out) const;
  std::string Encode() const;
  /// From any bytes; XX001 if they are no numeric.
  static StatusOr<Numeric> Decode(std::string_view bytes);
  /// PostgreSQL's binary wire form (base-10000 digits), without the length word.
  void AppendWire(std::string& out) const;
  static StatusOr<Numeric> FromWire(std::string_view bytes);

  bool IsNaN() const { return kind_ == Kind::kNaN; }
  bool IsInfinite() const { return kind_ == Kind::kInfinity || kind_ == Kind::kNegativeInfinity; }
  bool IsFinite() const { return kind_ == Kind::kFinite; }
  bool IsZero() const { return IsFinite() && big_ == nullptr && small_ == 0; }
  /// -1, 0, 1; NaN counts as 1 (it sorts above all).
  int Sign() const;
  /// Display scale; 0 for NaN and infinities.
  int scale() const { return scale_; }
  /// scale(x) of the least scale that keeps the value: trim_scale().
  Numeric TrimScale() const;

  Numeric Negate() const;
  Numeric Abs() const;
  static StatusOr<Numeric> Add(const Numeric& left, const Numeric& right);
  static StatusOr<Numeric> Subtract(const Numeric& left, const Numeric& right);
  static StatusOr<Numeric> Multiply(const Numeric& left, const Numeric& right);
  /// Result scale as PostgreSQL's select_div_scale. 22012 on zero.
  static StatusOr<Numeric> Divide(const Numeric& left, const Numeric& right);
  /// div(): the quotient truncated to an integer.
  static StatusOr<Numeric> DivideTruncated(const Numeric& left, const Numeric& right);
  static StatusOr<Numeric> Modulo(const Numeric& left, const Numeric& right);

  /// Half away from zero; negative `digits` round left of the point.
  Numeric Round(int digits) const;
  Numeric Truncate(int digits) const;
  Numeric Ceil() const;
  Numeric Floor() const;

  // numeric_math.cc: 2201E, 2201F and 22003 as PostgreSQL.
  static StatusOr<Numeric> Sqrt(const Numeric& value);
  static StatusOr<Numeric> Exp(const Numeric& value);
  static StatusOr<Numeric> Ln(const Numeric& value);
  static StatusOr<Numeric> Log10(const Numeric& value);
  static StatusOr<Numeric> Log(const Numeric& base, const Numeric& value);
  static StatusOr<Numeric> Power(const Numeric& base, const Numeric& exponent);

  /// NaN is equal to itself and above everything, as in PostgreSQL.
  int Compare(const Numeric& other) const;
  bool operator==(const Numeric& other) const { return Compare(other) == 0; }
  bool operator<(const Numeric& other) const { return Compare(other) < 0; }
  /// Equal numerics hash the same whatever their scale.
  uint64_t Hash() const;

  /// Rounded to an integer. 22003 "bigint out of range" and the like; 0A000 for NaN and infinity.
  StatusOr<int64_t> ToInt64() const;
  StatusOr<int32_t> ToInt32() const;
  StatusOr<int16_t> ToInt16() const;
  double ToDouble() const;
  /// ±0 / ±Infinity beyond double's range, as ToDouble; PostgreSQL raises 22003 there.
  StatusOr<double> ToDoubleChecked() const;
  StatusOr<float> ToFloatChecked() const;
  /// Rounds to a numeric(p,s) typmod; 22003 "numeric field overflow" with PostgreSQL's DETAIL.
  StatusOr<Numeric> ApplyTypmod(int32_t typmod) const;

  /// The mantissa when it fits 128 bits.
  bool FitsSmall() const { return IsFinite() && big_ == nullptr; }
  __int128 SmallMantissa() const { return small_; }

 private:
  friend struct BigMantissa;
  enum class Kind : uint8_t { kFinite, kNaN, kInfinity, kNegativeInfinity };

  explicit Numeric(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::kFinite;
  int32_t scale_ = 0;
  __int128 small_ = 0;                      // the mantissa, unless big_
  std::shared_ptr<const BigMantissa> big_;  // only for mantissas beyond 128 bits
};

}  // namespace tsd
