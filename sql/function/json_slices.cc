#include "sql/function/json_slices.h"

#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// End of the string literal that starts at `at`.
size_t SkipString(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

/// End of the value that starts at `at`: the next comma or closing bracket of its own level.
size_t SkipValue(std::string_view text, size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = SkipString(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;
      --depth;
    }
    if (c == ',' && depth == 0) return at;
    ++at;
  }
  return at;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 0;
}
char32_t HexCode(std::string_view text, size_t at) {
  char32_t code = 0;
  for (size_t i = at; i < at + 4 && i < text.size(); ++i) code = code << 4 | static_cast<char32_t>(HexDigit(text[i]));
  return code;
}

}  // namespace

std::string_view TrimJson(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<JsonMember> JsonMembers(std::string_view text) {
  std::vector<JsonMember> members;
  text = TrimJson(text);
  if (text.size() < 2 || (text[0] != '{' && text[0] != '[')) return members;
  const bool object = text[0] == '{';
  size_t at = 1;
  while (at + 1 < text.size()) {
    while (at < text.size() && IsBlank(text[at])) ++at;
    if (at >= text.size() || text[at] == '}' || text[at] == ']') break;
    JsonMember member;
    if (object) {
      const size_t end = SkipString(text, at);
      member.key = text.substr(at, end - at);
      at = end;
      while (at < text.size() && (IsBlank(text[at]) || text[at] == ':')) ++at;
    }
    const size_t end = SkipValue(text, at);
    member.value = TrimJson(text.substr(at, end - at));
    members.push_back(member);
    at = end + 1;
  }
  return members;
}

std::string JsonStringText(std::string_view literal) {
  if (literal.size() < 2 || literal[0] != '"') return std::string(literal);
  literal = literal.substr(1, literal.size() - 2);
  std::string out;
  for (size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] != '\\' || i + 1 >= literal.size()) {
      out += literal[i];
      continue;
    }
    switch (const char next = literal[++i]) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'u': {
        char32_t code = HexCode(literal, i + 1);
        i += 4;
        if (code >= 0xd800 && code < 0xdc00 && literal.substr(std::min(i + 1, literal.size())).starts_with("\\u")) {
          code = 0x10000 + ((code - 0xd800) << 10) + (HexCode(literal, i + 3) - 0xdc00);
          i += 6;
        }
        AppendCodePoint(code, out);
        break;
      }
      default: out += next;
    }
  }
  return out;
}

std::optional<std::string_view> JsonField(std::string_view object, std::string_view key) {
  if (JsonKind(object) != "object") return std::nullopt;
  std::optional<std::string_view> found;
  for (const JsonMember& member : JsonMembers(object)) {
    if (JsonStringText(member.key) == key) found = member.value;
  }
  return found;
}

std::optional<std::string_view> JsonElement(std::string_view array, int64_t index) {
  if (JsonKind(array) != "array") return std::nullopt;
  const std::vector<JsonMember> members = JsonMembers(array);
  if (index < 0) index += static_cast<int64_t>(members.size());
  if (index < 0 || index >= static_cast<int64_t>(members.size())) return std::nullopt;
  return members[static_cast<size_t>(index)].value;
}

std::string_view JsonKind(std::string_view text) {
  text = TrimJson(text);
  switch (text.empty() ? 'n' : text[0]) {
    case '{': return "object";
    case '[': return "array";
    case '"': return "string";
    case 't':
    case 'f': return "boolean";
    case 'n': return "null";
    default: return "number";
  }
}

}  // namespace tsd::sql
