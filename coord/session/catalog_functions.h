#pragma once
// CatalogFunctions: SQL functions that ask the session or the catalog: current_setting, to_regclass, pg_table_is_visible, reg* names …
// Belongs to one session.
#include "sql/function/function_context.h"

namespace tsd::coord {

class Session;

class CatalogFunctions final : public sql::FunctionContext {
 public:
  explicit CatalogFunctions(Session& session) : session_(session) {}
  StatusOr<Value> Call(std::string_view key, std::span<const Value> arguments, const DataType& result) override;
  StatusOr<uint32_t> OidOf(TypeId kind, std::string_view name) const override;
  bool NameOf(TypeId kind, uint32_t oid, std::string* name) const override;

 private:
  Session& session_;
};

}  // namespace tsd::coord
