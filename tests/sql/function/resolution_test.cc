// Which overload is chosen, and what is said when none or several fit.
#include <gtest/gtest.h>

#include <set>

#include "engine/base/strings.h"
#include "sql/function/call_builder.h"
#include "sql/function/registry.h"

namespace tsd::sql {
namespace {

std::string Resolve(std::string_view name, std::vector<DataType> types, std::vector<std::string> names = {}) {
  ArgumentList list;
  list.types = types;
  list.names = names;
  StatusOr<ResolvedCall> call = ResolveFunction("", name, list);
  if (!call.ok()) return StrCat(SqlStateOf(call.status()), " ", StdView(call.status().message()));
  return StrCat(call->function->key, " ", TypeName(call->result));
}
std::string Operator(std::string_view op, DataType left, DataType right) {
  StatusOr<ResolvedCall> call = ResolveOperator(op, &left, right);
  if (!call.ok()) return StrCat(SqlStateOf(call.status()), " ", StdView(call.status().message()));
  return call->function->key;
}

const DataType kUnknown = TypeId::kUnknown;
const DataType kInt = TypeId::kInt32;
const DataType kBigint = TypeId::kInt64;
const DataType kText = TypeId::kText;

TEST(Resolution, Functions) {
  EXPECT_EQ(Resolve("abs", {kInt}), "abs(int4) integer");
  EXPECT_EQ(Resolve("abs", {kUnknown}), "abs(float8) double precision");
  EXPECT_EQ(Resolve("sqrt", {kInt}), "sqrt(float8) double precision");
  EXPECT_EQ(Resolve("sqrt", {TypeId::kNumeric}), "sqrt(numeric) numeric");
  EXPECT_EQ(Resolve("round", {TypeId::kNumeric, kInt}), "round(numeric,int4) numeric");
  EXPECT_EQ(Resolve("length", {TypeId::kVarchar}), "length(text) integer");
  EXPECT_EQ(Resolve("length", {TypeId::kBpchar}), "length(bpchar) integer");
  EXPECT_EQ(Resolve("lower", {TypeId::kName}), "lower(text) text");
  EXPECT_EQ(Resolve("array_append", {DataType::ArrayOf(TypeId::kInt32), kBigint}), "array_append(anycompatiblearray,anycompatible) bigint[]");
  EXPECT_EQ(Resolve("time_bucket", {kUnknown, TypeId::kTimestampTz}), "time_bucket(interval,timestamptz) timestamp with time zone");
  EXPECT_EQ(Resolve("time_bucket", {kUnknown, TypeId::kTimestampTz, kUnknown}),
            "time_bucket(interval,timestamptz,text,timestamptz,interval) timestamp with time zone");
  EXPECT_EQ(Resolve("time_bucket", {kUnknown, TypeId::kTimestamp, kUnknown}, {"", "", "origin"}),
            "time_bucket(interval,timestamp,timestamp) timestamp without time zone");
  EXPECT_EQ(Resolve("generate_series", {kInt, kBigint}), "generate_series(int8,int8) bigint");
  EXPECT_EQ(Resolve("concat", {kInt, kText, kUnknown}), "concat(variadic any) text");
  EXPECT_EQ(Resolve("unnest", {DataType::ArrayOf(TypeId::kText)}), "unnest(anyarray) text");
  EXPECT_EQ(Resolve("min", {TypeId::kVarchar}), "min(text) text");
  EXPECT_EQ(Resolve("sum", {TypeId::kInt16}), "sum(int2) bigint");
}

TEST(Resolution, Errors) {
  EXPECT_EQ(Resolve("foo", {kInt}), "42883 function foo(integer) does not exist");
  EXPECT_EQ(Resolve("lower", {kInt}), "42883 function lower(integer) does not exist");
  EXPECT_EQ(Resolve("lower", {}), "42883 function lower() does not exist");
  EXPECT_EQ(Resolve("make_interval", {kInt}, {"foo"}), "42883 function make_interval(foo => integer) does not exist");
  EXPECT_EQ(Resolve("unnest", {kInt}), "42883 function unnest(integer) does not exist");
  EXPECT_EQ(Resolve("array_append", {DataType::ArrayOf(TypeId::kInt32), kText}), "42883 function array_append(integer[], text) does not exist");
  EXPECT_EQ(Resolve("generate_series", {kUnknown, kUnknown, kUnknown}).substr(0, 5), "42725");
  EXPECT_EQ(Operator("+", kText, kInt), "42883 operator does not exist: text + integer");
  EXPECT_EQ(Operator("+", kUnknown, kUnknown), "42725 operator is not unique: unknown + unknown");
  EXPECT_EQ(Operator("@@@", kInt, kInt), "42883 operator does not exist: integer @@@ integer");
}

TEST(Resolution, Operators) {
  EXPECT_EQ(Operator("+", kInt, kBigint), "+(int4,int8)");
  EXPECT_EQ(Operator("+", kInt, kUnknown), "+(int4,int4)");
  EXPECT_EQ(Operator("+", kInt, TypeId::kNumeric), "+(numeric,numeric)");
  EXPECT_EQ(Operator("*", TypeId::kNumeric, TypeId::kFloat64), "*(float8,float8)");
  EXPECT_EQ(Operator("+", TypeId::kTimestamp, kUnknown), "+(timestamp,interval)");
  EXPECT_EQ(Operator("-", TypeId::kTimestampTz, kUnknown), "-(timestamptz,timestamptz)");
  EXPECT_EQ(Operator("=", TypeId::kVarchar, kUnknown), "=(text,text)");
  EXPECT_EQ(Operator("=", TypeId::kVarchar, TypeId::kVarchar), "=(text,text)");
  EXPECT_EQ(Operator("=", kUnknown, kUnknown), "=(text,text)");
  EXPECT_EQ(Operator("=", TypeId::kRegclass, TypeId::kOid), "=(oid,oid)");
  EXPECT_EQ(Operator("=", TypeId::kOid, kUnknown), "=(oid,oid)");
  EXPECT_EQ(Operator("=", TypeId::kName, kUnknown), "=(name,name)");
  EXPECT_EQ(Operator("~", TypeId::kName, kUnknown), "~(name,text)");
  EXPECT_EQ(Operator("||", kUnknown, kInt), "||(text,anynonarray)");
  EXPECT_EQ(Operator("||", DataType::ArrayOf(TypeId::kInt32), kUnknown), "||(anycompatiblearray,anycompatiblearray)");
  EXPECT_EQ(Operator("^", kInt, kInt), "^(float8,float8)");
}

TEST(Resolution, CommonTypes) {
  const auto common = [](std::vector<DataType> types) -> std::string {
    StatusOr<DataType> type = SelectCommonType(types, "UNION");
    return type.ok() ? TypeName(*type) : std::string(StdView(type.status().message()));
  };
  EXPECT_EQ(common({kInt, kBigint, kUnknown}), "bigint");
  EXPECT_EQ(common({kInt, TypeId::kNumeric}), "numeric");
  EXPECT_EQ(common({TypeId::kNumeric, TypeId::kFloat32}), "real");
  EXPECT_EQ(common({kUnknown, kUnknown}), "text");
  EXPECT_EQ(common({TypeId::kDate, TypeId::kTimestamp}), "timestamp without time zone");
  EXPECT_EQ(common({DataType(TypeId::kVarchar, false, 14), DataType(TypeId::kVarchar, false, 14)}), "character varying(10)");
  EXPECT_EQ(common({kInt, kText}), "UNION types integer and text cannot be matched");
}

TEST(Registry, EveryEntryHasAnImplementation) {
  std::set<std::string> keys;
  for (const auto& function : Registry::Get().all()) {
    EXPECT_TRUE(keys.insert(function->key).second) << function->key;
    switch (function->kind) {
      case FunctionKind::kScalar: EXPECT_TRUE(function->context || function->kernel || function->row) << function->key; break;
      case FunctionKind::kAggregate: EXPECT_TRUE(function->aggregate) << function->key; break;
      case FunctionKind::kTable: EXPECT_TRUE(function->context || function->table) << function->key; break;
      case FunctionKind::kWindow: break;
    }
  }
}

TEST(TableFunctions, SeriesEndAndEdges) {
  const auto count = [](std::string_view name, std::vector<Value> values) -> std::string {
    std::vector<DataType> types;
    for (const Value& value : values) types.push_back(value.type());
    ArgumentList list;
    list.types = types;
    const ResolvedCall call = *ResolveFunction("", name, list);
    const ExecContext context;
    auto run = StartTableFunction(call, values, context);
    if (!run.ok()) return SqlStateOf(run.status());
    size_t rows = 0;
    while (true) {
      StatusOr<ColumnBatch> batch = (*run)->Next();
      if (!batch.ok()) return SqlStateOf(batch.status());
      if (batch->empty()) return std::to_string(rows);
      rows += batch->rows();
    }
  };
  const auto i4 = [](int32_t value) { return Value::Int32(value); };
  EXPECT_EQ(count("generate_series", {i4(1), i4(10000)}), "10000");
  EXPECT_EQ(count("generate_series", {i4(5), i4(1)}), "0");
  EXPECT_EQ(count("generate_series", {i4(5), i4(1), i4(-2)}), "3");
  EXPECT_EQ(count("generate_series", {i4(INT32_MAX - 1), i4(INT32_MAX)}), "2");
  EXPECT_EQ(count("generate_series", {Value::Int64(INT64_MAX - 1), Value::Int64(INT64_MAX)}), "2");
  EXPECT_EQ(count("generate_series", {i4(1), i4(2), i4(0)}), "22023");
  EXPECT_EQ(count("generate_series", {i4(1), Value::Null(kInt)}), "0");
  const auto ts = [](int64_t value) { return Value::Integer(TypeId::kTimestamp, value); };
  EXPECT_EQ(count("generate_series", {ts(0), ts(10'000'000), Value::IntervalValue(Interval{1'000'000, 0, 0})}), "11");
  EXPECT_EQ(count("generate_series", {ts(0), ts(10'000'000), Value::IntervalValue(Interval{})}), "22023");
  EXPECT_EQ(count("regexp_split_to_table", {Value::Text("a, b,c"), Value::Text(",\\s*")}), "3");
  EXPECT_EQ(count("string_to_table", {Value::Text("a b"), Value::Text(" ")}), "2");
}

}  // namespace
}  // namespace tsd::sql
