#include "sql/parse/literal_rows.h"

#include <cstring>

namespace tsd::sql::parse {
namespace {

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v'); }
bool IsNumeral(char c) { return c >= '0' && c <= '9'; }

class RowScanner {
 public:
  RowScanner(std::string_view text, size_t begin) : text_(text), at_(begin) {}

  bool Scan(LiteralRows* rows) {
    do {
      if (!ScanRow(rows)) return false;
      end_ = at_;
      SkipBlanks();
    } while (Take(','));
    return true;
  }
  /// Behind the last row.
  size_t end() const { return end_; }

 private:
  char Here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (Here() != c) return false;
    ++at_;
    return true;
  }
  void SkipBlanks() {
    while (IsBlank(Here())) ++at_;
  }

  bool ScanRow(LiteralRows* rows) {
    const size_t before = rows->values.size();
    SkipBlanks();
    if (!Take('(')) return false;
    do {
      SkipBlanks();
      if (!ScanValue(rows)) return false;
      SkipBlanks();
    } while (Take(','));
    const size_t width = rows->values.size() - before;
    if (rows->width == 0) rows->width = width;
    return Take(')') && width == rows->width;
  }

  bool ScanValue(LiteralRows* rows) {
    const size_t begin = at_;
    LiteralRows::Kind kind = LiteralRows::Kind::kNumber;
    switch (Here()) {
      case '\'': return ScanString(rows);
      case '$': {
        constexpr size_t kMostDigits = 4;  // the parser refuses numbers that are too great
        ++at_;
        const size_t digits = SkipDigits();
        if (digits == 0 || digits > kMostDigits) return false;
        rows->has_parameters = true;
        rows->values.push_back({static_cast<uint32_t>(begin + 1), static_cast<uint32_t>(digits), LiteralRows::Kind::kParameter});
        return AtValueEnd();
      }
      case 'n': case 'N': kind = LiteralRows::Kind::kNull; break;
      case 't': case 'T': case 'f': case 'F': kind = LiteralRows::Kind::kBoolean; break;
      default: break;
    }
    if (kind == LiteralRows::Kind::kNumber ? !SkipNumber() : !SkipWord("null") && !SkipWord("true") && !SkipWord("false")) return false;
    rows->values.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(at_ - begin), kind});
    return AtValueEnd();
  }

  bool ScanString(LiteralRows* rows) {
    const size_t begin = ++at_;
    LiteralRows::Kind kind = LiteralRows::Kind::kString;
    while (true) {
      const void* quote = std::memchr(text_.data() + at_, '\'', text_.size() - at_);
      if (quote == nullptr) return false;
      at_ = static_cast<size_t>(static_cast<const char*>(quote) - text_.data()) + 1;
      if (Here() != '\'') break;
      kind = LiteralRows::Kind::kQuoted;
      ++at_;
    }
    rows->values.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(at_ - 1 - begin), kind});
    return AtValueEnd();
  }

  size_t SkipDigits() {
    const size_t begin = at_;
    while (IsNumeral(Here())) ++at_;
    return at_ - begin;
  }
  bool SkipNumber() {
    if (Here() == '-' || Here() == '+') ++at_;
    size_t digits = SkipDigits();
    if (Take('.')) digits += SkipDigits();
    if (digits == 0) return false;
    if (Here() != 'e' && Here() != 'E') return true;
    ++at_;
    if (Here() == '-' || Here() == '+') ++at_;
    return SkipDigits() != 0;
  }
  bool SkipWord(std::string_view word) {
    for (size_t i = 0; i < word.size(); ++i) {
      if (at_ + i >= text_.size() || (text_[at_ + i] | 0x20) != word[i]) return false;
    }
    at_ += word.size();
    return true;
  }
  bool AtValueEnd() const { return Here() == ',' || Here() == ')' || IsBlank(Here()); }

  const std::string_view text_;
  size_t at_;
  size_t end_ = 0;
};

}  // namespace

std::optional<LiteralRows> FindLiteralRows(std::string_view text, size_t begin, size_t* end) {
  LiteralRows rows;
  RowScanner scanner(text, begin);
  if (text.size() > UINT32_MAX || !scanner.Scan(&rows)) return std::nullopt;
  *end = scanner.end();
  rows.text = text.substr(begin, *end - begin);
  for (LiteralRows::Value& value : rows.values) value.begin -= static_cast<uint32_t>(begin);
  return rows;
}

}  // namespace tsd::sql::parse
