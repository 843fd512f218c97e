#include "engine/chunk/zone_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "engine/base/random.h"
#include "engine/types/compare.h"

namespace tsd::engine {
namespace {

using Op = ColumnCondition::Op;

Vector Doubles(std::initializer_list<double> values) {
  Vector vector(TypeId::kFloat64);
  for (double value : values) vector.Append<double>(value);
  return vector;
}
Vector Texts(std::initializer_list<std::string_view> values, DataType type = TypeId::kText) {
  Vector vector(type);
  for (std::string_view value : values) vector.AppendBytes(value);
  return vector;
}
bool May(const Vector& vector, Op op, std::vector<Value> values) {
  return MayMatch(ComputeStats(vector), vector.type(), ColumnCondition{ColumnId(1), op, std::move(values)});
}

TEST(ZoneMap, Integers) {
  Vector vector(TypeId::kInt32);
  for (int32_t value : {5, -3, 9}) vector.Append<int32_t>(value);
  vector.AppendNull();
  const ColumnStats stats = ComputeStats(vector);
  EXPECT_EQ(stats.rows, 4u);
  EXPECT_EQ(stats.null_count, 1u);
  EXPECT_EQ(stats.value_count(), 3u);
  EXPECT_TRUE(stats.exact);
  EXPECT_EQ(stats.min.AsInteger(), -3);  // not the zero in the slot of the NULL
  EXPECT_EQ(stats.max.AsInteger(), 9);
  EXPECT_EQ(static_cast<int64_t>(stats.int_sum), 11);
  EXPECT_FALSE(May(vector, Op::kEqual, {Value::Int32(10)}));
  EXPECT_TRUE(May(vector, Op::kEqual, {Value::Int32(0)}));
  EXPECT_FALSE(May(vector, Op::kLess, {Value::Int32(-3)}));
  EXPECT_TRUE(May(vector, Op::kLessEqual, {Value::Int32(-3)}));
  EXPECT_FALSE(May(vector, Op::kGreater, {Value::Int32(9)}));
  EXPECT_TRUE(May(vector, Op::kGreaterEqual, {Value::Int32(9)}));
  EXPECT_FALSE(May(vector, Op::kIn, {Value::Int32(-4), Value::Int32(10), Value::Null(TypeId::kInt32)}));
  EXPECT_TRUE(May(vector, Op::kIn, {Value::Int32(-4), Value::Int32(9)}));
  EXPECT_FALSE(May(vector, Op::kIn, {}));
  EXPECT_FALSE(May(vector, Op::kEqual, {Value::Null(TypeId::kInt32)}));
  EXPECT_TRUE(May(vector, Op::kIsNull, {}));
  EXPECT_TRUE(May(vector, Op::kIsNotNull, {}));
  // Of another type: says nothing.
  EXPECT_TRUE(May(vector, Op::kEqual, {Value::Text("zzz")}));
}

TEST(ZoneMap, SumsDoNotOverflow) {
  Vector vector(TypeId::kInt64);
  for (int i = 0; i < 10; ++i) vector.Append<int64_t>(INT64_MAX);
  EXPECT_TRUE(ComputeStats(vector).int_sum == static_cast<__int128>(INT64_MAX) * 10);
}

TEST(ZoneMap, NanIsTheLargest) {
  const Vector mixed = Doubles({1.0, NAN, -2.5});
  const ColumnStats stats = ComputeStats(mixed);
  EXPECT_EQ(stats.min.AsDouble(), -2.5);
  EXPECT_TRUE(std::isnan(stats.max.AsDouble()));
  EXPECT_TRUE(May(mixed, Op::kGreater, {Value::Float64(1e300)}));
  EXPECT_TRUE(May(mixed, Op::kEqual, {Value::Float64(NAN)}));
  EXPECT_FALSE(May(mixed, Op::kLess, {Value::Float64(-2.5)}));
  EXPECT_FALSE(May(mixed, Op::kGreater, {Value::Float64(NAN)}));
  const Vector numbers = Doubles({1.0, INFINITY});
  EXPECT_FALSE(May(numbers, Op::kEqual, {Value::Float64(NAN)}));
  EXPECT_TRUE(May(numbers, Op::kLess, {Value::Float64(NAN)}));
  const Vector only = Doubles({NAN, NAN});
  EXPECT_TRUE(May(only, Op::kEqual, {Value::Float64(NAN)}));
  EXPECT_FALSE(May(only, Op::kLess, {Value::Float64(INFINITY)}) && May(only, Op::kEqual, {Value::Float64(1)}));
  const Vector zero = Doubles({-0.0});
  EXPECT_TRUE(May(zero, Op::kEqual, {Value::Float64(0.0)}));
}

TEST(ZoneMap, AllNullAndEmpty) {
  const VectorPtr nulls = Vector::AllNull(TypeId::kText, 5);
  EXPECT_FALSE(ComputeStats(*nulls).has_bounds);
  EXPECT_FALSE(May(*nulls, Op::kEqual, {Value::Text("")}));
  EXPECT_TRUE(May(*nulls, Op::kIsNull, {}));
  EXPECT_FALSE(May(*nulls, Op::kIsNotNull, {}));
}

TEST(ZoneMap, LongStringsAreCutSafely) {
  const std::string a(200, 'a');
  const std::string z(200, '\xff');
  const ColumnStats cut = ComputeStats(Texts({a, a + "b"}));
  EXPECT_FALSE(cut.exact);
  EXPECT_LE(cut.max.AsBytes().size(), 64u);
  EXPECT_TRUE(May(Texts({a, a + "b"}), Op::kEqual, {Value::Text(a)}));
  EXPECT_TRUE(May(Texts({a}), Op::kGreaterEqual, {Value::Text(a)}));
  EXPECT_FALSE(May(Texts({a}), Op::kGreater, {Value::Text("b")}));
  EXPECT_FALSE(May(Texts({a}), Op::kLess, {Value::Text("a")}));
  // Nothing of 64 bytes is above it.
  EXPECT_TRUE(May(Texts({z}), Op::kGreater, {Value::Text(std::string(100, '\xff'))}));
  const std::string edge = std::string(63, 'a') + "\xff\xff";
  EXPECT_TRUE(May(Texts({edge}), Op::kEqual, {Value::Text(edge)}));
  // char(n): '\x1f' + 1 would be a blank, which does not count.
  const std::string low = std::string(63, 'a') + "\x1f zz";
  const DataType bpchar(TypeId::kBpchar);
  EXPECT_TRUE(May(Texts({low}, bpchar), Op::kEqual, {Value::Bytes(bpchar, low)}));
}

TEST(ZoneMap, TypesWithoutOrderHaveNoBounds) {
  EXPECT_FALSE(ComputeStats(Texts({"{}"}, TypeId::kJsonb)).has_bounds);
  EXPECT_FALSE(ComputeStats(Texts({"x"}, DataType::ArrayOf(TypeId::kText))).has_bounds);
  EXPECT_TRUE(May(Texts({"{}"}, TypeId::kJsonb), Op::kEqual, {Value::Bytes(TypeId::kJsonb, "[]")}));
}

/// Never excludes a row that matches; merged statistics equal those of the whole.
TEST(ZoneMap, NeverExcludesAMatch) {
  Random random(1);
  auto random_value = [&](DataType type) -> Value {
    switch (type.Physical()) {
      case PhysicalType::kFloat64: return random.Chance(0.1) ? Value::Float64(NAN) : Value::Float64(static_cast<double>(random.Between(-5, 5)));
      case PhysicalType::kBytes: {
        std::string text = random.Chance(0.3) ? std::string(62, 'q') : "";
        for (size_t i = random.Below(5); i > 0; --i) text += static_cast<char>(random.Chance(0.3) ? 0xff : random.Next());
        return Value::Bytes(type, text);
      }
      default: return Value::Integer(type, random.Between(-5, 5));
    }
  };
  for (int round = 0; round < 3000; ++round) {
    const DataType types[] = {TypeId::kInt64, TypeId::kFloat64, TypeId::kText, TypeId::kBpchar, TypeId::kTimestamp};
    const DataType type = types[random.Below(5)];
    Vector vector(type);
    const size_t rows = 1 + random.Below(6);
    for (size_t i = 0; i < rows; ++i) random.Chance(0.2) ? vector.AppendNull() : random_value(type).AppendTo(vector);
    const Value value = random_value(type);
    ColumnStats merged;
    for (size_t i = 0; i < rows; ++i) {
      Vector one(type);
      one.AppendFrom(vector, i);
      merged.Merge(ComputeStats(one));
    }
    for (Op op : {Op::kEqual, Op::kLess, Op::kLessEqual, Op::kGreater, Op::kGreaterEqual}) {
      bool matches = false;
      for (size_t i = 0; i < rows; ++i) {
        if (vector.IsNull(i)) continue;
        const int order = CompareRowToValue(vector, i, value);
        matches |= (op == Op::kEqual && order == 0) || (op == Op::kLess && order < 0) || (op == Op::kLessEqual && order <= 0) ||
                   (op == Op::kGreater && order > 0) || (op == Op::kGreaterEqual && order >= 0);
      }
      if (!matches) continue;
      const ColumnCondition condition{ColumnId(1), op, {value}};
      ASSERT_TRUE(MayMatch(ComputeStats(vector), type, condition));
      ASSERT_TRUE(MayMatch(merged, type, condition));
    }
  }
}

TEST(ZoneMap, StatisticsComeBack) {
  for (const Vector& vector : {Doubles({1, 2}), Texts({"a", "b"}), Doubles({})}) {
    const ColumnStats stats = ComputeStats(vector);
    ByteWriter writer;
    EncodeStats(stats, writer);
    ByteReader reader(writer.data());
    const ColumnStats back = DecodeStats(reader, vector.type());
    EXPECT_TRUE(reader.ok() && reader.AtEnd());
    ByteWriter again;
    EncodeStats(back, again);
    EXPECT_EQ(writer.data(), again.data());
    ByteReader wrong(writer.data());
    DecodeStats(wrong, TypeId::kUuid);
    EXPECT_EQ(wrong.ok(), !stats.has_bounds);
  }
}

TEST(Predicate, ConditionsComeBack) {
  const ColumnCondition condition{ColumnId(7), Op::kIn, {Value::Text("a"), Value::Int64(-5)}};
  ByteWriter writer;
  condition.Encode(writer);
  ByteReader reader(writer.data());
  const ColumnCondition back = ColumnCondition::Decode(reader);
  EXPECT_TRUE(reader.ok() && reader.AtEnd());
  EXPECT_EQ(back.column, condition.column);
  EXPECT_EQ(back.op, condition.op);
  ASSERT_EQ(back.values.size(), 2u);
  EXPECT_TRUE(back.values[1].SameAs(condition.values[1]));
  for (size_t length = 0; length < writer.size(); ++length) {
    ByteReader cut(std::string_view(writer.data()).substr(0, length));
    ColumnCondition::Decode(cut);
    EXPECT_FALSE(cut.ok()) << length;
  }
  // A comparison without its value, an operator that does not exist.
  for (const auto& [op, count] : std::vector<std::pair<uint8_t, uint64_t>>{{0, 0}, {200, 0}, {6, 1}}) {
    ByteWriter bad;
    bad.PutU16(1);
    bad.PutU8(op);
    bad.PutVarint(count);
    if (count == 1) Value::Int32(1).Encode(bad);
    ByteReader bad_reader(bad.data());
    ColumnCondition::Decode(bad_reader);
    EXPECT_FALSE(bad_reader.ok());
  }
}

}  // namespace
}  // namespace tsd::engine
