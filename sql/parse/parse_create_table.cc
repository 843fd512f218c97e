// CREATE TABLE [AS]: columns, constraints, LIKE, storage options. CREATE TABLE's constraint grammar serves ALTER TABLE too.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

Persistence Parser::ParsePersistence() {
  if (AtAny({K::kLocal, K::kGlobal}) && AtAny({K::kTemp, K::kTemporary}, 1)) Advance();
  if (Accept(K::kTemp) || Accept(K::kTemporary)) return Persistence::kTemporary;
  if (Accept(K::kUnlogged)) return Persistence::kUnlogged;
  return Persistence::kPermanent;
}

StatementPtr Parser::ParseCreateTable(Persistence persistence, int position) {
  Expect(K::kTable);
  auto create = std::make_unique<CreateTableStatement>(position);
  create->persistence = persistence;
  create->if_not_exists = AcceptIfNotExists();
  create->name = ParseObjectName();
  if (At(K::kOf)) Unsupported("CREATE TABLE OF", Position());
  if (At(K::kPartition) && At(K::kOf, 1)) Unsupported("CREATE TABLE PARTITION OF", Position());
  const bool names_only = AtSymbol('(') && AtColId(1) && (AtSymbol(',', 2) || AtSymbol(')', 2));
  if (!AtSymbol('(') || names_only) {
    auto create_as = std::make_unique<CreateTableAsStatement>(position);
    create_as->name = std::move(create->name);
    create_as->persistence = persistence;
    create_as->if_not_exists = create->if_not_exists;
    if (names_only) create_as->columns = ParseParenthesisedNames();
    return ParseCreateTableAs(std::move(create_as));
  }
  ParseTableElements(create.get());
  if (Accept(K::kInherits)) {
    ExpectSymbol('(');
    create->inherits = ParseObjectNames();
    ExpectSymbol(')');
  }
  if (At(K::kPartition)) ParsePartitionBy(create.get());
  if (Accept(K::kUsing)) create->access_method = TakeColId();
  if (Accept(K::kWith)) {
    create->options = ParseDefinitionOptions();
  } else if (Accept(K::kWithout)) {
    Expect(K::kOids);
  }
  create->on_commit = ParseOnCommit();
  if (Accept(K::kTablespace)) create->tablespace = TakeColId();
  return create;
}

StatementPtr Parser::ParseCreateTableAs(std::unique_ptr<CreateTableAsStatement> create) {
  if (Accept(K::kUsing)) create->access_method = TakeColId();
  if (Accept(K::kWith)) {
    create->options = ParseDefinitionOptions();
  } else if (Accept(K::kWithout)) {
    Expect(K::kOids);
  }
  create->on_commit = ParseOnCommit();
  if (Accept(K::kTablespace)) create->tablespace = TakeColId();
  Expect(K::kAs);
  create->query = At(K::kExecute) ? ParseExecute() : ParseSelectStatement(WithClause());
  create->with_data = ParseWithData();
  return create;
}

OnCommit Parser::ParseOnCommit() {
  if (!Accept(K::kOn)) return OnCommit::kNone;
  Expect(K::kCommit);
  if (Accept(K::kDrop)) return OnCommit::kDrop;
  const OnCommit action = At(K::kDelete) ? OnCommit::kDeleteRows : OnCommit::kPreserveRows;
  if (!Accept(K::kDelete)) Expect(K::kPreserve);
  Expect(K::kRows);
  return action;
}

void Parser::ParsePartitionBy(CreateTableStatement* create) {
  Expect(K::kPartition, K::kBy);
  const int position = Position();
  const std::string strategy = TakeColId();
  if (strategy == "range") {
    create->partition = PartitionStrategy::kRange;
  } else if (strategy == "list") {
    create->partition = PartitionStrategy::kList;
  } else if (strategy == "hash") {
    create->partition = PartitionStrategy::kHash;
  } else {
    Fail(sqlstate::kInvalidParameterValue, "unrecognized partitioning strategy \"" + strategy + "\"", position);
  }
  create->partition_keys = ParseIndexElements();
}

void Parser::ParseTableElements(CreateTableStatement* create) {
  ExpectSymbol('(');
  if (!AtSymbol(')')) {
    do {
      create->elements.push_back(ParseTableElement());
    } while (AcceptSymbol(','));
  }
  ExpectSymbol(')');
}

bool Parser::AtTableConstraint() {
  if (At(K::kExclude)) return At(K::kUsing, 1) || AtSymbol('(', 1);
  return AtAny({K::kConstraint, K::kCheck, K::kUnique, K::kPrimary, K::kForeign});
}

TableElement Parser::ParseTableElement() {
  TableElement element;
  if (At(K::kLike)) {
    element.like = ParseTableLike();
  } else if (AtTableConstraint()) {
    element.constraint = ParseTableConstraint();
  } else {
    element.column = ParseColumnDefinition();
  }
  return element;
}

std::unique_ptr<TableLike> Parser::ParseTableLike() {
  static constexpr struct { Keyword keyword; LikeInclude bit; } kParts[] = {
      {K::kComments, LikeInclude::kComments},       {K::kCompression, LikeInclude::kCompression},
      {K::kConstraints, LikeInclude::kConstraints}, {K::kDefaults, LikeInclude::kDefaults},
      {K::kGenerated, LikeInclude::kGenerated},     {K::kIdentity, LikeInclude::kIdentity},
      {K::kIndexes, LikeInclude::kIndexes},         {K::kStatistics, LikeInclude::kStatistics},
      {K::kStorage, LikeInclude::kStorage},         {K::kAll, LikeInclude::kAll}};
  auto like = std::make_unique<TableLike>();
  Expect(K::kLike);
  like->source = ParseObjectName();
  while (AtAny({K::kIncluding, K::kExcluding})) {
    const bool include = At(K::kIncluding);
    Advance();
    bool found = false;
    for (const auto& part : kParts) {
      if (found || !Accept(part.keyword)) continue;
      found = true;
      const auto bits = static_cast<uint16_t>(part.bit);
      like->include = include ? like->include | bits : like->include & static_cast<uint16_t>(~bits);
    }
    if (!found) SyntaxError();
  }
  return like;
}

std::unique_ptr<ColumnDefinition> Parser::ParseColumnDefinition() {
  auto column = std::make_unique<ColumnDefinition>();
  column->position = Position();
  column->name = TakeColId();
  column->type = ParseType();
  if (Accept(K::kCompression)) column->compression = Accept(K::kDefault) ? "default" : TakeColId();
  while (!failed_) {
    if (Accept(K::kCollate)) {
      column->collation = ParseObjectName();
    } else if (!ParseColumnConstraint(column.get())) {
      break;
    }
  }
  return column;
}

/// One column constraint, or an attribute of the one before. False: none here.
bool Parser::ParseColumnConstraint(ColumnDefinition* column) {
  if (!column->constraints.empty() && ParseConstraintAttribute(&column->constraints.back())) return true;
  Constraint constraint;
  constraint.position = Position();
  const bool named = Accept(K::kConstraint);
  if (named) constraint.name = TakeColId();
  if (Accept(K::kNot, K::kNull)) {
    constraint.kind = ConstraintKind::kNotNull;
  } else if (Accept(K::kNull)) {
    constraint.kind = ConstraintKind::kNull;
  } else if (Accept(K::kUnique)) {
    constraint.kind = ConstraintKind::kUnique;
    ParseKeyConstraint(&constraint, false);
  } else if (Accept(K::kPrimary)) {
    Expect(K::kKey);
    constraint.kind = ConstraintKind::kPrimaryKey;
    ParseKeyConstraint(&constraint, false);
  } else if (Accept(K::kCheck)) {
    constraint.kind = ConstraintKind::kCheck;
    ExpectSymbol('(');
    constraint.expr = ParseExpr();
    ExpectSymbol(')');
    if (Accept(K::kNo, K::kInherit)) constraint.no_inherit = true;
  } else if (Accept(K::kDefault)) {
    constraint.kind = ConstraintKind::kDefault;
    constraint.expr = ParseExpr(0, ExprMode::kRestricted);
  } else if (At(K::kReferences)) {
    constraint.kind = ConstraintKind::kForeignKey;
    ParseReferences(&constraint);
  } else if (Accept(K::kGenerated)) {
    ParseIdentity(&constraint);
  } else {
    const bool negated = Accept(K::kNot);
    if (named || negated) SyntaxError();
    return false;
  }
  column->constraints.push_back(std::move(constraint));
  return true;
}

void Parser::ParseIdentity(Constraint* constraint) {
  const int position = Position();
  const bool always = Accept(K::kAlways);
  if (!always) Expect(K::kBy, K::kDefault);
  constraint->identity = always ? IdentityKind::kAlways : IdentityKind::kByDefault;
  Expect(K::kAs);
  if (AcceptSymbol('(')) {
    constraint->kind = ConstraintKind::kGenerated;
    constraint->expr = ParseExpr();
    ExpectSymbol(')');
    Expect(K::kStored);
    if (!always) Fail(sqlstate::kSyntaxError, "for a generated column, GENERATED ALWAYS must be specified", position);
    return;
  }
  Expect(K::kIdentity);
  constraint->kind = ConstraintKind::kIdentity;
  if (AcceptSymbol('(')) {
    constraint->sequence_options = ParseSequenceOptions();
    ExpectSymbol(')');
  }
}

std::vector<Option> Parser::ParseSequenceOptions() {
  std::vector<Option> options;
  while (!failed_ && !AtSymbol(')') && !AtStatementEnd()) {
    Option option;
    option.position = Position();
    const bool negative = Accept(K::kNo);
    if (At(K::kSequence) || At(K::kOwned) || At(K::kAs)) {
      if (Accept(K::kAs)) {
        option.name = "as";
        option.text = ParseType().name.name;
      } else {
        option.name = At(K::kOwned) ? "owned_by" : "sequence_name";
        Advance();
        Expect(option.name == "owned_by" ? K::kBy : K::kName);
        const ObjectName owner = ParseObjectName();  // a table's column: [schema.]table.column
        option.text = owner.name;
        for (const std::string& part : {owner.catalog, owner.schema, owner.name}) {
          if (!part.empty()) option.list.push_back(part);
        }
      }
      option.value_kind = OptionValueKind::kWord;
    } else if (AtAny({K::kCycle, K::kMinvalue, K::kMaxvalue}) && (negative || At(K::kCycle))) {
      option.name = TakeWord();
      option.value_kind = option.name == "cycle" ? OptionValueKind::kWord : OptionValueKind::kNone;   // NO MINVALUE: the default
      if (option.name == "cycle") option.text = negative ? "false" : "true";
    } else if (!negative && AtAny({K::kStart, K::kRestart, K::kIncrement, K::kMinvalue, K::kMaxvalue, K::kCache})) {
      option.name = TakeWord();
      if (option.name == "increment") Accept(K::kBy);
      if (option.name == "start" || option.name == "restart") Accept(K::kWith);
      const bool number = AtKind(TokenKind::kInteger) || AtKind(TokenKind::kNumeric) || AtSymbol('-') || AtSymbol('+');
      if (option.name != "restart" || number) {
        option.value_kind = OptionValueKind::kNumber;
        option.text = TakeSignedNumber();
      }
    } else {
      SyntaxError();
    }
    options.push_back(std::move(option));
  }
  return options;
}

/// What follows UNIQUE and PRIMARY KEY.
void Parser::ParseKeyConstraint(Constraint* constraint, bool of_table) {
  if (constraint->kind == ConstraintKind::kUnique && At(K::kNulls)) {
    Advance();
    constraint->nulls_not_distinct = Accept(K::kNot);
    Expect(K::kDistinct);
  }
  if (of_table) {
    if (Accept(K::kUsing)) {
      Expect(K::kIndex);
      constraint->using_index = TakeColId();
      return;
    }
    constraint->columns = ParseParenthesisedNames();
    if (Accept(K::kInclude)) constraint->including = ParseParenthesisedNames();
  }
  if (At(K::kWith) && AtSymbol('(', 1)) {
    Advance();
    constraint->index_options = ParseDefinitionOptions();
  }
  if (Accept(K::kUsing, K::kIndex)) {
    Expect(K::kTablespace);
    TakeColId();
  }
}

void Parser::ParseReferences(Constraint* constraint) {
  Expect(K::kReferences);
  constraint->referenced = ParseObjectName();
  constraint->referenced_columns = ParseOptionalParenthesisedNames();
  if (Accept(K::kMatch)) {
    const int position = Position();
    if (Accept(K::kFull)) {
      constraint->match = MatchKind::kFull;
    } else if (Accept(K::kPartial)) {
      Fail(sqlstate::kFeatureNotSupported, "MATCH PARTIAL not yet implemented", position);
    } else {
      Expect(K::kSimple);
    }
  }
  while (At(K::kOn) && AtAny({K::kUpdate, K::kDelete}, 1)) {
    const bool update = At(K::kUpdate, 1);
    Advance();
    Advance();
    (update ? constraint->on_update : constraint->on_delete) = ParseReferentialAction();
  }
}

ReferentialAction Parser::ParseReferentialAction() {
  if (Accept(K::kCascade)) return ReferentialAction::kCascade;
  if (Accept(K::kRestrict)) return ReferentialAction::kRestrict;
  if (Accept(K::kNo)) {
    Expect(K::kAction);
    return ReferentialAction::kNoAction;
  }
  Expect(K::kSet);
  const bool null = Accept(K::kNull);
  if (!null) Expect(K::kDefault);
  ParseOptionalParenthesisedNames();
  return null ? ReferentialAction::kSetNull : ReferentialAction::kSetDefault;
}

bool Parser::ParseConstraintAttribute(Constraint* constraint) {
  const int position = Position();
  if (Accept(K::kDeferrable)) {
    constraint->deferrable = true;
  } else if (Accept(K::kNot, K::kDeferrable)) {
    if (constraint->initially_deferred) {
      Fail(sqlstate::kSyntaxError, "constraint declared INITIALLY DEFERRED must be DEFERRABLE", position);
    }
  } else if (Accept(K::kInitially)) {
    constraint->initially_deferred = Accept(K::kDeferred);
    if (constraint->initially_deferred) {
      constraint->deferrable = true;
    } else {
      Expect(K::kImmediate);
    }
  } else if (Accept(K::kNot, K::kValid)) {
    constraint->not_valid = true;
  } else if (Accept(K::kNo, K::kInherit)) {
    constraint->no_inherit = true;
  } else {
    return false;
  }
  return true;
}

std::unique_ptr<Constraint> Parser::ParseTableConstraint() {
  auto constraint = std::make_unique<Constraint>();
  constraint->position = Position();
  if (Accept(K::kConstraint)) constraint->name = TakeColId();
  if (Accept(K::kCheck)) {
    constraint->kind = ConstraintKind::kCheck;
    ExpectSymbol('(');
    constraint->expr = ParseExpr();
    ExpectSymbol(')');
  } else if (Accept(K::kUnique)) {
    constraint->kind = ConstraintKind::kUnique;
    ParseKeyConstraint(constraint.get(), true);
  } else if (Accept(K::kPrimary)) {
    Expect(K::kKey);
    constraint->kind = ConstraintKind::kPrimaryKey;
    ParseKeyConstraint(constraint.get(), true);
  } else if (Accept(K::kForeign)) {
    Expect(K::kKey);
    constraint->kind = ConstraintKind::kForeignKey;
    constraint->columns = ParseParenthesisedNames();
    ParseReferences(constraint.get());
  } else if (At(K::kExclude)) {
    constraint->kind = ConstraintKind::kExclude;
    Unsupported("EXCLUDE", Position());
  } else {
    SyntaxError();
  }
  while (ParseConstraintAttribute(constraint.get())) {
  }
  if (Accept(K::kNot) || Accept(K::kNo)) SyntaxError();
  return constraint;
}

}  // namespace tsd::sql::parse
