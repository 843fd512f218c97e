#pragma once
// Splits the text of a date or time into tokens; only datetime_parse.cc uses it. No allocation beyond a fixed buffer.
#include <array>
#include <string_view>

namespace tsd {

enum class DateTokenKind {
  kDate,        // digits and words joined by '-', '/' or '.': "2024-01-05", "05-jan-2024"
  kNumber,      // digits only, or digits '.' digits
  kTime,        // digits with ':' and perhaps a fraction
  kOffset,      // sign and digits: "+03:30"
  kWord,        // letters
  kZoneName,    // a word that goes on as zone names do: "america/new_york", "est5edt", "utc+3"
  kSignedWord,  // "-infinity"
};

struct DateToken {
  DateTokenKind kind;
  std::string_view text;  // lower case, in the scanner's buffer
};

class DateScanner {
 public:
  static constexpr size_t kMaxText = 128;
  static constexpr size_t kMaxTokens = 25;

  /// False if the text cannot be tokens of a date or time.
  bool Scan(std::string_view text);
  size_t count() const { return count_; }
  const DateToken& operator[](size_t index) const { return tokens_[index]; }

 private:
  bool Push(DateTokenKind kind, size_t begin, size_t end);
  bool ScanDigits(size_t* at);
  bool ScanWord(size_t* at);
  bool ScanSign(size_t* at);

  std::array<char, kMaxText + 1> buffer_;
  size_t size_ = 0;
  std::array<DateToken, kMaxTokens> tokens_;
  size_t count_ = 0;
};

bool AllDigits(std::string_view text);
/// Value of at most nine digits, else false.
bool SmallNumber(std::string_view digits, int* value);
/// 1..12 of a month's name or abbreviation in lower case; 0 if it is none.
int MonthFromName(std::string_view lower);
/// Whether the word is a day of the week.
bool IsDayName(std::string_view lower);

}  // namespace tsd
