// Rows about schemas, tables, columns, types, functions: pg_class and its kin, information_schema.
#include "coord/session/catalog_functions.h"
#include "coord/session/index_definition.h"
#include "coord/session/session.h"
#include "coord/session/system_views.h"
#include "coord/session/type_io.h"
#include "engine/base/strings.h"
#include "engine/types/array.h"
#include "sql/function/registry.h"

namespace tsd::coord {
namespace {

constexpr int64_t kSuperuserOid = 10;
constexpr int64_t kHeapAccessMethod = 2;
constexpr int64_t kBtreeAccessMethod = 403;

int64_t OwnerOid(const sql::Catalog& catalog, const std::string& owner) {
  auto found = catalog.roles.find(owner);
  return found == catalog.roles.end() ? kSuperuserOid : found->second.oid;
}

int64_t SchemaOid(const sql::Catalog& catalog, const std::string& schema) {
  if (const uint32_t oid = SystemViews::SchemaOid(schema)) return oid;
  auto found = catalog.schemas.find(schema);
  return found == catalog.schemas.end() ? 0 : found->second;
}

// Calls back for every relation: users' first, then their chunks (with the hypertable's columns), then the system's.
void ForEachRelation(const Session& session, const std::function<void(const sql::Relation&, const sql::Relation* parent)>& visit) {
  const sql::CatalogPtr catalog = session.catalog();
  for (const auto& [key, relation] : catalog->relations) {
    visit(*relation, nullptr);
    if (!relation->hypertable) continue;
    sql::Relation chunk = *relation;
    chunk.hypertable.reset();
    chunk.indexes.clear();
    chunk.schema = relation->hypertable->chunk_schema;
    for (const sql::ChunkPtr& entry : *relation->hypertable->chunks) {
      chunk.id = TableId(entry->oid);
      chunk.name = entry->name;
      visit(chunk, relation.get());
    }
  }
  for (const sql::RelationPtr& relation : SystemViews::All()) visit(*relation, nullptr);
}

void ForEachIndex(const Session& session, const std::function<void(const sql::Relation&, const sql::Index&)>& visit) {
  const sql::CatalogPtr catalog = session.catalog();
  for (const auto& [key, relation] : catalog->relations) {
    for (const sql::Index& index : relation->indexes) visit(*relation, index);
  }
}

void PgNamespace(const Session& session, ViewRows* rows) {
  for (const std::string& name : SystemViews::SystemSchemas()) {
    rows->Row().Number("oid", SystemViews::SchemaOid(name)).Text("nspname", name).Number("nspowner", kSuperuserOid);
  }
  for (const auto& [name, oid] : session.catalog()->schemas) rows->Row().Number("oid", oid).Text("nspname", name).Number("nspowner", kSuperuserOid);
}

void PgClass(const Session& session, ViewRows* rows) {
  const sql::CatalogPtr catalog = session.catalog();
  ForEachRelation(session, [&](const sql::Relation& relation, const sql::Relation*) {
    const bool is_view = relation.kind == sql::RelationKind::kView ||
                         (relation.kind == sql::RelationKind::kVirtual && relation.schema != "pg_catalog");
    rows->Row().Number("oid", relation.id.value()).Text("relname", relation.name).Number("relnamespace", SchemaOid(*catalog, relation.schema))
        .Number("relowner", OwnerOid(*catalog, relation.owner)).Number("relam", is_view || relation.sequence ? 0 : kHeapAccessMethod)
        .Number("relfilenode", is_view ? 0 : relation.id.value()).Text("relkind", is_view ? "v" : relation.sequence ? "S" : "r")
        .Number("relchecks", static_cast<int64_t>(relation.checks.size())).Text("relpersistence", relation.IsTemporary() ? "t" : "p")
        .Number("relnatts", static_cast<int64_t>(relation.columns.size())).Flag("relispopulated", true).Text("relreplident", "d")
        .Flag("relhassubclass", relation.IsHypertable()).Flag("relhasindex", !relation.indexes.empty()).Any("reltuples", Value::Float32(-1));
  });
  ForEachIndex(session, [&](const sql::Relation& relation, const sql::Index& index) {
    rows->Row().Number("oid", index.oid).Text("relname", index.name).Number("relnamespace", SchemaOid(*catalog, relation.schema))
        .Number("relowner", OwnerOid(*catalog, relation.owner)).Number("relam", kBtreeAccessMethod).Number("relfilenode", index.oid)
        .Text("relkind", "i").Text("relpersistence", relation.IsTemporary() ? "t" : "p").Number("relnatts", static_cast<int64_t>(index.columns.size()))
        .Flag("relispopulated", true).Text("relreplident", "n").Any("reltuples", Value::Float32(-1));
  });
}

Value SmallNumbers(const std::vector<ColumnId>& columns) {
  auto elements = std::make_shared<Vector>(DataType(TypeId::kInt16));
  for (const ColumnId column : columns) elements->Append(static_cast<int16_t>(column.value()));
  DataType type(TypeId::kInt16);
  type.is_array = true;
  return Value::Bytes(type, ArrayValue::FromVector(std::move(elements)).Encode());
}

void PgIndex(const Session& session, ViewRows* rows) {
  ForEachIndex(session, [&](const sql::Relation& relation, const sql::Index& index) {
    const auto columns = static_cast<int64_t>(index.columns.size());
    rows->Row().Number("indexrelid", index.oid).Number("indrelid", relation.id.value()).Number("indnatts", columns).Number("indnkeyatts", columns)
        .Flag("indisunique", index.unique).Flag("indnullsnotdistinct", !index.nulls_distinct).Flag("indisprimary", index.primary)
        .Flag("indimmediate", true).Flag("indisvalid", true).Flag("indisready", true).Flag("indislive", true)
        .Any("indkey", SmallNumbers(index.columns)).Any("indoption", SmallNumbers(std::vector<ColumnId>(index.columns.size())));
  });
}

void PgIndexes(const Session& session, ViewRows* rows) {
  ForEachIndex(session, [&](const sql::Relation& relation, const sql::Index& index) {
    rows->Row().Text("schemaname", relation.schema).Text("tablename", relation.name).Text("indexname", index.name).Null("tablespace")
        .Text("indexdef", IndexDefinition(relation, index));
  });
}

void TableConstraints(const Session& session, ViewRows* rows) {
  const std::string& database = session.identity().database;
  const auto add = [&](const sql::Relation& relation, const std::string& name, const std::string& type) {
    rows->Row().Text("constraint_catalog", database).Text("constraint_schema", relation.schema).Text("constraint_name", name)
        .Text("table_catalog", database).Text("table_schema", relation.schema).Text("table_name", relation.name).Text("constraint_type", type)
        .YesNo("is_deferrable", false).YesNo("initially_deferred", false).YesNo("enforced", true);
  };
  for (const auto& [key, relation] : session.catalog()->relations) {
    for (const sql::CheckConstraint& check : relation->checks) {
      add(*relation, check.name, "CHECK");
      rows->Null("nulls_distinct");
    }
  }
  ForEachIndex(session, [&](const sql::Relation& relation, const sql::Index& index) {
    if (index.constraint_oid == 0) return;
    add(relation, index.name, index.primary ? "PRIMARY KEY" : "UNIQUE");
    if (index.primary) rows->Null("nulls_distinct");
    else rows->YesNo("nulls_distinct", index.nulls_distinct);
  });
}

void KeyColumnUsage(const Session& session, ViewRows* rows) {
  const std::string& database = session.identity().database;
  ForEachIndex(session, [&](const sql::Relation& relation, const sql::Index& index) {
    if (index.constraint_oid == 0) return;
    int64_t position = 0;
    for (const ColumnId column : index.columns) {
      rows->Row().Text("constraint_catalog", database).Text("constraint_schema", relation.schema).Text("constraint_name", index.name)
          .Text("table_catalog", database).Text("table_schema", relation.schema).Text("table_name", relation.name)
          .Text("column_name", relation.Find(column)->name).Number("ordinal_position", ++position).Null("position_in_unique_constraint");
    }
  });
}

// An identity column's numbers are not a default that can be changed.
bool HasDefault(const sql::Column& column) { return !column.default_sql.empty() && column.identity == sql::Identity::kNone; }

void PgConstraint(const Session& session, ViewRows* rows) {
  const sql::CatalogPtr catalog = session.catalog();
  for (const auto& [key, relation] : catalog->relations) {
    for (size_t i = 0; i < relation->checks.size(); ++i) {
      const sql::CheckConstraint& check = relation->checks[i];
      rows->Row().Number("oid", CheckConstraintOid(*relation, i)).Text("conname", check.name).Number("connamespace", SchemaOid(*catalog, relation->schema))
          .Text("contype", "c").Flag("convalidated", true).Number("conrelid", relation->id.value()).Flag("conislocal", true).Text("conbin", check.sql);
    }
  }
  ForEachIndex(session, [&](const sql::Relation& relation, const sql::Index& index) {
    if (index.constraint_oid == 0) return;
    rows->Row().Number("oid", index.constraint_oid).Text("conname", index.name).Number("connamespace", SchemaOid(*catalog, relation.schema))
        .Text("contype", index.primary ? "p" : "u").Flag("convalidated", true).Number("conrelid", relation.id.value())
        .Number("conindid", index.oid).Flag("conislocal", true).Flag("connoinherit", true).Any("conkey", SmallNumbers(index.columns)).Null("conbin");
  });
}

void PgSequence(const Session& session, ViewRows* rows) {
  for (const auto& [key, relation] : session.catalog()->relations) {
    if (!relation->sequence) continue;
    const sql::Sequence& sequence = *relation->sequence;
    rows->Row().Number("seqrelid", relation->id.value()).Number("seqtypid", TypeOid(sequence.type)).Number("seqstart", sequence.start)
        .Number("seqincrement", sequence.increment).Number("seqmax", sequence.maximum).Number("seqmin", sequence.minimum)
        .Number("seqcache", sequence.cache).Flag("seqcycle", sequence.cycle);
  }
}

void PgSequences(const Session& session, ViewRows* rows) {
  for (const auto& [key, relation] : session.catalog()->relations) {
    if (!relation->sequence) continue;
    const sql::Sequence& sequence = *relation->sequence;
    rows->Row().Text("schemaname", relation->schema).Text("sequencename", relation->name).Text("sequenceowner", relation->owner)
        .Any("data_type", Value::Integer(TypeId::kRegtype, TypeOid(sequence.type))).Number("start_value", sequence.start)
        .Number("min_value", sequence.minimum).Number("max_value", sequence.maximum).Number("increment_by", sequence.increment)
        .Flag("cycle", sequence.cycle).Number("cache_size", sequence.cache);
    const SequenceMark mark = session.services().sequences->Current(*relation);
    if (mark.called) rows->Number("last_value", mark.last);
    else rows->Null("last_value");
  }
}

void PgAttribute(const Session& session, ViewRows* rows) {
  ForEachRelation(session, [&](const sql::Relation& relation, const sql::Relation*) {
    for (const sql::Column& column : relation.columns) {
      const bool by_value = column.type.Physical() != PhysicalType::kBytes && column.type.Width() <= 8;
      rows->Row().Number("attrelid", relation.id.value()).Text("attname", column.name).Number("atttypid", TypeOid(column.type))
          .Number("attlen", TypeLength(column.type)).Number("attnum", column.id.value()).Number("attndims", column.type.is_array ? 1 : 0)
          .Number("attcacheoff", -1).Number("atttypmod", column.type.typmod).Flag("attbyval", by_value).Text("attalign", "i")
          .Text("attstorage", by_value ? "p" : "x").Flag("attnotnull", column.not_null).Flag("atthasdef", HasDefault(column))
          .Text("attidentity", column.identity == sql::Identity::kAlways ? "a" : column.identity == sql::Identity::kByDefault ? "d" : "")
          .Flag("attislocal", true).Number("attcollation", column.type.IsString() ? 100 : 0);
    }
  });
}

void PgAttrdef(const Session& session, ViewRows* rows) {
  int64_t number = 0;
  for (const auto& [key, relation] : session.catalog()->relations) {
    for (const sql::Column& column : relation->columns) {
      if (!HasDefault(column)) continue;
      rows->Row().Number("oid", 900'000'000 + ++number).Number("adrelid", relation->id.value()).Number("adnum", column.id.value())
          .Text("adbin", column.default_sql);
    }
  }
}

constexpr TypeId kTypes[] = {
    TypeId::kBool, TypeId::kInt16, TypeId::kInt32, TypeId::kInt64, TypeId::kFloat32, TypeId::kFloat64, TypeId::kNumeric, TypeId::kText,
    TypeId::kVarchar, TypeId::kBpchar, TypeId::kName, TypeId::kChar, TypeId::kBytea, TypeId::kTimestamp, TypeId::kTimestampTz, TypeId::kDate,
    TypeId::kTime, TypeId::kInterval, TypeId::kUuid, TypeId::kJson, TypeId::kJsonb, TypeId::kOid, TypeId::kRegclass, TypeId::kRegtype,
    TypeId::kRegproc, TypeId::kRegnamespace, TypeId::kRegrole, TypeId::kVoid, TypeId::kRecord, TypeId::kXid, TypeId::kPgLsn, TypeId::kInet,
    TypeId::kUnknown};

void PgType(const Session&, ViewRows* rows) {
  for (TypeId id : kTypes) {
    for (bool array : {false, true}) {
      const DataType type(id, array, -1);
      const uint32_t oid = TypeOid(type);
      const bool pseudo = id == TypeId::kVoid || id == TypeId::kRecord || id == TypeId::kUnknown;
      if (oid == 0 || (array && (id == TypeId::kVoid || id == TypeId::kUnknown))) continue;
      const DataType array_type(id, true, -1);
      rows->Row().Number("oid", oid).Text("typname", TypeInternalName(type)).Number("typnamespace", 11).Number("typowner", kSuperuserOid)
          .Number("typlen", TypeLength(type)).Flag("typbyval", !array && type.Width() > 0 && type.Width() <= 8)
          .Text("typtype", pseudo ? "p" : "b").Text("typcategory", array ? "A" : std::string(1, sql::TypeCategory(type)))
          .Flag("typispreferred", !array && sql::IsPreferredType(type)).Flag("typisdefined", true).Text("typdelim", ",")
          .Number("typelem", array ? TypeOid(DataType(id)) : 0).Number("typarray", array || pseudo ? 0 : TypeOid(array_type))
          .Number("typinput", TypeIoOid(type, TypeIo::kInput)).Number("typoutput", TypeIoOid(type, TypeIo::kOutput))
          .Number("typreceive", TypeIoOid(type, TypeIo::kReceive)).Number("typsend", TypeIoOid(type, TypeIo::kSend))
          .Number("typcollation", type.IsString() ? 100 : 0).Text("typalign", "i").Text("typstorage", "p").Number("typtypmod", -1);
    }
  }
}

// An oidvector's text, which JDBC takes apart.
std::string ArgumentOids(const sql::Function& function) {
  std::string text;
  for (const sql::Parameter& parameter : function.parameters) StrAppend(&text, text.empty() ? "" : " ", TypeOid(parameter.type.type));
  return text;
}

void PgProc(const Session&, ViewRows* rows) {
  int64_t oid = 800'000'000;
  for (const auto& function : sql::Registry::Get().all()) {
    rows->Row().Number("oid", ++oid).Text("proname", function->name).Number("pronamespace", function->schema == "public" ? 2200 : 11)
        .Number("proowner", kSuperuserOid).Number("prolang", 12)
        .Text("prokind", function->kind == sql::FunctionKind::kAggregate ? "a" : function->kind == sql::FunctionKind::kWindow ? "w" : "f")
        .Flag("proisstrict", function->strict).Flag("proretset", function->kind == sql::FunctionKind::kTable)
        .Text("provolatile", function->volatility == sql::Volatility::kImmutable ? "i" : function->volatility == sql::Volatility::kStable ? "s" : "v")
        .Text("proparallel", "s").Number("pronargs", static_cast<int64_t>(function->parameters.size()))
        .Number("prorettype", TypeOid(function->result.type)).Text("proargtypes", ArgumentOids(*function)).Text("prosrc", function->name);
  }
  for (const uint32_t io : AllTypeIoOids()) {
    std::string name;
    TypeIoName(io, &name);
    rows->Row().Number("oid", io).Text("proname", name).Number("pronamespace", 11).Number("proowner", kSuperuserOid).Number("prolang", 12)
        .Text("prokind", "f").Flag("proisstrict", true).Text("provolatile", "i").Text("proparallel", "s").Number("pronargs", 1).Text("prosrc", name);
  }
}

void PgDescription(const Session& session, ViewRows* rows) {
  for (const auto& [key, relation] : session.catalog()->relations) {
    if (relation->comment.empty()) continue;
    rows->Row().Number("objoid", relation->id.value()).Number("classoid", 1259).Text("description", relation->comment);
  }
}

void PgInherits(const Session& session, ViewRows* rows) {
  ForEachRelation(session, [&](const sql::Relation& relation, const sql::Relation* parent) {
    if (parent != nullptr) rows->Row().Number("inhrelid", relation.id.value()).Number("inhparent", parent->id.value()).Number("inhseqno", 1);
  });
}

void PgTables(const Session& session, ViewRows* rows) {
  ForEachRelation(session, [&](const sql::Relation& relation, const sql::Relation*) {
    if (relation.kind == sql::RelationKind::kView || (relation.kind == sql::RelationKind::kVirtual && relation.schema != "pg_catalog")) return;
    if (relation.sequence) return;
    rows->Row().Text("schemaname", relation.schema).Text("tablename", relation.name).Text("tableowner", relation.owner).Null("tablespace");
  });
}

void PgViews(const Session& session, ViewRows* rows) {
  for (const auto& [key, relation] : session.catalog()->relations) {
    if (relation->kind != sql::RelationKind::kView) continue;
    rows->Row().Text("schemaname", relation->schema).Text("viewname", relation->name).Text("viewowner", relation->owner)
        .Text("definition", relation->view_sql);
  }
}

void PgAm(const Session&, ViewRows* rows) {
  rows->Row().Number("oid", kHeapAccessMethod).Text("amname", "heap").Text("amtype", "t");
  rows->Row().Number("oid", kBtreeAccessMethod).Text("amname", "btree").Text("amtype", "i");
}

void PgCollation(const Session&, ViewRows* rows) {
  for (const auto& [oid, name] : {std::pair<int64_t, std::string>{100, "default"}, {950, "C"}, {951, "POSIX"}}) {
    rows->Row().Number("oid", oid).Text("collname", name).Number("collnamespace", 11).Number("collowner", kSuperuserOid)
        .Text("collprovider", oid == 100 ? "d" : "c").Flag("collisdeterministic", true).Number("collencoding", -1);
  }
}

void PgLanguage(const Session&, ViewRows* rows) {
  rows->Row().Number("oid", 12).Text("lanname", "internal").Number("lanowner", kSuperuserOid);
  rows->Row().Number("oid", 14).Text("lanname", "sql").Number("lanowner", kSuperuserOid).Flag("lanpltrusted", true);
}

// ---- information_schema ----

void Schemata(const Session& session, ViewRows* rows) {
  auto add = [&](const std::string& name) {
    rows->Row().Text("catalog_name", session.identity().database).Text("schema_name", name).Text("schema_owner", "tsdbadmin");
  };
  for (const std::string& name : SystemViews::SystemSchemas()) add(name);
  for (const auto& [name, oid] : session.catalog()->schemas) add(name);
}

void Tables(const Session& session, ViewRows* rows) {
  ForEachRelation(session, [&](const sql::Relation& relation, const sql::Relation*) {
    if (relation.sequence) return;
    const bool is_view = relation.kind == sql::RelationKind::kView ||
                         (relation.kind == sql::RelationKind::kVirtual && relation.schema != "pg_catalog");
    rows->Row().Text("table_catalog", session.identity().database).Text("table_schema", relation.schema).Text("table_name", relation.name)
        .Text("table_type", is_view ? "VIEW" : relation.IsTemporary() ? "LOCAL TEMPORARY" : "BASE TABLE").YesNo("is_insertable_into", relation.kind == sql::RelationKind::kTable)
        .YesNo("is_typed", false);
  });
}

void Columns(const Session& session, ViewRows* rows) {
  ForEachRelation(session, [&](const sql::Relation& relation, const sql::Relation*) {
    if (relation.sequence) return;
    int64_t position = 0;
    for (const sql::Column& column : relation.columns) {
      rows->Row().Text("table_catalog", session.identity().database).Text("table_schema", relation.schema).Text("table_name", relation.name)
          .Text("column_name", column.name).Number("ordinal_position", ++position).YesNo("is_nullable", !column.not_null)
          .Text("data_type", column.type.is_array ? "ARRAY" : tsd::TypeName(column.type.WithoutTypmod()))
          .Text("udt_catalog", session.identity().database).Text("udt_schema", "pg_catalog").Text("udt_name", TypeInternalName(column.type))
          .Text("dtd_identifier", std::to_string(position)).YesNo("is_self_referencing", false)
          .YesNo("is_identity", column.identity != sql::Identity::kNone)
          .Text("is_generated", "NEVER").YesNo("is_updatable", relation.kind == sql::RelationKind::kTable)
          .Null("character_maximum_length").Null("character_octet_length").Null("numeric_precision").Null("numeric_precision_radix")
          .Null("numeric_scale").Null("datetime_precision").Null("interval_precision").Null("maximum_cardinality");
      if (HasDefault(column)) rows->Text("column_default", column.default_sql);
      if (column.identity != sql::Identity::kNone) rows->Text("identity_generation", column.identity == sql::Identity::kAlways ? "ALWAYS" : "BY DEFAULT");
      if (column.type.Is(TypeId::kVarchar) && column.type.typmod >= 4) rows->Number("character_maximum_length", column.type.typmod - 4);
      if (column.type.IsInteger()) rows->Number("numeric_precision", static_cast<int64_t>(column.type.Width()) * 8).Number("numeric_precision_radix", 2).Number("numeric_scale", 0);
      if (column.type.IsFloat()) rows->Number("numeric_precision", column.type.Is(TypeId::kFloat64) ? 53 : 24).Number("numeric_precision_radix", 2);
      if (column.type.IsDateTime()) rows->Number("datetime_precision", column.type.Is(TypeId::kDate) ? 0 : 6);
    }
  });
}

void Views(const Session& session, ViewRows* rows) {
  for (const auto& [key, relation] : session.catalog()->relations) {
    if (relation->kind != sql::RelationKind::kView) continue;
    rows->Row().Text("table_catalog", session.identity().database).Text("table_schema", relation->schema).Text("table_name", relation->name)
        .Text("view_definition", relation->view_sql).Text("check_option", "NONE").YesNo("is_updatable", false).YesNo("is_insertable_into", false);
  }
}

}  // namespace

std::map<std::string, SystemViews::Producer> ObjectViews() {
  return {{"pg_catalog.pg_namespace", PgNamespace}, {"pg_catalog.pg_class", PgClass},       {"pg_catalog.pg_attribute", PgAttribute},
          {"pg_catalog.pg_attrdef", PgAttrdef},     {"pg_catalog.pg_type", PgType},         {"pg_catalog.pg_proc", PgProc},
          {"pg_catalog.pg_description", PgDescription}, {"pg_catalog.pg_inherits", PgInherits}, {"pg_catalog.pg_tables", PgTables},
          {"pg_catalog.pg_views", PgViews},         {"pg_catalog.pg_am", PgAm},             {"pg_catalog.pg_collation", PgCollation},
          {"pg_catalog.pg_language", PgLanguage},
          {"pg_catalog.pg_constraint", PgConstraint}, {"pg_catalog.pg_index", PgIndex}, {"pg_catalog.pg_indexes", PgIndexes},
          {"information_schema.table_constraints", TableConstraints}, {"information_schema.key_column_usage", KeyColumnUsage},
          {"pg_catalog.pg_sequence", PgSequence}, {"pg_catalog.pg_sequences", PgSequences},
            {"information_schema.schemata", Schemata}, {"information_schema.tables", Tables},
          {"information_schema.columns", Columns},  {"information_schema.views", Views}};
}

}  // namespace tsd::coord
