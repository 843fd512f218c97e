// Entry points and the dispatch by a statement's first words.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

StatusOr<std::vector<ParsedStatement>> ParseSql(std::string_view text) {
  Parser parser(text);
  std::vector<ParsedStatement> statements = parser.ParseStatements();
  if (parser.failed()) return parser.status();
  return statements;
}

StatusOr<ExprPtr> ParseExpression(std::string_view text) {
  Parser parser(text);
  ExprPtr expr = parser.ParseWholeExpression();
  if (parser.failed()) return parser.status();
  return expr;
}

StatusOr<TypeName> ParseTypeName(std::string_view text) {
  Parser parser(text);
  TypeName type = parser.ParseWholeType();
  if (parser.failed()) return parser.status();
  return type;
}

StatusOr<std::vector<std::string>> ParseQualifiedName(std::string_view text) {
  Parser parser(text);
  std::vector<std::string> parts = parser.ParseWholeName();
  if (parser.failed()) return Error(sqlstate::kInvalidName, "invalid name syntax");
  return parts;
}

StatusOr<std::vector<std::vector<ExprPtr>>> ParseRows(const LiteralRows& rows) {
  Parser parser(rows.text, rows.position);
  std::vector<std::vector<ExprPtr>> parsed = parser.ParseWholeRows();
  if (parser.failed()) return parser.status();
  return parsed;
}

// SELECT .. INTO t is CREATE TABLE t AS SELECT ..; of a set operation it stands in the first SELECT, and nowhere below the statement.
StatementPtr Parser::FinishSelectInto(StatementPtr statement) {
  if (!into_) return statement;
  const auto* select = TryAs<SelectStatement>(statement.get());
  const Query* first = select == nullptr ? nullptr : select->query.get();
  while (first != nullptr && first->kind == QueryKind::kSetOperation) first = first->set.left.get();
  if (first == nullptr || &first->select != into_->select) {
    Fail(sqlstate::kSyntaxError, "SELECT ... INTO is not allowed here", into_->position);
    return statement;
  }
  auto create = std::make_unique<CreateTableAsStatement>(statement->position);
  create->name = std::move(into_->name);
  create->persistence = into_->persistence;
  create->query = std::move(statement);
  into_.reset();
  return create;
}

std::vector<ParsedStatement> Parser::ParseStatements() {
  std::vector<ParsedStatement> statements;
  while (!failed_) {
    while (AcceptSymbol(';')) {
    }
    if (AtKind(TokenKind::kEnd)) break;
    ParsedStatement parsed;
    parsed.offset = Peek().begin;
    parsed.statement = ParseStatement();
    if (!AtStatementEnd()) SyntaxError();
    parsed.statement = FinishSelectInto(std::move(parsed.statement));
    if (failed_) break;
    parsed.text = lexer_.text().substr(parsed.offset, last_end_ - parsed.offset);
    statements.push_back(std::move(parsed));
  }
  return statements;
}

ExprPtr Parser::ParseWholeExpression() {
  ExprPtr expr = ParseExpr();
  if (!AtKind(TokenKind::kEnd)) SyntaxError();
  return expr;
}

TypeName Parser::ParseWholeType() {
  TypeName type = ParseType();
  if (!AtKind(TokenKind::kEnd)) SyntaxError();
  return type;
}

std::vector<std::string> Parser::ParseWholeName() {
  std::vector<std::string> parts;
  do {
    parts.push_back(TakeColLabel());
  } while (AcceptSymbol('.'));
  if (!AtKind(TokenKind::kEnd)) SyntaxError();
  return parts;
}

std::vector<std::vector<ExprPtr>> Parser::ParseWholeRows() {
  const QueryPtr query = MakeQuery(Position());
  ParseValuesRows(query.get());
  if (!AtKind(TokenKind::kEnd)) SyntaxError();
  return std::move(query->values);
}

StatementPtr Parser::ParseStatement() {
  const int position = Position();
  if (AtSymbol('(')) return ParseSelectStatement(WithClause());
  switch (Peek().keyword) {
    case K::kSelect: case K::kValues: case K::kTable: case K::kWith: case K::kInsert: case K::kUpdate: case K::kDelete:
    case K::kMerge:
      return ParsePreparable();
    case K::kTruncate: return ParseTruncate();
    case K::kCopy: return ParseCopy();
    case K::kCreate: return ParseCreate();
    case K::kAlter: return ParseAlter();
    case K::kDrop: return ParseDrop();
    case K::kGrant: return ParseGrant(true);
    case K::kRevoke: return ParseGrant(false);
    case K::kComment: return ParseComment();
    case K::kRefresh: return ParseRefresh();
    case K::kBegin: case K::kStart: case K::kSavepoint: case K::kRelease: return ParseTransaction();
    case K::kCommit: case K::kEnd: return ParseCommit();
    case K::kRollback: case K::kAbort: return ParseRollback();
    case K::kPrepare:
      if (At(K::kTransaction, 1) && AtKind(TokenKind::kString, 2)) return ParseTransaction();
      return ParsePrepare();
    case K::kSet: return ParseSet();
    case K::kReset: return ParseReset();
    case K::kShow: return ParseShow();
    case K::kDiscard: return ParseDiscard();
    case K::kExecute: return ParseExecute();
    case K::kDeallocate: return ParseDeallocate();
    case K::kDeclare: return ParseDeclare();
    case K::kFetch: case K::kMove: return ParseFetch();
    case K::kClose: return ParseClose();
    case K::kExplain: return ParseExplain();
    case K::kCall: return ParseCallStatement();
    case K::kDo: return ParseDo();
    case K::kListen: case K::kNotify: case K::kUnlisten: return ParseNotification();
    case K::kLock: return ParseLock();
    case K::kVacuum: case K::kAnalyze: case K::kAnalyse: return ParseVacuum();
    case K::kReindex: return ParseReindex();
    case K::kCluster: return ParseCluster();
    case K::kLoad: return ParseLoad();
    case K::kCheckpoint: {
      Advance();
      auto statement = std::make_unique<MaintenanceStatement>(position);
      statement->maintenance = MaintenanceKind::kCheckpoint;
      return statement;
    }
    case K::kImport: Unsupported("IMPORT FOREIGN SCHEMA", position); break;
    case K::kSecurity: Unsupported("SECURITY LABEL", position); break;
    case K::kReassign: Unsupported("REASSIGN OWNED", position); break;
    default: SyntaxError(); break;
  }
  return std::make_unique<SelectStatement>(position);
}

StatementPtr Parser::ParsePreparable() {
  WithClause with;
  if (At(K::kWith)) {
    NestingScope scope(this);
    if (scope.ok()) with = ParseWith();
  }
  return ParseWithStatement(std::move(with));
}

StatementPtr Parser::ParseWithStatement(WithClause with) {
  switch (Peek().keyword) {
    case K::kInsert: return ParseInsert(std::move(with));
    case K::kUpdate: return ParseUpdate(std::move(with));
    case K::kDelete: return ParseDelete(std::move(with));
    case K::kMerge: Unsupported("MERGE", Position()); break;
    default: break;
  }
  return ParseSelectStatement(std::move(with));
}

StatementPtr Parser::ParseSelectStatement(WithClause with) {
  auto statement = std::make_unique<SelectStatement>(Position());
  if (!with.items.empty() && At(K::kWith)) SyntaxError();
  statement->query = ParseQuery();
  if (!with.items.empty()) {
    if (!statement->query->with.items.empty()) {
      Fail(sqlstate::kSyntaxError, "multiple WITH clauses not allowed", with.position);
    }
    statement->position = statement->query->position = with.position;
    statement->query->with = std::move(with);
  }
  return statement;
}

}  // namespace tsd::sql::parse
