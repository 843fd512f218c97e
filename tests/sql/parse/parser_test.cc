// The grammar as a whole: all of the corpus parses, no cut or scrambled text crashes, limits hold.
#include "sql/parse/parser.h"

#include <gtest/gtest.h>

#include <ctime>
#include <iterator>
#include <string>

#include "engine/base/random.h"
#include "engine/base/strings.h"
#include "sql/parse/lexer.h"
#include "tests/sql/parse/corpus.h"

namespace tsd::sql::parse {
namespace {

std::vector<std::string> TokensOf(std::string_view text) {
  std::vector<std::string> tokens;
  Lexer lexer(text);
  Token token;
  for (lexer.Next(&token); token.kind != TokenKind::kEnd && token.kind != TokenKind::kError; lexer.Next(&token)) {
    tokens.emplace_back(text.substr(token.begin, token.end - token.begin));
  }
  return tokens;
}

std::string StateOf(std::string_view text) { return SqlStateOf(ParseSql(text).status()); }

TEST(ParserTest, CorpusParses) {
  for (const char* text : kCorpus) {
    const auto result = ParseSql(text);
    EXPECT_TRUE(result.ok()) << text << "\n" << result.status();
  }
}

TEST(ParserTest, EveryTruncationGivesAnAnswer) {
  for (const std::string_view text : kCorpus) {
    for (size_t size = 0; size < text.size(); ++size) (void)ParseSql(text.substr(0, size)).ok();
  }
}

TEST(ParserTest, TruncationAtATokenIsASyntaxErrorOrAStatement) {
  for (const std::string_view text : kCorpus) {
    Lexer lexer(text);
    Token token;
    for (lexer.Next(&token); token.kind != TokenKind::kEnd; lexer.Next(&token)) {
      const Status status = ParseSql(text.substr(0, token.end)).status();
      if (status.ok()) continue;
      const std::string state = SqlStateOf(status);
      EXPECT_TRUE(state == sqlstate::kSyntaxError || state == sqlstate::kFeatureNotSupported)
          << text.substr(0, token.end) << "\n" << status;
    }
  }
}

TEST(ParserTest, TokenSoupGivesAnAnswer) {
  std::vector<std::string> pool = {"(", ")", "((", "))", ",", ";", "'", "\"", "$$", "/*", "--", "E'\\", "U&\"", "$1", "::", "[", "]", "."};
  for (const char* text : kCorpus) {
    for (std::string& token : TokensOf(text)) pool.push_back(std::move(token));
  }
  Random random(7);
  for (int round = 0; round < 8000; ++round) {
    std::string soup;
    if (round % 2 == 0) {   // noise
      for (uint64_t n = random.Below(20); n > 0; --n) StrAppend(&soup, pool[random.Below(pool.size())], " ");
    } else {   // a statement with a few tokens exchanged
      std::vector<std::string> tokens = TokensOf(kCorpus[random.Below(std::size(kCorpus))]);
      for (uint64_t n = random.Below(4); n > 0 && !tokens.empty(); --n) {
        tokens[random.Below(tokens.size())] = pool[random.Below(pool.size())];
      }
      for (const std::string& token : tokens) StrAppend(&soup, token, " ");
    }
    (void)ParseSql(soup).ok();
    (void)ParseExpression(soup).ok();
  }
}

TEST(ParserTest, ByteNoiseGivesAnAnswer) {
  Random random(11);
  for (int round = 0; round < 5000; ++round) {
    std::string text(kCorpus[random.Below(std::size(kCorpus))]);
    for (uint64_t n = 1 + random.Below(3); n > 0 && !text.empty(); --n) {
      text[random.Below(text.size())] = static_cast<char>(random.Below(256));
    }
    (void)ParseSql(text).ok();
  }
}

TEST(ParserTest, EmptyStatementsAreDropped) {
  for (const char* text : {"", "  \n\t ", ";", " ; ;; ", "-- only a comment", "/* a /* b */ c */", "/**/;--x"}) {
    const auto result = ParseSql(text);
    ASSERT_TRUE(result.ok()) << text;
    EXPECT_TRUE(result->empty()) << text;
  }
}

TEST(ParserTest, StatementsKnowTheirText) {
  const std::string text = " ; select 'é' ;/* x */ commit  ;; select 2 -- end";
  const auto result = ParseSql(text);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->size(), 3u);
  EXPECT_EQ((*result)[0].text, "select 'é'");
  EXPECT_EQ((*result)[1].text, "commit");
  EXPECT_EQ((*result)[2].text, "select 2");
  for (const ParsedStatement& statement : *result) EXPECT_EQ(text.substr(statement.offset, statement.text.size()), statement.text);
  // Positions are characters, not bytes.
  EXPECT_EQ((*result)[1].statement->position, 24);
}

TEST(ParserTest, DeepNestingIsRefusedNotCrashed) {
  const auto nested = [](std::string_view open, std::string_view core, std::string_view close, int depth) {
    std::string text = "select ";
    for (int i = 0; i < depth; ++i) text += open;
    text += core;
    for (int i = 0; i < depth; ++i) text += close;
    return text;
  };
  const struct { const char *open, *core, *close; } kShapes[] = {
      {"(", "1", ")"}, {"(select ", "1", ")"}, {"-(", "a", ")"}, {"not ", "a", ""}, {"- ", "a", ""}, {"f(", "1", ")"},
      {"array[", "1", "]"}, {"array[", "1", "]"}, {"case when ", "a", " then 1 end"}, {"exists (select ", "1", ")"},
      {"coalesce(", "1", ")"}, {"a[", "1", "]"}, {"(select * from (select ", "1", ") x)"}, {"cast(", "1", " as int)"},
      {"(", "1", "+1)"}, {"a in (", "1", ")"}, {"row(", "1", ")"}, {"x(a => ", "1", ")"}};
  for (const auto& shape : kShapes) {
    EXPECT_EQ(StateOf(nested(shape.open, shape.core, shape.close, 100)), "00000") << shape.open;
    EXPECT_EQ(StateOf(nested(shape.open, shape.core, shape.close, 100000)), sqlstate::kStatementTooComplex) << shape.open;
    (void)StateOf(nested(shape.open, shape.core, "", 100000));
  }
  EXPECT_EQ(StateOf(nested("(", "1", ")", 900)), "00000");
  const Status status = ParseSql(nested("(", "1", ")", 5000)).status();
  EXPECT_EQ(status.message(), "stack depth limit exceeded");
}

TEST(ParserTest, LongChainsAreRefusedWhenTheTreeWouldBeDeep) {
  const auto chain = [](std::string_view head, std::string_view link, int length) {
    std::string text(head);
    for (int i = 0; i < length; ++i) text += link;
    return text;
  };
  const struct { const char *head, *link; } kChains[] = {
      {"select 1", " + 1"}, {"select a", "::text"}, {"select 1", " union select 1"}, {"select * from t", " cross join t"},
      {"select a", " is null"}, {"select a", "[1]"}, {"select (a)", ".b"}, {"select a", " collate c"}, {"select a", " at time zone b"}};
  for (const auto& link : kChains) {
    EXPECT_EQ(StateOf(chain(link.head, link.link, 500)), "00000") << link.link;
    EXPECT_EQ(StateOf(chain(link.head, link.link, 200000)), sqlstate::kStatementTooComplex) << link.link;
  }
  // What is a list stays a list.
  EXPECT_EQ(StateOf(chain("select a", " and a", 50000)), "00000");
  EXPECT_EQ(StateOf(chain("select a", " or a", 50000)), "00000");
  EXPECT_EQ(StateOf(chain("select a in (1", ", 1", 50000) + ")"), "00000");
  EXPECT_EQ(StateOf(chain("select 1", ", 1", 50000)), "00000");
  EXPECT_EQ(StateOf(chain("select 1", ";select 1", 50000)), "00000");
}

TEST(ParserTest, MixedDepthCountsNestingAndChains) {
  std::string text = "select ";
  for (int i = 0; i < 400; ++i) text += '(';
  text += '1';
  for (int i = 0; i < 400; ++i) text += "+1+1+1)";
  EXPECT_EQ(StateOf(text), sqlstate::kStatementTooComplex);
}

// CPU time that ParseSql takes for an INSERT of so many rows, each ending in `last`.
double ParseInsertOf(int rows, std::string_view last) {
  std::string text = "INSERT INTO conditions (time, device, temperature, humidity, note) VALUES ";
  for (int i = 0; i < rows; ++i) {
    if (i > 0) text += ", ";
    StrAppend(&text, "('2024-01-01 00:00:", i % 60, "+00', 'device-", i % 1000, "', ", i, ".25, -", i, ", 'é some text ''quoted'' of usual length', ", last, ")");
  }
  const std::clock_t start = std::clock();
  const auto result = ParseSql(text);
  const std::clock_t end = std::clock();
  EXPECT_TRUE(result.ok()) << result.status();
  const Query& query = *As<InsertStatement>(*(*result)[0].statement).source;
  EXPECT_EQ(query.literals.has_value() ? query.literals->rows() : query.values.size(), static_cast<size_t>(rows));
  return static_cast<double>(end - start);
}

TEST(ParserTest, BigInsertIsLinear) {
  // Eight times the rows; were it quadratic, 64 times the time.
  const double small = ParseInsertOf(2500, "now()");
  EXPECT_LT(ParseInsertOf(20000, "now()"), 32 * small);
  const double small_plain = ParseInsertOf(10000, "NULL");
  EXPECT_LT(ParseInsertOf(80000, "NULL"), 32 * small_plain + CLOCKS_PER_SEC / 100);
}

TEST(ParserTest, OtherEntryPoints) {
  EXPECT_TRUE(ParseExpression("now() + interval '1 day'").ok());
  EXPECT_FALSE(ParseExpression("1; select 2").ok());
  EXPECT_FALSE(ParseExpression("").ok());
  const auto type = ParseTypeName("timestamp (3) with time zone[]");
  ASSERT_TRUE(type.ok());
  EXPECT_EQ(type->name.name, "timestamptz");
  EXPECT_TRUE(type->IsArray());
  EXPECT_FALSE(ParseTypeName("int4 x").ok());
  const auto name = ParseQualifiedName("Public.\"My \"\"Table\"");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(*name, (std::vector<std::string>{"public", "My \"Table"}));
  for (const char* bad : {"", ".", "a.", "a b", "1", "\"\""}) {
    EXPECT_EQ(SqlStateOf(ParseQualifiedName(bad).status()), sqlstate::kInvalidName) << bad;
  }
}

}  // namespace
}  // namespace tsd::sql::parse
