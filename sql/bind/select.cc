// SELECT .. FROM .. WHERE .. GROUP BY .. HAVING .. WINDOW .. ORDER BY .. LIMIT. Everything is bound first against FROM's columns; then the
// plan is stacked: FROM, WHERE, aggregation, HAVING, windows, set-returning items, the select list, DISTINCT, ORDER BY, LIMIT.
#include "sql/bind/select_state.h"
#include "sql/parse/print.h"

namespace tsd::sql {

ExprEnv SelectState::Env(Clause clause) {
  ExprEnv env;
  env.scope = &scope;
  env.clause = clause;
  env.applies = &applies;
  return env;
}

/// Where aggregates and windows may stand: select list, ORDER BY; HAVING without windows.
ExprEnv SelectState::OutputEnv(Clause clause) {
  ExprEnv env = Env(clause);
  env.aggregates = &aggregates;
  env.aggregate_applies = &aggregate_applies;
  env.groupings = &groupings;
  if (clause == Clause::kHaving) return env;
  env.windows = &windows;
  env.named_windows = &query.select.windows;
  env.sets = &sets;
  return env;
}

Status SelectState::BindFrom() {
  ASSIGN_OR_RETURN(Binder::FromResult from, binder.FromList(query.select.from, scope.parent, scope.ctes));
  scope.names = std::move(from.names);
  plan = std::move(from.plan);
  return OkStatus();
}

Status SelectState::BindWhere() {
  if (query.select.where == nullptr) return OkStatus();
  ASSIGN_OR_RETURN(ExprPtr condition, binder.Condition(*query.select.where, Env(Clause::kWhere), "WHERE"));
  ASSIGN_OR_RETURN(plan, binder.AttachApplies(std::move(plan), &applies));
  plan = MakeFilter(std::move(plan), std::move(condition));
  return OkStatus();
}

Status SelectState::BindTargets(UnknownRule unknown) {
  for (const parse::TargetItem& item : query.select.targets) {
    if (const auto* star = parse::TryAs<parse::StarExpr>(item.expr.get())) {
      std::vector<Binder::NamedExpr> columns;
      RETURN_IF_ERROR(binder.ExpandStar(*star, scope, item.position, &columns));
      for (Binder::NamedExpr& column : columns) targets.push_back({std::move(column.expr), std::move(column.name)});
      continue;
    }
    ASSIGN_OR_RETURN(ExprPtr expr, binder.Expr(*item.expr, OutputEnv(Clause::kSelectList)));
    if (expr->type.Is(TypeId::kUnknown) && (unknown == UnknownRule::kToText || query.select.distinct)) {
      ASSIGN_OR_RETURN(expr, binder.Cast(std::move(expr), TypeId::kText, CastContext::kImplicit));
    }
    targets.push_back({std::move(expr), item.alias.empty() ? parse::OutputColumnName(*item.expr) : item.alias});
  }
  visible_targets = targets.size();
  return OkStatus();
}

namespace {

const std::string* PlainName(const parse::Expr& expr) {
  const auto* ref = parse::TryAs<parse::ColumnRefExpr>(&expr);
  return ref != nullptr && ref->parts.size() == 1 ? &ref->parts[0] : nullptr;
}

bool HasVisible(const Scope& scope, const std::string& name) {
  for (const ScopeColumn& column : scope.names.visible) {
    if (column.name == name) return true;
  }
  return false;
}

}  // namespace

StatusOr<int> SelectState::TargetByName(const std::string& name, const char* clause, int position) {
  int found = -1;
  for (size_t i = 0; i < visible_targets; ++i) {
    if (targets[i].name != name) continue;
    if (found >= 0 && !SameExpr(*targets[found].expr, *targets[i].expr)) {
      return ErrorAt(sqlstate::kAmbiguousColumn, StrCat(clause, " \"", name, "\" is ambiguous"), position);
    }
    if (found < 0) found = static_cast<int>(i);
  }
  return found;
}

StatusOr<int> SelectState::TargetByOrdinal(const parse::Expr& expr, const char* clause) {
  const auto* literal = parse::TryAs<parse::LiteralExpr>(&expr);
  if (literal == nullptr) return -1;
  if (literal->literal != parse::LiteralKind::kInteger) {
    if (literal->literal == parse::LiteralKind::kNull) return -1;
    return ErrorAt(sqlstate::kSyntaxError, StrCat("non-integer constant in ", clause), expr.position);
  }
  const long ordinal = std::strtol(literal->text.c_str(), nullptr, 10);
  if (ordinal < 1 || static_cast<size_t>(ordinal) > visible_targets) {
    return ErrorAt(sqlstate::kInvalidColumnReference, StrCat(clause, " position ", literal->text, " is not in select list"), expr.position);
  }
  return static_cast<int>(ordinal - 1);
}

StatusOr<size_t> SelectState::GroupIndex(const parse::Expr& expr) {
  ExprPtr bound;
  ASSIGN_OR_RETURN(int target, TargetByOrdinal(expr, "GROUP BY"));
  const std::string* name = PlainName(expr);
  if (target < 0 && name != nullptr && !HasVisible(scope, *name)) {
    ASSIGN_OR_RETURN(target, TargetByName(*name, "GROUP BY", expr.position));
  }
  if (target >= 0) {
    bound = targets[target].expr;
    const std::vector<int> used = ColumnsOf(*bound);
    for (const PendingWindow& window : windows) {
      if (std::find(used.begin(), used.end(), window.output.id) != used.end()) {
        return ErrorAt(sqlstate::kWindowingError, "window functions are not allowed in GROUP BY",
                       bound->position > 0 ? bound->position : expr.position);
      }
    }
    for (const PendingAggregate& aggregate : aggregates) {
      if (std::find(used.begin(), used.end(), aggregate.output.id) != used.end()) {
        return ErrorAt(sqlstate::kGroupingError, "aggregate functions are not allowed in GROUP BY",
                       bound->position > 0 ? bound->position : expr.position);
      }
    }
  } else {
    ASSIGN_OR_RETURN(bound, binder.Expr(expr, Env(Clause::kGroupBy)));
  }
  if (bound->type.Is(TypeId::kUnknown)) {
    ASSIGN_OR_RETURN(bound, binder.Cast(std::move(bound), TypeId::kText, CastContext::kImplicit));
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    if (SameExpr(*groups[i], *bound)) return i;
  }
  groups.push_back(std::move(bound));
  return groups.size() - 1;
}

StatusOr<std::vector<size_t>> SelectState::GroupList(const parse::GroupItem& item) {
  std::vector<size_t> list;
  if (item.kind == parse::GroupItemKind::kEmpty) return list;
  if (item.kind != parse::GroupItemKind::kExpr) {
    return ErrorAt(sqlstate::kFeatureNotSupported, "nested grouping sets are not supported here", item.position);
  }
  if (const auto* row = parse::TryAs<parse::RowExpr>(item.expr.get()); row != nullptr && !row->explicit_row) {
    for (const parse::ExprPtr& element : row->elements) {
      ASSIGN_OR_RETURN(const size_t index, GroupIndex(*element));
      list.push_back(index);
    }
    return list;
  }
  ASSIGN_OR_RETURN(const size_t index, GroupIndex(*item.expr));
  list.push_back(index);
  return list;
}

StatusOr<GroupSets> SelectState::SetsOf(const parse::GroupItem& item) {
  constexpr size_t kMaxCube = 12;
  using Kind = parse::GroupItemKind;
  if (item.kind == Kind::kExpr || item.kind == Kind::kEmpty) {
    ASSIGN_OR_RETURN(std::vector<size_t> list, GroupList(item));
    return GroupSets{std::move(list)};
  }
  GroupSets sets_found;
  if (item.kind == Kind::kSets) {
    for (const parse::GroupItem& inner : item.items) {
      ASSIGN_OR_RETURN(GroupSets more, SetsOf(inner));
      sets_found.insert(sets_found.end(), more.begin(), more.end());
    }
    return sets_found;
  }
  std::vector<std::vector<size_t>> parts;
  for (const parse::GroupItem& inner : item.items) {
    ASSIGN_OR_RETURN(std::vector<size_t> list, GroupList(inner));
    parts.push_back(std::move(list));
  }
  const auto join = [&](const std::vector<size_t>& chosen) {
    std::vector<size_t> set;
    for (size_t part : chosen) set.insert(set.end(), parts[part].begin(), parts[part].end());
    sets_found.push_back(std::move(set));
  };
  if (item.kind == Kind::kRollup) {
    for (size_t keep = parts.size() + 1; keep-- > 0;) {
      std::vector<size_t> chosen(keep);
      for (size_t i = 0; i < keep; ++i) chosen[i] = i;
      join(chosen);
    }
    return sets_found;
  }
  if (parts.size() > kMaxCube) return ErrorAt(sqlstate::kTooManyColumns, "CUBE is limited to 12 elements", item.position);
  for (size_t bits = size_t{1} << parts.size(); bits-- > 0;) {
    std::vector<size_t> chosen;
    for (size_t i = 0; i < parts.size(); ++i) {
      if ((bits >> (parts.size() - 1 - i) & 1) != 0) chosen.push_back(i);
    }
    join(chosen);
  }
  return sets_found;
}

Status SelectState::BindGroups() {
  constexpr size_t kMaxSets = 4096;
  GroupSets product = {{}};
  bool several = false;
  for (const parse::GroupItem& item : query.select.group_by) {
    several = several || (item.kind != parse::GroupItemKind::kExpr && item.kind != parse::GroupItemKind::kEmpty);
    ASSIGN_OR_RETURN(const GroupSets item_sets, SetsOf(item));
    GroupSets next;
    for (const std::vector<size_t>& left : product) {
      for (const std::vector<size_t>& right : item_sets) {
        std::vector<size_t> set = left;
        for (size_t index : right) {
          if (std::find(set.begin(), set.end(), index) == set.end()) set.push_back(index);
        }
        next.push_back(std::move(set));
      }
    }
    if (next.size() > kMaxSets) return Error(sqlstate::kStatementTooComplex, "too many grouping sets present (maximum 4096)");
    product = std::move(next);
  }
  if (several && groups.size() > AggregateNode::kMaxMaskedGroups) {
    return Error(sqlstate::kStatementTooComplex, StrCat("too many columns in grouping sets (maximum ", AggregateNode::kMaxMaskedGroups, ")"));
  }
  if (several) grouping_sets = std::move(product);
  return OkStatus();
}

StatusOr<int> SelectState::OrderTarget(const parse::Expr& expr, Clause clause, const char* word) {
  ASSIGN_OR_RETURN(int target, TargetByOrdinal(expr, word));
  const std::string* name = PlainName(expr);
  if (target < 0 && name != nullptr) {
    ASSIGN_OR_RETURN(target, TargetByName(*name, word, expr.position));
  }
  if (target >= 0) return target;
  ASSIGN_OR_RETURN(ExprPtr bound, binder.Expr(expr, OutputEnv(clause)));
  if (bound->type.Is(TypeId::kUnknown)) {
    ASSIGN_OR_RETURN(bound, binder.Cast(std::move(bound), TypeId::kText, CastContext::kImplicit));
  }
  for (size_t i = 0; i < targets.size(); ++i) {
    if (SameExpr(*targets[i].expr, *bound)) return static_cast<int>(i);
  }
  targets.push_back({std::move(bound), "?sort?"});
  return static_cast<int>(targets.size() - 1);
}

Status SortDirection(const parse::SortItem& item, bool* descending, bool* nulls_first) {
  *descending = item.order == parse::SortOrder::kDescending;
  if (item.order == parse::SortOrder::kUsing) {
    if (item.using_op.name != "<" && item.using_op.name != ">") {
      return ErrorAt(sqlstate::kWrongObjectType, StrCat("operator ", item.using_op.name, " is not a valid ordering operator"),
                     item.using_op.position);
    }
    *descending = item.using_op.name == ">";
  }
  *nulls_first = item.nulls == parse::NullsOrder::kDefault ? *descending : item.nulls == parse::NullsOrder::kFirst;
  return OkStatus();
}

Status SelectState::BindOrder() {
  for (const parse::ExprPtr& key : query.select.distinct_on) {
    ASSIGN_OR_RETURN(const int target, OrderTarget(*key, Clause::kSelectList, "SELECT DISTINCT ON"));
    distinct_on.push_back(target);
  }
  for (const parse::SortItem& item : query.order_by) {
    OrderItem order;
    RETURN_IF_ERROR(SortDirection(item, &order.descending, &order.nulls_first));
    const size_t before = targets.size();
    ASSIGN_OR_RETURN(order.target, OrderTarget(*item.expr, Clause::kOrderBy, "ORDER BY"));
    if (targets.size() > before && query.select.distinct && query.select.distinct_on.empty()) {
      return ErrorAt(sqlstate::kInvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                     item.expr->position);
    }
    order_by.push_back(order);
  }
  return OkStatus();
}

PlanPtr SelectState::WithColumns(PlanPtr below, const std::vector<ExprPtr*>& exprs) {
  std::shared_ptr<ProjectNode> project;
  for (ExprPtr* slot : exprs) {
    if ((*slot)->kind == ExprKind::kColumn) continue;
    if (project == nullptr) {
      project = std::make_shared<ProjectNode>();
      project->output = below->output;
      for (const PlanColumn& column : below->output) project->expressions.push_back(MakeColumn(column.id, column.type));
    }
    const PlanColumn column{binder.NewColumn("expression"), "expression", (*slot)->type};
    project->expressions.push_back(*slot);
    project->output.push_back(column);
    *slot = MakeColumn(column.id, column.type, (*slot)->position);
  }
  if (project == nullptr) return below;
  project->children.push_back(std::move(below));
  return project;
}

StatusOr<BoundQuery> Binder::Select(const parse::Query& query, const Scope* parent, const CteList* ctes, UnknownRule unknown) {
  if (!query.locking.empty()) {
    return ErrorAt(sqlstate::kFeatureNotSupported, "row locks (FOR UPDATE, FOR SHARE) are not supported", query.locking[0].position);
  }
  SelectState state(*this, query);
  state.scope.parent = parent;
  state.scope.ctes = ctes;
  const std::vector<parse::WindowSpec>& windows = query.select.windows;
  for (size_t i = 1; i < windows.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (windows[i].name == windows[j].name) {
        return ErrorAt(sqlstate::kWindowingError, StrCat("window \"", windows[i].name, "\" is already defined"), windows[i].position);
      }
    }
  }
  RETURN_IF_ERROR(state.BindFrom());
  RETURN_IF_ERROR(state.BindWhere());
  RETURN_IF_ERROR(state.BindTargets(unknown));
  RETURN_IF_ERROR(state.BindGroups());
  if (query.select.having != nullptr) {
    ASSIGN_OR_RETURN(state.having, Condition(*query.select.having, state.OutputEnv(Clause::kHaving), "HAVING"));
  }
  RETURN_IF_ERROR(state.BindOrder());
  RETURN_IF_ERROR(state.StackAggregation());
  RETURN_IF_ERROR(state.StackWindows());
  RETURN_IF_ERROR(state.StackTargets());
  RETURN_IF_ERROR(state.StackOrder());
  return state.Finish();
}

}  // namespace tsd::sql
