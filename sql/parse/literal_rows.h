#pragma once
// LiteralRows: the rows of an INSERT .. VALUES that are nothing but literals, found without tokens and trees: a client may
// send thousands of them in a statement. Whatever is not plain (a cast, a call, DEFAULT, an escape string, a comment) is not taken here,
// and the parser reads it. Pure functions.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "sql/parse/ast_expression.h"

namespace tsd::sql::parse {

struct LiteralRows {
  enum class Kind : uint8_t {
    kNull,
    kBoolean,     // its text begins with t or f, in any case
    kNumber,      // with a sign, or a point, or an exponent
    kString,      // between the quotes
    kQuoted,      // the same, with doubled quotes in it
  };
  struct Value {
    uint32_t begin, size;  // in `text`
    Kind kind;
  };

  std::string text;           // from behind the word VALUES to the last ')'
  int position = 0;           // of the text's first character in the statement
  size_t width = 0;           // values a row
  std::vector<Value> values;  // row by row

  size_t rows() const { return values.size() / width; }
  std::string_view TextOf(const Value& value) const { return std::string_view(text).substr(value.begin, value.size); }
};

/// The rows that begin at `begin` of the text, or nothing if they are not plain or not of one width; *end is set behind the last ')'.
std::optional<LiteralRows> FindLiteralRows(std::string_view text, size_t begin, size_t* end);

/// The same rows as trees, for who wants expressions.
StatusOr<std::vector<std::vector<ExprPtr>>> ParseRows(const LiteralRows& rows);

}  // namespace tsd::sql::parse
