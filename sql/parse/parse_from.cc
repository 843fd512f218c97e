// FROM: tables, sub-queries, functions, joins, aliases.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

std::vector<TableRefPtr> Parser::ParseFromList() {
  std::vector<TableRefPtr> list;
  do {
    list.push_back(ParseTableRef());
  } while (AcceptSymbol(','));
  return list;
}

TableRefPtr Parser::ParseTableRef() {
  NestingScope scope(this);
  if (!scope.ok()) return std::make_unique<RelationRef>(0);
  TableRefPtr table = ParseTablePrimary();
  while (!failed_ && AtJoin()) table = ParseJoin(std::move(table));
  return table;
}

bool Parser::AtJoin() {
  return AtAny({K::kJoin, K::kInner, K::kLeft, K::kRight, K::kFull, K::kCross, K::kNatural});
}

TableRefPtr Parser::ParseJoin(TableRefPtr left) {
  auto join = std::make_unique<JoinRef>(Position());
  join->left = std::move(left);
  AddHeight();
  if (Accept(K::kCross)) {
    Expect(K::kJoin);
    join->join = JoinKind::kCross;
    join->right = ParseTablePrimary();
    return join;
  }
  join->natural = Accept(K::kNatural);
  if (AtAny({K::kLeft, K::kRight, K::kFull})) {
    join->join = At(K::kLeft) ? JoinKind::kLeft : At(K::kRight) ? JoinKind::kRight : JoinKind::kFull;
    Advance();
    Accept(K::kOuter);
  } else {
    Accept(K::kInner);
  }
  Expect(K::kJoin);
  if (join->natural) {
    join->right = ParseTablePrimary();
    return join;
  }
  // "a JOIN b JOIN c ON .. ON ..": until its own ON comes, what follows b belongs to the right side.
  join->right = ParseTableRef();
  if (Accept(K::kOn)) {
    join->on = ParseExpr();
  } else {
    Expect(K::kUsing);
    join->using_columns = ParseParenthesisedNames();
    if (Accept(K::kAs)) join->using_alias = TakeColId();
  }
  return join;
}

TableRefPtr Parser::ParseTablePrimary() {
  const int position = Position();
  const bool lateral = Accept(K::kLateral);
  if (AtSymbol('(')) {
    if (lateral) {
      const int query_position = Position();
      return MakeSubqueryRef(ParseQueryInParens(), true, query_position);
    }
    return ParseParenthesisedTable();
  }
  if (At(K::kXmltable)) Unsupported("XMLTABLE", position);
  if (At(K::kRows) && At(K::kFrom, 1)) return ParseFunctionRef(lateral);
  if (At(K::kOnly)) return ParseRelationRef();
  // A function if a parenthesis follows the dotted name.
  if (AtSpecialCall() || At(K::kCast)) return ParseFunctionRef(lateral);
  if (!AtColId() && AtTypeFunctionName()) return ParseFunctionRef(lateral);   // LEFT(..): no table can have that name
  if (lateral || AtSymbol('(', 1) || (At(K::kCollation) && At(K::kFor, 1))) return ParseFunctionRef(lateral);
  if (AtSymbol('.', 1) && (AtSymbol('(', 3) || (AtSymbol('.', 3) && AtSymbol('(', 5)))) return ParseFunctionRef(lateral);
  return ParseRelationRef();
}

ObjectName Parser::ParseRelationName(bool* only) {
  *only = Accept(K::kOnly);
  const bool parenthesised = *only && AcceptSymbol('(');
  ObjectName name = ParseObjectName();
  if (parenthesised) ExpectSymbol(')');
  if (!*only) AcceptSymbol('*');
  return name;
}

TableRefPtr Parser::ParseRelationRef() {
  auto relation = std::make_unique<RelationRef>(Position());
  relation->name = ParseRelationName(&relation->only);
  if (AtAlias()) ParseAlias(relation.get());
  if (At(K::kTablesample)) Unsupported("TABLESAMPLE", Position());
  return relation;
}

void Parser::ParseAlias(TableRef* table) {
  Accept(K::kAs);
  table->alias = TakeColId();
  table->column_aliases = ParseOptionalParenthesisedNames();
}

TableRefPtr Parser::MakeSubqueryRef(QueryPtr query, bool lateral, int position) {
  auto table = std::make_unique<SubqueryRef>(position);
  const bool values = query->kind == QueryKind::kValues;
  table->query = std::move(query);
  table->lateral = lateral;
  if (AtAlias()) {
    ParseAlias(table.get());
  } else if (values) {
    Fail(sqlstate::kSyntaxError, "VALUES in FROM must have an alias", position,
         "For example, FROM (VALUES ...) [AS] foo.");
  } else {
    Fail(sqlstate::kSyntaxError, "subquery in FROM must have an alias", position,
         "For example, FROM (SELECT ...) [AS] foo.");
  }
  return table;
}

TableRefPtr Parser::ParseParenthesisedTable() {
  const int position = Position();
  ParenthesisedTable content = ParseTableParenthesis();
  if (content.query != nullptr) return MakeSubqueryRef(std::move(content.query), false, position);
  if (AtAlias()) {
    // (a JOIN b) AS x hides the inner names; keep it a join with an alias.
    ParseAlias(content.table.get());
  }
  return std::move(content.table);
}

/// As in expressions, a run of parentheses may open a query or a join; what follows the inner one decides.
Parser::ParenthesisedTable Parser::ParseTableParenthesis() {
  NestingScope scope(this);
  ParenthesisedTable result;
  if (!scope.ok()) {
    result.table = std::make_unique<RelationRef>(0);
    return result;
  }
  ExpectSymbol('(');
  if (AtQueryStart()) {
    result.query = ParseQuery();
    ExpectSymbol(')');
    return result;
  }
  if (AtSymbol('(')) {
    const int position = Position();
    ParenthesisedTable inner = ParseTableParenthesis();
    if (inner.query != nullptr && (AtSymbol(')') || AtQueryContinuation())) {
      result.query = ParseQueryOptions(ParseSetOperations(std::move(inner.query), 0));
      ExpectSymbol(')');
      return result;
    }
    result.table = inner.query != nullptr ? MakeSubqueryRef(std::move(inner.query), false, position) : std::move(inner.table);
    if (Is<JoinRef>(*result.table) && AtAlias()) {
      ParseAlias(result.table.get());
      if (!AtJoin()) SyntaxError();
    }
    while (!failed_ && AtJoin()) result.table = ParseJoin(std::move(result.table));
  } else {
    result.table = ParseTableRef();
  }
  if (!Is<JoinRef>(*result.table)) SyntaxError();   // (t) alone is not a table in SQL
  ExpectSymbol(')');
  return result;
}

TableRefPtr Parser::ParseFunctionRef(bool lateral) {
  auto table = std::make_unique<FunctionRef>(Position());
  table->lateral = lateral;
  if (Accept(K::kRows, K::kFrom)) {
    table->rows_from = true;
    ExpectSymbol('(');
    do {
      FunctionRef::Item item;
      item.call = ParseFunctionInFrom();
      if (Accept(K::kAs)) item.columns = ParseColumnDefinitionItems();
      table->functions.push_back(std::move(item));
    } while (AcceptSymbol(','));
    ExpectSymbol(')');
  } else {
    FunctionRef::Item item;
    item.call = ParseFunctionInFrom();
    table->functions.push_back(std::move(item));
  }
  if (At(K::kWith) && At(K::kOrdinality, 1)) {
    Advance();
    Advance();
    table->with_ordinality = true;
  }
  ParseFunctionAlias(table.get());
  return table;
}

void Parser::ParseFunctionAlias(FunctionRef* function) {
  if (!AtAlias()) return;
  const bool as = Accept(K::kAs);
  if (as && AtSymbol('(')) {
    function->columns = ParseColumnDefinitionItems();
    return;
  }
  function->alias = TakeColId();
  if (!AtSymbol('(')) return;
  // (a, b) names columns, (a int, b text) defines them.
  const bool names_only = AtColId(1) && (AtSymbol(',', 2) || AtSymbol(')', 2));
  if (names_only) {
    function->column_aliases = ParseParenthesisedNames();
  } else {
    function->columns = ParseColumnDefinitionItems();
  }
}

std::vector<ColumnDefinitionItem> Parser::ParseColumnDefinitionItems() {
  std::vector<ColumnDefinitionItem> items;
  ExpectSymbol('(');
  do {
    items.push_back(ParseColumnDefinitionItem());
  } while (AcceptSymbol(','));
  ExpectSymbol(')');
  return items;
}

ColumnDefinitionItem Parser::ParseColumnDefinitionItem() {
  ColumnDefinitionItem item;
  item.position = Position();
  item.name = TakeColId();
  item.type = ParseType();
  if (Accept(K::kCollate)) item.collation = ParseObjectName();
  return item;
}

}  // namespace tsd::sql::parse
