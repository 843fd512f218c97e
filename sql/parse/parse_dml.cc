// INSERT, UPDATE, DELETE, TRUNCATE.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

StatementPtr Parser::ParseInsert(WithClause with) {
  auto insert = std::make_unique<InsertStatement>(Position());
  insert->with = std::move(with);
  Expect(K::kInsert, K::kInto);
  insert->table = ParseObjectName();
  if (Accept(K::kAs)) insert->alias = TakeColId();
  if (Accept(K::kDefault)) {
    Expect(K::kValues);
  } else {
    if (AtSymbol('(') && !AtQueryStart(1) && !AtSymbol('(', 1)) {
      Advance();
      do {
        insert->columns.push_back(ParseAssignmentTarget());
      } while (AcceptSymbol(','));
      ExpectSymbol(')');
    }
    if (Accept(K::kOverriding)) {
      insert->overriding = At(K::kUser) ? Overriding::kUser : Overriding::kSystem;
      if (!Accept(K::kUser)) Expect(K::kSystem);
      Expect(K::kValue);
    }
    insert->source = ParseLiteralRows();
    if (insert->source == nullptr) insert->source = ParseQuery();
  }
  if (At(K::kOn)) insert->conflict = ParseConflict();
  insert->returning = ParseReturning();
  return insert;
}

QueryPtr Parser::ParseLiteralRows() {
  if (!At(K::kValues) || failed_ || !lexer_.error().ok()) return nullptr;
  const Token values = Peek();
  size_t end = 0;
  std::optional<LiteralRows> rows = FindLiteralRows(lexer_.text(), values.end, &end);
  if (!rows.has_value()) return nullptr;
  rows->position = values.position + static_cast<int>(values.end - values.begin);
  SkipTo(end);
  if (!AtStatementEnd() && !AtAny({K::kOn, K::kReturning})) {
    SkipTo(values.begin);
    return nullptr;
  }
  QueryPtr query = MakeQuery(values.position);
  query->kind = QueryKind::kValues;
  query->literals = std::move(rows);
  return query;
}

ConflictClause Parser::ParseConflict() {
  ConflictClause conflict;
  conflict.position = Position();
  Expect(K::kOn, K::kConflict);
  if (AtSymbol('(')) {
    conflict.target = ParseIndexElements();
    if (Accept(K::kWhere)) conflict.target_where = ParseExpr();
  } else if (Accept(K::kOn)) {
    Expect(K::kConstraint);
    conflict.constraint = TakeColId();
  }
  Expect(K::kDo);
  if (Accept(K::kNothing)) {
    conflict.action = ConflictAction::kDoNothing;
    return conflict;
  }
  Expect(K::kUpdate, K::kSet);
  conflict.action = ConflictAction::kDoUpdate;
  conflict.assignments = ParseAssignments();
  if (Accept(K::kWhere)) conflict.where = ParseExpr();
  return conflict;
}

std::vector<Assignment> Parser::ParseAssignments() {
  std::vector<Assignment> assignments;
  do {
    assignments.push_back(ParseAssignment());
  } while (AcceptSymbol(','));
  return assignments;
}

Assignment Parser::ParseAssignment() {
  Assignment assignment;
  if (AcceptSymbol('(')) {
    assignment.multiple = true;
    do {
      assignment.targets.push_back(ParseAssignmentTarget());
    } while (AcceptSymbol(','));
    ExpectSymbol(')');
  } else {
    assignment.targets.push_back(ParseAssignmentTarget());
  }
  ExpectSymbol('=');
  assignment.value = ParseExpr();
  return assignment;
}

AssignmentTarget Parser::ParseAssignmentTarget() {
  AssignmentTarget target;
  target.position = Position();
  target.column = TakeColId();
  while (!failed_ && (AtSymbol('.') || AtSymbol('['))) {
    if (AtSymbol('[')) {
      target.indirection.push_back(ParseSubscript(nullptr));
    } else {
      auto field = std::make_unique<FieldSelectExpr>(Position());
      Advance();
      field->field = TakeColLabel();
      target.indirection.push_back(std::move(field));
    }
  }
  return target;
}

std::vector<TargetItem> Parser::ParseReturning() {
  return Accept(K::kReturning) ? ParseTargets() : std::vector<TargetItem>();
}

void Parser::ParseWhereOrCursor(ExprPtr* where, std::string* cursor) {
  if (!Accept(K::kWhere)) return;
  if (Accept(K::kCurrent, K::kOf)) {
    *cursor = TakeColId();
  } else {
    *where = ParseExpr();
  }
}

StatementPtr Parser::ParseUpdate(WithClause with) {
  auto update = std::make_unique<UpdateStatement>(Position());
  update->with = std::move(with);
  Expect(K::kUpdate);
  update->table = ParseRelationName(&update->only);
  // "UPDATE t SET ..": SET is a possible alias, but not without AS.
  if (Accept(K::kAs)) {
    update->alias = TakeColId();
  } else if (AtColId() && !At(K::kSet)) {
    update->alias = TakeColId();
  }
  Expect(K::kSet);
  update->assignments = ParseAssignments();
  if (Accept(K::kFrom)) update->from = ParseFromList();
  ParseWhereOrCursor(&update->where, &update->where_cursor);
  update->returning = ParseReturning();
  return update;
}

StatementPtr Parser::ParseDelete(WithClause with) {
  auto remove = std::make_unique<DeleteStatement>(Position());
  remove->with = std::move(with);
  Expect(K::kDelete, K::kFrom);
  remove->table = ParseRelationName(&remove->only);
  if (Accept(K::kAs) || AtColId()) remove->alias = TakeColId();
  if (Accept(K::kUsing)) remove->from = ParseFromList();
  ParseWhereOrCursor(&remove->where, &remove->where_cursor);
  remove->returning = ParseReturning();
  return remove;
}

StatementPtr Parser::ParseTruncate() {
  auto truncate = std::make_unique<TruncateStatement>(Position());
  Expect(K::kTruncate);
  Accept(K::kTable);
  do {
    TruncateStatement::Table table;
    table.name = ParseRelationName(&table.only);
    truncate->tables.push_back(std::move(table));
  } while (AcceptSymbol(','));
  if (Accept(K::kRestart)) {
    Expect(K::kIdentity);
    truncate->restart_identity = true;
  } else if (Accept(K::kContinue)) {
    Expect(K::kIdentity);
  }
  truncate->behavior = ParseDropBehavior();
  return truncate;
}

}  // namespace tsd::sql::parse
