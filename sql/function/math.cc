// Functions of double precision and integers; random.
#include <cmath>
#include <numbers>
#include <numeric>

#include "engine/base/strings.h"
#include "engine/types/compare.h"
#include "sql/function/kernel_loops.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

Status Overflow() { return Error(sqlstate::kNumericValueOutOfRange, "value out of range: overflow"); }
Status Underflow() { return Error(sqlstate::kNumericValueOutOfRange, "value out of range: underflow"); }
Status InputOutOfRange() { return Error(sqlstate::kNumericValueOutOfRange, "input is out of range"); }

using DoubleFunction = StatusOr<double> (*)(double);
template <DoubleFunction kBody>
Status OfDouble(const RowArgs& args, Vector& out) {
  return PutOr<double>(out, kBody(args.F64(0)));
}

StatusOr<double> SquareRoot(double x) {
  if (x < 0) return Error(sqlstate::kInvalidArgumentForPower, "cannot take square root of a negative number");
  return std::sqrt(x);
}
StatusOr<double> CubeRoot(double x) { return std::cbrt(x); }
StatusOr<double> Exponential(double x) {
  const double result = std::exp(x);
  if (std::isinf(result) && !std::isinf(x)) return Overflow();
  if (result == 0 && !std::isinf(x)) return Underflow();
  return result;
}
StatusOr<double> CheckLog(double x, double result) {
  if (x == 0) return Error(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of zero");
  if (x < 0) return Error(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of a negative number");
  return result;
}
StatusOr<double> NaturalLog(double x) { return CheckLog(x, std::log(x)); }
StatusOr<double> DecimalLog(double x) { return CheckLog(x, std::log10(x)); }
StatusOr<double> Power(double x, double y) {
  if (x == 0 && y < 0) return Error(sqlstate::kInvalidArgumentForPower, "zero raised to a negative power is undefined");
  if (x < 0 && std::isfinite(y) && std::floor(y) != y) {
    return Error(sqlstate::kInvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result");
  }
  const double result = std::pow(x, y);
  if (std::isinf(result) && std::isfinite(x) && std::isfinite(y)) return Overflow();
  if (result == 0 && x != 0 && std::isfinite(x) && std::isfinite(y)) return Underflow();
  return result;
}

template <double (*kBody)(double)>
StatusOr<double> Periodic(double x) {
  if (std::isinf(x)) return InputOutOfRange();
  return kBody(x);
}
double Cotangent(double x) { return 1.0 / std::tan(x); }
StatusOr<double> ArcSine(double x) { return x < -1 || x > 1 ? StatusOr<double>(InputOutOfRange()) : std::asin(x); }
StatusOr<double> ArcCosine(double x) { return x < -1 || x > 1 ? StatusOr<double>(InputOutOfRange()) : std::acos(x); }
StatusOr<double> ArcTangent(double x) { return std::atan(x); }
StatusOr<double> HyperbolicSine(double x) { return std::sinh(x); }
StatusOr<double> HyperbolicCosine(double x) { return std::cosh(x); }
StatusOr<double> HyperbolicTangent(double x) { return std::tanh(x); }
StatusOr<double> AreaSine(double x) { return std::asinh(x); }
StatusOr<double> AreaCosine(double x) { return x < 1 ? StatusOr<double>(InputOutOfRange()) : std::acosh(x); }
StatusOr<double> AreaTangent(double x) { return x < -1 || x > 1 ? StatusOr<double>(InputOutOfRange()) : std::atanh(x); }
StatusOr<double> Degrees(double x) {
  const double result = x / (std::numbers::pi / 180);
  return std::isinf(result) && !std::isinf(x) ? StatusOr<double>(Overflow()) : result;
}
StatusOr<double> Radians(double x) { return x * (std::numbers::pi / 180); }

// Sines of degrees, exact at the multiples of 30 that people expect to be exact.
double Snap(double value) {
  for (double exact : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
    if (std::fabs(value - exact) < 1e-15) return exact;
  }
  return value;
}
double SineDegrees(double x) { return Snap(std::sin(std::fmod(x, 360.0) * (std::numbers::pi / 180))); }
double CosineDegrees(double x) { return Snap(std::cos(std::fmod(x, 360.0) * (std::numbers::pi / 180))); }
/// Exact at 45 degrees and its odd multiples; no negative zero.
double SnapRatio(double ratio) { return std::abs(std::abs(ratio) - 1) < 1e-14 ? std::copysign(1.0, ratio) : ratio == 0 ? 0.0 : ratio; }
double TangentDegrees(double x) { return SnapRatio(SineDegrees(x) / CosineDegrees(x)); }
double CotangentDegrees(double x) { return SnapRatio(CosineDegrees(x) / SineDegrees(x)); }
/// Degrees of an arc, exact where they are a multiple of 15.
double ArcDegrees(double radians) {
  const double degrees = radians / std::atan(1.0) * 45;
  const double nearest = std::round(degrees / 15) * 15;
  return std::abs(degrees - nearest) < 1e-11 ? nearest : degrees;
}
StatusOr<double> ArcSineDegrees(double x) { return x < -1 || x > 1 ? StatusOr<double>(InputOutOfRange()) : ArcDegrees(std::asin(x)); }
StatusOr<double> ArcCosineDegrees(double x) { return x < -1 || x > 1 ? StatusOr<double>(InputOutOfRange()) : ArcDegrees(std::acos(x)); }
StatusOr<double> ArcTangentDegrees(double x) { return ArcDegrees(std::atan(x)); }

template <double (*kBody)(double)>
StatusOr<VectorPtr> PlainDouble(const KernelCall& call) {
  return MapUnary<double, double>(call, [](double x) { return kBody(x); });
}
double SignOf(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

template <typename T>
StatusOr<T> Gcd(T a, T b) {
  using Unsigned = std::make_unsigned_t<T>;
  const Unsigned x = a < 0 ? Unsigned{0} - static_cast<Unsigned>(a) : static_cast<Unsigned>(a);
  const Unsigned y = b < 0 ? Unsigned{0} - static_cast<Unsigned>(b) : static_cast<Unsigned>(b);
  const Unsigned result = std::gcd(x, y);
  if (result > static_cast<Unsigned>(std::numeric_limits<T>::max())) {
    return Error(sqlstate::kNumericValueOutOfRange, sizeof(T) == 4 ? "integer out of range" : "bigint out of range");
  }
  return static_cast<T>(result);
}
template <typename T>
Status GcdRow(const RowArgs& args, Vector& out) {
  return PutOr<T>(out, Gcd(args.column(0).Get<T>(args.row), args.column(1).Get<T>(args.row)));
}
template <typename T>
Status LcmRow(const RowArgs& args, Vector& out) {
  const T a = args.column(0).Get<T>(args.row);
  const T b = args.column(1).Get<T>(args.row);
  if (a == 0 || b == 0) return Put<T>(out, 0);
  ASSIGN_OR_RETURN(const T divisor, Gcd(a, b));
  T product;
  if (__builtin_mul_overflow(static_cast<T>(a / divisor), b, &product) || product == std::numeric_limits<T>::min()) {
    return Error(sqlstate::kNumericValueOutOfRange, sizeof(T) == 4 ? "integer out of range" : "bigint out of range");
  }
  return Put<T>(out, static_cast<T>(product < 0 ? -product : product));
}

Status WidthBucket(const RowArgs& args, Vector& out) {
  const double operand = args.F64(0);
  const double low = args.F64(1);
  const double high = args.F64(2);
  const int32_t count = args.I32(3);
  const auto bad = [](std::string_view text) { return Error(sqlstate::kInvalidArgumentForWidthBucket, text); };
  if (count <= 0) return bad("count must be greater than zero");
  if (std::isnan(operand) || std::isnan(low) || std::isnan(high)) return bad("operand, lower bound, and upper bound cannot be NaN");
  if (std::isinf(low) || std::isinf(high)) return bad("lower and upper bounds must be finite");
  if (low == high) return bad("lower bound cannot equal upper bound");
  const bool rising = low < high;
  if (rising ? operand < low : operand > low) return Put<int32_t>(out, 0);
  if (rising ? operand >= high : operand <= high) {
    if (count == INT32_MAX) return Error(sqlstate::kNumericValueOutOfRange, "integer out of range");
    return Put<int32_t>(out, count + 1);
  }
  // Halves keep the difference of extreme bounds finite.
  const double part = (operand / 2 - low / 2) / (high / 2 - low / 2);
  const int32_t bucket = static_cast<int32_t>(part * count);
  return Put<int32_t>(out, std::min(bucket, count - 1) + 1);
}

/// width_bucket(operand, thresholds): the number of thresholds at or below it.
Status WidthBucketArray(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(ArrayValue thresholds, args.Array(1));
  if (thresholds.dimensions().size() > 1) return Error(sqlstate::kArraySubscriptError, "thresholds must be one-dimensional array");
  if (thresholds.elements().HasNulls()) return Error(sqlstate::kNullValueNotAllowed, "thresholds array must not contain NULLs");
  int32_t low = 0;
  int32_t high = static_cast<int32_t>(thresholds.size());
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    if (CompareRows(args.column(0), args.row, thresholds.elements(), static_cast<size_t>(middle)) < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return Put<int32_t>(out, low);
}

Status RandomFraction(const RowArgs& args, Vector& out) {
  if (args.context().random == nullptr) return Error(sqlstate::kFeatureNotSupported, "random() cannot be evaluated here");
  return Put<double>(out, args.context().random->Fraction());
}

Status Factor(const RowArgs& args, Vector& out) { return PutOr<double>(out, Power(args.F64(0), args.F64(1))); }

void RegisterTrigonometry(RegistryBuilder& builder) {
  const std::pair<std::string_view, RowKernel> functions[] = {
      {"sin", OfDouble<Periodic<std::sin>>}, {"cos", OfDouble<Periodic<std::cos>>},   {"tan", OfDouble<Periodic<std::tan>>},
      {"cot", OfDouble<Periodic<Cotangent>>}, {"asin", OfDouble<ArcSine>},            {"acos", OfDouble<ArcCosine>},
      {"atan", OfDouble<ArcTangent>},        {"sinh", OfDouble<HyperbolicSine>},      {"cosh", OfDouble<HyperbolicCosine>},
      {"tanh", OfDouble<HyperbolicTangent>}, {"asinh", OfDouble<AreaSine>},           {"acosh", OfDouble<AreaCosine>},
      {"atanh", OfDouble<AreaTangent>},      {"degrees", OfDouble<Degrees>},          {"radians", OfDouble<Radians>},
      {"sind", OfDouble<Periodic<SineDegrees>>}, {"cosd", OfDouble<Periodic<CosineDegrees>>}, {"tand", OfDouble<Periodic<TangentDegrees>>},
      {"cotd", OfDouble<Periodic<CotangentDegrees>>}, {"asind", OfDouble<ArcSineDegrees>}, {"acosd", OfDouble<ArcCosineDegrees>},
      {"atand", OfDouble<ArcTangentDegrees>},
  };
  for (const auto& [name, kernel] : functions) builder.Row(name, "float8", "float8", kernel);
  builder.Row("atan2d", "float8,float8", "float8",
              [](const RowArgs& args, Vector& out) { return Put<double>(out, ArcDegrees(std::atan2(args.F64(0), args.F64(1)))); });
  builder.Row("atan2", "float8,float8", "float8",
              [](const RowArgs& args, Vector& out) { return Put<double>(out, std::atan2(args.F64(0), args.F64(1))); });
}

}  // namespace

void RegisterMath(RegistryBuilder& builder) {
  const std::pair<std::string_view, RowKernel> functions[] = {
      {"sqrt", OfDouble<SquareRoot>}, {"|/", OfDouble<SquareRoot>}, {"cbrt", OfDouble<CubeRoot>}, {"||/", OfDouble<CubeRoot>},
      {"exp", OfDouble<Exponential>}, {"ln", OfDouble<NaturalLog>}, {"log", OfDouble<DecimalLog>}, {"log10", OfDouble<DecimalLog>},
  };
  for (const auto& [name, kernel] : functions) builder.Row(name, "float8", "float8", kernel);
  const std::pair<std::string_view, Kernel> plain[] = {
      {"ceil", PlainDouble<std::ceil>},   {"ceiling", PlainDouble<std::ceil>}, {"floor", PlainDouble<std::floor>},
      {"round", PlainDouble<std::rint>},  {"trunc", PlainDouble<std::trunc>},  {"sign", PlainDouble<SignOf>},
  };
  for (const auto& [name, kernel] : plain) builder.Columns(name, "float8", "float8", kernel);
  for (std::string_view name : {"^", "power", "pow"}) builder.Row(name, "float8,float8", "float8", Factor);
  RegisterTrigonometry(builder);
  builder.Row("pi", "", "float8", [](const RowArgs&, Vector& out) { return Put<double>(out, std::numbers::pi); });
  VolatileCall(builder.Row("random", "", "float8", RandomFraction));
  builder.Row("gcd", "int4,int4", "int4", GcdRow<int32_t>);
  builder.Row("gcd", "int8,int8", "int8", GcdRow<int64_t>);
  builder.Row("lcm", "int4,int4", "int4", LcmRow<int32_t>);
  builder.Row("lcm", "int8,int8", "int8", LcmRow<int64_t>);
  builder.Row("width_bucket", "float8,float8,float8,int4", "int4", WidthBucket);
  builder.Row("width_bucket", "anycompatible,anycompatiblearray", "int4", WidthBucketArray);
}

}  // namespace tsd::sql
