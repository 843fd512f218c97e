// = <> < <= > >= of every type. Fixed-width pairs run as vector loops; byte strings, numerics and arrays through compare.h.
#include <cmath>
#include <cstring>

#include "engine/types/compare.h"
#include "engine/types/datetime.h"
#include "engine/types/timezone.h"
#include "sql/function/kernel_loops.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

enum class Order : uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

template <Order kOrder, typename T>
constexpr uint8_t Holds(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    // NaN is equal to itself and above all else; without branches, so that the loop becomes vector code.
    const bool a_nan = a != a;
    const bool b_nan = b != b;
    const bool equal = (a == b) | (a_nan & b_nan);
    const bool less = (a < b) | (b_nan & !a_nan);
    if constexpr (kOrder == Order::kEqual) return equal;
    if constexpr (kOrder == Order::kNotEqual) return !equal;
    if constexpr (kOrder == Order::kLess) return less;
    if constexpr (kOrder == Order::kLessOrEqual) return less | equal;
    if constexpr (kOrder == Order::kGreater) return !(less | equal);
    return !less;
  } else {
    if constexpr (kOrder == Order::kEqual) return a == b;
    if constexpr (kOrder == Order::kNotEqual) return a != b;
    if constexpr (kOrder == Order::kLess) return a < b;
    if constexpr (kOrder == Order::kLessOrEqual) return a <= b;
    if constexpr (kOrder == Order::kGreater) return a > b;
    return a >= b;
  }
}

template <Order kOrder>
bool HoldsFor(int comparison) {
  return Holds<kOrder>(comparison, 0) != 0;
}

template <Order kOrder, typename A, typename B>
StatusOr<VectorPtr> CompareFixed(const KernelCall& call) {
  using Common = std::common_type_t<A, B>;
  return MapBinary<uint8_t, A, B>(call, [](A a, B b) { return Holds<kOrder>(static_cast<Common>(a), static_cast<Common>(b)); });
}

/// Text equality by bytes: lengths first.
template <Order kOrder>
StatusOr<VectorPtr> CompareText(const KernelCall& call) {
  auto out = MakeResult(call);
  uint8_t* target = out->mutable_values<uint8_t>();
  const Vector& left = *call.arguments[0];
  const Vector& right = *call.arguments[1];
  for (size_t row = 0; row < call.rows; ++row) {
    const std::string_view a = left.GetBytes(row);
    const std::string_view b = right.GetBytes(row);
    if constexpr (kOrder == Order::kEqual || kOrder == Order::kNotEqual) {
      const bool equal = a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
      target[row] = equal == (kOrder == Order::kEqual) ? 1 : 0;
    } else {
      target[row] = Holds<kOrder>(a.compare(b), 0);
    }
  }
  CombineValidity(call, *out);
  return VectorPtr(std::move(out));
}

/// Any type through compare.h.
template <Order kOrder>
StatusOr<VectorPtr> CompareAny(const KernelCall& call) {
  auto out = MakeResult(call);
  uint8_t* target = out->mutable_values<uint8_t>();
  const Vector& left = *call.arguments[0];
  const Vector& right = *call.arguments[1];
  for (size_t row = 0; row < call.rows; ++row) {
    if (left.IsNull(row) || right.IsNull(row)) continue;
    target[row] = HoldsFor<kOrder>(CompareRows(left, row, right, row)) ? 1 : 0;
  }
  CombineValidity(call, *out);
  return VectorPtr(std::move(out));
}

/// A date or timestamp in microseconds, wide enough that infinities stay outside; timestamptz as UTC when `to_utc`.
StatusOr<__int128> WideMicros(const RowArgs& args, size_t i, bool to_utc) {
  constexpr __int128 kFar = static_cast<__int128>(1) << 100;
  const TypeId id = args.type(i).id;
  if (id == TypeId::kDate) {
    const int32_t date = args.I32(i);
    if (!IsFiniteDate(date)) return date == kDateInfinity ? kFar : -kFar;
    const __int128 micros = static_cast<__int128>(date) * kMicrosPerDay;
    if (!to_utc || micros < kMinTimestamp || micros >= kEndTimestamp) return micros;
    ASSIGN_OR_RETURN(const int64_t utc, LocalToUtc(static_cast<int64_t>(micros), args.context().datetime.zone));
    return static_cast<__int128>(utc);
  }
  const int64_t value = args.I64(i);
  if (!IsFiniteTimestamp(value)) return value == kTimestampInfinity ? kFar : -kFar;
  if (id != TypeId::kTimestamp || !to_utc) return static_cast<__int128>(value);
  ASSIGN_OR_RETURN(const int64_t utc, LocalToUtc(value, args.context().datetime.zone));
  return static_cast<__int128>(utc);
}

template <Order kOrder>
Status CompareTimes(const RowArgs& args, Vector& out) {
  const bool to_utc = args.type(0).id == TypeId::kTimestampTz || args.type(1).id == TypeId::kTimestampTz;
  ASSIGN_OR_RETURN(const __int128 left, WideMicros(args, 0, to_utc));
  ASSIGN_OR_RETURN(const __int128 right, WideMicros(args, 1, to_utc));
  return PutBool(out, HoldsFor<kOrder>(left < right ? -1 : left > right ? 1 : 0));
}

struct CommonKernels {
  Kernel int16_16, int16_32, int16_64, int32_16, int32_32, int32_64, int64_16, int64_32, int64_64;
  Kernel float32_32, float32_64, float64_32, float64_64;
  Kernel boolean, unsigned64, text, any;
  RowKernel times;
};

template <Order kOrder>
constexpr CommonKernels KernelsFor() {
  return {CompareFixed<kOrder, int16_t, int16_t>, CompareFixed<kOrder, int16_t, int32_t>, CompareFixed<kOrder, int16_t, int64_t>,
          CompareFixed<kOrder, int32_t, int16_t>, CompareFixed<kOrder, int32_t, int32_t>, CompareFixed<kOrder, int32_t, int64_t>,
          CompareFixed<kOrder, int64_t, int16_t>, CompareFixed<kOrder, int64_t, int32_t>, CompareFixed<kOrder, int64_t, int64_t>,
          CompareFixed<kOrder, float, float>,     CompareFixed<kOrder, float, double>,    CompareFixed<kOrder, double, float>,
          CompareFixed<kOrder, double, double>,   CompareFixed<kOrder, uint8_t, uint8_t>, CompareFixed<kOrder, uint64_t, uint64_t>,
          CompareText<kOrder>,                    CompareAny<kOrder>,                     CompareTimes<kOrder>};
}

void RegisterOrder(RegistryBuilder& builder, std::string_view op, const CommonKernels& kernels) {
  const std::pair<std::string_view, Kernel> fixed[] = {
      {"int2,int2", kernels.int16_16},      {"int2,int4", kernels.int16_32},     {"int2,int8", kernels.int16_64},
      {"int4,int2", kernels.int32_16},      {"int4,int4", kernels.int32_32},     {"int4,int8", kernels.int32_64},
      {"int8,int2", kernels.int64_16},      {"int8,int4", kernels.int64_32},     {"int8,int8", kernels.int64_64},
      {"float4,float4", kernels.float32_32}, {"float4,float8", kernels.float32_64}, {"float8,float4", kernels.float64_32},
      {"float8,float8", kernels.float64_64}, {"bool,bool", kernels.boolean},      {"date,date", kernels.int32_32},
      {"timestamp,timestamp", kernels.int64_64}, {"timestamptz,timestamptz", kernels.int64_64}, {"time,time", kernels.int64_64},
      {"oid,oid", kernels.int64_64},        {"xid,xid", kernels.int64_64},       {"pg_lsn,pg_lsn", kernels.unsigned64},
      {"text,text", kernels.text},          {"name,name", kernels.text},         {"name,text", kernels.text},
      {"text,name", kernels.text},          {"char,char", kernels.text},         {"bytea,bytea", kernels.text},
      {"bpchar,bpchar", kernels.any},       {"numeric,numeric", kernels.any},    {"interval,interval", kernels.any},
      {"uuid,uuid", kernels.any},           {"jsonb,jsonb", kernels.any},        {"inet,inet", kernels.any},
      {"anyarray,anyarray", kernels.any},   {"record,record", kernels.any},
  };
  for (const auto& [types, kernel] : fixed) builder.Columns(op, types, "bool", kernel);
  for (std::string_view types : {"date,timestamp", "timestamp,date"}) builder.Row(op, types, "bool", kernels.times);
  for (std::string_view types : {"date,timestamptz", "timestamptz,date", "timestamp,timestamptz", "timestamptz,timestamp"}) {
    Stable(builder.Row(op, types, "bool", kernels.times));
  }
}

/// greatest / least ignore NULLs, so they are not strict.
template <Order kOrder>
Status PickExtreme(const RowArgs& args, Vector& out) {
  size_t best = args.count();
  for (size_t i = 0; i < args.count(); ++i) {
    if (args.IsNull(i)) continue;
    if (best == args.count() || HoldsFor<kOrder>(CompareRows(args.column(i), args.row, args.column(best), args.row))) best = i;
  }
  if (best == args.count()) return PutNull(out);
  out.AppendFrom(args.column(best), args.row);
  return OkStatus();
}

}  // namespace

void RegisterComparisons(RegistryBuilder& builder) {
  RegisterOrder(builder, "=", KernelsFor<Order::kEqual>());
  RegisterOrder(builder, "<>", KernelsFor<Order::kNotEqual>());
  RegisterOrder(builder, "<", KernelsFor<Order::kLess>());
  RegisterOrder(builder, "<=", KernelsFor<Order::kLessOrEqual>());
  RegisterOrder(builder, ">", KernelsFor<Order::kGreater>());
  RegisterOrder(builder, ">=", KernelsFor<Order::kGreaterOrEqual>());
  // An operator of PostgreSQL's that has only two of them.
  builder.Columns("=", "xid,int4", "bool", CompareFixed<Order::kEqual, int64_t, int32_t>);
  NotStrict(builder.Row("greatest", "variadic anycompatible", "anycompatible", PickExtreme<Order::kGreater>));
  NotStrict(builder.Row("least", "variadic anycompatible", "anycompatible", PickExtreme<Order::kLess>));
}

}  // namespace tsd::sql
