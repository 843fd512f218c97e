#include "sql/function/datetime_template.h"

#include "sql/function/utf8.h"

namespace tsd::sql {
namespace {

struct Keyword {
  std::string_view word;
  TemplateField field;
  int digits = 0;
};

// Longer words first among those that share a start.
constexpr Keyword kKeywords[] = {
    {"A.M.", TemplateField::kMeridiemDots}, {"P.M.", TemplateField::kMeridiemDots}, {"AM", TemplateField::kMeridiem},
    {"PM", TemplateField::kMeridiem},       {"A.D.", TemplateField::kEraDots},      {"B.C.", TemplateField::kEraDots},
    {"AD", TemplateField::kEra},            {"BC", TemplateField::kEra},            {"CC", TemplateField::kCentury},
    {"DAY", TemplateField::kDayName},       {"DDD", TemplateField::kDayOfYear},     {"DD", TemplateField::kDay},
    {"DY", TemplateField::kDayShort},       {"D", TemplateField::kDayOfWeek},       {"FF1", TemplateField::kFraction, 1},
    {"FF2", TemplateField::kFraction, 2}, {"FF3", TemplateField::kFraction, 3}, {"FF4", TemplateField::kFraction, 4},
    {"FF5", TemplateField::kFraction, 5}, {"FF6", TemplateField::kFraction, 6}, {"HH24", TemplateField::kHour24},
    {"HH12", TemplateField::kHour12},       {"HH", TemplateField::kHour12},         {"IDDD", TemplateField::kIsoDayOfYear},
    {"ID", TemplateField::kIsoDayOfWeek},   {"IW", TemplateField::kIsoWeek},        {"IYYY", TemplateField::kIsoYear4},
    {"IYY", TemplateField::kIsoYear3},      {"IY", TemplateField::kIsoYear2},       {"I", TemplateField::kIsoYear1},
    {"J", TemplateField::kJulian},          {"MI", TemplateField::kMinute},         {"MM", TemplateField::kMonth},
    {"MONTH", TemplateField::kMonthName},   {"MON", TemplateField::kMonthShort},    {"MS", TemplateField::kMillis},
    {"OF", TemplateField::kOffset},         {"Q", TemplateField::kQuarter},         {"RM", TemplateField::kRomanMonth},
    {"SSSSS", TemplateField::kSecondOfDay}, {"SSSS", TemplateField::kSecondOfDay},  {"SS", TemplateField::kSecond},
    {"TZH", TemplateField::kZoneHour},      {"TZM", TemplateField::kZoneMinute},    {"TZ", TemplateField::kZone},
    {"US", TemplateField::kMicros},         {"WW", TemplateField::kWeek},           {"W", TemplateField::kWeekOfMonth},
    {"Y,YYY", TemplateField::kYear4Comma},  {"YYYY", TemplateField::kYear4},        {"YYY", TemplateField::kYear3},
    {"YY", TemplateField::kYear2},          {"Y", TemplateField::kYear1},
};

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

bool StartsWithWord(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (Upper(text[i]) != word[i]) return false;
  }
  return true;
}

LetterCase CaseOf(std::string_view written) {
  if (written[0] >= 'a' && written[0] <= 'z') return LetterCase::kLower;
  if (written.size() > 1 && written[1] >= 'a' && written[1] <= 'z') return LetterCase::kCapital;
  return LetterCase::kUpper;
}

}  // namespace

std::vector<TemplateItem> ParseDateTimeTemplate(std::string_view text) {
  std::vector<TemplateItem> items;
  const auto literal = [&](std::string_view piece) {
    if (items.empty() || items.back().field != TemplateField::kLiteral) items.emplace_back();
    items.back().literal += piece;
  };
  bool fill = true;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (StartsWithWord(rest, "FM") || StartsWithWord(rest, "TM")) {
      fill = false;
      at += 2;
      continue;
    }
    if (StartsWithWord(rest, "FX")) {
      at += 2;
      continue;
    }
    const Keyword* found = nullptr;
    for (const Keyword& keyword : kKeywords) {
      if (StartsWithWord(rest, keyword.word)) {
        found = &keyword;
        break;
      }
    }
    if (found != nullptr) {
      TemplateItem item;
      item.field = found->field;
      item.letters = CaseOf(rest);
      item.written = rest.substr(0, found->word.size());
      item.fill = fill;
      item.digits = found->digits;
      at += found->word.size();
      if (StartsWithWord(text.substr(at), "TH")) {
        item.ordinal = text[at] == 'T' ? 'T' : 't';
        at += 2;
      }
      items.push_back(std::move(item));
      fill = true;
      continue;
    }
    fill = true;
    if (text[at] == '"') {
      ++at;
      while (at < text.size() && text[at] != '"') {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        literal(text.substr(at, 1));
        ++at;
      }
      ++at;
      continue;
    }
    if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"') ++at;
    const size_t length = CharLength(text, at);
    literal(text.substr(at, length));
    at += length;
  }
  return items;
}

}  // namespace tsd::sql
