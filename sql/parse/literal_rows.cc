#include "sql/parse/literal_rows.h"

#include <algorithm>
#include <cstring>

namespace tsd::sql::parse {
namespace {

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v'); }
bool IsNumeral(char c) { return c >= '0' && c <= '9'; }

constexpr size_t kMostReserved = size_t{1} << 20;  // values

/// Looks no further than the last ')' of the text, where every loop stops by itself.
class RowScanner {
 public:
  RowScanner(std::string_view text, size_t begin)
      : text_(text.data()), text_end_(text_ + text.size()), at_(text_ + begin), stop_(text_ + (text.rfind(')') + 1)), end_(at_) {}

  bool Scan(LiteralRows* rows) {
    const char* const begin = at_;
    while (at_ < stop_) {
      if (!ScanRow(rows)) return false;
      if (end_ == begin) Reserve(static_cast<size_t>(at_ - begin), rows);
      end_ = at_;
      while (at_ < text_end_ && IsBlank(*at_)) ++at_;
      if (at_ == text_end_ || *at_ != ',') return true;
      ++at_;
    }
    return false;
  }
  /// Behind the last row.
  size_t end() const { return static_cast<size_t>(end_ - text_); }

 private:
  /// The rows to come are taken to be as long as the first.
  void Reserve(size_t row_bytes, LiteralRows* rows) {
    const size_t more = static_cast<size_t>(stop_ - at_) / row_bytes + 1;
    rows->values.reserve(std::min(kMostReserved, rows->width * (more + 1)));
  }
  bool Take(char c) {
    if (*at_ != c) return false;
    ++at_;
    return true;
  }
  void SkipBlanks() {
    while (*at_ <= ' ' && IsBlank(*at_)) ++at_;
  }

  bool ScanRow(LiteralRows* rows) {
    const size_t before = rows->values.size();
    SkipBlanks();
    if (!Take('(')) return false;
    do {
      if (ScanShortNumber(rows)) continue;
      SkipBlanks();
      if (!ScanValue(rows)) return false;
      SkipBlanks();
    } while (Take(','));
    const size_t width = rows->values.size() - before;
    if (rows->width == 0) rows->width = width;
    return Take(')') && width == rows->width;
  }

  /// The most usual value: [-]digits[.digits] with no blanks around it.
  bool ScanShortNumber(LiteralRows* rows) {
    const char* const begin = at_;
    const char* at = begin;
    if (*at == '-') ++at;
    const char* const digits = at;
    while (IsNumeral(*at)) ++at;
    if (at == digits) return false;
    if (*at == '.') {
      do ++at;
      while (IsNumeral(*at));
    }
    if (*at != ',' && *at != ')') return false;
    rows->values.push_back({static_cast<uint32_t>(begin - text_), static_cast<uint32_t>(at - begin), LiteralRows::Kind::kNumber});
    at_ = at;
    return true;
  }

  bool ScanValue(LiteralRows* rows) {
    const char* const begin = at_;
    switch (*at_) {
      case '\'': return ScanString(rows);
      case 'n': case 'N': return SkipWord("null") && TakeValue(LiteralRows::Kind::kNull, begin, at_, rows);
      case 't': case 'T': return SkipWord("true") && TakeValue(LiteralRows::Kind::kBoolean, begin, at_, rows);
      case 'f': case 'F': return SkipWord("false") && TakeValue(LiteralRows::Kind::kBoolean, begin, at_, rows);
      default: return SkipNumber() && TakeValue(LiteralRows::Kind::kNumber, begin, at_, rows);
    }
  }

  /// A value ends where it can be seen to: what comes next is not a part of it.
  bool TakeValue(LiteralRows::Kind kind, const char* begin, const char* end, LiteralRows* rows) {
    rows->values.push_back({static_cast<uint32_t>(begin - text_), static_cast<uint32_t>(end - begin), kind});
    return *at_ == ',' || *at_ == ')' || IsBlank(*at_);
  }

  bool ScanString(LiteralRows* rows) {
    const char* const begin = ++at_;
    LiteralRows::Kind kind = LiteralRows::Kind::kString;
    while (true) {
      const void* quote = std::memchr(at_, '\'', static_cast<size_t>(stop_ - at_));
      if (quote == nullptr) return false;
      at_ = static_cast<const char*>(quote) + 1;
      if (*at_ != '\'') break;
      kind = LiteralRows::Kind::kQuoted;
      ++at_;
    }
    return TakeValue(kind, begin, at_ - 1, rows);
  }

  size_t SkipDigits() {
    const char* const begin = at_;
    while (IsNumeral(*at_)) ++at_;
    return static_cast<size_t>(at_ - begin);
  }
  bool SkipNumber() {
    if (*at_ == '-' || *at_ == '+') ++at_;
    size_t digits = SkipDigits();
    if (Take('.')) digits += SkipDigits();
    if (digits == 0) return false;
    if ((*at_ | 0x20) != 'e') return true;
    ++at_;
    if (*at_ == '-' || *at_ == '+') ++at_;
    return SkipDigits() != 0;
  }
  bool SkipWord(std::string_view word) {
    for (char c : word) {
      if ((*at_ | 0x20) != c) return false;
      ++at_;
    }
    return true;
  }

  const char* const text_;
  const char* const text_end_;
  const char* at_;
  const char* const stop_;  // behind the last ')'; where there is none, the beginning
  const char* end_;
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
