// Error texts, codes and positions, as PostgreSQL 15 gave them.
#include <gtest/gtest.h>

#include <string>

#include "engine/base/strings.h"
#include "sql/parse/parser.h"

namespace tsd::sql::parse {
namespace {

struct ErrorCase {
  const char* text;
  const char* message;
  int position;
  const char* state = sqlstate::kSyntaxError;
};

void Check(const ErrorCase& test) {
  const Status status = ParseSql(test.text).status();
  ASSERT_FALSE(status.ok()) << test.text;
  EXPECT_EQ(StdView(status.message()), test.message) << test.text;
  EXPECT_EQ(FieldsOf(status).position, test.position) << test.text;
  EXPECT_EQ(SqlStateOf(status), test.state) << test.text;
}

TEST(ParseErrorTest, Tokens) {
  const ErrorCase kCases[] = {
      {"select 'abc", "unterminated quoted string at or near \"'abc\"", 8},
      {"select E'\\'", "unterminated quoted string at or near \"E'\\'\"", 8},
      {"select \"abc", "unterminated quoted identifier at or near \"\"abc\"", 8},
      {"select /* abc /* */", "unterminated /* comment at or near \"/* abc /* */\"", 8},
      {"select $$abc", "unterminated dollar-quoted string at or near \"$$abc\"", 8},
      {"select $a$abc$b$", "unterminated dollar-quoted string at or near \"$a$abc$b$\"", 8},
      {"select \"\"", "zero-length delimited identifier at or near \"\"\"\"", 8},
      {"select 123abc", "trailing junk after numeric literal at or near \"123abc\"", 8},
      {"select 1.5e", "trailing junk after numeric literal at or near \"1.5e\"", 8},
      {"select 1.5e+x", "trailing junk after numeric literal at or near \"1.5e+\"", 8},
      {"select 0x12", "trailing junk after numeric literal at or near \"0x12\"", 8},
      {"select 1a.5", "trailing junk after numeric literal at or near \"1a\"", 8},
      {"select $1abc", "trailing junk after parameter at or near \"$1abc\"", 8},
      {"select 1..2", "syntax error at or near \"..\"", 9},
      {"select $abc", "syntax error at or near \"$\"", 8},
      {"select \\", "syntax error at or near \"\\\"", 8},
      {"select :a", "syntax error at or near \":\"", 8},
      {"select 'a' 'b'", "syntax error at or near \"'b'\"", 12},
      {"select U&'\\00'", "invalid Unicode escape", 11},
      {"select U&\"\\zz\"", "invalid Unicode escape", 11},
      {"select U&'\\d800'", "invalid Unicode surrogate pair", 16},
      {"select U&'\\d800\\0041'", "invalid Unicode surrogate pair", 16},
      {"select U&'abc' uescape '+'", "invalid Unicode escape character at or near \"'+'\"", 24},
      {"select u&\"x\" uescape 3", "UESCAPE must be followed by a simple string literal at or near \"3\"", 22},
      {"select e'\\U00110000'", "invalid Unicode escape value at or near \"\\U00110000\"", 10},
      {"select e'\\uD800'", "invalid Unicode surrogate pair at or near \"'\"", 16},
      {"select E'\\u00'", "invalid Unicode escape", 10, sqlstate::kInvalidEscapeSequence},
      {"select E'\\xff'", "invalid byte sequence for encoding \"UTF8\": 0xff", 0, sqlstate::kCharacterNotInRepertoire},
      {"select E'\\000'", "invalid byte sequence for encoding \"UTF8\": 0x00", 0, sqlstate::kCharacterNotInRepertoire},
      {"select @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1",
       "operator too long at or near \"@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\"", 8},
      // The first error wins, whichever kind it is.
      {"selec 'abc", "syntax error at or near \"selec\"", 1},
      {"select 1; select 'abc", "unterminated quoted string at or near \"'abc\"", 18},
  };
  for (const ErrorCase& test : kCases) Check(test);
}

TEST(ParseErrorTest, Grammar) {
  const ErrorCase kCases[] = {
      {"selec 1", "syntax error at or near \"selec\"", 1},
      {"select 1; selec 2", "syntax error at or near \"selec\"", 11},
      {"select 1 1", "syntax error at or near \"1\"", 10},
      {"select 1 from", "syntax error at end of input", 14},
      {"select 1 from t where   ", "syntax error at end of input", 25},
      {"select (1", "syntax error at end of input", 10},
      {"select 1)", "syntax error at or near \")\"", 9},
      {"select 1 + ;", "syntax error at or near \";\"", 12},
      {"select é from é wher x é ", "syntax error at or near \"x\"", 22},
      {"select 1 < 2 < 3", "syntax error at or near \"<\"", 14},
      {"select 1 = 2 = 3", "syntax error at or near \"=\"", 14},
      {"select 1 like 'b' in ('c')", "syntax error at or near \"in\"", 19},
      {"select 1 between 1 and 2 between 1 and 2", "syntax error at or near \"between\"", 26},
      {"select a is 3", "syntax error at or near \"3\"", 13},
      {"select case 1 end", "syntax error at or near \"end\"", 15},
      {"select array[1,2,3][1]", "syntax error at or near \"[\"", 20},
      {"select f(x)[1]", "syntax error at or near \"[\"", 12},
      {"select count(distinct *)", "syntax error at or near \"*\"", 23},
      {"select a.*.b from t", "improper use of \"*\" at or near \"from\"", 14},
      {"select a b c from t", "syntax error at or near \"c\"", 12},
      {"select 1 as select from", "syntax error at end of input", 24},
      {"select unique (select 1)", "UNIQUE predicate is not yet implemented", 8, sqlstate::kFeatureNotSupported},
      {"select (1,2) overlaps (1,2,3)", "wrong number of parameters on right side of OVERLAPS expression", 23},
      {"select foo(a => 1) '1'", "type modifier cannot have parameter name", 12},
      {"select foo(1 order by 1) '1'", "type modifier cannot have ORDER BY", 14},
      {"select f(distinct x) within group (order by y)", "cannot use DISTINCT with WITHIN GROUP", 22},
      {"select f(x order by y) within group (order by y)", "cannot use multiple ORDER BY clauses with WITHIN GROUP", 24},
      {"select f(variadic x) within group (order by y)", "cannot use VARIADIC with WITHIN GROUP", 22},
      {"select float(54) '1'", "precision for type float must be less than 54 bits", 14, sqlstate::kInvalidParameterValue},
      {"select interval(3) '1' second(2)", "syntax error at or near \"second\"", 24},
      {"select current_date(3)", "syntax error at or near \"(\"", 20},
      {"select * from (select 1)", "subquery in FROM must have an alias", 15},
      {"select * from (values (1))", "VALUES in FROM must have an alias", 15},
      {"select * from (t)", "syntax error at or near \")\"", 17},
      {"select * from t join u", "syntax error at end of input", 23},
      {"select * from t natural cross join u", "syntax error at or near \"cross\"", 25},
      {"select * from a.b.c.d", "improper qualified name (too many dotted names): a.b.c.d", 15},
      {"select * from f() as (a int, b)", "syntax error at or near \")\"", 31},
      {"select 1 limit 1,2", "LIMIT #,# syntax is not supported", 10},
      {"(select 1 order by 1) order by 1", "multiple ORDER BY clauses not allowed", 32},
      {"(select 1 limit 1) limit 2", "multiple LIMIT clauses not allowed", 26},
      {"(select 1 offset 1) offset 2", "multiple OFFSET clauses not allowed", 28},
      {"select 1 fetch first 1 rows with ties", "WITH TIES cannot be specified without ORDER BY clause", 0},
      {"select 1 order by 1 for update skip locked fetch first 1 row with ties",
       "SKIP LOCKED and WITH TIES options cannot be used together", 0},
      {"select 1 union all select 1 order by 1 union select 2", "syntax error at or near \"union\"", 40},
      {"with a as (select 1)", "syntax error at end of input", 21},
      {"insert into t values (1,2", "syntax error at end of input", 26},
      {"update t set", "syntax error at end of input", 13},
      {"delete t", "syntax error at or near \"t\"", 8},
      {"create table user (a int)", "syntax error at or near \"user\"", 14},
      {"create table t (a int) with oids", "syntax error at or near \"oids\"", 29},
      {"create role x foo", "unrecognized role option \"foo\"", 15},
      {"create role r superuser nosuperuser", "conflicting or redundant options", 25},
      {"create user r unencrypted password 'x'", "UNENCRYPTED PASSWORD is no longer supported", 15, sqlstate::kFeatureNotSupported},
      {"create index on t (a b c d)", "syntax error at or near \"c\"", 24},
      {"alter table t add", "syntax error at end of input", 18},
      {"alter table t foo", "syntax error at or near \"foo\"", 15},
      {"drop foo x", "syntax error at or near \"foo\"", 6},
      {"comment on foo", "syntax error at or near \"foo\"", 12},
      {"set x", "syntax error at end of input", 6},
      {"begin isolation", "syntax error at end of input", 16},
      {"set transaction isolation level foo", "syntax error at or near \"foo\"", 33},
      {"explain (analyze) foo", "syntax error at or near \"foo\"", 19},
      {"explain explain select 1", "syntax error at or near \"explain\"", 9},
      {"prepare x as create table t()", "syntax error at or near \"create\"", 14},
      {"rollback to savepoint x y", "syntax error at or near \"y\"", 25},
      {"fetch 3 from", "syntax error at end of input", 13},
      {"copy t from program stdin", "STDIN/STDOUT not allowed with PROGRAM", 1},
      {"copy t to stdout where a", "WHERE clause not allowed with COPY TO", 18},
      {"copy t from stdin ()", "syntax error at or near \")\"", 20},
      {"select sum(1) over (rows unbounded following)", "frame start cannot be UNBOUNDED FOLLOWING", 26, sqlstate::kWindowingError},
      {"select sum(1) over (rows 1 following)", "frame starting from following row cannot end with current row", 26,
       sqlstate::kWindowingError},
      {"select sum(1) over (rows between current row and unbounded preceding)", "frame end cannot be UNBOUNDED PRECEDING", 50,
       sqlstate::kWindowingError},
      {"select sum(1) over (rows between current row and 1 preceding)",
       "frame starting from current row cannot have preceding rows", 50, sqlstate::kWindowingError},
      {"select sum(1) over (rows between 1 following and current row)",
       "frame starting from following row cannot have preceding rows", 50, sqlstate::kWindowingError},
  };
  for (const ErrorCase& test : kCases) Check(test);
}

TEST(ParseErrorTest, Hints) {
  EXPECT_EQ(FieldsOf(ParseSql("select * from (select 1)").status()).hint, "For example, FROM (SELECT ...) [AS] foo.");
  EXPECT_EQ(FieldsOf(ParseSql("select 1 limit 1,2").status()).hint, "Use separate LIMIT and OFFSET clauses.");
  EXPECT_EQ(FieldsOf(ParseSql("select U&'\\00'").status()).hint, "Unicode escapes must be \\XXXX or \\+XXXXXX.");
  EXPECT_EQ(FieldsOf(ParseSql("select E'\\u00'").status()).hint, "Unicode escapes must be \\uXXXX or \\UXXXXXXXX.");
}

TEST(ParseErrorTest, WhatPostgresHasAndTsdHasNot) {
  for (const char* text :
       {"create function f() returns int language sql as 'select 1'", "create or replace procedure p() as $$ $$", "create trigger t",
        "create type t as (a int)", "create domain d as int", "create policy p on t", "create rule r",
        "create tablespace t location 'x'", "create user mapping for x server s", "create foreign table t (a int) server s",
        "create publication p", "merge into t using u on true when matched then delete", "select * from t tablesample system (1)",
        "create table t of u", "create table t partition of u default", "alter table t attach partition u default",
        "with a as (select 1) cycle x set y using z select 1", "select treat(a as int)", "select xmlconcat(a, b)",
        "select a is document", "select a is normalized", "import foreign schema x from server y into z", "drop cast (int as text)"}) {
    EXPECT_EQ(SqlStateOf(ParseSql(text).status()), sqlstate::kFeatureNotSupported) << text;
  }
}

TEST(ParseErrorTest, SelectIntoStandsInTheFirstSelectOnly) {
  for (const char* text : {"select 1 into t", "select a, b into temp table t from u where a > 1 order by b", "(select 1 into t)", "with c as (select 1) select * into unlogged x.t from c",
                           "select 1 into t union select 2", "select 1 into t; select 2 into u"}) {
    const auto parsed = ParseSql(text);
    ASSERT_TRUE(parsed.ok()) << text << "\n" << parsed.status();
    EXPECT_EQ((*parsed)[0].statement->kind, StatementKind::kCreateTableAs) << text;
  }
  for (const char* text : {"select 1 union select 2 into t", "select (select 1 into t)", "select * from (select 1 into t) x", "insert into u select 1 into t",
                           "select 1 into t into u", "select 1 into", "with c as (select 1 into t) select 2"}) {
    EXPECT_EQ(SqlStateOf(ParseSql(text).status()), sqlstate::kSyntaxError) << text;
  }
}

TEST(ParseErrorTest, KeywordsMayBeNamesWherePostgresAllows) {
  const auto works = [](const std::string& text) {
    const Status status = ParseSql(text).status();
    EXPECT_TRUE(status.ok()) << text << "\n" << status;
  };
  for (const std::string word : {"time", "name", "value", "start", "day", "hour", "status", "free", "used", "total", "active", "type",
                                 "key", "data", "minute", "second", "year", "month", "interval", "timestamp", "position", "level",
                                 "values", "date", "text", "version", "role", "owner", "source", "zone", "count", "index", "view",
                                 "row", "rows", "range", "precision", "exists", "extract", "char", "int", "float", "bit"}) {
    works("create table " + word + " (" + word + " int, b int)");
    works("select " + word + ", t." + word + ", max(" + word + ") as " + word + " from " + word + " as t where " + word + " > 1 group by " +
          word + " order by " + word + " desc");
    works("insert into " + word + " (" + word + ") values (1) returning " + word);
    works("update " + word + " set " + word + " = " + word + " + 1");
    works("create index on " + word + " (" + word + " desc)");
    works("alter table " + word + " drop column " + word);
    works("copy " + word + " (" + word + ") from stdin");
  }
  // Labels without AS: all but the words that could go on with the expression.
  for (const std::string word : {"time", "name", "value", "select", "from_", "user", "table", "left", "all", "end", "desc"}) {
    works("select 1 " + word);
  }
  for (const std::string word : {"day", "hour", "from", "where", "array", "char", "filter", "over", "year", "second"}) {
    EXPECT_FALSE(ParseSql("select 1 " + word).ok()) << word;
    works("select 1 as " + word);
  }
}

}  // namespace
}  // namespace tsd::sql::parse
