#include "coord/session/system_views.h"
namespace tsd::coord {
bool SystemViews::IsSystemSchema(std::string_view name) {
  return name == "pg_catalog" || name == "information_schema" || name == "timescaledb_information" || name == "_timescaledb_internal";
}
sql::RelationPtr SystemViews::Find(std::string_view, std::string_view) const { (void)session_; return nullptr; }
StatusOr<ColumnBatch> SystemViews::Rows(const sql::Relation&) const { return ColumnBatch(); }
}
