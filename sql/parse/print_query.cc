// Printing of queries and FROM items.
#include "engine/base/strings.h"
#include "sql/parse/printer.h"

namespace tsd::sql::parse {

std::string PrintQuery(const Query& query) {
  Printer printer;
  printer.PrintQuery(query);
  return printer.Take();
}

void Printer::PrintQuery(const Query& query) {
  With(query.with);
  switch (query.kind) {
    case QueryKind::kSelect: Select(query.select); break;
    case QueryKind::kValues:
      Text("VALUES ");
      if (query.literals.has_value()) Text(query.literals->text);
      for (size_t i = 0; i < query.values.size(); ++i) {
        Text(i > 0 ? ", (" : "(");
        Expressions(query.values[i]);
        Text(")");
      }
      break;
    case QueryKind::kSetOperation:
      SetSide(*query.set.left);
      Text(query.set.op == SetOperator::kUnion ? " UNION " : query.set.op == SetOperator::kExcept ? " EXCEPT " : " INTERSECT ");
      if (query.set.all) Text("ALL ");
      SetSide(*query.set.right);
      break;
  }
  Tail(query);
}

/// One side of a set operation; only a bare SELECT or VALUES needs no parentheses.
void Printer::SetSide(const Query& query) {
  const bool bare = query.kind != QueryKind::kSetOperation && query.with.items.empty() && query.order_by.empty() &&
                    query.limit == nullptr && query.offset == nullptr && query.locking.empty();
  if (bare) return PrintQuery(query);
  ParenthesisedQuery(query);
}

void Printer::With(const WithClause& with) {
  if (with.items.empty()) return;
  Text(with.recursive ? "WITH RECURSIVE " : "WITH ");
  for (size_t i = 0; i < with.items.size(); ++i) {
    const CommonTableExpr& item = with.items[i];
    if (i > 0) Text(", ");
    Identifier(item.name);
    if (!item.columns.empty()) Identifiers(item.columns);
    Text(" AS ");
    if (item.materialize == CteMaterialize::kAlways) Text("MATERIALIZED ");
    if (item.materialize == CteMaterialize::kNever) Text("NOT MATERIALIZED ");
    if (const auto* select = TryAs<SelectStatement>(item.statement.get())) {
      ParenthesisedQuery(*select->query);
    } else {
      const StatementKind kind = item.statement->kind;
      Text(kind == StatementKind::kInsert ? "(INSERT ...)" : kind == StatementKind::kUpdate ? "(UPDATE ...)" : "(DELETE ...)");
    }
  }
  Text(" ");
}

void Printer::Targets(const std::vector<TargetItem>& targets) {
  for (size_t i = 0; i < targets.size(); ++i) {
    Text(i > 0 ? ", " : " ");
    PrintExpr(*targets[i].expr);
    if (targets[i].alias.empty()) continue;
    Text(" AS ");
    Identifier(targets[i].alias);
  }
}

void Printer::Select(const SelectCore& select) {
  Text("SELECT");
  if (select.distinct) Text(" DISTINCT");
  if (!select.distinct_on.empty()) {
    Text(" ON (");
    Expressions(select.distinct_on);
    Text(")");
  }
  Targets(select.targets);
  for (size_t i = 0; i < select.from.size(); ++i) {
    Text(i > 0 ? ", " : " FROM ");
    Table(*select.from[i]);
  }
  if (select.where != nullptr) {
    Text(" WHERE ");
    PrintExpr(*select.where);
  }
  for (size_t i = 0; i < select.group_by.size(); ++i) {
    Text(i > 0 ? ", " : select.group_distinct ? " GROUP BY DISTINCT " : " GROUP BY ");
    Group(select.group_by[i]);
  }
  if (select.having != nullptr) {
    Text(" HAVING ");
    PrintExpr(*select.having);
  }
  for (size_t i = 0; i < select.windows.size(); ++i) {
    Text(i > 0 ? ", " : " WINDOW ");
    Identifier(select.windows[i].name);
    Text(" AS ");
    Window(select.windows[i]);
  }
}

void Printer::Group(const GroupItem& item) {
  if (item.kind == GroupItemKind::kExpr) return PrintExpr(*item.expr);
  if (item.kind == GroupItemKind::kRollup) Text("ROLLUP ");
  if (item.kind == GroupItemKind::kCube) Text("CUBE ");
  if (item.kind == GroupItemKind::kSets) Text("GROUPING SETS ");
  Text("(");
  for (size_t i = 0; i < item.items.size(); ++i) {
    if (i > 0) Text(", ");
    Group(item.items[i]);
  }
  Text(")");
}

void Printer::Tail(const Query& query) {
  OrderBy(query.order_by);
  if (query.limit != nullptr && query.with_ties) {
    Text(" FETCH FIRST (");
    PrintExpr(*query.limit);
    Text(") ROWS WITH TIES");
  } else if (query.limit != nullptr) {
    Text(" LIMIT ");
    PrintExpr(*query.limit);
  }
  if (query.offset != nullptr) {
    Text(" OFFSET ");
    PrintExpr(*query.offset);
  }
  for (const LockingClause& clause : query.locking) {
    switch (clause.strength) {
      case LockStrength::kKeyShare: Text(" FOR KEY SHARE"); break;
      case LockStrength::kShare: Text(" FOR SHARE"); break;
      case LockStrength::kNoKeyUpdate: Text(" FOR NO KEY UPDATE"); break;
      case LockStrength::kUpdate: Text(" FOR UPDATE"); break;
    }
    for (size_t i = 0; i < clause.tables.size(); ++i) {
      Text(i > 0 ? ", " : " OF ");
      PrintName(clause.tables[i]);
    }
    if (clause.wait == LockWait::kNoWait) Text(" NOWAIT");
    if (clause.wait == LockWait::kSkipLocked) Text(" SKIP LOCKED");
  }
}

void Printer::Table(const TableRef& table) {
  switch (table.kind) {
    case TableRefKind::kRelation:
      if (As<RelationRef>(table).only) Text("ONLY ");
      PrintName(As<RelationRef>(table).name);
      break;
    case TableRefKind::kSubquery:
      if (As<SubqueryRef>(table).lateral) Text("LATERAL ");
      ParenthesisedQuery(*As<SubqueryRef>(table).query);
      break;
    case TableRefKind::kFunction: return Function(As<FunctionRef>(table));
    case TableRefKind::kJoin: Join(As<JoinRef>(table)); break;
  }
  if (table.alias.empty()) return;
  Text(" AS ");
  Identifier(table.alias);
  if (!table.column_aliases.empty()) Identifiers(table.column_aliases);
}

void Printer::Join(const JoinRef& join) {
  // Always in parentheses: then neither side needs any.
  Text("(");
  Table(*join.left);
  if (join.natural) Text(" NATURAL");
  switch (join.join) {
    case JoinKind::kInner: Text(" JOIN "); break;
    case JoinKind::kLeft: Text(" LEFT JOIN "); break;
    case JoinKind::kRight: Text(" RIGHT JOIN "); break;
    case JoinKind::kFull: Text(" FULL JOIN "); break;
    case JoinKind::kCross: Text(" CROSS JOIN "); break;
  }
  Table(*join.right);
  if (join.on != nullptr) {
    Text(" ON ");
    PrintExpr(*join.on);
  } else if (!join.using_columns.empty()) {
    Text(" USING ");
    Identifiers(join.using_columns);
    if (!join.using_alias.empty()) Text(StrCat(" AS ", QuoteIdentifier(join.using_alias)));
  }
  Text(")");
}

void Printer::ColumnItems(const std::vector<ColumnDefinitionItem>& items) {
  Text("(");
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) Text(", ");
    Identifier(items[i].name);
    Text(" ");
    PrintType(items[i].type);
    if (items[i].collation.name.empty()) continue;
    Text(" COLLATE ");
    PrintName(items[i].collation);
  }
  Text(")");
}

void Printer::Function(const FunctionRef& function) {
  if (function.lateral) Text("LATERAL ");
  if (function.rows_from) Text("ROWS FROM (");
  for (size_t i = 0; i < function.functions.size(); ++i) {
    if (i > 0) Text(", ");
    PrintExpr(*function.functions[i].call);
    if (function.functions[i].columns.empty()) continue;
    Text(" AS ");
    ColumnItems(function.functions[i].columns);
  }
  if (function.rows_from) Text(")");
  if (function.with_ordinality) Text(" WITH ORDINALITY");
  if (function.alias.empty() && function.columns.empty()) return;
  Text(" AS ");
  if (!function.alias.empty()) Identifier(function.alias);
  if (!function.column_aliases.empty()) Identifiers(function.column_aliases);
  if (!function.columns.empty()) ColumnItems(function.columns);
}

}  // namespace tsd::sql::parse
