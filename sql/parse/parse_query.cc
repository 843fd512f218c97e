// SELECT, VALUES, TABLE, set operations, WITH, and what follows a query: ORDER BY, LIMIT, OFFSET, FETCH, FOR UPDATE.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {
namespace {

constexpr int kUnionPrecedence = 1;   // also EXCEPT
constexpr int kIntersectPrecedence = 2;

}  // namespace

bool Parser::AtQueryStart(int ahead) {
  switch (Peek(ahead).keyword) {
    case K::kSelect: case K::kWith: case K::kTable: return true;
    case K::kValues: return AtSymbol('(', ahead + 1);
    default: return false;
  }
}

bool Parser::AtQueryContinuation() {
  return AtAny({K::kUnion, K::kIntersect, K::kExcept, K::kOrder, K::kLimit, K::kOffset, K::kFetch, K::kFor});
}

QueryPtr Parser::ParseQuery() {
  NestingScope scope(this);
  if (!scope.ok()) return MakeQuery(0);
  const int position = Position();
  WithClause with;
  if (At(K::kWith)) with = ParseWith();
  QueryPtr query = ParseQueryOptions(ParseQueryBody(0));
  if (!with.items.empty()) {
    if (!query->with.items.empty()) Fail(sqlstate::kSyntaxError, "multiple WITH clauses not allowed", with.position);
    query->with = std::move(with);
    query->position = position;
  }
  return query;
}

QueryPtr Parser::ParseQueryBody(int min_precedence) {
  NestingScope scope(this);
  if (!scope.ok()) return MakeQuery(0);
  return ParseSetOperations(ParseQueryPrimary(), min_precedence);
}

QueryPtr Parser::ParseSetOperations(QueryPtr left, int min_precedence) {
  while (!failed_ && AtAny({K::kUnion, K::kIntersect, K::kExcept})) {
    const int precedence = At(K::kIntersect) ? kIntersectPrecedence : kUnionPrecedence;
    if (precedence < min_precedence) break;
    QueryPtr query = MakeQuery(left->position);
    query->kind = QueryKind::kSetOperation;
    query->set.op = At(K::kUnion) ? SetOperator::kUnion : At(K::kExcept) ? SetOperator::kExcept : SetOperator::kIntersect;
    Advance();
    query->set.all = Accept(K::kAll);
    if (!query->set.all) Accept(K::kDistinct);
    query->set.left = std::move(left);
    query->set.right = ParseQueryBody(precedence + 1);
    left = std::move(query);
    AddHeight();
  }
  return left;
}

QueryPtr Parser::ParseQueryInParens() {
  ExpectSymbol('(');
  QueryPtr query = ParseQuery();
  ExpectSymbol(')');
  return query;
}

QueryPtr Parser::ParseQueryPrimary() {
  if (AtSymbol('(')) return ParseQueryInParens();
  QueryPtr query = MakeQuery(Position());
  if (Accept(K::kSelect)) {
    ParseSelectCore(&query->select);
  } else if (Accept(K::kValues)) {
    query->kind = QueryKind::kValues;
    ParseValuesRows(query.get());
  } else if (Accept(K::kTable)) {
    auto relation = std::make_unique<RelationRef>(Position());
    relation->name = ParseRelationName(&relation->only);
    TargetItem all;
    all.position = query->position;
    all.expr = std::make_unique<StarExpr>(query->position);
    query->select.targets.push_back(std::move(all));
    query->select.from.push_back(std::move(relation));
  } else {
    SyntaxError();
  }
  return query;
}

void Parser::ParseValuesRows(Query* query) {
  do {
    ExpectSymbol('(');
    query->values.push_back(ParseExprList());
    ExpectSymbol(')');
  } while (AcceptSymbol(','));
}

bool Parser::AtEndOfTargets() {
  if (AtStatementEnd() || AtSymbol(')')) return true;
  return AtAny({K::kFrom, K::kInto, K::kWhere, K::kGroup, K::kHaving, K::kWindow, K::kUnion, K::kIntersect, K::kExcept,
                K::kOrder, K::kLimit, K::kOffset, K::kFetch, K::kFor});
}

void Parser::ParseSelectCore(SelectCore* select) {
  if (Accept(K::kDistinct)) {
    select->distinct = true;
    if (Accept(K::kOn)) select->distinct_on = ParseParenthesisedExprs();
    select->targets = ParseTargets();
  } else {
    Accept(K::kAll);
    if (!AtEndOfTargets()) select->targets = ParseTargets();
  }
  if (At(K::kInto)) ParseSelectInto(select);
  if (Accept(K::kFrom)) select->from = ParseFromList();
  if (Accept(K::kWhere)) select->where = ParseExpr();
  if (Accept(K::kGroup)) ParseGroupBy(select);
  if (Accept(K::kHaving)) select->having = ParseExpr();
  select->windows = ParseWindowClause();
}

void Parser::ParseSelectInto(const SelectCore* select) {
  const int position = Position();
  if (into_) Fail(sqlstate::kSyntaxError, "SELECT ... INTO is not allowed here", position);
  Expect(K::kInto);
  SelectInto into{select, ObjectName(), ParsePersistence(), position};
  Accept(K::kTable);
  into.name = ParseObjectName();
  into_ = std::move(into);
}

std::vector<TargetItem> Parser::ParseTargets() {
  std::vector<TargetItem> targets;
  do {
    targets.push_back(ParseTarget());
  } while (AcceptSymbol(','));
  return targets;
}

TargetItem Parser::ParseTarget() {
  TargetItem item;
  item.position = Position();
  if (AcceptSymbol('*')) {
    item.expr = std::make_unique<StarExpr>(item.position);
    return item;
  }
  item.expr = ParseExpr();
  if (Accept(K::kAs)) {
    item.alias = TakeColLabel();
  } else if (AtBareLabel()) {
    item.alias = TakeWord();
  }
  return item;
}

void Parser::ParseGroupBy(SelectCore* select) {
  Expect(K::kBy);
  if (Accept(K::kDistinct)) {
    select->group_distinct = true;
  } else {
    Accept(K::kAll);
  }
  do {
    select->group_by.push_back(ParseGroupItem());
  } while (AcceptSymbol(','));
}

GroupItem Parser::ParseGroupItem() {
  NestingScope scope(this);
  GroupItem item;
  item.position = Position();
  if (!scope.ok()) {
    item.expr = Nothing();
    return item;
  }
  if (AtSymbol('(') && AtSymbol(')', 1)) {
    Advance();
    Advance();
    item.kind = GroupItemKind::kEmpty;
    return item;
  }
  if (AtAny({K::kRollup, K::kCube}) && AtSymbol('(', 1)) {
    item.kind = At(K::kRollup) ? GroupItemKind::kRollup : GroupItemKind::kCube;
    Advance();
    for (ExprPtr& expr : ParseParenthesisedExprs()) {
      GroupItem part;
      part.position = expr->position;
      part.expr = std::move(expr);
      item.items.push_back(std::move(part));
    }
    return item;
  }
  if (At(K::kGrouping) && At(K::kSets, 1)) {
    Advance();
    Advance();
    item.kind = GroupItemKind::kSets;
    ExpectSymbol('(');
    do {
      item.items.push_back(ParseGroupItem());
    } while (AcceptSymbol(','));
    ExpectSymbol(')');
    return item;
  }
  item.expr = ParseExpr();
  return item;
}

/// PostgreSQL takes LIMIT / OFFSET and FOR .. in either order, and lets a parenthesised query take more of them from outside.
QueryPtr Parser::ParseQueryOptions(QueryPtr query) {
  if (At(K::kOrder)) {
    std::vector<SortItem> keys = ParseOptionalOrderBy();
    if (!query->order_by.empty()) {
      Fail(sqlstate::kSyntaxError, "multiple ORDER BY clauses not allowed", keys[0].expr->position);
    }
    query->order_by = std::move(keys);
  }
  const bool locking_first = At(K::kFor);
  if (locking_first) ParseLocking(query.get());
  if (AtAny({K::kLimit, K::kFetch})) {
    ParseLimit(query.get());
    if (At(K::kOffset)) ParseOffset(query.get());
  } else if (At(K::kOffset)) {
    ParseOffset(query.get());
    if (AtAny({K::kLimit, K::kFetch})) ParseLimit(query.get());
  }
  if (!locking_first && At(K::kFor)) ParseLocking(query.get());
  CheckQueryOptions(*query);
  return query;
}

void Parser::CheckQueryOptions(const Query& query) {
  if (!query.with_ties) return;
  if (query.order_by.empty()) {
    Fail(sqlstate::kSyntaxError, "WITH TIES cannot be specified without ORDER BY clause", 0);
  }
  for (const LockingClause& clause : query.locking) {
    if (clause.wait == LockWait::kSkipLocked) {
      Fail(sqlstate::kSyntaxError, "SKIP LOCKED and WITH TIES options cannot be used together", 0);
    }
  }
}

void Parser::ParseLimit(Query* query) {
  const bool had_limit = query->limit != nullptr;
  const int position = Position();
  int value_position = position;
  if (Accept(K::kLimit)) {
    value_position = Position();
    ExprPtr limit;
    if (!Accept(K::kAll)) limit = ParseExpr();
    if (AtSymbol(',')) {
      Fail(sqlstate::kSyntaxError, "LIMIT #,# syntax is not supported", position, "Use separate LIMIT and OFFSET clauses.");
    }
    if (!had_limit) query->limit = std::move(limit);
  } else {
    ExprPtr outer = std::move(query->limit);
    ParseFetchFirst(query);
    if (had_limit) value_position = query->limit->position;
  }
  if (had_limit) Fail(sqlstate::kSyntaxError, "multiple LIMIT clauses not allowed", value_position);
}

void Parser::ParseFetchFirst(Query* query) {
  Expect(K::kFetch);
  const int position = Position();
  if (!Accept(K::kFirst)) Expect(K::kNext);
  if (AtAny({K::kRow, K::kRows})) {
    query->limit = std::make_unique<LiteralExpr>(position, LiteralKind::kInteger, "1");
  } else if (AtSymbol('-') || AtSymbol('+')) {
    query->limit = ParsePrefix(ExprMode::kFull);
  } else {
    query->limit = ParsePrimary(ExprMode::kFull);
  }
  if (!Accept(K::kRow)) Expect(K::kRows);
  if (Accept(K::kWith)) {
    Expect(K::kTies);
    query->with_ties = true;
  } else {
    Expect(K::kOnly);
  }
}

void Parser::ParseOffset(Query* query) {
  Expect(K::kOffset);
  const int position = Position();
  ExprPtr offset = ParseExpr();
  if (!Accept(K::kRow)) Accept(K::kRows);
  if (query->offset != nullptr) Fail(sqlstate::kSyntaxError, "multiple OFFSET clauses not allowed", position);
  query->offset = std::move(offset);
}

void Parser::ParseLocking(Query* query) {
  while (At(K::kFor)) {
    LockingClause clause;
    clause.position = Position();
    Advance();
    if (Accept(K::kRead)) {
      Expect(K::kOnly);
      return;
    }
    if (Accept(K::kUpdate)) {
      clause.strength = LockStrength::kUpdate;
    } else if (Accept(K::kNo)) {
      Expect(K::kKey, K::kUpdate);
      clause.strength = LockStrength::kNoKeyUpdate;
    } else if (Accept(K::kKey)) {
      Expect(K::kShare);
      clause.strength = LockStrength::kKeyShare;
    } else {
      Expect(K::kShare);
      clause.strength = LockStrength::kShare;
    }
    if (Accept(K::kOf)) clause.tables = ParseObjectNames();
    if (Accept(K::kNowait)) {
      clause.wait = LockWait::kNoWait;
    } else if (Accept(K::kSkip)) {
      Expect(K::kLocked);
      clause.wait = LockWait::kSkipLocked;
    }
    query->locking.push_back(std::move(clause));
  }
}

WithClause Parser::ParseWith() {
  WithClause with;
  with.position = Position();
  Expect(K::kWith);
  with.recursive = Accept(K::kRecursive);
  do {
    with.items.push_back(ParseCommonTableExpr());
  } while (AcceptSymbol(','));
  return with;
}

CommonTableExpr Parser::ParseCommonTableExpr() {
  CommonTableExpr item;
  item.position = Position();
  item.name = TakeColId();
  item.columns = ParseOptionalParenthesisedNames();
  Expect(K::kAs);
  if (Accept(K::kMaterialized)) {
    item.materialize = CteMaterialize::kAlways;
  } else if (Accept(K::kNot)) {
    Expect(K::kMaterialized);
    item.materialize = CteMaterialize::kNever;
  }
  ExpectSymbol('(');
  item.statement = ParsePreparable();
  ExpectSymbol(')');
  if (AtAny({K::kSearch, K::kCycle})) Unsupported(At(K::kSearch) ? "SEARCH" : "CYCLE", Position());
  return item;
}

}  // namespace tsd::sql::parse
