#pragma once
// The recursive-descent parser behind parser.h; private to sql/parse. One object parses one text, on one thread.
// Errors are sticky: the first Fail is kept, from then on every token is kEnd, so that all loops end and the caller only
// looks at status() at the very end. Parse functions never return null: after a failure they return any node of the type.
// I-parse-1: every recursion and every node put on top of another goes through NestingScope / AddHeight, so neither the
// parser's stack nor the tree's height passes kMaxTreeDepth.
#include <initializer_list>

#include "sql/parse/ast.h"
#include "sql/parse/lexer.h"
#include "sql/parse/parser.h"

namespace tsd::sql::parse {

class Parser {
 public:
  /// `position`: of the text's first character in what the client sent.
  explicit Parser(std::string_view text, int position = 1) : lexer_(text, position) {}

  std::vector<ParsedStatement> ParseStatements();
  ExprPtr ParseWholeExpression();
  TypeName ParseWholeType();
  std::vector<std::string> ParseWholeName();
  std::vector<std::vector<ExprPtr>> ParseWholeRows();
  const Status& status() const { return status_; }
  bool failed() const { return failed_; }

 private:
  using K = Keyword;
  enum class ExprMode : uint8_t { kFull, kRestricted };   // kRestricted: PostgreSQL's b_expr (no AND, IN, IS NULL, COLLATE ..)
  enum class TypeUse : uint8_t { kDefinition, kLiteral };   // char 'x' has no implied length, a column char has 1
  enum class CallForm : uint8_t { kFull, kWindowless };
  struct Parenthesised {   // (query), (a) or (a, b)
    QueryPtr query;
    std::vector<ExprPtr> items;
  };
  struct SelectInto {           // SELECT .. INTO name
    const SelectCore* select;   // where it stands
    ObjectName name;
    Persistence persistence;
    int position;
  };
  struct ParenthesisedTable {   // (query) or (a JOIN b)
    QueryPtr query;
    TableRefPtr table;
  };

  /// One level of nesting while it lives.
  class NestingScope {
   public:
    explicit NestingScope(Parser* parser);
    ~NestingScope();
    NestingScope(const NestingScope&) = delete;
    NestingScope& operator=(const NestingScope&) = delete;
    bool ok() const { return ok_; }

   private:
    Parser* parser_;
    int outer_height_;
    bool ok_;
  };
  /// A node was put above the current level's subtree.
  void AddHeight();

  // ---- tokens (parser_core.cc) ----
  /// Goes on at this byte.
  void SkipTo(size_t byte);
  const Token& Peek(int ahead = 0);
  void Advance();
  Token Take();
  int Position() { return Peek().position; }
  bool At(Keyword keyword, int ahead = 0) { return Peek(ahead).keyword == keyword; }
  bool AtSymbol(char symbol, int ahead = 0) { return Peek(ahead).symbol == symbol; }
  bool AtKind(TokenKind kind, int ahead = 0) { return Peek(ahead).kind == kind; }
  bool AtAny(std::initializer_list<Keyword> keywords, int ahead = 0);
  bool AtStatementEnd() { return AtKind(TokenKind::kEnd) || AtSymbol(';'); }
  bool Accept(Keyword keyword);
  bool Accept(Keyword first, Keyword second);
  bool AcceptSymbol(char symbol);
  void Expect(Keyword keyword);
  void Expect(Keyword first, Keyword second) { Expect(first), Expect(second); }
  void ExpectSymbol(char symbol);
  /// A word of no keyword table (role options, SUPERUSER ..).
  bool AtWord(std::string_view word, int ahead = 0);

  void SyntaxError();   // at the current token
  void Fail(Status status);
  void Fail(std::string_view state, std::string_view message, int position, std::string_view hint = "");
  void Unsupported(std::string_view what, int position);   // 0A000 "<what> is not supported"

  // ---- names and constants (parser_core.cc) ----
  bool AtColId(int ahead = 0);
  bool AtTypeFunctionName(int ahead = 0);
  bool AtNonReserved(int ahead = 0);
  bool AtBareLabel();
  std::string TakeWord();       // the current token's text, whatever it is
  std::string TakeColId();
  std::string TakeColLabel();
  std::string TakeTypeFunctionName();
  std::string TakeNonReserved();
  std::string TakeNonReservedOrString();
  std::string TakeString();
  int TakeInteger();            // an int4 constant
  int TakeSignedInteger();
  std::string TakeSignedNumber();
  std::string TakeRoleName();   // RoleSpec: name, or CURRENT_USER etc. as text
  std::vector<std::string> TakeRoleList();
  std::vector<std::string> ParseNameList();                 // a, b
  std::vector<std::string> ParseParenthesisedNames();       // (a, b)
  std::vector<std::string> ParseOptionalParenthesisedNames();
  ObjectName ParseObjectName();
  ObjectName MakeObjectName(std::vector<std::string> parts, int position);
  std::vector<ObjectName> ParseObjectNames();
  DropBehavior ParseDropBehavior();
  OperatorName ParseOperatorSyntax();   // OPERATOR(schema.op), after OPERATOR
  bool AtPlainOperator();               // an operator symbol
  OperatorName TakePlainOperator();

  // ---- expressions (parse_expression.cc, parse_primary.cc, parse_call.cc) ----
  ExprPtr Nothing();
  ExprPtr ParseExpr(int min_precedence = 0, ExprMode mode = ExprMode::kFull);
  ExprPtr ParsePrefix(ExprMode mode);
  ExprPtr ParseInfix(ExprPtr left, int min_precedence, ExprMode mode);
  int InfixPrecedence(ExprMode mode, bool* nonassociative);
  ExprPtr ParseOperation(ExprPtr left, int precedence, ExprMode mode);
  ExprPtr ParseKeywordOperation(ExprPtr left, ExprMode mode);
  ExprPtr ParseLogical(ExprPtr left, LogicalOp op, ExprMode mode);
  ExprPtr ParseIs(ExprPtr left, ExprMode mode);
  ExprPtr ParseNegatable(ExprPtr left);
  ExprPtr ParseLike(ExprPtr left, LikeKind kind, bool negated, int position);
  ExprPtr ParseQuantified(ExprPtr left, OperatorName op);
  ExprPtr ParsePrimary(ExprMode mode);
  ExprPtr ParseKeywordPrimary(ExprMode mode);
  ExprPtr ParseNumber();
  ExprPtr ParseParameter();
  ExprPtr ParseParenthesisedPrimary();
  Parenthesised ParseParenthesis();
  ExprPtr WrapParenthesised(Parenthesised content, int position);
  ExprPtr ParseIndirection(ExprPtr operand);
  ExprPtr ParseSubscript(ExprPtr operand);
  ExprPtr ParseNamePrimary(CallForm form);
  ExprPtr ParseCase();
  ExprPtr ParseCastCall();
  ExprPtr ParseArray();
  ExprPtr ParseArrayBrackets();
  ExprPtr ParseRow();
  ExprPtr ParseOverlaps(ExprPtr left);
  ExprPtr ParseSqlValue(SqlValueKind kind, bool takes_precision);
  ExprPtr ParseTypedLiteral(TypeName type);
  ExprPtr ParseIntervalLiteral();
  bool AtTypeLiteral();
  std::vector<ExprPtr> ParseExprList();
  std::vector<ExprPtr> ParseParenthesisedExprs();

  ExprPtr ParseCall(ObjectName name, CallForm form);
  int ParseCallArguments(FunctionCallExpr* call);
  FunctionArg ParseCallArgument();
  void ParseCallSuffix(FunctionCallExpr* call);
  ExprPtr ConvertToTypedLiteral(std::unique_ptr<FunctionCallExpr> call, int order_position);
  bool AtSpecialCall();
  ExprPtr ParseSpecialCall();
  void ParseExtract(FunctionCallExpr* call);
  void ParseSubstring(FunctionCallExpr* call);
  void ParseOverlay(FunctionCallExpr* call);
  void ParseTrim(FunctionCallExpr* call);
  void ParseNormalize(FunctionCallExpr* call);
  ExprPtr ParseFunctionInFrom();
  std::unique_ptr<WindowSpec> ParseOver();
  void ParseWindowBody(WindowSpec* spec);
  WindowFrame ParseFrame(FrameMode mode);
  FrameBound ParseFrameBound();
  std::vector<SortItem> ParseSortItems();
  std::vector<SortItem> ParseOptionalOrderBy();
  NullsOrder ParseNullsOrder();

  // ---- types (parse_type.cc) ----
  TypeName ParseType();
  TypeName ParseSimpleType(TypeUse use);
  bool ParseKeywordType(TypeUse use, TypeName* type);
  void ParseCharacterType(TypeUse use, TypeName* type);
  void ParseDateTimeType(TypeName* type);
  void ParseFloatType(TypeName* type);
  uint8_t ParseIntervalFields(TypeName* type);
  void ParseArrayBounds(TypeName* type);

  // ---- queries (parse_query.cc, parse_from.cc) ----
  bool AtQueryStart(int ahead = 0);   // SELECT, VALUES (, TABLE, WITH; not '('
  bool AtQueryContinuation();         // UNION .., ORDER, LIMIT ..
  QueryPtr ParseQuery();
  QueryPtr ParseQueryBody(int min_precedence);
  QueryPtr ParseSetOperations(QueryPtr left, int min_precedence);
  QueryPtr ParseQueryOptions(QueryPtr query);
  QueryPtr ParseQueryInParens();
  QueryPtr ParseQueryPrimary();
  void ParseSelectCore(SelectCore* select);
  bool AtEndOfTargets();
  void ParseValuesRows(Query* query);
  /// VALUES of nothing but literals, and nothing behind them but what an INSERT ends with; null if it is anything else.
  QueryPtr ParseLiteralRows();
  void ParseLimit(Query* query);
  void ParseOffset(Query* query);
  void ParseFetchFirst(Query* query);
  void ParseLocking(Query* query);
  void CheckQueryOptions(const Query& query);
  std::vector<TargetItem> ParseTargets();
  TargetItem ParseTarget();
  void ParseSelectInto(const SelectCore* select);
  void ParseGroupBy(SelectCore* select);
  GroupItem ParseGroupItem();
  std::vector<WindowSpec> ParseWindowClause();
  WithClause ParseWith();
  CommonTableExpr ParseCommonTableExpr();

  std::vector<TableRefPtr> ParseFromList();
  TableRefPtr ParseTableRef();
  TableRefPtr ParseTablePrimary();
  TableRefPtr ParseParenthesisedTable();
  ParenthesisedTable ParseTableParenthesis();
  TableRefPtr MakeSubqueryRef(QueryPtr query, bool lateral, int position);
  TableRefPtr ParseFunctionRef(bool lateral);
  TableRefPtr ParseRelationRef();
  bool AtJoin();
  TableRefPtr ParseJoin(TableRefPtr left);
  bool AtAlias() { return At(K::kAs) || AtColId(); }
  void ParseAlias(TableRef* table);
  void ParseFunctionAlias(FunctionRef* function);
  std::vector<ColumnDefinitionItem> ParseColumnDefinitionItems();
  ColumnDefinitionItem ParseColumnDefinitionItem();
  ObjectName ParseRelationName(bool* only);   // [ONLY] t [*]

  // ---- statements (parse_statement.cc and one file a family) ----
  StatementPtr ParseStatement();
  StatementPtr ParseCreate();
  StatementPtr ParseAlter();
  StatementPtr ParseWithStatement(WithClause with);   // after WITH: SELECT, INSERT, UPDATE, DELETE
  StatementPtr ParsePreparable();                     // what PREPARE, EXPLAIN, COPY and a CTE take
  StatementPtr ParseSelectStatement(WithClause with);
  StatementPtr FinishSelectInto(StatementPtr statement);

  StatementPtr ParseInsert(WithClause with);
  StatementPtr ParseUpdate(WithClause with);
  StatementPtr ParseDelete(WithClause with);
  StatementPtr ParseTruncate();
  ConflictClause ParseConflict();
  std::vector<Assignment> ParseAssignments();
  Assignment ParseAssignment();
  AssignmentTarget ParseAssignmentTarget();
  void ParseWhereOrCursor(ExprPtr* where, std::string* cursor);
  std::vector<TargetItem> ParseReturning();
  StatementPtr ParseCopy();
  void ParseCopyOptions(CopyStatement* copy);
  Option ParseLegacyCopyOption();
  Option ParseGenericOption();

  StatementPtr ParseCreateTable(Persistence persistence, int position);
  StatementPtr ParseCreateTableAs(std::unique_ptr<CreateTableAsStatement> create);
  void ParseTableElements(CreateTableStatement* create);
  bool AtTableConstraint();
  TableElement ParseTableElement();
  std::unique_ptr<TableLike> ParseTableLike();
  std::unique_ptr<ColumnDefinition> ParseColumnDefinition();
  bool ParseColumnConstraint(ColumnDefinition* column);
  std::unique_ptr<Constraint> ParseTableConstraint();
  void ParseKeyConstraint(Constraint* constraint, bool of_table);
  void ParseReferences(Constraint* constraint);
  ReferentialAction ParseReferentialAction();
  bool ParseConstraintAttribute(Constraint* constraint);
  void ParseIdentity(Constraint* constraint);
  std::vector<Option> ParseSequenceOptions();
  OnCommit ParseOnCommit();
  void ParsePartitionBy(CreateTableStatement* create);
  Persistence ParsePersistence();

  StatementPtr ParseCreateView(Persistence persistence, bool or_replace, int position);
  StatementPtr ParseCreateMaterializedView(int position);
  bool ParseWithData();
  StatementPtr ParseRefresh();
  StatementPtr ParseCreateIndex(int position);
  IndexElement ParseIndexElement();
  std::vector<IndexElement> ParseIndexElements();
  StatementPtr ParseCreateSequence(Persistence persistence, int position);
  StatementPtr ParseAlterSequence(int position);
  StatementPtr ParseCreateSchema(int position);
  StatementPtr ParseCreateDatabase(int position);
  Option ParseDatabaseOption();
  StatementPtr ParseCreateExtension(int position);
  StatementPtr ParseCreateServer(int position);
  std::vector<Option> ParseServerOptions();
  std::vector<Option> ParseDefinitionOptions();   // ( a.b = c, .. )
  Option ParseDefinitionOption();
  void ParseOptionValue(Option* option);
  bool AcceptIfExists();
  bool AcceptIfNotExists();

  StatementPtr ParseDrop();
  bool ParseObjectKind(ObjectKind* kind);
  RoutineName ParseRoutineName();
  StatementPtr ParseAlterTable(ObjectKind kind, int position);
  AlterTableAction ParseAlterTableAction();
  void ParseAlterTableAdd(AlterTableAction* action);
  void ParseAlterTableDrop(AlterTableAction* action);
  void ParseAlterColumn(AlterTableAction* action);
  void ParseAlterColumnSet(AlterTableAction* action);
  void ParseAlterTableSet(AlterTableAction* action);
  void ParseAlterTrigger(AlterTableAction* action, bool enable);
  bool ParseAlterTableRename(AlterTableAction* action);
  StatementPtr ParseAlterObject(ObjectKind kind, int position);
  StatementPtr ParseAlterDatabase(int position);
  StatementPtr ParseAlterSystem(int position);
  StatementPtr ParseAlterExtension(int position);
  StatementPtr ParseAlterServer(int position);

  StatementPtr ParseCreateRole(CreateRoleStatement::Spelling spelling, int position);
  StatementPtr ParseAlterRole(bool group, int position);
  StatementPtr ParseAlterRoleSetting(std::string role, std::string database, int position);
  std::vector<Option> ParseRoleOptions(bool creating);
  bool ParseRoleOption(bool creating, Option* option);
  StatementPtr ParseGrant(bool grant);
  StatementPtr ParseAlterDefaultPrivileges(int position);
  std::vector<GrantStatement::Privilege> ParsePrivileges(std::vector<std::string>* all_columns);
  void ParseGrantObject(GrantStatement* grant);
  void ParseGrantTail(GrantStatement* grant);
  StatementPtr FinishGrantRole(bool grant, bool admin_option, std::vector<GrantStatement::Privilege> roles, int position);
  StatementPtr ParseComment();

  StatementPtr ParseTransaction();
  StatementPtr ParseRollback();
  StatementPtr ParseCommit();
  TransactionModes ParseTransactionModes();
  bool ParseTransactionMode(TransactionModes* modes);
  bool ParseChain();
  StatementPtr ParseSet();
  StatementPtr ParseSetTransaction(bool session_characteristics, int position);
  SettingAssignment ParseSetting();
  bool ParseSpecialSetting(SettingAssignment* setting);
  void ParseTimeZoneValue(SettingAssignment* setting);
  void ParseSettingValues(SettingAssignment* setting);
  std::string ParseSettingName();
  std::string ParseShownName();   // SHOW and RESET; empty: ALL
  StatementPtr ParseShow();
  StatementPtr ParseReset();
  StatementPtr ParseSetConstraints(int position);
  StatementPtr ParseDiscard();

  StatementPtr ParsePrepare();
  StatementPtr ParseExecute();
  StatementPtr ParseDeallocate();
  StatementPtr ParseDeclare();
  StatementPtr ParseFetch();
  StatementPtr ParseClose();
  StatementPtr ParseExplain();
  StatementPtr ParseCallStatement();
  StatementPtr ParseDo();
  StatementPtr ParseNotification();
  StatementPtr ParseLock();
  StatementPtr ParseVacuum();
  StatementPtr ParseReindex();
  StatementPtr ParseCluster();
  StatementPtr ParseLoad();
  std::vector<Option> ParseUtilityOptions();   // ( VERBOSE, ANALYZE false )
  void ParseVacuumTargets(MaintenanceStatement* statement);

  static constexpr int kLookahead = 8;
  Lexer lexer_;
  Token tokens_[kLookahead];   // ring
  int head_ = 0, buffered_ = 0;
  uint32_t last_end_ = 0;      // end of the last token taken
  int depth_ = 0, height_ = 0;
  std::optional<SelectInto> into_;   // read, and not yet made a CREATE TABLE AS
  bool failed_ = false;
  Status status_;
};

}  // namespace tsd::sql::parse
