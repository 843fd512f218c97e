#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

/// Alphabets whose cases alternate: even upper, odd lower (or the other way round).
bool AlternatesEven(char32_t c) {
  return (c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf) ||
         (c >= 0x4d0 && c <= 0x52f) || (c >= 0x1e00 && c <= 0x1e95) || (c >= 0x1ea0 && c <= 0x1eff) || (c >= 0x1de && c <= 0x1ef);
}
bool AlternatesOdd(char32_t c) { return (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e) || (c >= 0x1cd && c <= 0x1dc); }

}  // namespace

char32_t CodePointAt(std::string_view text, size_t at) {
  const uint8_t first = static_cast<uint8_t>(text[at]);
  const size_t length = CharLength(text, at);
  const auto next = [&](size_t i) { return static_cast<char32_t>(static_cast<uint8_t>(text[at + i]) & 0x3f); };
  if (first >= 0xf0 && length >= 4) return (static_cast<char32_t>(first & 0x07) << 18) | (next(1) << 12) | (next(2) << 6) | next(3);
  if (first >= 0xe0 && length >= 3) return (static_cast<char32_t>(first & 0x0f) << 12) | (next(1) << 6) | next(2);
  if (first >= 0xc0 && length >= 2) return (static_cast<char32_t>(first & 0x1f) << 6) | next(1);
  return first;
}

void AppendCodePoint(char32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

char32_t ToLower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
  if (c == 0x178) return 0xff;
  if (c == 0x130) return 'i';
  if (AlternatesEven(c)) return c | 1;
  if (AlternatesOdd(c)) return (c & 1) != 0 ? c + 1 : c;
  if (c >= 0x391 && c <= 0x3a9 && c != 0x3a2) return c + 32;
  if (c == 0x386) return 0x3ac;
  if (c >= 0x388 && c <= 0x38a) return c + 37;
  if (c == 0x38c) return 0x3cc;
  if (c == 0x38e || c == 0x38f) return c + 63;
  if (c >= 0x410 && c <= 0x42f) return c + 32;
  if (c >= 0x400 && c <= 0x40f) return c + 80;
  if (c >= 0x531 && c <= 0x556) return c + 48;
  return c;
}

char32_t ToUpper(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
  if (c >= 0xe0 && c <= 0xfe && c != 0xf7) return c - 32;
  if (c == 0xff) return 0x178;
  if (c == 0xb5) return 0x39c;
  if (c == 0x131) return 'I';
  if (c == 0x17f) return 'S';
  if (AlternatesEven(c) && c != 0x138) return c & ~char32_t{1};
  if (AlternatesOdd(c)) return (c & 1) == 0 ? c - 1 : c;
  if (c == 0x3c2) return 0x3a3;
  if (c >= 0x3b1 && c <= 0x3c9) return c - 32;
  if (c == 0x3ac) return 0x386;
  if (c >= 0x3ad && c <= 0x3af) return c - 37;
  if (c == 0x3cc) return 0x38c;
  if (c == 0x3cd || c == 0x3ce) return c - 63;
  if (c >= 0x430 && c <= 0x44f) return c - 32;
  if (c >= 0x450 && c <= 0x45f) return c - 80;
  if (c >= 0x561 && c <= 0x586) return c - 48;
  return c;
}

bool IsLetterOrDigit(char32_t c) {
  if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return c == 0xaa || c == 0xb5 || c == 0xba || (c >= 0xc0 && c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x206f));
}

namespace {

std::string MapText(std::string_view text, char32_t (*map)(char32_t)) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharLength(text, at);
    if (length == 1) {
      const uint8_t byte = static_cast<uint8_t>(text[at]);
      out += byte < 0x80 ? static_cast<char>(map(byte)) : text[at];
    } else {
      AppendCodePoint(map(CodePointAt(text, at)), out);
    }
    at += length;
  }
  return out;
}

}  // namespace

std::string LowerText(std::string_view text) { return MapText(text, ToLower); }
std::string UpperText(std::string_view text) { return MapText(text, ToUpper); }

}  // namespace tsd::sql
