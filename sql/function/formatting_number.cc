// to_char of numbers, to_number.
#include <algorithm>
#include <cmath>

#include "engine/base/strings.h"
#include "engine/types/numeric.h"
#include "engine/types/text_form.h"
#include "sql/function/formatting.h"
#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

enum class Mark : uint8_t { kDigit, kZero, kPoint, kGroup, kSign, kMinus, kPlus, kPlusMinus, kCurrency, kOrdinal, kLiteral };

struct NumberTemplate {
  struct Item {
    Mark mark;
    std::string literal;
    bool upper = true;
  };
  std::vector<Item> items;
  int before = 0;          // digit positions before the point
  int after = 0;
  int first_zero = -1;     // position (among all digits) of the first 0
  int last_zero = -1;
  int multiply = 0;        // V: digits after it
  bool has_v = false;
  bool fill = true;        // no FM
  bool brackets = false;   // PR
  bool scientific = false; // EEEE
  bool roman = false;
  bool roman_upper = true;
  bool has_point = false;
  bool explicit_sign = false;
};

struct MarkWord {
  std::string_view word;
  Mark mark;
};
constexpr MarkWord kMarks[] = {{"9", Mark::kDigit}, {"0", Mark::kZero}, {".", Mark::kPoint}, {"D", Mark::kPoint}, {",", Mark::kGroup},
                               {"G", Mark::kGroup}, {"MI", Mark::kMinus}, {"PL", Mark::kPlus}, {"SG", Mark::kPlusMinus}, {"S", Mark::kSign},
                               {"L", Mark::kCurrency}, {"TH", Mark::kOrdinal}};

Status BadTemplate(std::string_view text) { return Error(sqlstate::kSyntaxError, text); }

void AddDigit(NumberTemplate& t, Mark mark) {
  const int position = t.before + t.after;
  if (mark == Mark::kZero) {
    if (t.first_zero < 0 && !t.has_point) t.first_zero = position;
    t.last_zero = position;
  }
  if (t.has_v) {
    ++t.multiply;
    ++t.before;
  } else {
    ++(t.has_point ? t.after : t.before);
  }
  t.items.push_back({mark, "", true});
}

StatusOr<NumberTemplate> ParseTemplate(std::string_view text) {
  NumberTemplate t;
  for (size_t at = 0; at < text.size();) {
    const std::string upper = UpperText(text.substr(at, 4));
    const std::string_view rest = upper;
    if (rest.starts_with("FM")) {
      t.fill = false;
      at += 2;
    } else if (rest.starts_with("PR")) {
      t.brackets = true;
      at += 2;
    } else if (rest == "EEEE") {
      t.scientific = true;
      at += 4;
    } else if (rest.starts_with("RN")) {
      t.roman = true;
      t.roman_upper = text[at] == 'R';
      at += 2;
    } else if (rest.starts_with("V")) {
      if (t.has_point) return BadTemplate("cannot use \"V\" and decimal point together");
      t.has_v = true;
      ++at;
    } else if (text[at] == '"') {
      std::string literal;
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        literal += text[at];
      }
      ++at;
      t.items.push_back({Mark::kLiteral, std::move(literal), true});
    } else if (rest.starts_with("\\\"")) {
      t.items.push_back({Mark::kLiteral, "\"", true});
      at += 2;
    } else {
      const auto found = std::find_if(std::begin(kMarks), std::end(kMarks), [&](const MarkWord& word) { return rest.starts_with(word.word); });
      if (found == std::end(kMarks)) {
        const size_t length = CharLength(text, at);
        t.items.push_back({Mark::kLiteral, std::string(text.substr(at, length)), true});
        at += length;
        continue;
      }
      switch (found->mark) {
        case Mark::kDigit:
        case Mark::kZero: AddDigit(t, found->mark); break;
        case Mark::kPoint:
          if (t.has_point) return BadTemplate("multiple decimal points");
          if (t.has_v) return BadTemplate("cannot use \"V\" and decimal point together");
          t.has_point = true;
          t.items.push_back({found->mark, "", true});
          break;
        case Mark::kSign:
        case Mark::kMinus:
        case Mark::kPlusMinus: t.explicit_sign = true; [[fallthrough]];
        default: t.items.push_back({found->mark, "", text[at] >= 'A' && text[at] <= 'Z'}); break;
      }
      at += found->word.size();
    }
  }
  if (t.scientific && !t.fill) return BadTemplate("\"EEEE\" is incompatible with other formats");
  return t;
}

/// The digits to show: `whole` without leading zeros ("" for zero), `part` of t.after digits.
struct Digits {
  bool negative = false;
  std::string whole;
  std::string part;
};

Digits SplitDigits(std::string_view text, int after) {
  Digits digits;
  if (text.starts_with('-')) {
    digits.negative = true;
    text.remove_prefix(1);
  }
  const size_t point = text.find('.');
  digits.whole = std::string(text.substr(0, point));
  if (point != std::string_view::npos) digits.part = std::string(text.substr(point + 1));
  digits.part.resize(static_cast<size_t>(after), '0');
  if (digits.whole == "0") digits.whole.clear();
  return digits;
}

std::string_view OrdinalSuffix(const std::string& whole) {
  const char last = whole.empty() ? '0' : whole.back();
  const bool teen = whole.size() > 1 && whole[whole.size() - 2] == '1';
  return teen ? "th" : last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th";
}

class NumberWriter {
 public:
  NumberWriter(const NumberTemplate& t, const Digits& digits) : t_(t), digits_(digits) {
    overflow_ = static_cast<int>(digits.whole.size()) > t.before;
    // Blank positions before the number starts. A zero without decimals still shows its last 0.
    const int shown = static_cast<int>(digits.whole.size());
    start_ = t.before - shown;
    // A lone zero shows where nothing else would: in the last position, unless decimals follow.
    if (shown == 0 && t.after == 0 && t.before > 0) start_ = t.before - 1;
    if (t.first_zero >= 0) start_ = std::min(start_, t.first_zero);
    // FM cuts zeros at the end, but not those of 0 positions.
    keep_after_ = t.after;
    if (!t.fill) {
      while (keep_after_ > 0 && digits.part[static_cast<size_t>(keep_after_) - 1] == '0' && t.before + keep_after_ - 1 > t.last_zero) --keep_after_;
    }
    if (overflow_) start_ = 0;
  }

  std::string Write() {
    for (size_t i = 0; i < t_.items.size(); ++i) WriteItem(t_.items[i], i);
    if (!sign_done_) WriteLeadingSign();
    if (t_.brackets) out_ += digits_.negative ? ">" : t_.fill ? " " : "";
    return out_;
  }

 private:
  bool AutomaticSign() const { return !t_.explicit_sign; }

  /// What stands in the sign's own place, right before the number.
  void WriteLeadingSign() {
    sign_done_ = true;
    if (t_.brackets) {
      out_ += digits_.negative ? "<" : t_.fill ? " " : "";
    } else if (AutomaticSign()) {
      out_ += digits_.negative ? "-" : t_.fill ? " " : "";
    } else if (sign_pending_) {
      out_ += digits_.negative ? '-' : '+';
    }
  }

  void WriteDigit(Mark) {
    const int position = position_++;
    if (position >= t_.before) {
      if (!sign_done_) WriteLeadingSign();
      const int index = position - t_.before;
      if (overflow_) {
        out_ += '#';
      } else if (index < keep_after_) {
        out_ += digits_.part[static_cast<size_t>(index)];
      }
      return;
    }
    if (position < start_) {
      if (t_.fill) out_ += ' ';
      return;
    }
    if (!sign_done_) WriteLeadingSign();
    number_started_ = true;
    if (overflow_) {
      out_ += '#';
      return;
    }
    const int index = position - (t_.before - static_cast<int>(digits_.whole.size()));
    out_ += index >= 0 ? digits_.whole[static_cast<size_t>(index)] : '0';
  }

  void WriteItem(const NumberTemplate::Item& item, size_t index) {
    switch (item.mark) {
      case Mark::kDigit:
      case Mark::kZero: WriteDigit(item.mark); break;
      case Mark::kPoint:
        if (!sign_done_) WriteLeadingSign();
        // A zero of which FM leaves nothing still shows its 0; a point with no places after it is not shown.
        if (!t_.fill && keep_after_ == 0 && t_.before > 0 && start_ == t_.before && !overflow_) out_ += '0';
        if (t_.after > 0) out_ += '.';
        break;
      case Mark::kGroup:
        if (number_started_) {
          out_ += ',';
        } else if (t_.fill) {
          out_ += ' ';
        }
        break;
      case Mark::kSign:
        // Before the number S clings to its first digit; after it, it stands where it is.
        if (position_ == 0 && index + 1 < t_.items.size()) {
          sign_pending_ = true;
        } else {
          out_ += digits_.negative ? '-' : '+';
          sign_done_ = true;
        }
        break;
      case Mark::kMinus:
        if (digits_.negative) {
          out_ += '-';
        } else if (t_.fill) {
          out_ += ' ';
        }
        break;
      case Mark::kPlus:
        if (!digits_.negative) {
          out_ += '+';
        } else if (t_.fill) {
          out_ += ' ';
        }
        break;
      case Mark::kPlusMinus: out_ += digits_.negative ? '-' : '+'; break;
      case Mark::kCurrency:
        if (t_.fill) out_ += ' ';
        break;
      case Mark::kOrdinal:
        if (!digits_.negative && t_.after == 0) {
          out_ += item.upper ? UpperText(OrdinalSuffix(digits_.whole)) : std::string(OrdinalSuffix(digits_.whole));
        }
        break;
      case Mark::kLiteral: out_ += item.literal; break;
    }
  }

  const NumberTemplate& t_;
  const Digits& digits_;
  std::string out_;
  int start_ = 0;
  int position_ = 0;
  int keep_after_ = 0;
  bool overflow_ = false;
  bool sign_done_ = false;
  bool sign_pending_ = false;
  bool number_started_ = false;
};

std::string Roman(int64_t number, const NumberTemplate& t) {
  std::string text;
  if (number < 1 || number > 3999) {
    text.assign(15, '#');
  } else {
    constexpr std::pair<int, std::string_view> kSteps[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"},
                                                           {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}};
    for (const auto& [value, letters] : kSteps) {
      for (; number >= value; number -= value) text += letters;
    }
    if (!t.roman_upper) text = LowerText(text);
  }
  if (t.fill && text.size() < 15) text.insert(0, 15 - text.size(), ' ');
  return text;
}

/// d.ddde+xx, from the digits: a value may have a hundred thousand of them.
std::string Scientific(const Numeric& value, const NumberTemplate& t) {
  const size_t wanted = static_cast<size_t>(t.after) + 1;
  std::string digits;
  int exponent = 0;
  if (!value.IsZero()) {
    const std::string text = value.Abs().ToString();
    const size_t point = std::min(text.find('.'), text.size());
    const size_t first = text.find_first_of("123456789");
    exponent = first < point ? static_cast<int>(point - first) - 1 : -static_cast<int>(first - point);
    for (const char c : std::string_view(text).substr(first)) {
      if (c != '.') digits += c;
    }
  }
  const bool up = digits.size() > wanted && digits[wanted] >= '5';
  digits.resize(wanted, '0');
  if (up) {
    size_t at = wanted;
    while (at > 0 && digits[at - 1] == '9') digits[--at] = '0';
    if (at > 0) {
      ++digits[at - 1];
    } else {
      digits.insert(digits.begin(), '1');
      digits.pop_back();
      ++exponent;
    }
  }
  std::string text = value.Sign() < 0 ? "-" : t.fill ? " " : "";
  text += digits[0];
  if (wanted > 1) StrAppend(&text, ".", digits.substr(1));
  const std::string power = std::to_string(std::abs(exponent));
  StrAppend(&text, "e", exponent < 0 ? "-" : "+", power.size() < 2 ? "0" : "", power);
  return text;
}

StatusOr<std::string> FormatNumber(const Numeric& value, std::string_view format) {
  ASSIGN_OR_RETURN(const NumberTemplate t, ParseTemplate(format));
  if (t.roman) {
    StatusOr<int64_t> number = value.IsFinite() ? value.ToInt64() : StatusOr<int64_t>(0);
    return Roman(number.ok() ? *number : 0, t);
  }
  if (t.items.empty()) return std::string();
  if (value.IsNaN()) {
    Digits letters;
    letters.whole = "NaN";
    letters.part.resize(static_cast<size_t>(t.after), '0');
    return NumberWriter(t, letters).Write();
  }
  if (!value.IsFinite()) {
    // An infinity fits into no number of digits.
    std::string marks(static_cast<size_t>(t.before), '#');
    if (t.has_point) StrAppend(&marks, ".", std::string(static_cast<size_t>(t.after), '#'));
    return (t.fill ? " " : "") + marks;
  }
  if (t.scientific) return Scientific(value, t);
  Numeric shown = value;
  for (int i = 0; i < t.multiply; ++i) {
    ASSIGN_OR_RETURN(shown, Numeric::Multiply(shown, Numeric::FromInt64(10)));
  }
  const Digits digits = SplitDigits(shown.Round(t.after).ToString(), t.after);
  return NumberWriter(t, digits).Write();
}

Status FormatAs(const RowArgs& a, const Numeric& value, Vector& out) {
  ASSIGN_OR_RETURN(const std::string text, FormatNumber(value, a.Text(1)));
  return PutText(out, text);
}
Status FormatInt4(const RowArgs& a, Vector& out) { return FormatAs(a, Numeric::FromInt64(a.I32(0)), out); }
Status FormatInt8(const RowArgs& a, Vector& out) { return FormatAs(a, Numeric::FromInt64(a.I64(0)), out); }
Status FormatFloat4(const RowArgs& a, Vector& out) { return FormatAs(a, Numeric::FromFloat(a.F32(0)), out); }
Status FormatFloat8(const RowArgs& a, Vector& out) { return FormatAs(a, Numeric::FromDouble(a.F64(0)), out); }
Status FormatNumericRow(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const Numeric value, a.Num(0));
  return FormatAs(a, value, out);
}

/// Reads the digits, sign and point that the template has places for; all else in the text is skipped.
Status ToNumber(const RowArgs& a, Vector& out) {
  ASSIGN_OR_RETURN(const NumberTemplate t, ParseTemplate(a.Text(1)));
  std::string digits;
  bool negative = false;
  bool point = false;
  int before = 0;
  int after = 0;
  for (char c : a.Text(0)) {
    if (c >= '0' && c <= '9') {
      if (point ? after >= t.after : before >= t.before) continue;
      ++(point ? after : before);
      digits += c;
    } else if (c == '-' || c == '<') {
      negative = true;
    } else if (c == '.' && t.has_point && !point) {
      point = true;
      digits += c;
    }
  }
  if (before + after == 0) return Error(sqlstate::kInvalidTextRepresentation, StrCat("invalid input syntax for type numeric: \"", a.Text(0), "\""));
  ASSIGN_OR_RETURN(Numeric value, Numeric::Parse(digits));
  for (int i = 0; i < t.multiply; ++i) {
    ASSIGN_OR_RETURN(value, Numeric::Divide(value, Numeric::FromInt64(10)));
  }
  return PutNumeric(out, negative ? value.Negate() : value);
}

}  // namespace

void RegisterNumberFormatting(RegistryBuilder& builder) {
  Stable(builder.Row("to_char", "int4,text", "text", FormatInt4));
  Stable(builder.Row("to_char", "int8,text", "text", FormatInt8));
  Stable(builder.Row("to_char", "float4,text", "text", FormatFloat4));
  Stable(builder.Row("to_char", "float8,text", "text", FormatFloat8));
  Stable(builder.Row("to_char", "numeric,text", "text", FormatNumericRow));
  Stable(builder.Row("to_number", "text,text", "numeric", ToNumber));
}

}  // namespace tsd::sql
