// ALTER TABLE (also INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE): a list of actions.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

StatementPtr Parser::ParseAlterTable(ObjectKind kind, int position) {
  auto alter = std::make_unique<AlterTableStatement>(position);
  alter->object = kind;
  if (At(K::kAll)) Unsupported("ALTER ... ALL IN TABLESPACE", position);
  alter->if_exists = AcceptIfExists();
  alter->table = ParseRelationName(&alter->only);
  AlterTableAction rename;
  rename.position = Position();
  if (ParseAlterTableRename(&rename)) {
    alter->actions.push_back(std::move(rename));
    return alter;
  }
  do {
    alter->actions.push_back(ParseAlterTableAction());
  } while (AcceptSymbol(','));
  return alter;
}

bool Parser::ParseAlterTableRename(AlterTableAction* action) {
  using A = AlterTableActionKind;
  if (!Accept(K::kRename)) return false;
  if (Accept(K::kTo)) {
    action->kind = A::kRenameTable;
    action->new_name = TakeColId();
    return true;
  }
  action->kind = A::kRenameColumn;
  if (Accept(K::kConstraint)) {
    action->kind = A::kRenameConstraint;
  } else {
    Accept(K::kColumn);
  }
  action->name = TakeColId();
  Expect(K::kTo);
  action->new_name = TakeColId();
  return true;
}

AlterTableAction Parser::ParseAlterTableAction() {
  using A = AlterTableActionKind;
  AlterTableAction action;
  action.position = Position();
  if (Accept(K::kAdd)) {
    ParseAlterTableAdd(&action);
  } else if (Accept(K::kDrop)) {
    ParseAlterTableDrop(&action);
  } else if (Accept(K::kAlter)) {
    ParseAlterColumn(&action);
  } else if (Accept(K::kSet)) {
    ParseAlterTableSet(&action);
  } else if (Accept(K::kReset)) {
    action.kind = A::kResetOptions;
    action.options = ParseDefinitionOptions();
  } else if (Accept(K::kOwner)) {
    Expect(K::kTo);
    action.kind = A::kOwner;
    action.new_name = TakeRoleName();
  } else if (Accept(K::kValidate)) {
    Expect(K::kConstraint);
    action.kind = A::kValidateConstraint;
    action.name = TakeColId();
  } else if (Accept(K::kCluster)) {
    Expect(K::kOn);
    action.kind = A::kClusterOn;
    action.name = TakeColId();
  } else if (Accept(K::kInherit)) {
    action.kind = A::kInherit;
    action.relation = ParseObjectName();
  } else if (At(K::kNo) && !At(K::kForce, 1)) {
    Expect(K::kNo, K::kInherit);
    action.kind = A::kNoInherit;
    action.relation = ParseObjectName();
  } else if (Accept(K::kReplica)) {
    Expect(K::kIdentity);
    action.kind = A::kReplicaIdentity;
    if (Accept(K::kUsing)) {
      Expect(K::kIndex);
      action.name = TakeColId();
    } else if (AtAny({K::kNothing, K::kFull, K::kDefault})) {
      action.new_name = TakeWord();
    } else {
      SyntaxError();
    }
  } else if (AtAny({K::kEnable, K::kDisable})) {
    const bool enable = At(K::kEnable);
    Advance();
    ParseAlterTrigger(&action, enable);
  } else if (At(K::kForce) || (At(K::kNo) && At(K::kForce, 1))) {
    action.kind = Accept(K::kNo) ? A::kNoForceRowSecurity : A::kForceRowSecurity;
    Expect(K::kForce);
    Expect(K::kRow, K::kLevel);
    Expect(K::kSecurity);
  } else if (At(K::kAttach) || At(K::kDetach)) {
    action.kind = At(K::kAttach) ? A::kAttachPartition : A::kDetachPartition;
    Unsupported("ALTER TABLE ATTACH / DETACH PARTITION", action.position);
  } else if (At(K::kOf) || At(K::kNot) || At(K::kOptions)) {
    Unsupported("this form of ALTER TABLE", action.position);
  } else {
    SyntaxError();
  }
  return action;
}

void Parser::ParseAlterTableAdd(AlterTableAction* action) {
  if (AtTableConstraint()) {
    action->kind = AlterTableActionKind::kAddConstraint;
    action->constraint = ParseTableConstraint();
    action->name = action->constraint->name;
    return;
  }
  action->kind = AlterTableActionKind::kAddColumn;
  Accept(K::kColumn);
  action->if_not_exists = AcceptIfNotExists();
  action->column = ParseColumnDefinition();
  action->name = action->column->name;
}

void Parser::ParseAlterTableDrop(AlterTableAction* action) {
  action->kind = AlterTableActionKind::kDropColumn;
  if (Accept(K::kConstraint)) {
    action->kind = AlterTableActionKind::kDropConstraint;
  } else {
    Accept(K::kColumn);
  }
  action->if_exists = AcceptIfExists();
  action->name = TakeColId();
  action->behavior = ParseDropBehavior();
}

void Parser::ParseAlterColumn(AlterTableAction* action) {
  using A = AlterTableActionKind;
  if (Accept(K::kConstraint)) {
    action->kind = A::kAlterConstraint;
    action->name = TakeColId();
    action->constraint = std::make_unique<Constraint>();
    action->constraint->name = action->name;
    while (ParseConstraintAttribute(action->constraint.get())) {
    }
    return;
  }
  Accept(K::kColumn);
  action->name = TakeColId();
  if (At(K::kType)) {
    ParseAlterColumnSet(action);
  } else if (Accept(K::kSet)) {
    ParseAlterColumnSet(action);
  } else if (Accept(K::kReset)) {
    action->kind = A::kResetColumnOptions;
    action->options = ParseDefinitionOptions();
  } else if (Accept(K::kDrop)) {
    if (Accept(K::kDefault)) {
      action->kind = A::kDropDefault;
    } else if (Accept(K::kNot)) {
      Expect(K::kNull);
      action->kind = A::kDropNotNull;
    } else {
      action->kind = At(K::kIdentity) ? A::kDropIdentity : A::kDropExpression;
      if (!Accept(K::kIdentity)) Expect(K::kExpression);
      action->if_exists = AcceptIfExists();
    }
  } else if (Accept(K::kAdd)) {
    Expect(K::kGenerated);
    action->kind = A::kAddIdentity;
    action->constraint = std::make_unique<Constraint>();
    action->constraint->position = Position();
    ParseIdentity(action->constraint.get());
  } else if (At(K::kRestart)) {
    action->kind = A::kSetIdentity;
    action->options = ParseSequenceOptions();
  } else {
    SyntaxError();
  }
}

void Parser::ParseAlterColumnSet(AlterTableAction* action) {
  using A = AlterTableActionKind;
  if (Accept(K::kDefault)) {
    action->kind = A::kSetDefault;
    action->expr = ParseExpr();
  } else if (Accept(K::kNot)) {
    Expect(K::kNull);
    action->kind = A::kSetNotNull;
  } else if (At(K::kData) || At(K::kType)) {
    Accept(K::kData);
    Expect(K::kType);
    action->kind = A::kSetType;
    action->type = ParseType();
    if (Accept(K::kCollate)) action->collation = ParseObjectName();
    if (Accept(K::kUsing)) action->expr = ParseExpr();
  } else if (Accept(K::kStatistics)) {
    action->kind = A::kSetStatistics;
    action->expr = std::make_unique<LiteralExpr>(Position(), LiteralKind::kInteger, std::to_string(TakeSignedInteger()));
  } else if (Accept(K::kStorage)) {
    action->kind = A::kSetStorage;
    action->new_name = TakeColId();
  } else if (Accept(K::kCompression)) {
    action->kind = A::kSetCompression;
    action->new_name = Accept(K::kDefault) ? "default" : TakeColId();
  } else if (AtSymbol('(')) {
    action->kind = A::kSetColumnOptions;
    action->options = ParseDefinitionOptions();
  } else if (At(K::kGenerated)) {
    action->kind = A::kSetIdentity;
    Advance();
    action->constraint = std::make_unique<Constraint>();
    action->constraint->kind = ConstraintKind::kIdentity;
    const bool always = Accept(K::kAlways);
    if (!always) Expect(K::kBy, K::kDefault);
    action->constraint->identity = always ? IdentityKind::kAlways : IdentityKind::kByDefault;
  } else {
    Unsupported("this form of ALTER COLUMN", Position());
  }
}

void Parser::ParseAlterTableSet(AlterTableAction* action) {
  using A = AlterTableActionKind;
  if (AtSymbol('(')) {
    action->kind = A::kSetOptions;
    action->options = ParseDefinitionOptions();
  } else if (Accept(K::kSchema)) {
    action->kind = A::kSetSchema;
    action->new_name = TakeColId();
  } else if (Accept(K::kTablespace)) {
    action->kind = A::kSetTablespace;
    action->new_name = TakeColId();
  } else if (Accept(K::kLogged)) {
    action->kind = A::kSetLogged;
  } else if (Accept(K::kUnlogged)) {
    action->kind = A::kSetUnlogged;
  } else if (Accept(K::kWithout)) {
    if (!Accept(K::kOids)) Expect(K::kCluster);
    action->kind = A::kSetWithoutCluster;
  } else if (At(K::kAccess)) {
    Unsupported("SET ACCESS METHOD", Position());
  } else {
    SyntaxError();
  }
}

void Parser::ParseAlterTrigger(AlterTableAction* action, bool enable) {
  using A = AlterTableActionKind;
  if (Accept(K::kRow)) {
    Expect(K::kLevel, K::kSecurity);
    action->kind = enable ? A::kEnableRowSecurity : A::kDisableRowSecurity;
    return;
  }
  if (enable && AtAny({K::kAlways, K::kReplica})) Advance();
  if (At(K::kRule)) Unsupported("ALTER TABLE .. RULE", Position());
  Expect(K::kTrigger);
  action->kind = enable ? A::kEnableTrigger : A::kDisableTrigger;
  action->name = AtAny({K::kAll, K::kUser}) ? TakeWord() : TakeColId();
}

}  // namespace tsd::sql::parse
