#include "engine/scan/run_columns.h"

#include <cmath>

#include "engine/codec/double_kernels.h"
#include "engine/scan/row_kernels.h"

namespace tsd::engine {
namespace {

/// What is known of one run. Sums of floats are doubles, of integers whole numbers.
template <typename T>
struct RunValues {
  using Sum = std::conditional_t<std::is_floating_point_v<T>, double, __int128>;
  uint32_t count = 0;
  Sum sum = 0;
  T low = T(), high = T();

  void Take(T value) {
    if constexpr (std::is_floating_point_v<T>) {
      // NaN is above every number.
      if (count == 0 || value < low || low != low) low = value;
      if (count == 0 || value > high || value != value) high = value;
    } else {
      if (count == 0 || value < low) low = value;
      if (count == 0 || value > high) high = value;
    }
    sum += static_cast<Sum>(value);
    ++count;
  }
};

template <typename T>
RunValues<T> RunOf(const T* values, RowSpan span) {
  RunValues<T> run;
  for (size_t row = span.begin; row < span.end; ++row) run.Take(values[row]);
  return run;
}

RunValues<double> RunOfDoubles(const double* values, RowSpan span, bool bounds) {
  RunValues<double> run;
  run.count = span.end - span.begin;
  if (!bounds) {
    run.sum = SumDoubles(values + span.begin, run.count);
    return run;
  }
  const DoubleSummary summary = SummariseDoubles(values + span.begin, run.count);
  run.sum = summary.sum;
  run.low = summary.has_number ? summary.low : NAN;
  run.high = summary.has_nan ? NAN : summary.high;
  return run;
}

template <typename T>
RunValues<T> RunOfKept(const Vector& values, std::span<const uint8_t> keep, RowSpan span) {
  RunValues<T> run;
  for (size_t row = span.begin; row < span.end; ++row) {
    if ((keep.empty() || keep[row] != 0) && !values.IsNull(row)) run.Take(values.Get<T>(row));
  }
  return run;
}

template <typename T>
RunValues<T> MakeRun(const Vector& values, std::span<const uint8_t> keep, RowSpan span, bool bounds) {
  const bool every = keep.empty() && !values.HasNulls();
  if constexpr (std::is_same_v<T, double>) {
    if (every) return RunOfDoubles(values.values<double>(), span, bounds);
    if (!bounds && !values.HasNulls()) {
      RunValues<double> run;
      run.count = static_cast<uint32_t>(CountKept(keep.data() + span.begin, span.end - span.begin));
      run.sum = SumKeptDoubles(values.values<double>() + span.begin, keep.data() + span.begin, span.end - span.begin);
      return run;
    }
  }
  return every ? RunOf<T>(values.values<T>(), span) : RunOfKept<T>(values, keep, span);
}

template <typename T>
void AddRuns(const Vector& values, std::span<const RowSpan> spans, std::span<const uint8_t> keep, const RunRequest::Column& wanted, RunColumn& out) {
  const auto put = [](const RunValues<T>& run, T value, Vector& bounds) { run.count == 0 ? bounds.AppendNull() : bounds.Append<T>(value); };
  for (const RowSpan& span : spans) {
    const RunValues<T> run = MakeRun<T>(values, keep, span, wanted.bounds);
    out.counts.push_back(run.count);
    if constexpr (std::is_floating_point_v<T>) {
      if (wanted.sums) out.float_sums.push_back(run.sum);
    } else {
      if (wanted.sums) out.integer_sums.push_back(run.sum);
    }
    if (!wanted.bounds) continue;
    put(run, run.low, *out.lows);
    put(run, run.high, *out.highs);
  }
}

void CountValues(const Vector& values, std::span<const RowSpan> spans, std::span<const uint8_t> keep, RunColumn& out) {
  for (const RowSpan& span : spans) {
    uint32_t count = 0;
    for (size_t row = span.begin; row < span.end; ++row) count += (keep.empty() || keep[row] != 0) && !values.IsNull(row) ? 1 : 0;
    out.counts.push_back(count);
  }
}

void StartBounds(DataType type, RunColumn& out) {
  if (out.lows != nullptr) return;
  out.lows = std::make_shared<Vector>(type);
  out.highs = std::make_shared<Vector>(type);
}

bool HasNumbers(DataType type) {
  switch (type.Physical()) {
    case PhysicalType::kInt16:
    case PhysicalType::kInt32:
    case PhysicalType::kInt64:
    case PhysicalType::kFloat32:
    case PhysicalType::kFloat64: return !type.is_array;
    default: return false;
  }
}

}  // namespace

bool CanSummarise(DataType type, const RunRequest::Column& wanted) {
  if (wanted.sums && !type.IsInteger() && !type.IsFloat()) return false;
  return !wanted.bounds || HasNumbers(type);
}

bool AddSummary(const ColumnStats& stats, DataType type, const RunRequest::Column& wanted, RunColumn& out) {
  const bool any = stats.value_count() != 0;
  if (!CanSummarise(type, wanted)) return false;
  if (wanted.sums && any) {
    if (stats.sum_kind != (type.IsFloat() ? ColumnStats::SumKind::kDouble : ColumnStats::SumKind::kInteger)) return false;
    if (type.IsFloat() && !std::isfinite(stats.double_sum)) return false;
  }
  if (wanted.bounds && any && (!stats.has_bounds || !stats.exact)) return false;
  out.counts.push_back(static_cast<uint32_t>(stats.value_count()));
  if (wanted.sums && type.IsFloat()) out.float_sums.push_back(any ? stats.double_sum : 0);
  if (wanted.sums && type.IsInteger()) out.integer_sums.push_back(any ? stats.int_sum : 0);
  if (wanted.bounds) {
    StartBounds(type, out);
    any ? stats.min.AppendTo(*out.lows) : out.lows->AppendNull();
    any ? stats.max.AppendTo(*out.highs) : out.highs->AppendNull();
  }
  return true;
}

void SummariseSpans(const Vector& values, std::span<const RowSpan> spans, std::span<const uint8_t> keep, const RunRequest::Column& wanted,
                    RunColumn& out) {
  if (!wanted.sums && !wanted.bounds) return CountValues(values, spans, keep, out);
  if (wanted.bounds) StartBounds(values.type(), out);
  switch (values.type().Physical()) {
    case PhysicalType::kInt16: return AddRuns<int16_t>(values, spans, keep, wanted, out);
    case PhysicalType::kInt32: return AddRuns<int32_t>(values, spans, keep, wanted, out);
    case PhysicalType::kInt64: return AddRuns<int64_t>(values, spans, keep, wanted, out);
    case PhysicalType::kFloat32: return AddRuns<float>(values, spans, keep, wanted, out);
    case PhysicalType::kFloat64: return AddRuns<double>(values, spans, keep, wanted, out);
    default: TSD_CHECK(false);
  }
}

}  // namespace tsd::engine
