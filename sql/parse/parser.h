#pragma once
// SQL text -> syntax tree, PostgreSQL 15's dialect. Pure functions: no state, no catalog; callable from any thread.
// Errors carry PostgreSQL's SQLSTATE, text and position (characters, 1-based). Any input gives a tree or an error: trees are
// at most kMaxTreeDepth high (54001 beyond), time and memory are linear in the text.
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "sql/parse/ast.h"

namespace tsd::sql::parse {

struct ParsedStatement {
  StatementPtr statement;
  std::string_view text;   // the statement's slice of the input: no surrounding white space, no semicolon
  size_t offset = 0;       // in bytes, of `text` in the input; positions in the tree count from the input's start
};

/// All statements of a query string. Empty ones are dropped: a text of only comments gives an empty list.
StatusOr<std::vector<ParsedStatement>> ParseSql(std::string_view text);

/// One expression and nothing else (a default, a view's or an index's expression read back from the catalog).
StatusOr<ExprPtr> ParseExpression(std::string_view text);

/// One type name and nothing else, as regtype or a cast's target takes it.
StatusOr<TypeName> ParseTypeName(std::string_view text);

/// "a.b"."C" -> parts, as text-to-regclass splits it. 42602 "invalid name syntax".
StatusOr<std::vector<std::string>> ParseQualifiedName(std::string_view text);

}  // namespace tsd::sql::parse
