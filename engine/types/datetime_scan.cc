#include "engine/types/datetime_scan.h"

#include "engine/base/ascii.h"

namespace tsd {
namespace {

bool IsDateSeparator(char c) { return c == '-' || c == '/' || c == '.'; }
bool IsZoneCharacter(char c) {
  return IsLetter(c) || IsDigit(c) || c == '/' || c == '_' || c == '-' || c == '+' || c == ':';
}

/// Words that end at their last letter whatever follows, so that "jan5" and "t04" are two tokens.
bool StandsAlone(std::string_view word) {
  return word == "t" || word == "j" || word == "am" || word == "pm" || word == "ad" || word == "bc" || MonthFromName(word) != 0 ||
         IsDayName(word);
}

bool IsPrefixName(std::string_view word, std::string_view full, std::string_view short_name) {
  return word == full || word == short_name;
}

}  // namespace

bool AllDigits(std::string_view text) {
  for (char c : text) {
    if (!IsDigit(c)) return false;
  }
  return !text.empty();
}

bool SmallNumber(std::string_view digits, int* value) {
  if (!AllDigits(digits) || digits.size() > 9) return false;
  *value = 0;
  for (char c : digits) *value = *value * 10 + (c - '0');
  return true;
}

int MonthFromName(std::string_view lower) {
  static constexpr std::string_view kMonths[] = {"january", "february", "march",     "april",   "may",      "june",
                                                 "july",    "august",   "september", "october", "november", "december"};
  for (int i = 0; i < 12; ++i) {
    if (IsPrefixName(lower, kMonths[i], kMonths[i].substr(0, 3))) return i + 1;
  }
  return lower == "sept" ? 9 : 0;
}

bool IsDayName(std::string_view lower) {
  static constexpr std::string_view kDays[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
  for (std::string_view day : kDays) {
    if (IsPrefixName(lower, day, day.substr(0, 3))) return true;
  }
  return lower == "tues" || lower == "weds" || lower == "thur" || lower == "thurs";
}

bool DateScanner::Push(DateTokenKind kind, size_t begin, size_t end) {
  if (count_ == kMaxTokens) return false;
  tokens_[count_++] = {kind, std::string_view(buffer_.data() + begin, end - begin)};
  return true;
}

bool DateScanner::ScanDigits(size_t* position) {
  const size_t begin = *position;
  size_t at = begin;
  while (IsDigit(buffer_[at])) ++at;
  if (buffer_[at] == ':') {
    while (IsDigit(buffer_[at]) || buffer_[at] == ':' || buffer_[at] == '.') ++at;
    *position = at;
    return Push(DateTokenKind::kTime, begin, at);
  }
  if (!IsDateSeparator(buffer_[at])) {
    *position = at;
    return Push(DateTokenKind::kNumber, begin, at);
  }
  const char separator = buffer_[at];
  // Digits after the first separator, then the same separator again or nothing: a date of two or three parts, or a decimal number.
  const bool word_part = IsLetter(buffer_[at + 1]);
  size_t next = at + 1;
  while (word_part ? IsLetter(buffer_[next]) : IsDigit(buffer_[next])) ++next;
  if (word_part && MonthFromName(std::string_view(buffer_.data() + at + 1, next - at - 1)) == 0) {
    // "04-america/..." is no date.
    *position = at;
    return Push(DateTokenKind::kNumber, begin, at);
  }
  if (buffer_[next] == separator) {
    ++next;
    while (IsDigit(buffer_[next])) ++next;
    *position = next;
    return Push(DateTokenKind::kDate, begin, next);
  }
  *position = next;
  return Push(separator == '.' ? DateTokenKind::kNumber : DateTokenKind::kDate, begin, next);
}

bool DateScanner::ScanWord(size_t* position) {
  const size_t begin = *position;
  size_t at = begin;
  while (IsLetter(buffer_[at])) ++at;
  const std::string_view word(buffer_.data() + begin, at - begin);
  if (MonthFromName(word) != 0 && IsDateSeparator(buffer_[at]) && IsDigit(buffer_[at + 1])) {
    while (IsDigit(buffer_[at]) || IsDateSeparator(buffer_[at])) ++at;
    *position = at;
    return Push(DateTokenKind::kDate, begin, at);
  }
  const char next = buffer_[at];
  const bool goes_on = IsDigit(next) || next == '/' || next == '_' || ((next == '+' || next == '-') && (IsDigit(buffer_[at + 1]) || IsLetter(buffer_[at + 1])));
  if (!goes_on || StandsAlone(word)) {
    *position = at;
    return Push(DateTokenKind::kWord, begin, at);
  }
  while (IsZoneCharacter(buffer_[at])) ++at;
  *position = at;
  return Push(DateTokenKind::kZoneName, begin, at);
}

bool DateScanner::ScanSign(size_t* position) {
  const size_t begin = *position;
  size_t at = begin + 1;
  while (buffer_[at] == ' ') ++at;
  if (IsDigit(buffer_[at])) {
    if (at != begin + 1) return false;
    while (IsDigit(buffer_[at]) || buffer_[at] == ':') ++at;
    *position = at;
    return Push(DateTokenKind::kOffset, begin, at);
  }
  if (!IsLetter(buffer_[at])) return false;
  while (IsLetter(buffer_[at])) ++at;
  *position = at;
  return Push(DateTokenKind::kSignedWord, begin, at);
}

bool DateScanner::Scan(std::string_view text) {
  if (text.size() > kMaxText) return false;
  size_ = text.size();
  for (size_t i = 0; i < size_; ++i) {
    const char c = text[i];
    if (c == '\0') return false;
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    buffer_[i] = blank ? ' ' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
  buffer_[size_] = '\0';
  size_t at = 0;
  while (at < size_) {
    const char c = buffer_[at];
    bool good = true;
    if (IsDigit(c)) {
      good = ScanDigits(&at);
    } else if (IsLetter(c)) {
      good = ScanWord(&at);
    } else if (c == '+' || c == '-') {
      good = ScanSign(&at);
    } else if (c == ' ' || c == ',' || c == ';') {
      ++at;
    } else {
      return false;
    }
    if (!good) return false;
  }
  return true;
}

}  // namespace tsd
