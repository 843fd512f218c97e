#pragma once
// Session and utility statements as written: transactions, settings, prepared statements, cursors, EXPLAIN ... Plain data.
#include "sql/parse/ast_statement.h"

namespace tsd::sql::parse {

enum class IsolationLevel : uint8_t { kReadUncommitted, kReadCommitted, kRepeatableRead, kSerializable };
struct TransactionModes {
  std::optional<IsolationLevel> isolation;
  std::optional<bool> read_only;
  std::optional<bool> deferrable;
};
enum class TransactionKind : uint8_t {
  kBegin, kStart, kCommit, kRollback, kSavepoint, kRelease, kRollbackTo, kPrepare, kCommitPrepared, kRollbackPrepared,
};
struct TransactionStatement : StatementNode<StatementKind::kTransaction> {
  using StatementNode::StatementNode;
  TransactionKind transaction = TransactionKind::kBegin;
  TransactionModes modes;     // kBegin, kStart
  bool chain = false;         // AND CHAIN
  std::string name;           // savepoint, or the global id of a prepared transaction
};
enum class SettingScope : uint8_t { kSession, kLocal };
/// SET TIME ZONE is `timezone` (its INTERVAL form gives the value INTERVAL '..', as set_config takes it), SET NAMES `client_encoding`,
/// SET SCHEMA `search_path`, SET ROLE `role`, SET SESSION AUTHORIZATION `session_authorization`, SET XML OPTION `xmloption`.
struct SetStatement : StatementNode<StatementKind::kSet> {
  using StatementNode::StatementNode;
  SettingScope scope = SettingScope::kSession;
  SettingAssignment setting;
};
struct ResetStatement : StatementNode<StatementKind::kReset> {
  using StatementNode::StatementNode;
  std::string name;   // empty: ALL
};
struct ShowStatement : StatementNode<StatementKind::kShow> {
  using StatementNode::StatementNode;
  std::string name;   // empty: ALL; SHOW TIME ZONE: timezone; SHOW TRANSACTION ISOLATION LEVEL: transaction_isolation
};
/// SET [LOCAL] TRANSACTION .., SET SESSION CHARACTERISTICS AS TRANSACTION ..
struct SetTransactionStatement : StatementNode<StatementKind::kSetTransaction> {
  using StatementNode::StatementNode;
  bool session_characteristics = false;
  TransactionModes modes;
  std::string snapshot;   // SET TRANSACTION SNAPSHOT 'id'
};
struct SetConstraintsStatement : StatementNode<StatementKind::kSetConstraints> {
  using StatementNode::StatementNode;
  std::vector<ObjectName> names;   // empty: ALL
  bool deferred = false;
};
enum class DiscardKind : uint8_t { kAll, kPlans, kSequences, kTemporary };
struct DiscardStatement : StatementNode<StatementKind::kDiscard> {
  using StatementNode::StatementNode;
  DiscardKind discard = DiscardKind::kAll;
};

struct PrepareStatement : StatementNode<StatementKind::kPrepare> {
  using StatementNode::StatementNode;
  std::string name;
  std::vector<TypeName> types;
  StatementPtr statement;
  std::string statement_text;   // from the inner statement's first token on
};
struct ExecuteStatement : StatementNode<StatementKind::kExecute> {
  using StatementNode::StatementNode;
  std::string name;
  std::vector<ExprPtr> args;
};
struct DeallocateStatement : StatementNode<StatementKind::kDeallocate> {
  using StatementNode::StatementNode;
  std::string name;   // empty: ALL
};
struct DeclareCursorStatement : StatementNode<StatementKind::kDeclareCursor> {
  using StatementNode::StatementNode;
  std::string name;
  bool binary = false, hold = false;
  std::optional<bool> scroll;        // SCROLL / NO SCROLL
  std::optional<bool> insensitive;   // INSENSITIVE / ASENSITIVE
  QueryPtr query;
};
enum class FetchDirection : uint8_t { kForward, kBackward, kAbsolute, kRelative };
struct FetchStatement : StatementNode<StatementKind::kFetch> {
  static constexpr int64_t kAll = INT64_MAX;
  using StatementNode::StatementNode;
  bool move = false;   // MOVE
  FetchDirection direction = FetchDirection::kForward;
  int64_t count = 1;   // kAll for ALL; FIRST is absolute 1, LAST absolute -1, NEXT forward 1, PRIOR backward 1
  std::string cursor;
};
struct CloseCursorStatement : StatementNode<StatementKind::kCloseCursor> {
  using StatementNode::StatementNode;
  std::string name;   // empty: ALL
};
struct ExplainStatement : StatementNode<StatementKind::kExplain> {
  using StatementNode::StatementNode;
  std::vector<Option> options;   // EXPLAIN ANALYZE VERBOSE as options analyze, verbose
  StatementPtr statement;
};
struct CallStatement : StatementNode<StatementKind::kCall> {
  using StatementNode::StatementNode;
  std::unique_ptr<FunctionCallExpr> call;
};
struct DoStatement : StatementNode<StatementKind::kDo> {
  using StatementNode::StatementNode;
  std::string body, language;   // language empty: plpgsql
};
struct ListenStatement : StatementNode<StatementKind::kListen> {
  using StatementNode::StatementNode;
  std::string channel;
};
struct NotifyStatement : StatementNode<StatementKind::kNotify> {
  using StatementNode::StatementNode;
  std::string channel, payload;
};
struct UnlistenStatement : StatementNode<StatementKind::kUnlisten> {
  using StatementNode::StatementNode;
  std::string channel;   // empty: *
};
struct LockStatement : StatementNode<StatementKind::kLock> {
  using StatementNode::StatementNode;
  std::vector<TruncateStatement::Table> tables;
  std::string mode = "ACCESS EXCLUSIVE";   // upper case
  bool nowait = false;
};
enum class MaintenanceKind : uint8_t { kVacuum, kAnalyze, kReindex, kCluster, kCheckpoint, kLoad };
struct MaintenanceStatement : StatementNode<StatementKind::kMaintenance> {
  using StatementNode::StatementNode;
  MaintenanceKind maintenance = MaintenanceKind::kVacuum;
  std::vector<Option> options;   // full, freeze, verbose, analyze ..
  struct Target { ObjectName name; std::vector<std::string> columns; };
  std::vector<Target> targets;   // REINDEX: the object; empty: everything
  std::string reindex_kind;      // index, table, schema, database, system
  std::string text;              // CLUSTER t USING index; LOAD 'file'
};

}  // namespace tsd::sql::parse
