#include "coord/session/index_definition.h"

#include <algorithm>

#include "coord/session/table_definition.h"
#include "engine/base/strings.h"
#include "sql/parse/print.h"

namespace tsd::coord {

using sql::parse::Constraint;
using sql::parse::ConstraintKind;
using sql::parse::CreateIndexStatement;
using sql::parse::IndexElement;

namespace {

constexpr size_t kMaxIndexColumns = 32;

Status IndexNotSupported(std::string_view what, int position) {
  return WithPosition(Error(sqlstate::kFeatureNotSupported, StrCat(what, " is not supported yet")), position);
}

bool IsPlain(const IndexElement& element) {
  return element.expr == nullptr && element.opclass.name.empty() && element.opclass_options.empty();
}

bool IsTaken(const std::string& name, const sql::Catalog& catalog, const sql::Relation& relation) {
  return name == relation.name || relation.FindIndex(name) != nullptr || catalog.Find(relation.schema, name) != nullptr ||
         catalog.FindIndexed(relation.schema, name) != nullptr;
}

// As PostgreSQL: t_pkey, t_a_b_key, t_a_b_idx, t_a_b_key1 ..
std::string FreeIndexName(const NewIndex& index, const sql::Catalog& catalog, const sql::Relation& relation) {
  std::string columns;
  if (!index.primary) {
    for (const std::string& column : index.columns) StrAppend(&columns, columns.empty() ? "" : "_", column);
  }
  const std::string label = index.primary ? "pkey" : index.constraint ? "key" : "idx";
  for (int pass = 0;; ++pass) {
    std::string name = ObjectNameOf(relation.name, columns, pass == 0 ? label : StrCat(label, pass));
    if (!IsTaken(name, catalog, relation)) return name;
  }
}

}  // namespace

StatusOr<NewIndex> KeyAsWritten(const Constraint& constraint, const std::string& column) {
  if (constraint.deferrable) return IndexNotSupported("a DEFERRABLE key", constraint.position);
  if (!constraint.using_index.empty()) return IndexNotSupported("USING INDEX", constraint.position);
  if (!constraint.including.empty()) return IndexNotSupported("INCLUDE", constraint.position);
  NewIndex index;
  index.name = constraint.name;
  index.columns = column.empty() ? constraint.columns : std::vector<std::string>{column};
  index.primary = constraint.kind == ConstraintKind::kPrimaryKey;
  index.nulls_distinct = !constraint.nulls_not_distinct;
  index.position = constraint.position;
  return index;
}

bool IsMoreThanColumns(const CreateIndexStatement& statement) {
  return (!statement.method.empty() && statement.method != "btree") || statement.where != nullptr || !statement.including.empty() ||
         !std::ranges::all_of(statement.elements, IsPlain);
}

StatusOr<NewIndex> IndexAsWritten(const CreateIndexStatement& statement) {
  if (!statement.method.empty() && statement.method != "btree") {
    return Error(sqlstate::kFeatureNotSupported, StrCat("access method \"", statement.method, "\" does not support unique indexes"));
  }
  if (statement.where != nullptr) return IndexNotSupported("a unique index with WHERE", statement.position);
  if (!statement.including.empty()) return IndexNotSupported("INCLUDE", statement.position);
  NewIndex index;
  index.name = statement.name;
  index.unique = statement.unique;
  index.constraint = false;
  index.nulls_distinct = !statement.nulls_not_distinct;
  index.position = statement.position;
  for (const IndexElement& element : statement.elements) {
    if (!IsPlain(element)) return IndexNotSupported("a unique index over an expression or with an operator class", element.position);
    index.columns.push_back(element.column);
  }
  return index;
}

StatusOr<std::string> AddIndex(const NewIndex& index, ClusterLog& log, const sql::Catalog& catalog, sql::Relation* relation) {
  sql::Index added;
  added.unique = index.unique;
  added.primary = index.primary;
  added.nulls_distinct = index.nulls_distinct;
  if (index.columns.size() > kMaxIndexColumns) {
    return Error(sqlstate::kTooManyColumns, StrCat("cannot use more than ", kMaxIndexColumns, " columns in an index"));
  }
  const bool second_primary = index.primary && std::ranges::any_of(relation->indexes, [](const sql::Index& other) { return other.primary; });
  if (second_primary) {
    return WithPosition(Error(sqlstate::kInvalidTableDefinition, StrCat("multiple primary keys for table \"", relation->name, "\" are not allowed")),
                        index.position);
  }
  for (const std::string& name : index.columns) {
    const sql::Column* column = relation->Find(name);
    if (column == nullptr) {
      return WithPosition(Error(sqlstate::kUndefinedColumn, index.constraint ? StrCat("column \"", name, "\" named in key does not exist")
                                                                             : StrCat("column \"", name, "\" does not exist")),
                          index.constraint ? index.position : 0);
    }
    if (index.constraint && std::ranges::find(added.columns, column->id) != added.columns.end()) {
      return WithPosition(Error(sqlstate::kDuplicateColumn, StrCat("column \"", name, "\" appears twice in ", index.primary ? "primary key" : "unique",
                                                                   " constraint")),
                          index.position);
    }
    if (column->type.Is(TypeId::kJson)) {
      return WithHint(Error(sqlstate::kUndefinedObject, StrCat("data type ", tsd::TypeName(column->type), " has no default operator class for access method \"btree\"")),
                      "You must specify an operator class for the index or define a default operator class for the data type.");
    }
    added.columns.push_back(column->id);
  }
  added.name = index.name.empty() ? FreeIndexName(index, catalog, *relation) : index.name;
  if (!index.name.empty() && IsTaken(index.name, catalog, *relation)) {
    return Error(sqlstate::kDuplicateTable, StrCat("relation \"", index.name, "\" already exists"));
  }
  if (index.constraint && std::ranges::find(relation->checks, added.name, &sql::CheckConstraint::name) != relation->checks.end()) {
    return Error(sqlstate::kDuplicateObject, StrCat("constraint \"", added.name, "\" for relation \"", relation->name, "\" already exists"));
  }
  if (index.primary) {
    for (sql::Column& column : relation->columns) {
      if (std::ranges::find(added.columns, column.id) != added.columns.end()) column.not_null = true;
    }
  }
  added.oid = log.AllocateOid();
  if (index.constraint) added.constraint_oid = log.AllocateOid();
  const std::string name = added.name;
  const auto at = std::ranges::find_if(relation->indexes, [&](const sql::Index& other) { return other.name > name; });
  relation->indexes.insert(at, std::move(added));
  RETURN_IF_ERROR(CheckPartitioningKeys(*relation));
  return name;
}

Status CheckPartitioningKeys(const sql::Relation& relation) {
  if (!relation.hypertable) return OkStatus();
  for (const sql::Index& index : relation.indexes) {
    if (!index.unique) continue;
    for (const sql::Dimension& dimension : relation.hypertable->dimensions) {
      if (std::ranges::find(index.columns, dimension.column) != index.columns.end()) continue;
      return Error(sqlstate::kBadHypertableIndex, StrCat("cannot create a unique index without the column \"", relation.Find(dimension.column)->name,
                                                         "\" (used in partitioning)"));
    }
  }
  return OkStatus();
}

std::string IndexColumns(const sql::Relation& relation, const sql::Index& index) {
  std::string text;
  for (const ColumnId column : index.columns) StrAppend(&text, text.empty() ? "(" : ", ", sql::parse::QuoteIdentifier(relation.Find(column)->name));
  return text + ")";
}

std::string IndexDefinition(const sql::Relation& relation, const sql::Index& index) {
  return StrCat("CREATE ", index.unique ? "UNIQUE " : "", "INDEX ", sql::parse::QuoteIdentifier(index.name), " ON ",
                sql::parse::QuoteIdentifier(relation.schema), ".", sql::parse::QuoteIdentifier(relation.name), " USING btree ",
                IndexColumns(relation, index), index.nulls_distinct ? "" : " NULLS NOT DISTINCT");
}

std::string KeyDefinition(const sql::Relation& relation, const sql::Index& index) {
  return StrCat(index.primary ? "PRIMARY KEY " : index.nulls_distinct ? "UNIQUE " : "UNIQUE NULLS NOT DISTINCT ", IndexColumns(relation, index));
}

}  // namespace tsd::coord
