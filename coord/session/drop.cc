// DROP: tables, views, sequences, schemas, databases, roles; what depends on what.
#include <algorithm>
#include <set>

#include "coord/session/session.h"
#include "engine/base/strings.h"
#include "sql/parse/parser.h"

namespace tsd::coord {

using namespace sql::parse;  // NOLINT: this file is about syntax trees

namespace {

struct DropWord {
  std::string word, tag;
};

const std::map<ObjectKind, DropWord>& DropWords() {
  static const std::map<ObjectKind, DropWord> kWords = {
      {ObjectKind::kTable, {"table", "DROP TABLE"}},       {ObjectKind::kView, {"view", "DROP VIEW"}},
      {ObjectKind::kSequence, {"sequence", "DROP SEQUENCE"}},
      {ObjectKind::kSchema, {"schema", "DROP SCHEMA"}},    {ObjectKind::kDatabase, {"database", "DROP DATABASE"}},
      {ObjectKind::kRole, {"role", "DROP ROLE"}},          {ObjectKind::kExtension, {"extension", "DROP EXTENSION"}},
      {ObjectKind::kIndex, {"index", "DROP INDEX"}},       {ObjectKind::kServer, {"server", "DROP SERVER"}},
  };
  return kWords;
}

std::string KindWord(const sql::Relation& relation) {
  return relation.kind == sql::RelationKind::kView ? "view" : relation.kind == sql::RelationKind::kSequence ? "sequence" : "table";
}

// The error, or with CASCADE the notice, about objects that depend on what is dropped.
struct Dependents {
  std::vector<std::string> objects;  // "view v"
  std::vector<std::string> reasons;  // "view v depends on table t"
};

}  // namespace

std::string DropTag(ObjectKind object) {
  auto word = DropWords().find(object);
  return word == DropWords().end() ? "DROP" : word->second.tag;
}

// Views that read one of `dropped`, directly or through another view.
std::vector<sql::RelationPtr> Session::DependentViews(const std::set<TableId>& dropped) {
  std::vector<sql::RelationPtr> result;
  const sql::CatalogPtr current = catalog();
  for (const auto& [key, view] : current->relations) {
    if (view->kind != sql::RelationKind::kView || dropped.contains(view->id)) continue;
    const StatusOr<std::vector<ParsedStatement>> parsed = ParseSql(view->view_sql);
    if (!parsed.ok() || parsed->size() != 1) continue;
    sql::BindContext context = MakeBindContext();
    const StatusOr<sql::BoundStatement> bound = sql::BindStatement(*(*parsed)[0].statement, context);
    if (!bound.ok()) continue;  // broken already
    const bool reads = std::ranges::any_of(bound->reads, [&](const sql::RelationPtr& read) { return dropped.contains(read->id); });
    if (reads) result.push_back(view);
  }
  return result;
}

// Whether the column's default calls nextval('relation').
bool Session::TakesNumbersFrom(const sql::Column& column, const sql::Relation& relation) {
  constexpr std::string_view kCall = "nextval('";
  const size_t call = column.default_sql.find(kCall);
  if (call == std::string::npos) return false;
  const size_t begin = call + kCall.size();
  std::string written;
  for (size_t i = begin; i < column.default_sql.size(); ++i) {
    if (column.default_sql[i] == '\'' && (i + 1 >= column.default_sql.size() || column.default_sql[++i] != '\'')) break;
    written.push_back(column.default_sql[i]);
  }
  const StatusOr<std::vector<std::string>> parts = ParseQualifiedName(written);
  if (!parts.ok()) return false;
  ObjectName name;
  name.name = parts->back();
  if (parts->size() > 1) name.schema = (*parts)[parts->size() - 2];
  sql::BindContext context = MakeBindContext();
  const StatusOr<sql::RelationPtr> found = sql::ResolveRelation(name, context);
  return found.ok() && (*found)->id == relation.id;
}

// Drops a table, view or sequence with what belongs to it, and with CASCADE what depends on it.
Status Session::DropRelation(const sql::Relation& relation, DropBehavior behavior, CatalogChange* change) {
  const sql::CatalogPtr current = catalog();
  Dependents found;
  std::vector<sql::RelationPtr> also = DependentViews({relation.id});
  for (const sql::RelationPtr& view : also) {
    found.objects.push_back(StrCat("view ", view->name));
    found.reasons.push_back(StrCat("view ", view->name, " depends on ", KindWord(relation), " ", relation.name));
  }
  std::vector<sql::Relation> without_default;
  if (relation.sequence) {
    for (const auto& [key, table] : current->relations) {
      sql::Relation changed = *table;
      bool any = false;
      for (sql::Column& column : changed.columns) {
        if (!TakesNumbersFrom(column, relation)) continue;
        if (column.identity != sql::Identity::kNone) {
          return WithHint(Error(sqlstate::kDependentObjectsStillExist,
                                StrCat("cannot drop sequence ", relation.name, " because column ", column.name, " of table ", table->name, " requires it")),
                          StrCat("You can drop column ", column.name, " of table ", table->name, " instead."));
        }
        const std::string object = StrCat("default value for column ", column.name, " of table ", table->name);
        found.objects.push_back(object);
        found.reasons.push_back(StrCat(object, " depends on sequence ", relation.name));
        column.default_sql.clear();
        any = true;
      }
      if (any) without_default.push_back(std::move(changed));
    }
  }
  if (!found.objects.empty() && behavior != DropBehavior::kCascade) {
    std::string detail;
    for (const std::string& reason : found.reasons) StrAppend(&detail, detail.empty() ? "" : "\n", reason);
    return WithHint(WithDetail(Error(sqlstate::kDependentObjectsStillExist,
                                     StrCat("cannot drop ", KindWord(relation), " ", relation.name, " because other objects depend on it")), detail),
                    "Use DROP ... CASCADE to drop the dependent objects too.");
  }
  if (found.objects.size() == 1) {
    Notice("NOTICE", sqlstate::kSuccess, StrCat("drop cascades to ", found.objects[0]));
  } else if (!found.objects.empty()) {
    std::string detail;
    for (const std::string& object : found.objects) StrAppend(&detail, detail.empty() ? "" : "\n", "drop cascades to ", object);
    Notice("NOTICE", sqlstate::kSuccess, StrCat("drop cascades to ", found.objects.size(), " other objects"), detail);
  }
  for (const sql::RelationPtr& view : also) change->RemoveRelation(view->id);
  for (const sql::Relation& table : without_default) change->PutRelation(table);
  for (const auto& [key, sequence] : current->relations) {
    if (sequence->sequence && sequence->sequence->owner_table == relation.id) change->RemoveRelation(sequence->id);
  }
  change->DropStorage(relation);
  change->RemoveRelation(relation.id);
  return OkStatus();
}

Status Session::DropNamed(const ObjectName& name, const DropStatement& statement, const std::string& word, CatalogChange* change, Status* missing) {
  sql::BindContext context = MakeBindContext();
  const StatusOr<sql::RelationPtr> found = sql::ResolveRelation(name, context);
  if (!found.ok()) {
    *missing = Error(sqlstate::kUndefinedTable, StrCat(word, " \"", name.name, "\" does not exist"));
    return OkStatus();
  }
  const sql::Relation& relation = **found;
  if (relation.kind == sql::RelationKind::kVirtual || SystemViews::IsSystemSchema(relation.schema)) {
    return Error(sqlstate::kInsufficientPrivilege, StrCat("permission denied: \"", name.name, "\" is a system catalog"));
  }
  const std::string kind = KindWord(relation);
  if (kind != word) {
    const std::string hint = kind == "view" ? "Use DROP VIEW to remove a view." : kind == "sequence" ? "Use DROP SEQUENCE to remove a sequence."
                                                                                                     : "Use DROP TABLE to remove a table.";
    return WithHint(Error(sqlstate::kWrongObjectType, StrCat("\"", name.name, "\" is not a ", word)), hint);
  }
  if (relation.owner != identity_.user && !IsSuperuser()) {
    return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of ", word, " ", name.name));
  }
  return DropRelation(relation, statement.behavior, change);
}

Status Session::DropIndex(const ObjectName& name, CatalogChange* change, Status* missing) {
  const sql::CatalogPtr current = catalog();
  for (const std::string& schema : name.schema.empty() ? SearchPath() : std::vector<std::string>{name.schema}) {
    const sql::RelationPtr relation = current->FindIndexed(schema, name.name);
    if (!relation) {
      if (!current->Find(schema, name.name)) continue;
      return WithHint(Error(sqlstate::kWrongObjectType, StrCat("\"", name.name, "\" is not an index")), "Use DROP TABLE to remove a table.");
    }
    if (relation->owner != identity_.user && !IsSuperuser()) {
      return Error(sqlstate::kInsufficientPrivilege, StrCat("must be owner of index ", name.name));
    }
    if (relation->FindIndex(name.name)->constraint_oid != 0) {
      return WithHint(Error(sqlstate::kDependentObjectsStillExist, StrCat("cannot drop index ", name.name, " because constraint ", name.name, " on table ",
                                                                          relation->name, " requires it")),
                      StrCat("You can drop constraint ", name.name, " on table ", relation->name, " instead."));
    }
    sql::Relation changed = *relation;
    std::erase_if(changed.indexes, [&](const sql::Index& index) { return index.name == name.name; });
    change->PutRelation(changed);
    return OkStatus();
  }
  *missing = Error(sqlstate::kUndefinedObject, StrCat("index \"", name.name, "\" does not exist"));
  return OkStatus();
}

Status Session::DropSchema(const std::string& name, DropBehavior behavior, CatalogChange* change, Status* missing) {
  const sql::CatalogPtr current = catalog();
  if (!current->schemas.contains(name)) {
    *missing = Error(sqlstate::kInvalidSchemaName, StrCat("schema \"", name, "\" does not exist"));
    return OkStatus();
  }
  for (const auto& [key, relation] : current->relations) {
    if (key.first != name) continue;
    if (behavior != DropBehavior::kCascade) {
      return WithHint(WithDetail(Error(sqlstate::kDependentObjectsStillExist, StrCat("cannot drop schema ", name, " because other objects depend on it")),
                                 StrCat(KindWord(*relation), " ", name, ".", relation->name, " depends on schema ", name)),
                      "Use DROP ... CASCADE to drop the dependent objects too.");
    }
  }
  change->DropSchema(*current, name);
  return OkStatus();
}

// Locks what is to be dropped before the catalog is, in the order it is written.
Task<Status> Session::LockForDrop(const DropStatement& statement) {
  std::vector<sql::RelationPtr> relations;
  sql::BindContext context = MakeBindContext();
  for (const ObjectName& name : statement.names) {
    if (statement.object == ObjectKind::kSchema) {
      for (const auto& [key, relation] : context.catalog->relations) {
        if (key.first == name.name) relations.push_back(relation);
      }
      continue;
    }
    if (statement.object == ObjectKind::kIndex) {
      for (const std::string& schema : name.schema.empty() ? SearchPath() : std::vector<std::string>{name.schema}) {
        if (const sql::RelationPtr indexed = context.catalog->FindIndexed(schema, name.name)) relations.push_back(indexed);
      }
      continue;
    }
    StatusOr<sql::RelationPtr> relation = sql::ResolveRelation(name, context);
    if (relation.ok() && (*relation)->kind != sql::RelationKind::kVirtual) relations.push_back(*relation);
  }
  for (const sql::RelationPtr& relation : relations) {
    CO_RETURN_IF_ERROR(co_await AcquireLock(relation->id, LockMode::kAccessExclusive, relation->name, LockWait::kWait));
  }
  co_return OkStatus();
}

Task<StatusOr<StatementResult>> Session::Drop(const Statement* raw) {
  const auto& statement = As<DropStatement>(*raw);
  auto kind = DropWords().find(statement.object);
  if (kind == DropWords().end()) co_return Error(sqlstate::kFeatureNotSupported, "this DROP is not supported yet");
  const auto& [word, tag] = kind->second;
  if (statement.object == ObjectKind::kServer) {
    co_return WithHint(Error(sqlstate::kFeatureNotSupported, "operation not supported on a TimescaleDB data node"),
                       "Use delete_data_node() to remove data nodes from the cluster.");
  }
  const bool relations = statement.object == ObjectKind::kTable || statement.object == ObjectKind::kView || statement.object == ObjectKind::kSequence ||
                         statement.object == ObjectKind::kIndex;
  if (relations || statement.object == ObjectKind::kSchema) CO_RETURN_IF_ERROR(co_await LockForDrop(statement));
  CO_RETURN_IF_ERROR(co_await BeginDdl());
  for (const ObjectName& name : statement.names) {
    CatalogChange change;
    const sql::CatalogPtr current = catalog();
    Status missing;
    switch (statement.object) {
      case ObjectKind::kTable:
      case ObjectKind::kView:
      case ObjectKind::kSequence: CO_RETURN_IF_ERROR(DropNamed(name, statement, word, &change, &missing)); break;
      case ObjectKind::kIndex: CO_RETURN_IF_ERROR(DropIndex(name, &change, &missing)); break;
      case ObjectKind::kSchema: CO_RETURN_IF_ERROR(DropSchema(name.name, statement.behavior, &change, &missing)); break;
      case ObjectKind::kRole:
        if (!current->roles.contains(name.name)) {
          missing = Error(sqlstate::kUndefinedObject, StrCat("role \"", name.name, "\" does not exist"));
        } else if (name.name == identity_.user) {
          co_return Error(sqlstate::kObjectInUse, "current user cannot be dropped");
        } else {
          change.RemoveRole(name.name);
        }
        break;
      case ObjectKind::kDatabase:
        CO_RETURN_IF_ERROR(RequireNoBlock("DROP DATABASE"));
        if (!current->databases.contains(name.name)) {
          missing = Error(sqlstate::kInvalidCatalogName, StrCat("database \"", name.name, "\" does not exist"));
        } else if (name.name == identity_.database) {
          co_return Error(sqlstate::kObjectInUse, "cannot drop the currently open database");
        } else {
          change.RemoveDatabase(name.name);
        }
        break;
      default: missing = Error(sqlstate::kUndefinedObject, StrCat(word, " \"", name.name, "\" does not exist"));
    }
    if (!missing.ok()) {
      if (!statement.if_exists) co_return missing;
      Notice("NOTICE", sqlstate::kSuccess, StrCat(missing.message(), ", skipping"));
      continue;
    }
    ApplyDdl(change);
  }
  StatementResult result;
  result.tag = tag;
  co_return result;
}

}  // namespace tsd::coord
