// ON CONFLICT: which unique keys are meant, and what DO UPDATE makes of the row that is there and the one that was to be inserted.
#include <algorithm>

#include "sql/bind/binder_core.h"

namespace tsd::sql {
namespace {

/// The relation's unique indexes, in the order that numbers arbiters.
std::vector<const Index*> UniqueIndexes(const Relation& relation) {
  std::vector<const Index*> result;
  for (const Index& index : relation.indexes) {
    if (index.unique) result.push_back(&index);
  }
  return result;
}

/// `env`: the relation's columns, numbered as they come.
StatusOr<std::vector<size_t>> Arbiters(Binder& binder, const ExprEnv& env, const parse::ConflictClause& conflict, const Relation& relation) {
  const std::vector<const Index*> indexes = UniqueIndexes(relation);
  std::vector<size_t> arbiters;
  if (!conflict.constraint.empty()) {
    for (size_t i = 0; i < indexes.size(); ++i) {
      if (indexes[i]->name == conflict.constraint && indexes[i]->constraint_oid != 0) return std::vector<size_t>{i};
    }
    return Error(sqlstate::kUndefinedObject, StrCat("constraint \"", conflict.constraint, "\" for table \"", relation.name, "\" does not exist"));
  }
  std::vector<ColumnId> target;
  bool only_columns = true;
  for (const parse::IndexElement& element : conflict.target) {
    if (element.expr != nullptr) {
      only_columns = false;
      continue;
    }
    parse::ColumnRefExpr written(element.position);
    written.parts = {element.column};
    ASSIGN_OR_RETURN(const ExprPtr column, binder.Expr(written, env));
    if (column->kind != ExprKind::kColumn) only_columns = false;  // a system column
    else target.push_back(relation.columns[static_cast<size_t>(column->column)].id);
  }
  std::ranges::sort(target);
  target.erase(std::ranges::unique(target).begin(), target.end());
  for (size_t i = 0; i < indexes.size(); ++i) {
    std::vector<ColumnId> columns = indexes[i]->columns;
    std::ranges::sort(columns);
    columns.erase(std::ranges::unique(columns).begin(), columns.end());
    if (conflict.target.empty() || (only_columns && columns == target)) arbiters.push_back(i);
  }
  if (!conflict.target.empty() && arbiters.empty()) {
    return Error(sqlstate::kInvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification");
  }
  return arbiters;
}

}  // namespace

StatusOr<std::shared_ptr<const BoundConflict>> Binder::Conflict(const parse::InsertStatement& statement, RelationPtr into) {
  const Relation& relation = *into;
  const parse::ConflictClause& conflict = statement.conflict;
  auto bound = std::make_shared<BoundConflict>();
  bound->updates = conflict.action == parse::ConflictAction::kDoUpdate;
  if (bound->updates && conflict.target.empty() && conflict.constraint.empty()) {
    return WithHint(ErrorAt(sqlstate::kSyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name", conflict.position),
                    "For example, ON CONFLICT (column_name).");
  }

  Scope scope;
  ScopeItem target;
  target.schema = statement.alias.empty() ? relation.schema : "";
  target.alias = statement.alias.empty() ? relation.name : statement.alias;
  target.relation = std::move(into);
  ScopeItem excluded;
  excluded.alias = "excluded";
  const int columns = static_cast<int>(relation.columns.size());
  for (int i = 0; i < columns; ++i) {
    const Column& column = relation.columns[static_cast<size_t>(i)];
    target.columns.push_back({column.name, i, column.type});
    excluded.columns.push_back({column.name, columns + i, column.type});
  }
  ExprEnv env;
  env.scope = &scope;
  env.clause = Clause::kWhere;
  scope.names.visible = target.columns;
  scope.names.items.push_back(std::move(target));
  ASSIGN_OR_RETURN(bound->arbiters, Arbiters(*this, env, conflict, relation));
  // A predicate that chooses among partial indexes: every index here is of all rows, so it only has to mean something.
  if (conflict.target_where != nullptr) RETURN_IF_ERROR(Condition(*conflict.target_where, env, "WHERE").status());
  if (bound->updates) {
    scope.names.visible.insert(scope.names.visible.end(), excluded.columns.begin(), excluded.columns.end());
    scope.names.items.push_back(std::move(excluded));
    env.clause = Clause::kUpdate;
    ASSIGN_OR_RETURN(bound->values, Assignments(conflict.assignments, relation, env));
    for (int i = 0; i < columns; ++i) {
      ExprPtr& value = bound->values[static_cast<size_t>(i)];
      if (value == nullptr) value = MakeColumn(i, relation.columns[static_cast<size_t>(i)].type);
    }
    env.clause = Clause::kWhere;
    if (conflict.where != nullptr) {
      ASSIGN_OR_RETURN(bound->where, Condition(*conflict.where, env, "WHERE"));
    }
  }
  if (bound->arbiters.empty()) return std::shared_ptr<const BoundConflict>();
  return std::shared_ptr<const BoundConflict>(std::move(bound));
}

}  // namespace tsd::sql
