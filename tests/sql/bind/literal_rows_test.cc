// INSERT of plain rows against the same rows with a parenthesis around each value, which the binder reads by its own rules: same rows,
// same errors.
#include "sql/bind/literal_rows.h"

#include <gtest/gtest.h>

#include "engine/base/strings.h"
#include "sql/parse/parser.h"
#include "tests/sql/exec/query_fixture.h"

namespace tsd::sql::test {
namespace {

const char* const kTypes[] = {"smallint", "int", "bigint", "real", "double precision", "numeric", "numeric(6,2)", "boolean", "text", "varchar(4)", "char(3)",
                              "timestamptz", "timestamp", "date", "time", "interval", "uuid", "bytea", "json", "int[]"};
const char* const kLiterals[] = {"1", "-1", "0", "-0", "-0.0", "+5", "32768", "2147483648", "-9223372036854775808", "9223372036854775808", "1.5", "-2.345", ".5",
                                 "5.", "1e3", "1e-3", "-0e5", "1e400", "1e-400", "123456789012345678901234567890", "0.1", "16777217", "12345.678", "NULL", "true",
                                 "FALSE", "''", "'1'", "' 2 '", "'t'", "'abc'", "'abcdef'", "'ab    '", "'it''s'", "'2020-02-03 04:05:06+02'", "'2020-02-30'",
                                 "'04:05'", "'1 day 2 hours'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'\\x00ff'", "'{\"a\": [1, 2]}'", "'{1,2}'", "'NaN'",
                                 "'-Infinity'", "'é'"};

class LiteralColumnsTest : public ::testing::Test {
 protected:
  std::vector<std::string> Insert(const std::string& columns, const std::string& rows) {
    database_.Run(StrCat("DELETE FROM ", table_));
    std::vector<std::string> answer = database_.Run(StrCat("INSERT INTO ", table_, " ", columns, " VALUES ", rows));
    for (std::string& line : database_.Run(StrCat("SELECT * FROM ", table_))) answer.push_back(std::move(line));
    return answer;
  }
  bool IsReady(const std::string& sql) {
    const StatusOr<PlanPtr> plan = database_.Plan(sql);
    if (!plan.ok()) return false;
    const PlanNode& values = (*plan)->children.empty() ? **plan : *(*plan)->children[0];
    return values.kind == PlanKind::kValues && !PlanAs<ValuesNode>(values).ready.empty();
  }
  QueryDatabase database_{1, false};
  std::string table_ = "t";
  int tables_ = 0;
};

TEST_F(LiteralColumnsTest, EveryTypeReadsEveryLiteralAsTheBinderDoes) {
  for (const char* type : kTypes) {
    table_ = StrCat("t", ++tables_);
    ASSERT_TRUE(database_.Run(StrCat("CREATE TABLE ", table_, " (v ", type, ")")).empty()) << type;
    int read = 0;
    for (const char* literal : kLiterals) {
      std::vector<std::string> expected = Insert("", StrCat("((", literal, "))"));
      const std::vector<std::string> actual = Insert("", StrCat("(", literal, ")"));
      EXPECT_EQ(actual, expected) << type << " " << literal;
      read += actual.empty() || actual[0].starts_with("ERROR") ? 0 : 1;
    }
    EXPECT_GT(read, 1) << type;
  }
}

TEST_F(LiteralColumnsTest, ColumnsMayBeLeftOutAndInAnyOrder) {
  database_.Run("CREATE TABLE t (a int, b text DEFAULT 'd' || 'e', c double precision, d int DEFAULT 7)");
  for (const char* columns : {"", "(a, b, c, d)", "(d, c, b, a)", "(c, a)"}) {
    const std::string plain = std::string_view(columns) == "(c, a)" ? "(1.5, 2), (-0.0, NULL)" : std::string_view(columns) == "(d, c, b, a)"
                                                                  ? "(1, 2.5, 'x', 3), (NULL, 1, 'it''s', 4)"
                                                                  : "(1, 'x', 2.5, 3), (4, NULL, 1e2, -5)";
    std::string wrapped = plain;
    wrapped.replace(wrapped.find('(') + 1, wrapped.find(',') - wrapped.find('(') - 1, StrCat("(", wrapped.substr(1, wrapped.find(',') - 1), ")"));
    EXPECT_EQ(Insert(columns, plain), Insert(columns, wrapped)) << wrapped;
    EXPECT_TRUE(IsReady(StrCat("INSERT INTO t ", columns, " VALUES ", plain))) << columns;
    EXPECT_FALSE(IsReady(StrCat("INSERT INTO t ", columns, " VALUES ", wrapped))) << wrapped;
  }
  EXPECT_EQ(Insert("(a)", "(1, 2)"), std::vector<std::string>{"ERROR: 42601 INSERT has more expressions than target columns"});
  EXPECT_EQ(Insert("(a, b)", "(1)"), std::vector<std::string>{"ERROR: 42601 INSERT has more target columns than expressions"});
  EXPECT_EQ(Insert("", "(1), (1, 2)"), std::vector<std::string>{"ERROR: 42601 VALUES lists must all be the same length"});
}

TEST_F(LiteralColumnsTest, ManyRows) {
  database_.Run("CREATE TABLE t (a int, b text)");
  std::string rows;
  for (int i = 0; i < 10000; ++i) rows += StrCat(i == 0 ? "" : ",", "(", i, ",'", i, "')");
  database_.Run("INSERT INTO t VALUES " + rows);
  EXPECT_EQ(database_.Run("SELECT count(*), sum(a), sum(b::int), max(a) FROM t"), std::vector<std::string>{"10000|49995000|49995000|9999"});
}

}  // namespace
}  // namespace tsd::sql::test
