#pragma once
// PostgreSQL 15's keywords and what each may be used for. Pure tables; any thread.
#include <cstdint>
#include <string_view>

namespace tsd::sql::parse {

enum class KeywordClass : uint8_t {
  kUnreserved,     // may be any name
  kColumnName,     // may be a column or table name, not a function or type name
  kTypeFuncName,   // may be a function or type name, not a column name
  kReserved,       // only a label after AS
};
enum class LabelUse : uint8_t { kBare, kNeedsAs };   // may it follow an expression as its label without AS?

enum class Keyword : uint16_t {
  kNotKeyword,
#define TSD_KEYWORD(enumerator, word, keyword_class, label) enumerator,
#include "sql/parse/keyword_list.inc"
#undef TSD_KEYWORD
};

struct KeywordInfo {
  std::string_view word;
  KeywordClass keyword_class;
  LabelUse label;
};

/// `word` in lower case. kNotKeyword when it is none.
Keyword FindKeyword(std::string_view word);
const KeywordInfo& InfoOf(Keyword keyword);

}  // namespace tsd::sql::parse
