// Sorting rows by keys: rows a second on one core, beside std::sort of the same keys.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/base/random.h"
#include "engine/base/strings.h"
#include "sql/exec/row_sorter.h"

namespace tsd::sql {
namespace {

constexpr size_t kRows = 2'000'000;

ColumnBatch Rows(bool in_order) {
  Random random(1);
  auto whole = std::make_shared<Vector>(DataType(TypeId::kInt64));
  auto real = std::make_shared<Vector>(DataType(TypeId::kFloat64));
  auto text = std::make_shared<Vector>(DataType(TypeId::kText));
  for (size_t row = 0; row < kRows; ++row) {
    whole->Append<int64_t>(static_cast<int64_t>(in_order ? row : random.Next()));
    real->Append<double>(static_cast<double>(random.Below(100)));
    text->AppendBytes(StrCat("device number ", random.Below(kRows)));
  }
  return ColumnBatch({whole, real, text}, kRows);
}

void SortRows(benchmark::State& state, std::vector<OrderKey> keys, bool in_order) {
  const ColumnBatch rows = Rows(in_order);
  for (auto _ : state) benchmark::DoNotOptimize(SortedRows(rows, keys));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRows));
}
BENCHMARK_CAPTURE(SortRows, one_key, std::vector<OrderKey>{{0}}, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(SortRows, one_key_in_order, std::vector<OrderKey>{{0}}, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(SortRows, few_values_then_a_key, std::vector<OrderKey>{{1}, {0}}, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(SortRows, texts, std::vector<OrderKey>{{2}}, false)->Unit(benchmark::kMillisecond);

void StandardSort(benchmark::State& state) {
  const ColumnBatch rows = Rows(false);
  const int64_t* values = rows.column(0).values<int64_t>();
  for (auto _ : state) {
    std::vector<std::pair<int64_t, uint32_t>> pairs(kRows);
    for (size_t row = 0; row < kRows; ++row) pairs[row] = {values[row], static_cast<uint32_t>(row)};
    std::sort(pairs.begin(), pairs.end());
    benchmark::DoNotOptimize(pairs.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRows));
}
BENCHMARK(StandardSort)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tsd::sql
