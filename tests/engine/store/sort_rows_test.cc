#include "engine/store/sort_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/base/random.h"
#include "engine/base/strings.h"

namespace tsd::engine {
namespace {

struct Row {
  int series = 0;  // negative: NULL
  int64_t time = 0;
};

TableSchema SeriesAndTime() {
  TableSchema schema;
  schema.columns = {{ColumnId(1), "time", TypeId::kInt64, Value()}, {ColumnId(2), "series", TypeId::kText, Value()}};
  schema.segment_by = {ColumnId(2)};
  schema.order_by = {ColumnId(1)};
  return schema;
}

/// Of names that sort as their numbers do.
ColumnBatch BatchOf(const std::vector<Row>& rows) {
  auto time = std::make_shared<Vector>(TypeId::kInt64);
  auto series = std::make_shared<Vector>(TypeId::kText);
  for (const Row& row : rows) {
    time->Append<int64_t>(row.time);
    if (row.series < 0) {
      series->AppendNull();
    } else {
      series->AppendBytes(StrCat("series ", 1000 + row.series));
    }
  }
  return ColumnBatch({time, series}, rows.size());
}

void ExpectSorted(const std::vector<Row>& rows) {
  std::vector<uint32_t> expected(rows.size());
  std::iota(expected.begin(), expected.end(), 0);
  const auto series = [&](uint32_t row) { return rows[row].series < 0 ? INT_MAX : rows[row].series; };  // NULLs are last
  std::stable_sort(expected.begin(), expected.end(), [&](uint32_t left, uint32_t right) {
    return std::pair(series(left), rows[left].time) < std::pair(series(right), rows[right].time);
  });
  const SortedRows sorted = SortRows(BatchOf(rows), SeriesAndTime());
  std::vector<uint32_t> order = sorted.order;
  if (order.empty()) {
    order.resize(rows.size());
    std::iota(order.begin(), order.end(), 0);
  }
  EXPECT_EQ(order, expected);
  std::vector<uint32_t> starts;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (i == 0 || series(expected[i]) != series(expected[i - 1])) starts.push_back(static_cast<uint32_t>(i));
  }
  EXPECT_EQ(std::vector<uint32_t>(sorted.segment_starts.begin(), sorted.segment_starts.end()), starts);
}

TEST(SortRows, SeriesThatComeInTheSameOrderAgain) {
  std::vector<Row> rows;
  for (int64_t time = 0; time < 50; ++time) {
    for (const int series : {7, 3, -1, 9, 3, 1}) rows.push_back({series, time});
  }
  ExpectSorted(rows);
}

TEST(SortRows, AnyOrder) {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    const uint64_t count = random.Below(200);
    const int64_t kinds = static_cast<int64_t>(random.Below(12)) + 1;
    std::vector<Row> rows;
    for (uint64_t i = 0; i < count; ++i) {
      // Now a new series, now the next one, so that what followed a series before is sometimes wrong.
      const int series = rows.empty() || random.Below(3) == 0 ? static_cast<int>(random.Below(static_cast<uint64_t>(kinds) + 1)) - 1
                                                              : static_cast<int>((rows.back().series + 2) % (kinds + 1)) - 1;
      rows.push_back({series, random.Below(4) == 0 ? static_cast<int64_t>(random.Below(20)) : static_cast<int64_t>(i)});
    }
    ExpectSorted(rows);
  }
}

}  // namespace
}  // namespace tsd::engine
