// ALTER: dispatch, and everything but tables and roles.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

StatementPtr Parser::ParseAlter() {
  const int position = Position();
  Expect(K::kAlter);
  if (Accept(K::kDefault)) {
    Expect(K::kPrivileges);
    return ParseAlterDefaultPrivileges(position);
  }
  if (Accept(K::kSystem)) return ParseAlterSystem(position);
  if (Accept(K::kGroup)) return ParseAlterRole(true, position);
  if (At(K::kUser) && !At(K::kMapping, 1)) {
    Advance();
    return ParseAlterRole(false, position);
  }
  if (Accept(K::kRole)) return ParseAlterRole(false, position);
  ObjectKind kind = ObjectKind::kTable;
  if (At(K::kLarge) || At(K::kColumn) || At(K::kConstraint) || !ParseObjectKind(&kind)) {
    if (AtAny({K::kConversion, K::kEvent, K::kLarge, K::kOperator, K::kPublication, K::kStatistics, K::kSubscription, K::kText})) {
      Unsupported("this kind of ALTER", position);
    }
    SyntaxError();
    return std::make_unique<AlterTableStatement>(position);
  }
  switch (kind) {
    case ObjectKind::kTable: case ObjectKind::kIndex: case ObjectKind::kView: case ObjectKind::kMaterializedView:
      return ParseAlterTable(kind, position);
    case ObjectKind::kSequence: return ParseAlterSequence(position);
    case ObjectKind::kDatabase: return ParseAlterDatabase(position);
    case ObjectKind::kServer: return ParseAlterServer(position);
    case ObjectKind::kExtension: return ParseAlterExtension(position);
    case ObjectKind::kSchema: case ObjectKind::kTablespace: case ObjectKind::kLanguage: case ObjectKind::kFunction:
    case ObjectKind::kProcedure: case ObjectKind::kRoutine: case ObjectKind::kAggregate: case ObjectKind::kType:
    case ObjectKind::kDomain: case ObjectKind::kCollation: case ObjectKind::kForeignTable:
    case ObjectKind::kForeignDataWrapper:
      return ParseAlterObject(kind, position);
    default: break;
  }
  Unsupported("this kind of ALTER", position);
  return std::make_unique<AlterTableStatement>(position);
}

/// name RENAME TO x | OWNER TO x | SET SCHEMA x.
StatementPtr Parser::ParseAlterObject(ObjectKind kind, int position) {
  auto alter = std::make_unique<AlterObjectStatement>(position);
  alter->object = kind;
  AcceptIfExists();
  alter->name = ParseRoutineName();
  if (Accept(K::kRename)) {
    Expect(K::kTo);
    alter->action = AlterObjectAction::kRename;
    alter->new_name = TakeColId();
  } else if (Accept(K::kOwner)) {
    Expect(K::kTo);
    alter->action = AlterObjectAction::kOwner;
    alter->new_name = TakeRoleName();
  } else if (Accept(K::kSet, K::kSchema)) {
    alter->action = AlterObjectAction::kSetSchema;
    alter->new_name = TakeColId();
  } else if (kind == ObjectKind::kSchema || AtStatementEnd()) {
    SyntaxError();
  } else {
    Unsupported("this form of ALTER", Position());
  }
  return alter;
}

StatementPtr Parser::ParseAlterDatabase(int position) {
  if (AtColId() && (At(K::kRename, 1) || At(K::kOwner, 1))) return ParseAlterObject(ObjectKind::kDatabase, position);
  auto alter = std::make_unique<AlterDatabaseStatement>(position);
  alter->name = TakeColId();
  if (Accept(K::kSet, K::kTablespace)) {
    alter->tablespace = TakeColId();
  } else if (Accept(K::kSet)) {
    alter->setting = ParseSetting();
  } else if (Accept(K::kReset)) {
    alter->reset = true;
    alter->setting.emplace();
    alter->setting->position = Position();
    alter->setting->name = ParseShownName();
    if (alter->setting->name.empty()) alter->setting->name = "all";
  } else if (At(K::kRefresh)) {
    Unsupported("ALTER DATABASE REFRESH COLLATION VERSION", position);
  } else {
    Accept(K::kWith);
    if (AtStatementEnd()) return alter;
    while (!failed_ && !AtStatementEnd()) alter->options.push_back(ParseDatabaseOption());
  }
  return alter;
}

StatementPtr Parser::ParseAlterSystem(int position) {
  auto alter = std::make_unique<AlterSystemStatement>(position);
  alter->reset = At(K::kReset);
  if (Accept(K::kReset)) {
    alter->setting.position = Position();
    alter->setting.name = ParseShownName();
    if (alter->setting.name.empty()) alter->setting.name = "all";
  } else {
    Expect(K::kSet);
    alter->setting = ParseSetting();
  }
  return alter;
}

StatementPtr Parser::ParseAlterExtension(int position) {
  if (AtColId() && At(K::kSet, 1)) return ParseAlterObject(ObjectKind::kExtension, position);
  auto alter = std::make_unique<AlterExtensionStatement>(position);
  alter->name = TakeColId();
  if (At(K::kAdd) || At(K::kDrop)) Unsupported("ALTER EXTENSION ADD / DROP", position);
  Expect(K::kUpdate);
  if (Accept(K::kTo)) alter->version = TakeNonReservedOrString();
  return alter;
}

StatementPtr Parser::ParseAlterServer(int position) {
  if (AtColId() && (At(K::kRename, 1) || At(K::kOwner, 1))) return ParseAlterObject(ObjectKind::kServer, position);
  auto alter = std::make_unique<AlterServerStatement>(position);
  alter->name = TakeColId();
  const bool version = Accept(K::kVersion);
  if (version) alter->version = Accept(K::kNull) ? std::string() : TakeString();
  if (!version || At(K::kOptions)) alter->options = ParseServerOptions();
  return alter;
}

}  // namespace tsd::sql::parse
