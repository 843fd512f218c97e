#include "engine/types/compare.h"

#include <gtest/gtest.h>

#include "engine/base/hash.h"
#include "tests/engine/types/type_outcome.h"

namespace tsd {
namespace {

using outcome::TypeOf;

Vector VectorOf(DataType type, const std::vector<std::string>& texts) {
  Vector vector(type);
  for (const std::string& text : texts) {
    const Status status = ParseText(type, text, TextContext(), vector);
    EXPECT_TRUE(status.ok()) << text << ": " << status.message();
  }
  return vector;
}

TEST(Compare, AscendingListsAreAscending) {
  struct Row {
    std::string type;
    std::vector<std::string> ascending;
  };
  const Row kRows[] = {
      {"bool", {"f", "t"}},
      {"int2", {"-32768", "-1", "0", "32767"}},
      {"int8", {"-9223372036854775808", "0", "9223372036854775807"}},
      {"float4", {"-Infinity", "-1", "0", "1e-45", "Infinity", "NaN"}},
      {"float8", {"-Infinity", "-1", "0", "5e-324", "Infinity", "NaN"}},
      {"numeric", {"-Infinity", "-1.5", "0", "0.001", "2", "10", "NaN"}},
      {"text", {"", "A", "B", "a", "aa", "b", "\xc3\xa4"}},
      {"bytea", {"", "\\x00", "\\x7f", "\\x80", "\\xff"}},
      {"timestamptz", {"-infinity", "1999-01-01", "2024-01-01", "infinity"}},
      {"date", {"-infinity", "4714-11-24 BC", "2024-01-01", "infinity"}},
      {"interval", {"-1 mon", "0", "29 days 23:59:59", "1 mon", "31 days"}},
      {"uuid", {"00000000-0000-0000-0000-000000000001", "7fffffff-0000-0000-0000-000000000000", "ffffffff-0000-0000-0000-000000000000"}},
      {"pg_lsn", {"0/0", "0/1", "7FFFFFFF/FFFFFFFF", "FFFFFFFF/0"}},
      {"_int4", {"{}", "{1}", "{1,1}", "{1,2}", "{1,NULL}", "{2}", "{NULL}"}},
      {"_text", {"{a}", "{a,b}", "{b}"}},
  };
  for (const Row& row : kRows) {
    const Vector vector = VectorOf(TypeOf(row.type), row.ascending);
    for (size_t i = 0; i < vector.size(); ++i) {
      for (size_t j = 0; j < vector.size(); ++j) {
        const int expected = i < j ? -1 : i > j ? 1 : 0;
        EXPECT_EQ(CompareRows(vector, i, vector, j), expected) << row.type << " " << row.ascending[i] << " ? " << row.ascending[j];
        const Value left = Value::FromVector(vector, i), right = Value::FromVector(vector, j);
        EXPECT_EQ(CompareValues(left, right), expected);
        EXPECT_EQ(CompareRowToValue(vector, i, right), expected);
        if (i != j) {
          EXPECT_NE(HashRow(vector, i), HashRow(vector, j)) << row.type;
        }
      }
    }
  }
}

TEST(Compare, EqualValuesOfOneTypeHashTheSame) {
  struct Row {
    std::string type, left, right;
  };
  const Row kRows[] = {
      {"float8", "0", "-0"},       {"float8", "nan", "NaN"},        {"float4", "0", "-0"},          {"numeric", "1.0", "1.000"},
      {"numeric", "0", "0.00"},    {"interval", "1 mon", "30 days"}, {"interval", "1 day", "24:00"}, {"bpchar", "ab", "ab   "},
      {"_numeric", "{1.0}", "{1}"}, {"_float8", "{0}", "{-0}"},      {"jsonb", "{\"a\":1}", "{ \"a\" : 1 }"},
  };
  for (const Row& row : kRows) {
    const Vector vector = VectorOf(TypeOf(row.type), {row.left, row.right});
    EXPECT_EQ(CompareRows(vector, 0, vector, 1), 0) << row.type << " " << row.left << " " << row.right;
    EXPECT_EQ(HashRow(vector, 0), HashRow(vector, 1)) << row.type << " " << row.left << " " << row.right;
  }
}

TEST(Compare, EqualNumbersOfDifferentWidthHashTheSame) {
  for (const char* text : {"0", "-1", "77", "-32768"}) {
    const uint64_t expected = HashInteger(*ParseInteger(TypeId::kInt64, text));
    for (TypeId type : {TypeId::kInt16, TypeId::kInt32, TypeId::kInt64}) EXPECT_EQ(HashRow(VectorOf(type, {text}), 0), expected);
  }
  EXPECT_EQ(HashRow(VectorOf(TypeId::kFloat32, {"1.5"}), 0), HashRow(VectorOf(TypeId::kFloat64, {"1.5"}), 0));
  EXPECT_EQ(HashRow(VectorOf(TypeId::kText, {"x"}), 0), HashRow(VectorOf(TypeId::kVarchar, {"x"}), 0));
}

TEST(Compare, NullsAreEqualForGrouping) {
  Vector vector(TypeId::kInt32);
  vector.Append<int32_t>(0);
  vector.AppendNull();
  EXPECT_TRUE(RowsEqualOrBothNull(vector, 1, vector, 1));
  EXPECT_FALSE(RowsEqualOrBothNull(vector, 0, vector, 1));
  EXPECT_NE(HashRow(vector, 0), HashRow(vector, 1));
}

TEST(Compare, HashColumnAgreesWithHashRow) {
  struct Row {
    std::string type;
    std::vector<std::string> values;
  };
  const Row kRows[] = {{"bool", {"t", "f"}},         {"int2", {"1", "-2"}},        {"int4", {"1", "-2"}},     {"int8", {"1", "-2"}},
                       {"float4", {"1", "-0"}},      {"float8", {"1", "nan"}},     {"text", {"a", "b"}},      {"numeric", {"1.50", "2"}},
                       {"interval", {"1 day", "0"}}, {"_int4", {"{1,2}", "{}"}},   {"bpchar", {"a ", "b"}},
                       {"uuid", {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"}}};
  for (const Row& row : kRows) {
    for (bool with_null : {false, true}) {
      Vector vector = VectorOf(TypeOf(row.type), row.values);
      if (with_null) vector.AppendNull();
      std::vector<uint64_t> hashes(vector.size(), 99);
      HashColumn(vector, hashes, HashMode::kReplace);
      for (size_t i = 0; i < hashes.size(); ++i) EXPECT_EQ(hashes[i], HashRow(vector, i)) << row.type;
      std::vector<uint64_t> combined = hashes;
      HashColumn(vector, combined, HashMode::kCombine);
      for (size_t i = 0; i < hashes.size(); ++i) EXPECT_EQ(combined[i], CombineHash(hashes[i], hashes[i])) << row.type;
    }
    Vector constant = VectorOf(TypeOf(row.type), {row.values[0]});
    const uint64_t expected = HashRow(constant, 0);
    constant.MakeConstant(5);
    std::vector<uint64_t> hashes(5);
    HashColumn(constant, hashes, HashMode::kReplace);
    EXPECT_EQ(hashes, std::vector<uint64_t>(5, expected));
  }
}

TEST(Compare, DamagedBytesDoNotCrash) {
  for (DataType type : {DataType(TypeId::kNumeric), DataType::ArrayOf(TypeId::kInt32)}) {
    EXPECT_EQ(CompareBytes(type, "\xff", "\xff"), 0);
    EXPECT_NE(CompareBytes(type, "\xff", "\x07garbage"), 0);
    HashBytes(type, "\xff");
  }
}

}  // namespace
}  // namespace tsd
