#pragma once
// Characters of UTF-8 text: counting, positions, code points, simple case mapping (ASCII, Latin, Greek, Cyrillic). Input is taken as it is:
// damaged bytes count as characters of their own, nothing reads past the end. Pure.
#include <cstdint>
#include <string>
#include <string_view>

namespace tsd::sql {

inline bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

/// Bytes of the character that starts at `at`. Requires: at < text.size().
inline size_t CharLength(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && end < at + 4 && IsContinuation(text[end])) ++end;
  return end - at;
}
inline size_t CharCount(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += CharLength(text, at)) ++count;
  return count;
}
/// Byte offset of character number `index`; text.size() if there are fewer.
inline size_t CharOffset(std::string_view text, size_t index) {
  size_t at = 0;
  while (index > 0 && at < text.size()) {
    at += CharLength(text, at);
    --index;
  }
  return at;
}
/// Characters [first, first + count) of the text; both may be beyond its end.
inline std::string_view CharRange(std::string_view text, size_t first, size_t count) {
  const std::string_view rest = text.substr(CharOffset(text, first));
  return rest.substr(0, CharOffset(rest, count));
}

/// Code point of the character at `at`.
char32_t CodePointAt(std::string_view text, size_t at);
void AppendCodePoint(char32_t code, std::string& out);
char32_t ToLower(char32_t code);
char32_t ToUpper(char32_t code);
bool IsLetterOrDigit(char32_t code);

std::string LowerText(std::string_view text);
std::string UpperText(std::string_view text);

}  // namespace tsd::sql
