// Operators and functions of numeric.
#include "engine/types/numeric.h"

#include "engine/base/strings.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

using BinaryNumeric = StatusOr<Numeric> (*)(const Numeric&, const Numeric&);

template <BinaryNumeric kBody>
Status Binary(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(Numeric left, args.Num(0));
  ASSIGN_OR_RETURN(Numeric right, args.Num(1));
  return PutNumeric(out, kBody(left, right));
}

template <StatusOr<Numeric> (*kBody)(const Numeric&)>
Status Unary(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(Numeric value, args.Num(0));
  return PutNumeric(out, kBody(value));
}

StatusOr<Numeric> Negate(const Numeric& value) { return value.Negate(); }
StatusOr<Numeric> Absolute(const Numeric& value) { return value.Abs(); }
StatusOr<Numeric> Ceiling(const Numeric& value) { return value.Ceil(); }
StatusOr<Numeric> Floor(const Numeric& value) { return value.Floor(); }
StatusOr<Numeric> Round(const Numeric& value) { return value.Round(0); }
StatusOr<Numeric> Truncate(const Numeric& value) { return value.Truncate(0); }
StatusOr<Numeric> Trim(const Numeric& value) { return value.TrimScale(); }
StatusOr<Numeric> Sign(const Numeric& value) { return value.IsNaN() ? value : Numeric::FromInt64(value.Sign()); }

Status RoundTo(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(Numeric value, args.Num(0));
  const int digits = args.I32(1);
  Numeric rounded = value.Round(digits);
  // So far left, rounding up may leave the range: any operation's check finds it.
  if (digits <= -Numeric::kMaxIntegerDigits) return PutNumeric(out, Numeric::Add(rounded, Numeric::FromInt64(0)));
  return PutNumeric(out, rounded);
}
Status TruncateTo(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(Numeric value, args.Num(0));
  return PutNumeric(out, value.Truncate(args.I32(1)));
}
Status Scale(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(Numeric value, args.Num(0));
  return value.IsFinite() ? Put<int32_t>(out, value.scale()) : PutNull(out);
}
Status MinScale(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(Numeric value, args.Num(0));
  return value.IsFinite() ? Put<int32_t>(out, value.TrimScale().scale()) : PutNull(out);
}

StatusOr<Numeric> GreatestCommonDivisor(const Numeric& left, const Numeric& right) {
  if (!left.IsFinite() || !right.IsFinite()) return Numeric::NaN();
  Numeric a = left.Abs();
  Numeric b = right.Abs();
  const int scale = std::max(a.scale(), b.scale());
  while (!b.IsZero()) {
    ASSIGN_OR_RETURN(Numeric rest, Numeric::Modulo(a, b));
    a = std::move(b);
    b = std::move(rest);
  }
  return a.Round(scale);
}
StatusOr<Numeric> LeastCommonMultiple(const Numeric& left, const Numeric& right) {
  if (!left.IsFinite() || !right.IsFinite()) return Numeric::NaN();
  if (left.IsZero() || right.IsZero()) return Numeric::FromInt64(0).Round(std::max(left.scale(), right.scale()));
  ASSIGN_OR_RETURN(Numeric divisor, GreatestCommonDivisor(left, right));
  ASSIGN_OR_RETURN(Numeric part, Numeric::DivideTruncated(left, divisor));
  ASSIGN_OR_RETURN(Numeric product, Numeric::Multiply(part, right));
  return product.Abs();
}

Status Factorial(const RowArgs& args, Vector& out) {
  const int64_t n = args.I64(0);
  if (n < 0) return Error(sqlstate::kNumericValueOutOfRange, "factorial of a negative number is undefined");
  if (n > 32177) return Error(sqlstate::kNumericValueOutOfRange, "value overflows numeric format");
  Numeric product = Numeric::FromInt64(1);
  for (int64_t i = 2; i <= n; ++i) {
    ASSIGN_OR_RETURN(product, Numeric::Multiply(product, Numeric::FromInt64(i)));
  }
  return PutNumeric(out, product);
}

/// 1 + floor((operand - low) * count / (high - low)), exact; high may lie below low.
Status WidthBucket(const RowArgs& args, Vector& out) {
  ASSIGN_OR_RETURN(Numeric operand, args.Num(0));
  ASSIGN_OR_RETURN(Numeric low, args.Num(1));
  ASSIGN_OR_RETURN(Numeric high, args.Num(2));
  const int32_t count = args.I32(3);
  const auto bad = [](std::string_view text) { return Error(sqlstate::kInvalidArgumentForWidthBucket, text); };
  if (count <= 0) return bad("count must be greater than zero");
  if (operand.IsNaN() || low.IsNaN() || high.IsNaN()) return bad("operand, lower bound, and upper bound cannot be NaN");
  if (!low.IsFinite() || !high.IsFinite()) return bad("lower and upper bounds must be finite");
  const int order = low.Compare(high);
  if (order == 0) return bad("lower bound cannot equal upper bound");
  const int below = operand.Compare(low);
  if (order < 0 ? below < 0 : below > 0) return Put<int32_t>(out, 0);
  const int above = operand.Compare(high);
  if (order < 0 ? above >= 0 : above <= 0) {
    if (count == INT32_MAX) return Error(sqlstate::kNumericValueOutOfRange, "integer out of range");
    return Put<int32_t>(out, count + 1);
  }
  ASSIGN_OR_RETURN(Numeric offset, Numeric::Subtract(operand, low));
  ASSIGN_OR_RETURN(Numeric width, Numeric::Subtract(high, low));
  ASSIGN_OR_RETURN(Numeric scaled, Numeric::Multiply(offset.Abs(), Numeric::FromInt64(count)));
  ASSIGN_OR_RETURN(Numeric bucket, Numeric::DivideTruncated(scaled, width.Abs()));
  ASSIGN_OR_RETURN(const int32_t number, bucket.ToInt32());
  return Put<int32_t>(out, std::min(number, count - 1) + 1);
}

}  // namespace

void RegisterNumericOperators(RegistryBuilder& builder) {
  constexpr std::string_view kBoth = "numeric,numeric";
  const std::pair<std::string_view, RowKernel> binary[] = {
      {"+", Binary<Numeric::Add>},       {"-", Binary<Numeric::Subtract>}, {"*", Binary<Numeric::Multiply>},
      {"/", Binary<Numeric::Divide>},    {"%", Binary<Numeric::Modulo>},   {"mod", Binary<Numeric::Modulo>},
      {"^", Binary<Numeric::Power>},     {"power", Binary<Numeric::Power>}, {"pow", Binary<Numeric::Power>},
      {"div", Binary<Numeric::DivideTruncated>}, {"log", Binary<Numeric::Log>}, {"gcd", Binary<GreatestCommonDivisor>},
      {"lcm", Binary<LeastCommonMultiple>},
  };
  for (const auto& [name, kernel] : binary) builder.Row(name, kBoth, "numeric", kernel);
  const std::pair<std::string_view, RowKernel> unary[] = {
      {"-", Unary<Negate>},           {"@", Unary<Absolute>},        {"abs", Unary<Absolute>},       {"ceil", Unary<Ceiling>},
      {"ceiling", Unary<Ceiling>},    {"floor", Unary<Floor>},       {"round", Unary<Round>},        {"trunc", Unary<Truncate>},
      {"sign", Unary<Sign>},          {"sqrt", Unary<Numeric::Sqrt>}, {"exp", Unary<Numeric::Exp>},  {"ln", Unary<Numeric::Ln>},
      {"log", Unary<Numeric::Log10>}, {"log10", Unary<Numeric::Log10>}, {"trim_scale", Unary<Trim>},
  };
  for (const auto& [name, kernel] : unary) builder.Row(name, "numeric", "numeric", kernel);
  builder.Row("round", "numeric,int4", "numeric", RoundTo);
  builder.Row("trunc", "numeric,int4", "numeric", TruncateTo);
  builder.Row("scale", "numeric", "int4", Scale);
  builder.Row("min_scale", "numeric", "int4", MinScale);
  builder.Row("factorial", "int8", "numeric", Factorial);
  builder.Row("width_bucket", "numeric,numeric,numeric,int4", "int4", WidthBucket);
}

}  // namespace tsd::sql
