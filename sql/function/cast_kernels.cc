#include "sql/function/cast_kernels.h"

#include <cmath>
#include <limits>

#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "engine/types/datetime_functions.h"
#include "engine/types/interval_text.h"
#include "engine/types/json_text.h"
#include "engine/types/numeric.h"
#include "engine/types/text_form.h"
#include "engine/types/timezone.h"
#include "sql/function/function_context.h"

namespace tsd::sql {
namespace {

struct CastJob {
  const Vector& in;
  DataType from;
  DataType to;
  CastContext rule;
  const ExecContext& context;
  Vector& out;
};
/// Appends row `row` of job.in, not NULL, cast.
using CastRow = Status (*)(const CastJob& job, size_t row);

Status NoCast(const DataType& from, const DataType& to) {
  return Error(sqlstate::kCannotCoerce,
               StrCat("cannot cast type ", TypeName(from.WithoutTypmod()), " to ", TypeName(to.WithoutTypmod())));
}

Status OutOfRange(std::string_view what) { return Error(sqlstate::kNumericValueOutOfRange, StrCat(what, " out of range")); }

LengthRule RuleOf(CastContext rule) { return rule == CastContext::kExplicit ? LengthRule::kTruncate : LengthRule::kReject; }

template <typename T>
Status AppendOr(const CastJob& job, const StatusOr<T>& value) {
  if (!value.ok()) return value.status();
  job.out.Append<T>(*value);
  return OkStatus();
}

// ---- numbers ----
template <typename T>
constexpr std::string_view IntegerName() {
  return sizeof(T) == 2 ? "smallint" : sizeof(T) == 4 ? "integer" : "bigint";
}

template <typename To, typename From>
StatusOr<To> FloatToInteger(From value) {
  const From rounded = std::rint(value);
  // The upper bound is exact as a power of two in either float type.
  const From limit = std::ldexp(From{1}, sizeof(To) * 8 - 1);
  if (!(rounded >= -limit && rounded < limit)) return OutOfRange(IntegerName<To>());
  return static_cast<To>(rounded);
}

template <typename To, typename From>
Status NumberRow(const CastJob& job, size_t row) {
  const From value = job.in.Get<From>(row);
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    return AppendOr<To>(job, FloatToInteger<To, From>(value));
  } else if constexpr (std::is_integral_v<To>) {
    if (value < std::numeric_limits<To>::min() || value > std::numeric_limits<To>::max()) return OutOfRange(IntegerName<To>());
    job.out.Append<To>(static_cast<To>(value));
    return OkStatus();
  } else {
    const To result = static_cast<To>(value);
    if constexpr (std::is_same_v<To, float> && std::is_same_v<From, double>) {
      if (std::isinf(result) && !std::isinf(value)) return Error(sqlstate::kNumericValueOutOfRange, "value out of range: overflow");
      if (result == 0 && value != 0) return Error(sqlstate::kNumericValueOutOfRange, "value out of range: underflow");
    }
    job.out.Append<To>(result);
    return OkStatus();
  }
}

/// Casts that never fail, as vector loops.
template <typename To, typename From>
void WidenAll(const Vector& in, size_t rows, Vector& out) {
  out.ResizeFixed(rows);
  To* __restrict target = out.mutable_values<To>();
  const From* __restrict source = in.values<From>();
  size_t i = 0;
  for (; i + 64 <= rows; i += 64) {
    for (size_t j = 0; j < 64; ++j) target[i + j] = static_cast<To>(source[i + j]);
  }
  for (; i < rows; ++i) target[i] = static_cast<To>(source[i]);
  if (in.HasNulls()) out.AdoptValidity(std::vector<uint64_t>(in.validity().begin(), in.validity().end()));
}

bool WidenFast(const Vector& in, const DataType& from, const DataType& to, size_t rows, Vector& out) {
  if (from.is_array || to.is_array) return false;
  const auto is = [&](TypeId a, TypeId b) { return from.id == a && to.id == b; };
  using enum TypeId;
  if (is(kInt16, kInt32)) WidenAll<int32_t, int16_t>(in, rows, out);
  else if (is(kInt16, kInt64)) WidenAll<int64_t, int16_t>(in, rows, out);
  else if (is(kInt32, kInt64)) WidenAll<int64_t, int32_t>(in, rows, out);
  else if (is(kInt16, kFloat64)) WidenAll<double, int16_t>(in, rows, out);
  else if (is(kInt32, kFloat64)) WidenAll<double, int32_t>(in, rows, out);
  else if (is(kInt64, kFloat64)) WidenAll<double, int64_t>(in, rows, out);
  else if (is(kInt16, kFloat32)) WidenAll<float, int16_t>(in, rows, out);
  else if (is(kInt32, kFloat32)) WidenAll<float, int32_t>(in, rows, out);
  else if (is(kInt64, kFloat32)) WidenAll<float, int64_t>(in, rows, out);
  else if (is(kFloat32, kFloat64)) WidenAll<double, float>(in, rows, out);
  else return false;
  return true;
}

StatusOr<Numeric> ReadNumber(const CastJob& job, size_t row) {
  switch (job.from.id) {
    case TypeId::kInt16: return Numeric::FromInt64(job.in.Get<int16_t>(row));
    case TypeId::kInt32: return Numeric::FromInt64(job.in.Get<int32_t>(row));
    case TypeId::kInt64: return Numeric::FromInt64(job.in.Get<int64_t>(row));
    case TypeId::kFloat32: return Numeric::FromFloat(job.in.Get<float>(row));
    case TypeId::kFloat64: return Numeric::FromDouble(job.in.Get<double>(row));
    case TypeId::kJsonb: {
      const std::string_view text = job.in.GetBytes(row);
      const char first = text.empty() ? 'n' : text[0];
      if (first == '-' || (first >= '0' && first <= '9')) return Numeric::Parse(text);
      const std::string_view kind = first == '"' ? "string" : first == '{' ? "object" : first == '[' ? "array" : first == 'n' ? "null" : "boolean";
      return Error(sqlstate::kInvalidParameterValue, StrCat("cannot cast jsonb ", kind, " to type ", TypeName(job.to.WithoutTypmod())));
    }
    default: return Numeric::Decode(job.in.GetBytes(row));
  }
}

Status AppendNumberAs(const CastJob& job, const Numeric& value) {
  switch (job.to.id) {
    case TypeId::kInt16: return AppendOr<int16_t>(job, value.ToInt16());
    case TypeId::kInt32: return AppendOr<int32_t>(job, value.ToInt32());
    case TypeId::kInt64: return AppendOr<int64_t>(job, value.ToInt64());
    case TypeId::kFloat32: return AppendOr<float>(job, value.ToFloatChecked());
    case TypeId::kFloat64: return AppendOr<double>(job, value.ToDoubleChecked());
    default: break;
  }
  if (job.to.typmod >= 4) {
    ASSIGN_OR_RETURN(Numeric rounded, value.ApplyTypmod(job.to.typmod));
    job.out.AppendBytes(rounded.Encode());
  } else {
    job.out.AppendBytes(value.Encode());
  }
  return OkStatus();
}

Status ThroughNumeric(const CastJob& job, size_t row) {
  ASSIGN_OR_RETURN(Numeric value, ReadNumber(job, row));
  return AppendNumberAs(job, value);
}

Status JsonbToBool(const CastJob& job, size_t row) {
  const std::string_view text = job.in.GetBytes(row);
  if (text != "true" && text != "false") return Error(sqlstate::kInvalidParameterValue, "cannot cast jsonb value to type boolean");
  job.out.Append<uint8_t>(text == "true" ? 1 : 0);
  return OkStatus();
}

// ---- text ----
Status ToText(const CastJob& job, size_t row) {
  std::string text;
  if (job.from.Is(TypeId::kBool)) {
    text = job.in.Get<uint8_t>(row) != 0 ? "true" : "false";
  } else if (job.from.Is(TypeId::kBpchar)) {
    text = std::string(job.in.GetBytes(row));
    // Trailing blanks of char(n) do not count.
    while (!text.empty() && text.back() == ' ') text.pop_back();
  } else {
    FormatTextAs(job.from, job.in, row, TextContextOf(job.context), text);
  }
  std::string stored;
  RETURN_IF_ERROR(ApplyStringTypmod(job.to, text, RuleOf(job.rule), stored));
  job.out.AppendBytes(stored);
  return OkStatus();
}

Status StringToString(const CastJob& job, size_t row) {
  std::string_view text = job.in.GetBytes(row);
  if (job.from.Is(TypeId::kBpchar) && !job.to.Is(TypeId::kBpchar)) {
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  }
  if (job.to.Is(TypeId::kText) || (job.to.Is(TypeId::kVarchar) && job.to.typmod < 4)) {
    job.out.AppendBytes(text);
    return OkStatus();
  }
  // A cast to name or "char" cuts, whatever the context.
  const bool cuts = job.to.Is(TypeId::kName) || job.to.Is(TypeId::kChar);
  std::string stored;
  RETURN_IF_ERROR(ApplyStringTypmod(job.to, text, cuts ? LengthRule::kTruncate : RuleOf(job.rule), stored));
  job.out.AppendBytes(stored);
  return OkStatus();
}

Status FromText(const CastJob& job, size_t row) {
  return ParseText(job.to, job.in.GetBytes(row), TextContextOf(job.context, RuleOf(job.rule)), job.out);
}

Status JsonToJsonb(const CastJob& job, size_t row) {
  ASSIGN_OR_RETURN(std::string normal, NormalizeJson(job.in.GetBytes(row)));
  job.out.AppendBytes(normal);
  return OkStatus();
}

// ---- dates and times ----
int64_t RoundTime(int64_t micros, int32_t typmod) { return IsFiniteTimestamp(micros) ? RoundToPrecision(micros, typmod) : micros; }

Status AppendTimestamp(const CastJob& job, const StatusOr<int64_t>& value) {
  if (!value.ok()) return value.status();
  job.out.Append<int64_t>(RoundTime(*value, job.to.typmod));
  return OkStatus();
}

Status TimeRow(const CastJob& job, size_t row) {
  using enum TypeId;
  const absl::TimeZone& zone = job.context.datetime.zone;
  const TypeId from = job.from.id;
  const TypeId to = job.to.id;
  if (from == kDate) {
    const int32_t date = job.in.Get<int32_t>(row);
    return AppendTimestamp(job, to == kTimestamp ? DateToTimestamp(date) : DateToTimestampTz(date, zone));
  }
  if (from == kInterval) {
    const Interval interval = job.in.Get<Interval>(row);
    if (to == kTime) {
      job.out.Append<int64_t>(RoundTime(IntervalToTime(interval), job.to.typmod));
    } else {
      job.out.Append<Interval>(LimitInterval(interval, job.to.typmod));
    }
    return OkStatus();
  }
  const int64_t value = job.in.Get<int64_t>(row);
  if (from == kTime && to == kInterval) {
    job.out.Append<Interval>(LimitInterval(TimeToInterval(value), job.to.typmod));
    return OkStatus();
  }
  if (from == to) return AppendTimestamp(job, value);
  if (to == kTimestampTz) return AppendTimestamp(job, LocalToUtc(value, zone));
  if (to == kTimestamp) return AppendTimestamp(job, UtcToLocal(value, zone));
  if (to == kDate) return AppendOr<int32_t>(job, from == kTimestamp ? TimestampToDate(value) : TimestampTzToDate(value, zone));
  if (!IsFiniteTimestamp(value)) {
    job.out.AppendNull();
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const int64_t local, from == kTimestampTz ? UtcToLocal(value, zone) : StatusOr<int64_t>(value));
  job.out.Append<int64_t>(RoundTime(TimestampToTime(local), job.to.typmod));
  return OkStatus();
}

// ---- oids, bool, "char" ----
int64_t ReadInteger(const CastJob& job, size_t row) {
  switch (job.from.Physical()) {
    case PhysicalType::kBool: return job.in.Get<uint8_t>(row);
    case PhysicalType::kInt16: return job.in.Get<int16_t>(row);
    case PhysicalType::kInt32: return job.in.Get<int32_t>(row);
    default: return job.in.Get<int64_t>(row);
  }
}

Status OidRow(const CastJob& job, size_t row) {
  const int64_t value = ReadInteger(job, row);
  if (job.to.Is(TypeId::kInt32)) {
    job.out.Append<int32_t>(static_cast<int32_t>(value));
  } else if (job.to.Is(TypeId::kInt64) || job.from.IsOidLike()) {
    job.out.Append<int64_t>(value);
  } else if (job.from.Is(TypeId::kInt64) && (value < 0 || value > std::numeric_limits<uint32_t>::max())) {
    return OutOfRange("OID");
  } else {
    job.out.Append<int64_t>(static_cast<int64_t>(static_cast<uint32_t>(value)));
  }
  return OkStatus();
}

Status BoolIntegerRow(const CastJob& job, size_t row) {
  const int64_t value = ReadInteger(job, row);
  if (job.to.Is(TypeId::kBool)) {
    job.out.Append<uint8_t>(value != 0 ? 1 : 0);
  } else {
    job.out.Append<int32_t>(static_cast<int32_t>(value));
  }
  return OkStatus();
}

Status CharRow(const CastJob& job, size_t row) {
  if (job.to.Is(TypeId::kInt32)) {
    const std::string_view text = job.in.GetBytes(row);
    job.out.Append<int32_t>(text.empty() ? 0 : static_cast<int8_t>(text[0]));
    return OkStatus();
  }
  const int32_t value = job.in.Get<int32_t>(row);
  if (value < -128 || value > 127) return OutOfRange("\"char\"");
  const char c = static_cast<char>(value);
  job.out.AppendBytes(value == 0 ? std::string_view() : std::string_view(&c, 1));
  return OkStatus();
}

// ---- arrays ----
Status ArrayRow(const CastJob& job, size_t row) {
  ASSIGN_OR_RETURN(ArrayValue array, ArrayValue::Decode(job.from.Element().WithoutTypmod(), job.in.GetBytes(row)));
  ASSIGN_OR_RETURN(VectorPtr elements, CastVector(array.elements_ptr(), job.to.Element(), job.rule, job.context));
  auto flat = std::make_shared<Vector>(job.to.Element().WithoutTypmod());
  flat->AppendRange(*elements, 0, elements->size());
  job.out.AppendBytes(ArrayValue(array.dimensions(), std::move(flat)).Encode());
  return OkStatus();
}

bool IsStringLike(const DataType& type) { return TypeCategory(type) == 'S' || type.Is(TypeId::kChar); }

template <typename From>
CastRow NumberRowTo(TypeId to) {
  switch (to) {
    case TypeId::kInt16: return NumberRow<int16_t, From>;
    case TypeId::kInt32: return NumberRow<int32_t, From>;
    case TypeId::kInt64: return NumberRow<int64_t, From>;
    case TypeId::kFloat32: return NumberRow<float, From>;
    case TypeId::kFloat64: return NumberRow<double, From>;
    default: return nullptr;
  }
}

CastRow NumberCast(const DataType& from, const DataType& to) {
  if (from.Is(TypeId::kNumeric) || to.Is(TypeId::kNumeric)) return ThroughNumeric;
  switch (from.id) {
    case TypeId::kInt16: return NumberRowTo<int16_t>(to.id);
    case TypeId::kInt32: return NumberRowTo<int32_t>(to.id);
    case TypeId::kInt64: return NumberRowTo<int64_t>(to.id);
    case TypeId::kFloat32: return NumberRowTo<float>(to.id);
    case TypeId::kFloat64: return NumberRowTo<double>(to.id);
    default: return nullptr;
  }
}

bool IsTimeLike(const DataType& type) { return type.IsDateTime() || type.Is(TypeId::kTime) || type.Is(TypeId::kInterval); }

/// nullptr: there is no such cast.
CastRow FindCastRow(const DataType& from, const DataType& to) {
  using enum TypeId;
  if (from.Is(kUnknown)) return FromText;
  if (from.is_array && to.is_array) return ArrayRow;
  if (IsStringLike(from) && IsStringLike(to)) return StringToString;
  if (IsStringLike(to) && !from.Is(kInt32)) return ToText;
  if (to.Is(kChar)) return CharRow;
  if (TypeCategory(to) == 'S') return ToText;
  if (TypeCategory(from) == 'S') return FromText;
  if (from.is_array || to.is_array) return nullptr;
  if (from.Is(kChar)) return to.Is(kInt32) ? CharRow : nullptr;
  if (from.IsNumber() && to.IsNumber()) return NumberCast(from, to);
  if (from.Is(kJsonb)) return to.Is(kBool) ? JsonbToBool : to.IsNumber() ? ThroughNumeric : to.Is(kJson) ? StringToString : nullptr;
  if (from.Is(kJson)) return to.Is(kJsonb) ? JsonToJsonb : nullptr;
  if (IsTimeLike(from) && IsTimeLike(to) && CanCast(from, to, CastContext::kExplicit)) return TimeRow;
  if (from.IsOidLike() || to.IsOidLike()) return CanCast(from, to, CastContext::kExplicit) ? OidRow : nullptr;
  if (from.Is(kBool) || to.Is(kBool)) return CanCast(from, to, CastContext::kExplicit) ? BoolIntegerRow : nullptr;
  return nullptr;
}

/// Whether a cast to the same type has nothing to do.
bool NothingToDo(const DataType& from, const DataType& to) { return from.SameAs(to) && (to.typmod < 0 || from.typmod == to.typmod); }

}  // namespace

StatusOr<int16_t> Float64ToInt16(double value) { return FloatToInteger<int16_t, double>(value); }
StatusOr<int32_t> Float64ToInt32(double value) { return FloatToInteger<int32_t, double>(value); }
StatusOr<int64_t> Float64ToInt64(double value) { return FloatToInteger<int64_t, double>(value); }

StatusOr<VectorPtr> CastVector(const VectorPtr& from, const DataType& to, CastContext rule, const ExecContext& context) {
  const DataType source = from->type();
  if (NothingToDo(source, to)) return from;
  const bool constant = from->IsConstant();
  const size_t rows = constant ? 1 : from->size();
  auto out = std::make_shared<Vector>(to);
  if (!WidenFast(*from, source, to, rows, *out)) {
    const CastRow cast = FindCastRow(source, to);
    if (cast == nullptr) return NoCast(source, to);
    out->Reserve(rows, 0);
    const CastJob job{*from, source, to, rule, context, *out};
    for (size_t row = 0; row < rows; ++row) {
      if (from->IsNull(row)) {
        out->AppendNull();
      } else {
        RETURN_IF_ERROR(cast(job, row));
      }
    }
  }
  if (constant) out->MakeConstant(from->size());
  return VectorPtr(std::move(out));
}

}  // namespace tsd::sql
