// Variance and standard deviation, exact over integers and numerics, Youngs-Cramer over floats; covariance, correlation, regression.
#include <cmath>
#include <optional>

#include "engine/types/numeric.h"
#include "sql/function/aggregate_rows.h"
#include "sql/function/aggregates.h"

namespace tsd::sql {
namespace {

enum class Spread : uint8_t { kVariancePopulation, kVarianceSample, kDeviationPopulation, kDeviationSample };

constexpr bool IsSample(Spread spread) { return spread == Spread::kVarianceSample || spread == Spread::kDeviationSample; }
constexpr bool IsDeviation(Spread spread) { return spread == Spread::kDeviationPopulation || spread == Spread::kDeviationSample; }

Status FloatOverflow() { return Error(sqlstate::kNumericValueOutOfRange, "value out of range: overflow"); }

/// Shared by the states below: bytes in and out, one struct a group.
template <typename Derived, typename State>
class StateVector : public AggregateState {
 public:
  void Resize(size_t groups) override { states_.resize(groups); }
  Status Merge(const Vector& partial, GroupIds groups) override {
    return ForPartialStates(partial, groups, [this](ByteReader& reader, uint32_t group) -> Status {
      State other;
      RETURN_IF_ERROR(Derived::Decode(reader, other));
      if (!reader.ok()) return DamagedPartial();
      return Derived::Combine(states_[group], other);
    });
  }
  DataType PartialType() const override { return TypeId::kBytea; }
  Status Partial(size_t begin, size_t end, Vector& out) override {
    ByteWriter writer;
    for (size_t group = begin; group < end; ++group) {
      writer.Clear();
      Derived::Encode(states_[group], writer);
      out.AppendBytes(writer.data());
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return states_.capacity() * sizeof(State); }

 protected:
  std::vector<State> states_;
};

// ---- floats ----
struct FloatSpread {
  double count = 0;
  double sum = 0;
  double squares = 0;  // sum of squared differences from the mean
};

template <typename T, Spread kSpread>
class FloatSpreadState final : public StateVector<FloatSpreadState<T, kSpread>, FloatSpread> {
 public:
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    const VectorPtr column = Vector::Flatten(arguments[0]);
    const T* values = column->values<T>();
    bool overflow = false;
    ForPresentRows(*column, groups, [&](size_t row, uint32_t group) {
      FloatSpread& state = this->states_[group];
      const double value = static_cast<double>(values[row]);
      state.count += 1;
      const double before = state.sum;
      state.sum += value;
      if (state.count > 1) {
        const double difference = value * state.count - state.sum;
        state.squares += difference * difference / (state.count * (state.count - 1));
        if (!std::isfinite(state.sum) || !std::isfinite(state.squares)) {
          overflow = overflow || (std::isfinite(before) && std::isfinite(value));
          state.squares = std::nan("");
        }
      } else if (!std::isfinite(value)) {
        state.squares = std::nan("");
      }
    });
    return overflow ? FloatOverflow() : OkStatus();
  }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      const FloatSpread& state = this->states_[group];
      if (state.count < (IsSample(kSpread) ? 2 : 1)) {
        out.AppendNull();
        continue;
      }
      const double variance = state.squares / (IsSample(kSpread) ? state.count - 1 : state.count);
      out.Append<double>(IsDeviation(kSpread) ? std::sqrt(variance) : variance);
    }
    return OkStatus();
  }
  static void Encode(const FloatSpread& state, ByteWriter& writer) {
    writer.PutF64(state.count);
    writer.PutF64(state.sum);
    writer.PutF64(state.squares);
  }
  static Status Decode(ByteReader& reader, FloatSpread& state) {
    state.count = reader.GetF64();
    state.sum = reader.GetF64();
    state.squares = reader.GetF64();
    return OkStatus();
  }
  static Status Combine(FloatSpread& left, const FloatSpread& right) {
    if (right.count == 0) return OkStatus();
    if (left.count == 0) {
      left = right;
      return OkStatus();
    }
    const double difference = left.sum / left.count - right.sum / right.count;
    const double count = left.count + right.count;
    left.squares += right.squares + left.count * right.count * difference * difference / count;
    left.sum += right.sum;
    left.count = count;
    return OkStatus();
  }
};

// ---- integers and numerics ----
struct NumericSpread {
  int64_t count = 0;
  Numeric sum;
  Numeric squares;
};

template <Spread kSpread>
Status FinishExact(int64_t count, const Numeric& sum, const Numeric& squares, Vector& out) {
  if (count < (IsSample(kSpread) ? 2 : 1)) {
    out.AppendNull();
    return OkStatus();
  }
  if (!sum.IsFinite()) {
    out.AppendBytes(Numeric::NaN().Encode());
    return OkStatus();
  }
  // (n * sum(x^2) - sum(x)^2) / (n * (n or n - 1))
  const Numeric n = Numeric::FromInt64(count);
  ASSIGN_OR_RETURN(Numeric scaled, Numeric::Multiply(n, squares));
  ASSIGN_OR_RETURN(Numeric square, Numeric::Multiply(sum, sum));
  ASSIGN_OR_RETURN(Numeric top, Numeric::Subtract(scaled, square));
  if (top.Sign() <= 0) {
    out.AppendBytes(Numeric().Encode());
    return OkStatus();
  }
  ASSIGN_OR_RETURN(Numeric bottom, Numeric::Multiply(n, Numeric::FromInt64(IsSample(kSpread) ? count - 1 : count)));
  ASSIGN_OR_RETURN(Numeric variance, Numeric::Divide(top, bottom));
  if (IsDeviation(kSpread)) {
    ASSIGN_OR_RETURN(Numeric deviation, Numeric::Sqrt(variance));
    out.AppendBytes(deviation.Round(variance.scale()).Encode());
  } else {
    out.AppendBytes(variance.Encode());
  }
  return OkStatus();
}

struct ToNumeric {
  template <typename T>
  static StatusOr<Numeric> Read(const Vector& column, size_t row) {
    if constexpr (std::is_same_v<T, Numeric>) {
      return Numeric::Decode(column.GetBytes(row));
    } else {
      return Numeric::FromInt64(column.Get<T>(row));
    }
  }
};

/// Small integers sum in 128 bits; bigint and numeric through Numeric.
template <typename T, Spread kSpread>
class ExactSpreadState final : public StateVector<ExactSpreadState<T, kSpread>, NumericSpread> {
 public:
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    const Vector& column = *arguments[0];
    return TryPresentRows(column, groups, [&](size_t row, uint32_t group) -> Status {
      NumericSpread& state = this->states_[group];
      ASSIGN_OR_RETURN(Numeric value, ToNumeric::Read<T>(column, row));
      ASSIGN_OR_RETURN(Numeric square, Numeric::Multiply(value, value));
      ASSIGN_OR_RETURN(state.sum, Numeric::Add(state.sum, value));
      ASSIGN_OR_RETURN(state.squares, Numeric::Add(state.squares, square));
      ++state.count;
      return OkStatus();
    });
  }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      const NumericSpread& state = this->states_[group];
      RETURN_IF_ERROR(FinishExact<kSpread>(state.count, state.sum, state.squares, out));
    }
    return OkStatus();
  }
  static void Encode(const NumericSpread& state, ByteWriter& writer) {
    writer.PutVarint(static_cast<uint64_t>(state.count));
    writer.PutString(state.sum.Encode());
    writer.PutString(state.squares.Encode());
  }
  static Status Decode(ByteReader& reader, NumericSpread& state) {
    state.count = static_cast<int64_t>(reader.GetVarint());
    ASSIGN_OR_RETURN(state.sum, Numeric::Decode(reader.GetString()));
    ASSIGN_OR_RETURN(state.squares, Numeric::Decode(reader.GetString()));
    return OkStatus();
  }
  static Status Combine(NumericSpread& left, const NumericSpread& right) {
    left.count += right.count;
    ASSIGN_OR_RETURN(left.sum, Numeric::Add(left.sum, right.sum));
    ASSIGN_OR_RETURN(left.squares, Numeric::Add(left.squares, right.squares));
    return OkStatus();
  }
};

struct SmallSpread {
  int64_t count = 0;
  __int128 sum = 0;
  __int128 squares = 0;
};

/// int2 and int4: sums of squares fit 128 bits for any number of rows that fits 64.
template <typename T, Spread kSpread>
class SmallSpreadState final : public StateVector<SmallSpreadState<T, kSpread>, SmallSpread> {
 public:
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    const VectorPtr column = Vector::Flatten(arguments[0]);
    const T* values = column->values<T>();
    SmallSpread* states = this->states_.data();
    ForPresentRows(*column, groups, [=](size_t row, uint32_t group) {
      const int64_t value = values[row];
      states[group].sum += value;
      states[group].squares += static_cast<__int128>(value) * value;
      ++states[group].count;
    });
    return OkStatus();
  }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      const SmallSpread& state = this->states_[group];
      RETURN_IF_ERROR(FinishExact<kSpread>(state.count, Numeric::FromInt128(state.sum), Numeric::FromInt128(state.squares), out));
    }
    return OkStatus();
  }
  static void Encode(const SmallSpread& state, ByteWriter& writer) {
    writer.PutVarint(static_cast<uint64_t>(state.count));
    for (__int128 value : {state.sum, state.squares}) {
      writer.PutU64(static_cast<uint64_t>(static_cast<unsigned __int128>(value)));
      writer.PutU64(static_cast<uint64_t>(static_cast<unsigned __int128>(value) >> 64));
    }
  }
  static Status Decode(ByteReader& reader, SmallSpread& state) {
    state.count = static_cast<int64_t>(reader.GetVarint());
    for (__int128* value : {&state.sum, &state.squares}) {
      const uint64_t low = reader.GetU64();
      *value = static_cast<__int128>((static_cast<unsigned __int128>(reader.GetU64()) << 64) | low);
    }
    return OkStatus();
  }
  static Status Combine(SmallSpread& left, const SmallSpread& right) {
    left.count += right.count;
    const bool overflow = __builtin_add_overflow(left.sum, right.sum, &left.sum) |
                          __builtin_add_overflow(left.squares, right.squares, &left.squares);
    return overflow ? DamagedPartial() : OkStatus();
  }
};

// ---- two variables ----
struct PairSpread {
  double count = 0;
  double sum_x = 0, squares_x = 0;
  double sum_y = 0, squares_y = 0;
  double products = 0;
};

enum class Regression : uint8_t { kCovarPop, kCovarSamp, kCorr, kCount, kSxx, kSyy, kSxy, kAvgX, kAvgY, kR2, kSlope, kIntercept };

/// nullopt: SQL NULL.
std::optional<double> Regress(Regression what, const PairSpread& s) {
  if (s.count < 1) return std::nullopt;
  switch (what) {
    case Regression::kCovarPop: return s.products / s.count;
    case Regression::kCovarSamp: return s.count < 2 ? std::nullopt : std::optional(s.products / (s.count - 1));
    case Regression::kCorr:
      if (s.squares_x == 0 || s.squares_y == 0) return std::nullopt;
      return s.products / std::sqrt(s.squares_x * s.squares_y);
    case Regression::kSxx: return s.squares_x;
    case Regression::kSyy: return s.squares_y;
    case Regression::kSxy: return s.products;
    case Regression::kAvgX: return s.sum_x / s.count;
    case Regression::kAvgY: return s.sum_y / s.count;
    case Regression::kR2:
      if (s.squares_x == 0) return std::nullopt;
      if (s.squares_y == 0) return 1.0;
      return s.products * s.products / (s.squares_x * s.squares_y);
    case Regression::kSlope: return s.squares_x == 0 ? std::nullopt : std::optional(s.products / s.squares_x);
    case Regression::kIntercept:
      if (s.squares_x == 0) return std::nullopt;
      return (s.sum_y - s.sum_x * s.products / s.squares_x) / s.count;
    case Regression::kCount: return s.count;
  }
  return std::nullopt;
}

/// Arguments are (Y, X), as in SQL.
template <Regression kWhat>
class PairSpreadState final : public StateVector<PairSpreadState<kWhat>, PairSpread> {
 public:
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    const Vector& y_column = *arguments[0];
    const Vector& x_column = *arguments[1];
    for (size_t row = 0; row < groups.rows; ++row) {
      if (y_column.IsNull(row) || x_column.IsNull(row)) continue;
      PairSpread& s = this->states_[groups.ids == nullptr ? 0 : groups.ids[row]];
      const double x = x_column.Get<double>(row);
      const double y = y_column.Get<double>(row);
      s.count += 1;
      s.sum_x += x;
      s.sum_y += y;
      if (s.count > 1) {
        const double dx = x * s.count - s.sum_x;
        const double dy = y * s.count - s.sum_y;
        const double scale = 1.0 / (s.count * (s.count - 1));
        s.squares_x += dx * dx * scale;
        s.squares_y += dy * dy * scale;
        s.products += dx * dy * scale;
      }
    }
    return OkStatus();
  }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      const PairSpread& state = this->states_[group];
      if constexpr (kWhat == Regression::kCount) {
        out.Append<int64_t>(static_cast<int64_t>(state.count));
        continue;
      }
      const std::optional<double> result = Regress(kWhat, state);
      if (result.has_value()) {
        out.Append<double>(*result);
      } else {
        out.AppendNull();
      }
    }
    return OkStatus();
  }
  static void Encode(const PairSpread& s, ByteWriter& writer) {
    for (double value : {s.count, s.sum_x, s.squares_x, s.sum_y, s.squares_y, s.products}) writer.PutF64(value);
  }
  static Status Decode(ByteReader& reader, PairSpread& s) {
    for (double* value : {&s.count, &s.sum_x, &s.squares_x, &s.sum_y, &s.squares_y, &s.products}) *value = reader.GetF64();
    // The count comes back out as an integer.
    return s.count >= 0 && s.count < 9e18 ? OkStatus() : DamagedPartial();
  }
  static Status Combine(PairSpread& left, const PairSpread& right) {
    if (right.count == 0) return OkStatus();
    if (left.count == 0) {
      left = right;
      return OkStatus();
    }
    const double count = left.count + right.count;
    const double dx = left.sum_x / left.count - right.sum_x / right.count;
    const double dy = left.sum_y / left.count - right.sum_y / right.count;
    const double weight = left.count * right.count / count;
    left.squares_x += right.squares_x + weight * dx * dx;
    left.squares_y += right.squares_y + weight * dy * dy;
    left.products += right.products + weight * dx * dy;
    left.sum_x += right.sum_x;
    left.sum_y += right.sum_y;
    left.count = count;
    return OkStatus();
  }
};

template <Spread kSpread>
void RegisterSpread(RegistryBuilder& builder, std::string_view name) {
  builder.Aggregate(name, "int2", "numeric", MakeState<SmallSpreadState<int16_t, kSpread>>);
  builder.Aggregate(name, "int4", "numeric", MakeState<SmallSpreadState<int32_t, kSpread>>);
  builder.Aggregate(name, "int8", "numeric", MakeState<ExactSpreadState<int64_t, kSpread>>);
  builder.Aggregate(name, "numeric", "numeric", MakeState<ExactSpreadState<Numeric, kSpread>>);
  builder.Aggregate(name, "float4", "float8", MakeState<FloatSpreadState<float, kSpread>>);
  builder.Aggregate(name, "float8", "float8", MakeState<FloatSpreadState<double, kSpread>>);
}

template <Regression kWhat>
void RegisterRegression(RegistryBuilder& builder, std::string_view name) {
  builder.Aggregate(name, "float8,float8", kWhat == Regression::kCount ? "int8" : "float8", MakeState<PairSpreadState<kWhat>>);
}

}  // namespace

void RegisterStatistics(RegistryBuilder& builder) {
  RegisterSpread<Spread::kDeviationSample>(builder, "stddev");
  RegisterSpread<Spread::kDeviationSample>(builder, "stddev_samp");
  RegisterSpread<Spread::kDeviationPopulation>(builder, "stddev_pop");
  RegisterSpread<Spread::kVarianceSample>(builder, "variance");
  RegisterSpread<Spread::kVarianceSample>(builder, "var_samp");
  RegisterSpread<Spread::kVariancePopulation>(builder, "var_pop");
  RegisterRegression<Regression::kCovarPop>(builder, "covar_pop");
  RegisterRegression<Regression::kCovarSamp>(builder, "covar_samp");
  RegisterRegression<Regression::kCorr>(builder, "corr");
  RegisterRegression<Regression::kCount>(builder, "regr_count");
  RegisterRegression<Regression::kSxx>(builder, "regr_sxx");
  RegisterRegression<Regression::kSyy>(builder, "regr_syy");
  RegisterRegression<Regression::kSxy>(builder, "regr_sxy");
  RegisterRegression<Regression::kAvgX>(builder, "regr_avgx");
  RegisterRegression<Regression::kAvgY>(builder, "regr_avgy");
  RegisterRegression<Regression::kR2>(builder, "regr_r2");
  RegisterRegression<Regression::kSlope>(builder, "regr_slope");
  RegisterRegression<Regression::kIntercept>(builder, "regr_intercept");
}

}  // namespace tsd::sql
