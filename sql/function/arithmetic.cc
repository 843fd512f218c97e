// + - * / % of integers and floats, with PostgreSQL's overflow rules; unary signs. Vector loops.
#include <cmath>
#include <limits>
#include <type_traits>

#include "sql/function/kernel_loops.h"
#include "sql/function/registry_builder.h"
#include "sql/function/row_args.h"

namespace tsd::sql {
namespace {

template <typename T>
Status IntegerOutOfRange() {
  if constexpr (sizeof(T) == 2) return Error(sqlstate::kNumericValueOutOfRange, "smallint out of range");
  if constexpr (sizeof(T) == 4) return Error(sqlstate::kNumericValueOutOfRange, "integer out of range");
  return Error(sqlstate::kNumericValueOutOfRange, "bigint out of range");
}
Status DivisionByZero() { return Error(sqlstate::kDivisionByZero, "division by zero"); }
Status FloatOverflow() { return Error(sqlstate::kNumericValueOutOfRange, "value out of range: overflow"); }
Status FloatUnderflow() { return Error(sqlstate::kNumericValueOutOfRange, "value out of range: underflow"); }

template <typename A, typename B>
using Wider = std::conditional_t<(sizeof(A) > sizeof(B)), A, B>;

// The bodies add to `bad`; the narrow types compute in the next wider one, bigint looks at sign bits.
template <typename R>
struct AddBody {
  R operator()(R a, R b, uint64_t& bad) const {
    const R sum = static_cast<R>(static_cast<std::make_unsigned_t<R>>(a) + static_cast<std::make_unsigned_t<R>>(b));
    bad |= static_cast<uint64_t>(static_cast<int64_t>(static_cast<R>((a ^ sum) & (b ^ sum)))) >> 63;
    return sum;
  }
};
template <typename R>
struct SubtractBody {
  R operator()(R a, R b, uint64_t& bad) const {
    const R difference = static_cast<R>(static_cast<std::make_unsigned_t<R>>(a) - static_cast<std::make_unsigned_t<R>>(b));
    bad |= static_cast<uint64_t>(static_cast<int64_t>(static_cast<R>((a ^ b) & (a ^ difference)))) >> 63;
    return difference;
  }
};
template <typename R>
struct MultiplyBody {
  R operator()(R a, R b, uint64_t& bad) const {
    if constexpr (sizeof(R) == 8) {
      R product;
      bad |= __builtin_mul_overflow(a, b, &product) ? 1 : 0;
      return product;
    } else {
      const int64_t product = static_cast<int64_t>(a) * b;
      bad |= product != static_cast<R>(product) ? 1 : 0;
      return static_cast<R>(product);
    }
  }
};

template <template <typename> class Body, typename A, typename B>
StatusOr<VectorPtr> IntegerKernel(const KernelCall& call) {
  using R = Wider<A, B>;
  return MapChecked<R, A, B, uint64_t>(
      call, [](A a, B b, uint64_t& bad) { return Body<R>()(static_cast<R>(a), static_cast<R>(b), bad); },
      [](A, B) { return IntegerOutOfRange<R>(); });
}

template <typename A, typename B>
StatusOr<VectorPtr> DivideIntegers(const KernelCall& call) {
  using R = Wider<A, B>;
  constexpr R kLowest = std::numeric_limits<R>::min();
  return MapChecked<R, A, B, uint64_t>(
      call,
      [](A a, B b, uint64_t& bad) -> R {
        const R x = static_cast<R>(a);
        const R y = static_cast<R>(b);
        if (y == 0 || (y == -1 && x == kLowest)) {
          bad = 1;
          return 0;
        }
        return static_cast<R>(x / y);
      },
      [](A, B b) { return b == 0 ? DivisionByZero() : IntegerOutOfRange<R>(); });
}

template <typename A, typename B>
StatusOr<VectorPtr> ModuloIntegers(const KernelCall& call) {
  using R = Wider<A, B>;
  return MapChecked<R, A, B, uint64_t>(
      call,
      [](A a, B b, uint64_t& bad) -> R {
        const R y = static_cast<R>(b);
        bad |= y == 0 ? 1 : 0;
        // -1 would trap on the lowest value; the remainder is 0 anyway.
        return y == 0 || y == -1 ? R{0} : static_cast<R>(static_cast<R>(a) % y);
      },
      [](A, B) { return DivisionByZero(); });
}

// Floats: an infinite result of finite arguments is an overflow, a zero product or quotient of non-zero ones an underflow.

template <typename R>
R AddFloats(R a, R b, uint64_t& bad) {
  const R r = a + b;
  bad |= std::isinf(r) & !std::isinf(a) & !std::isinf(b);
  return r;
}
template <typename R>
R SubtractFloats(R a, R b, uint64_t& bad) {
  const R r = a - b;
  bad |= std::isinf(r) & !std::isinf(a) & !std::isinf(b);
  return r;
}
template <typename R>
R MultiplyFloats(R a, R b, uint64_t& bad) {
  const R r = a * b;
  bad |= (std::isinf(r) & !std::isinf(a) & !std::isinf(b)) | ((r == 0) & (a != 0) & (b != 0));
  return r;
}
template <typename R>
R DivideFloats(R a, R b, uint64_t& bad) {
  const R r = a / b;
  // NaN / 0 is NaN.
  bad |= ((b == 0) & !std::isnan(a)) | (std::isinf(r) & !std::isinf(a)) | ((r == 0) & (a != 0) & !std::isinf(b));
  return r;
}

template <typename R, R (*kBody)(R, R, uint64_t&), typename A, typename B>
StatusOr<VectorPtr> FloatKernel(const KernelCall& call) {
  return MapChecked<R, A, B, uint64_t>(
      call, [](A a, B b, uint64_t& bad) { return kBody(static_cast<R>(a), static_cast<R>(b), bad); },
      [](A a, B b) {
        if (kBody == DivideFloats<R> && b == 0) return DivisionByZero();
        uint64_t bad = 0;
        const R r = kBody(static_cast<R>(a), static_cast<R>(b), bad);
        return std::isinf(r) ? FloatOverflow() : FloatUnderflow();
      });
}

template <typename A, typename B>
void RegisterIntegerPair(RegistryBuilder& builder, std::string_view types, std::string_view result) {
  builder.Columns("+", types, result, IntegerKernel<AddBody, A, B>);
  builder.Columns("-", types, result, IntegerKernel<SubtractBody, A, B>);
  builder.Columns("*", types, result, IntegerKernel<MultiplyBody, A, B>);
  builder.Columns("/", types, result, DivideIntegers<A, B>);
}

template <typename T>
void RegisterModulo(RegistryBuilder& builder, std::string_view types, std::string_view result) {
  builder.Columns("%", types, result, ModuloIntegers<T, T>);
  builder.Columns("mod", types, result, ModuloIntegers<T, T>);
}

template <typename R, typename A, typename B>
void RegisterFloatPair(RegistryBuilder& builder, std::string_view types, std::string_view result) {
  builder.Columns("+", types, result, FloatKernel<R, AddFloats<R>, A, B>);
  builder.Columns("-", types, result, FloatKernel<R, SubtractFloats<R>, A, B>);
  builder.Columns("*", types, result, FloatKernel<R, MultiplyFloats<R>, A, B>);
  builder.Columns("/", types, result, FloatKernel<R, DivideFloats<R>, A, B>);
}

template <typename T>
Status NegateInteger(const RowArgs& args, Vector& out) {
  const T value = args.column(0).Get<T>(args.row);
  if (value == std::numeric_limits<T>::min()) return IntegerOutOfRange<T>();
  return Put<T>(out, static_cast<T>(-value));
}
template <typename T>
Status AbsoluteInteger(const RowArgs& args, Vector& out) {
  const T value = args.column(0).Get<T>(args.row);
  if (value == std::numeric_limits<T>::min()) return IntegerOutOfRange<T>();
  return Put<T>(out, static_cast<T>(value < 0 ? -value : value));
}
template <typename T>
StatusOr<VectorPtr> NegateFloat(const KernelCall& call) {
  return MapUnary<T, T>(call, [](T a) { return -a; });
}
template <typename T>
StatusOr<VectorPtr> AbsoluteFloat(const KernelCall& call) {
  return MapUnary<T, T>(call, [](T a) { return std::fabs(a); });
}
StatusOr<VectorPtr> Same(const KernelCall& call) { return call.arguments[0]; }

// ---- bits ----
template <typename T>
void RegisterBits(RegistryBuilder& builder, std::string_view type) {
  const std::string both = std::string(type) + "," + std::string(type);
  const std::string shift = std::string(type) + ",int4";
  builder.Columns("&", both, type, [](const KernelCall& call) -> StatusOr<VectorPtr> {
    return MapBinary<T, T, T>(call, [](T a, T b) { return static_cast<T>(a & b); });
  });
  builder.Columns("|", both, type, [](const KernelCall& call) -> StatusOr<VectorPtr> {
    return MapBinary<T, T, T>(call, [](T a, T b) { return static_cast<T>(a | b); });
  });
  builder.Columns("#", both, type, [](const KernelCall& call) -> StatusOr<VectorPtr> {
    return MapBinary<T, T, T>(call, [](T a, T b) { return static_cast<T>(a ^ b); });
  });
  builder.Columns("~", type, type, [](const KernelCall& call) -> StatusOr<VectorPtr> {
    return MapUnary<T, T>(call, [](T a) { return static_cast<T>(~a); });
  });
  // The machine's shift: the count modulo the width of the register PostgreSQL's C code shifts in.
  using Register = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
  constexpr int kMask = sizeof(Register) * 8 - 1;
  builder.Columns("<<", shift, type, [](const KernelCall& call) -> StatusOr<VectorPtr> {
    return MapBinary<T, T, int32_t>(call, [](T a, int32_t b) {
      return static_cast<T>(static_cast<std::make_unsigned_t<Register>>(static_cast<Register>(a)) << (b & kMask));
    });
  });
  builder.Columns(">>", shift, type, [](const KernelCall& call) -> StatusOr<VectorPtr> {
    return MapBinary<T, T, int32_t>(call, [](T a, int32_t b) { return static_cast<T>(static_cast<Register>(a) >> (b & kMask)); });
  });
}

template <typename T>
void RegisterSigns(RegistryBuilder& builder, std::string_view type) {
  builder.Columns("+", type, type, Same);
  if constexpr (std::is_floating_point_v<T>) {
    builder.Columns("-", type, type, NegateFloat<T>);
    builder.Columns("abs", type, type, AbsoluteFloat<T>);
    builder.Columns("@", type, type, AbsoluteFloat<T>);
  } else {
    builder.Row("-", type, type, NegateInteger<T>);
    builder.Row("abs", type, type, AbsoluteInteger<T>);
    builder.Row("@", type, type, AbsoluteInteger<T>);
  }
}

}  // namespace

void RegisterArithmetic(RegistryBuilder& builder) {
  RegisterIntegerPair<int16_t, int16_t>(builder, "int2,int2", "int2");
  RegisterIntegerPair<int16_t, int32_t>(builder, "int2,int4", "int4");
  RegisterIntegerPair<int16_t, int64_t>(builder, "int2,int8", "int8");
  RegisterIntegerPair<int32_t, int16_t>(builder, "int4,int2", "int4");
  RegisterIntegerPair<int32_t, int32_t>(builder, "int4,int4", "int4");
  RegisterIntegerPair<int32_t, int64_t>(builder, "int4,int8", "int8");
  RegisterIntegerPair<int64_t, int16_t>(builder, "int8,int2", "int8");
  RegisterIntegerPair<int64_t, int32_t>(builder, "int8,int4", "int8");
  RegisterIntegerPair<int64_t, int64_t>(builder, "int8,int8", "int8");
  RegisterModulo<int16_t>(builder, "int2,int2", "int2");
  RegisterModulo<int32_t>(builder, "int4,int4", "int4");
  RegisterModulo<int64_t>(builder, "int8,int8", "int8");
  RegisterFloatPair<float, float, float>(builder, "float4,float4", "float4");
  RegisterFloatPair<double, float, double>(builder, "float4,float8", "float8");
  RegisterFloatPair<double, double, float>(builder, "float8,float4", "float8");
  RegisterFloatPair<double, double, double>(builder, "float8,float8", "float8");
  RegisterSigns<int16_t>(builder, "int2");
  RegisterSigns<int32_t>(builder, "int4");
  RegisterSigns<int64_t>(builder, "int8");
  RegisterSigns<float>(builder, "float4");
  RegisterSigns<double>(builder, "float8");
  builder.Columns("+", "numeric", "numeric", Same);
  RegisterBits<int16_t>(builder, "int2");
  RegisterBits<int32_t>(builder, "int4");
  RegisterBits<int64_t>(builder, "int8");
}

}  // namespace tsd::sql
