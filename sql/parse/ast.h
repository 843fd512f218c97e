#pragma once
// The syntax tree: what ParseSql (parser.h) makes and the binder reads. Nothing here is resolved: names are as written
// (folded to lower case unless quoted), literals are texts. Three node families, each with a `kind` to switch over and
// As<T> / TryAs<T> / Is<T> to narrow: Expr (ast_expression.h), TableRef and Query (ast_query.h), Statement
// (ast_statement.h, ast_session.h). Plain data without behaviour; safe to read from any thread once made.
#include "sql/parse/ast_expression.h"
#include "sql/parse/ast_query.h"
#include "sql/parse/ast_session.h"
#include "sql/parse/ast_statement.h"
