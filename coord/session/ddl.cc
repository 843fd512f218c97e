// DDL: tables, views, schemas, databases, roles, servers. A transaction's catalog change is applied to its own view of the catalog at once
// and to everyone's at its commit, in one log record with the decision.
#include <algorithm>

#include "coord/session/session.h"
#include "coord/session/table_definition.h"
#include "coord/write/table_writer.h"
#include "engine/base/strings.h"
#include "sql/exec/evaluator.h"
#include "sql/parse/print.h"

namespace tsd::coord {

using namespace sql::parse;  // NOLINT: this file is about syntax trees

namespace {

Status NotSupported(std::string_view what) { return Error(sqlstate::kFeatureNotSupported, StrCat(what, " is not supported yet")); }

StatementResult Tagged(std::string tag) {
  StatementResult result;
  result.tag = std::move(tag);
  return result;
}

}  // namespace

Task<Status> Session::BeginDdl(Persistence persistence) {
  const bool temporary = persistence == Persistence::kTemporary;
  if (TransactionReadOnly()) co_return Error(sqlstate::kReadOnlySqlTransaction, "cannot execute DDL in a read-only transaction");
  CO_RETURN_IF_ERROR(co_await EnsureTransaction());
  transaction_->NextLevel();
  if (temporary) co_return OkStatus();
  co_return co_await AcquireLock(kDdlLock, LockMode::kAccessExclusive, "", LockWait::kWait);
}

void Session::ApplyDdl(const CatalogChange& change) { transaction_->AddChange(change); }

Task<StatusOr<StatementResult>> Session::CreateTable(const CreateTableStatement& statement) {
  if (!statement.inherits.empty()) co_return NotSupported("INHERITS");
  if (statement.partition != PartitionStrategy::kNone) {
    co_return WithHint(NotSupported("PARTITION BY"), "Use create_hypertable() or create_distributed_hypertable().");
  }
  if (statement.on_commit != OnCommit::kNone && statement.persistence != Persistence::kTemporary) {
    co_return Error(sqlstate::kInvalidTableDefinition, "ON COMMIT can only be used on temporary tables");
  }
  CO_RETURN_IF_ERROR(co_await BeginDdl(statement.persistence));
  CO_ASSIGN_OR_RETURN(const std::string schema, TargetSchema(statement.name, statement.persistence));
  sql::BindContext context = MakeBindContext();
  if (context.catalog->Find(schema, statement.name.name)) {
    if (statement.if_not_exists) {
      Notice("NOTICE", sqlstate::kDuplicateTable, StrCat("relation \"", statement.name.name, "\" already exists, skipping"));
      co_return Tagged("CREATE TABLE");
    }
    co_return Error(sqlstate::kDuplicateTable, StrCat("relation \"", statement.name.name, "\" already exists"));
  }
  sql::Relation relation;
  relation.id = TableId(services_.log->AllocateOid());
  relation.schema = schema;
  relation.name = statement.name.name;
  relation.owner = identity_.user;
  relation.heap = services_.log->AllocateChunk();
  TableDefiner definer(*services_.log, std::move(context), &relation);
  for (const TableElement& element : statement.elements) {
    if (element.column) {
      CO_RETURN_IF_ERROR(definer.AddColumn(*element.column));
    } else if (element.like) {
      CO_ASSIGN_OR_RETURN(const sql::RelationPtr source, sql::ResolveRelation(element.like->source, definer.context()));
      CO_RETURN_IF_ERROR(definer.AddLike(*source, element.like->include, element.like->source.position));
    } else if (element.constraint) {
      CO_RETURN_IF_ERROR(definer.AddTableConstraint(*element.constraint));
    }
  }
  CO_RETURN_IF_ERROR(definer.FinishConstraints());
  CatalogChange change;
  for (const sql::Relation& sequence : definer.sequences()) change.PutRelation(sequence);
  change.PutRelation(relation);
  ApplyDdl(change);
  if (statement.on_commit != OnCommit::kNone) on_commit_[relation.id] = statement.on_commit;
  co_return Tagged("CREATE TABLE");
}

Task<StatusOr<StatementResult>> Session::CreateTableAs(const CreateTableAsStatement& statement) {
  if (statement.materialized_view) co_return NotSupported("CREATE MATERIALIZED VIEW");
  if (statement.query->kind != StatementKind::kSelect) co_return NotSupported("CREATE TABLE AS EXECUTE");
  if (statement.on_commit != OnCommit::kNone && statement.persistence != Persistence::kTemporary) {
    co_return Error(sqlstate::kInvalidTableDefinition, "ON COMMIT can only be used on temporary tables");
  }
  CO_RETURN_IF_ERROR(co_await BeginDdl(statement.persistence));
  CO_ASSIGN_OR_RETURN(const std::string schema, TargetSchema(statement.name, statement.persistence));
  sql::BindContext context = MakeBindContext();
  if (context.catalog->Find(schema, statement.name.name)) {
    if (statement.if_not_exists) {
      Notice("NOTICE", sqlstate::kDuplicateTable, StrCat("relation \"", statement.name.name, "\" already exists, skipping"));
      co_return Tagged("CREATE TABLE AS");
    }
    co_return Error(sqlstate::kDuplicateTable, StrCat("relation \"", statement.name.name, "\" already exists"));
  }
  CO_ASSIGN_OR_RETURN(StatementResult source, co_await RunSelect(statement.query.get(), nullptr));
  auto relation = std::make_shared<sql::Relation>();
  relation->id = TableId(services_.log->AllocateOid());
  relation->schema = schema;
  relation->name = statement.name.name;
  relation->owner = identity_.user;
  relation->heap = services_.log->AllocateChunk();
  if (statement.columns.size() > source.columns->size()) co_return Error(sqlstate::kSyntaxError, "too many column names were specified");
  for (size_t i = 0; i < source.columns->size(); ++i) {
    sql::Column column;
    column.name = i < statement.columns.size() ? statement.columns[i] : (*source.columns)[i].name;
    column.type = (*source.columns)[i].type;
    CO_RETURN_IF_ERROR(AppendColumn(std::move(column), relation.get(), 0));
  }
  CatalogChange change;
  change.PutRelation(*relation);
  ApplyDdl(change);
  if (statement.on_commit != OnCommit::kNone) on_commit_[relation->id] = statement.on_commit;
  uint64_t rows = 0;
  if (statement.with_data) {
    TableWriter writer(services_.ForWrites(*relation), transaction_, relation, nullptr);
    Status status;
    while (status.ok()) {
      StatusOr<ColumnBatch> batch = co_await source.rows->Next();
      status = batch.status();
      if (!status.ok() || batch->empty()) break;
      rows += batch->rows();
      status = co_await writer.Write(std::move(*batch));
    }
    const Status finished = co_await writer.Finish(TableWriter::LastWrite::kSend);
    CO_RETURN_IF_ERROR(status);
    CO_RETURN_IF_ERROR(finished);
  }
  co_return Tagged(statement.with_data ? StrCat("SELECT ", rows) : "CREATE TABLE AS");
}

Task<StatusOr<StatementResult>> Session::CreateView(const CreateViewStatement& statement) {
  sql::BindContext context = MakeBindContext();
  CO_ASSIGN_OR_RETURN(const sql::BoundStatement bound, sql::BindQuery(*statement.query, context));
  Persistence persistence = statement.persistence;
  const bool reads_temporary = std::ranges::any_of(bound.reads, [](const sql::RelationPtr& read) { return read->IsTemporary(); });
  if (reads_temporary && persistence != Persistence::kTemporary) {
    Notice("NOTICE", sqlstate::kSuccess, StrCat("view \"", statement.name.name, "\" will be a temporary view"));
    persistence = Persistence::kTemporary;
  }
  CO_RETURN_IF_ERROR(co_await BeginDdl(persistence));
  CO_ASSIGN_OR_RETURN(const std::string schema, TargetSchema(statement.name, persistence));
  context = MakeBindContext();
  const sql::RelationPtr existing = context.catalog->Find(schema, statement.name.name);
  if (existing && !(statement.or_replace && existing->kind == sql::RelationKind::kView)) {
    co_return Error(sqlstate::kDuplicateTable, StrCat("relation \"", statement.name.name, "\" already exists"));
  }
  sql::Relation view;
  view.id = existing ? existing->id : TableId(services_.log->AllocateOid());
  view.kind = sql::RelationKind::kView;
  view.schema = schema;
  view.name = statement.name.name;
  view.owner = identity_.user;
  view.view_sql = statement.query_text;
  for (size_t i = 0; i < bound.columns.size(); ++i) {
    sql::Column column;
    column.name = i < statement.columns.size() ? statement.columns[i] : bound.columns[i].name;
    column.type = bound.columns[i].type.Is(TypeId::kUnknown) ? DataType(TypeId::kText) : bound.columns[i].type;
    CO_RETURN_IF_ERROR(AppendColumn(std::move(column), &view, 0));
  }
  CatalogChange change;
  change.PutRelation(view);
  ApplyDdl(change);
  co_return Tagged("CREATE VIEW");
}

Task<StatusOr<StatementResult>> Session::AlterServer(const Statement* raw) {
  const bool rename = raw->kind == StatementKind::kAlterObject;
  const std::string name = rename ? As<AlterObjectStatement>(*raw).name.name.name : As<AlterServerStatement>(*raw).name;
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  const sql::CatalogPtr current = catalog();
  auto found = current->nodes.find(name);
  if (found == current->nodes.end()) co_return Error(sqlstate::kUndefinedObject, StrCat("server \"", name, "\" does not exist"));
  sql::DataNode node = *found->second;
  if (rename) {
    const auto& statement = As<AlterObjectStatement>(*raw);
    if (statement.action == AlterObjectAction::kRename) {
      if (current->nodes.contains(statement.new_name)) {
        co_return Error(sqlstate::kDuplicateObject, StrCat("server \"", statement.new_name, "\" already exists"));
      }
      node.name = statement.new_name;
    } else if (statement.action == AlterObjectAction::kOwner) {
      if (!current->roles.contains(statement.new_name)) {
        co_return Error(sqlstate::kUndefinedObject, StrCat("role \"", statement.new_name, "\" does not exist"));
      }
      node.owner = statement.new_name;
    } else {
      co_return NotSupported("ALTER SERVER SET SCHEMA");
    }
  } else {
    for (const Option& option : As<AlterServerStatement>(*raw).options) {
      if (option.name == "host") {
        node.host = option.text;
      } else if (option.name == "port") {
        const StatusOr<int64_t> port = ParseInteger(TypeId::kInt32, option.text);
        if (!port.ok() || *port < 1 || *port > 65535) {
          co_return WithHint(Error(sqlstate::kInvalidParameterValue, StrCat("invalid port number ", option.text)),
                             "The port number must be between 1 and 65535.");
        }
        node.port = static_cast<uint16_t>(*port);
      } else if (option.name == "dbname") {
        node.database = option.text;
      } else if (option.name == "available") {
        CO_ASSIGN_OR_RETURN(node.available, ParseBool(option.text));
        node.available_set = true;
      } else if (option.name != "fetch_size" && option.name != "fdw_startup_cost" && option.name != "fdw_tuple_cost") {
        co_return Error(sqlstate::kUndefinedObject, StrCat("invalid option \"", option.name, "\""));
      }
    }
  }
  CatalogChange change;
  if (node.name != name) change.RemoveNode(name);
  change.PutNode(node);
  ApplyDdl(change);
  co_return Tagged("ALTER SERVER");
}

namespace {

StatusOr<sql::Role> RoleFrom(const std::vector<Option>& options, sql::Role role) {
  for (const Option& option : options) {
    const bool on = option.text == "true";
    if (option.name == "superuser") role.superuser = on;
    else if (option.name == "login") role.can_login = on;
    else if (option.name == "createrole") role.create_role = on;
    else if (option.name == "createdb") role.create_db = on;
    else if (option.name == "connection_limit") {
      ASSIGN_OR_RETURN(const int64_t limit, ParseInteger(TypeId::kInt32, option.text));
      role.connection_limit = static_cast<int32_t>(limit);
    } else if (option.name == "password" && option.value_kind == OptionValueKind::kString) {
      return Error(sqlstate::kFeatureNotSupported, "passwords are not supported yet");
    }
  }
  return role;
}

}  // namespace

Task<StatusOr<StatementResult>> Session::OtherDdl(const Statement* raw) {
  CatalogChange change;
  std::string tag;
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  const sql::CatalogPtr current = catalog();
  switch (raw->kind) {
    case StatementKind::kCreateSchema: {
      const auto& statement = As<CreateSchemaStatement>(*raw);
      tag = "CREATE SCHEMA";
      const std::string name = statement.name;
      if (name.starts_with("pg_")) {
        co_return WithDetail(Error(sqlstate::kInvalidName, StrCat("unacceptable schema name \"", name, "\"")), "The prefix \"pg_\" is reserved for system schemas.");
      }
      if (current->schemas.contains(name) || SystemViews::IsSystemSchema(name)) {
        if (!statement.if_not_exists) co_return Error(sqlstate::kDuplicateSchema, StrCat("schema \"", name, "\" already exists"));
        Notice("NOTICE", sqlstate::kDuplicateSchema, StrCat("schema \"", name, "\" already exists, skipping"));
        co_return Tagged(tag);
      }
      change.PutSchema(name, services_.log->AllocateOid());
      break;
    }
    case StatementKind::kCreateDatabase: {
      const auto& statement = As<CreateDatabaseStatement>(*raw);
      tag = "CREATE DATABASE";
      CO_RETURN_IF_ERROR(RequireNoBlock("CREATE DATABASE"));
      if (current->databases.contains(statement.name)) {
        co_return Error(sqlstate::kDuplicateDatabase, StrCat("database \"", statement.name, "\" already exists"));
      }
      // All databases of a node share one catalog for now: a database is a name to connect to.
      change.PutDatabase(statement.name, services_.log->AllocateOid());
      break;
    }
    case StatementKind::kCreateRole: {
      const auto& statement = As<CreateRoleStatement>(*raw);
      tag = "CREATE ROLE";
      if (current->roles.contains(statement.name)) co_return Error(sqlstate::kDuplicateObject, StrCat("role \"", statement.name, "\" already exists"));
      sql::Role role;
      role.can_login = statement.spelling == CreateRoleStatement::Spelling::kUser;
      CO_ASSIGN_OR_RETURN(role, RoleFrom(statement.options, role));
      role.name = statement.name;
      role.oid = services_.log->AllocateOid();
      change.PutRole(role);
      break;
    }
    case StatementKind::kAlterRole: {
      const auto& statement = As<AlterRoleStatement>(*raw);
      tag = "ALTER ROLE";
      const std::string name = statement.name == "current_user" || statement.name == "session_user" ? identity_.user : statement.name;
      auto found = current->roles.find(name);
      if (found == current->roles.end()) co_return Error(sqlstate::kUndefinedObject, StrCat("role \"", name, "\" does not exist"));
      CO_ASSIGN_OR_RETURN(const sql::Role role, RoleFrom(statement.options, found->second));
      change.PutRole(role);
      break;
    }
    case StatementKind::kCreateExtension: {
      const auto& statement = As<CreateExtensionStatement>(*raw);
      tag = "CREATE EXTENSION";
      if (statement.name != "timescaledb" && statement.name != "plpgsql") {
        co_return WithDetail(Error(sqlstate::kFeatureNotSupported, StrCat("extension \"", statement.name, "\" is not available")),
                             "tsd has its extensions built in.");
      }
      if (!statement.if_not_exists) co_return Error(sqlstate::kDuplicateObject, StrCat("extension \"", statement.name, "\" already exists"));
      Notice("NOTICE", sqlstate::kDuplicateObject, StrCat("extension \"", statement.name, "\" already exists, skipping"));
      co_return Tagged(tag);
    }
    case StatementKind::kCreateServer:
      co_return WithHint(Error(sqlstate::kFeatureNotSupported, "operation not supported for a TimescaleDB data node"),
                         "Use add_data_node() to add data nodes to the cluster.");
    case StatementKind::kComment: {
      const auto& statement = As<CommentStatement>(*raw);
      tag = "COMMENT";
      if (statement.object != ObjectKind::kTable && statement.object != ObjectKind::kView) co_return Tagged(tag);
      sql::BindContext context = MakeBindContext();
      CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, sql::ResolveRelation(statement.name.name, context));
      sql::Relation changed = *relation;
      changed.comment = statement.text.value_or("");
      change.PutRelation(changed);
      break;
    }
    case StatementKind::kCreateIndex: {
      const auto& statement = As<CreateIndexStatement>(*raw);
      co_return co_await CreateIndex(statement);
    }
    default: co_return NotSupported("this statement");
  }
  ApplyDdl(change);
  co_return Tagged(tag);
}

namespace {

std::string CommandOf(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kCreateTable: return "CREATE TABLE";
    case StatementKind::kCreateTableAs: return "CREATE TABLE AS";
    case StatementKind::kCreateView: return "CREATE VIEW";
    case StatementKind::kDrop: return DropTag(As<DropStatement>(statement).object);
    case StatementKind::kCreateSequence: return "CREATE SEQUENCE";
    case StatementKind::kAlterSequence: return "ALTER SEQUENCE";
    case StatementKind::kAlterTable: return "ALTER TABLE";
    case StatementKind::kAlterServer: return "ALTER SERVER";
    case StatementKind::kCreateSchema: return "CREATE SCHEMA";
    case StatementKind::kCreateDatabase: return "CREATE DATABASE";
    case StatementKind::kCreateRole: return "CREATE ROLE";
    case StatementKind::kAlterRole: return "ALTER ROLE";
    case StatementKind::kComment: return "COMMENT";
    case StatementKind::kCreateIndex: return "CREATE INDEX";
    default: return "DDL";
  }
}

}  // namespace

Task<StatusOr<StatementResult>> Session::RunDdl(const Statement* statement) {
  if (TransactionReadOnly()) {
    co_return Error(sqlstate::kReadOnlySqlTransaction, StrCat("cannot execute ", CommandOf(*statement), " in a read-only transaction"));
  }
  switch (statement->kind) {
    case StatementKind::kCreateTable: co_return co_await CreateTable(As<CreateTableStatement>(*statement));
    case StatementKind::kCreateTableAs: co_return co_await CreateTableAs(As<CreateTableAsStatement>(*statement));
    case StatementKind::kCreateView: co_return co_await CreateView(As<CreateViewStatement>(*statement));
    case StatementKind::kDrop: co_return co_await Drop(statement);
    case StatementKind::kCreateSequence: co_return co_await CreateSequence(As<CreateSequenceStatement>(*statement));
    case StatementKind::kAlterSequence: co_return co_await AlterSequence(As<AlterSequenceStatement>(*statement));
    case StatementKind::kAlterTable: co_return co_await AlterTable(As<AlterTableStatement>(*statement));
    case StatementKind::kAlterServer: co_return co_await AlterServer(statement);
    case StatementKind::kAlterObject:
      if (As<AlterObjectStatement>(*statement).object == ObjectKind::kServer) co_return co_await AlterServer(statement);
      co_return NotSupported("this ALTER");
    default: co_return co_await OtherDdl(statement);
  }
}

}  // namespace tsd::coord
