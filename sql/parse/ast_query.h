#pragma once
// Queries as written: SELECT, VALUES, set operations, FROM items, and the base of all statements. Plain data.
#include "sql/parse/ast_expression.h"
#include "sql/parse/literal_rows.h"

namespace tsd::sql::parse {

enum class StatementKind : uint8_t {
  kSelect, kInsert, kUpdate, kDelete, kTruncate, kCopy,
  kCreateTable, kCreateTableAs, kCreateView, kRefreshView, kCreateIndex, kCreateSchema, kCreateDatabase, kCreateSequence, kAlterSequence,
  kDrop, kAlterTable, kAlterObject, kAlterDatabase, kAlterSystem, kCreateRole, kAlterRole, kAlterRoleSetting, kGrant,
  kGrantRole, kComment, kCreateExtension, kAlterExtension, kCreateServer, kAlterServer,
  kTransaction, kSet, kReset, kShow, kSetTransaction, kSetConstraints, kDiscard,
  kPrepare, kExecute, kDeallocate, kDeclareCursor, kFetch, kCloseCursor,
  kExplain, kCall, kDo, kListen, kNotify, kUnlisten, kLock, kMaintenance,
};

struct Statement {
  virtual ~Statement() = default;
  const StatementKind kind;
  int position;

 protected:
  Statement(StatementKind k, int p) : kind(k), position(p) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
};
using StatementPtr = std::unique_ptr<Statement>;

template <StatementKind K>
struct StatementNode : Statement {
  static constexpr StatementKind kKind = K;
  explicit StatementNode(int p) : Statement(K, p) {}
};

struct TargetItem {
  ExprPtr expr;            // StarExpr / FieldSelectExpr without field for * forms
  std::string alias;       // empty: none written (see OutputColumnName in print.h)
  int position = 0;
};

enum class TableRefKind : uint8_t { kRelation, kSubquery, kFunction, kJoin };
struct TableRef {
  virtual ~TableRef() = default;
  const TableRefKind kind;
  int position;
  std::string alias;                       // empty: none
  std::vector<std::string> column_aliases;

 protected:
  TableRef(TableRefKind k, int p) : kind(k), position(p) {}
  TableRef(const TableRef&) = delete;
  TableRef& operator=(const TableRef&) = delete;
};
using TableRefPtr = std::unique_ptr<TableRef>;
template <TableRefKind K>
struct TableRefNode : TableRef {
  static constexpr TableRefKind kKind = K;
  explicit TableRefNode(int p) : TableRef(K, p) {}
};

struct RelationRef : TableRefNode<TableRefKind::kRelation> {
  using TableRefNode::TableRefNode;
  ObjectName name;
  bool only = false;
};
struct SubqueryRef : TableRefNode<TableRefKind::kSubquery> {   // also (VALUES ..) AS v
  using TableRefNode::TableRefNode;
  bool lateral = false;
  QueryPtr query;
};
struct ColumnDefinitionItem {   // AS t(a int, b text)
  std::string name;
  TypeName type;
  ObjectName collation;   // name empty: none
  int position = 0;
};
struct FunctionRef : TableRefNode<TableRefKind::kFunction> {
  using TableRefNode::TableRefNode;
  struct Item {
    ExprPtr call;   // a FunctionCallExpr, or what else PostgreSQL lets stand there (CURRENT_DATE, COALESCE ..)
    std::vector<ColumnDefinitionItem> columns;   // ROWS FROM (f() AS (a int))
  };
  std::vector<Item> functions;   // one, unless ROWS FROM
  bool rows_from = false;
  bool lateral = false;
  bool with_ordinality = false;
  std::vector<ColumnDefinitionItem> columns;   // FROM f() AS t(a int)
};
enum class JoinKind : uint8_t { kInner, kLeft, kRight, kFull, kCross };
struct JoinRef : TableRefNode<TableRefKind::kJoin> {
  using TableRefNode::TableRefNode;
  JoinKind join = JoinKind::kInner;
  bool natural = false;
  TableRefPtr left, right;
  ExprPtr on;                               // ON
  std::vector<std::string> using_columns;   // USING
  std::string using_alias;                  // USING (..) AS x
};

enum class GroupItemKind : uint8_t { kExpr, kEmpty, kRollup, kCube, kSets };
struct GroupItem {
  GroupItemKind kind = GroupItemKind::kExpr;
  ExprPtr expr;                   // kExpr; (a, b) is a RowExpr
  std::vector<GroupItem> items;   // kRollup, kCube: kExpr items; kSets: any
  int position = 0;
};

enum class LockStrength : uint8_t { kKeyShare, kShare, kNoKeyUpdate, kUpdate };
enum class LockWait : uint8_t { kBlock, kNoWait, kSkipLocked };
struct LockingClause {
  LockStrength strength = LockStrength::kUpdate;
  LockWait wait = LockWait::kBlock;
  std::vector<ObjectName> tables;   // OF; empty: all
  int position = 0;
};

enum class CteMaterialize : uint8_t { kDefault, kAlways, kNever };
struct CommonTableExpr {
  std::string name;
  std::vector<std::string> columns;
  CteMaterialize materialize = CteMaterialize::kDefault;
  StatementPtr statement;   // SelectStatement, or INSERT / UPDATE / DELETE
  int position = 0;
};
struct WithClause {
  bool recursive = false;
  std::vector<CommonTableExpr> items;   // empty: no WITH
  int position = 0;
};

/// SELECT .. FROM .. (QueryKind::kSelect)
struct SelectCore {
  bool distinct = false;                // DISTINCT or DISTINCT ON
  std::vector<ExprPtr> distinct_on;     // DISTINCT ON (..)
  std::vector<TargetItem> targets;      // may be empty (SELECT FROM t)
  std::vector<TableRefPtr> from;
  ExprPtr where;
  bool group_distinct = false;          // GROUP BY DISTINCT
  std::vector<GroupItem> group_by;
  ExprPtr having;
  std::vector<WindowSpec> windows;
};
enum class SetOperator : uint8_t { kUnion, kIntersect, kExcept };
struct SetOperation {
  SetOperator op = SetOperator::kUnion;
  bool all = false;
  QueryPtr left, right;
};

enum class QueryKind : uint8_t { kSelect, kValues, kSetOperation };
/// One query: WITH, a body chosen by `kind`, and what follows it. TABLE t is SELECT * FROM t.
struct Query {
  explicit Query(int p) : position(p) {}
  QueryKind kind = QueryKind::kSelect;
  int position;
  WithClause with;
  SelectCore select;                           // kSelect
  std::vector<std::vector<ExprPtr>> values;    // kValues (elements may be DefaultExpr)
  std::optional<LiteralRows> literals;         // kValues of an INSERT that are plain: instead of `values`, and nothing follows them
  SetOperation set;                            // kSetOperation
  std::vector<SortItem> order_by;
  ExprPtr limit;        // null: none, or LIMIT ALL
  bool with_ties = false;
  ExprPtr offset;
  std::vector<LockingClause> locking;
};
inline QueryPtr MakeQuery(int position) { return QueryPtr(std::make_unique<Query>(position).release()); }

struct SelectStatement : StatementNode<StatementKind::kSelect> {
  using StatementNode::StatementNode;
  QueryPtr query;
};

}  // namespace tsd::sql::parse
