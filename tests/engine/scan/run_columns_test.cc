// Runs of a column against the same said row by row: all layouts, NULLs, NaN, kept rows; and sums taken from encoded blocks.
#include "engine/scan/run_columns.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/base/random.h"
#include "engine/chunk/zone_map.h"

namespace tsd::engine {
namespace {

std::vector<RowSpan> RandomSpans(Random& random, size_t rows) {
  std::vector<RowSpan> spans;
  for (size_t at = random.Next() % 3; at < rows;) {
    const size_t end = std::min(rows, at + 1 + random.Next() % 700);
    spans.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(end)});
    at = end + (random.Next() % 2 == 0 ? 0 : random.Next() % 300);
  }
  return spans;
}

template <typename T>
VectorPtr RandomColumn(Random& random, DataType type, size_t rows, bool nulls, bool odd) {
  auto column = std::make_shared<Vector>(type);
  T value = 50;
  for (size_t i = 0; i < rows; ++i) {
    if (nulls && random.Next() % 5 == 0) {
      column->AppendNull();
      continue;
    }
    value = static_cast<T>(value + static_cast<T>(random.Next() % 7) - 3);
    if constexpr (std::is_floating_point_v<T>) {
      column->Append<T>(odd && random.Next() % 40 == 0 ? static_cast<T>(NAN) : value);
    } else {
      column->Append<T>(odd && random.Next() % 40 == 0 ? std::numeric_limits<T>::min() : value);
    }
  }
  return column;
}

template <typename T>
void CheckAll(TypeId type, uint64_t seed) {
  Random random(seed);
  for (const bool nulls : {false, true}) {
    for (const bool odd : {false, true}) {
      for (const bool filtered : {false, true}) {
        const size_t rows = 1 + random.Next() % 3000;
        const VectorPtr column = RandomColumn<T>(random, type, rows, nulls, odd);
        const std::vector<RowSpan> spans = RandomSpans(random, rows);
        std::vector<uint8_t> keep;
        for (size_t i = 0; i < rows && filtered; ++i) keep.push_back(random.Next() % 3 == 0);
        for (const bool bounds : {false, true}) {
          const RunRequest::Column wanted{0, true, bounds};
          RunColumn out;
          SummariseSpans(*column, spans, keep, wanted, out);
          ASSERT_EQ(out.counts.size(), spans.size());
          for (size_t i = 0; i < spans.size(); ++i) {
            auto kept = std::make_shared<Vector>(DataType(type));
            for (size_t row = spans[i].begin; row < spans[i].end; ++row) {
              if (!filtered || keep[row] != 0) kept->AppendFrom(*column, row);
            }
            const ColumnStats expected = ComputeStats(*kept);
            ASSERT_EQ(out.counts[i], expected.value_count());
            if constexpr (std::is_floating_point_v<T>) {
              if (std::isnan(expected.double_sum)) {
                EXPECT_TRUE(std::isnan(out.float_sums[i]));
              } else {
                EXPECT_EQ(out.float_sums[i], expected.double_sum);  // whole numbers: exact in any order
              }
            } else {
              EXPECT_TRUE(out.integer_sums[i] == expected.int_sum);
            }
            if (!bounds || expected.value_count() == 0) continue;
            EXPECT_TRUE(Value::FromVector(*out.lows, i).SameAs(expected.min)) << i;
            EXPECT_TRUE(Value::FromVector(*out.highs, i).SameAs(expected.max)) << i;
          }
        }
      }
    }
  }
}

TEST(RunColumnsTest, SayWhatTheRowsSay) {
  CheckAll<double>(TypeId::kFloat64, 1);
  CheckAll<float>(TypeId::kFloat32, 2);
  CheckAll<int64_t>(TypeId::kInt64, 3);
  CheckAll<int32_t>(TypeId::kInt32, 4);
  CheckAll<int16_t>(TypeId::kInt16, 5);
}

TEST(RunColumnsTest, ASummaryThatDoesNotSayEnoughIsNotTaken) {
  auto column = std::make_shared<Vector>(DataType(TypeId::kFloat64));
  for (double value : {1.0, 2.5, std::numeric_limits<double>::infinity()}) column->Append<double>(value);
  RunColumn out;
  EXPECT_FALSE(AddSummary(ComputeStats(*column), TypeId::kFloat64, {0, true, false}, out));  // whether it overflowed is not known
  EXPECT_TRUE(out.counts.empty());
  EXPECT_TRUE(AddSummary(ComputeStats(*column), TypeId::kFloat64, {0, false, true}, out));
  EXPECT_EQ(out.counts, std::vector<uint32_t>{3});
  EXPECT_FALSE(CanSummarise(TypeId::kText, {0, false, true}));
  EXPECT_TRUE(CanSummarise(TypeId::kText, {0, false, false}));
}

/// Slow and fast walks, wide jumps, decimals, flat stretches: each form that frames take.
std::vector<double> Walk(Random& random, size_t rows, int kind) {
  std::vector<double> values(rows);
  int64_t at = 50'000;
  for (double& value : values) {
    const uint64_t draw = random.Next();
    switch (kind) {
      case 0: at += static_cast<int64_t>(draw % 3) - 1; break;
      case 1: at += static_cast<int64_t>(draw % 3 + draw / 8 % 3 + draw / 64 % 3 + draw / 512 % 3) - 4; break;
      case 2: at += draw % 50 == 0 ? static_cast<int64_t>(draw / 64 % 200'000) - 100'000 : static_cast<int64_t>(draw % 5) - 2; break;
      case 3: at = static_cast<int64_t>(draw % 1'000'000) - 500'000; break;
      case 4: at += draw % 900 == 0 ? 5 : 0; break;
      default: at += static_cast<int64_t>(draw % 60'000) - 30'000; break;
    }
    value = kind == 3 ? static_cast<double>(at) / 100 : static_cast<double>(at);
  }
  return values;
}

TEST(RunColumnsTest, SumsOfEncodedBlocksAreThoseOfTheirValues) {
  Random random(7);
  int summed = 0;
  for (int round = 0; round < 400; ++round) {
    const size_t rows = 1 + random.Next() % 5000;
    const std::vector<double> values = Walk(random, rows, round % 6);
    Vector column(TypeId::kFloat64);
    for (double value : values) column.Append<double>(value);
    const std::string block = EncodeBlock(column);
    const std::vector<RowSpan> spans = RandomSpans(random, rows);
    std::vector<double> sums(spans.size());
    if (!SumRows(block, rows, spans, {}, sums.data())) continue;
    ++summed;
    for (size_t i = 0; i < spans.size(); ++i) {
      double expected = 0;
      for (size_t row = spans[i].begin; row < spans[i].end; ++row) expected += values[row];
      EXPECT_NEAR(sums[i], expected, 1e-9 * (1 + std::fabs(expected))) << "round " << round;
      if (round % 6 != 3) {
        EXPECT_EQ(sums[i], expected);
      }
    }
    // Any other bytes: an answer or none, never more.
    std::string damaged = block;
    damaged[random.Next() % damaged.size()] = static_cast<char>(random.Next());
    SumRows(damaged, rows, spans, {}, sums.data());
    SumRows(std::string_view(block).substr(0, random.Next() % block.size()), rows, spans, {}, sums.data());
  }
  EXPECT_GT(summed, 250);
}

TEST(RunColumnsTest, SumsOfKeptRowsOfEncodedBlocks) {
  Random random(8);
  int summed = 0;
  for (int round = 0; round < 300; ++round) {
    const size_t rows = 1 + random.Next() % 5000;
    const std::vector<double> values = Walk(random, rows, round % 6);
    Vector column(TypeId::kFloat64);
    for (double value : values) column.Append<double>(value);
    const std::string block = EncodeBlock(column);
    const std::vector<RowSpan> spans = RandomSpans(random, rows);
    std::vector<uint8_t> keep(rows);
    for (uint8_t& kept : keep) kept = random.Next() % 8 < static_cast<uint64_t>(round % 9);
    std::vector<double> sums(spans.size());
    if (!SumRows(block, rows, spans, keep, sums.data())) continue;
    ++summed;
    for (size_t i = 0; i < spans.size(); ++i) {
      double expected = 0;
      for (size_t row = spans[i].begin; row < spans[i].end; ++row) expected += keep[row] != 0 ? values[row] : 0;
      EXPECT_NEAR(sums[i], expected, 1e-9 * (1 + std::fabs(expected))) << "round " << round;
      if (round % 6 != 3) {
        EXPECT_EQ(sums[i], expected) << "round " << round;
      }
    }
  }
  EXPECT_GT(summed, 180);
}

/// Bounds where a test may go wrong: values that occur and their neighbours among doubles, zeros, what no value reaches.
double RandomBound(Random& random, const std::vector<double>& values) {
  const double value = values[random.Next() % values.size()];
  switch (random.Below(9)) {
    case 0: return std::nextafter(value, INFINITY);
    case 1: return std::nextafter(value, -INFINITY);
    case 2: return value + 0.5;
    case 3: return random.Chance(0.5) ? 0.0 : -0.0;
    case 4: return random.Chance(0.5) ? INFINITY : -INFINITY;
    case 5: return random.Chance(0.5) ? 1e300 : -1e300;
    case 6: return random.Chance(0.5) ? 5e-324 : 2251799813685248.0;
    default: return value;
  }
}

TEST(RunColumnsTest, TestsOfEncodedBlocksAreThoseOfTheirValues) {
  constexpr double kOdd[] = {NAN, INFINITY, -INFINITY, -0.0, 1.0 / 3, 5e-324, -1e300, 0.1 + 0.2};
  Random random(9);
  int tested = 0;
  for (int round = 0; round < 1200; ++round) {
    const size_t rows = 1 + random.Next() % 3000;
    std::vector<double> values = Walk(random, rows, round % 6);
    if (round % 7 == 0) {
      for (double& value : values) value = value / 8;  // 3 places
    }
    if (round % 4 == 0) {
      for (double& value : values) value = random.Chance(0.01) ? kOdd[random.Below(std::size(kOdd))] : value;
    }
    Vector column(TypeId::kFloat64);
    for (double value : values) column.Append<double>(value);
    const std::string block = EncodeBlock(column);
    const DoubleTest test{static_cast<RowTest>(round % 5), RandomBound(random, values)};
    if (std::isnan(test.bound)) continue;
    std::vector<uint8_t> keep(rows), before;
    for (uint8_t& kept : keep) kept = random.Chance(0.9);
    before = keep;
    if (!TestRows(block, rows, test, keep.data())) {
      EXPECT_EQ(keep, before);
      continue;
    }
    ++tested;
    for (size_t row = 0; row < rows; ++row) {
      ASSERT_EQ(keep[row], before[row] & static_cast<uint8_t>(test.Passes(values[row])))
          << "round " << round << " row " << row << " value " << values[row] << " bound " << test.bound;
    }
    std::string damaged = block;
    damaged[random.Next() % damaged.size()] = static_cast<char>(random.Next());
    TestRows(damaged, rows, test, keep.data());
    TestRows(std::string_view(block).substr(0, random.Next() % block.size()), rows, test, keep.data());
  }
  EXPECT_GT(tested, 700);
}

TEST(RunColumnsTest, BlocksOfOtherFormsAreLeftAlone) {
  Vector column(TypeId::kFloat64);
  for (int i = 0; i < 500; ++i) column.Append<double>(i == 77 ? NAN : i % 9);
  double sum = 0;
  const RowSpan all{0, 500};
  EXPECT_FALSE(SumRows(EncodeBlock(column), 500, std::span(&all, 1), {}, &sum));  // an exception among the decimals
  column.SetNull(3);
  EXPECT_FALSE(SumRows(EncodeBlock(column), 500, std::span(&all, 1), {}, &sum));
}

}  // namespace
}  // namespace tsd::engine
