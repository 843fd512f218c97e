// Aggregates against PostgreSQL 15's answers: in one pass, through partial states of two halves, and without GROUP BY.
#include "sql/exec/aggregate_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/base/strings.h"
#include "engine/types/text_form.h"
#include "sql/exec/evaluator.h"
#include "sql/function/call_builder.h"

namespace tsd::sql {
namespace {

struct AggregateCase {
  const char* call;
  const char* expected;  // of groups 0, 1, 2
};
constexpr AggregateCase kCases[] = {
#include "tests/sql/exec/cases_aggregate.inc"
};

constexpr const char* kNames[] = {"i2", "i4", "i8", "n", "f4", "f8", "s", "b", "ts", "iv", "d"};
const DataType kTypes[] = {TypeId::kInt16, TypeId::kInt32, TypeId::kInt64, TypeId::kNumeric, TypeId::kFloat32, TypeId::kFloat64,
                           TypeId::kText, TypeId::kBool, TypeId::kTimestamp, TypeId::kInterval, TypeId::kText};
constexpr const char* kRows[][11] = {
    {"1", "10", "100", "1.5", "1.5", "0.5", "a", "t", "2020-01-01", "1 day", ","},
    {"2", "-20", "200", "2.25", "2.5", "1.5", "b", "f", "2020-01-02", "2 hours", ","},
    {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, ","},
    {"3", "30", "9223372036854775807", "3.125", "3.5", "NaN", "B", "t", "2019-01-01", "1 month", ","},
    {"4", "40", "9223372036854775807", "-4", "4.5", "2.5", "", "t", "2021-01-01", "-1 day", ","},
    {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, ","},
    {"7", "7", "7", "7", "7.25", "8.125", "zz", "t", "2020-06-01", "5 minutes", ","},
};
constexpr uint32_t kGroups[] = {0, 0, 0, 1, 1, 2, 0};
constexpr size_t kRowCount = std::size(kRows);

ColumnBatch TestRows() {
  ColumnBatch batch(kRowCount);
  for (size_t c = 0; c < std::size(kNames); ++c) {
    auto column = std::make_shared<Vector>(kTypes[c]);
    for (const auto& row : kRows) {
      if (row[c] == nullptr) {
        column->AppendNull();
      } else {
        EXPECT_TRUE(ParseText(kTypes[c], row[c], TextContext(), *column).ok());
      }
    }
    batch.Add(column);
  }
  return batch;
}

struct BoundAggregate {
  std::string key;
  std::vector<DataType> types;
  DataType result;
  std::vector<VectorPtr> arguments;
};

/// "percentile_cont(0.5) within group (order by f4)" -> name and argument texts.
void SplitCall(std::string_view text, std::string* name, std::vector<std::string>* arguments) {
  *name = std::string(text.substr(0, text.find('(')));
  std::string list;
  for (size_t open = text.find('('); open != std::string_view::npos; open = text.find('(', open + 1)) {
    std::string part(text.substr(open + 1, text.find(')', open) - open - 1));
    if (part.starts_with("order by ")) part = part.substr(9);
    if (!part.empty()) list += (list.empty() ? "" : ",") + part;
  }
  for (size_t begin = 0; begin < list.size() && list != "*";) {
    const size_t comma = list.find(',', begin);
    arguments->push_back(list.substr(begin, comma - begin));
    begin = comma == std::string::npos ? list.size() : comma + 1;
  }
}

BoundAggregate BindAggregate(std::string_view text, const ColumnBatch& batch) {
  std::string name;
  std::vector<std::string> texts;
  SplitCall(text, &name, &texts);
  const ExecContext exec;
  GivenArguments given;
  for (const std::string& argument : texts) {
    const auto found = std::find(std::begin(kNames), std::end(kNames), argument);
    if (found == std::end(kNames)) {
      given.values.push_back(MakeConstant(*NumberLiteral(argument)));
    } else {
      const size_t index = static_cast<size_t>(found - std::begin(kNames));
      given.values.push_back(MakeColumn(static_cast<int>(index), kTypes[index]));
    }
  }
  StatusOr<BoundCall> bound = BindCall("", name, given, exec);
  EXPECT_TRUE(bound.ok()) << text << ": " << bound.status();
  BoundAggregate result;
  result.key = bound->call.function->key;
  result.result = bound->call.result;
  for (const ExprPtr& argument : bound->arguments) {
    result.types.push_back(argument->type);
    result.arguments.push_back(*(*CompiledExpr::Compile(*argument))->Evaluate(batch, exec));
  }
  return result;
}

std::unique_ptr<AggregateState> NewState(const BoundAggregate& bound, size_t groups) {
  StatusOr<std::unique_ptr<AggregateState>> state = MakeAggregate(bound.key, bound.types, bound.result);
  EXPECT_TRUE(state.ok()) << state.status();
  (*state)->Resize(groups);
  return *std::move(state);
}

std::string ResultText(AggregateState& state, const DataType& type, size_t groups) {
  Vector out(type);
  EXPECT_TRUE(state.Finish(0, groups, out).ok());
  EXPECT_EQ(out.size(), groups);
  std::string text;
  for (size_t row = 0; row < out.size(); ++row) {
    if (row > 0) text += '|';
    if (out.IsNull(row)) {
      text += "NULL";
    } else if (type.Is(TypeId::kBool)) {
      text += out.Get<uint8_t>(row) != 0 ? "true" : "false";
    } else {
      FormatText(out, row, TextContext(), text);
    }
  }
  return text;
}

/// Floats may differ in the last digits between orders of summation.
void ExpectClose(const std::string& got, const std::string& expected, std::string_view what) {
  if (got == expected) return;
  size_t g = 0;
  size_t e = 0;
  while (g <= got.size() && e <= expected.size()) {
    const std::string one = got.substr(g, got.find('|', g) - g);
    const std::string two = expected.substr(e, expected.find('|', e) - e);
    if (one != two) {
      char* end = nullptr;
      const double x = std::strtod(one.c_str(), &end);
      const double y = std::strtod(two.c_str(), nullptr);
      EXPECT_TRUE(end != one.c_str() && std::fabs(x - y) <= 1e-12 * std::fabs(y)) << what << ": " << got << " for " << expected;
    }
    if (got.find('|', g) == std::string::npos) break;
    g = got.find('|', g) + 1;
    e = expected.find('|', e) + 1;
  }
}

TEST(Aggregates, MatchPostgres) {
  const ColumnBatch batch = TestRows();
  for (const AggregateCase& one : kCases) {
    const BoundAggregate bound = BindAggregate(one.call, batch);
    const auto state = NewState(bound, 3);
    ASSERT_TRUE(state->Update(bound.arguments, GroupIds{kGroups, kRowCount}).ok()) << one.call;
    ExpectClose(ResultText(*state, bound.result, 3), one.expected, one.call);
  }
}

TEST(Aggregates, PartialStatesMerge) {
  const ColumnBatch batch = TestRows();
  const std::vector<uint32_t> first = {0, 3, 5};
  const std::vector<uint32_t> second = {1, 2, 4, 6};
  for (const AggregateCase& one : kCases) {
    const BoundAggregate bound = BindAggregate(one.call, batch);
    const auto final_state = NewState(bound, 3);
    for (const std::vector<uint32_t>& half : {first, second}) {
      const auto partial_state = NewState(bound, 3);
      ASSERT_TRUE(partial_state->UpdateSelected(bound.arguments, GroupIds{kGroups, kRowCount}, half).ok());
      Vector partial(partial_state->PartialType());
      ASSERT_TRUE(partial_state->Partial(0, 3, partial).ok());
      const uint32_t groups[] = {0, 1, 2};
      const Status merged = final_state->Merge(partial, GroupIds{groups, 3});
      ASSERT_TRUE(merged.ok()) << one.call << merged;
    }
    if (std::string_view(one.call).starts_with("array_agg")) continue;  // order of arrival differs
    ExpectClose(ResultText(*final_state, bound.result, 3), one.expected, one.call);
  }
}

TEST(Aggregates, WithoutGroups) {
  const ColumnBatch batch = TestRows();
  const std::vector<uint32_t> group_0 = {0, 1, 2, 6};
  for (const AggregateCase& one : kCases) {
    const BoundAggregate bound = BindAggregate(one.call, batch);
    const auto state = NewState(bound, 1);
    ASSERT_TRUE(state->UpdateSelected(bound.arguments, GroupIds{nullptr, kRowCount}, group_0).ok());
    const std::string expected(one.expected);
    ExpectClose(ResultText(*state, bound.result, 1), expected.substr(0, expected.find('|')), one.call);
  }
}

TEST(Aggregates, NoRowsAtAll) {
  const ColumnBatch batch = TestRows();
  for (const AggregateCase& one : kCases) {
    const BoundAggregate bound = BindAggregate(one.call, batch);
    const auto state = NewState(bound, 1);
    const bool count = std::string_view(one.call).find("count") != std::string_view::npos;
    EXPECT_EQ(ResultText(*state, bound.result, 1), count ? "0" : "NULL") << one.call;
  }
}

TEST(Aggregates, DamagedPartialStatesAreErrors) {
  const ColumnBatch batch = TestRows();
  for (const AggregateCase& one : kCases) {
    const BoundAggregate bound = BindAggregate(one.call, batch);
    const auto state = NewState(bound, 1);
    if (state->PartialType().Physical() != PhysicalType::kBytes || state->PartialType().IsString()) continue;
    const auto full = NewState(bound, 1);
    ASSERT_TRUE(full->Update(bound.arguments, GroupIds{nullptr, kRowCount}).ok() || true);
    Vector good(full->PartialType());
    ASSERT_TRUE(full->Partial(0, 1, good).ok());
    if (good.IsNull(0)) continue;
    const std::string bytes(good.GetBytes(0));
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      Vector damaged(state->PartialType());
      damaged.AppendBytes(std::string_view(bytes).substr(0, cut));
      (void)state->Merge(damaged, GroupIds{nullptr, 1});  // an error or not, but never out of bounds
    }
    for (size_t i = 0; i < bytes.size(); ++i) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ 0x5a);
      Vector damaged(state->PartialType());
      damaged.AppendBytes(flipped);
      (void)state->Merge(damaged, GroupIds{nullptr, 1});
    }
  }
}

TEST(Aggregates, SumOverflows) {
  const DataType bigint[] = {TypeId::kInt64};
  auto column = std::make_shared<Vector>(DataType(TypeId::kFloat64));
  for (int i = 0; i < 2; ++i) column->Append<double>(1.7e308);
  const DataType types[] = {TypeId::kFloat64};
  auto state = *MakeAggregate("sum(float8)", types, TypeId::kFloat64);
  state->Resize(1);
  const VectorPtr arguments[] = {column};
  ASSERT_TRUE(state->Update(arguments, GroupIds{nullptr, 2}).ok());
  Vector result{DataType(TypeId::kFloat64)}, partial{state->PartialType()};
  EXPECT_TRUE(HasSqlState(state->Finish(0, 1, result), sqlstate::kNumericValueOutOfRange));
  EXPECT_TRUE(HasSqlState(state->Partial(0, 1, partial), sqlstate::kNumericValueOutOfRange));
  EXPECT_FALSE(MakeAggregate("sum(int8)", bigint, TypeId::kInt64).ok());  // its result is numeric
  EXPECT_TRUE(HasSqlState(MakeAggregate("lower(text)", bigint, TypeId::kText).status(), sqlstate::kUndefinedFunction));
}

double SumOf(const std::vector<double>& values, size_t parts, const std::vector<GroupRun>& runs = {}) {
  const DataType types[] = {TypeId::kFloat64};
  auto whole = *MakeAggregate("sum(float8)", types, TypeId::kFloat64);
  whole->Resize(1);
  for (size_t part = 0; part < parts; ++part) {
    auto state = *MakeAggregate("sum(float8)", types, TypeId::kFloat64);
    state->Resize(1);
    auto column = std::make_shared<Vector>(types[0]);
    for (size_t i = part; i < values.size(); i += parts) column->Append<double>(values[i]);
    const std::vector<uint32_t> ids(column->size(), 0);
    const VectorPtr arguments[] = {column};
    EXPECT_TRUE(state->Update(arguments, GroupIds{part % 2 == 0 ? nullptr : ids.data(), column->size(), runs}).ok());
    Vector partial{state->PartialType()};
    EXPECT_TRUE(state->Partial(0, 1, partial).ok());
    EXPECT_TRUE(whole->Merge(partial, GroupIds{nullptr, 1}).ok());
  }
  Vector result{types[0]};
  EXPECT_TRUE(whole->Finish(0, 1, result).ok());
  return result.Get<double>(0);
}

TEST(Aggregates, SumsDependOnPartsByRoundingOnly) {
  std::vector<double> values;
  for (int64_t i = 0; i < 300'000; ++i) values.push_back(0.1 * static_cast<double>((i * 7919) % 1000) + (i % 3 == 0 ? 1e9 : 0));
  long double exact = 0;
  for (double value : values) exact += value;
  for (size_t parts : {1, 2, 3, 16, 1000}) {
    EXPECT_NEAR(SumOf(values, parts), static_cast<double>(exact), 1e-14 * static_cast<double>(exact)) << parts;
  }
  // Few values are added as PostgreSQL adds them.
  EXPECT_EQ(SumOf({0.1, 0.2, 0.3}, 1), 0.1 + 0.2 + 0.3);
}

TEST(Aggregates, InfiniteAndNanSums) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (size_t parts : {1, 3}) {
    EXPECT_EQ(SumOf({1, infinity, 2, infinity}, parts), infinity);
    EXPECT_TRUE(std::isnan(SumOf({1, infinity, 2, -infinity}, parts)));
    EXPECT_TRUE(std::isnan(SumOf({1, 2, std::nan("")}, parts)));
  }
}

TEST(Aggregates, RunsGiveWhatRowsGive) {
  for (const char* function : {"sum(float8)", "avg(float8)", "min(float8)", "max(float8)", "count(any)"}) {
    for (bool nan : {false, true}) {
      const DataType types[] = {TypeId::kFloat64};
      const DataType result = std::string_view(function).starts_with("count") ? DataType(TypeId::kInt64) : types[0];
      auto column = std::make_shared<Vector>(types[0]);
      std::vector<uint32_t> ids;
      std::vector<GroupRun> runs;
      for (uint32_t run = 0; run < 9; ++run) {
        for (uint32_t i = 0; i < 1 + run * 7; ++i) {
          column->Append<double>(nan && run == 4 && i == 20 ? std::nan("") : static_cast<double>((i * 37 + run) % 41) - 20);
          ids.push_back(run % 4);
        }
        runs.push_back({static_cast<uint32_t>(ids.size()), run % 4});
      }
      const VectorPtr arguments[] = {column};
      std::vector<std::string> answers;
      for (bool in_runs : {false, true}) {
        auto state = *MakeAggregate(function, types, result);
        state->Resize(4);
        const GroupIds groups = in_runs ? GroupIds{ids.data(), ids.size(), runs} : GroupIds{ids.data(), ids.size()};
        ASSERT_TRUE(state->Update(arguments, groups).ok());
        answers.push_back(ResultText(*state, result, 4));
      }
      EXPECT_EQ(answers[0], answers[1]) << function;
    }
  }
}

TEST(Aggregates, Histogram) {
  auto values = std::make_shared<Vector>(DataType(TypeId::kFloat64));
  for (double value : {-1.0, 0.0, 2.5, 9.99, 10.0, 11.0}) values->Append<double>(value);
  values->AppendNull();
  const size_t rows = values->size();
  const VectorPtr arguments[] = {values, Value::Float64(0).ToConstant(rows), Value::Float64(10).ToConstant(rows), Value::Int32(4).ToConstant(rows)};
  const DataType types[] = {TypeId::kFloat64, TypeId::kFloat64, TypeId::kFloat64, TypeId::kInt32};
  auto state = *MakeAggregate("histogram(float8,float8,float8,int4)", types, DataType::ArrayOf(TypeId::kInt32));
  state->Resize(1);
  ASSERT_TRUE(state->Update(arguments, GroupIds{nullptr, rows}).ok());
  EXPECT_EQ(ResultText(*state, DataType::ArrayOf(TypeId::kInt32), 1), "{1,2,1,0,1,2}");
}

}  // namespace
}  // namespace tsd::sql
