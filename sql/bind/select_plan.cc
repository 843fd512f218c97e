// The second half of SELECT: bound pieces stacked into a plan.
#include "sql/bind/select_state.h"

namespace tsd::sql {
namespace {

ExprPtr ColumnOf(const PlanColumn& column) { return MakeColumn(column.id, column.type); }

Status RewriteSlot(const GroupRewriter& rewriter, ExprPtr* slot) {
  if (*slot == nullptr) return OkStatus();
  ASSIGN_OR_RETURN(*slot, rewriter.Rewrite(*slot));
  return OkStatus();
}

}  // namespace

Status SelectState::RewriteAbove(const GroupRewriter& rewriter, const PlanNode& below) {
  for (Target& target : targets) RETURN_IF_ERROR(RewriteSlot(rewriter, &target.expr));
  RETURN_IF_ERROR(RewriteSlot(rewriter, &having));
  for (PendingApply& apply : applies) {
    RETURN_IF_ERROR(rewriter.CheckInner(*apply.inner, below));
    if (apply.condition == nullptr) continue;
    // The inner side's own columns are not this query's business.
    std::set<int> inner;
    for (const PlanColumn& column : apply.inner->output) inner.insert(column.id);
    const ExprPtr rewritten = RewriteExpr(apply.condition, [&](const ExprPtr& expr) -> ExprPtr {
      if (expr->kind != ExprKind::kColumn || inner.count(expr->column) == 0) return nullptr;
      auto shielded = std::make_shared<Expr>(*expr);
      shielded->kind = ExprKind::kParameter;  // anything the rewriter leaves alone
      return shielded;
    });
    ASSIGN_OR_RETURN(apply.condition, rewriter.Rewrite(rewritten));
    apply.condition = RewriteExpr(apply.condition, [&](const ExprPtr& expr) -> ExprPtr {
      if (expr->kind != ExprKind::kParameter || inner.count(expr->column) == 0) return nullptr;
      return MakeColumn(expr->column, expr->type, expr->position);
    });
  }
  for (PendingWindow& window : windows) {
    for (ExprPtr& argument : window.call.arguments) RETURN_IF_ERROR(RewriteSlot(rewriter, &argument));
    RETURN_IF_ERROR(RewriteSlot(rewriter, &window.call.filter));
    for (ExprPtr& key : window.partition) RETURN_IF_ERROR(RewriteSlot(rewriter, &key));
    for (PendingWindow::Key& key : window.order) RETURN_IF_ERROR(RewriteSlot(rewriter, &key.expr));
    RETURN_IF_ERROR(RewriteSlot(rewriter, &window.range_start));
    RETURN_IF_ERROR(RewriteSlot(rewriter, &window.range_end));
  }
  for (PendingSet& set : sets) {
    for (ExprPtr& argument : set.function->arguments) RETURN_IF_ERROR(RewriteSlot(rewriter, &argument));
  }
  return OkStatus();
}

Status SelectState::StackGroupings(const std::vector<ExprPtr>& group_exprs, int mask_id) {
  if (groupings.empty()) return OkStatus();
  auto project = MakeUnary<ProjectNode>(plan);
  for (const PlanColumn& column : plan->output) project->expressions.push_back(ColumnOf(column));
  for (const auto& [id, arguments] : groupings) {
    // Bit by bit out of the set's mask: the last argument is the lowest bit.
    ExprPtr value = MakeConstant(Value::Int32(0));
    const ExecContext& exec = binder.context().exec;
    for (const ExprPtr& argument : arguments) {
      size_t index = 0;
      while (index < group_exprs.size() && !SameExpr(*group_exprs[index], *argument)) ++index;
      if (index == group_exprs.size()) {
        return ErrorAt(sqlstate::kGroupingError, "arguments to GROUPING must be grouping expressions of the associated query level",
                       argument->position);
      }
      ExprPtr bit = MakeConstant(Value::Int32(0));
      if (mask_id >= 0) {
        ASSIGN_OR_RETURN(bit, BuildOperator(">>", MakeColumn(mask_id, TypeId::kInt64), MakeConstant(Value::Int32(static_cast<int32_t>(index))), exec));
        ASSIGN_OR_RETURN(bit, BuildOperator("&", bit, MakeConstant(Value::Int64(1)), exec));
        ASSIGN_OR_RETURN(bit, BuildCast(bit, TypeId::kInt32, CastContext::kExplicit, exec));
      }
      ASSIGN_OR_RETURN(value, BuildOperator("*", value, MakeConstant(Value::Int32(2)), exec));
      ASSIGN_OR_RETURN(value, BuildOperator("+", value, bit, exec));
    }
    project->expressions.push_back(value);
    project->output.push_back({id, "grouping", TypeId::kInt32});
  }
  plan = std::move(project);
  return OkStatus();
}

Status SelectState::StackAggregation() {
  if (!IsAggregated()) {
    if (!groupings.empty()) {
      return Error(sqlstate::kGroupingError, "arguments to GROUPING must be grouping expressions of the associated query level");
    }
    ASSIGN_OR_RETURN(plan, binder.AttachApplies(std::move(plan), &applies));
    return OkStatus();
  }
  // Sub-queries inside aggregate arguments stand below; so do those GROUP BY expressions use.
  ASSIGN_OR_RETURN(plan, binder.AttachApplies(std::move(plan), &aggregate_applies));
  std::vector<PendingApply> above;
  std::vector<PendingApply> grouped;
  for (PendingApply& apply : applies) {
    bool in_group = false;
    for (const ExprPtr& group : groups) {
      const std::vector<int> used = ColumnsOf(*group);
      in_group = in_group || std::find(used.begin(), used.end(), apply.output.id) != used.end();
    }
    (in_group ? grouped : above).push_back(std::move(apply));
  }
  applies = std::move(above);
  ASSIGN_OR_RETURN(plan, binder.AttachApplies(std::move(plan), &grouped));

  auto node = std::make_shared<AggregateNode>();
  std::vector<ExprPtr*> order_keys;
  for (PendingAggregate& aggregate : aggregates) {
    for (PendingWindow::Key& key : aggregate.order) order_keys.push_back(&key.expr);
  }
  plan = WithColumns(std::move(plan), order_keys);
  node->groups = groups;
  node->grouping_sets = grouping_sets;
  std::vector<PlanColumn> outputs;
  std::set<int> known;
  for (const ExprPtr& group : groups) {
    PlanColumn output{group->column, "", group->type};
    if (group->kind != ExprKind::kColumn) output.id = binder.NewColumn("group");
    if (const PlanColumn* column = plan->FindOutput(output.id); column != nullptr && group->kind == ExprKind::kColumn) {
      output.name = column->name;
    } else {
      output.name = "group";
    }
    outputs.push_back(output);
  }
  node->output = outputs;
  for (PendingAggregate& aggregate : aggregates) {
    for (const PendingWindow::Key& key : aggregate.order) {
      aggregate.call.order_by.push_back({key.expr->column, key.descending, key.nulls_first});
    }
    node->output.push_back(aggregate.output);
    known.insert(aggregate.output.id);
    node->aggregates.push_back(std::move(aggregate.call));
  }
  int mask_id = -1;
  if (!grouping_sets.empty()) {
    mask_id = binder.NewColumn("grouping mask");
    node->output.push_back({mask_id, "grouping mask", TypeId::kInt64});
  }
  for (const PendingApply& apply : applies) known.insert(apply.output.id);
  for (const PendingSet& set : sets) known.insert(set.output.id);
  for (const PendingWindow& window : windows) known.insert(window.output.id);
  for (const auto& grouping : groupings) known.insert(grouping.first);
  const PlanPtr below = plan;
  node->children.push_back(plan);
  plan = std::move(node);
  const GroupRewriter rewriter(binder, groups, outputs, std::move(known));
  RETURN_IF_ERROR(RewriteAbove(rewriter, *below));
  RETURN_IF_ERROR(StackGroupings(groups, mask_id));
  ASSIGN_OR_RETURN(plan, binder.AttachApplies(std::move(plan), &applies));
  if (having != nullptr) plan = MakeFilter(std::move(plan), having);
  return OkStatus();
}

Status SelectState::StackWindows() {
  std::vector<ExprPtr*> slots;
  for (PendingWindow& window : windows) {
    for (ExprPtr& key : window.partition) slots.push_back(&key);
    for (PendingWindow::Key& key : window.order) slots.push_back(&key.expr);
    if (window.range_start != nullptr) slots.push_back(&window.range_start);
    if (window.range_end != nullptr) slots.push_back(&window.range_end);
  }
  if (windows.empty()) return OkStatus();
  // Equal expressions must become equal columns, so that windows over the same order share one sort.
  std::vector<std::pair<ExprPtr, ExprPtr>> made;
  for (ExprPtr* slot : slots) {
    if ((*slot)->kind == ExprKind::kColumn) continue;
    bool found = false;
    for (const auto& [expr, column] : made) {
      if (!SameExpr(*expr, **slot)) continue;
      *slot = column;
      found = true;
      break;
    }
    if (found) continue;
    const ExprPtr expr = *slot;
    plan = WithColumns(std::move(plan), {slot});
    made.emplace_back(expr, *slot);
  }
  std::vector<std::shared_ptr<WindowNode>> nodes;
  for (PendingWindow& window : windows) {
    std::vector<int> partition;
    for (const ExprPtr& key : window.partition) partition.push_back(key->column);
    std::vector<SortKey> order;
    for (const PendingWindow::Key& key : window.order) order.push_back({key.expr->column, key.descending, key.nulls_first});
    if (window.range_start != nullptr) window.call.range_start = window.range_start->column;
    if (window.range_end != nullptr) window.call.range_end = window.range_end->column;
    std::shared_ptr<WindowNode> node;
    for (const auto& known : nodes) {
      if (known->partition == partition && known->order == order) node = known;
    }
    if (node == nullptr) {
      node = MakeUnary<WindowNode>(plan);
      node->partition = std::move(partition);
      node->order = std::move(order);
      nodes.push_back(node);
      plan = node;
    }
    node->calls.push_back(std::move(window.call));
    // Later windows stand above: all of them pass the column on.
    bool above = false;
    for (const auto& known : nodes) {
      above = above || known == node;
      if (!above) continue;
      if (known == node) {
        known->output.push_back(window.output);
      } else {
        known->output.insert(known->output.end() - static_cast<ptrdiff_t>(known->calls.size()), window.output);
      }
    }
  }
  return OkStatus();
}

// A call whose arguments hold another set-returning call stands above that one; calls of one level advance together.
void SelectState::StackSets() {
  std::map<int, size_t> level_of;  // by output; a call comes after those in its arguments
  std::vector<std::vector<PendingSet*>> levels;
  for (PendingSet& set : sets) {
    size_t level = 0;
    for (const ExprPtr& argument : set.function->arguments) {
      if (argument == nullptr) continue;  // not given
      for (const int column : ColumnsOf(*argument)) {
        const auto below = level_of.find(column);
        if (below != level_of.end()) level = std::max(level, below->second + 1);
      }
    }
    level_of[set.output.id] = level;
    levels.resize(std::max(levels.size(), level + 1));
    levels[level].push_back(&set);
  }
  for (const std::vector<PendingSet*>& level : levels) {
    auto node = std::make_shared<ProjectSetNode>();
    for (const PlanColumn& column : plan->output) {
      node->items.push_back({ColumnOf(column), nullptr});
      node->output.push_back(column);
    }
    for (PendingSet* set : level) {
      node->items.push_back({nullptr, std::move(set->function)});
      node->output.push_back(set->output);
    }
    node->children.push_back(std::move(plan));
    plan = std::move(node);
  }
}

Status SelectState::StackTargets() {
  StackSets();
  auto project = std::make_shared<ProjectNode>();
  for (size_t i = 0; i < targets.size(); ++i) {
    Target& target = targets[i];
    if (target.expr->kind == ExprKind::kColumn) {
      target.id = target.expr->column;
    } else {
      target.id = binder.NewColumn(target.name);
    }
    project->expressions.push_back(target.expr);
    project->output.push_back({target.id, target.name, target.expr->type});
  }
  project->children.push_back(std::move(plan));
  plan = std::move(project);
  return OkStatus();
}

Status SelectState::StackOrder() {
  const bool distinct_all = query.select.distinct && query.select.distinct_on.empty();
  if (distinct_all) plan = MakeUnary<DistinctNode>(std::move(plan));
  std::vector<SortKey> keys;
  for (const OrderItem& item : order_by) {
    const int id = targets[item.target].id;
    const bool seen = std::any_of(keys.begin(), keys.end(), [&](const SortKey& key) { return key.column == id; });
    if (!seen) keys.push_back({id, item.descending, item.nulls_first});
  }
  if (!distinct_on.empty()) {
    std::vector<int> on;
    for (int target : distinct_on) on.push_back(targets[target].id);
    for (size_t i = 0; i < keys.size() && i < on.size(); ++i) {
      if (std::find(on.begin(), on.end(), keys[i].column) == on.end()) {
        size_t missing = 0;
        while (missing + 1 < on.size() && std::any_of(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(i),
                                                      [&](const SortKey& key) { return key.column == on[missing]; })) {
          ++missing;
        }
        return ErrorAt(sqlstate::kInvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
                       query.select.distinct_on[missing]->position);
      }
    }
    std::vector<SortKey> sort = keys;
    for (int id : on) {
      const bool seen = std::any_of(sort.begin(), sort.end(), [&](const SortKey& key) { return key.column == id; });
      if (!seen) sort.push_back({id, false, false});
    }
    auto sorted = MakeUnary<SortNode>(std::move(plan));
    sorted->keys = std::move(sort);
    auto unique = MakeUnary<DistinctOnNode>(std::move(sorted));
    unique->keys = std::move(on);
    plan = std::move(unique);
  } else if (!keys.empty()) {
    auto sorted = MakeUnary<SortNode>(std::move(plan));
    sorted->keys = keys;
    plan = std::move(sorted);
  }
  ASSIGN_OR_RETURN(plan, binder.AddLimit(std::move(plan), query, std::move(keys), scope));
  return OkStatus();
}

StatusOr<BoundQuery> SelectState::Finish() {
  if (targets.size() > visible_targets) {
    auto trim = std::make_shared<ProjectNode>();
    for (size_t i = 0; i < visible_targets; ++i) {
      trim->expressions.push_back(MakeColumn(targets[i].id, targets[i].expr->type));
      trim->output.push_back({targets[i].id, targets[i].name, targets[i].expr->type});
    }
    trim->children.push_back(std::move(plan));
    plan = std::move(trim);
  }
  BoundQuery bound;
  for (const PlanColumn& column : plan->output) bound.columns.push_back({column.name, column.id, column.type});
  bound.plan = std::move(plan);
  return bound;
}

}  // namespace tsd::sql
