#pragma once
// Names, OIDs and columns of the system catalogs. Immutable; any thread.
#include <cstdint>
#include <string>
#include <vector>

namespace tsd::coord {

struct CatalogColumns {
  std::string schema;
  std::string name;
  uint32_t oid;
  std::string columns;  // "oid oid,relname name,…"
  const char* view_sql = nullptr;  // of a view over functions; else the rows are made by views_*.cc
};

const std::vector<CatalogColumns>& AllCatalogColumns();

}  // namespace tsd::coord
