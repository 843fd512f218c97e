// CREATE: dispatch, views, indexes, schemas, databases, extensions, servers, and option lists.
#include "engine/base/strings.h"
#include "sql/parse/parser_core.h"

namespace tsd::sql::parse {

bool Parser::AcceptIfNotExists() {
  if (!Accept(K::kIf, K::kNot)) return false;
  Expect(K::kExists);
  return true;
}

bool Parser::AcceptIfExists() {
  if (!At(K::kIf) || !At(K::kExists, 1)) return false;
  Advance();
  Advance();
  return true;
}

StatementPtr Parser::ParseCreate() {
  const int position = Position();
  Expect(K::kCreate);
  bool or_replace = false;
  if (Accept(K::kOr)) {
    Expect(K::kReplace);
    or_replace = true;
  }
  const Persistence persistence = ParsePersistence();
  if (At(K::kView) || At(K::kRecursive)) return ParseCreateView(persistence, or_replace, position);
  if (!or_replace && At(K::kSequence)) return ParseCreateSequence(persistence, position);
  if (!or_replace) {
    if (At(K::kTable)) return ParseCreateTable(persistence, position);
    if (At(K::kMaterialized)) return ParseCreateMaterializedView(position);
  }
  if (!or_replace && persistence == Persistence::kPermanent) {
    switch (Peek().keyword) {
      case K::kIndex: case K::kUnique: return ParseCreateIndex(position);
      case K::kSchema: return ParseCreateSchema(position);
      case K::kDatabase: return ParseCreateDatabase(position);
      case K::kExtension: return ParseCreateExtension(position);
      case K::kServer: return ParseCreateServer(position);
      case K::kRole: return ParseCreateRole(CreateRoleStatement::Spelling::kRole, position);
      case K::kGroup: return ParseCreateRole(CreateRoleStatement::Spelling::kGroup, position);
      case K::kUser:
        if (At(K::kMapping, 1)) {
          Unsupported("CREATE USER MAPPING", position);
          break;
        }
        return ParseCreateRole(CreateRoleStatement::Spelling::kUser, position);
      default: break;
    }
  }
  static constexpr Keyword kUnsupported[] = {
      K::kAccess, K::kAggregate, K::kCast, K::kCollation, K::kConversion, K::kDefault, K::kDomain, K::kEvent, K::kForeign,
      K::kFunction, K::kLanguage, K::kOperator, K::kPolicy, K::kProcedural, K::kProcedure, K::kPublication, K::kRule,
      K::kStatistics, K::kSubscription, K::kTablespace, K::kText, K::kTransform, K::kTrigger, K::kTrusted,
      K::kType, K::kConstraint};
  for (const Keyword keyword : kUnsupported) {
    if (!At(keyword)) continue;
    std::string what(InfoOf(keyword).word);
    for (char& c : what) c = static_cast<char>(c - 'a' + 'A');
    Unsupported(StrCat("CREATE ", what), position);
  }
  SyntaxError();
  return std::make_unique<CreateTableStatement>(position);
}

StatementPtr Parser::ParseCreateView(Persistence persistence, bool or_replace, int position) {
  auto view = std::make_unique<CreateViewStatement>(position);
  view->persistence = persistence;
  view->or_replace = or_replace;
  view->recursive = Accept(K::kRecursive);
  Expect(K::kView);
  view->name = ParseObjectName();
  view->columns = view->recursive ? ParseParenthesisedNames() : ParseOptionalParenthesisedNames();
  if (Accept(K::kWith)) view->options = ParseDefinitionOptions();
  Expect(K::kAs);
  const uint32_t begin = Peek().begin;
  view->query = ParseQuery();
  if (!failed_) view->query_text = lexer_.text().substr(begin, last_end_ - begin);
  if (Accept(K::kWith)) {
    view->check = ViewCheck::kCascaded;
    if (Accept(K::kLocal)) {
      view->check = ViewCheck::kLocal;
    } else {
      Accept(K::kCascaded);
    }
    Expect(K::kCheck, K::kOption);
  }
  return view;
}

StatementPtr Parser::ParseCreateMaterializedView(int position) {
  Expect(K::kMaterialized, K::kView);
  auto create = std::make_unique<CreateTableAsStatement>(position);
  create->materialized_view = true;
  create->if_not_exists = AcceptIfNotExists();
  create->name = ParseObjectName();
  create->columns = ParseOptionalParenthesisedNames();
  return ParseCreateTableAs(std::move(create));
}

bool Parser::ParseWithData() {
  if (!Accept(K::kWith)) return true;
  const bool data = !Accept(K::kNo);
  Expect(K::kData);
  return data;
}

StatementPtr Parser::ParseRefresh() {
  auto refresh = std::make_unique<RefreshViewStatement>(Position());
  Expect(K::kRefresh);
  Expect(K::kMaterialized, K::kView);
  refresh->concurrently = Accept(K::kConcurrently);
  refresh->name = ParseObjectName();
  refresh->with_data = ParseWithData();
  return refresh;
}

StatementPtr Parser::ParseCreateIndex(int position) {
  auto index = std::make_unique<CreateIndexStatement>(position);
  index->unique = Accept(K::kUnique);
  Expect(K::kIndex);
  index->concurrently = Accept(K::kConcurrently);
  index->if_not_exists = AcceptIfNotExists();
  if (index->if_not_exists || !At(K::kOn)) index->name = TakeColId();
  Expect(K::kOn);
  index->table = ParseRelationName(&index->only);
  if (Accept(K::kUsing)) index->method = TakeColId();
  index->elements = ParseIndexElements();
  if (Accept(K::kInclude)) index->including = ParseIndexElements();
  if (Accept(K::kNulls)) {
    index->nulls_not_distinct = Accept(K::kNot);
    Expect(K::kDistinct);
  }
  if (Accept(K::kWith)) index->options = ParseDefinitionOptions();
  if (Accept(K::kTablespace)) index->tablespace = TakeColId();
  if (Accept(K::kWhere)) index->where = ParseExpr();
  return index;
}

std::vector<IndexElement> Parser::ParseIndexElements() {
  std::vector<IndexElement> elements;
  ExpectSymbol('(');
  do {
    elements.push_back(ParseIndexElement());
  } while (AcceptSymbol(','));
  ExpectSymbol(')');
  return elements;
}

IndexElement Parser::ParseIndexElement() {
  IndexElement element;
  element.position = Position();
  if (AcceptSymbol('(')) {
    element.expr = ParseExpr();
    ExpectSymbol(')');
  } else if (AtColId() && !AtSymbol('(', 1) && !AtSymbol('.', 1)) {
    element.column = TakeColId();
  } else {
    element.expr = ParseFunctionInFrom();
  }
  if (Accept(K::kCollate)) element.collation = ParseObjectName();
  if (AtColId() && !(At(K::kNulls) && AtAny({K::kFirst, K::kLast}, 1))) {
    element.opclass = ParseObjectName();
    if (AtSymbol('(')) element.opclass_options = ParseDefinitionOptions();
  }
  if (Accept(K::kAsc)) {
    element.order = SortOrder::kAscending;
  } else if (Accept(K::kDesc)) {
    element.order = SortOrder::kDescending;
  }
  element.nulls = ParseNullsOrder();
  return element;
}

StatementPtr Parser::ParseCreateSequence(Persistence persistence, int position) {
  auto sequence = std::make_unique<CreateSequenceStatement>(position);
  sequence->persistence = persistence;
  Expect(K::kSequence);
  sequence->if_not_exists = AcceptIfNotExists();
  sequence->name = ParseObjectName();
  sequence->options = ParseSequenceOptions();
  return sequence;
}

/// After ALTER SEQUENCE, when it is not RENAME, OWNER TO or SET SCHEMA.
StatementPtr Parser::ParseAlterSequence(int position) {
  auto sequence = std::make_unique<AlterSequenceStatement>(position);
  sequence->if_exists = AcceptIfExists();
  sequence->name = ParseObjectName();
  if (AtStatementEnd()) SyntaxError();
  if (At(K::kRename) || At(K::kSet) || (At(K::kOwner) && At(K::kTo, 1))) Unsupported("this form of ALTER SEQUENCE", Position());
  sequence->options = ParseSequenceOptions();
  return sequence;
}

StatementPtr Parser::ParseCreateSchema(int position) {
  auto schema = std::make_unique<CreateSchemaStatement>(position);
  Expect(K::kSchema);
  schema->if_not_exists = AcceptIfNotExists();
  if (!At(K::kAuthorization)) schema->name = TakeColId();
  if (Accept(K::kAuthorization)) schema->owner = TakeRoleName();
  while (!failed_ && (At(K::kCreate) || At(K::kGrant))) {
    const int element_position = Position();
    const bool allowed = At(K::kGrant) || AtAny({K::kTable, K::kView, K::kIndex, K::kUnique, K::kTemp, K::kTemporary,
                                                 K::kUnlogged, K::kSequence, K::kTrigger, K::kOr}, 1);
    if (!allowed) {
      Advance();
      SyntaxError();
    }
    if (schema->if_not_exists) {
      Fail(sqlstate::kFeatureNotSupported, "CREATE SCHEMA IF NOT EXISTS cannot include schema elements", element_position);
    }
    schema->elements.push_back(At(K::kGrant) ? ParseGrant(true) : ParseCreate());
  }
  return schema;
}

StatementPtr Parser::ParseCreateDatabase(int position) {
  auto database = std::make_unique<CreateDatabaseStatement>(position);
  Expect(K::kDatabase);
  database->name = TakeColId();
  Accept(K::kWith);
  while (!failed_ && !AtStatementEnd()) database->options.push_back(ParseDatabaseOption());
  return database;
}

Option Parser::ParseDatabaseOption() {
  Option option;
  option.position = Position();
  if (Accept(K::kConnection)) {
    Expect(K::kLimit);
    option.name = "connection_limit";
  } else if (AtKind(TokenKind::kIdentifier) || AtAny({K::kEncoding, K::kLocation, K::kOwner, K::kTablespace, K::kTemplate})) {
    option.name = TakeWord();
  } else {
    SyntaxError();
    return option;
  }
  AcceptSymbol('=');
  if (Accept(K::kDefault)) {
    option.value_kind = OptionValueKind::kWord;
    option.text = "default";
  } else {
    ParseOptionValue(&option);
  }
  return option;
}

StatementPtr Parser::ParseCreateExtension(int position) {
  auto extension = std::make_unique<CreateExtensionStatement>(position);
  Expect(K::kExtension);
  extension->if_not_exists = AcceptIfNotExists();
  extension->name = TakeColId();
  Accept(K::kWith);
  while (!failed_ && !AtStatementEnd()) {
    if (Accept(K::kSchema)) {
      extension->schema = TakeColId();
    } else if (Accept(K::kVersion)) {
      extension->version = TakeNonReservedOrString();
    } else if (Accept(K::kCascade)) {
      extension->cascade = true;
    } else if (At(K::kFrom)) {
      Fail(sqlstate::kFeatureNotSupported, "CREATE EXTENSION ... FROM is no longer supported", Position());
    } else {
      SyntaxError();
    }
  }
  return extension;
}

StatementPtr Parser::ParseCreateServer(int position) {
  auto server = std::make_unique<CreateServerStatement>(position);
  Expect(K::kServer);
  server->if_not_exists = AcceptIfNotExists();
  server->name = TakeColId();
  if (Accept(K::kType)) server->type = TakeString();
  if (Accept(K::kVersion)) server->version = TakeString();
  Expect(K::kForeign, K::kData);
  Expect(K::kWrapper);
  server->wrapper = TakeColId();
  if (At(K::kOptions)) server->options = ParseServerOptions();
  return server;
}

/// OPTIONS ([ADD | SET | DROP] name ['value'], ..)
std::vector<Option> Parser::ParseServerOptions() {
  std::vector<Option> options;
  Expect(K::kOptions);
  ExpectSymbol('(');
  do {
    Option option;
    option.position = Position();
    // ADD, SET and DROP may themselves be option names: then the value follows at once.
    if (AtAny({K::kAdd, K::kSet, K::kDrop}) && !AtKind(TokenKind::kString, 1)) {
      option.action = At(K::kAdd) ? OptionAction::kAdd : At(K::kSet) ? OptionAction::kSet : OptionAction::kDrop;
      Advance();
    }
    option.name = TakeColLabel();
    if (option.action != OptionAction::kDrop) {
      option.value_kind = OptionValueKind::kString;
      option.text = TakeString();
    }
    options.push_back(std::move(option));
  } while (AcceptSymbol(','));
  ExpectSymbol(')');
  return options;
}

std::vector<Option> Parser::ParseDefinitionOptions() {
  std::vector<Option> options;
  ExpectSymbol('(');
  do {
    options.push_back(ParseDefinitionOption());
  } while (AcceptSymbol(','));
  ExpectSymbol(')');
  return options;
}

Option Parser::ParseDefinitionOption() {
  Option option;
  option.position = Position();
  option.name = TakeColLabel();
  if (AcceptSymbol('.')) {
    option.space = std::move(option.name);
    option.name = TakeColLabel();
  }
  if (!AcceptSymbol('=')) return option;
  const Token& token = Peek();
  const bool word = token.kind == TokenKind::kIdentifier || token.kind == TokenKind::kKeyword;
  if (!word && !AtPlainOperator()) {
    ParseOptionValue(&option);
    return option;
  }
  option.value_kind = OptionValueKind::kWord;
  const bool reserved = token.kind == TokenKind::kKeyword && InfoOf(token.keyword).keyword_class == KeywordClass::kReserved;
  if (word && (reserved || At(K::kNone) || AtSymbol(',', 1) || AtSymbol(')', 1))) {
    option.text = TakeWord();
  } else if (word) {
    const uint32_t begin = token.begin;
    ParseType();
    if (!failed_) option.text = lexer_.text().substr(begin, last_end_ - begin);
  } else {   // a sign belongs to a number, any other operator is the value
    const bool number = AtKind(TokenKind::kInteger, 1) || AtKind(TokenKind::kNumeric, 1);
    if (number) {
      option.value_kind = OptionValueKind::kNumber;
      option.text = TakeSignedNumber();
    } else {
      option.text = TakePlainOperator().name;
    }
  }
  return option;
}

}  // namespace tsd::sql::parse
