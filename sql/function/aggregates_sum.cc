// count, sum, avg.
#include <cmath>

#include "engine/base/strings.h"
#include "engine/types/interval_text.h"
#include "engine/types/numeric.h"
#include "sql/function/aggregate_rows.h"
#include "sql/function/aggregates.h"

namespace tsd::sql {
namespace {

// ---- count ----
class CountState final : public AggregateState {
 public:
  void Resize(size_t groups) override { counts_.resize(groups); }
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    int64_t* counts = counts_.data();
    if (!arguments.empty() && arguments[0]->HasNulls()) {
      const VectorPtr column = Vector::Flatten(arguments[0]);
      ForPresentRows(*column, groups, [=](size_t, uint32_t group) { ++counts[group]; });
    } else if (!ForGroupRuns(groups, [=](size_t begin, size_t end, uint32_t group) { counts[group] += static_cast<int64_t>(end - begin); })) {
      for (size_t row = 0; row < groups.rows; ++row) ++counts[groups.ids[row]];
    }
    return OkStatus();
  }
  Status Merge(const Vector& partial, GroupIds groups) override {
    if (partial.type().Physical() != PhysicalType::kInt64) return DamagedPartial();
    return TryPresentRows(partial, groups, [&](size_t row, uint32_t group) {
      counts_[group] += partial.Get<int64_t>(row);
      return OkStatus();
    });
  }
  DataType PartialType() const override { return TypeId::kInt64; }
  Status Partial(size_t begin, size_t end, Vector& out) override { return Finish(begin, end, out); }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) out.Append<int64_t>(counts_[group]);
    return OkStatus();
  }
  size_t MemoryBytes() const override { return counts_.capacity() * sizeof(int64_t); }
  RunNeed NeedOfRuns() const override { return RunNeed::kCount; }
  Status UpdateRuns(const engine::RunColumn* argument, std::span<const uint32_t> rows, GroupIds groups) override {
    const std::span<const uint32_t> counted = argument == nullptr ? rows : std::span<const uint32_t>(argument->counts);
    for (size_t run = 0; run < groups.rows; ++run) counts_[groups.ids == nullptr ? 0 : groups.ids[run]] += counted[run];
    return OkStatus();
  }

 private:
  std::vector<int64_t> counts_;
};

// ---- accumulators for sum and avg: Add(value) per type, exact for integers ----
Status BigintOverflow() { return Error(sqlstate::kNumericValueOutOfRange, "bigint out of range"); }
Status FloatOverflow() { return Error(sqlstate::kNumericValueOutOfRange, "value out of range: overflow"); }

void PutInt128(__int128 value, ByteWriter& writer) {
  writer.PutU64(static_cast<uint64_t>(static_cast<unsigned __int128>(value)));
  writer.PutU64(static_cast<uint64_t>(static_cast<unsigned __int128>(value) >> 64));
}
__int128 GetInt128(ByteReader& reader) {
  const uint64_t low = reader.GetU64();
  const uint64_t high = reader.GetU64();
  return static_cast<__int128>((static_cast<unsigned __int128>(high) << 64) | low);
}

/// Sum of a run of doubles with independent accumulators, which the compiler may keep in vector registers.
double SumRun(const double* values, size_t count) {
  double lanes[8] = {};
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (size_t j = 0; j < 8; ++j) lanes[j] += values[i + j];
  }
  double sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
  for (; i < count; ++i) sum += values[i];
  return sum;
}
double SumRun(const float* values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += static_cast<double>(values[i]);
  return sum;
}
template <typename T>
int64_t SumRunNarrow(const T* values, size_t count) {
  int64_t sum = 0;
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    for (size_t j = 0; j < 64; ++j) sum += values[i + j];
  }
  for (; i < count; ++i) sum += values[i];
  return sum;
}

/// Integers of up to 64 bits, summed in 128.
template <typename T>
struct IntegerSums {
  struct State {
    __int128 sum = 0;
    int64_t count = 0;
  };
  std::vector<State> states;

  Status Update(const Vector& column, GroupIds groups) {
    const T* values = column.values<T>();
    State* target = states.data();
    if constexpr (sizeof(T) < 8) {
      if (!column.HasNulls() && ForGroupRuns(groups, [=](size_t begin, size_t end, uint32_t group) {
            target[group].sum += SumRunNarrow(values + begin, end - begin);
            target[group].count += static_cast<int64_t>(end - begin);
          })) {
        return OkStatus();
      }
    }
    ForPresentRows(column, groups, [=](size_t row, uint32_t group) {
      target[group].sum += values[row];
      ++target[group].count;
    });
    return OkStatus();
  }
  void Encode(const State& state, ByteWriter& writer) const {
    writer.PutVarint(static_cast<uint64_t>(state.count));
    PutInt128(state.sum, writer);
  }
  Status Decode(ByteReader& reader, State& state) const {
    state.count += static_cast<int64_t>(reader.GetVarint());
    const __int128 sum = GetInt128(reader);
    return __builtin_add_overflow(state.sum, sum, &state.sum) ? DamagedPartial() : OkStatus();
  }
  static bool Empty(const State& state) { return state.count == 0; }
  void AddRun(const engine::RunColumn& column, size_t run, uint32_t group) {
    states[group].sum += column.integer_sums[run];
    states[group].count += column.counts[run];
  }
};

/// Floats in double. Rows are added plainly, up to kFoldRows of them; such parts are added up with what rounding lost (Neumaier's
/// compensation), also across nodes and threads. So a result depends on how rows were cut into parts by no more than its last digits,
/// however many rows there are. Error on an overflow of finite values, as PostgreSQL.
template <typename T>
struct FloatSums {
  static constexpr int64_t kFoldRows = 1024;
  static constexpr size_t kLanedRows = 16;  // shorter runs are added in order, which is what PostgreSQL does
  struct State {
    double part = 0;  // rows not folded yet
    double sum = 0, lost = 0;
    int64_t count = 0;

    void Add(double value) {
      const double next = sum + value;
      // Infinite or NaN: what was lost is NaN, and does not count.
      lost += std::fabs(sum) >= std::fabs(value) ? (sum - next) + value : (value - next) + sum;
      sum = next;
    }
    void Fold() {
      Add(part);
      part = 0;
    }
    double Total() const {
      State copy = *this;
      copy.Fold();
      return std::isfinite(copy.lost) && std::isfinite(copy.sum) ? copy.sum + copy.lost : copy.sum;
    }
  };
  std::vector<State> states;

  Status Update(const Vector& column, GroupIds groups) {
    const T* values = column.values<T>();
    State* target = states.data();
    double all = 0;  // NaN once a run's sum was not finite
    double* check = &all;
    const bool in_runs = !column.HasNulls() && ForGroupRuns(groups, [=](size_t begin, size_t end, uint32_t group) {
      State& state = target[group];
      const size_t rows = end - begin;
      if (rows < kLanedRows) {
        for (size_t row = begin; row < end; ++row) state.part += static_cast<double>(values[row]);
        *check += state.part * 0;
        const int64_t before = state.count;
        state.count += static_cast<int64_t>(rows);
        if (before / kFoldRows != state.count / kFoldRows) state.Fold();
      } else {
        const double sum = SumRun(values + begin, rows);
        *check += sum * 0;
        state.Add(sum);
        state.count += static_cast<int64_t>(rows);
      }
    });
    if (!in_runs) {
      ForPresentRows(column, groups, [=](size_t row, uint32_t group) {
        State& state = target[group];
        state.part += static_cast<double>(values[row]);
        if (++state.count % kFoldRows == 0) state.Fold();
      });
    }
    const bool finite = in_runs ? all == 0 : AllFinite(values, groups.rows);
    if (!finite) NoteInfinite(column, groups);
    return OkStatus();
  }
  void Encode(const State& state, ByteWriter& writer) const {
    State folded = state;
    folded.Fold();
    writer.PutVarint(static_cast<uint64_t>(state.count));
    writer.PutF64(folded.sum);
    writer.PutF64(folded.lost);
  }
  Status Decode(ByteReader& reader, State& state) {
    state.count += static_cast<int64_t>(reader.GetVarint());
    const double sum = reader.GetF64();
    const double lost = reader.GetF64();
    // A sum that overflowed on its node was an error there.
    if (!std::isfinite(sum)) MarkInfinite(static_cast<size_t>(&state - states.data()));
    state.Fold();
    state.Add(sum);
    if (std::isfinite(lost)) state.lost += lost;
    return OkStatus();
  }
  /// The state's end value; not finite is right only if such a value went in.
  struct Result {
    double sum;
    int64_t count;
  };
  StatusOr<Result> ResultOf(size_t group) const {
    const double total = states[group].Total();
    if (!std::isfinite(total) && (group >= infinite_.size() || infinite_[group] == 0)) return FloatOverflow();
    return Result{total, states[group].count};
  }
  static bool Empty(const State& state) { return state.count == 0; }
  void AddRun(const engine::RunColumn& column, size_t run, uint32_t group) {
    states[group].Add(column.float_sums[run]);
    states[group].count += column.counts[run];
  }

 private:
  static bool AllFinite(const T* values, size_t rows) {
    T all = 0;  // x * 0 is 0, or NaN if x is infinite or NaN
    size_t i = 0;
    for (; i + 16 <= rows; i += 16) {
      T sums[4] = {};
      for (size_t j = 0; j < 16; ++j) sums[j % 4] += values[i + j] * 0;
      all += (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
    for (; i < rows; ++i) all += values[i] * 0;
    return all == 0;
  }
  void MarkInfinite(size_t group) {
    if (infinite_.size() < states.size()) infinite_.resize(states.size());
    infinite_[group] = 1;
  }
  void NoteInfinite(const Vector& column, GroupIds groups) {
    const T* values = column.values<T>();
    ForPresentRows(column, groups, [&](size_t row, uint32_t group) {
      if (!std::isfinite(values[row])) MarkInfinite(group);
    });
  }

  std::vector<uint8_t> infinite_;  // by group
};

struct NumericSums {
  struct State {
    Numeric sum;
    int64_t count = 0;
  };
  std::vector<State> states;

  Status Update(const Vector& column, GroupIds groups) {
    return TryPresentRows(column, groups, [&](size_t row, uint32_t group) -> Status {
      ASSIGN_OR_RETURN(Numeric value, Numeric::Decode(column.GetBytes(row)));
      ASSIGN_OR_RETURN(states[group].sum, Numeric::Add(states[group].sum, value));
      ++states[group].count;
      return OkStatus();
    });
  }
  void Encode(const State& state, ByteWriter& writer) const {
    writer.PutVarint(static_cast<uint64_t>(state.count));
    writer.PutString(state.sum.Encode());
  }
  Status Decode(ByteReader& reader, State& state) const {
    state.count += static_cast<int64_t>(reader.GetVarint());
    ASSIGN_OR_RETURN(Numeric sum, Numeric::Decode(reader.GetString()));
    ASSIGN_OR_RETURN(state.sum, Numeric::Add(state.sum, sum));
    return OkStatus();
  }
  static bool Empty(const State& state) { return state.count == 0; }
};

struct IntervalSums {
  struct State {
    Interval sum;
    int64_t count = 0;
  };
  std::vector<State> states;

  Status Update(const Vector& column, GroupIds groups) {
    return TryPresentRows(column, groups, [&](size_t row, uint32_t group) -> Status {
      ASSIGN_OR_RETURN(states[group].sum, AddIntervals(states[group].sum, column.Get<Interval>(row)));
      ++states[group].count;
      return OkStatus();
    });
  }
  void Encode(const State& state, ByteWriter& writer) const {
    writer.PutVarint(static_cast<uint64_t>(state.count));
    writer.PutZigzag(state.sum.months);
    writer.PutZigzag(state.sum.days);
    writer.PutZigzag(state.sum.micros);
  }
  Status Decode(ByteReader& reader, State& state) const {
    state.count += static_cast<int64_t>(reader.GetVarint());
    Interval sum;
    sum.months = static_cast<int32_t>(reader.GetZigzag());
    sum.days = static_cast<int32_t>(reader.GetZigzag());
    sum.micros = reader.GetZigzag();
    ASSIGN_OR_RETURN(state.sum, AddIntervals(state.sum, sum));
    return OkStatus();
  }
  static bool Empty(const State& state) { return state.count == 0; }
};

// ---- results ----
struct SumToBigint {
  template <typename State>
  static Status Put(const State& state, Vector& out) {
    if (state.sum > INT64_MAX || state.sum < INT64_MIN) return BigintOverflow();
    out.Append<int64_t>(static_cast<int64_t>(state.sum));
    return OkStatus();
  }
};
struct SumToNumeric {
  template <typename State>
  static Status Put(const State& state, Vector& out) {
    if constexpr (std::is_same_v<decltype(state.sum), Numeric>) {
      out.AppendBytes(state.sum.Encode());
    } else {
      out.AppendBytes(Numeric::FromInt128(state.sum).Encode());
    }
    return OkStatus();
  }
};
struct SumToFloat {
  template <typename State>
  static Status Put(const State& state, Vector& out) {
    const float sum = static_cast<float>(state.sum);
    if (std::isinf(sum) && !std::isinf(state.sum)) return FloatOverflow();
    out.Append<float>(sum);
    return OkStatus();
  }
};
struct SumToDouble {
  template <typename State>
  static Status Put(const State& state, Vector& out) {
    out.Append<double>(state.sum);
    return OkStatus();
  }
};
struct SumToInterval {
  template <typename State>
  static Status Put(const State& state, Vector& out) {
    out.Append<Interval>(state.sum);
    return OkStatus();
  }
};
struct AverageToNumeric {
  template <typename State>
  static Status Put(const State& state, Vector& out) {
    Numeric sum;
    if constexpr (std::is_same_v<decltype(state.sum), Numeric>) {
      sum = state.sum;
    } else {
      sum = Numeric::FromInt128(state.sum);
    }
    ASSIGN_OR_RETURN(Numeric average, Numeric::Divide(sum, Numeric::FromInt64(state.count)));
    out.AppendBytes(average.Encode());
    return OkStatus();
  }
};
struct AverageToDouble {
  template <typename State>
  static Status Put(const State& state, Vector& out) {
    out.Append<double>(state.sum / static_cast<double>(state.count));
    return OkStatus();
  }
};
struct AverageToInterval {
  template <typename State>
  static Status Put(const State& state, Vector& out) {
    ASSIGN_OR_RETURN(Interval average, DivideInterval(state.sum, static_cast<double>(state.count)));
    out.Append<Interval>(average);
    return OkStatus();
  }
};

template <typename Sums, typename Result>
class SumState final : public AggregateState {
 public:
  void Resize(size_t groups) override { sums_.states.resize(groups); }
  Status Update(std::span<const VectorPtr> arguments, GroupIds groups) override {
    return sums_.Update(*Vector::Flatten(arguments[0]), groups);
  }
  Status Merge(const Vector& partial, GroupIds groups) override {
    return ForPartialStates(partial, groups,
                            [this](ByteReader& reader, uint32_t group) { return sums_.Decode(reader, sums_.states[group]); });
  }
  DataType PartialType() const override { return TypeId::kBytea; }
  Status Partial(size_t begin, size_t end, Vector& out) override {
    ByteWriter writer;
    for (size_t group = begin; group < end; ++group) {
      if (Sums::Empty(sums_.states[group])) {
        out.AppendNull();
        continue;
      }
      if constexpr (requires { sums_.ResultOf(group); }) RETURN_IF_ERROR(sums_.ResultOf(group).status());
      writer.Clear();
      sums_.Encode(sums_.states[group], writer);
      out.AppendBytes(writer.data());
    }
    return OkStatus();
  }
  Status Finish(size_t begin, size_t end, Vector& out) override {
    for (size_t group = begin; group < end; ++group) {
      if (Sums::Empty(sums_.states[group])) {
        out.AppendNull();
      } else if constexpr (requires { sums_.ResultOf(group); }) {
        ASSIGN_OR_RETURN(const auto result, sums_.ResultOf(group));
        RETURN_IF_ERROR(Result::Put(result, out));
      } else {
        RETURN_IF_ERROR(Result::Put(sums_.states[group], out));
      }
    }
    return OkStatus();
  }
  size_t MemoryBytes() const override { return sums_.states.capacity() * sizeof(typename Sums::State); }
  RunNeed NeedOfRuns() const override { return kRuns ? RunNeed::kSums : RunNeed::kRows; }
  Status UpdateRuns(const engine::RunColumn* argument, std::span<const uint32_t> rows, GroupIds groups) override {
    if constexpr (kRuns) {
      if (argument == nullptr) return AggregateState::UpdateRuns(argument, rows, groups);
      for (size_t run = 0; run < groups.rows; ++run) {
        if (argument->counts[run] != 0) sums_.AddRun(*argument, run, groups.ids == nullptr ? 0 : groups.ids[run]);
      }
      return OkStatus();
    } else {
      return AggregateState::UpdateRuns(argument, rows, groups);
    }
  }

 private:
  static constexpr bool kRuns = requires(Sums sums, const engine::RunColumn& column) { sums.AddRun(column, 0, 0); };
  Sums sums_;
};

}  // namespace

void RegisterSums(RegistryBuilder& builder) {
  builder.Aggregate("count", "", "int8", MakeState<CountState>);
  builder.Aggregate("count", "any", "int8", MakeState<CountState>);
  builder.Aggregate("sum", "int2", "int8", MakeState<SumState<IntegerSums<int16_t>, SumToBigint>>);
  builder.Aggregate("sum", "int4", "int8", MakeState<SumState<IntegerSums<int32_t>, SumToBigint>>);
  builder.Aggregate("sum", "int8", "numeric", MakeState<SumState<IntegerSums<int64_t>, SumToNumeric>>);
  builder.Aggregate("sum", "numeric", "numeric", MakeState<SumState<NumericSums, SumToNumeric>>);
  builder.Aggregate("sum", "float4", "float4", MakeState<SumState<FloatSums<float>, SumToFloat>>);
  builder.Aggregate("sum", "float8", "float8", MakeState<SumState<FloatSums<double>, SumToDouble>>);
  builder.Aggregate("sum", "interval", "interval", MakeState<SumState<IntervalSums, SumToInterval>>);
  builder.Aggregate("avg", "int2", "numeric", MakeState<SumState<IntegerSums<int16_t>, AverageToNumeric>>);
  builder.Aggregate("avg", "int4", "numeric", MakeState<SumState<IntegerSums<int32_t>, AverageToNumeric>>);
  builder.Aggregate("avg", "int8", "numeric", MakeState<SumState<IntegerSums<int64_t>, AverageToNumeric>>);
  builder.Aggregate("avg", "numeric", "numeric", MakeState<SumState<NumericSums, AverageToNumeric>>);
  builder.Aggregate("avg", "float4", "float8", MakeState<SumState<FloatSums<float>, AverageToDouble>>);
  builder.Aggregate("avg", "float8", "float8", MakeState<SumState<FloatSums<double>, AverageToDouble>>);
  builder.Aggregate("avg", "interval", "interval", MakeState<SumState<IntervalSums, AverageToInterval>>);
}

}  // namespace tsd::sql
