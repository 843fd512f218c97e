// Prepared statements, cursors, EXPLAIN, CALL, DO, notifications, LOCK, VACUUM and its kin.
#include "engine/base/strings.h"
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

StatementPtr Parser::ParsePrepare() {
  auto prepare = std::make_unique<PrepareStatement>(Position());
  Expect(K::kPrepare);
  prepare->name = TakeColId();
  if (AcceptSymbol('(')) {
    do {
      prepare->types.push_back(ParseType());
    } while (AcceptSymbol(','));
    ExpectSymbol(')');
  }
  Expect(K::kAs);
  const uint32_t begin = Peek().begin;
  prepare->statement = ParsePreparable();
  if (!failed_) prepare->statement_text = lexer_.text().substr(begin, last_end_ - begin);
  return prepare;
}

StatementPtr Parser::ParseExecute() {
  auto execute = std::make_unique<ExecuteStatement>(Position());
  Expect(K::kExecute);
  execute->name = TakeColId();
  if (AtSymbol('(')) execute->args = ParseParenthesisedExprs();
  return execute;
}

StatementPtr Parser::ParseDeallocate() {
  auto deallocate = std::make_unique<DeallocateStatement>(Position());
  Expect(K::kDeallocate);
  if (At(K::kPrepare) && !AtKind(TokenKind::kEnd, 1) && !AtSymbol(';', 1)) Advance();
  if (!Accept(K::kAll)) deallocate->name = TakeColId();
  return deallocate;
}

StatementPtr Parser::ParseDeclare() {
  auto declare = std::make_unique<DeclareCursorStatement>(Position());
  Expect(K::kDeclare);
  declare->name = TakeColId();
  while (!failed_ && !At(K::kCursor)) {
    if (Accept(K::kBinary)) {
      declare->binary = true;
    } else if (Accept(K::kInsensitive)) {
      declare->insensitive = true;
    } else if (Accept(K::kAsensitive)) {
      declare->insensitive = false;
    } else if (Accept(K::kScroll)) {
      declare->scroll = true;
    } else if (Accept(K::kNo)) {
      Expect(K::kScroll);
      declare->scroll = false;
    } else {
      SyntaxError();
    }
  }
  Expect(K::kCursor);
  if (AtAny({K::kWith, K::kWithout})) {
    declare->hold = At(K::kWith);
    Advance();
    Expect(K::kHold);
  }
  Expect(K::kFor);
  declare->query = ParseQuery();
  return declare;
}

StatementPtr Parser::ParseFetch() {
  auto fetch = std::make_unique<FetchStatement>(Position());
  fetch->move = At(K::kMove);
  Advance();
  const bool name_only = AtKind(TokenKind::kEnd, 1) || AtSymbol(';', 1);   // FETCH next: a cursor of that name
  const auto count = [&] { return Accept(K::kAll) ? FetchStatement::kAll : static_cast<int64_t>(TakeSignedInteger()); };
  const bool at_count = AtKind(TokenKind::kInteger) || AtSymbol('-') || AtSymbol('+') || At(K::kAll);
  if (name_only && AtColId()) {
    fetch->cursor = TakeColId();
    return fetch;
  }
  if (at_count) {
    fetch->count = count();
  } else if (AtAny({K::kForward, K::kBackward})) {
    fetch->direction = At(K::kForward) ? FetchDirection::kForward : FetchDirection::kBackward;
    Advance();
    if (AtKind(TokenKind::kInteger) || AtSymbol('-') || AtSymbol('+') || At(K::kAll)) fetch->count = count();
  } else if (AtAny({K::kAbsolute, K::kRelative})) {
    fetch->direction = At(K::kAbsolute) ? FetchDirection::kAbsolute : FetchDirection::kRelative;
    Advance();
    fetch->count = TakeSignedInteger();
  } else if (AtAny({K::kFirst, K::kLast})) {
    fetch->direction = FetchDirection::kAbsolute;
    fetch->count = At(K::kFirst) ? 1 : -1;
    Advance();
  } else if (Accept(K::kPrior)) {
    fetch->direction = FetchDirection::kBackward;
  } else {
    Accept(K::kNext);
  }
  if (!Accept(K::kFrom)) Accept(K::kIn);
  fetch->cursor = TakeColId();
  return fetch;
}

StatementPtr Parser::ParseClose() {
  auto close = std::make_unique<CloseCursorStatement>(Position());
  Expect(K::kClose);
  if (!Accept(K::kAll)) close->name = TakeColId();
  return close;
}

StatementPtr Parser::ParseExplain() {
  auto explain = std::make_unique<ExplainStatement>(Position());
  Expect(K::kExplain);
  if (AtSymbol('(') && !AtQueryStart(1) && !AtSymbol('(', 1)) {
    explain->options = ParseUtilityOptions();
  } else {
    for (const std::string_view name : {"analyze", "verbose"}) {
      const bool present = name == "analyze" ? AtAny({K::kAnalyze, K::kAnalyse}) : At(K::kVerbose);
      if (!present) continue;
      Option option;
      option.position = Position();
      option.name = name;
      explain->options.push_back(std::move(option));
      Advance();
    }
  }
  switch (Peek().keyword) {
    case K::kDeclare: explain->statement = ParseDeclare(); break;
    case K::kExecute: explain->statement = ParseExecute(); break;
    case K::kRefresh: explain->statement = ParseRefresh(); break;
    case K::kCreate: {
      const Token create = Peek();
      explain->statement = ParseCreate();
      if (!Is<CreateTableAsStatement>(*explain->statement)) {
        Fail(sqlstate::kSyntaxError, "syntax error at or near \"" + std::string(lexer_.text().substr(create.begin, create.end - create.begin)) + "\"",
             create.position);
      }
      break;
    }
    default: explain->statement = ParsePreparable(); break;
  }
  return explain;
}

StatementPtr Parser::ParseCallStatement() {
  auto statement = std::make_unique<CallStatement>(Position());
  Expect(K::kCall);
  const bool name = AtColId() || AtTypeFunctionName();
  ExprPtr call = name ? ParseNamePrimary(CallForm::kWindowless) : nullptr;
  if (call == nullptr || !Is<FunctionCallExpr>(*call)) {
    SyntaxError();
    call = std::make_unique<FunctionCallExpr>(0);
  }
  statement->call.reset(static_cast<FunctionCallExpr*>(call.release()));
  return statement;
}

StatementPtr Parser::ParseDo() {
  auto statement = std::make_unique<DoStatement>(Position());
  Expect(K::kDo);
  do {
    if (Accept(K::kLanguage)) {
      statement->language = TakeNonReservedOrString();
    } else {
      statement->body = TakeString();
    }
  } while (!failed_ && !AtStatementEnd());
  return statement;
}

StatementPtr Parser::ParseNotification() {
  const int position = Position();
  if (Accept(K::kListen)) {
    auto listen = std::make_unique<ListenStatement>(position);
    listen->channel = TakeColId();
    return listen;
  }
  if (Accept(K::kUnlisten)) {
    auto unlisten = std::make_unique<UnlistenStatement>(position);
    if (!AcceptSymbol('*')) unlisten->channel = TakeColId();
    return unlisten;
  }
  auto notify = std::make_unique<NotifyStatement>(position);
  Expect(K::kNotify);
  notify->channel = TakeColId();
  if (AcceptSymbol(',')) notify->payload = TakeString();
  return notify;
}

StatementPtr Parser::ParseLock() {
  auto lock = std::make_unique<LockStatement>(Position());
  Expect(K::kLock);
  Accept(K::kTable);
  do {
    TruncateStatement::Table table;
    table.name = ParseRelationName(&table.only);
    lock->tables.push_back(std::move(table));
  } while (AcceptSymbol(','));
  if (Accept(K::kIn)) {
    if (Accept(K::kAccess)) {
      lock->mode = At(K::kShare) ? "ACCESS SHARE" : "ACCESS EXCLUSIVE";
      if (!Accept(K::kShare)) Expect(K::kExclusive);
    } else if (Accept(K::kRow)) {
      lock->mode = At(K::kShare) ? "ROW SHARE" : "ROW EXCLUSIVE";
      if (!Accept(K::kShare)) Expect(K::kExclusive);
    } else if (Accept(K::kShare)) {
      lock->mode = "SHARE";
      if (AtAny({K::kUpdate, K::kRow})) {
        lock->mode = At(K::kUpdate) ? "SHARE UPDATE EXCLUSIVE" : "SHARE ROW EXCLUSIVE";
        Advance();
        Expect(K::kExclusive);
      }
    } else {
      Expect(K::kExclusive);
      lock->mode = "EXCLUSIVE";
    }
    Expect(K::kMode);
  }
  lock->nowait = Accept(K::kNowait);
  return lock;
}

std::vector<Option> Parser::ParseUtilityOptions() {
  std::vector<Option> options;
  ExpectSymbol('(');
  do {
    if (!AtNonReserved() && !AtAny({K::kAnalyze, K::kAnalyse})) SyntaxError();
    options.push_back(ParseGenericOption());
  } while (AcceptSymbol(','));
  ExpectSymbol(')');
  return options;
}

void Parser::ParseVacuumTargets(MaintenanceStatement* statement) {
  if (AtStatementEnd()) return;
  do {
    MaintenanceStatement::Target target;
    target.name = ParseObjectName();
    target.columns = ParseOptionalParenthesisedNames();
    statement->targets.push_back(std::move(target));
  } while (AcceptSymbol(','));
}

StatementPtr Parser::ParseVacuum() {
  auto statement = std::make_unique<MaintenanceStatement>(Position());
  const bool vacuum = Accept(K::kVacuum);
  statement->maintenance = vacuum ? MaintenanceKind::kVacuum : MaintenanceKind::kAnalyze;
  if (!vacuum) Advance();
  if (AtSymbol('(')) {
    statement->options = ParseUtilityOptions();
  } else {
    for (const Keyword keyword : {K::kFull, K::kFreeze, K::kVerbose, K::kAnalyze, K::kAnalyse}) {
      if (!At(keyword) || (!vacuum && keyword != K::kVerbose)) continue;
      Option option;
      option.position = Position();
      option.name = keyword == K::kAnalyse ? "analyze" : InfoOf(keyword).word;
      Advance();
      statement->options.push_back(std::move(option));
    }
  }
  ParseVacuumTargets(statement.get());
  return statement;
}

StatementPtr Parser::ParseReindex() {
  auto statement = std::make_unique<MaintenanceStatement>(Position());
  statement->maintenance = MaintenanceKind::kReindex;
  Expect(K::kReindex);
  if (AtSymbol('(')) statement->options = ParseUtilityOptions();
  if (AtAny({K::kIndex, K::kTable, K::kSchema, K::kSystem, K::kDatabase})) {
    statement->reindex_kind = TakeWord();
  } else {
    SyntaxError();
  }
  if (At(K::kConcurrently)) {
    Option option;
    option.position = Position();
    option.name = TakeWord();
    statement->options.push_back(std::move(option));
  }
  MaintenanceStatement::Target target;
  target.name = ParseObjectName();
  statement->targets.push_back(std::move(target));
  return statement;
}

StatementPtr Parser::ParseCluster() {
  auto statement = std::make_unique<MaintenanceStatement>(Position());
  statement->maintenance = MaintenanceKind::kCluster;
  Expect(K::kCluster);
  if (AtSymbol('(')) {
    statement->options = ParseUtilityOptions();
  } else if (At(K::kVerbose)) {
    Option option;
    option.position = Position();
    option.name = TakeWord();
    statement->options.push_back(std::move(option));
  }
  if (AtStatementEnd()) return statement;
  MaintenanceStatement::Target target;
  target.name = ParseObjectName();
  if (Accept(K::kUsing)) {
    statement->text = TakeColId();
  } else if (Accept(K::kOn)) {   // CLUSTER index ON table
    statement->text = std::move(target.name.name);
    target.name = ParseObjectName();
  }
  statement->targets.push_back(std::move(target));
  return statement;
}

StatementPtr Parser::ParseLoad() {
  auto statement = std::make_unique<MaintenanceStatement>(Position());
  statement->maintenance = MaintenanceKind::kLoad;
  Expect(K::kLoad);
  statement->text = TakeString();
  return statement;
}

}  // namespace tsd::sql::parse
