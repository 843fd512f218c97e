#include "sql/parse/literal_rows.h"

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/base/strings.h"
#include "sql/parse/parser.h"
#include "sql/parse/print.h"

namespace tsd::sql::parse {
namespace {

std::vector<std::string> Texts(std::string_view text) {
  size_t end = 0;
  const std::optional<LiteralRows> rows = FindLiteralRows(text, 0, &end);
  if (!rows.has_value()) return {"no"};
  std::vector<std::string> texts = {StrCat(rows->width)};
  for (const LiteralRows::Value& value : rows->values) texts.emplace_back(rows->TextOf(value));
  texts.emplace_back(text.substr(end));
  return texts;
}

TEST(LiteralRowsTest, PlainRows) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(Texts(" (1,'a',NULL),\n( -2.5e-3 , 'it''s' ,\ttrue)  RETURNING x"),
            (Lines{"3", "1", "a", "NULL", "-2.5e-3", "it''s", "true", "  RETURNING x"}));
  EXPECT_EQ(Texts("('')"), (Lines{"1", "", ""}));
  EXPECT_EQ(Texts("(.5,5.,+7)"), (Lines{"3", ".5", "5.", "+7", ""}));
}

TEST(LiteralRowsTest, WhatIsNotPlainIsLeftToTheParser) {
  for (const char* text :
       {"", "(", "()", "(1", "(1,", "(1,)", "(1),", "(1) (2), x", "(1),(1,2)", "(now())", "(DEFAULT)", "(1+1)", "(- 1)", "(--1\n1)", "('a)", "('a''",
        "('a'\n'b')", "(E'a')", "('a'::text)", "('a' COLLATE \"C\")", "(date '2020-01-01')", "(nullx)", "(truex)", "(1x)", "(1e)", "(1.5.2)", "(.)", "(0x1F)",
        "($1)", "(1,$20)", "($)", "(1/*c*/)", "((1))", "(1;)", "(b'01')", "(\"a\")", "(-)", "(1_000)"}) {
    const std::vector<std::string> texts = Texts(text);
    // "(1) (2), x": rows end where a comma is missing.
    if (std::string_view(text).starts_with("(1) (2)")) {
      EXPECT_EQ(texts.back(), " (2), x");
    } else {
      EXPECT_EQ(texts, std::vector<std::string>{"no"}) << text;
    }
  }
}

// Rows that are taken as plain have the trees that the parser makes of them elsewhere.
TEST(LiteralRowsTest, SameTreesAsTheParserMakes) {
  Random random(7);
  const std::vector<std::string> pieces = {"1", "-1", "'x'", "'a''b'", "NULL", "true", "FALSE", "$1", "1.5", "(", ")", ",", ",", ",", " ", "\n", "--c\n", "now()",
                                           "'é'", ";", "RETURNING a", "ON CONFLICT DO NOTHING", "UNION", "ORDER BY 1", "1e", "'", "), (", "), (", "DEFAULT"};
  int plain = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string rows = "(";
    for (uint64_t i = random.Below(8) + 1; i > 0; --i) rows += pieces[random.Below(pieces.size())];
    if (random.Below(4) != 0) rows += ")";
    const auto fast = ParseSql("INSERT INTO t VALUES " + rows);
    const auto query = ParseSql("              VALUES " + rows);  // at the same position
    if (!fast.ok() || fast->empty()) continue;
    const auto& insert = As<InsertStatement>(*(*fast)[0].statement);
    if (insert.source == nullptr || !insert.source->literals.has_value()) continue;
    ++plain;
    const auto parsed = ParseRows(*insert.source->literals);
    ASSERT_TRUE(parsed.ok()) << rows;
    ASSERT_EQ(parsed->size(), insert.source->literals->rows()) << rows;
    if (!query.ok() || !insert.returning.empty()) continue;
    const Query& whole = *As<SelectStatement>(*(*query)[0].statement).query;
    ASSERT_EQ(whole.values.size(), parsed->size()) << rows;
    for (size_t row = 0; row < parsed->size(); ++row) {
      ASSERT_EQ((*parsed)[row].size(), whole.values[row].size());
      for (size_t i = 0; i < whole.values[row].size(); ++i) {
        EXPECT_EQ(PrintExpr(*(*parsed)[row][i]), PrintExpr(*whole.values[row][i])) << rows;
        EXPECT_EQ((*parsed)[row][i]->position, whole.values[row][i]->position) << rows;
      }
    }
  }
  EXPECT_GT(plain, 500);
}

}  // namespace
}  // namespace tsd::sql::parse
