// Column references and stars against scopes.
#include <algorithm>

#include "sql/bind/binder_core.h"

namespace tsd::sql {
namespace {

ExprPtr Reference(const ScopeColumn& column, bool outer, int position) {
  if (!outer) return MakeColumn(column.id, column.type, position);
  auto expr = std::make_shared<Expr>();
  expr->kind = ExprKind::kOuterColumn;
  expr->type = column.type;
  expr->column = column.id;
  expr->position = position;
  return expr;
}

/// Whether an outer join found no row: a column that cannot be NULL says so, or else all columns together (a row of NULLs only is then
/// taken for none).
ExprPtr HasNoRow(const ScopeItem& item, bool outer, int position) {
  std::vector<ExprPtr> nulls;
  for (size_t i = 0; i < item.columns.size(); ++i) {
    ExprPtr null = MakeLogical(ExprKind::kIsNull, {Reference(item.columns[i], outer, position)});
    const bool certain = item.relation != nullptr && i < item.relation->columns.size() && item.relation->columns[i].not_null;
    if (certain) return null;
    nulls.push_back(std::move(null));
  }
  return nulls.size() == 1 ? nulls[0] : MakeLogical(ExprKind::kAnd, std::move(nulls));
}

/// The whole row of a table alias: a record.
ExprPtr WholeRow(const ScopeItem& item, bool outer, int position) {
  auto row = std::make_shared<Expr>();
  row->kind = ExprKind::kRow;
  row->type = TypeId::kRecord;
  row->position = position;
  for (const ScopeColumn& column : item.columns) row->arguments.push_back(Reference(column, outer, position));
  if (!item.null_extended || item.columns.empty()) return row;
  auto or_null = std::make_shared<Expr>();
  or_null->kind = ExprKind::kCase;
  or_null->type = TypeId::kRecord;
  or_null->position = position;
  or_null->arguments = {HasNoRow(item, outer, position), MakeConstant(Value::Null(TypeId::kRecord)), std::move(row)};
  return or_null;
}

std::string Spelled(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ".") + part;
  return text;
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

/// PostgreSQL's 'Perhaps you meant to reference the column "t.c".'
Status WithNearMiss(Status status, const Scope& scope, std::string_view name, std::string_view alias) {
  size_t best = std::min<size_t>(3, name.size() / 2) + 1;
  std::string hint;
  int hits = 0;
  for (const ScopeItem& item : scope.names.items) {
    if (!alias.empty() && item.alias != alias) continue;
    for (const ScopeColumn& column : item.columns) {
      if (column.name.size() > 64 || name.size() > 64) continue;
      const size_t distance = EditDistance(column.name, name);
      if (distance > best || (distance == best && hits == 0)) continue;
      hits = distance == best ? hits + 1 : 1;
      best = distance;
      hint = StrCat("Perhaps you meant to reference the column \"", item.alias, ".", column.name, "\".");
    }
  }
  return hits == 1 ? WithHint(std::move(status), hint) : status;
}

const ScopeItem* FindItem(const Scope& scope, const std::string& schema, const std::string& alias) {
  for (const ScopeItem& item : scope.names.items) {
    if (item.alias == alias && (schema.empty() || item.schema == schema)) return &item;
  }
  return nullptr;
}

}  // namespace

StatusOr<ExprPtr> Binder::ColumnRef(const parse::ColumnRefExpr& ref, const ExprEnv& env) {
  const std::string& name = ref.parts.back();
  if (ref.parts.size() == 1) {
    bool outer = false;
    for (const Scope* scope = env.scope; scope != nullptr; scope = scope->parent, outer = true) {
      const ScopeColumn* found = nullptr;
      for (const ScopeColumn& column : scope->names.visible) {
        if (column.name != name) continue;
        if (found != nullptr && found->id != column.id) {
          return ErrorAt(sqlstate::kAmbiguousColumn, StrCat("column reference \"", name, "\" is ambiguous"), ref.position);
        }
        found = &column;
      }
      if (found != nullptr) return Reference(*found, outer, ref.position);
    }
    outer = false;
    for (const Scope* scope = env.scope; scope != nullptr; scope = scope->parent, outer = true) {
      if (const ScopeItem* item = FindItem(*scope, "", name)) return WholeRow(*item, outer, ref.position);
    }
    Status status = ErrorAt(sqlstate::kUndefinedColumn, StrCat("column \"", name, "\" does not exist"), ref.position);
    return env.scope != nullptr ? WithNearMiss(std::move(status), *env.scope, name, "") : status;
  }
  const std::string& alias = ref.parts[ref.parts.size() - 2];
  const std::string schema = ref.parts.size() >= 3 ? ref.parts[ref.parts.size() - 3] : "";
  bool outer = false;
  for (const Scope* scope = env.scope; scope != nullptr; scope = scope->parent, outer = true) {
    const ScopeItem* item = FindItem(*scope, schema, alias);
    if (item == nullptr) continue;
    const ScopeColumn* found = nullptr;
    for (const ScopeColumn& column : item->columns) {
      if (column.name != name) continue;
      if (found != nullptr) {
        return ErrorAt(sqlstate::kAmbiguousColumn, StrCat("column reference \"", name, "\" is ambiguous"), ref.position);
      }
      found = &column;
    }
    if (found != nullptr) return Reference(*found, outer, ref.position);
    if (name == "tableoid" && item->relation != nullptr) {
      return MakeConstant(Value::Integer(TypeId::kOid, item->relation->id.value()), ref.position);
    }
    return WithNearMiss(ErrorAt(sqlstate::kUndefinedColumn, StrCat("column ", Spelled(ref.parts), " does not exist"), ref.position), *scope,
                        name, alias);
  }
  for (const Scope* scope = env.scope; scope != nullptr; scope = scope->parent) {
    for (const ScopeItem& item : scope->names.items) {
      if (item.relation == nullptr || item.relation->name != alias) continue;
      return WithHint(ErrorAt(sqlstate::kUndefinedTable, StrCat("invalid reference to FROM-clause entry for table \"", alias, "\""),
                              ref.position),
                      StrCat("Perhaps you meant to reference the table alias \"", item.alias, "\"."));
    }
  }
  return MissingTable(alias, env.scope, ref.position);
}

const ScopeItem* Binder::ItemNamed(const std::string& alias, const Scope* scope) {
  for (; scope != nullptr; scope = scope->parent) {
    if (const ScopeItem* item = FindItem(*scope, "", alias)) return item;
  }
  return nullptr;
}

tsd::Status Binder::MissingTable(const std::string& alias, const Scope* scope, int position) const {
  bool exists = false;
  for (; scope != nullptr; scope = scope->parent) {
    exists = exists || std::find(scope->names.hidden.begin(), scope->names.hidden.end(), alias) != scope->names.hidden.end();
  }
  for (const FromNames* names : out_of_reach_) {
    for (const ScopeItem& item : names->items) exists = exists || item.alias == alias;
  }
  if (!exists) return ErrorAt(sqlstate::kUndefinedTable, StrCat("missing FROM-clause entry for table \"", alias, "\""), position);
  return WithHint(ErrorAt(sqlstate::kUndefinedTable, StrCat("invalid reference to FROM-clause entry for table \"", alias, "\""), position),
                  StrCat("There is an entry for table \"", alias, "\", but it cannot be referenced from this part of the query."));
}

Status Binder::ExpandStar(const parse::StarExpr& star, const Scope& scope, int position, std::vector<NamedExpr>* columns) {
  const auto add = [&](const std::vector<ScopeColumn>& found, bool outer) {
    for (const ScopeColumn& column : found) columns->push_back({Reference(column, outer, position), column.name});
    return OkStatus();
  };
  if (star.qualifier.empty()) {
    if (!scope.names.items.empty()) return add(scope.names.visible, false);
    return ErrorAt(sqlstate::kSyntaxError, "SELECT * with no tables specified is not valid", star.position);
  }
  const std::string& alias = star.qualifier.back();
  const std::string schema = star.qualifier.size() >= 2 ? star.qualifier[star.qualifier.size() - 2] : "";
  for (const Scope* at = &scope; at != nullptr; at = at->parent) {
    if (const ScopeItem* item = FindItem(*at, schema, alias)) return add(item->columns, at != &scope);
  }
  return MissingTable(alias, &scope, star.position);
}

}  // namespace tsd::sql
