// Queries: bind, optimise, run.
#include "coord/session/session.h"
#include "coord/session/table_functions.h"
#include "sql/optimize/optimizer.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::coord {

using net::pg::RowDescription;
using sql::parse::Statement;
using sql::parse::StatementKind;

sql::BindContext Session::MakeBindContext(const std::vector<Value>* parameters) {
  sql::BindContext context;
  if (parameters != nullptr) {
    for (const Value& value : *parameters) context.parameter_types.push_back(value.type());
  }
  context.catalog = catalog();
  context.virtual_tables = views_.get();
  context.table_functions = &CoordTableFunctions();
  context.search_path = SearchPath();
  context.temporary_schema = ExistingTemporarySchema();
  context.user = identity_.user;
  context.database = identity_.database;
  context.exec = MakeQueryOptions(false).exec;
  return context;
}

QueryOptions Session::MakeQueryOptions(bool analyze) {
  QueryOptions options;
  options.exec.datetime = text_context_.datetime;
  options.exec.datetime.now = transaction_start_;
  options.exec.statement_time = statement_start_;
  options.exec.extra_float_digits = text_context_.extra_float_digits;
  options.exec.bytea_output = text_context_.bytea_output;
  options.exec.functions = functions_.get();
  options.exec.clock = services_.clock;
  options.exec.random = random_.get();
  options.exec.cancelled = &cancel_->cancelled;
  options.zone = KnownSettings().zone;
  options.memory_bytes = known_settings_.query_memory_bytes;
  options.virtual_tables = views_.get();
  options.table_functions = shared_from_this();
  options.cancel = cancel_;
  options.analyze = analyze;
  return options;
}

StatusOr<sql::PlanPtr> Session::OptimizePlan(const sql::BoundStatement& bound, const std::vector<Value>* parameters) {
  sql::PlanPtr plan = bound.plan;
  if (parameters != nullptr && !parameters->empty()) {
    plan = sql::SubstituteParameters(*plan, *parameters);
  } else {
    plan = sql::ClonePlan(*plan);
  }
  sql::ExecContext exec = MakeQueryOptions(false).exec;
  sql::OptimizeContext context;
  context.catalog = catalog();
  context.exec = &exec;
  return sql::Optimize(std::move(plan), context);
}

Task<StatusOr<std::shared_ptr<QueryRun>>> Session::StartQuery(const sql::BoundStatement& bound, const std::vector<Value>* parameters,
                                                              bool analyze) {
  CO_RETURN_IF_ERROR(co_await EnsureTransaction());
  co_await PrepareStatementSnapshot();
  CO_ASSIGN_OR_RETURN(sql::PlanPtr plan, OptimizePlan(bound, parameters));
  auto run = std::make_shared<QueryRun>(services_, transaction_, MakeQueryOptions(analyze));
  CO_RETURN_IF_ERROR(run->Start(std::move(plan)));
  co_return run;
}

RowDescription Session::DescriptionOf(const std::vector<sql::ResultColumn>& columns) const {
  RowDescription description;
  for (const sql::ResultColumn& column : columns) {
    net::pg::ColumnDescription entry;
    entry.name = column.name;
    entry.type = column.type.Is(TypeId::kUnknown) ? DataType(TypeId::kText) : column.type;
    if (entry.type.Is(TypeId::kRecord)) entry.type.typmod = -1;  // the binder's own
    entry.table_oid = column.table.value();
    entry.column_number = column.column.value();
    description.push_back(std::move(entry));
  }
  return description;
}

Task<StatusOr<StatementResult>> Session::RunSelect(const Statement* statement, const std::vector<Value>* parameters) {
  CO_ASSIGN_OR_RETURN(const std::shared_ptr<const sql::BoundStatement> bound, co_await BindLocked(statement, parameters));
  CO_ASSIGN_OR_RETURN(std::shared_ptr<QueryRun> run, co_await StartQuery(*bound, parameters, false));
  StatementResult result;
  result.columns = DescriptionOf(bound->columns);
  result.rows = std::move(run);
  result.tag = "SELECT";
  result.count_rows = true;
  co_return result;
}

bool Session::IsCurrent(const Binding& binding) const {
  return binding.bound != nullptr && binding.settings_version == settings_.version() && binding.catalog == catalog();
}

StatusOr<std::optional<RowDescription>> Session::DescribeRows(const Statement* statement, std::vector<DataType>* parameter_types,
                                                              Binding* binding) {
  auto text_columns = [](std::vector<std::string> names) {
    RowDescription description;
    for (std::string& name : names) description.push_back({std::move(name), TypeId::kText, 0, 0});
    return description;
  };
  switch (statement->kind) {
    case StatementKind::kSelect:
    case StatementKind::kInsert:
    case StatementKind::kUpdate:
    case StatementKind::kDelete: {
      sql::BindContext context = MakeBindContext();
      context.parameter_types = *parameter_types;
      ASSIGN_OR_RETURN(sql::BoundStatement bound, sql::BindStatement(*statement, context));
      *parameter_types = bound.parameter_types;
      std::optional<RowDescription> description;
      if (bound.kind == sql::BoundKind::kSelect || !bound.returning.empty()) description = DescriptionOf(bound.columns);
      if (binding != nullptr) {
        binding->catalog = context.catalog;
        binding->settings_version = settings_.version();
        binding->bound = std::make_shared<const sql::BoundStatement>(std::move(bound));
        binding->values.reset();
      }
      return description;
    }
    case StatementKind::kShow: {
      const auto& show = sql::parse::As<sql::parse::ShowStatement>(*statement);
      if (show.name.empty()) return std::optional<RowDescription>(text_columns({"name", "setting", "description"}));
      const SettingDefinition* definition = FindSetting(show.name);
      return std::optional<RowDescription>(text_columns({definition ? definition->name : show.name}));
    }
    case StatementKind::kExplain:
      RETURN_IF_ERROR(DescribeRows(sql::parse::As<sql::parse::ExplainStatement>(*statement).statement.get(), parameter_types).status());
      return std::optional<RowDescription>(text_columns({"QUERY PLAN"}));
    case StatementKind::kDeclareCursor: {
      sql::BindContext context = MakeBindContext();
      context.parameter_types = *parameter_types;
      ASSIGN_OR_RETURN(const sql::BoundStatement bound, sql::BindQuery(*sql::parse::As<sql::parse::DeclareCursorStatement>(*statement).query, context));
      *parameter_types = bound.parameter_types;
      return std::optional<RowDescription>();
    }
    case StatementKind::kFetch: {
      const auto& fetch = sql::parse::As<sql::parse::FetchStatement>(*statement);
      auto found = portals_.find(fetch.cursor);
      if (found == portals_.end() || fetch.move) return std::optional<RowDescription>();
      return found->second->columns;
    }
    case StatementKind::kExecute: {
      auto found = prepared_.find(sql::parse::As<sql::parse::ExecuteStatement>(*statement).name);
      if (found == prepared_.end()) return std::optional<RowDescription>();
      return found->second->columns;
    }
    default: return std::optional<RowDescription>();
  }
}

}  // namespace tsd::coord
