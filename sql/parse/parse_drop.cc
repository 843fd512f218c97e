// DROP, COMMENT ON, and the words that name kinds of objects.
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

/// TABLE, MATERIALIZED VIEW .. False, taking nothing, at any other word.
bool Parser::ParseObjectKind(ObjectKind* kind) {
  static constexpr struct { Keyword keyword; ObjectKind kind; } kWords[] = {
      {K::kTable, ObjectKind::kTable},           {K::kIndex, ObjectKind::kIndex},
      {K::kSequence, ObjectKind::kSequence},     {K::kView, ObjectKind::kView},
      {K::kSchema, ObjectKind::kSchema},         {K::kDatabase, ObjectKind::kDatabase},
      {K::kRole, ObjectKind::kRole},             {K::kGroup, ObjectKind::kRole},
      {K::kExtension, ObjectKind::kExtension},   {K::kServer, ObjectKind::kServer},
      {K::kFunction, ObjectKind::kFunction},     {K::kProcedure, ObjectKind::kProcedure},
      {K::kRoutine, ObjectKind::kRoutine},       {K::kAggregate, ObjectKind::kAggregate},
      {K::kType, ObjectKind::kType},             {K::kDomain, ObjectKind::kDomain},
      {K::kCollation, ObjectKind::kCollation},   {K::kColumn, ObjectKind::kColumn},
      {K::kConstraint, ObjectKind::kConstraint}, {K::kLanguage, ObjectKind::kLanguage},
      {K::kTablespace, ObjectKind::kTablespace}, {K::kTrigger, ObjectKind::kTrigger},
      {K::kPolicy, ObjectKind::kPolicy},         {K::kRule, ObjectKind::kRule}};
  for (const auto& word : kWords) {
    if (!Accept(word.keyword)) continue;
    *kind = word.kind;
    return true;
  }
  if (At(K::kMaterialized)) {
    *kind = ObjectKind::kMaterializedView;
    Expect(K::kMaterialized, K::kView);
  } else if (At(K::kUser)) {
    Advance();
    *kind = Accept(K::kMapping) ? ObjectKind::kUserMapping : ObjectKind::kRole;
  } else if (Accept(K::kForeign)) {
    if (Accept(K::kTable)) {
      *kind = ObjectKind::kForeignTable;
    } else {
      Expect(K::kData, K::kWrapper);
      *kind = ObjectKind::kForeignDataWrapper;
    }
  } else if (Accept(K::kProcedural)) {
    Expect(K::kLanguage);
    *kind = ObjectKind::kLanguage;
  } else if (Accept(K::kLarge)) {
    Expect(K::kObject);
    *kind = ObjectKind::kLargeObject;
  } else {
    return false;
  }
  return true;
}

/// f, f(int, text), f(IN a int, VARIADIC text[]), agg(*).
RoutineName Parser::ParseRoutineName() {
  RoutineName routine;
  const int position = Position();
  std::vector<std::string> parts;
  parts.push_back(AtColId() ? TakeWord() : TakeTypeFunctionName());
  while (AcceptSymbol('.')) parts.push_back(TakeColLabel());
  routine.name = MakeObjectName(std::move(parts), position);
  if (!AcceptSymbol('(')) return routine;
  routine.has_args = true;
  if (!AcceptSymbol('*') && !AtSymbol(')')) {
    do {
      const bool out = At(K::kOut);
      if (AtAny({K::kIn, K::kOut, K::kInout, K::kVariadic})) Advance();
      const bool named = AtTypeFunctionName() && AtNonReserved(1) && !At(K::kPrecision, 1) && !At(K::kVarying, 1);
      if (named) Advance();
      TypeName type = ParseType();
      if (!out) routine.arg_types.push_back(std::move(type));
    } while (AcceptSymbol(','));
  }
  ExpectSymbol(')');
  return routine;
}

StatementPtr Parser::ParseDrop() {
  const int position = Position();
  auto drop = std::make_unique<DropStatement>(position);
  Expect(K::kDrop);
  if (Accept(K::kOwned)) {
    drop->object = ObjectKind::kOwned;
    Expect(K::kBy);
    for (std::string& role : TakeRoleList()) drop->names.push_back({"", "", std::move(role), 0});
    drop->behavior = ParseDropBehavior();
    return drop;
  }
  if (At(K::kColumn) || At(K::kConstraint) || At(K::kLarge) || !ParseObjectKind(&drop->object)) {
    if (AtAny({K::kAccess, K::kCast, K::kConversion, K::kEvent, K::kOperator, K::kPublication, K::kStatistics,
               K::kSubscription, K::kText, K::kTransform})) {
      Unsupported("this kind of DROP", position);
    }
    SyntaxError();
    return drop;
  }
  drop->concurrently = drop->object == ObjectKind::kIndex && Accept(K::kConcurrently);
  drop->if_exists = AcceptIfExists();
  switch (drop->object) {
    case ObjectKind::kFunction: case ObjectKind::kProcedure: case ObjectKind::kRoutine: case ObjectKind::kAggregate:
      do {
        drop->routines.push_back(ParseRoutineName());
      } while (AcceptSymbol(','));
      break;
    case ObjectKind::kRole:
      for (std::string& role : TakeRoleList()) drop->names.push_back({"", "", std::move(role), 0});
      return drop;
    case ObjectKind::kDatabase:
      drop->names.push_back(ParseObjectName());
      Accept(K::kWith);
      if (AtSymbol('(')) drop->options = ParseUtilityOptions();
      return drop;
    case ObjectKind::kTablespace:
      drop->names.push_back(ParseObjectName());
      return drop;
    case ObjectKind::kUserMapping:
      Unsupported("DROP USER MAPPING", position);
      break;
    case ObjectKind::kTrigger: case ObjectKind::kPolicy: case ObjectKind::kRule:
      drop->names.push_back(ParseObjectName());
      Expect(K::kOn);
      drop->on_table = ParseObjectName();
      break;
    default:
      drop->names = ParseObjectNames();
      break;
  }
  drop->behavior = ParseDropBehavior();
  return drop;
}

StatementPtr Parser::ParseComment() {
  const int position = Position();
  auto comment = std::make_unique<CommentStatement>(position);
  Expect(K::kComment, K::kOn);
  if (!ParseObjectKind(&comment->object)) {
    if (AtAny({K::kAccess, K::kCast, K::kConversion, K::kEvent, K::kOperator, K::kPublication, K::kStatistics,
               K::kSubscription, K::kText, K::kTransform})) {
      Unsupported("this kind of COMMENT", position);
    }
    SyntaxError();
    return comment;
  }
  switch (comment->object) {
    case ObjectKind::kColumn: {
      std::vector<std::string> parts;
      const int name_position = Position();
      parts.push_back(TakeColId());
      while (AcceptSymbol('.')) parts.push_back(TakeColLabel());
      comment->sub_name = std::move(parts.back());
      parts.pop_back();
      if (!parts.empty()) comment->name.name = MakeObjectName(std::move(parts), name_position);
      break;
    }
    case ObjectKind::kConstraint: case ObjectKind::kTrigger: case ObjectKind::kPolicy: case ObjectKind::kRule:
      comment->sub_name = TakeColId();
      Expect(K::kOn);
      Accept(K::kDomain);
      comment->name.name = ParseObjectName();
      break;
    case ObjectKind::kLargeObject: comment->name.name.name = TakeSignedNumber(); break;
    case ObjectKind::kUserMapping: SyntaxError(); break;
    default: comment->name = ParseRoutineName(); break;
  }
  Expect(K::kIs);
  if (!Accept(K::kNull)) comment->text = TakeString();
  if (comment->object == ObjectKind::kColumn && comment->name.name.name.empty()) {
    Fail(sqlstate::kSyntaxError, "column name must be qualified", 0);
  }
  return comment;
}

}  // namespace tsd::sql::parse
