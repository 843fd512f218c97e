// Where new objects go, and temporary ones: they live in a schema of the session's own, pg_temp_<n>, made with the first of them, searched
// before all others, and dropped with the session (after a crash: at the server's start). Their rows lie in the access node's own store.
#include <algorithm>

#include "coord/session/session.h"
#include "engine/base/strings.h"

namespace tsd::coord {

using namespace sql::parse;  // NOLINT: this file is about syntax trees

std::string Session::ExistingTemporarySchema() const {
  if (!made_temporary_schema_) return "";
  std::string name = StrCat(sql::kTemporarySchemaPrefix, lock_owner_);
  return catalog()->schemas.contains(name) ? name : "";
}

StatusOr<std::string> Session::TemporarySchema(const ObjectName& name) {
  const std::string own = StrCat(sql::kTemporarySchemaPrefix, lock_owner_);
  if (!name.schema.empty() && name.schema != "pg_temp" && name.schema != own) {
    return WithPosition(Error(sqlstate::kInvalidTableDefinition, "cannot create temporary relation in non-temporary schema"), name.position);
  }
  if (adopted_) return Error(sqlstate::kFeatureNotSupported, "temporary objects cannot be created by distributed_exec()");
  if (!catalog()->schemas.contains(own)) {
    CatalogChange change;
    change.PutSchema(own, services_.log->AllocateOid());
    ApplyDdl(change);
    made_temporary_schema_ = true;
  }
  return own;
}

StatusOr<std::string> Session::TargetSchema(const ObjectName& name, Persistence persistence) {
  if (persistence == Persistence::kTemporary || name.schema == "pg_temp") return TemporarySchema(name);
  const sql::CatalogPtr current = catalog();
  if (!name.schema.empty()) {
    if (SystemViews::IsSystemSchema(name.schema)) {
      return WithDetail(Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied to create \"", name.schema, ".", name.name, "\"")),
                        "System catalog modifications are currently disallowed.");
    }
    if (!current->schemas.contains(name.schema)) {
      return WithPosition(Error(sqlstate::kInvalidSchemaName, StrCat("schema \"", name.schema, "\" does not exist")), name.position);
    }
    return name.schema;
  }
  for (const std::string& schema : SearchPath()) {
    if (current->schemas.contains(schema)) return schema;
  }
  return Error(sqlstate::kInvalidSchemaName, "no schema has been selected to create in");
}

Task<Status> Session::ApplyOnCommit() {
  if (!transaction_ || on_commit_.empty()) co_return OkStatus();
  const sql::CatalogPtr current = catalog();
  std::erase_if(on_commit_, [&](const auto& entry) { return !current->Find(entry.first); });
  CatalogChange change;
  for (const auto& [id, action] : on_commit_) {
    const sql::RelationPtr table = current->Find(id);
    const bool wrote = !transaction_->kept_writes().empty() || !transaction_->participants().empty();
    if (action == OnCommit::kPreserveRows || (action == OnCommit::kDeleteRows && !wrote)) continue;
    change.DropStorage(*table);
    if (action == OnCommit::kDeleteRows) {
      sql::Relation fresh = *table;
      fresh.heap = services_.log->AllocateChunk();
      change.PutRelation(fresh);
      continue;
    }
    for (const auto& [key, sequence] : current->relations) {
      if (sequence->sequence && sequence->sequence->owner_table == id) change.RemoveRelation(sequence->id);
    }
    for (const sql::RelationPtr& view : DependentViews({id})) change.RemoveRelation(view->id);
    change.RemoveRelation(id);
  }
  if (change.empty()) co_return OkStatus();
  CO_RETURN_IF_ERROR(co_await EnsureTransaction());
  ApplyDdl(change);
  co_return OkStatus();
}

Task<Status> Session::DropTemporaries() {
  const std::string schema = ExistingTemporarySchema();
  if (schema.empty()) co_return OkStatus();
  on_commit_.clear();
  const bool own_block = block_ == Block::kNone;
  CO_RETURN_IF_ERROR(co_await BeginImplicit());
  CO_RETURN_IF_ERROR(co_await EnsureTransaction());
  transaction_->NextLevel();
  CatalogChange change;
  change.DropSchema(*catalog(), schema);
  ApplyDdl(change);
  if (own_block) co_return co_await CommitBlock();
  co_return OkStatus();
}

}  // namespace tsd::coord
