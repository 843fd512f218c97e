#include "coord/session/catalog_functions.h"

#include <absl/strings/ascii.h>

#include "coord/session/index_definition.h"
#include "coord/session/session.h"
#include "coord/session/type_io.h"
#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "engine/types/datetime.h"
#include "sql/function/registry.h"
#include "sql/parse/print.h"

namespace tsd::coord {
namespace {

using Arguments = std::span<const Value>;

Value Name(std::string text) { return Value::Bytes(TypeId::kName, std::move(text)); }

// Schema and name of a relation by OID: a table, a chunk or a system relation.
bool RelationName(const sql::Catalog& catalog, uint32_t oid, std::string* schema, std::string* name) {
  if (sql::RelationPtr relation = catalog.Find(TableId(oid))) {
    *schema = relation->schema;
    *name = relation->name;
    return true;
  }
  if (sql::RelationPtr relation = SystemViews::FindByOid(oid)) {
    *schema = relation->schema;
    *name = relation->name;
    return true;
  }
  for (const auto& [key, relation] : catalog.relations) {
    for (const sql::Index& index : relation->indexes) {
      if (index.oid != oid) continue;
      *schema = relation->schema;
      *name = index.name;
      return true;
    }
    if (!relation->hypertable) continue;
    const sql::ChunkPtr chunk = relation->hypertable->chunks->FindByOid(oid);
    if (!chunk) continue;
    *schema = relation->hypertable->chunk_schema;
    *name = chunk->name;
    return true;
  }
  return false;
}

}  // namespace

StatusOr<uint32_t> CatalogFunctions::OidOf(TypeId kind, std::string_view name) const {
  const sql::CatalogPtr catalog = session_.catalog();
  if (kind == TypeId::kRegtype) {
    ASSIGN_OR_RETURN(const sql::parse::TypeName parsed, sql::parse::ParseTypeName(name));
    sql::BindContext context;
    context.catalog = catalog;
    ASSIGN_OR_RETURN(const DataType type, sql::ResolveTypeName(parsed, context));
    return TypeOid(type);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> parts, sql::parse::ParseQualifiedName(name));
  const std::string& last = parts.back();
  switch (kind) {
    case TypeId::kRegclass: {
      std::vector<std::string> schemas = parts.size() > 1 ? std::vector<std::string>{parts[parts.size() - 2]} : session_.SearchPathWithImplicit();
      if (parts.size() > 1) std::ranges::replace(schemas, "pg_temp", session_.ExistingTemporarySchema());
      SystemViews views(session_);
      for (const std::string& schema : schemas) {
        if (sql::RelationPtr relation = catalog->Find(schema, last)) return relation->id.value();
        if (sql::RelationPtr relation = views.Find(schema, last)) return relation->id.value();
        if (sql::RelationPtr relation = catalog->FindIndexed(schema, last)) return relation->FindIndex(last)->oid;
        for (const auto& [key, relation] : catalog->relations) {
          if (!relation->hypertable || relation->hypertable->chunk_schema != schema) continue;
          for (const sql::ChunkPtr& chunk : *relation->hypertable->chunks) {
            if (chunk->name == last) return chunk->oid;
          }
        }
      }
      return Error(sqlstate::kUndefinedTable, StrCat("relation \"", name, "\" does not exist"));
    }
    case TypeId::kRegnamespace: {
      if (const uint32_t oid = SystemViews::SchemaOid(last)) return oid;
      auto found = catalog->schemas.find(last);
      if (found != catalog->schemas.end()) return found->second;
      return Error(sqlstate::kInvalidSchemaName, StrCat("schema \"", name, "\" does not exist"));
    }
    case TypeId::kRegrole: {
      auto found = catalog->roles.find(last);
      if (found != catalog->roles.end()) return found->second.oid;
      return Error(sqlstate::kUndefinedObject, StrCat("role \"", name, "\" does not exist"));
    }
    default: {
      if (const uint32_t io = TypeIoOidOf(last)) return io;
      uint32_t oid = 800'000'000;
      for (const auto& function : sql::Registry::Get().all()) {
        ++oid;
        if (function->name == last) return oid;
      }
      return Error(sqlstate::kUndefinedFunction, StrCat("function \"", name, "\" does not exist"));
    }
  }
}

// Whether the relation is the one its bare name means.
bool CatalogFunctions::IsVisible(const std::string& schema, const std::string& relation) const {
  const sql::CatalogPtr catalog = session_.catalog();
  const SystemViews views(session_);
  for (const std::string& searched : session_.SearchPathWithImplicit()) {
    if (searched == schema) return true;
    if (catalog->Find(searched, relation) || views.Find(searched, relation)) return false;
  }
  return false;
}

bool CatalogFunctions::NameOf(TypeId kind, uint32_t oid, std::string* name) const {
  const sql::CatalogPtr catalog = session_.catalog();
  switch (kind) {
    case TypeId::kRegclass: {
      std::string schema, relation;
      if (!RelationName(*catalog, oid, &schema, &relation)) return false;
      *name = IsVisible(schema, relation) ? sql::parse::QuoteIdentifier(relation)
                                          : StrCat(sql::parse::QuoteIdentifier(schema), ".", sql::parse::QuoteIdentifier(relation));
      return true;
    }
    case TypeId::kRegtype: {
      bool known = false;
      const DataType type = TypeFromOid(oid, &known);
      if (known) *name = TypeName(type);
      return known;
    }
    case TypeId::kRegnamespace:
      for (const std::string& schema : SystemViews::SystemSchemas()) {
        if (SystemViews::SchemaOid(schema) == oid) return *name = schema, true;
      }
      for (const auto& [schema, schema_oid] : catalog->schemas) {
        if (schema_oid == oid) return *name = schema, true;
      }
      return false;
    case TypeId::kRegrole:
      for (const auto& [role_name, role] : catalog->roles) {
        if (role.oid == oid) return *name = sql::parse::QuoteIdentifier(role_name), true;
      }
      return false;
    default: {
      if (oid == 0) return *name = "-", true;
      if (TypeIoName(oid, name)) return true;
      const size_t index = oid - 800'000'001;
      if (index >= sql::Registry::Get().all().size()) return false;
      *name = sql::Registry::Get().all()[index]->name;
      return true;
    }
  }
}

StatusOr<Value> CatalogFunctions::CallSequence(std::string_view name, Arguments arguments) {
  StatusOr<int64_t> value = 0;
  if (name == "lastval") {
    value = session_.LastValue();
  } else {
    const uint32_t oid = static_cast<uint32_t>(arguments[0].AsInteger());
    if (name == "nextval") value = session_.NextValue(oid);
    else if (name == "currval") value = session_.CurrentValue(oid);
    else value = session_.SetValue(oid, arguments[1].AsInteger(), arguments.size() < 3 || arguments[2].AsBool());
  }
  RETURN_IF_ERROR(value.status());
  return Value::Int64(*value);
}

// pg_get_serial_sequence('table', 'column'): the sequence that column owns.
StatusOr<Value> CatalogFunctions::SerialSequence(Arguments arguments, const DataType& result) const {
  ASSIGN_OR_RETURN(const uint32_t oid, OidOf(TypeId::kRegclass, arguments[0].AsBytes()));
  const sql::CatalogPtr catalog = session_.catalog();
  const sql::RelationPtr table = catalog->Find(TableId(oid));
  const sql::Column* column = table ? table->Find(arguments[1].AsBytes()) : nullptr;
  if (column == nullptr) {
    return Error(sqlstate::kUndefinedColumn, StrCat("column \"", arguments[1].AsBytes(), "\" of relation \"", arguments[0].AsBytes(), "\" does not exist"));
  }
  for (const auto& [key, relation] : catalog->relations) {
    if (!relation->sequence || relation->sequence->owner_table != table->id || relation->sequence->owner_column != column->id) continue;
    return Value::Text(StrCat(sql::parse::QuoteIdentifier(relation->schema), ".", sql::parse::QuoteIdentifier(relation->name)));
  }
  return Value::Null(result);
}

StatusOr<Value> CatalogFunctions::ConstraintDefinition(uint32_t oid, const DataType& result) const {
  const sql::CatalogPtr catalog = session_.catalog();
  for (const auto& [key, relation] : catalog->relations) {
    for (const sql::Index& index : relation->indexes) {
      if (index.constraint_oid == oid && oid != 0) return Value::Text(KeyDefinition(*relation, index));
    }
    for (size_t i = 0; i < relation->checks.size(); ++i) {
      if (CheckConstraintOid(*relation, i) == oid) return Value::Text(StrCat("CHECK (", relation->checks[i].sql, ")"));
    }
  }
  return Value::Null(result);
}

StatusOr<Value> CatalogFunctions::IndexDefinitionOf(std::span<const Value> arguments, const DataType& result) const {
  const sql::CatalogPtr catalog = session_.catalog();
  const auto oid = static_cast<uint32_t>(arguments[0].AsInteger());
  const int64_t column = arguments.size() > 1 && !arguments[1].IsNull() ? arguments[1].AsInteger() : 0;
  for (const auto& [key, relation] : catalog->relations) {
    for (const sql::Index& index : relation->indexes) {
      if (index.oid != oid) continue;
      if (column == 0) return Value::Text(IndexDefinition(*relation, index));
      if (column < 0 || static_cast<size_t>(column) > index.columns.size()) return Value::Text("");
      return Value::Text(sql::parse::QuoteIdentifier(relation->Find(index.columns[static_cast<size_t>(column - 1)])->name));
    }
  }
  return Value::Null(result);
}

// CHECKs have no OIDs of their own in the catalog: the table's and the constraint's place make one.
uint32_t CheckConstraintOid(const sql::Relation& relation, size_t index) {
  return 1'000'000'000u + relation.id.value() * 64 + static_cast<uint32_t>(index);
}

StatusOr<Value> CatalogFunctions::Call(std::string_view key, Arguments arguments, const DataType& result) {
  const std::string_view name = key.substr(0, key.find('('));
  const sql::CatalogPtr catalog = session_.catalog();
  auto oid = [&](size_t index) { return static_cast<uint32_t>(arguments[index].AsInteger()); };
  if (name == "current_setting") {
    const bool missing_ok = arguments.size() > 1 && !arguments[1].IsNull() && arguments[1].AsBool();
    if (arguments[0].IsNull()) return Value::Null(result);
    StatusOr<std::string> value = session_.ShowSetting(arguments[0].AsBytes());
    if (!value.ok()) return missing_ok ? StatusOr<Value>(Value::Null(result)) : value.status();
    return Value::Text(*value);
  }
  if (name == "set_config") {
    if (arguments[0].IsNull()) return Error(sqlstate::kNullValueNotAllowed, "SET requires parameter name");
    RETURN_IF_ERROR(session_.settings().Set(arguments[0].AsBytes(), arguments[1].IsNull() ? "" : arguments[1].AsBytes(),
                                            !arguments[2].IsNull() && arguments[2].AsBool()));
    ASSIGN_OR_RETURN(const std::string value, session_.settings().Get(arguments[0].AsBytes()));
    return Value::Text(value);
  }
  if (name == "version") return Value::Text("PostgreSQL 15.0 (tsd 0.1) on x86_64-pc-linux-gnu, 64-bit");
  if (name == "pg_backend_pid") return Value::Int32(session_.identity().process_id);
  if (name == "current_database" || name == "current_catalog") return Name(session_.identity().database);
  if (name == "current_user" || name == "session_user" || name == "user" || name == "current_role" || name == "getpgusername") {
    return Name(session_.identity().user);
  }
  if (name == "pg_notify") {
    const auto text = [&](size_t i) { return arguments[i].IsNull() ? std::string() : std::string(arguments[i].AsBytes()); };
    RETURN_IF_ERROR(session_.Notify(text(0), text(1)));
    return Value::Bytes(result, "");
  }
  if (name == "pg_notification_queue_usage") return Value::Float64(0);
  if (name == "pg_reload_conf") return ReloadConfiguration();
  if (name == "pg_cancel_backend" || name == "pg_terminate_backend") return SignalBackend(name == "pg_terminate_backend", arguments[0]);
  if (name == "current_schema") {
    const std::vector<std::string> path = session_.SearchPath();
    return path.empty() ? Value::Null(result) : Name(path[0]);
  }
  if (name == "current_schemas") {
    auto elements = std::make_shared<Vector>(TypeId::kName);
    for (const std::string& schema : arguments[0].AsBool() ? session_.SearchPathWithImplicit() : session_.SearchPath()) elements->AppendBytes(schema);
    return Value::Bytes(result, ArrayValue::FromVector(std::move(elements)).Encode());
  }
  if (name == "pg_get_userbyid") {
    std::string role;
    return Name(NameOf(TypeId::kRegrole, oid(0), &role) ? role : StrCat("unknown (OID=", oid(0), ")"));
  }
  if (name == "to_regclass" || name == "to_regtype" || name == "to_regnamespace" || name == "to_regrole" || name == "to_regproc") {
    const StatusOr<uint32_t> found = OidOf(result.id, arguments[0].AsBytes());
    return found.ok() ? Value::Integer(result, *found) : Value::Null(result);
  }
  if (name == "pg_table_is_visible") {
    std::string schema, relation;
    if (!RelationName(*catalog, oid(0), &schema, &relation)) return Value::Null(result);
    return Value::Bool(IsVisible(schema, relation));
  }
  if (name.ends_with("_is_visible")) return Value::Bool(true);
  if (name == "obj_description" || name == "shobj_description") {
    const sql::RelationPtr relation = catalog->Find(TableId(oid(0)));
    return relation && !relation->comment.empty() ? Value::Text(relation->comment) : Value::Null(result);
  }
  if (name == "pg_get_viewdef" && key != "pg_get_viewdef(text)") {
    const sql::RelationPtr relation = catalog->Find(TableId(oid(0)));
    return relation && relation->kind == sql::RelationKind::kView ? Value::Text(relation->view_sql) : Value::Null(result);
  }
  if (name.starts_with("has_")) return Value::Bool(true);
  if (name == "pg_has_role") return Value::Bool(session_.IsSuperuser());
  if (name == "pg_relation_is_publishable" || name == "row_security_active") return Value::Bool(false);
  if (name == "pg_postmaster_start_time" || name == "pg_conf_load_time") {
    return Value::Integer(TypeId::kTimestampTz, TimestampFromAbsl(session_.services().start_time));
  }
  if (name == "inet_server_port") return Value::Int32(static_cast<int32_t>(session_.services().settings->GetInteger("port")));
  if (name == "inet_server_addr" || name == "inet_client_addr") {
    return Value::Bytes(result, name == "inet_server_addr" ? session_.services().settings->Get("listen_addresses") : session_.identity().peer.host);
  }
  if (name == "inet_client_port") return Value::Int32(session_.identity().peer.port);
  if (name.starts_with("txid_current")) return Value::Int64(static_cast<int64_t>(session_.services().commit_clock->ReadTimestamp().value()));
  if (name == "pg_relation_size" || name == "pg_table_size" || name == "pg_total_relation_size" || name == "pg_indexes_size") {
    const sql::RelationPtr relation = catalog->Find(TableId(oid(0)));
    const bool local = relation && !relation->hypertable && name != "pg_indexes_size";
    return Value::Int64(local ? static_cast<int64_t>(session_.services().store->SizeOf(relation->heap).bytes) : 0);
  }
  if (name == "pg_database_size") {
    // Of this node, as on any PostgreSQL server; hypertable_size() asks the data nodes.
    int64_t bytes = 0;
    for (const ChunkId chunk : session_.services().store->Chunks()) bytes += static_cast<int64_t>(session_.services().store->SizeOf(chunk).bytes);
    return Value::Int64(bytes);
  }
  if (name == "pg_my_temp_schema" || name == "pg_is_other_temp_schema") {
    auto own = catalog->schemas.find(session_.ExistingTemporarySchema());
    const uint32_t own_oid = own == catalog->schemas.end() ? 0 : own->second;
    if (name == "pg_my_temp_schema") return Value::Oid(own_oid);
    std::string schema;
    return Value::Bool(oid(0) != own_oid && NameOf(TypeId::kRegnamespace, oid(0), &schema) && schema.starts_with(sql::kTemporarySchemaPrefix));
  }
  if (name == "pg_advisory_unlock_all") return Value::Bytes(result, "");  // no session has any
  if (name == "nextval" || name == "currval" || name == "lastval" || name == "setval") return CallSequence(name, arguments);
  if (name == "pg_get_serial_sequence") return SerialSequence(arguments, result);
  if (name == "pg_get_constraintdef") return ConstraintDefinition(oid(0), result);
  if (name == "pg_get_indexdef") return IndexDefinitionOf(arguments, result);
  if (name.starts_with("pg_advisory") || name.starts_with("pg_try_advisory")) {
    return Error(sqlstate::kFeatureNotSupported, "advisory locks are not supported yet");
  }
  if (result.Is(TypeId::kInt64)) return Value::Int64(0);
  // What tsd has no objects of (triggers, rules …) has no definition either.
  return Value::Null(result);
}

}  // namespace tsd::coord
