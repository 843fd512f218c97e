// SET, SHOW, EXPLAIN, CALL, PREPARE / EXECUTE, and what PostgreSQL's tools send along.
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
      CO_RETURN_IF_ERROR(RunClose(close));
      co_return Tagged(close.name.empty() ? "CLOSE CURSOR ALL" : "CLOSE CURSOR");
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
  if (setting.name == "transaction_isolation" || setting.name == "transaction_read_only" || setting.name == "transaction_deferrable") {
    SetTransactionStatement modes(0);
    if (setting.name != "transaction_isolation") {
      ASSIGN_OR_RETURN(const bool on, ParseBool(value));
      (setting.name == "transaction_read_only" ? modes.modes.read_only : modes.modes.deferrable) = on;
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
  if (local && block_ == Block::kImplicit && !several_statements_) {
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
  if (name == "transaction_deferrable") return std::string(TransactionDeferrable() ? "on" : "off");
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
  running_ = prepared.get();
  StatusOr<StatementResult> result = co_await Run(prepared->statement(), &parameters, sink);
  running_ = nullptr;
  co_return result;
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
  CO_ASSIGN_OR_RETURN(const std::shared_ptr<const sql::BoundStatement> shared, co_await BindLocked(statement.statement.get(), parameters));
  const sql::BoundStatement& bound = *shared;
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

}  // namespace tsd::coord
