#include "coord/session/system_views.h"

#include <absl/strings/str_split.h>

#include "coord/session/catalog_columns.h"
#include "coord/session/session.h"
#include "engine/base/strings.h"

namespace tsd::coord {
namespace {

DataType TypeOf(std::string name) {
  const bool array = name.size() > 1 && name[0] == '_';
  if (array) name = name.substr(1);
  DataType type = TypeId::kText;
  if (name == "char") {
    type = TypeId::kChar;
  } else {
    TSD_CHECK_MSG(TypeFromName(name, &type), name);
  }
  type.is_array = array;
  return type;
}

struct Index {
  std::vector<sql::RelationPtr> all;
  absl::flat_hash_map<std::string, sql::RelationPtr> by_name;  // "schema.name"
  std::map<uint32_t, sql::RelationPtr> by_oid;
  Index() {
    for (const CatalogColumns& entry : AllCatalogColumns()) {
      auto relation = std::make_shared<sql::Relation>();
      relation->id = TableId(entry.oid);
      relation->kind = sql::RelationKind::kVirtual;
      relation->schema = entry.schema;
      relation->name = entry.name;
      relation->owner = "tsdbadmin";
      if (entry.view_sql != nullptr) {
        relation->kind = sql::RelationKind::kView;
        relation->view_sql = entry.view_sql;
      }
      for (absl::string_view part : absl::StrSplit(entry.columns, ',')) {
        const std::vector<std::string> words = absl::StrSplit(part, ' ');
        sql::Column column;
        column.id = ColumnId(++relation->last_column_id);
        column.name = words[0];
        column.type = TypeOf(words[1]);
        relation->columns.push_back(std::move(column));
      }
      all.push_back(relation);
      by_name[StrCat(entry.schema, ".", entry.name)] = relation;
      by_oid[entry.oid] = relation;
    }
  }
};

const Index& GetIndex() {
  static const auto* index = new Index();
  return *index;
}

}  // namespace

const std::vector<std::string>& SystemViews::SystemSchemas() {
  static const auto* schemas = new std::vector<std::string>{"pg_catalog", "information_schema", "timescaledb_information",
                                                            "timescaledb_experimental", "_timescaledb_internal", "_timescaledb_catalog", "tsd"};
  return *schemas;
}

bool SystemViews::IsSystemSchema(std::string_view name) { return SchemaOid(name) != 0; }

uint32_t SystemViews::SchemaOid(std::string_view name) {
  if (name == "pg_catalog") return 11;
  const auto& schemas = SystemSchemas();
  for (size_t i = 0; i < schemas.size(); ++i) {
    if (schemas[i] == name) return 13000 + static_cast<uint32_t>(i);
  }
  return 0;
}

const std::vector<sql::RelationPtr>& SystemViews::All() { return GetIndex().all; }

sql::RelationPtr SystemViews::FindByOid(uint32_t oid) {
  auto found = GetIndex().by_oid.find(oid);
  return found == GetIndex().by_oid.end() ? nullptr : found->second;
}

sql::RelationPtr SystemViews::Find(std::string_view schema, std::string_view name) const {
  auto found = GetIndex().by_name.find(StrCat(schema, ".", name));
  return found == GetIndex().by_name.end() ? nullptr : found->second;
}

StatusOr<ColumnBatch> SystemViews::Rows(const sql::Relation& relation) const {
  static const auto* producers = [] {
    auto* all = new std::map<std::string, Producer>(ObjectViews());  // tidy: the static table of this function, filled in a lambda
    all->merge(ServerViews());
    all->merge(TimescaleViews());
    return all;
  }();
  ViewRows rows(relation);
  if (relation.sequence) {
    const SequenceMark mark = session_.services().sequences->Current(relation);
    rows.Row().Number("last_value", mark.last).Number("log_cnt", 0).Flag("is_called", mark.called);
    return rows.Finish();
  }
  auto found = producers->find(relation.QualifiedName());
  if (found != producers->end()) found->second(session_, &rows);
  return rows.Finish();
}

}  // namespace tsd::coord
