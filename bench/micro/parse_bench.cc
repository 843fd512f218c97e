// The SQL parser alone: statements a second, from text to trees.
#include <benchmark/benchmark.h>

#include <string>

#include "engine/base/strings.h"
#include "sql/parse/parser.h"

namespace tsd::sql::parse {
namespace {

void Parse(benchmark::State& state, const std::string& text) {
  for (auto _ : state) {
    auto statements = ParseSql(text);
    if (!statements.ok()) {
      state.SkipWithError(std::string(statements.status().message()).c_str());
      return;
    }
    benchmark::DoNotOptimize(statements);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

/// A multi-row INSERT as loaders send it: ten numbers a row.
std::string ManyRows(size_t rows) {
  std::string text = "INSERT INTO cpu VALUES ";
  for (size_t row = 0; row < rows; ++row) {
    StrAppend(&text, row == 0 ? "" : ", ", "('2024-01-01 00:00:00+00', 'host_", row % 100, "', 1, 2.5, 3, 4, 5, 6.25, 7, 8, 9, 10)");
  }
  return text;
}

BENCHMARK_CAPTURE(Parse, select_1, "SELECT 1");
BENCHMARK_CAPTURE(Parse, last_point, "SELECT DISTINCT ON (hostname) * FROM cpu ORDER BY hostname, time DESC");
BENCHMARK_CAPTURE(Parse, grouped,
                  "SELECT time_bucket(interval '1 hour', time) AS hour, hostname, avg(usage_user), max(usage_system) FROM cpu WHERE time >= timestamptz "
                  "'2016-01-02 16:38:38+00' AND time < timestamptz '2016-01-03 04:38:38+00' AND hostname IN ('host_1', 'host_2', 'host_3') "
                  "GROUP BY hour, hostname HAVING count(*) > 1 ORDER BY hour, hostname LIMIT 100");
BENCHMARK_CAPTURE(Parse, insert_one, "INSERT INTO cpu VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
BENCHMARK_CAPTURE(Parse, insert_1000, ManyRows(1000))->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tsd::sql::parse
