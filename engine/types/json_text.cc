#include "engine/types/json_text.h"

#include <algorithm>
#include <vector>

#include "engine/base/ascii.h"
#include "engine/base/strings.h"
#include "engine/types/numeric.h"

namespace tsd {
namespace {

constexpr int kMaxDepth = 1000;

bool IsJsonBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

Status InvalidJson(std::string_view detail) {
  return WithDetail(Error(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type json"), detail);
}
Status EndedEarly() { return InvalidJson("The input string ended unexpectedly."); }

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

/// Recursive descent over the text. With `normalize` every value is written to `out` in jsonb's spelling; else nothing is built.
class JsonReader {
 public:
  JsonReader(std::string_view text, bool normalize) : text_(text), normalize_(normalize) {}

  Status ReadDocument(std::string& out) {
    RETURN_IF_ERROR(ReadValue(out, 0));
    SkipBlanks();
    if (at_ != text_.size()) return Unexpected();
    return OkStatus();
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && IsJsonBlank(text_[at_])) ++at_;
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  /// The error for what stands at the cursor: a whole word, or one character.
  Status Unexpected() const {
    if (at_ >= text_.size()) return EndedEarly();
    size_t end = at_;
    const auto is_word = [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<uint8_t>(c) >= 0x80; };
    while (end < text_.size() && is_word(text_[end])) ++end;
    if (end == at_) ++end;
    return InvalidJson(StrCat("Token \"", text_.substr(at_, end - at_), "\" is invalid."));
  }

  Status ReadValue(std::string& out, int depth) {
    if (depth > kMaxDepth) return Error(sqlstate::kStatementTooComplex, "json is nested too deeply");
    SkipBlanks();
    switch (Peek()) {
      case '{': return ReadObject(out, depth);
      case '[': return ReadArray(out, depth);
      case '"': {
        std::string value;
        RETURN_IF_ERROR(ReadString(value));
        if (normalize_) AppendJsonString(value, out);
        return OkStatus();
      }
      case 't': return ReadWord("true", out);
      case 'f': return ReadWord("false", out);
      case 'n': return ReadWord("null", out);
      default: break;
    }
    if (Peek() == '-' || IsDigit(Peek())) return ReadNumber(out);
    return Unexpected();
  }

  Status ReadWord(std::string_view word, std::string& out) {
    if (text_.substr(at_, word.size()) != word) return Unexpected();
    const size_t end = at_ + word.size();
    if (end < text_.size() && (IsDigit(text_[end]) || (text_[end] >= 'a' && text_[end] <= 'z') || (text_[end] >= 'A' && text_[end] <= 'Z'))) {
      return Unexpected();
    }
    at_ = end;
    if (normalize_) out += word;
    return OkStatus();
  }

  Status ReadNumber(std::string& out) {
    const size_t start = at_;
    const auto digits = [&] {
      const size_t first = at_;
      while (IsDigit(Peek())) ++at_;
      return at_ != first;
    };
    bool good = true;
    if (Peek() == '-') ++at_;
    if (Peek() == '0') {
      ++at_;
    } else {
      good = digits();
    }
    if (good && Peek() == '.') {
      ++at_;
      good = digits();
    }
    if (good && (Peek() == 'e' || Peek() == 'E')) {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      good = digits();
    }
    if (!good || IsDigit(Peek()) || (Peek() >= 'a' && Peek() <= 'z') || (Peek() >= 'A' && Peek() <= 'Z')) {
      while (at_ < text_.size() && !IsJsonBlank(text_[at_]) && text_[at_] != ',' && text_[at_] != ']' && text_[at_] != '}') ++at_;
      return InvalidJson(StrCat("Token \"", text_.substr(start, at_ - start), "\" is invalid."));
    }
    if (!normalize_) return OkStatus();
    ASSIGN_OR_RETURN(const Numeric value, Numeric::Parse(text_.substr(start, at_ - start)));
    value.AppendTo(out);
    return OkStatus();
  }

  Status ReadHex4(uint32_t* code) {
    *code = 0;
    for (int i = 0; i < 4; ++i) {
      if (at_ >= text_.size()) return EndedEarly();
      const char c = text_[at_++];
      uint32_t digit;
      if (IsDigit(c)) {
        digit = static_cast<uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<uint32_t>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<uint32_t>(c - 'A') + 10;
      } else {
        return InvalidJson("\"\\u\" must be followed by four hexadecimal digits.");
      }
      *code = *code << 4 | digit;
    }
    return OkStatus();
  }

  Status ReadUnicodeEscape(std::string& value) {
    uint32_t code;
    RETURN_IF_ERROR(ReadHex4(&code));
    if (!normalize_) return OkStatus();  // json keeps its text; what the escape means does not matter
    if (code >= 0xd800 && code < 0xdc00) {
      if (text_.substr(at_, 2) != "\\u") return InvalidJson("Unicode low surrogate must follow a high surrogate.");
      at_ += 2;
      uint32_t low;
      RETURN_IF_ERROR(ReadHex4(&low));
      if (low < 0xdc00 || low > 0xdfff) return InvalidJson("Unicode low surrogate must follow a high surrogate.");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
      return InvalidJson("Unicode low surrogate must follow a high surrogate.");
    }
    if (code == 0) {
      return WithDetail(Error(sqlstate::kUntranslatableCharacter, "unsupported Unicode escape sequence"), "\\u0000 cannot be converted to text.");
    }
    AppendUtf8(code, value);
    return OkStatus();
  }

  Status ReadString(std::string& value) {
    const size_t start = at_++;
    while (true) {
      if (at_ >= text_.size()) return InvalidJson(StrCat("Token \"", text_.substr(start), "\" is invalid."));
      const char c = text_[at_++];
      if (c == '"') return OkStatus();
      if (static_cast<uint8_t>(c) < 0x20) {
        return InvalidJson(StrCat("Character with value 0x", absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2), " must be escaped."));
      }
      if (c != '\\') {
        if (normalize_) value += c;
        continue;
      }
      if (at_ >= text_.size()) return InvalidJson(StrCat("Token \"", text_.substr(start), "\" is invalid."));
      const char escape = text_[at_++];
      switch (escape) {
        case '"': case '\\': case '/': value += escape; break;
        case 'b': value += '\b'; break;
        case 'f': value += '\f'; break;
        case 'n': value += '\n'; break;
        case 'r': value += '\r'; break;
        case 't': value += '\t'; break;
        case 'u': RETURN_IF_ERROR(ReadUnicodeEscape(value)); break;
        default: return InvalidJson(StrCat("Escape sequence \"\\", std::string(1, escape), "\" is invalid."));
      }
    }
  }

  Status ReadArray(std::string& out, int depth) {
    ++at_;
    if (normalize_) out += '[';
    SkipBlanks();
    bool first = true;
    while (Peek() != ']' || !first) {
      if (!first && normalize_) out += ", ";
      RETURN_IF_ERROR(ReadValue(out, depth + 1));
      first = false;
      SkipBlanks();
      if (Peek() == ']') break;
      if (Peek() != ',') return ExpectedIn("Expected \",\" or \"]\", but found ");
      ++at_;
    }
    ++at_;
    if (normalize_) out += ']';
    return OkStatus();
  }

  Status ExpectedIn(std::string_view expected) const {
    if (at_ >= text_.size()) return EndedEarly();
    return InvalidJson(StrCat(expected, "\"", text_.substr(at_, 1), "\"."));
  }

  Status ReadObject(std::string& out, int depth) {
    ++at_;
    std::vector<std::pair<std::string, std::string>> members;
    SkipBlanks();
    bool first = true;
    while (Peek() != '}' || !first) {
      SkipBlanks();
      if (Peek() != '"') return ExpectedIn(first ? "Expected string or \"}\", but found " : "Expected string, but found ");
      std::string key, value;
      RETURN_IF_ERROR(ReadString(key));
      SkipBlanks();
      if (Peek() != ':') return ExpectedIn("Expected \":\", but found ");
      ++at_;
      RETURN_IF_ERROR(ReadValue(value, depth + 1));
      if (normalize_) members.emplace_back(std::move(key), std::move(value));
      first = false;
      SkipBlanks();
      if (Peek() == '}') break;
      if (Peek() != ',') return ExpectedIn("Expected \",\" or \"}\", but found ");
      ++at_;
    }
    ++at_;
    if (normalize_) AppendMembers(members, out);
    return OkStatus();
  }

  static void AppendMembers(std::vector<std::pair<std::string, std::string>>& members, std::string& out) {
    std::stable_sort(members.begin(), members.end(), [](const auto& left, const auto& right) {
      if (left.first.size() != right.first.size()) return left.first.size() < right.first.size();
      return left.first < right.first;
    });
    out += '{';
    bool first = true;
    for (size_t i = 0; i < members.size(); ++i) {
      if (i + 1 < members.size() && members[i].first == members[i + 1].first) continue;  // the last one counts
      if (!first) out += ", ";
      first = false;
      AppendJsonString(members[i].first, out);
      out += ": ";
      out += members[i].second;
    }
    out += '}';
  }

  std::string_view text_;
  size_t at_ = 0;
  const bool normalize_;
};

}  // namespace

Status ValidateJson(std::string_view text) {
  std::string unused;
  return JsonReader(text, false).ReadDocument(unused);
}

StatusOr<std::string> NormalizeJson(std::string_view text) {
  std::string out;
  RETURN_IF_ERROR(JsonReader(text, true).ReadDocument(out));
  return out;
}

void AppendJsonString(std::string_view text, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<uint8_t>(c) < 0x20) {
          out += "\\u00";
          out += kDigits[static_cast<uint8_t>(c) >> 4];
          out += kDigits[static_cast<uint8_t>(c) & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace tsd
