#pragma once
// SystemViews: pg_catalog, information_schema and timescaledb_information as relations with rows made on demand from the catalog, the
// settings and the live sessions. Columns are in catalog_columns.cc; rows in views_objects.cc (tables, columns, types …), views_server.cc
// (settings, sessions, hba …) and views_timescale.cc. A relation without a producer is empty. Belongs to one session.
#include <functional>
#include <string>

#include "coord/session/view_rows.h"
#include "sql/catalog/catalog.h"

namespace tsd::coord {

class Session;

class SystemViews final : public sql::VirtualTables {
 public:
  using Producer = void (*)(const Session& session, ViewRows* rows);
  explicit SystemViews(const Session& session) : session_(session) {}
  static bool IsSystemSchema(std::string_view name);
  /// OID of a system schema; 0 = none.
  static uint32_t SchemaOid(std::string_view name);
  static const std::vector<std::string>& SystemSchemas();
  /// All of them, for pg_class.
  static const std::vector<sql::RelationPtr>& All();
  static sql::RelationPtr FindByOid(uint32_t oid);
  sql::RelationPtr Find(std::string_view schema, std::string_view name) const override;
  StatusOr<ColumnBatch> Rows(const sql::Relation& relation) const override;

 private:
  const Session& session_;
};

/// Producers by "schema.name".
std::map<std::string, SystemViews::Producer> ObjectViews();
std::map<std::string, SystemViews::Producer> ServerViews();
std::map<std::string, SystemViews::Producer> TimescaleViews();

}  // namespace tsd::coord
