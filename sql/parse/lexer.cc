#include "sql/parse/lexer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "engine/base/strings.h"

namespace tsd::sql::parse {
namespace {

enum CharClass : uint8_t { kSpace = 1, kIdentStart = 2, kDigit = 4, kOperatorChar = 8, kSelf = 16 };

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (char c : std::string_view(" \t\n\r\f")) classes[static_cast<uint8_t>(c)] |= kSpace;
  for (int c = 'a'; c <= 'z'; ++c) classes[static_cast<size_t>(c)] |= kIdentStart;
  for (int c = 'A'; c <= 'Z'; ++c) classes[static_cast<size_t>(c)] |= kIdentStart;
  for (size_t c = 128; c < 256; ++c) classes[c] |= kIdentStart;
  classes['_'] |= kIdentStart;
  for (int c = '0'; c <= '9'; ++c) classes[static_cast<size_t>(c)] |= kDigit;
  for (char c : std::string_view("~!@#^&|`?+-*/%<>=")) classes[static_cast<uint8_t>(c)] |= kOperatorChar;
  for (char c : std::string_view(",()[].;:+-*/%^<>=")) classes[static_cast<uint8_t>(c)] |= kSelf;
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

bool HasClass(char c, uint8_t classes) { return (kClasses[static_cast<uint8_t>(c)] & classes) != 0; }
bool IsIdentifierChar(char c) { return HasClass(c, kIdentStart | kDigit) || c == '$'; }

}  // namespace

std::string_view TruncateIdentifier(std::string_view name) {
  if (name.size() <= kMaxIdentifierBytes) return name;
  size_t size = kMaxIdentifierBytes;
  while (size > 0 && (static_cast<uint8_t>(name[size]) & 0xC0) == 0x80) --size;
  return name.substr(0, size == 0 ? kMaxIdentifierBytes : size);
}

namespace {

/// No byte has its high bit set. A statement may be megabytes long.
bool IsAscii(std::string_view text) {
  size_t at = 0;
  uint64_t bits = 0;
  for (; at + sizeof(bits) <= text.size(); at += sizeof(bits)) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof(word));
    bits |= word;
  }
  for (; at < text.size(); ++at) bits |= static_cast<uint8_t>(text[at]);
  return (bits & 0x8080808080808080) == 0;
}

}  // namespace

Lexer::Lexer(std::string_view text, int position) : text_(text), first_position_(position) {
  ascii_ = IsAscii(text);
}

int Lexer::PositionOf(size_t byte) {
  if (ascii_) return first_position_ + static_cast<int>(byte);
  if (byte < counted_bytes_) counted_bytes_ = 0, counted_chars_ = 0;
  for (; counted_bytes_ < byte; ++counted_bytes_) {
    if ((static_cast<uint8_t>(text_[counted_bytes_]) & 0xC0) != 0x80) ++counted_chars_;
  }
  return first_position_ + counted_chars_;
}

void Lexer::Fail(Token* token, std::string_view state, std::string_view message, size_t at, size_t near_begin,
                 size_t near_end) {
  FailPlain(token, state,
            near_begin >= text_.size()
                ? StrCat(message, " at end of input")
                : StrCat(message, " at or near \"", text_.substr(near_begin, near_end - near_begin), "\""),
            "", at);
}

void Lexer::FailPlain(Token* token, std::string_view state, std::string_view message, std::string_view hint, size_t at) {
  if (!failed_) {
    error_ = WithPosition(Error(state, message), PositionOf(at));
    if (!hint.empty()) error_ = WithHint(error_, hint);
  }
  failed_ = true;
  token->kind = TokenKind::kError;
}

bool Lexer::SkipWhitespaceAndComments(Token* token) {
  while (cursor_ < text_.size()) {
    const char c = text_[cursor_];
    if (HasClass(c, kSpace)) {
      ++cursor_;
    } else if (c == '-' && At(cursor_ + 1) == '-') {
      while (cursor_ < text_.size() && text_[cursor_] != '\n' && text_[cursor_] != '\r') ++cursor_;
    } else if (c == '/' && At(cursor_ + 1) == '*') {
      const size_t begin = cursor_;
      int depth = 1;
      cursor_ += 2;
      while (depth > 0) {
        if (cursor_ >= text_.size()) {
          Fail(token, sqlstate::kSyntaxError, "unterminated /* comment", begin, begin, text_.size());
          return false;
        }
        if (text_[cursor_] == '*' && At(cursor_ + 1) == '/') {
          --depth;
          cursor_ += 2;
        } else if (text_[cursor_] == '/' && At(cursor_ + 1) == '*') {
          ++depth;
          cursor_ += 2;
        } else {
          ++cursor_;
        }
      }
    } else {
      break;
    }
  }
  return true;
}

void Lexer::Next(Token* token) {
  token->symbol = 0;
  token->quoted = false;
  token->keyword = Keyword::kNotKeyword;
  token->value.clear();
  if (failed_) {
    token->kind = TokenKind::kError;
    return;
  }
  if (text_.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()) - 1) {
    FailPlain(token, sqlstate::kProgramLimitExceeded, "query text too long", "", 0);
    return;
  }
  const bool clean = SkipWhitespaceAndComments(token);
  token->begin = token->end = static_cast<uint32_t>(cursor_);
  if (!clean) return;
  token->position = PositionOf(cursor_);
  if (cursor_ >= text_.size()) {
    token->kind = TokenKind::kEnd;
    return;
  }
  const char c = text_[cursor_];
  const char next = At(cursor_ + 1);
  if (HasClass(c, kIdentStart)) {
    switch (c) {
      case 'e': case 'E':
        if (next == '\'') return LexEscapeString(token, cursor_ + 1);
        break;
      case 'b': case 'B':
        if (next == '\'') return LexBitString(token, cursor_ + 1, 'b');
        break;
      case 'x': case 'X':
        if (next == '\'') return LexBitString(token, cursor_ + 1, 'x');
        break;
      case 'n': case 'N':
        if (next == '\'') {   // N'..' is the type name nchar before an ordinary string
          token->kind = TokenKind::kKeyword;
          token->keyword = Keyword::kNchar;
          token->end = static_cast<uint32_t>(++cursor_);
          return;
        }
        break;
      case 'u': case 'U':
        if (next == '&' && At(cursor_ + 2) == '\'') return LexUnicodeString(token, cursor_ + 2);
        if (next == '&' && At(cursor_ + 2) == '"') return LexQuotedIdentifier(token, cursor_ + 2, true);
        break;
      default: break;
    }
    return LexIdentifier(token);
  }
  if (c == '\'') return LexPlainString(token, cursor_);
  if (c == '"') return LexQuotedIdentifier(token, cursor_, false);
  if (HasClass(c, kDigit) || (c == '.' && HasClass(next, kDigit))) return LexNumber(token);
  if (c == '$') return HasClass(next, kDigit) ? LexParameter(token) : LexDollar(token);
  LexOperator(token);
}

void Lexer::LexIdentifier(Token* token) {
  size_t end = cursor_ + 1;
  while (end < text_.size() && IsIdentifierChar(text_[end])) ++end;
  token->value.assign(text_.substr(cursor_, end - cursor_));
  for (char& c : token->value) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  token->end = static_cast<uint32_t>(end);
  cursor_ = end;
  token->keyword = FindKeyword(token->value);
  if (token->keyword != Keyword::kNotKeyword) {
    token->kind = TokenKind::kKeyword;
    token->value.clear();
    return;
  }
  token->kind = TokenKind::kIdentifier;
  if (token->value.size() > kMaxIdentifierBytes) token->value.resize(TruncateIdentifier(token->value).size());
}

void Lexer::LexNumber(Token* token) {
  size_t end = cursor_;
  const auto skip_digits = [&] { while (end < text_.size() && HasClass(text_[end], kDigit)) ++end; };
  bool integer = true;
  skip_digits();
  // "1..2" is 1, "..", 2.
  if (At(end) == '.' && end < text_.size() && !(end > cursor_ && At(end + 1) == '.')) {
    integer = false;
    ++end;
    skip_digits();
  }
  size_t junk = end;
  if (At(end) == 'e' || At(end) == 'E') {
    const size_t sign = end + 1 + (At(end + 1) == '+' || At(end + 1) == '-' ? 1 : 0);
    if (HasClass(At(sign), kDigit) && sign < text_.size()) {
      integer = false;
      end = sign;
      skip_digits();
      junk = end;
    } else if (sign > end + 1) {   // 1e+ without digits: PostgreSQL stops its message there
      return Fail(token, sqlstate::kSyntaxError, "trailing junk after numeric literal", cursor_, cursor_, sign);
    }
  }
  if (junk < text_.size() && HasClass(text_[junk], kIdentStart)) {
    while (junk < text_.size() && IsIdentifierChar(text_[junk])) ++junk;
    return Fail(token, sqlstate::kSyntaxError, "trailing junk after numeric literal", cursor_, cursor_, junk);
  }
  token->kind = integer ? TokenKind::kInteger : TokenKind::kNumeric;
  token->value.assign(text_.substr(cursor_, end - cursor_));
  token->end = static_cast<uint32_t>(end);
  cursor_ = end;
}

void Lexer::LexParameter(Token* token) {
  size_t end = cursor_ + 1;
  while (end < text_.size() && HasClass(text_[end], kDigit)) ++end;
  if (end < text_.size() && HasClass(text_[end], kIdentStart)) {
    while (end < text_.size() && IsIdentifierChar(text_[end])) ++end;
    return Fail(token, sqlstate::kSyntaxError, "trailing junk after parameter", cursor_, cursor_, end);
  }
  token->kind = TokenKind::kParameter;
  token->value.assign(text_.substr(cursor_ + 1, end - cursor_ - 1));
  token->end = static_cast<uint32_t>(end);
  cursor_ = end;
}

void Lexer::LexDollar(Token* token) {
  size_t tag_end = cursor_ + 1;
  if (tag_end < text_.size() && HasClass(text_[tag_end], kIdentStart)) {
    while (tag_end < text_.size() && HasClass(text_[tag_end], kIdentStart | kDigit)) ++tag_end;
  }
  if (At(tag_end) != '$' || tag_end >= text_.size()) {
    token->kind = TokenKind::kSymbol;
    token->symbol = kStray;
    token->end = static_cast<uint32_t>(++cursor_);
    return;
  }
  const std::string_view mark = text_.substr(cursor_, tag_end + 1 - cursor_);
  const size_t body = tag_end + 1;
  const size_t close = text_.find(mark, body);
  if (close == std::string_view::npos) {
    return Fail(token, sqlstate::kSyntaxError, "unterminated dollar-quoted string", cursor_, cursor_, text_.size());
  }
  token->kind = TokenKind::kString;
  token->value.assign(text_.substr(body, close - body));
  cursor_ = close + mark.size();
  token->end = static_cast<uint32_t>(cursor_);
}

void Lexer::LexOperator(Token* token) {
  token->kind = TokenKind::kSymbol;
  const char first = text_[cursor_];
  if (!HasClass(first, kOperatorChar)) {
    const char next = At(cursor_ + 1);
    size_t size = 1;
    token->symbol = HasClass(first, kSelf) ? first : kStray;
    if (first == ':' && next == ':') token->symbol = kTypeCast, size = 2;
    if (first == ':' && next == '=') token->symbol = kColonEquals, size = 2;
    if (first == '.' && next == '.') token->symbol = kDotDot, size = 2;
    cursor_ += size;
    token->end = static_cast<uint32_t>(cursor_);
    return;
  }
  size_t end = cursor_;
  while (end < text_.size() && HasClass(text_[end], kOperatorChar)) {
    const bool comment = (text_[end] == '-' && At(end + 1) == '-') || (text_[end] == '/' && At(end + 1) == '*');
    if (comment) break;   // never at the start: comments were skipped
    ++end;
  }
  std::string_view op = text_.substr(cursor_, end - cursor_);
  // SQL says that "a=-1" has two operators, so only names with a character from no SQL operator may end in + or -.
  if (op.size() > 1 && op.find_first_of("~!@#^&|`?%") == std::string_view::npos) {
    while (op.size() > 1 && (op.back() == '+' || op.back() == '-')) op.remove_suffix(1);
  }
  if (op.size() > kMaxIdentifierBytes) {
    return Fail(token, sqlstate::kSyntaxError, "operator too long", cursor_, cursor_, cursor_ + op.size());
  }
  token->symbol = kOperator;
  if (op.size() == 1 && HasClass(first, kSelf)) token->symbol = first;
  if (op == "=>") token->symbol = kEqualsGreater;
  if (op == "<=") token->symbol = kLessEquals;
  if (op == ">=") token->symbol = kGreaterEquals;
  if (op == "<>" || op == "!=") token->symbol = kNotEquals;
  cursor_ += op.size();
  token->end = static_cast<uint32_t>(cursor_);
}

}  // namespace tsd::sql::parse
