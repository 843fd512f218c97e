#include "sql/parse/lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/strings.h"

namespace tsd::sql::parse {
namespace {

/// Tokens as "kind:value" words: i(dentifier) k(eyword) n(umber) f(ractional) s(tring) b(it) p(arameter) o(perator).
std::string Lex(std::string_view text) {
  static constexpr char kKinds[] = {'$', '!', 'i', 'k', 'n', 'f', 's', 'b', 'p', 'o'};
  Lexer lexer(text);
  Token token;
  std::string out;
  while (true) {
    lexer.Next(&token);
    if (token.kind == TokenKind::kEnd) return out;
    if (!out.empty()) out += ' ';
    const bool raw = token.kind == TokenKind::kSymbol || token.kind == TokenKind::kKeyword;
    StrAppend(&out, std::string(1, kKinds[static_cast<size_t>(token.kind)]), ":",
              raw ? std::string(text.substr(token.begin, token.end - token.begin)) : token.value);
    if (token.kind == TokenKind::kError) return out;
  }
}

TEST(LexerTest, Operators) {
  EXPECT_EQ(Lex("a=-1"), "i:a o:= o:- n:1");
  EXPECT_EQ(Lex("a@-1"), "i:a o:@- n:1");
  EXPECT_EQ(Lex("a<>-1"), "i:a o:<> o:- n:1");
  EXPECT_EQ(Lex("a!=b a<=b a>=b a=>b a->b a->>b"), "i:a o:!= i:b i:a o:<= i:b i:a o:>= i:b i:a o:=> i:b i:a o:-> i:b i:a o:->> i:b");
  EXPECT_EQ(Lex("a+-+b"), "i:a o:+ o:- o:+ i:b");
  EXPECT_EQ(Lex("a*-b"), "i:a o:* o:- i:b");
  EXPECT_EQ(Lex("a?-b"), "i:a o:?- i:b");
  EXPECT_EQ(Lex("a+/*c*/b"), "i:a o:+ i:b");
  EXPECT_EQ(Lex("a+--c\nb"), "i:a o:+ i:b");
  EXPECT_EQ(Lex("a::int b:=c d..e"), "i:a o::: k:int i:b o::= i:c i:d o:.. i:e");
  EXPECT_EQ(Lex("(a,b)[1];"), "o:( i:a o:, i:b o:) o:[ n:1 o:] o:;");
}

TEST(LexerTest, Numbers) {
  EXPECT_EQ(Lex("1 1.5 .5 1. 1e5 1.e-5 007"), "n:1 f:1.5 f:.5 f:1. f:1e5 f:1.e-5 n:007");
  EXPECT_EQ(Lex("1..2"), "n:1 o:.. n:2");
  EXPECT_EQ(Lex("a.1"), "i:a f:.1");
  EXPECT_EQ(Lex("1a"), "!:");
  EXPECT_EQ(Lex("$1 $23+$4"), "p:1 p:23 o:+ p:4");
}

TEST(LexerTest, Strings) {
  EXPECT_EQ(Lex("'a''b' ''"), "s:a'b s:");
  EXPECT_EQ(Lex("'a'\n'b'"), "s:ab");
  EXPECT_EQ(Lex("'a' -- c\n  'b'"), "s:ab");
  EXPECT_EQ(Lex("'a' 'b'"), "s:a s:b");
  EXPECT_EQ(Lex("'a\\'"), "s:a\\");
  EXPECT_EQ(Lex("e'a\\n\\t\\\\\\'\\x41\\101\\q'"), "s:a\n\t\\'AAq");
  EXPECT_EQ(Lex("E'\\u00e9\\U0001F600\\uD83D\\uDE00'"), "s:é😀😀");
  EXPECT_EQ(Lex("E'a'\n'\\x42'"), "s:aB");
  EXPECT_EQ(Lex("U&'d\\0061t\\+000061' u&'x!0041' UESCAPE '!' U&'a\\\\b'"), "s:data s:xA s:a\\b");
  EXPECT_EQ(Lex("b'10' X'1F'"), "b:b10 b:x1F");
  EXPECT_EQ(Lex("n'a'"), "k:n s:a");
  EXPECT_EQ(Lex("$$a'b$$ $t$ $$ $t$ $a b"), "s:a'b s: $$  o:$ i:a i:b");
  EXPECT_EQ(Lex("a$b$c"), "i:a$b$c");
}

TEST(LexerTest, Identifiers) {
  EXPECT_EQ(Lex("Abc \"Abc\" \"a\"\"b\" U&\"d\\0061t\" _x1$ É"), "i:abc i:Abc i:a\"b i:dat i:_x1$ i:É");
  EXPECT_EQ(Lex("SELECT Select \"select\""), "k:SELECT k:Select i:select");
  EXPECT_EQ(Lex("u& e b x n"), "i:u o:& i:e i:b i:x i:n");
  const std::string long_name(70, 'a');
  EXPECT_EQ(Lex(long_name), "i:" + std::string(63, 'a'));
  EXPECT_EQ(Lex("\"" + std::string(62, 'a') + "éb\""), "i:" + std::string(62, 'a'));
}

TEST(LexerTest, CommentsAndPositions) {
  EXPECT_EQ(Lex("/* a /* b */ c */ 1 -- x"), "n:1");
  EXPECT_EQ(Lex("1 --x\r2"), "n:1 n:2");
  const std::string text = "ä 'ö' /* ü */ b";
  Lexer lexer(text);
  Token token;
  lexer.Next(&token);
  EXPECT_EQ(token.position, 1);
  lexer.Next(&token);
  EXPECT_EQ(token.position, 3);
  lexer.Next(&token);
  EXPECT_EQ(token.position, 15);
  lexer.Next(&token);
  EXPECT_EQ(token.kind, TokenKind::kEnd);
  EXPECT_EQ(token.position, 16);
}

TEST(LexerTest, KeywordTable) {
  EXPECT_EQ(FindKeyword("select"), Keyword::kSelect);
  EXPECT_EQ(FindKeyword("zone"), Keyword::kZone);
  EXPECT_EQ(FindKeyword("abort"), Keyword::kAbort);
  EXPECT_EQ(FindKeyword("current_timestamp"), Keyword::kCurrentTimestamp);
  for (const char* none : {"", "a", "selects", "selec", "SELECT", "_x", "zz", "device"}) EXPECT_EQ(FindKeyword(none), Keyword::kNotKeyword) << none;
  // Every keyword finds itself.
  int count = 0;
#define TSD_KEYWORD(enumerator, text, keyword_class, label) ++count;
#include "sql/parse/keyword_list.inc"
#undef TSD_KEYWORD
  for (int i = 1; i <= count; ++i) {
    const auto keyword = static_cast<Keyword>(i);
    EXPECT_EQ(FindKeyword(InfoOf(keyword).word), keyword) << InfoOf(keyword).word;
  }
  EXPECT_EQ(count, 460);
}

}  // namespace
}  // namespace tsd::sql::parse
