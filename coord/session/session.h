#pragma once
// Session: one client's session: statements in, results out. Implements net/pg's SessionHandler; knows no bytes. One coroutine at a time
// (Cancel apart). The parts: session.cc (life, simple queries), extended.cc (prepared statements, portals), transaction_block.cc (BEGIN to
// COMMIT), select.cc and modify.cc (queries, DML), copy.cc, ddl.cc, utility.cc (SET, SHOW, EXPLAIN …), cursors.cc, table_functions.cc (add_data_node …).
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coord/read/query_run.h"
#include "coord/session/catalog_functions.h"
#include "coord/session/held_rows.h"
#include "coord/session/notifications.h"
#include "coord/session/services.h"
#include "coord/session/settings.h"
#include "coord/session/system_views.h"
#include "coord/txn/lock_manager.h"
#include "coord/txn/transaction.h"
#include "coord/write/table_writer.h"
#include "net/pg/handler.h"
#include "sql/bind/binder.h"
#include "sql/exec/values_program.h"
#include "sql/parse/ast.h"
#include "sql/parse/parser.h"

namespace tsd::coord {

struct SessionIdentity {
  std::string user;
  std::string database;
  net::Endpoint peer;
  int32_t process_id = 0;
};

/// What running a statement gives: rows to pull (with their description), or just a tag.
struct StatementResult {
  std::optional<net::pg::RowDescription> columns;
  std::shared_ptr<RowSource> rows;
  std::string tag;             // complete, or with `count_rows` the word before the count ("SELECT", "FETCH")
  bool count_rows = false;
  bool empty_query = false;
};

/// Rows at hand.
class MaterializedRows final : public RowSource {
 public:
  explicit MaterializedRows(std::vector<ColumnBatch> batches) : batches_(std::move(batches)) {}
  Task<StatusOr<ColumnBatch>> Next() override;

 private:
  std::vector<ColumnBatch> batches_;
  size_t next_ = 0;
};

/// What a statement was bound to, good for as long as catalog and settings stay the same.
struct Binding {
  sql::CatalogPtr catalog;
  uint64_t settings_version = 0;
  std::shared_ptr<const sql::BoundStatement> bound;
  std::shared_ptr<sql::ValuesProgram> values;  // of INSERT .. VALUES, once it ran
};

/// A statement as prepared (named or unnamed).
struct PreparedStatement {
  std::string text;
  std::shared_ptr<std::vector<sql::parse::ParsedStatement>> parsed;  // none or one statement
  std::vector<DataType> parameter_types;
  std::optional<net::pg::RowDescription> columns;
  Binding binding;                                                   // may be stale or absent
  const sql::parse::Statement* statement() const { return parsed->empty() ? nullptr : (*parsed)[0].statement.get(); }
};

struct Portal {
  std::shared_ptr<PreparedStatement> prepared;
  std::vector<Value> parameters;
  std::vector<int16_t> formats;
  std::optional<net::pg::RowDescription> columns;
  std::shared_ptr<RowSource> rows;      // once started
  ColumnBatch rest;                     // pulled and not yet sent
  size_t rest_row = 0;
  uint64_t sent = 0;
  std::string tag;
  bool count_rows = false;
  bool started = false;
  bool done = false;
  size_t depth = 0;                     // savepoints it was made under
  std::string text;                     // the statement it came from
  absl::Time made;
  // SQL cursors (DECLARE)
  bool is_cursor = false;
  bool failed = false;                  // in a FETCH: it gives no rows any more
  bool hold = false;
  bool scroll = false;
  std::shared_ptr<MemoryBudget> memory; // of its query
  std::shared_ptr<HeldRows> history;    // scroll: all rows pulled so far
  int64_t position = 0;                 // rows before the current one, 0 = before the first
};

class Session final : public net::pg::SessionHandler, public TableFunctionRunner, public std::enable_shared_from_this<Session> {
 public:
  Session(const Services& services, SessionIdentity identity);
  ~Session() override;
  Status ApplyStartup(const net::pg::StartupParameters& startup);

  // ---- net::pg::SessionHandler ----
  Task<Status> SimpleQuery(std::string text, net::pg::ResultSink* sink) override;
  Task<Status> Parse(std::string name, std::string text, std::vector<uint32_t> parameter_oids) override;
  Task<StatusOr<net::pg::StatementDescription>> DescribeStatement(std::string name) override;
  Task<Status> Bind(std::string portal, std::string statement, std::vector<net::pg::ParameterValue> parameters,
                    std::vector<int16_t> result_formats) override;
  Task<StatusOr<std::optional<net::pg::RowDescription>>> DescribePortal(std::string portal) override;
  std::vector<int16_t> PortalFormats(const std::string& portal) override;
  Task<StatusOr<bool>> Execute(std::string portal, uint64_t max_rows, net::pg::ResultSink* sink) override;
  void CloseStatement(const std::string& name) override;
  void ClosePortal(const std::string& name) override;
  Task<Status> Sync(net::pg::ResultSink* sink) override;
  void Failed() override;
  net::pg::TransactionStatus transaction_status() const override;
  StatusOr<std::vector<net::pg::Notification>> TakeNotifications() override;
  void OnNotification(absl::AnyInvocable<void()> wake) override;
  void Cancel(Status reason) override;
  Task<void> End() override;
  const TextContext& text_context() const override { return text_context_; }

  // ---- TableFunctionRunner ----
  Task<StatusOr<ColumnBatch>> RunTableFunction(std::string function, std::vector<std::optional<Value>> arguments,
                                               std::vector<DataType> types) override;

  // ---- for RemoteExecutions: this session runs statements of another node's transaction (adopted.cc) ----
  void AdoptTransaction(TxnId txn);
  void RaiseAdoptedLevel(uint32_t level);
  uint32_t adopted_level() const;
  /// Ends the session's part: its catalog change, and the owner of its locks, are the caller's from now on. 25P02 if a statement failed.
  Task<StatusOr<CatalogChange>> PrepareAdopted(LockManager::OwnerId* locks);
  void RollbackAdopted(uint32_t level);

  // ---- for the parts and for views over sessions ----
  const SessionIdentity& identity() const { return identity_; }
  SessionSettings& settings() { return settings_; }
  const Services& services() const { return services_; }
  sql::CatalogPtr catalog() const;
  std::vector<std::string> SearchPath() const;
  std::vector<std::string> SearchPathWithImplicit() const;
  bool IsSuperuser() const;
  void Notice(std::string severity, std::string_view state, std::string message, std::string detail = "", std::string hint = "");
  absl::Time transaction_start() const { return transaction_start_; }
  /// A setting's value as SHOW gives it.
  StatusOr<std::string> ShowSetting(std::string_view name) const;
  std::string TransactionIsolationName() const;
  bool TransactionReadOnly() const;
  bool TransactionDeferrable() const;
  /// The schema of its temporary objects, "" before the first.
  std::string ExistingTemporarySchema() const;
  const std::map<std::string, std::shared_ptr<PreparedStatement>>& prepared_statements() const { return prepared_; }
  const std::map<std::string, std::shared_ptr<Portal>>& portals() const { return portals_; }

 private:
  friend class CoordFunctions;
  friend class CatalogFunctions;
  friend class TableAlteration;
  friend class Upsert;
  enum class Block : uint8_t { kNone, kImplicit, kExplicit, kFailed };
  /// What every statement asks of the settings.
  struct StatementSettings {
    sql::parse::IsolationLevel isolation = sql::parse::IsolationLevel::kReadCommitted;
    bool read_only = false, deferrable = false;
    bool logs_statements = false;
    int64_t timeout_ms = 0;
    uint64_t query_memory_bytes = 0;
    std::string zone;
  };
  /// What ROLLBACK TO returns to.
  struct Savepoint {
    std::string name;
    uint32_t level;
    SessionSettings::State settings;
    bool read_only;
  };

  // ---- session.cc ----
  /// `last`: of its query message; an implicit transaction ends before its completion is told.
  Task<Status> RunSimple(const sql::parse::ParsedStatement* parsed, bool last, net::pg::ResultSink* sink);
  /// Runs any statement. Its rows, if any, are pulled from the result afterwards.
  Task<StatusOr<StatementResult>> Run(const sql::parse::Statement* statement, const std::vector<Value>* parameters, net::pg::ResultSink* sink);
  Task<StatusOr<StatementResult>> RunUtility(const sql::parse::Statement* statement, const std::vector<Value>* parameters, net::pg::ResultSink* sink);
  /// The rows of a simple query's statement; how many.
  Task<StatusOr<uint64_t>> SendRows(const StatementResult& result, net::pg::ResultSink* sink);
  Status CancelledStatus();
  void ArmStatementTimeout();
  void BeginStatementClock();
  void RefreshContexts();
  /// Read from the settings again when one has changed, and text_context_ with it.
  const StatementSettings& KnownSettings();
  Status CheckBlockAllows(const sql::parse::Statement& statement) const;

  // ---- transaction_block.cc ----
  Task<Status> BeginImplicit();
  Task<Status> EndImplicit(bool commit);
  Task<StatusOr<StatementResult>> RunTransaction(const sql::parse::TransactionStatement& statement);
  Task<Status> CommitBlock();
  Task<void> RollbackBlock();
  void FailBlock();
  Task<Status> EnsureTransaction();
  TableWriter::LastWrite LastWriteOfStatement() const;
  Task<void> PrepareStatementSnapshot();
  Task<Status> RollbackToLevel(uint32_t level);
  engine::Isolation NewIsolation() const;
  void ApplyModes(const sql::parse::TransactionModes& modes);
  Status SetTransactionModes(const sql::parse::SetTransactionStatement& statement);
  Status RequireNoBlock(std::string_view what) const;
  /// COMMIT or ROLLBACK AND CHAIN begin the next block with the modes of the one that ends.
  Status CheckChain(const sql::parse::TransactionStatement& statement) const;
  void FinishTransaction(bool committed);

  // ---- notifications.cc ----
  struct ListenAction {
    bool listen = true;
    std::string channel;  // of UNLISTEN: empty = all
    size_t depth = 0;     // savepoints it was done under
  };
  struct PendingNotification {
    net::pg::Notification notification;
    size_t depth;
  };
  void Listen(ListenAction action);
  Status Notify(const std::string& channel, const std::string& payload);
  /// RELEASE of, or ROLLBACK TO, the savepoint under which `depth` were open.
  void KeepNotifications(size_t depth);
  void ForgetNotifications(size_t depth);
  void FinishNotifications(bool committed);
  void StopListening();

  // ---- locks.cc ----
  enum class LockWait : uint8_t { kWait, kNoWait };
  LockManager::Request LockRequest(TableId target, LockMode mode) const;
  /// 55P03 (lock_timeout, NOWAIT), 57014, 40P01. `name`: of the table, for errors.
  Task<Status> AcquireLock(TableId target, LockMode mode, std::string name, LockWait policy);
  /// False: the relation changed before the lock was had; bind again.
  Task<StatusOr<bool>> LockRelation(sql::RelationPtr relation, LockMode mode);
  Task<StatusOr<bool>> LockBound(const sql::BoundStatement* bound);
  /// The relation of that name as it is once locked.
  Task<StatusOr<sql::RelationPtr>> LockNamed(sql::parse::ObjectName name, LockMode mode, LockWait policy);
  Task<StatusOr<std::shared_ptr<const sql::BoundStatement>>> BindLocked(const sql::parse::Statement* statement, const std::vector<Value>* parameters);
  Task<StatusOr<StatementResult>> RunLock(const sql::parse::LockStatement& statement);

  // ---- select.cc ----
  sql::BindContext MakeBindContext(const std::vector<Value>* parameters = nullptr);
  QueryOptions MakeQueryOptions(bool analyze);
  StatusOr<sql::PlanPtr> OptimizePlan(const sql::BoundStatement& bound, const std::vector<Value>* parameters);
  Task<StatusOr<std::shared_ptr<QueryRun>>> StartQuery(const sql::BoundStatement& bound, const std::vector<Value>* parameters, bool analyze);
  Task<StatusOr<StatementResult>> RunSelect(const sql::parse::Statement* statement, const std::vector<Value>* parameters);
  net::pg::RowDescription DescriptionOf(const std::vector<sql::ResultColumn>& columns) const;
  /// `binding`: if not null, gets what the statement was bound to, if that can be run.
  StatusOr<std::optional<net::pg::RowDescription>> DescribeRows(const sql::parse::Statement* statement, std::vector<DataType>* parameter_types,
                                                                Binding* binding = nullptr);
  bool IsCurrent(const Binding& binding) const;

  // ---- modify.cc ----
  Task<StatusOr<StatementResult>> RunModify(const sql::parse::Statement* statement, const std::vector<Value>* parameters);
  /// `analyzed`: if not null, the run is measured and left there.
  Task<StatusOr<StatementResult>> ModifyBound(const sql::BoundStatement& bound, const std::vector<Value>* parameters,
                                              std::shared_ptr<QueryRun>* analyzed);
  StatusOr<std::shared_ptr<RowSource>> RowsOfValues(const sql::BoundStatement& bound, const QueryOptions& options,
                                                    const std::vector<Value>* parameters);
  Task<StatusOr<StatementResult>> ModifyOnce(const sql::BoundStatement& bound, const std::vector<Value>* parameters,
                                             std::shared_ptr<QueryRun>* analyzed);
  Task<StatusOr<StatementResult>> InsertUnlessConflicting(const sql::BoundStatement& bound, const std::vector<Value>* parameters,
                                                          std::shared_ptr<QueryRun>* analyzed);
  /// A row that was deleted after `seen_at` by another transaction: 40001.
  Task<StatusOr<uint64_t>> DeleteRows(sql::RelationPtr relation, ColumnBatch ids, Timestamp seen_at);
  Status CheckWritable(const sql::Relation& relation, std::string_view command) const;
  Task<StatusOr<StatementResult>> RunTruncate(const sql::parse::TruncateStatement& statement);

  // ---- copy.cc ----
  Task<StatusOr<StatementResult>> RunCopy(const sql::parse::CopyStatement& statement, net::pg::ResultSink* sink);
  Task<StatusOr<StatementResult>> CopyFrom(const sql::parse::CopyStatement& statement, net::pg::ResultSink* sink);
  Task<StatusOr<StatementResult>> CopyTo(const sql::parse::CopyStatement& statement, net::pg::ResultSink* sink);

  // ---- ddl.cc ----
  Task<StatusOr<StatementResult>> RunDdl(const sql::parse::Statement* statement);
  /// Temporary objects are nobody else's business: they neither wait for other DDL nor hold it up.
  Task<Status> BeginDdl(sql::parse::Persistence persistence = sql::parse::Persistence::kPermanent);
  void ApplyDdl(const CatalogChange& change);
  Task<StatusOr<StatementResult>> CreateTable(const sql::parse::CreateTableStatement& statement);
  Task<StatusOr<StatementResult>> CreateTableAs(const sql::parse::CreateTableAsStatement& statement);
  Task<StatusOr<StatementResult>> CreateView(const sql::parse::CreateViewStatement& statement);
  Task<StatusOr<StatementResult>> AlterServer(const sql::parse::Statement* statement);
  Task<StatusOr<StatementResult>> OtherDdl(const sql::parse::Statement* statement);

  // ---- temporary.cc ----
  /// Where a new object goes: its written schema, the session's own for a temporary one, or the first of the search path.
  StatusOr<std::string> TargetSchema(const sql::parse::ObjectName& name, sql::parse::Persistence persistence);
  StatusOr<std::string> TemporarySchema(const sql::parse::ObjectName& name);
  /// Before a commit: what ON COMMIT says of temporary tables.
  Task<Status> ApplyOnCommit();
  Task<Status> DropTemporaries();

  // ---- drop.cc ----
  Task<StatusOr<StatementResult>> Drop(const sql::parse::Statement* statement);
  Task<Status> LockForDrop(const sql::parse::DropStatement& statement);
  Status DropNamed(const sql::parse::ObjectName& name, const sql::parse::DropStatement& statement, const std::string& word,
                   CatalogChange* change, Status* missing);
  Status DropIndex(const sql::parse::ObjectName& name, CatalogChange* change, Status* missing);
  Status DropSchema(const std::string& name, sql::parse::DropBehavior behavior, CatalogChange* change, Status* missing);
  Status DropRelation(const sql::Relation& relation, sql::parse::DropBehavior behavior, CatalogChange* change);
  bool TakesNumbersFrom(const sql::Column& column, const sql::Relation& relation);
  std::vector<sql::RelationPtr> DependentViews(const std::set<TableId>& dropped);

  // ---- alter_table.cc ----
  Task<StatusOr<StatementResult>> CreateIndex(const sql::parse::CreateIndexStatement& statement);
  Task<StatusOr<StatementResult>> AlterTable(const sql::parse::AlterTableStatement& statement);

  // ---- sequences.cc ----
  Task<StatusOr<StatementResult>> CreateSequence(const sql::parse::CreateSequenceStatement& statement);
  Task<StatusOr<StatementResult>> AlterSequence(const sql::parse::AlterSequenceStatement& statement);
  Status RestartSequence(sql::Relation* sequence, int64_t value);
  StatusOr<sql::RelationPtr> SequenceArgument(uint32_t oid) const;
  StatusOr<int64_t> NextValue(uint32_t oid);
  StatusOr<int64_t> CurrentValue(uint32_t oid) const;
  StatusOr<int64_t> LastValue() const;
  StatusOr<int64_t> SetValue(uint32_t oid, int64_t value, bool called);
  /// Before rows are sent or committed: the numbers of sequences in them are durable.
  Task<Status> AwaitSequences();

  // ---- utility.cc ----
  Task<StatusOr<StatementResult>> RunExplain(const sql::parse::ExplainStatement& statement, const std::vector<Value>* parameters);
  StatusOr<StatementResult> RunShow(const sql::parse::ShowStatement& statement);
  Status RunSet(const sql::parse::SetStatement& statement);
  Task<StatusOr<StatementResult>> RunCall(const sql::parse::CallStatement& statement);
  Task<StatusOr<StatementResult>> RunExecute(const sql::parse::ExecuteStatement& statement, net::pg::ResultSink* sink);
  Status RunPrepare(const sql::parse::PrepareStatement& statement);
  Task<StatusOr<StatementResult>> RunDiscard(const sql::parse::DiscardStatement& statement);

  // ---- cursors.cc ----
  Task<StatusOr<StatementResult>> RunDeclare(const sql::parse::DeclareCursorStatement& statement, const std::vector<Value>* parameters);
  Task<StatusOr<StatementResult>> RunFetch(const sql::parse::FetchStatement& statement);
  Status RunClose(const sql::parse::CloseCursorStatement& statement);
  Task<StatusOr<ColumnBatch>> FetchRows(Portal* portal, const sql::parse::FetchStatement& statement);
  /// Of a cursor that only goes forward: to row `target` (1-based), with the rows from `first` on.
  Task<StatusOr<ColumnBatch>> FetchForward(Portal* portal, int64_t first, int64_t target, std::vector<DataType> types);
  /// RELEASE of, or ROLLBACK TO, the savepoint under which `depth` were open.
  void KeepPortals(size_t depth);
  void ForgetPortals(size_t depth);

  // ---- extended.cc ----
  StatusOr<std::shared_ptr<PreparedStatement>> PrepareText(std::string text, std::vector<DataType> parameter_types);
  StatusOr<std::vector<Value>> DecodeParameters(const PreparedStatement& prepared, const std::vector<net::pg::ParameterValue>& parameters);
  Task<Status> StartPortal(Portal* portal, net::pg::ResultSink* sink);
  Task<StatusOr<bool>> SendPortalRows(Portal* portal, uint64_t max_rows, net::pg::ResultSink* sink);

  const Services& services_;
  const SessionIdentity identity_;
  SessionSettings settings_;
  std::unique_ptr<SystemViews> views_;
  std::unique_ptr<CatalogFunctions> functions_;
  TextContext text_context_;
  std::shared_ptr<CancelState> cancel_ = std::make_shared<CancelState>();
  std::unique_ptr<Random> random_;

  Block block_ = Block::kNone;
  std::shared_ptr<Transaction> transaction_;
  LockManager::OwnerId lock_owner_ = 0;
  std::map<ChunkId, int64_t> sequence_values_;  // what nextval last gave this session, by the sequence's state
  TableId last_sequence_;
  bool used_sequences_ = false;
  bool made_temporary_schema_ = false;                 // perhaps in a transaction that was rolled back
  std::map<TableId, sql::parse::OnCommit> on_commit_;  // of temporary tables
  std::shared_ptr<Notifications::Inbox> inbox_ = std::make_shared<Notifications::Inbox>();
  std::set<std::string> channels_;                  // listened to
  std::vector<ListenAction> listen_actions_;        // of this transaction
  std::vector<PendingNotification> notifications_;  // of this transaction
  std::vector<Savepoint> savepoints_;
  sql::parse::IsolationLevel isolation_ = sql::parse::IsolationLevel::kReadCommitted;
  bool read_only_ = false;
  bool deferrable_ = false;
  bool snapshot_taken_ = false;
  bool adopted_ = false;          // the transaction is another node's to end
  bool several_statements_ = false;  // in this query message: SET TRANSACTION and SET LOCAL last to its end
  bool failed_implicit_ = false;  // an extended-protocol series failed; Sync rolls back
  absl::Time transaction_start_;
  absl::Time statement_start_;

  std::map<std::string, std::shared_ptr<PreparedStatement>> prepared_;
  std::map<std::string, std::shared_ptr<Portal>> portals_;
  net::pg::ResultSink* sink_ = nullptr;  // of the statement under way, for notices
  std::string_view statement_text_;      // of the statement under way, as the client wrote it
  PreparedStatement* running_ = nullptr;  // the statement under way, if it was prepared
  StatementSettings known_settings_;     // by KnownSettings()
  uint64_t known_version_ = 0;           // of the settings that known_settings_ and text_context_ come from
  TimerId timeout_timer_ = 0;

  mutable Mutex cancel_mutex_;
  Status cancel_reason_ ABSL_GUARDED_BY(cancel_mutex_);
};

/// "DROP TABLE" and its kin.
std::string DropTag(sql::parse::ObjectKind object);

}  // namespace tsd::coord
