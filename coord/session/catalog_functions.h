#pragma once
// CatalogFunctions: SQL functions that ask the session or the catalog: current_setting, to_regclass, pg_table_is_visible, reg* names …
// Belongs to one session.
#include "sql/catalog/catalog.h"
#include "sql/function/function_context.h"

namespace tsd::coord {

class Session;

class CatalogFunctions final : public sql::FunctionContext {
 public:
  explicit CatalogFunctions(Session& session) : session_(session) {}
  StatusOr<Value> Call(std::string_view key, std::span<const Value> arguments, const DataType& result) override;
  StatusOr<uint32_t> OidOf(TypeId kind, std::string_view name) const override;
  bool IsVisible(const std::string& schema, const std::string& relation) const;
  bool NameOf(TypeId kind, uint32_t oid, std::string* name) const override;

 private:
  StatusOr<Value> CallSequence(std::string_view name, std::span<const Value> arguments);
  // ---- server_functions.cc ----
  StatusOr<Value> ReloadConfiguration();
  StatusOr<Value> SignalBackend(bool terminate, const Value& process_id);
  // ---- catalog_functions.cc ----
  StatusOr<Value> SerialSequence(std::span<const Value> arguments, const DataType& result) const;
  StatusOr<Value> IndexDefinitionOf(std::span<const Value> arguments, const DataType& result) const;
  StatusOr<Value> ConstraintDefinition(uint32_t oid, const DataType& result) const;

  Session& session_;
};

/// pg_constraint.oid of a relation's CHECK.
uint32_t CheckConstraintOid(const sql::Relation& relation, size_t index);

}  // namespace tsd::coord
