// Kernels of query execution: keys to groups, aggregates, time_bucket, filters. Rows of 100 hosts, either time by time or host by host.
#include <benchmark/benchmark.h>

#include "engine/base/strings.h"
#include "sql/exec/aggregate_state.h"
#include "sql/exec/evaluator.h"
#include "sql/exec/group_table.h"

namespace tsd::sql {
namespace {

constexpr size_t kBatches = 64, kHosts = 100;
constexpr int64_t kStep = 10'000'000, kHour = 3'600'000'000;

enum class Layout { kByTime, kByHost };

struct Rows {
  std::vector<ColumnBatch> batches;  // hour, host, value, time
};

Rows MakeRows(Layout layout) {
  Rows rows;
  size_t at = 0;
  const size_t steps = kBatches * kDefaultBatchRows / kHosts;
  for (size_t b = 0; b < kBatches; ++b) {
    auto hour = std::make_shared<Vector>(DataType(TypeId::kTimestampTz));
    auto host = std::make_shared<Vector>(DataType(TypeId::kText));
    auto value = std::make_shared<Vector>(DataType(TypeId::kFloat64));
    auto time = std::make_shared<Vector>(DataType(TypeId::kTimestampTz));
    for (size_t i = 0; i < kDefaultBatchRows; ++i, ++at) {
      const size_t step = layout == Layout::kByTime ? at / kHosts : at % steps;
      const size_t number = layout == Layout::kByTime ? at % kHosts : at / steps;
      const int64_t when = static_cast<int64_t>(step) * kStep;
      hour->Append<int64_t>(when / kHour * kHour);
      host->AppendBytes(StrCat("host_", number));
      value->Append<double>(static_cast<double>((at * 7919) % 101));
      time->Append<int64_t>(when);
    }
    rows.batches.push_back(ColumnBatch({hour, host, value, time}, kDefaultBatchRows));
  }
  return rows;
}

void Rate(benchmark::State& state) { state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatches * kDefaultBatchRows)); }

void GroupByHourAndHost(benchmark::State& state, Layout layout) {
  const Rows rows = MakeRows(layout);
  std::vector<uint32_t> ids;
  std::vector<GroupRun> runs;
  for (auto _ : state) {
    GroupTable table({TypeId::kTimestampTz, TypeId::kText});
    for (const ColumnBatch& batch : rows.batches) table.Resolve({batch.column_ptr(0), batch.column_ptr(1)}, batch.rows(), &ids, &runs);
    benchmark::DoNotOptimize(table.size());
  }
  Rate(state);
}
BENCHMARK_CAPTURE(GroupByHourAndHost, by_time, Layout::kByTime)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(GroupByHourAndHost, by_host, Layout::kByHost)->Unit(benchmark::kMillisecond);

void Aggregate(benchmark::State& state, const char* function, Layout layout) {
  const Rows rows = MakeRows(layout);
  const DataType type = TypeId::kFloat64;
  GroupTable table({TypeId::kTimestampTz, TypeId::kText});
  std::vector<std::vector<uint32_t>> ids(rows.batches.size());
  std::vector<std::vector<GroupRun>> runs(rows.batches.size());
  for (size_t b = 0; b < rows.batches.size(); ++b) {
    const ColumnBatch& batch = rows.batches[b];
    table.Resolve({batch.column_ptr(0), batch.column_ptr(1)}, batch.rows(), &ids[b], &runs[b]);
  }
  for (auto _ : state) {
    auto aggregate = MakeAggregate(function, std::span(&type, 1), type);
    (*aggregate)->Resize(table.size());
    for (size_t b = 0; b < rows.batches.size(); ++b) {
      const VectorPtr values = rows.batches[b].column_ptr(2);
      const Status status = (*aggregate)->Update(std::span(&values, 1), GroupIds{ids[b].data(), values->size(), runs[b]});
      if (!status.ok()) state.SkipWithError("update");
    }
  }
  Rate(state);
}
BENCHMARK_CAPTURE(Aggregate, avg_by_time, "avg(float8)", Layout::kByTime)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Aggregate, avg_by_host, "avg(float8)", Layout::kByHost)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Aggregate, max_by_time, "max(float8)", Layout::kByTime)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Aggregate, max_by_host, "max(float8)", Layout::kByHost)->Unit(benchmark::kMillisecond);

void Evaluate(benchmark::State& state, const Expr& expr, Layout layout) {
  const Rows rows = MakeRows(layout);
  const ExecContext context;
  auto compiled = CompiledExpr::Compile(expr);
  for (auto _ : state) {
    for (const ColumnBatch& batch : rows.batches) benchmark::DoNotOptimize((*compiled)->Evaluate(batch, context));
  }
  Rate(state);
}

void TimeBucket(benchmark::State& state, Layout layout) {
  Interval width;
  width.micros = kHour;
  const ExprPtr call = MakeCall("time_bucket(interval,timestamptz)", TypeId::kTimestampTz,
                                {MakeConstant(Value::IntervalValue(width)), MakeColumn(3, TypeId::kTimestampTz)});
  Evaluate(state, *call, layout);
}
BENCHMARK_CAPTURE(TimeBucket, by_time, Layout::kByTime)->Unit(benchmark::kMillisecond);

void FilterGreater(benchmark::State& state) {
  const Rows rows = MakeRows(Layout::kByTime);
  const ExecContext context;
  auto compiled = CompiledExpr::Compile(
      *MakeCall(">(float8,float8)", TypeId::kBool, {MakeColumn(2, TypeId::kFloat64), MakeConstant(Value::Float64(50))}));
  std::vector<uint32_t> selection;
  for (auto _ : state) {
    for (const ColumnBatch& batch : rows.batches) {
      if (!(*compiled)->EvaluateFilter(batch, context, &selection).ok()) state.SkipWithError("filter");
    }
  }
  Rate(state);
}
BENCHMARK(FilterGreater)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tsd::sql
