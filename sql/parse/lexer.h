#pragma once
// SQL text -> tokens by PostgreSQL's rules, one at a time, decoded (escapes resolved, identifiers folded and truncated).
// The text must outlive the lexer. Single-threaded; linear time; any bytes give tokens or one final kError token.
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "sql/parse/keywords.h"

namespace tsd::sql::parse {

inline constexpr size_t kMaxIdentifierBytes = 63;

enum class TokenKind : uint8_t {
  kEnd,
  kError,        // see Lexer::error()
  kIdentifier,   // not a keyword, or quoted
  kKeyword,
  kInteger,      // digits
  kNumeric,      // with point or exponent
  kString,
  kBitString,    // value 'b' + digits or 'x' + digits
  kParameter,    // $n
  kSymbol,       // punctuation and operators: Token::symbol
};

// Values of Token::symbol beyond the characters that stand for themselves: , ( ) [ ] . ; : + - * / % ^ < > =
inline constexpr char kTypeCast = 'T';        // ::
inline constexpr char kColonEquals = 'A';     // :=
inline constexpr char kEqualsGreater = 'G';   // =>
inline constexpr char kDotDot = 'D';          // ..
inline constexpr char kLessEquals = 'L';
inline constexpr char kGreaterEquals = 'M';
inline constexpr char kNotEquals = 'N';       // <> and !=
inline constexpr char kOperator = 'O';        // any other: its text is the token's text
inline constexpr char kStray = '?';           // a character that starts no token

struct Token {
  TokenKind kind = TokenKind::kEnd;
  char symbol = 0;
  bool quoted = false;                        // a quoted identifier
  Keyword keyword = Keyword::kNotKeyword;
  uint32_t begin = 0, end = 0;                // bytes of the text
  int position = 0;                           // 1-based character
  std::string value;                          // identifiers, strings, numbers, parameters; empty for keywords and symbols
};

/// Longest prefix of at most kMaxIdentifierBytes that does not cut a UTF-8 character.
std::string_view TruncateIdentifier(std::string_view name);

class Lexer {
 public:
  /// `position`: of the text's first character, from which positions count.
  explicit Lexer(std::string_view text, int position = 1);

  /// Fills `token` with the next one. After kEnd or kError it stays that.
  void Next(Token* token);
  const Status& error() const { return error_; }
  std::string_view text() const { return text_; }
  /// The next token is the one at or behind this byte. Requires: not within a token, and no error so far.
  void SkipTo(size_t byte) { cursor_ = byte; }

 private:
  enum class Whitespace : uint8_t { kNone, kSameLine, kNewline };

  void Fail(Token* token, std::string_view state, std::string_view message, size_t at, size_t near_begin, size_t near_end);
  void FailPlain(Token* token, std::string_view state, std::string_view message, std::string_view hint, size_t at);
  int PositionOf(size_t byte);
  char At(size_t index) const { return index < text_.size() ? text_[index] : '\0'; }
  bool SkipWhitespaceAndComments(Token* token);
  /// White space and -- comments after a string's closing quote; true, moving there, if it holds a newline and a quote follows.
  bool ContinuesAfter(size_t* cursor) const;

  void LexIdentifier(Token* token);
  void LexQuotedIdentifier(Token* token, size_t quote, bool unicode);
  void LexNumber(Token* token);
  void LexParameter(Token* token);
  void LexDollar(Token* token);
  void LexOperator(Token* token);
  void LexPlainString(Token* token, size_t quote);
  void LexEscapeString(Token* token, size_t quote);
  void LexBitString(Token* token, size_t quote, char base);
  void LexUnicodeString(Token* token, size_t quote);
  /// Body of '..' or "..": `*end` is past the closing quote, doubled quotes are undoubled. `continued`: strings may go on
  /// after a newline. False: unterminated.
  bool ReadQuoted(size_t quote, char mark, bool continued, std::string* value, size_t* end) const;
  bool DecodeEscape(Token* token, size_t* cursor, std::string* value, uint32_t* high_surrogate, bool* raw_bytes);
  bool ReadUescape(Token* token, size_t* end, char* escape);
  bool DecodeUnicode(Token* token, std::string_view raw, size_t raw_begin, char escape, std::string* value);

  std::string_view text_;
  const int first_position_;
  bool ascii_ = true;
  size_t cursor_ = 0;
  size_t counted_bytes_ = 0;   // PositionOf's place, so that counting characters stays linear
  int counted_chars_ = 0;
  bool failed_ = false;
  Status error_;
};

}  // namespace tsd::sql::parse
