#include "engine/types/record_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/types/value.h"

namespace tsd {
namespace {

VectorPtr Column(const Value& value) {
  auto vector = std::make_shared<Vector>(value.type());
  value.AppendTo(*vector);
  return vector;
}
std::string Record(const std::vector<Value>& values) {
  std::vector<VectorPtr> fields;
  for (const Value& value : values) fields.push_back(Column(value));
  std::string record;
  AppendRecord(fields, 0, record);
  return record;
}
std::string TextOf(std::string_view record) {
  std::string text;
  FormatRecord(record, TextContext(), text);
  return text;
}

TEST(RecordForm, IsTheWireForm) {
  using std::string_literals::operator""s;
  EXPECT_EQ(Record({Value::Int32(7), Value::Null(TypeId::kText)}), "\0\0\0\2\0\0\0\x17\0\0\0\4\0\0\0\7\0\0\0\x19\xff\xff\xff\xff"s);
  EXPECT_EQ(Record({}), "\0\0\0\0"s);
}

TEST(RecordForm, Text) {
  EXPECT_EQ(TextOf(Record({Value::Int32(-1), Value::Null(TypeId::kText), Value::Text(""), Value::Text("a b\"\\,"), Value::Bool(true)})),
            "(-1,,\"\",\"a b\"\"\\\\,\",t)");
  EXPECT_EQ(TextOf(Record({})), "()");
  EXPECT_EQ(TextOf(Record({Value::Bytes(TypeId::kRecord, Record({Value::Int32(1), Value::Text("x")}))})), "(\"(1,x)\")");
}

TEST(RecordForm, Fields) {
  const std::string record = Record({Value::Int32(7), Value::Null(TypeId::kInt64), Value::Bytes(TypeId::kRecord, Record({Value::Int32(1)}))});
  Vector number(TypeId::kInt32);
  ASSERT_TRUE(AppendRecordField(record, 0, number).ok());
  EXPECT_EQ(number.Get<int32_t>(0), 7);
  Vector null(TypeId::kInt64);
  ASSERT_TRUE(AppendRecordField(record, 1, null).ok());
  EXPECT_TRUE(null.IsNull(0));
  Vector inner(TypeId::kRecord);
  ASSERT_TRUE(AppendRecordField(record, 2, inner).ok());
  EXPECT_EQ(inner.GetBytes(0), Record({Value::Int32(1)}));
  EXPECT_FALSE(AppendRecordField(record, 3, number).ok());
  Vector other(TypeId::kInt64);
  EXPECT_FALSE(AppendRecordField(record, 0, other).ok());
}

TEST(RecordForm, DamageIsHarmless) {
  const std::string record = Record({Value::Int32(7), Value::Text("seven")});
  for (size_t length = 0; length < record.size(); ++length) {
    Vector out(TypeId::kText);
    EXPECT_FALSE(AppendRecordField(std::string_view(record).substr(0, length), 1, out).ok());
    TextOf(std::string_view(record).substr(0, length));
  }
  for (size_t at = 0; at < record.size(); ++at) {
    std::string damaged = record;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    TextOf(damaged);
  }
}

}  // namespace
}  // namespace tsd
