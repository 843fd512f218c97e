#include "sql/bind/binder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/exec/projector.h"
#include "sql/parse/parser.h"
#include "tests/sql/exec/query_fixture.h"

namespace tsd::sql::test {
namespace {

using ::testing::ElementsAre;

class BinderTest : public ::testing::Test {
 protected:
  BinderTest() {
    database_.Run("CREATE TABLE t (id int NOT NULL, name text DEFAULT 'x' || 'y', v numeric(6,2), at timestamptz DEFAULT now())");
    database_.Run("INSERT INTO t (id, v) VALUES (1, 2.5), (2, 3)");
  }

  std::vector<std::string> Names(const std::string& sql) {
    StatusOr<BoundStatement> bound = database_.Bind(sql);
    EXPECT_TRUE(bound.ok()) << bound.status();
    std::vector<std::string> names;
    if (!bound.ok()) return names;
    for (const ResultColumn& column : bound->columns) names.push_back(column.name);
    return names;
  }
  std::vector<std::string> ParameterTypes(const std::string& sql, std::vector<DataType> declared = {}) {
    StatusOr<BoundStatement> bound = database_.Bind(sql, std::move(declared));
    if (!bound.ok()) return {SqlStateOf(bound.status())};
    std::vector<std::string> types;
    for (const DataType& type : bound->parameter_types) types.push_back(TypeName(type));
    return types;
  }
  int PositionOf(const std::string& sql) { return FieldsOf(database_.Bind(sql).status()).position; }
  std::string HintOf(const std::string& sql) { return FieldsOf(database_.Bind(sql).status()).hint; }

  QueryDatabase database_{1, false};
};

TEST_F(BinderTest, OutputNames) {
  EXPECT_THAT(Names("SELECT id, t.name, id + 1, upper(name), count(*) OVER (), CASE WHEN true THEN 1 END, id::text, 'x', NULL AS n FROM t"),
              ElementsAre("id", "name", "?column?", "upper", "count", "case", "id", "?column?", "n"));
  EXPECT_THAT(Names("SELECT * FROM t"), ElementsAre("id", "name", "v", "at"));
  EXPECT_THAT(Names("INSERT INTO t (id) VALUES (9) RETURNING id, v AS amount"), ElementsAre("id", "amount"));
}

TEST_F(BinderTest, ColumnsKnowTheirOrigin) {
  StatusOr<BoundStatement> bound = database_.Bind("SELECT q.v, q.w FROM (SELECT v, v + 1 AS w FROM t) q ORDER BY 1");
  ASSERT_TRUE(bound.ok());
  EXPECT_EQ(bound->columns[0].table, database_.catalog.Find("public", "t")->id);
  EXPECT_EQ(bound->columns[0].column, ColumnId(3));
  EXPECT_FALSE(bound->columns[1].table.IsValid());
}

TEST_F(BinderTest, ParameterTypesAreInferred) {
  EXPECT_THAT(ParameterTypes("SELECT * FROM t WHERE id = $1 AND name = $2 AND v > $3"), ElementsAre("integer", "text", "numeric"));
  EXPECT_THAT(ParameterTypes("INSERT INTO t VALUES ($1, $2, $3, $4)"),
              ElementsAre("integer", "text", "numeric", "timestamp with time zone"));
  EXPECT_THAT(ParameterTypes("SELECT $1"), ElementsAre("text"));
  EXPECT_THAT(ParameterTypes("SELECT $1::date, $2 + 1"), ElementsAre("date", "integer"));
  EXPECT_THAT(ParameterTypes("SELECT * FROM t LIMIT $1 OFFSET $2"), ElementsAre("bigint", "bigint"));
  EXPECT_THAT(ParameterTypes("UPDATE t SET v = $2 WHERE id = $1"), ElementsAre("integer", "numeric"));
  EXPECT_THAT(ParameterTypes("SELECT * FROM t WHERE id = ANY($1)"), ElementsAre("integer[]"));
  EXPECT_THAT(ParameterTypes("SELECT * FROM t WHERE ($1 IS NULL OR id = $1)"), ElementsAre("integer"));
  EXPECT_THAT(ParameterTypes("SELECT * FROM t WHERE id = $1", {DataType(TypeId::kInt64)}), ElementsAre("bigint"));
  EXPECT_THAT(ParameterTypes("SELECT $2::int"), ElementsAre("42P18"));
}

TEST_F(BinderTest, ParametersAreSubstitutedAtRunTime) {
  EXPECT_EQ(database_.Run("SELECT v FROM t WHERE id = $1", {Value::Int32(2)}), std::vector<std::string>{"3.00"});
  EXPECT_EQ(database_.Run("SELECT v FROM t WHERE id = $1", {Value::Int64(1)}), std::vector<std::string>{"2.50"});
  EXPECT_EQ(database_.Run("SELECT $1::int + 1, $2", {Value::Int32(4), Value::Null(TypeId::kText)}), std::vector<std::string>{"5|NULL"});
  EXPECT_EQ(database_.Run("SELECT id FROM t ORDER BY id LIMIT $1", {Value::Int64(1)}), std::vector<std::string>{"1"});
}

TEST_F(BinderTest, ErrorsPointIntoTheText) {
  EXPECT_EQ(PositionOf("SELECT nope FROM t"), 8);
  EXPECT_EQ(PositionOf("SELECT id FROM nope"), 16);
  EXPECT_EQ(PositionOf("SELECT t.nope FROM t"), 8);
  EXPECT_EQ(PositionOf("SELECT id FROM t WHERE name + 1 = 2"), 29);
  EXPECT_EQ(PositionOf("SELECT name, count(*) FROM t"), 8);
  EXPECT_EQ(PositionOf("SELECT foo(id) FROM t"), 8);
  EXPECT_EQ(PositionOf("INSERT INTO t (id) VALUES ('a'::text)"), 28);
  EXPECT_EQ(PositionOf("SELECT 'x'::int"), 8);
}

TEST_F(BinderTest, NearMissesAreHinted) {
  EXPECT_EQ(HintOf("SELECT nane FROM t"), "Perhaps you meant to reference the column \"t.name\".");
  EXPECT_EQ(HintOf("SELECT t.id FROM t AS u"), "Perhaps you meant to reference the table alias \"u\".");
  EXPECT_EQ(HintOf("SELECT zzzzzz FROM t"), "");
}

TEST_F(BinderTest, ProviderFunctions) {
  EXPECT_EQ(database_.Run("SELECT * FROM test_pair(4)"), std::vector<std::string>{"8|none"});
  EXPECT_EQ(database_.Run("SELECT word, num FROM test_pair(b => 'q', a => 1) AS p"), std::vector<std::string>{"q|2"});
  EXPECT_EQ(database_.Run("SELECT test_pair(2, 'z')"), std::vector<std::string>{"(4,z)"});
  EXPECT_EQ(database_.Run("SELECT test_words(2, prefix => 'w')"), (std::vector<std::string>{"w0", "w1"}));
  EXPECT_EQ(database_.Run("SELECT upper(test_words) FROM test_words(1, 'k')"), std::vector<std::string>{"K0"});
  EXPECT_EQ(database_.Run("SELECT test_pair('x'::date)"),
            std::vector<std::string>{"ERROR: 22007 invalid input syntax for type date: \"x\""});
  EXPECT_EQ(database_.Run("SELECT test_pair(1, 2, 3)"), std::vector<std::string>{"ERROR: 42883 function test_pair(integer, integer, integer) does not exist"});
  EXPECT_EQ(database_.Run("SELECT test_pair(c => 1)"), std::vector<std::string>{"ERROR: 42883 function test_pair(c => integer) does not exist"});
}

TEST_F(BinderTest, VirtualTablesAndViews) {
  EXPECT_EQ(database_.Run("SELECT testname FROM pg_test WHERE kind = 'v'"), std::vector<std::string>{"name2"});
  EXPECT_EQ(database_.Run("SELECT * FROM pg_catalog.pg_test_view ORDER BY 1"), (std::vector<std::string>{"name2|f", "name3|t"}));
  EXPECT_EQ(database_.Run("SELECT count(*) FROM pg_test a JOIN pg_test b ON a.oid = b.oid"), std::vector<std::string>{"3"});
  // The manner of a shell's \\d.
  EXPECT_EQ(database_.Run("SELECT n.testname as \"Name\", CASE n.kind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' END as \"Type\" "
                          "FROM pg_catalog.pg_test n LEFT JOIN pg_catalog.pg_test m ON m.oid = n.oid "
                          "WHERE n.kind IN ('r','p','v','') AND n.testname OPERATOR(pg_catalog.~) '^(name[12])$' COLLATE pg_catalog.default "
                          "AND m.kind = ANY (ARRAY['r', 'v']::\"char\"[]) ORDER BY 1,2"),
            (std::vector<std::string>{"name1|table", "name2|view"}));
  EXPECT_EQ(database_.Run("SELECT a.testname, (SELECT b.testname FROM pg_test b WHERE b.oid::int = a.oid::int + 1), "
                          "EXISTS (SELECT 1 FROM pg_test c WHERE c.oid > a.oid AND c.kind = a.kind) FROM pg_test a ORDER BY a.oid"),
            (std::vector<std::string>{"name1|name2|t", "name2|name3|f", "name3|NULL|f"}));
  EXPECT_EQ(database_.Run("DELETE FROM pg_test"), std::vector<std::string>{"ERROR: 42501 permission denied for table pg_test"});
  EXPECT_EQ(database_.Run("SELECT 'metrics'::regclass::oid"), std::vector<std::string>{"12345"});
}

TEST_F(BinderTest, CopyNamesItsColumns) {
  const auto parsed = parse::ParseSql("COPY t (v, id) FROM STDIN");
  ASSERT_TRUE(parsed.ok());
  BindContext context;
  context.catalog = std::make_shared<Catalog>(database_.catalog);
  context.exec = database_.exec;
  StatusOr<BoundCopy> copy = BindCopy(parse::As<parse::CopyStatement>(*parsed->at(0).statement), context);
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_THAT(copy->columns, ElementsAre(2u, 0u));
  ASSERT_NE(copy->defaults[1], nullptr);
  EXPECT_EQ(EvaluateConstant(*copy->defaults[1], database_.exec)->AsBytes(), "xy");
  EXPECT_EQ(copy->defaults[0], nullptr);
  const auto bad = parse::ParseSql("COPY t (nope) FROM STDIN");
  EXPECT_TRUE(HasSqlState(BindCopy(parse::As<parse::CopyStatement>(*bad->at(0).statement), context).status(), sqlstate::kUndefinedColumn));
}

TEST_F(BinderTest, ExpressionsOnTheirOwn) {
  BindContext context;
  context.catalog = std::make_shared<Catalog>(database_.catalog);
  context.exec = database_.exec;
  const auto scalar = parse::ParseExpression("1 + 2");
  EXPECT_EQ(EvaluateConstant(**BindScalar(**scalar, TypeId::kInt64, context), database_.exec)->AsInteger(), 3);
  const auto check = parse::ParseExpression("v > 2 AND id < 5");
  StatusOr<ExprPtr> over = BindOverRelation(**check, *database_.catalog.Find("public", "t"), TypeId::kBool, context);
  ASSERT_TRUE(over.ok());
  EXPECT_THAT(ColumnsOf(**over), ElementsAre(0, 2));
  const auto subquery = parse::ParseExpression("(SELECT 1)");
  EXPECT_TRUE(HasSqlState(BindScalar(**subquery, TypeId::kInt32, context).status(), sqlstate::kFeatureNotSupported));
}

TEST_F(BinderTest, DeepNestingEndsInAnError) {
  std::string sql = "SELECT 1";
  for (int i = 0; i < 200; ++i) sql = "SELECT * FROM (" + sql + ") q";
  const std::vector<std::string> result = database_.Run(sql);
  EXPECT_TRUE(result == std::vector<std::string>{"1"} || result[0].find("54001") != std::string::npos) << result[0];
  std::string sum = "SELECT 0";
  for (int i = 0; i < 900; ++i) sum += " + 1";
  EXPECT_EQ(database_.Run(sum), std::vector<std::string>{"900"});
}

TEST_F(BinderTest, NotSupportedIsSaid) {
  for (const char* sql : {"SELECT * FROM t FOR UPDATE", "WITH d AS (DELETE FROM t RETURNING id) SELECT * FROM d",
                          "SELECT * FROM ROWS FROM (generate_series(1, 2), now()) r", "UPDATE t SET id[1] = 2",
                          "SELECT (SELECT max((SELECT i.id FROM t i WHERE i.id = o.id))) FROM t o"}) {
    EXPECT_TRUE(HasSqlState(database_.Bind(sql).status(), sqlstate::kFeatureNotSupported)) << sql;
  }
}

}  // namespace
}  // namespace tsd::sql::test
