#pragma once
// Syntax tree -> SQL text (deparse), and the names PostgreSQL gives to unnamed output columns. Pure; any thread.
// I-parse-2: ParseExpression(PrintExpr(e)) is the same tree as e, positions aside; redundant parentheses are the price.
#include <string>

#include "sql/parse/ast.h"

namespace tsd::sql::parse {

std::string PrintExpr(const Expr& expr);
/// A data-modifying WITH item is printed as its keyword only (PostgreSQL allows none where a query's text is kept).
std::string PrintQuery(const Query& query);
std::string PrintType(const TypeName& type);
std::string PrintName(const ObjectName& name);

/// Quoted if it must be: a keyword (other than unreserved), upper case, or characters an identifier cannot hold.
std::string QuoteIdentifier(std::string_view name);
/// 'it''s', or E'..' when it holds backslashes.
std::string QuoteLiteral(std::string_view text);

/// The name of a SELECT item without alias: column, function, type of a cast, "case", "array", ... else "?column?".
/// For a scalar sub-query whose item is * the binder knows better.
std::string OutputColumnName(const Expr& expr);

}  // namespace tsd::sql::parse
