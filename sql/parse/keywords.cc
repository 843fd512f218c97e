#include "sql/parse/keywords.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace tsd::sql::parse {
namespace {

constexpr KeywordInfo kKeywords[] = {
    {"", KeywordClass::kUnreserved, LabelUse::kBare},
#define TSD_KEYWORD(enumerator, word, keyword_class, label) {word, KeywordClass::keyword_class, LabelUse::label},
#include "sql/parse/keyword_list.inc"
#undef TSD_KEYWORD
};
constexpr size_t kLongestKeyword = 17;   // current_timestamp

/// Index of the first keyword that starts with each letter: a lookup compares within one letter only.
constexpr std::array<uint16_t, 27> MakeFirstOfLetter() {
  std::array<uint16_t, 27> first{};
  size_t index = 1;
  for (size_t letter = 0; letter < 27; ++letter) {
    while (index < std::size(kKeywords) && static_cast<size_t>(kKeywords[index].word[0] - 'a') < letter) ++index;
    first[letter] = static_cast<uint16_t>(index);
  }
  return first;
}
constexpr std::array<uint16_t, 27> kFirstOfLetter = MakeFirstOfLetter();

}  // namespace

Keyword FindKeyword(std::string_view word) {
  if (word.empty() || word.size() > kLongestKeyword || word[0] < 'a' || word[0] > 'z') return Keyword::kNotKeyword;
  const size_t letter = static_cast<size_t>(word[0] - 'a');
  const KeywordInfo* begin = kKeywords + kFirstOfLetter[letter];
  const KeywordInfo* end = kKeywords + kFirstOfLetter[letter + 1];
  const KeywordInfo* found =
      std::lower_bound(begin, end, word, [](const KeywordInfo& info, std::string_view w) { return info.word < w; });
  return found != end && found->word == word ? static_cast<Keyword>(found - kKeywords) : Keyword::kNotKeyword;
}

const KeywordInfo& InfoOf(Keyword keyword) { return kKeywords[static_cast<size_t>(keyword)]; }

}  // namespace tsd::sql::parse
