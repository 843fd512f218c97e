// What is printed reads back as the same tree; precedence shows in the parentheses; names of output columns.
#include "sql/parse/print.h"

#include <gtest/gtest.h>

#include "engine/base/strings.h"
#include "sql/parse/parser.h"
#include "tests/sql/parse/corpus.h"

namespace tsd::sql::parse {
namespace {

std::string Reprint(std::string_view text) {
  const auto expr = ParseExpression(text);
  return expr.ok() ? PrintExpr(**expr) : std::string(StdView(expr.status().message()));
}

TEST(PrintTest, Precedence) {
  const struct { const char *text, *printed; } kCases[] = {
      {"1 + 2 * 3 ^ 4 - 5", "(1 + (2 * (3 ^ 4))) - 5"},
      {"a ^ b ^ c", "(a ^ b) ^ c"},
      {"- a ^ b", "(- a) ^ b"},
      {"-a::int", "- a::integer"},
      {"-1::int", "- 1::integer"},
      {"(-1)::int", "(-1)::integer"},
      {"- - 5", "5"},
      {"-(5)", "-5"},
      {"-2147483648", "-2147483648"},
      {"a or b and not c = d", "a OR (b AND (NOT (c = d)))"},
      {"a and b and c", "a AND b AND c"},
      {"a and (b and c)", "a AND (b AND c)"},
      {"not a is null", "NOT (a IS NULL)"},
      {"a = b is null", "(a = b) IS NULL"},
      {"a is null = b", "(a IS NULL) = b"},
      {"a || b like c || d", "(a || b) LIKE (c || d)"},
      {"a < b || c", "a < (b || c)"},
      {"a || b + c", "a || (b + c)"},
      {"@ a + b", "@ (a + b)"},
      {"a @ b @ c", "(a @ b) @ c"},
      {"a between b and c and d", "(a BETWEEN b AND c) AND d"},
      {"a between b + 1 and c = d", "(a BETWEEN (b + 1) AND c) = d"},
      {"a not in (1, 2) = b", "(a NOT IN (1, 2)) = b"},
      {"a at time zone b || c", "(a AT TIME ZONE b) || c"},
      {"a + b at time zone c", "a + (b AT TIME ZONE c)"},
      {"a || b collate \"C\"", "a || (b COLLATE \"C\")"},
      {"a operator(pg_catalog.+) b * c", "a OPERATOR(pg_catalog.+) (b * c)"},
      {"a is distinct from b + c", "a IS DISTINCT FROM (b + c)"},
      {"a = any (b)", "a = ANY (b)"},
      {"a !~~ all (array['x'])", "a !~~ ALL (ARRAY['x'])"},
      {"a not ilike some (b)", "a !~~* ANY (b)"},
      {"a + not b = c", "a + (NOT (b = c))"},
      {"a != b", "a <> b"},
      {"a isnull", "a IS NULL"},
      {"a[1][2:3].f", "a[1][2:3].f"},
      {"(a).f", "(a).f"},
      {"(f(x))[1]", "(f(x))[1]"},
      {"x::int::text", "x::integer::text"},
      {"a=-1", "a = -1"},
      {"a@-1", "a @- 1"},
      {"3!=-1", "3 !=- 1"},
  };
  for (const auto& test : kCases) EXPECT_EQ(Reprint(test.text), test.printed) << test.text;
}

TEST(PrintTest, SpecialSyntax) {
  const struct { const char *text, *printed; } kCases[] = {
      {"extract(epoch from a)", "EXTRACT(epoch FROM a)"},
      {"extract('Day' from a)", "EXTRACT('Day' FROM a)"},
      {"extract(day from a)", "EXTRACT(day FROM a)"},
      {"position(a in b)", "POSITION(a IN b)"},
      {"substring(a from 2)", "SUBSTRING(a FROM 2)"},
      {"substring(a for 2)", "SUBSTRING(a FROM 1 FOR CAST(2 AS integer))"},
      {"substring(a, 2)", "\"substring\"(a, 2)"},
      {"trim(a)", "TRIM(BOTH FROM a)"},
      {"trim(leading 'x' from a)", "TRIM(LEADING 'x' FROM a)"},
      {"trim(a, 'x')", "TRIM(BOTH 'x' FROM a)"},
      {"overlay(a placing b from 1 for 2)", "OVERLAY(a PLACING b FROM 1 FOR 2)"},
      {"(a, b) overlaps (c, d)", "(a, b) OVERLAPS (c, d)"},
      {"interval '1' day to second(3)", "interval '1' day to second(3)"},
      {"interval(3) '1'", "interval(3) '1'"},
      {"timestamptz '2020'", "timestamptz '2020'"},
      {"timestamp(3) with time zone '2020'", "timestamp(3) with time zone '2020'"},
      {"char 'x'", "CHAR 'x'"},
      {"cast(a as varchar(10)[])", "CAST(a AS character varying(10)[])"},
      {"cast(a as char)", "CAST(a AS character(1))"},
      {"cast(a as pg_catalog.bpchar)", "CAST(a AS pg_catalog.bpchar)"},
      {"cast(a as \"Odd\".\"Type\"(1, 2))", "CAST(a AS \"Odd\".\"Type\"(1, 2))"},
      {"current_timestamp(3)", "CURRENT_TIMESTAMP(3)"},
      {"f(a => 1, b := variadic_x)", "f(a => 1, b => variadic_x)"},
      {"f(1, variadic x order by y)", "f(1, VARIADIC x ORDER BY y)"},
      {"count(distinct a) filter (where b)", "count(DISTINCT a) FILTER (WHERE b)"},
      {"percentile_cont(0.5) within group (order by a desc)", "percentile_cont(0.5) WITHIN GROUP ( ORDER BY a DESC)"},
      {"sum(a) over (partition by b order by c rows 1 preceding)",
       "sum(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN (1) PRECEDING AND CURRENT ROW)"},
      {"case a when 1 then 'x' else null end", "CASE a WHEN 1 THEN 'x' ELSE NULL END"},
      {"E'a\\\\b''c'", "E'a\\\\b''c'"},
      {"b'01'", "b'01'"},
      {"row(1)", "ROW(1)"},
      {"row()", "ROW()"},
      {"array[[1], [2]]", "ARRAY[ARRAY[1], ARRAY[2]]"},
      {"\"select\" + \"A\" + \"a b\" + \"left\" + \"time\" + type", "((((\"select\" + \"A\") + \"a b\") + \"left\") + \"time\") + type"},
      {"(select a from t where b in (select 1) order by 1 limit 1)",
       "(SELECT a FROM t WHERE b IN (SELECT 1) ORDER BY 1 LIMIT 1)"},
  };
  for (const auto& test : kCases) EXPECT_EQ(Reprint(test.text), test.printed) << test.text;
}

TEST(PrintTest, PrintedExpressionsReadBackTheSame) {
  const auto check = [](const Expr& expr) {
    const std::string once = PrintExpr(expr);
    const auto again = ParseExpression(once);
    ASSERT_TRUE(again.ok()) << once << "\n" << again.status();
    EXPECT_EQ(PrintExpr(**again), once);
    EXPECT_EQ((*again)->kind, expr.kind) << once;
    EXPECT_EQ(OutputColumnName(**again), OutputColumnName(expr)) << once;
  };
  int seen = 0;
  for (const char* text : kCorpus) {
    const auto statements = ParseSql(text);
    ASSERT_TRUE(statements.ok()) << text;
    for (const ParsedStatement& statement : *statements) {
      const auto* select = TryAs<SelectStatement>(statement.statement.get());
      if (select == nullptr || select->query->kind != QueryKind::kSelect) continue;
      for (const TargetItem& target : select->query->select.targets) {
        if (Is<StarExpr>(*target.expr)) continue;
        check(*target.expr);
        ++seen;
      }
      if (select->query->select.where != nullptr) check(*select->query->select.where);
    }
  }
  EXPECT_GT(seen, 300);
}

TEST(PrintTest, PrintedQueriesReadBackTheSame) {
  int seen = 0;
  for (const char* text : kCorpus) {
    const auto statements = ParseSql(text);
    ASSERT_TRUE(statements.ok()) << text;
    for (const ParsedStatement& statement : *statements) {
      const auto* select = TryAs<SelectStatement>(statement.statement.get());
      if (select == nullptr) continue;
      const std::string once = PrintQuery(*select->query);
      if (once.find("...") != std::string::npos) continue;   // data-modifying WITH
      const auto again = ParseSql(once);
      ASSERT_TRUE(again.ok()) << text << "\n" << once << "\n" << again.status();
      ASSERT_EQ(again->size(), 1u) << once;
      EXPECT_EQ(PrintQuery(*As<SelectStatement>(*(*again)[0].statement).query), once);
      ++seen;
    }
  }
  EXPECT_GT(seen, 80);
}

TEST(PrintTest, OutputColumnNames) {
  const struct { const char *text, *name; } kCases[] = {
      {"a", "a"}, {"t.b", "b"}, {"1", "?column?"}, {"a + b", "?column?"}, {"f(x)", "f"}, {"s.g(x)", "g"}, {"a::int", "a"},
      {"1::int", "int4"}, {"'x'::varchar(3)", "varchar"}, {"date '2020-01-01'", "date"}, {"interval '1 day'", "interval"},
      {"case when a then 1 end", "case"}, {"case when a then 1 else b end", "b"}, {"case when a then 1 else 2::int end", "case"},
      {"coalesce(a, b)", "coalesce"}, {"nullif(a, b)", "nullif"}, {"greatest(a)", "greatest"}, {"least(a)", "least"},
      {"array[1]", "array"}, {"array(select 1)", "array"}, {"exists (select 1)", "exists"}, {"(select a from t)", "a"},
      {"(select 1)", "?column?"}, {"(select 1 as x)", "x"}, {"(values (1))", "column1"}, {"(select max(a) from t)", "max"},
      {"row(1, 2)", "row"}, {"(1, 2)", "row"}, {"current_date", "current_date"}, {"current_user", "current_user"}, {"user", "user"},
      {"localtimestamp(3)", "localtimestamp"}, {"extract(epoch from a)", "extract"}, {"a at time zone 'utc'", "timezone"},
      {"trim(a)", "btrim"}, {"substring(a for 2)", "substring"}, {"position(a in b)", "position"}, {"a[1]", "a"}, {"(a).b", "b"},
      {"a collate \"C\"", "a"}, {"true", "bool"}, {"null", "?column?"}, {"a is null", "?column?"}, {"not a", "?column?"},
      {"a in (1)", "?column?"}, {"grouping(a)", "grouping"}, {"count(*)", "count"}, {"$1", "?column?"}, {"-1", "?column?"},
      {"'x'", "?column?"}, {"(a)", "a"}, {"(select a union select b)", "a"},
  };
  for (const auto& test : kCases) {
    const auto expr = ParseExpression(test.text);
    ASSERT_TRUE(expr.ok()) << test.text << expr.status();
    EXPECT_EQ(OutputColumnName(**expr), test.name) << test.text;
  }
}

TEST(PrintTest, Quoting) {
  EXPECT_EQ(QuoteIdentifier("abc_1"), "abc_1");
  EXPECT_EQ(QuoteIdentifier("Abc"), "\"Abc\"");
  EXPECT_EQ(QuoteIdentifier("1a"), "\"1a\"");
  EXPECT_EQ(QuoteIdentifier(""), "\"\"");
  EXPECT_EQ(QuoteIdentifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteIdentifier("select"), "\"select\"");
  EXPECT_EQ(QuoteIdentifier("time"), "\"time\"");
  EXPECT_EQ(QuoteIdentifier("left"), "\"left\"");
  EXPECT_EQ(QuoteIdentifier("value"), "value");
  EXPECT_EQ(QuoteIdentifier("ä"), "\"ä\"");
  EXPECT_EQ(QuoteLiteral("a'b"), "'a''b'");
  EXPECT_EQ(QuoteLiteral("a\\b"), "E'a\\\\b'");
}

}  // namespace
}  // namespace tsd::sql::parse
