// The lexer's quoted forms: '..', E'..', U&'..', b'..', "..", U&"..".
#include "engine/base/strings.h"
#include <absl/strings/str_format.h>

#include "sql/parse/lexer.h"

namespace tsd::sql::parse {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// `digits` hexadecimal digits of `text` from `at`; -1 if they are not all there.
int64_t ReadHex(std::string_view text, size_t at, size_t digits) {
  if (at > text.size() || text.size() - at < digits) return -1;
  int64_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const int digit = HexValue(text[at + i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
    return;
  }
  const int extra = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static constexpr uint8_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  out->push_back(static_cast<char>(kLead[extra] | (code >> (6 * extra))));
  for (int i = extra - 1; i >= 0; --i) out->push_back(static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F)));
}

bool IsHighSurrogate(uint32_t code) { return code >= 0xD800 && code <= 0xDBFF; }
bool IsLowSurrogate(uint32_t code) { return code >= 0xDC00 && code <= 0xDFFF; }
bool IsCodePoint(int64_t code) { return code > 0 && code <= 0x10FFFF; }
uint32_t JoinSurrogates(uint32_t high, uint32_t low) { return 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF); }

/// Length of the valid UTF-8 character at `at`, 0 if it is none (or NUL); `*shown` is how many bytes an error shows.
size_t Utf8Length(std::string_view s, size_t at, size_t* shown) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
  const uint8_t lead = byte(at);
  *shown = 1;
  if (lead == 0) return 0;
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
  if (length == 0) return 0;
  *shown = std::min(length, s.size() - at);
  if (s.size() - at < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const uint8_t second = byte(at + 1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
      (lead == 0xF4 && second > 0x8F)) {
    return 0;
  }
  return length;
}

/// "0xff 0x41" of the first invalid bytes, or empty when all is valid.
std::string InvalidUtf8(std::string_view s) {
  for (size_t at = 0; at < s.size();) {
    size_t shown = 0;
    const size_t length = Utf8Length(s, at, &shown);
    if (length == 0) {
      std::string bytes;
      for (size_t i = 0; i < shown; ++i) absl::StrAppendFormat(&bytes, "%s0x%02x", i == 0 ? "" : " ", static_cast<uint8_t>(s[at + i]));
      return bytes;
    }
    at += length;
  }
  return "";
}

constexpr char kStringEscapeHint[] = "Unicode escapes must be \\uXXXX or \\UXXXXXXXX.";
constexpr char kUnicodeEscapeHint[] = "Unicode escapes must be \\XXXX or \\+XXXXXX.";

}  // namespace

bool Lexer::ContinuesAfter(size_t* cursor) const {
  size_t at = *cursor;
  bool newline = false;
  while (at < text_.size()) {
    const char c = text_[at];
    if (c == '\n' || c == '\r') {
      newline = true;
      ++at;
    } else if (c == ' ' || c == '\t' || c == '\f') {
      ++at;
    } else if (c == '-' && At(at + 1) == '-') {
      while (at < text_.size() && text_[at] != '\n' && text_[at] != '\r') ++at;
    } else {
      break;
    }
  }
  if (!newline || At(at) != '\'') return false;
  *cursor = at;
  return true;
}

bool Lexer::ReadQuoted(size_t quote, char mark, bool continued, std::string* value, size_t* end) const {
  size_t at = quote + 1;
  while (true) {
    const size_t close = text_.find(mark, at);
    if (close == std::string_view::npos) return false;
    value->append(text_.substr(at, close - at));
    at = close + 1;
    if (At(at) == mark) {
      value->push_back(mark);
      ++at;
    } else if (continued && ContinuesAfter(&at)) {
      ++at;
    } else {
      *end = at;
      return true;
    }
  }
}

void Lexer::LexPlainString(Token* token, size_t quote) {
  size_t end = 0;
  if (!ReadQuoted(quote, '\'', true, &token->value, &end)) {
    return Fail(token, sqlstate::kSyntaxError, "unterminated quoted string", cursor_, cursor_, text_.size());
  }
  token->kind = TokenKind::kString;
  token->end = static_cast<uint32_t>(end);
  cursor_ = end;
}

void Lexer::LexBitString(Token* token, size_t quote, char base) {
  std::string digits;
  size_t end = 0;
  if (!ReadQuoted(quote, '\'', true, &digits, &end)) {
    return Fail(token, sqlstate::kSyntaxError,
                base == 'b' ? "unterminated bit string literal" : "unterminated hexadecimal string literal", cursor_, cursor_,
                text_.size());
  }
  token->kind = TokenKind::kBitString;
  token->value = StrCat(std::string_view(&base, 1), digits);
  token->end = static_cast<uint32_t>(end);
  cursor_ = end;
}

bool Lexer::DecodeEscape(Token* token, size_t* cursor, std::string* value, uint32_t* high_surrogate, bool* raw_bytes) {
  const size_t at = *cursor;   // of the backslash
  const char c = At(at + 1);
  *cursor = at + 2;
  if (c == 'u' || c == 'U') {
    const size_t digits = c == 'u' ? 4 : 8;
    const int64_t code = ReadHex(text_, at + 2, digits);
    if (code < 0) {
      FailPlain(token, sqlstate::kInvalidEscapeSequence, "invalid Unicode escape", kStringEscapeHint, at);
      return false;
    }
    *cursor = at + 2 + digits;
    if (*high_surrogate != 0) {
      if (!IsLowSurrogate(static_cast<uint32_t>(code))) {
        Fail(token, sqlstate::kSyntaxError, "invalid Unicode surrogate pair", at, at, *cursor);
        return false;
      }
      AppendUtf8(JoinSurrogates(*high_surrogate, static_cast<uint32_t>(code)), value);
      *high_surrogate = 0;
    } else if (IsLowSurrogate(static_cast<uint32_t>(code))) {
      Fail(token, sqlstate::kSyntaxError, "invalid Unicode surrogate pair", at, at, *cursor);
      return false;
    } else if (IsHighSurrogate(static_cast<uint32_t>(code))) {
      *high_surrogate = static_cast<uint32_t>(code);
    } else if (!IsCodePoint(code)) {
      Fail(token, sqlstate::kSyntaxError, "invalid Unicode escape value", at, at, *cursor);
      return false;
    } else {
      AppendUtf8(static_cast<uint32_t>(code), value);
    }
    return true;
  }
  if (c == 'x' && HexValue(At(at + 2)) >= 0) {
    int byte = HexValue(At(at + 2));
    *cursor = at + 3;
    if (HexValue(At(at + 3)) >= 0) byte = byte * 16 + HexValue(At(at + 3)), *cursor = at + 4;
    value->push_back(static_cast<char>(byte));
    *raw_bytes = true;
    return true;
  }
  if (c >= '0' && c <= '7') {
    int byte = 0;
    size_t i = at + 1;
    for (; i < at + 4 && At(i) >= '0' && At(i) <= '7'; ++i) byte = byte * 8 + (At(i) - '0');
    *cursor = i;
    value->push_back(static_cast<char>(byte));
    *raw_bytes = true;
    return true;
  }
  switch (c) {
    case 'b': value->push_back('\b'); break;
    case 'f': value->push_back('\f'); break;
    case 'n': value->push_back('\n'); break;
    case 'r': value->push_back('\r'); break;
    case 't': value->push_back('\t'); break;
    case 'v': value->push_back('\v'); break;
    default: value->push_back(c); break;
  }
  return true;
}

void Lexer::LexEscapeString(Token* token, size_t quote) {
  std::string value;
  uint32_t high_surrogate = 0;
  bool raw_bytes = false;
  size_t at = quote + 1;
  while (true) {
    const size_t stop = text_.find_first_of("'\\", at);
    if (stop == std::string_view::npos || (text_[stop] == '\\' && stop + 1 >= text_.size())) {
      return Fail(token, sqlstate::kSyntaxError, "unterminated quoted string", cursor_, cursor_, text_.size());
    }
    const bool escape = text_[stop] == '\\';
    const bool unicode = escape && (At(stop + 1) == 'u' || At(stop + 1) == 'U');
    if (high_surrogate != 0 && (stop > at || !unicode)) {
      const size_t wrong = stop > at ? at : stop;
      return Fail(token, sqlstate::kSyntaxError, "invalid Unicode surrogate pair", wrong, wrong, wrong + 1);
    }
    value.append(text_.substr(at, stop - at));
    at = stop;
    if (escape) {
      if (!DecodeEscape(token, &at, &value, &high_surrogate, &raw_bytes)) return;
      continue;
    }
    ++at;
    if (At(at) == '\'') {
      value.push_back('\'');
      ++at;
    } else if (ContinuesAfter(&at)) {
      ++at;
    } else {
      break;
    }
  }
  if (raw_bytes) {
    const std::string invalid = InvalidUtf8(value);
    if (!invalid.empty()) {
      FailPlain(token, sqlstate::kCharacterNotInRepertoire, StrCat("invalid byte sequence for encoding \"UTF8\": ", invalid),
                "", cursor_);
      error_ = WithPosition(error_, 0);   // PostgreSQL gives none here
      return;
    }
  }
  token->kind = TokenKind::kString;
  token->value = std::move(value);
  token->end = static_cast<uint32_t>(at);
  cursor_ = at;
}

bool Lexer::ReadUescape(Token* token, size_t* end, char* escape) {
  *escape = '\\';
  const size_t saved = cursor_;
  cursor_ = *end;
  Token word;
  const bool clean = SkipWhitespaceAndComments(&word);
  if (!clean) {
    token->kind = TokenKind::kError;
    return false;
  }
  static constexpr std::string_view kUescape = "uescape";
  bool found = text_.size() - cursor_ >= kUescape.size();
  for (size_t i = 0; found && i < kUescape.size(); ++i) found = (text_[cursor_ + i] | 0x20) == kUescape[i];
  const char after = At(cursor_ + kUescape.size());
  if (found && (after == '_' || after == '$' || (after >= '0' && after <= '9') || ((after | 0x20) >= 'a' && (after | 0x20) <= 'z') ||
                static_cast<uint8_t>(after) >= 128)) {
    found = false;
  }
  if (!found) {
    cursor_ = saved;
    return true;
  }
  cursor_ += kUescape.size();
  Next(&word);
  if (word.kind == TokenKind::kError) {
    token->kind = TokenKind::kError;
    return false;
  }
  const char c = word.value.size() == 1 ? word.value[0] : '+';
  if (word.kind != TokenKind::kString) {
    Fail(token, sqlstate::kSyntaxError, "UESCAPE must be followed by a simple string literal", word.begin, word.begin, word.end);
    return false;
  }
  if (HexValue(c) >= 0 || c == '+' || c == '\'' || c == '"' || c == ' ' || (c >= '\t' && c <= '\r')) {
    Fail(token, sqlstate::kSyntaxError, "invalid Unicode escape character", word.begin, word.begin, word.end);
    return false;
  }
  *end = cursor_;
  *escape = c;
  cursor_ = saved;
  return true;
}

bool Lexer::DecodeUnicode(Token* token, std::string_view raw, size_t raw_begin, char escape, std::string* value) {
  uint32_t high = 0;
  size_t at = 0;
  while (at < raw.size()) {
    if (raw[at] != escape || (at + 1 < raw.size() && raw[at + 1] == escape)) {
      if (high != 0) break;
      if (raw[at] == escape) ++at;
      value->push_back(raw[at++]);
      continue;
    }
    const bool wide = at + 1 < raw.size() && raw[at + 1] == '+';
    const int64_t code = wide ? ReadHex(raw, at + 2, 6) : ReadHex(raw, at + 1, 4);
    if (code < 0) {
      FailPlain(token, sqlstate::kSyntaxError, "invalid Unicode escape", kUnicodeEscapeHint, raw_begin + at);
      return false;
    }
    const auto unit = static_cast<uint32_t>(code);
    if ((high != 0) != IsLowSurrogate(unit)) {
      break;
    }
    if (high != 0) {
      AppendUtf8(JoinSurrogates(high, unit), value);
      high = 0;
    } else if (IsHighSurrogate(unit)) {
      high = unit;
    } else if (!IsCodePoint(code)) {
      FailPlain(token, sqlstate::kSyntaxError, "invalid Unicode escape value", "", raw_begin + at);
      return false;
    } else {
      AppendUtf8(unit, value);
    }
    at += wide ? 8 : 5;
  }
  if (at < raw.size() || high != 0) {
    FailPlain(token, sqlstate::kSyntaxError, "invalid Unicode surrogate pair", "", raw_begin + at);
    return false;
  }
  return true;
}

void Lexer::LexUnicodeString(Token* token, size_t quote) {
  std::string raw;
  size_t end = 0;
  if (!ReadQuoted(quote, '\'', true, &raw, &end)) {
    return Fail(token, sqlstate::kSyntaxError, "unterminated quoted string", cursor_, cursor_, text_.size());
  }
  const size_t string_end = end;
  char escape = '\\';
  if (!ReadUescape(token, &end, &escape)) return;
  if (!DecodeUnicode(token, raw, quote + 1, escape, &token->value)) return;
  token->kind = TokenKind::kString;
  token->end = static_cast<uint32_t>(string_end);
  cursor_ = end;
}

void Lexer::LexQuotedIdentifier(Token* token, size_t quote, bool unicode) {
  std::string raw;
  size_t end = 0;
  if (!ReadQuoted(quote, '"', false, &raw, &end)) {
    return Fail(token, sqlstate::kSyntaxError, "unterminated quoted identifier", cursor_, cursor_, text_.size());
  }
  if (raw.empty()) {
    return Fail(token, sqlstate::kSyntaxError, "zero-length delimited identifier", cursor_, cursor_, end);
  }
  const size_t identifier_end = end;
  if (unicode) {
    char escape = '\\';
    if (!ReadUescape(token, &end, &escape)) return;
    if (!DecodeUnicode(token, raw, quote + 1, escape, &token->value)) return;
  } else {
    token->value = std::move(raw);
  }
  if (token->value.size() > kMaxIdentifierBytes) token->value.resize(TruncateIdentifier(token->value).size());
  token->kind = TokenKind::kIdentifier;
  token->quoted = true;
  token->end = static_cast<uint32_t>(identifier_end);
  cursor_ = end;
}

}  // namespace tsd::sql::parse
