// Transactions and settings: BEGIN .. ROLLBACK PREPARED, SET, RESET, SHOW, DISCARD.
#include "engine/base/strings.h"
#include "sql/parse/parser_core.h"
#include "sql/parse/print.h"

namespace tsd::sql::parse {

bool Parser::ParseTransactionMode(TransactionModes* modes) {
  if (Accept(K::kIsolation)) {
    Expect(K::kLevel);
    if (Accept(K::kSerializable)) {
      modes->isolation = IsolationLevel::kSerializable;
    } else if (Accept(K::kRepeatable)) {
      Expect(K::kRead);
      modes->isolation = IsolationLevel::kRepeatableRead;
    } else {
      Expect(K::kRead);
      modes->isolation = At(K::kCommitted) ? IsolationLevel::kReadCommitted : IsolationLevel::kReadUncommitted;
      if (!Accept(K::kCommitted)) Expect(K::kUncommitted);
    }
  } else if (Accept(K::kRead)) {
    modes->read_only = Accept(K::kOnly);
    if (!*modes->read_only) Expect(K::kWrite);
  } else if (Accept(K::kDeferrable)) {
    modes->deferrable = true;
  } else if (Accept(K::kNot)) {
    Expect(K::kDeferrable);
    modes->deferrable = false;
  } else {
    return false;
  }
  return true;
}

/// None or several, with or without commas.
TransactionModes Parser::ParseTransactionModes() {
  TransactionModes modes;
  if (!ParseTransactionMode(&modes)) return modes;
  while (!failed_) {
    const bool comma = AcceptSymbol(',');
    if (ParseTransactionMode(&modes)) continue;
    if (comma) SyntaxError();
    break;
  }
  return modes;
}

/// BEGIN, START, SAVEPOINT, RELEASE, PREPARE TRANSACTION.
StatementPtr Parser::ParseTransaction() {
  auto statement = std::make_unique<TransactionStatement>(Position());
  if (Accept(K::kBegin)) {
    if (!Accept(K::kWork)) Accept(K::kTransaction);
    statement->modes = ParseTransactionModes();
  } else if (Accept(K::kStart)) {
    Expect(K::kTransaction);
    statement->transaction = TransactionKind::kStart;
    statement->modes = ParseTransactionModes();
  } else if (Accept(K::kSavepoint)) {
    statement->transaction = TransactionKind::kSavepoint;
    statement->name = TakeColId();
  } else if (Accept(K::kRelease)) {
    statement->transaction = TransactionKind::kRelease;
    if (At(K::kSavepoint) && AtColId(1)) Advance();
    statement->name = TakeColId();
  } else {
    Expect(K::kPrepare, K::kTransaction);
    statement->transaction = TransactionKind::kPrepare;
    statement->name = TakeString();
  }
  return statement;
}

bool Parser::ParseChain() {
  if (!Accept(K::kAnd)) return false;
  const bool chain = !Accept(K::kNo);
  Expect(K::kChain);
  return chain;
}

StatementPtr Parser::ParseCommit() {
  auto statement = std::make_unique<TransactionStatement>(Position());
  statement->transaction = TransactionKind::kCommit;
  if (Accept(K::kCommit, K::kPrepared)) {
    statement->transaction = TransactionKind::kCommitPrepared;
    statement->name = TakeString();
    return statement;
  }
  Advance();   // COMMIT or END
  if (!Accept(K::kWork)) Accept(K::kTransaction);
  statement->chain = ParseChain();
  return statement;
}

StatementPtr Parser::ParseRollback() {
  auto statement = std::make_unique<TransactionStatement>(Position());
  statement->transaction = TransactionKind::kRollback;
  if (Accept(K::kRollback, K::kPrepared)) {
    statement->transaction = TransactionKind::kRollbackPrepared;
    statement->name = TakeString();
    return statement;
  }
  const bool rollback = At(K::kRollback);
  Advance();   // ROLLBACK or ABORT
  if (!Accept(K::kWork)) Accept(K::kTransaction);
  if (rollback && Accept(K::kTo)) {
    statement->transaction = TransactionKind::kRollbackTo;
    if (At(K::kSavepoint) && AtColId(1)) Advance();
    statement->name = TakeColId();
    return statement;
  }
  statement->chain = ParseChain();
  return statement;
}

StatementPtr Parser::ParseSet() {
  const int position = Position();
  Expect(K::kSet);
  if (At(K::kConstraints)) return ParseSetConstraints(position);
  if (At(K::kSession) && At(K::kCharacteristics, 1)) {
    Advance();
    Advance();
    Expect(K::kAs);
    return ParseSetTransaction(true, position);
  }
  auto statement = std::make_unique<SetStatement>(position);
  if (At(K::kLocal) && AtColId(1)) {
    Advance();
    statement->scope = SettingScope::kLocal;
  } else if (At(K::kSession) && AtColId(1)) {
    Advance();
  }
  if (At(K::kTransaction) && !AtSymbol('=', 1) && !At(K::kTo, 1)) return ParseSetTransaction(false, position);
  statement->setting = ParseSetting();
  return statement;
}

/// At TRANSACTION.
StatementPtr Parser::ParseSetTransaction(bool session_characteristics, int position) {
  auto statement = std::make_unique<SetTransactionStatement>(position);
  statement->session_characteristics = session_characteristics;
  Expect(K::kTransaction);
  if (!session_characteristics && Accept(K::kSnapshot)) {
    statement->snapshot = TakeString();
    return statement;
  }
  const bool some = AtAny({K::kIsolation, K::kRead, K::kDeferrable, K::kNot});
  if (!some) SyntaxError();
  statement->modes = ParseTransactionModes();
  return statement;
}

std::string Parser::ParseSettingName() {
  std::string name = TakeColId();
  while (AcceptSymbol('.')) StrAppend(&name, ".", TakeColId());
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

SettingAssignment Parser::ParseSetting() {
  SettingAssignment setting;
  setting.position = Position();
  if (ParseSpecialSetting(&setting)) return setting;
  setting.name = ParseSettingName();
  if (Accept(K::kFrom)) {
    Expect(K::kCurrent);
    setting.source = SettingAssignment::Source::kFromCurrent;
    return setting;
  }
  if (!AcceptSymbol('=')) Expect(K::kTo);
  ParseSettingValues(&setting);
  return setting;
}

void Parser::ParseSettingValues(SettingAssignment* setting) {
  if (Accept(K::kDefault)) {
    setting->source = SettingAssignment::Source::kDefault;
    return;
  }
  do {
    Option value;
    ParseOptionValue(&value);
    setting->values.push_back(std::move(value.text));
    setting->value_kinds.push_back(value.value_kind);
  } while (AcceptSymbol(','));
}

/// SET's forms with a grammar of their own.
bool Parser::ParseSpecialSetting(SettingAssignment* setting) {
  const auto take_value = [&] {
    setting->value_kinds.push_back(AtKind(TokenKind::kString) ? OptionValueKind::kString : OptionValueKind::kWord);
    setting->values.push_back(TakeNonReservedOrString());
  };
  if (AtSymbol('=', 1) || At(K::kTo, 1) || AtSymbol('.', 1)) return false;   // an ordinary setting of that name
  if (Accept(K::kTime, K::kZone)) {
    setting->name = "timezone";
    ParseTimeZoneValue(setting);
  } else if (At(K::kSchema) && AtKind(TokenKind::kString, 1)) {
    Advance();
    setting->name = "search_path";
    take_value();
  } else if (Accept(K::kNames)) {
    setting->name = "client_encoding";
    if (AtKind(TokenKind::kString)) {
      take_value();
    } else {
      Accept(K::kDefault);
      setting->source = SettingAssignment::Source::kDefault;
    }
  } else if (At(K::kRole) && (AtNonReserved(1) || AtKind(TokenKind::kString, 1))) {
    Advance();
    setting->name = "role";
    take_value();
  } else if (Accept(K::kSession, K::kAuthorization)) {
    setting->name = "session_authorization";
    if (Accept(K::kDefault)) {
      setting->source = SettingAssignment::Source::kDefault;
    } else {
      take_value();
    }
  } else if (Accept(K::kXml)) {
    Expect(K::kOption);
    setting->name = "xmloption";
    if (!AtAny({K::kDocument, K::kContent})) SyntaxError();
    take_value();
  } else if (At(K::kCatalog) && AtKind(TokenKind::kString, 1)) {
    Fail(sqlstate::kFeatureNotSupported, "current database cannot be changed", Position());
  } else {
    return false;
  }
  return true;
}

void Parser::ParseTimeZoneValue(SettingAssignment* setting) {
  if (Accept(K::kDefault) || Accept(K::kLocal)) {
    setting->source = SettingAssignment::Source::kDefault;
    return;
  }
  if (At(K::kInterval)) {
    ExprPtr interval = ParseIntervalLiteral();
    const auto* text = failed_ ? nullptr : TryAs<LiteralExpr>(As<CastExpr>(*interval).operand.get());
    if (text == nullptr) return;
    setting->values.push_back(StrCat("INTERVAL ", QuoteLiteral(text->text)));
    setting->value_kinds.push_back(OptionValueKind::kString);
    return;
  }
  Option value;
  if (AtKind(TokenKind::kKeyword)) SyntaxError();
  ParseOptionValue(&value);
  setting->values.push_back(std::move(value.text));
  setting->value_kinds.push_back(value.value_kind);
}

std::string Parser::ParseShownName() {
  if (Accept(K::kAll)) return "";
  if (Accept(K::kTime, K::kZone)) return "timezone";
  if (At(K::kTransaction) && At(K::kIsolation, 1)) {
    Advance();
    Advance();
    Expect(K::kLevel);
    return "transaction_isolation";
  }
  if (Accept(K::kSession, K::kAuthorization)) return "session_authorization";
  return ParseSettingName();
}

StatementPtr Parser::ParseShow() {
  auto statement = std::make_unique<ShowStatement>(Position());
  Expect(K::kShow);
  statement->name = ParseShownName();
  return statement;
}

StatementPtr Parser::ParseReset() {
  auto statement = std::make_unique<ResetStatement>(Position());
  Expect(K::kReset);
  statement->name = ParseShownName();
  return statement;
}

StatementPtr Parser::ParseSetConstraints(int position) {
  auto statement = std::make_unique<SetConstraintsStatement>(position);
  Expect(K::kConstraints);
  if (!Accept(K::kAll)) statement->names = ParseObjectNames();
  statement->deferred = Accept(K::kDeferred);
  if (!statement->deferred) Expect(K::kImmediate);
  return statement;
}

StatementPtr Parser::ParseDiscard() {
  auto statement = std::make_unique<DiscardStatement>(Position());
  Expect(K::kDiscard);
  if (Accept(K::kAll)) {
    statement->discard = DiscardKind::kAll;
  } else if (Accept(K::kPlans)) {
    statement->discard = DiscardKind::kPlans;
  } else if (Accept(K::kSequences)) {
    statement->discard = DiscardKind::kSequences;
  } else {
    statement->discard = DiscardKind::kTemporary;
    if (!Accept(K::kTemp)) Expect(K::kTemporary);
  }
  return statement;
}

}  // namespace tsd::sql::parse
