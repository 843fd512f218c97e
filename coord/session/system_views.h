#pragma once
// SystemViews: pg_catalog, information_schema and timescaledb_information as relations with rows made on demand from the catalog, the
// settings and the live sessions. Belongs to one session.
#include "sql/catalog/catalog.h"

namespace tsd::coord {

class Session;

class SystemViews final : public sql::VirtualTables {
 public:
  explicit SystemViews(const Session& session) : session_(session) {}
  static bool IsSystemSchema(std::string_view name);
  sql::RelationPtr Find(std::string_view schema, std::string_view name) const override;
  StatusOr<ColumnBatch> Rows(const sql::Relation& relation) const override;

 private:
  const Session& session_;
};

}  // namespace tsd::coord
