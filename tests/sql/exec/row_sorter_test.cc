// RowSorter against a stable sort by CompareOrder, on shapes that quicksorts fear, in steps that are short.
#include "sql/exec/row_sorter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "engine/base/random.h"
#include "engine/base/strings.h"

namespace tsd::sql {
namespace {

std::vector<uint32_t> Expected(const ColumnBatch& rows, const std::vector<OrderKey>& keys) {
  std::vector<uint32_t> order(rows.rows());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return CompareOrder(keys, rows, a, rows, b) < 0; });
  return order;
}

template <typename T>
std::shared_ptr<Vector> ColumnOf(TypeId type, size_t rows, auto value) {
  auto column = std::make_shared<Vector>(DataType(type));
  for (size_t row = 0; row < rows; ++row) {
    const std::optional<T> made = value(row);
    if (!made.has_value()) {
      column->AppendNull();
    } else if constexpr (std::is_same_v<T, std::string>) {
      column->AppendBytes(*made);
    } else {
      column->template Append<T>(*made);
    }
  }
  return column;
}

/// How many steps it took.
size_t CheckSort(std::vector<VectorPtr> columns, const std::vector<OrderKey>& keys) {
  const size_t rows = columns[0]->size();
  const ColumnBatch batch(std::move(columns), rows);
  RowSorter sorter(batch, keys);
  size_t steps = 1;
  while (!sorter.Step()) ++steps;
  EXPECT_EQ(sorter.Take(), Expected(batch, keys));
  EXPECT_EQ(FirstRows(batch, keys, rows / 3), [&] {
    std::vector<uint32_t> first = Expected(batch, keys);
    first.resize(rows / 3);
    return first;
  }());
  return steps;
}

TEST(RowSorter, ShapesOfInput) {
  constexpr size_t kRows = 100'000;
  Random random(1);
  const std::vector<std::function<int64_t(size_t)>> shapes = {
      [](size_t row) { return static_cast<int64_t>(row); },                                    // in order
      [](size_t row) { return -static_cast<int64_t>(row); },                                   // the other way round
      [](size_t) { return int64_t{7}; },                                                       // all equal
      [](size_t row) { return static_cast<int64_t>(row % 2); },
      [](size_t row) { return static_cast<int64_t>(std::min(row, kRows - row)); },             // a pipe organ
      [](size_t row) { return static_cast<int64_t>(row % 1000); },                             // a saw
      [&](size_t) { return static_cast<int64_t>(random.Next()); },
      [&](size_t row) { return random.Chance(0.01) ? static_cast<int64_t>(random.Below(kRows)) : static_cast<int64_t>(row); },
      [](size_t row) { return static_cast<int64_t>(std::popcount(row)); },
      [](size_t row) { return row == kRows / 2 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max(); },
  };
  for (const auto& shape : shapes) {
    const auto column = ColumnOf<int64_t>(TypeId::kInt64, kRows, [&](size_t row) { return std::optional(shape(row)); });
    const size_t steps = CheckSort({column}, {{0, false, false}});
    EXPECT_GT(steps, 40u);
    EXPECT_LT(steps, 400u);
    CheckSort({column}, {{0, true, false}});
  }
}

TEST(RowSorter, TypesNullsAndSeveralKeys) {
  Random random(2);
  for (int round = 0; round < 60; ++round) {
    const size_t rows = random.Chance(0.2) ? random.Below(4) : random.Below(20'000);
    const double nulls = random.Chance(0.5) ? 0 : 0.2;
    const uint64_t distinct = random.Chance(0.5) ? 5 : 1'000'000;
    const auto word = [&](size_t) { return random.Chance(nulls) ? std::nullopt : std::optional(static_cast<int32_t>(random.Below(distinct)) - 2); };
    const auto real = [&](size_t) {
      if (random.Chance(nulls)) return std::optional<double>();
      if (random.Chance(0.05)) return std::optional(std::numeric_limits<double>::quiet_NaN());
      return std::optional((static_cast<double>(random.Below(distinct)) - 2) * (random.Chance(0.5) ? -0.5 : 0.5));
    };
    const auto text = [&](size_t) {
      return random.Chance(nulls) ? std::nullopt : std::optional(StrCat("prefix longer than eight ", random.Below(distinct)));
    };
    std::vector<VectorPtr> columns = {ColumnOf<int32_t>(TypeId::kInt32, rows, word), ColumnOf<double>(TypeId::kFloat64, rows, real),
                                      ColumnOf<std::string>(TypeId::kText, rows, text), ColumnOf<std::string>(TypeId::kText, rows, text)};
    std::vector<OrderKey> keys;
    for (uint64_t left = random.Below(4); left > 0; --left) keys.push_back({random.Below(columns.size()), random.Chance(0.5), random.Chance(0.5)});
    CheckSort(std::move(columns), keys);
  }
}

}  // namespace
}  // namespace tsd::sql
