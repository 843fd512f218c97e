// DDL: tables, views, schemas, databases, roles, servers. A transaction's catalog change is applied to its own view of the catalog at once
// and to everyone's at its commit, in one log record with the decision.
#include <algorithm>

#include "coord/session/session.h"
#include "coord/write/table_writer.h"
#include "engine/base/strings.h"
#include "sql/exec/evaluator.h"
#include "sql/parse/print.h"

namespace tsd::coord {

using namespace sql::parse;  // NOLINT: this file is about syntax trees

namespace {

constexpr size_t kMaxColumns = 1600;

Status NotSupported(std::string_view what) { return Error(sqlstate::kFeatureNotSupported, StrCat(what, " is not supported yet")); }

StatementResult Tagged(std::string tag) {
  StatementResult result;
  result.tag = std::move(tag);
  return result;
}

}  // namespace

Task<Status> Session::BeginDdl() {
  if (TransactionReadOnly()) co_return Error(sqlstate::kReadOnlySqlTransaction, "cannot execute DDL in a read-only transaction");
  CO_RETURN_IF_ERROR(co_await EnsureTransaction());
  transaction_->NextLevel();
  if (!holds_ddl_lock_) {
    co_await services_.ddl_lock->Lock();
    holds_ddl_lock_ = true;
  }
  co_return OkStatus();
}

Status Session::ApplyDdl(CatalogChange change) {
  auto next = std::make_shared<sql::Catalog>(*catalog());
  RETURN_IF_ERROR(change.ApplyTo(*next));
  transaction_->change().Append(change);
  transaction_->SetCatalog(std::move(next));
  return OkStatus();
}

// Notes what is to be removed from the nodes once the transaction has committed.
void Session::DropStorage(const sql::Relation& relation, CatalogChange* change) {
  if (relation.heap.IsValid() && !relation.hypertable) change->AddPendingDrop(NodeId(), relation.heap);
  if (!relation.hypertable) return;
  for (const sql::ChunkPtr& chunk : relation.hypertable->chunks->chunks) {
    for (NodeId node : chunk->nodes) change->AddPendingDrop(node, chunk->id);
  }
}

namespace {

// Where a new object goes: its written schema, or the first of the search path.
StatusOr<std::string> TargetSchema(const ObjectName& name, const sql::Catalog& catalog, const std::vector<std::string>& path) {
  if (!name.schema.empty()) {
    if (SystemViews::IsSystemSchema(name.schema)) {
      return WithDetail(Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied to create \"", name.schema, ".", name.name, "\"")),
                        "System catalog modifications are currently disallowed.");
    }
    if (!catalog.schemas.contains(name.schema)) {
      return WithPosition(Error(sqlstate::kInvalidSchemaName, StrCat("schema \"", name.schema, "\" does not exist")), name.position);
    }
    return name.schema;
  }
  for (const std::string& schema : path) {
    if (catalog.schemas.contains(schema)) return schema;
  }
  return Error(sqlstate::kInvalidSchemaName, "no schema has been selected to create in");
}

Status ApplyConstraint(const Constraint& constraint, sql::Column* column) {
  switch (constraint.kind) {
    case ConstraintKind::kNull: return OkStatus();
    case ConstraintKind::kNotNull: column->not_null = true; return OkStatus();
    case ConstraintKind::kDefault: column->default_sql = PrintExpr(*constraint.expr); return OkStatus();
    case ConstraintKind::kCheck: return WithPosition(NotSupported("CHECK constraint"), constraint.position);
    case ConstraintKind::kPrimaryKey: return WithPosition(NotSupported("PRIMARY KEY"), constraint.position);
    case ConstraintKind::kUnique: return WithPosition(NotSupported("UNIQUE constraint"), constraint.position);
    case ConstraintKind::kForeignKey: return WithPosition(NotSupported("FOREIGN KEY"), constraint.position);
    case ConstraintKind::kIdentity:
    case ConstraintKind::kGenerated: return WithPosition(NotSupported("GENERATED column"), constraint.position);
    case ConstraintKind::kExclude: return WithPosition(NotSupported("EXCLUDE constraint"), constraint.position);
  }
  return OkStatus();
}

Status CheckColumnType(const std::string& name, DataType type, int position) {
  switch (type.id) {
    case TypeId::kUnknown:
    case TypeId::kVoid:
    case TypeId::kRecord:
      return WithPosition(Error(sqlstate::kInvalidTableDefinition, StrCat("column \"", name, "\" has pseudo-type ", tsd::TypeName(type))), position);
    default: return OkStatus();
  }
}

Status AddColumn(sql::Column column, sql::Relation* relation, int position) {
  if (relation->Find(column.name) != nullptr) {
    return WithPosition(Error(sqlstate::kDuplicateColumn, StrCat("column \"", column.name, "\" specified more than once")), position);
  }
  if (relation->columns.size() >= kMaxColumns) {
    return Error(sqlstate::kTooManyColumns, StrCat("tables can have at most ", kMaxColumns, " columns"));
  }
  column.id = ColumnId(++relation->last_column_id);
  relation->columns.push_back(std::move(column));
  return OkStatus();
}

}  // namespace

Task<StatusOr<StatementResult>> Session::CreateTable(const CreateTableStatement& statement) {
  if (!statement.inherits.empty()) co_return NotSupported("INHERITS");
  if (statement.partition != PartitionStrategy::kNone) {
    co_return WithHint(NotSupported("PARTITION BY"), "Use create_hypertable() or create_distributed_hypertable().");
  }
  if (statement.persistence == Persistence::kTemporary) co_return NotSupported("CREATE TEMPORARY TABLE");
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  sql::BindContext context = MakeBindContext();
  CO_ASSIGN_OR_RETURN(const std::string schema, TargetSchema(statement.name, *context.catalog, context.search_path));
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
  for (const TableElement& element : statement.elements) {
    if (element.column) {
      const ColumnDefinition& definition = *element.column;
      sql::Column column;
      column.name = definition.name;
      StatusOr<DataType> type = sql::ResolveTypeName(definition.type, context);
      if (!type.ok() && (definition.type.name.name == "serial" || definition.type.name.name == "bigserial" ||
                         definition.type.name.name == "smallserial")) {
        co_return WithPosition(NotSupported(definition.type.name.name), definition.position);
      }
      CO_ASSIGN_OR_RETURN(column.type, std::move(type));
      CO_RETURN_IF_ERROR(CheckColumnType(column.name, column.type, definition.position));
      for (const Constraint& constraint : definition.constraints) CO_RETURN_IF_ERROR(ApplyConstraint(constraint, &column));
      if (!column.default_sql.empty()) CO_RETURN_IF_ERROR(sql::BindDefault(column, context).status());
      CO_RETURN_IF_ERROR(AddColumn(std::move(column), &relation, definition.position));
    } else if (element.like) {
      CO_ASSIGN_OR_RETURN(const sql::RelationPtr source, sql::ResolveRelation(element.like->source, context));
      for (const sql::Column& from : source->columns) {
        sql::Column column = from;
        if ((element.like->include & static_cast<uint16_t>(LikeInclude::kDefaults)) == 0) column.default_sql.clear();
        CO_RETURN_IF_ERROR(AddColumn(std::move(column), &relation, element.like->source.position));
      }
    } else if (element.constraint) {
      sql::Column unused;
      CO_RETURN_IF_ERROR(ApplyConstraint(*element.constraint, &unused));
    }
  }
  CatalogChange change;
  change.PutRelation(relation);
  CO_RETURN_IF_ERROR(ApplyDdl(std::move(change)));
  co_return Tagged("CREATE TABLE");
}

Task<StatusOr<StatementResult>> Session::CreateTableAs(const CreateTableAsStatement& statement) {
  if (statement.materialized_view) co_return NotSupported("CREATE MATERIALIZED VIEW");
  if (statement.persistence == Persistence::kTemporary) co_return NotSupported("CREATE TEMPORARY TABLE");
  if (statement.query->kind != StatementKind::kSelect) co_return NotSupported("CREATE TABLE AS EXECUTE");
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  sql::BindContext context = MakeBindContext();
  CO_ASSIGN_OR_RETURN(const std::string schema, TargetSchema(statement.name, *context.catalog, context.search_path));
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
    CO_RETURN_IF_ERROR(AddColumn(std::move(column), relation.get(), 0));
  }
  CatalogChange change;
  change.PutRelation(*relation);
  CO_RETURN_IF_ERROR(ApplyDdl(std::move(change)));
  uint64_t rows = 0;
  if (statement.with_data) {
    WriteDeps deps{services_.log, services_.cluster, services_.chunks, services_.executor};
    TableWriter writer(deps, transaction_, relation);
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
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  sql::BindContext context = MakeBindContext();
  CO_ASSIGN_OR_RETURN(const std::string schema, TargetSchema(statement.name, *context.catalog, context.search_path));
  CO_ASSIGN_OR_RETURN(const sql::BoundStatement bound, sql::BindQuery(*statement.query, context));
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
    CO_RETURN_IF_ERROR(AddColumn(std::move(column), &view, 0));
  }
  CatalogChange change;
  change.PutRelation(view);
  CO_RETURN_IF_ERROR(ApplyDdl(std::move(change)));
  co_return Tagged("CREATE VIEW");
}

Task<StatusOr<StatementResult>> Session::Drop(const Statement* raw) {
  const auto& statement = As<DropStatement>(*raw);
  static const std::map<ObjectKind, std::pair<std::string, std::string>> kKinds = {
      {ObjectKind::kTable, {"table", "DROP TABLE"}},       {ObjectKind::kView, {"view", "DROP VIEW"}},
      {ObjectKind::kSchema, {"schema", "DROP SCHEMA"}},    {ObjectKind::kDatabase, {"database", "DROP DATABASE"}},
      {ObjectKind::kRole, {"role", "DROP ROLE"}},          {ObjectKind::kExtension, {"extension", "DROP EXTENSION"}},
      {ObjectKind::kIndex, {"index", "DROP INDEX"}},       {ObjectKind::kServer, {"server", "DROP SERVER"}},
  };
  auto kind = kKinds.find(statement.object);
  if (kind == kKinds.end()) co_return NotSupported("this DROP");
  const auto& [word, tag] = kind->second;
  if (statement.object == ObjectKind::kServer) {
    co_return WithHint(Error(sqlstate::kFeatureNotSupported, "operation not supported on a TimescaleDB data node"),
                       "Use delete_data_node() to remove data nodes from the cluster.");
  }
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  for (const ObjectName& name : statement.names) {
    CatalogChange change;
    sql::BindContext context = MakeBindContext();
    const sql::Catalog& current = *context.catalog;
    Status missing;
    switch (statement.object) {
      case ObjectKind::kTable:
      case ObjectKind::kView: {
        StatusOr<sql::RelationPtr> relation = sql::ResolveRelation(name, context);
        if (!relation.ok()) {
          missing = Error(sqlstate::kUndefinedTable, StrCat(word, " \"", name.name, "\" does not exist"));
          break;
        }
        const bool is_view = (*relation)->kind == sql::RelationKind::kView;
        if (is_view != (statement.object == ObjectKind::kView)) {
          co_return WithHint(Error(sqlstate::kWrongObjectType, StrCat("\"", name.name, "\" is not a ", word)),
                             StrCat("Use DROP ", is_view ? "VIEW to remove a view." : "TABLE to remove a table."));
        }
        if ((*relation)->kind == sql::RelationKind::kVirtual || SystemViews::IsSystemSchema((*relation)->schema)) {
          co_return Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied: \"", name.name, "\" is a system catalog"));
        }
        if ((*relation)->owner != identity_.user && !IsSuperuser()) {
          co_return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of ", word, " ", name.name));
        }
        DropStorage(**relation, &change);
        change.RemoveRelation((*relation)->id);
        break;
      }
      case ObjectKind::kSchema: {
        if (!current.schemas.contains(name.name)) {
          missing = Error(sqlstate::kInvalidSchemaName, StrCat("schema \"", name.name, "\" does not exist"));
          break;
        }
        for (const auto& [key, relation] : current.relations) {
          if (key.first != name.name) continue;
          if (statement.behavior != DropBehavior::kCascade) {
            co_return WithHint(WithDetail(Error(sqlstate::kDependentObjectsStillExist, StrCat("cannot drop schema ", name.name, " because other objects depend on it")),
                                          StrCat("table ", name.name, ".", relation->name, " depends on schema ", name.name)),
                               "Use DROP ... CASCADE to drop the dependent objects too.");
          }
          DropStorage(*relation, &change);
          change.RemoveRelation(relation->id);
        }
        change.RemoveSchema(name.name);
        break;
      }
      case ObjectKind::kRole:
        if (!current.roles.contains(name.name)) {
          missing = Error(sqlstate::kUndefinedObject, StrCat("role \"", name.name, "\" does not exist"));
        } else if (name.name == identity_.user) {
          co_return Error(sqlstate::kObjectInUse, "current user cannot be dropped");
        } else {
          change.RemoveRole(name.name);
        }
        break;
      case ObjectKind::kDatabase:
        CO_RETURN_IF_ERROR(RequireNoBlock("DROP DATABASE"));
        if (!current.databases.contains(name.name)) {
          missing = Error(sqlstate::kInvalidCatalogName, StrCat("database \"", name.name, "\" does not exist"));
        } else if (name.name == identity_.database) {
          co_return Error(sqlstate::kObjectInUse, "cannot drop the currently open database");
        } else {
          change.RemoveDatabase(name.name);
        }
        break;
      default: missing = Error(sqlstate::kUndefinedObject, StrCat(word, " \"", name.name, "\" does not exist"));
    }
    if (!missing.ok()) {
      if (!statement.if_exists) co_return missing;
      Notice("NOTICE", sqlstate::kSuccess, StrCat(missing.message(), ", skipping"));
      continue;
    }
    CO_RETURN_IF_ERROR(ApplyDdl(std::move(change)));
  }
  co_return Tagged(tag);
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
  CO_RETURN_IF_ERROR(ApplyDdl(std::move(change)));
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
      sql::BindContext context = MakeBindContext();
      CO_RETURN_IF_ERROR(sql::ResolveRelation(statement.table, context).status());
      if (statement.unique) co_return NotSupported("CREATE UNIQUE INDEX");
      Notice("NOTICE", sqlstate::kSuccess, "indexes are not needed: chunks are sorted by the space and time columns and skipped by their ranges");
      co_return Tagged("CREATE INDEX");
    }
    default: co_return NotSupported("this statement");
  }
  CO_RETURN_IF_ERROR(ApplyDdl(std::move(change)));
  co_return Tagged(tag);
}

Task<StatusOr<StatementResult>> Session::RunDdl(const Statement* statement) {
  switch (statement->kind) {
    case StatementKind::kCreateTable: co_return co_await CreateTable(As<CreateTableStatement>(*statement));
    case StatementKind::kCreateTableAs: co_return co_await CreateTableAs(As<CreateTableAsStatement>(*statement));
    case StatementKind::kCreateView: co_return co_await CreateView(As<CreateViewStatement>(*statement));
    case StatementKind::kDrop: co_return co_await Drop(statement);
    case StatementKind::kAlterServer: co_return co_await AlterServer(statement);
    case StatementKind::kAlterObject:
      if (As<AlterObjectStatement>(*statement).object == ObjectKind::kServer) co_return co_await AlterServer(statement);
      co_return NotSupported("this ALTER");
    default: co_return co_await OtherDdl(statement);
  }
}

}  // namespace tsd::coord
