#include "coord/session/catalog_functions.h"
#include "coord/session/session.h"
#include "engine/base/strings.h"
namespace tsd::coord {
StatusOr<Value> CatalogFunctions::Call(std::string_view key, std::span<const Value>, const DataType&) {
  return Error(sqlstate::kFeatureNotSupported, StrCat("function ", key, " is not supported yet"));
}
StatusOr<uint32_t> CatalogFunctions::OidOf(TypeId kind, std::string_view name) const {
  if (kind != TypeId::kRegclass) return Error(sqlstate::kUndefinedObject, StrCat("\"", name, "\" does not exist"));
  ASSIGN_OR_RETURN(std::vector<std::string> parts, sql::parse::ParseQualifiedName(name));
  const sql::CatalogPtr catalog = session_.catalog();
  if (parts.size() == 2) {
    if (auto r = catalog->Find(parts[0], parts[1])) return r->id.value();
  } else {
    for (const std::string& schema : session_.SearchPath()) if (auto r = catalog->Find(schema, parts[0])) return r->id.value();
  }
  return Error(sqlstate::kUndefinedTable, StrCat("relation \"", name, "\" does not exist"));
}
bool CatalogFunctions::NameOf(TypeId, uint32_t oid, std::string* name) const {
  if (auto r = session_.catalog()->Find(TableId(oid))) { *name = r->name; return true; }
  return false;
}
}
