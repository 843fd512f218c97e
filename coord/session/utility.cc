// SET, SHOW, EXPLAIN, CALL, PREPARE / EXECUTE, cursors, and what PostgreSQL's tools send along.
#include <absl/strings/str_format.h>

#include <algorithm>

#include "coord/session/session.h"
#include "coord/session/table_functions.h"
#include "engine/base/strings.h"
#include "sql/exec/evaluator.h"
#include "sql/parse/print.h"
#include "sql/plan/explain.h"

namespace tsd::coord {

using namespace sql::parse;  // NOLINT: this file is about syntax trees
using net::pg::ResultSink;
using net::pg::RowDescription;

namespace {

StatementResult Tagged(std::string tag) {
  StatementResult result;
  result.tag = std::move(tag);
  return result;
}

StatementResult TextRows(std::vector<std::string> names, const std::vector<std::vector<std::string>>& rows, std::string tag) {
  StatementResult result;
  result.columns.emplace();
  std::vector<DataType> types;
  for (std::string& name : names) {
    result.columns->push_back({std::move(name), TypeId::kText, 0, 0});
    types.push_back(TypeId::kText);
  }
  BatchBuilder builder(types);
  for (const std::vector<std::string>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) builder.column(i).AppendBytes(row[i]);
    builder.FinishRow();
  }
  std::vector<ColumnBatch> batches;
  if (builder.rows() > 0) batches.push_back(builder.Finish());
  result.rows = std::make_shared<MaterializedRows>(std::move(batches));
  result.tag = std::move(tag);
  return result;
}

Status NotSupported(std::string_view what) { return Error(sqlstate::kFeatureNotSupported, StrCat(what, " is not supported yet")); }

}  // namespace

Task<StatusOr<StatementResult>> Session::RunUtility(const Statement* statement, const std::vector<Value>* parameters, ResultSink* sink) {
  switch (statement->kind) {
    case StatementKind::kCopy: co_return co_await RunCopy(As<CopyStatement>(*statement), sink);
    case StatementKind::kTruncate: co_return co_await RunTruncate(As<TruncateStatement>(*statement));
    case StatementKind::kSet: CO_RETURN_IF_ERROR(RunSet(As<SetStatement>(*statement))); co_return Tagged("SET");
    case StatementKind::kReset: {
      const auto& reset = As<ResetStatement>(*statement);
      if (reset.name.empty()) {
        settings_.ResetAll();
      } else {
        CO_RETURN_IF_ERROR(settings_.Reset(reset.name));
      }
      RefreshContexts();
      co_return Tagged("RESET");
    }
    case StatementKind::kShow: co_return RunShow(As<ShowStatement>(*statement));
    case StatementKind::kSetTransaction:
      CO_RETURN_IF_ERROR(SetTransactionModes(As<SetTransactionStatement>(*statement)));
      co_return Tagged("SET");
    case StatementKind::kSetConstraints: co_return Tagged("SET CONSTRAINTS");
    case StatementKind::kDiscard: co_return co_await RunDiscard(As<DiscardStatement>(*statement));
    case StatementKind::kPrepare: CO_RETURN_IF_ERROR(RunPrepare(As<PrepareStatement>(*statement))); co_return Tagged("PREPARE");
    case StatementKind::kExecute: co_return co_await RunExecute(As<ExecuteStatement>(*statement), sink);
    case StatementKind::kDeallocate: {
      const auto& deallocate = As<DeallocateStatement>(*statement);
      if (deallocate.name.empty()) {
        prepared_.clear();
        co_return Tagged("DEALLOCATE ALL");
      }
      if (prepared_.erase(deallocate.name) == 0) {
        co_return Error(sqlstate::kInvalidSqlStatementName, StrCat("prepared statement \"", deallocate.name, "\" does not exist"));
      }
      co_return Tagged("DEALLOCATE");
    }
    case StatementKind::kDeclareCursor: co_return co_await RunDeclare(As<DeclareCursorStatement>(*statement), parameters);
    case StatementKind::kFetch: co_return co_await RunFetch(As<FetchStatement>(*statement));
    case StatementKind::kCloseCursor: {
      const auto& close = As<CloseCursorStatement>(*statement);
      if (close.name.empty()) {
        std::erase_if(portals_, [](const auto& entry) { return entry.second->is_cursor; });
        co_return Tagged("CLOSE CURSOR ALL");
      }
      if (portals_.erase(close.name) == 0) {
        co_return Error(sqlstate::kInvalidCursorName, StrCat("cursor \"", close.name, "\" does not exist"));
      }
      co_return Tagged("CLOSE CURSOR");
    }
    case StatementKind::kCall: co_return co_await RunCall(As<CallStatement>(*statement));
    case StatementKind::kUnlisten: Listen({false, As<UnlistenStatement>(*statement).channel}); co_return Tagged("UNLISTEN");
    case StatementKind::kListen:
      if (adopted_) co_return NotSupported("LISTEN in distributed_exec()");
      Listen({true, As<ListenStatement>(*statement).channel});
      co_return Tagged("LISTEN");
    case StatementKind::kNotify: {
      const auto& notify = As<NotifyStatement>(*statement);
      CO_RETURN_IF_ERROR(Notify(notify.channel, notify.payload));
      co_return Tagged("NOTIFY");
    }
    case StatementKind::kDo: co_return NotSupported("DO");
    case StatementKind::kLock: co_return co_await RunLock(As<LockStatement>(*statement));
    case StatementKind::kMaintenance: {
      static const std::map<MaintenanceKind, std::string> kTags = {
          {MaintenanceKind::kVacuum, "VACUUM"},   {MaintenanceKind::kAnalyze, "ANALYZE"},       {MaintenanceKind::kReindex, "REINDEX"},
          {MaintenanceKind::kCluster, "CLUSTER"}, {MaintenanceKind::kCheckpoint, "CHECKPOINT"}, {MaintenanceKind::kLoad, "LOAD"}};
      const auto& maintenance = As<MaintenanceStatement>(*statement);
      if (maintenance.maintenance == MaintenanceKind::kVacuum) CO_RETURN_IF_ERROR(RequireNoBlock("VACUUM"));
      for (const auto& target : maintenance.targets) {
        sql::BindContext context = MakeBindContext();
        if (maintenance.reindex_kind.empty() || maintenance.reindex_kind == "table") {
          CO_RETURN_IF_ERROR(sql::ResolveRelation(target.name, context).status());
        }
      }
      if (maintenance.maintenance == MaintenanceKind::kCheckpoint) {
        Future<Status> flushed = services_.store->Flush();
        CO_RETURN_IF_ERROR(co_await flushed);
      }
      co_return Tagged(kTags.at(maintenance.maintenance));
    }
    case StatementKind::kGrant: co_return NotSupported("GRANT and REVOKE");
    case StatementKind::kGrantRole: co_return NotSupported("GRANT role");
    case StatementKind::kAlterSystem: co_return WithHint(NotSupported("ALTER SYSTEM"), "Edit tsd.conf (SHOW config_file) and reload.");
    default: co_return co_await RunDdl(statement);
  }
}

Status Session::RunSet(const SetStatement& statement) {
  const SettingAssignment& setting = statement.setting;
  if (setting.source == SettingAssignment::Source::kFromCurrent) return OkStatus();
  if (setting.source == SettingAssignment::Source::kDefault) {
    if (setting.name == "role" || setting.name == "session_authorization") return OkStatus();
    RETURN_IF_ERROR(settings_.Reset(setting.name));
    RefreshContexts();
    return OkStatus();
  }
  std::string value;
  for (size_t i = 0; i < setting.values.size(); ++i) {
    // A list keeps quotes around names that need them ("$user").
    if (i > 0) value += ", ";
    const bool quote = setting.name == "search_path" && setting.values[i].find_first_of("$ ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos;
    value += quote ? StrCat("\"", setting.values[i], "\"") : setting.values[i];
  }
  if (setting.name == "session_authorization" || setting.name == "role") {
    if (value == identity_.user || value == "none" || value == "default") return OkStatus();
    return NotSupported(setting.name == "role" ? "SET ROLE to another role" : "SET SESSION AUTHORIZATION to another role");
  }
  if (setting.name == "transaction_isolation" || setting.name == "transaction_read_only") {
    SetTransactionStatement modes(0);
    if (setting.name == "transaction_read_only") {
      ASSIGN_OR_RETURN(const bool read_only, ParseBool(value));
      modes.modes.read_only = read_only;
    } else if (value == "serializable") {
      modes.modes.isolation = IsolationLevel::kSerializable;
    } else if (value == "repeatable read") {
      modes.modes.isolation = IsolationLevel::kRepeatableRead;
    } else if (value == "read uncommitted") {
      modes.modes.isolation = IsolationLevel::kReadUncommitted;
    } else {
      modes.modes.isolation = IsolationLevel::kReadCommitted;
    }
    return SetTransactionModes(modes);
  }
  const bool local = statement.scope == SettingScope::kLocal;
  if (local && block_ == Block::kImplicit) {
    Notice("WARNING", sqlstate::kNoActiveSqlTransaction, "SET LOCAL can only be used in transaction blocks");
  }
  RETURN_IF_ERROR(settings_.Set(setting.name, value, local));
  RefreshContexts();
  return OkStatus();
}

StatusOr<StatementResult> Session::RunShow(const ShowStatement& statement) {
  if (statement.name.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const SettingDefinition& definition : AllSettings()) {
      rows.push_back({definition.name, *ShowSetting(definition.name), definition.description});
    }
    return TextRows({"name", "setting", "description"}, rows, "SHOW");
  }
  ASSIGN_OR_RETURN(const std::string value, ShowSetting(statement.name));
  const SettingDefinition* definition = FindSetting(statement.name);
  return TextRows({definition ? definition->name : statement.name}, {{value}}, "SHOW");
}

StatusOr<std::string> Session::ShowSetting(std::string_view name) const {
  if (name == "transaction_isolation") return TransactionIsolationName();
  if (name == "transaction_read_only") return std::string(TransactionReadOnly() ? "on" : "off");
  if (name == "is_superuser") return std::string(IsSuperuser() ? "on" : "off");
  if (name == "session_authorization") return identity_.user;
  return settings_.Get(name);
}

Task<StatusOr<StatementResult>> Session::RunDiscard(const DiscardStatement& statement) {
  switch (statement.discard) {
    case DiscardKind::kPlans: co_return Tagged("DISCARD PLANS");  // none are kept
    case DiscardKind::kSequences:
      sequence_values_.clear();
      last_sequence_ = TableId();
      co_return Tagged("DISCARD SEQUENCES");
    case DiscardKind::kTemporary: CO_RETURN_IF_ERROR(co_await DropTemporaries()); co_return Tagged("DISCARD TEMP");
    case DiscardKind::kAll: break;
  }
  CO_RETURN_IF_ERROR(RequireNoBlock("DISCARD ALL"));
  prepared_.clear();
  std::erase_if(portals_, [](const auto& entry) { return entry.second->is_cursor; });
  settings_.ResetAll();
  StopListening();
  sequence_values_.clear();
  last_sequence_ = TableId();
  RefreshContexts();
  CO_RETURN_IF_ERROR(co_await DropTemporaries());
  co_return Tagged("DISCARD ALL");
}

Status Session::RunPrepare(const PrepareStatement& statement) {
  if (prepared_.contains(statement.name)) {
    return Error(sqlstate::kDuplicatePreparedStatement, StrCat("prepared statement \"", statement.name, "\" already exists"));
  }
  std::vector<DataType> types;
  sql::BindContext context = MakeBindContext();
  for (const sql::parse::TypeName& name : statement.types) {
    ASSIGN_OR_RETURN(const DataType type, sql::ResolveTypeName(name, context));
    types.push_back(type);
  }
  ASSIGN_OR_RETURN(prepared_[statement.name], PrepareText(statement.statement_text, std::move(types)));
  return OkStatus();
}

Task<StatusOr<StatementResult>> Session::RunExecute(const ExecuteStatement& statement, ResultSink* sink) {
  auto found = prepared_.find(statement.name);
  if (found == prepared_.end()) {
    co_return Error(sqlstate::kInvalidSqlStatementName, StrCat("prepared statement \"", statement.name, "\" does not exist"));
  }
  std::shared_ptr<PreparedStatement> prepared = found->second;
  if (statement.args.size() != prepared->parameter_types.size()) {
    co_return WithDetail(Error(sqlstate::kSyntaxError, StrCat("wrong number of parameters for prepared statement \"", statement.name, "\"")),
                         StrCat("Expected ", prepared->parameter_types.size(), " parameters but got ", statement.args.size(), "."));
  }
  std::vector<Value> parameters;
  sql::BindContext context = MakeBindContext();
  for (size_t i = 0; i < statement.args.size(); ++i) {
    CO_ASSIGN_OR_RETURN(const sql::ExprPtr expr, sql::BindScalar(*statement.args[i], prepared->parameter_types[i], context));
    CO_ASSIGN_OR_RETURN(Value value, sql::EvaluateConstant(*expr, context.exec));
    parameters.push_back(std::move(value));
  }
  if (prepared->statement() == nullptr) co_return Tagged("");
  co_return co_await Run(prepared->statement(), &parameters, sink);
}

Task<StatusOr<StatementResult>> Session::RunExplain(const ExplainStatement& statement, const std::vector<Value>* parameters) {
  bool analyze = false, verbose = false, json = false, timing = true;
  for (const Option& option : statement.options) {
    bool on = true;
    if (option.name == "format") {
      json = option.text == "json";
      if (!json && option.text != "text") {
        co_return Error(sqlstate::kFeatureNotSupported, StrCat("EXPLAIN format \"", option.text, "\" is not supported"));
      }
      continue;
    }
    if (option.value_kind != OptionValueKind::kNone) {
      CO_ASSIGN_OR_RETURN(on, ParseBool(option.text));
    }
    if (option.name == "analyze") analyze = on;
    else if (option.name == "verbose") verbose = on;
    else if (option.name == "timing") timing = on;
    else if (option.name != "costs" && option.name != "buffers" && option.name != "summary" && option.name != "settings" && option.name != "wal") {
      co_return WithPosition(Error(sqlstate::kSyntaxError, StrCat("unrecognized EXPLAIN option \"", option.name, "\"")), option.position);
    }
  }
  const absl::Duration planning_start = services_.clock->Monotonic();
  CO_ASSIGN_OR_RETURN(const sql::BoundStatement bound, co_await BindLocked(statement.statement.get(), parameters));
  const bool modifies = bound.kind != sql::BoundKind::kSelect;
  if (analyze && modifies) CO_RETURN_IF_ERROR(CheckWritable(*bound.relation, "EXPLAIN"));
  CO_RETURN_IF_ERROR(co_await EnsureTransaction());
  co_await PrepareStatementSnapshot();
  CO_ASSIGN_OR_RETURN(sql::PlanPtr plan, OptimizePlan(bound, parameters));
  const absl::Duration execution_start = services_.clock->Monotonic();
  auto run = std::make_shared<QueryRun>(services_, transaction_, MakeQueryOptions(analyze));
  const sql::PlanNode* shown = plan.get();
  if (analyze && modifies) {
    CO_RETURN_IF_ERROR((co_await ModifyBound(bound, parameters, &run)).status());
    shown = &run->plan();
  } else if (analyze) {
    CO_RETURN_IF_ERROR(run->Start(plan));
    shown = &run->plan();
    while (true) {
      CO_ASSIGN_OR_RETURN(const ColumnBatch batch, co_await run->Next());
      if (batch.empty()) break;
    }
  }
  const absl::Duration end = services_.clock->Monotonic();
  sql::ExplainOptions options;
  options.verbose = verbose;
  options.timing = timing;
  if (analyze) options.stats = &run->stats();
  options.fragments = [&](const sql::GatherNode& gather) { return run->NotesOf(gather); };
  std::vector<std::vector<std::string>> rows;
  if (json) {
    rows.push_back({sql::PrintPlanJson(*shown, options)});
  } else {
    for (std::string& line : sql::PrintPlan(*shown, options)) rows.push_back({std::move(line)});
    if (bound.kind == sql::BoundKind::kInsert) rows.insert(rows.begin(), {StrCat("Insert on ", bound.relation->name)});
    if (bound.kind == sql::BoundKind::kUpdate) rows.insert(rows.begin(), {StrCat("Update on ", bound.relation->name)});
    if (bound.kind == sql::BoundKind::kDelete) rows.insert(rows.begin(), {StrCat("Delete on ", bound.relation->name)});
    if (analyze) {
      rows.push_back({absl::StrFormat("Planning Time: %.3f ms", absl::ToDoubleMilliseconds(execution_start - planning_start))});
      rows.push_back({absl::StrFormat("Execution Time: %.3f ms", absl::ToDoubleMilliseconds(end - execution_start))});
    }
  }
  co_return TextRows({"QUERY PLAN"}, rows, "EXPLAIN");
}

Task<StatusOr<StatementResult>> Session::RunCall(const CallStatement& statement) {
  // CALL f(args) of one of coord's functions runs as SELECT f(args); its row is the procedure's result (none for distributed_exec).
  const std::string text = StrCat("SELECT ", PrintExpr(*statement.call));
  CO_ASSIGN_OR_RETURN(const std::vector<ParsedStatement> parsed, ParseSql(text));
  StatusOr<StatementResult> result = co_await RunSelect(parsed[0].statement.get(), nullptr);
  if (!result.ok()) co_return WithPosition(result.status(), 0);
  while (true) {
    CO_ASSIGN_OR_RETURN(const ColumnBatch batch, co_await result->rows->Next());
    if (batch.empty()) break;
  }
  co_return Tagged("CALL");
}

// ---- cursors ----

Task<StatusOr<StatementResult>> Session::RunDeclare(const DeclareCursorStatement& statement, const std::vector<Value>* parameters) {
  if (!statement.hold && block_ != Block::kExplicit) {
    co_return Error(sqlstate::kNoActiveSqlTransaction, "DECLARE CURSOR can only be used in transaction blocks");
  }
  if (portals_.contains(statement.name)) {
    co_return Error(sqlstate::kDuplicateCursor, StrCat("cursor \"", statement.name, "\" already exists"));
  }
  sql::BoundStatement bound;
  for (bool as_bound = false; !as_bound;) {
    sql::BindContext context = MakeBindContext(parameters);
    CO_ASSIGN_OR_RETURN(bound, sql::BindQuery(*statement.query, context));
    CO_ASSIGN_OR_RETURN(as_bound, co_await LockBound(&bound));
  }
  CO_ASSIGN_OR_RETURN(std::shared_ptr<QueryRun> run, co_await StartQuery(bound, parameters, false));
  auto portal = std::make_shared<Portal>();
  portal->columns = DescriptionOf(bound.columns);
  portal->rows = std::move(run);
  portal->tag = "FETCH";
  portal->count_rows = true;
  portal->started = true;
  portal->is_cursor = true;
  portal->hold = statement.hold;
  portal->scroll = statement.scroll.value_or(false);
  if (statement.binary) portal->formats = {1};
  portals_[statement.name] = std::move(portal);
  co_return Tagged("DECLARE CURSOR");
}

namespace {

// Row `index` (0-based) of a cursor's rows seen so far.
bool AppendHistory(const std::vector<ColumnBatch>& history, int64_t index, BatchBuilder* out) {
  for (const ColumnBatch& batch : history) {
    if (index < static_cast<int64_t>(batch.rows())) {
      out->AppendRow(batch, static_cast<size_t>(index));
      return true;
    }
    index -= static_cast<int64_t>(batch.rows());
  }
  return false;
}

}  // namespace

// Moves the cursor and gives the rows it passed, as FETCH defines them.
Task<StatusOr<ColumnBatch>> Session::FetchRows(Portal* portal, const FetchStatement& statement) {
  std::vector<DataType> types;
  for (const auto& column : *portal->columns) types.push_back(column.type);
  BatchBuilder out(types);
  const bool forward_only = statement.direction == FetchDirection::kForward && statement.count >= 0;
  if (forward_only && !portal->scroll) {
    while (portal->rows && static_cast<int64_t>(out.rows()) < statement.count) {
      if (portal->rest_row >= portal->rest.rows()) {
        CO_ASSIGN_OR_RETURN(portal->rest, co_await portal->rows->Next());
        portal->rest_row = 0;
        if (portal->rest.empty()) {
          portal->rows.reset();
          portal->done = true;
          break;
        }
      }
      out.AppendRow(portal->rest, portal->rest_row++);
      ++portal->position;
    }
    co_return out.Finish();
  }
  if (!portal->scroll) {
    co_return WithHint(Error(sqlstate::kObjectNotInPrerequisiteState, "cursor can only scan forward"), "Declare it with SCROLL option to enable backward scan.");
  }
  // A scrollable cursor keeps its rows: everything up to the target is read, then rows are taken by number.
  int64_t count = 0;
  for (const ColumnBatch& batch : portal->history) count += static_cast<int64_t>(batch.rows());
  const bool needs_end = statement.direction == FetchDirection::kAbsolute && statement.count < 0;
  int64_t target = portal->position;  // 1-based row number to stand on
  if (statement.direction == FetchDirection::kForward) target = statement.count == FetchStatement::kAll ? INT64_MAX : portal->position + statement.count;
  if (statement.direction == FetchDirection::kRelative) target = portal->position + statement.count;
  if (statement.direction == FetchDirection::kAbsolute) target = statement.count;
  while (portal->rows && (needs_end || count < target)) {
    CO_ASSIGN_OR_RETURN(ColumnBatch batch, co_await portal->rows->Next());
    if (batch.empty()) {
      portal->rows.reset();
      portal->done = true;
      break;
    }
    count += static_cast<int64_t>(batch.rows());
    portal->history.push_back(std::move(batch));
  }
  if (needs_end) target = count + 1 + statement.count;
  const int64_t end = count + 1;
  if (statement.direction == FetchDirection::kAbsolute || statement.direction == FetchDirection::kRelative) {
    portal->position = std::clamp<int64_t>(target, 0, end);
    if (portal->position >= 1 && portal->position <= count) AppendHistory(portal->history, portal->position - 1, &out);
    co_return out.Finish();
  }
  const bool backward = statement.direction == FetchDirection::kBackward ? statement.count >= 0 : statement.count < 0;
  int64_t steps = statement.count == FetchStatement::kAll ? INT64_MAX : std::abs(statement.count);
  while (steps-- > 0) {
    const int64_t next = portal->position + (backward ? -1 : 1);
    portal->position = std::clamp<int64_t>(next, 0, end);
    if (portal->position < 1 || portal->position > count) break;
    AppendHistory(portal->history, portal->position - 1, &out);
  }
  co_return out.Finish();
}

Task<StatusOr<StatementResult>> Session::RunFetch(const FetchStatement& statement) {
  auto found = portals_.find(statement.cursor);
  if (found == portals_.end()) co_return Error(sqlstate::kInvalidCursorName, StrCat("cursor \"", statement.cursor, "\" does not exist"));
  std::shared_ptr<Portal> portal = found->second;
  if (!portal->columns.has_value()) co_return Error(sqlstate::kInvalidCursorState, StrCat("portal \"", statement.cursor, "\" is not a cursor"));
  // A portal that Bind made may be moved before it is ever executed (asyncpg's cursors).
  if (!portal->started && portal->prepared->statement()->kind == StatementKind::kSelect) {
    CO_RETURN_IF_ERROR(co_await StartPortal(portal.get(), sink_));
  }
  CO_ASSIGN_OR_RETURN(ColumnBatch rows, co_await FetchRows(portal.get(), statement));
  if (statement.move) co_return Tagged(StrCat("MOVE ", rows.rows()));
  StatementResult result;
  result.columns = portal->columns;
  std::vector<ColumnBatch> batches;
  if (!rows.empty()) batches.push_back(std::move(rows));
  result.rows = std::make_shared<MaterializedRows>(std::move(batches));
  result.tag = "FETCH";
  result.count_rows = true;
  co_return result;
}

}  // namespace tsd::coord
