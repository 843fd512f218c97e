#include <algorithm>

#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

using Ids = std::set<int>;

void AddUsed(const ExprPtr& expr, Ids* ids) {
  if (expr == nullptr) return;
  const std::vector<int> used = ColumnsOf(*expr);
  ids->insert(used.begin(), used.end());
}

void AddUsed(const std::vector<ExprPtr>& exprs, Ids* ids) {
  for (const ExprPtr& expr : exprs) AddUsed(expr, ids);
}

template <typename Keep>
void EraseColumns(std::vector<PlanColumn>* output, Keep keep) {
  output->erase(std::remove_if(output->begin(), output->end(), [&](const PlanColumn& column) { return !keep(column); }), output->end());
}

class Pruner {
 public:
  /// The same rows with at least the columns `needed`, in the order they had.
  PlanPtr Prune(PlanPtr plan, const Ids& needed) {
    switch (plan->kind) {
      case PlanKind::kScan: return PruneScan(std::move(plan), needed);
      case PlanKind::kVirtualScan: return PruneVirtual(std::move(plan), needed);
      case PlanKind::kProject: return PruneProject(std::move(plan), needed);
      case PlanKind::kAggregate: return PruneAggregate(std::move(plan), needed);
      case PlanKind::kFilter: {
        Ids below = needed;
        AddUsed(PlanAs<FilterNode>(*plan).condition, &below);
        return Unary(std::move(plan), below);
      }
      case PlanKind::kSort: return Unary(plan, WithKeys(needed, PlanAs<SortNode>(*plan).keys));
      case PlanKind::kTopN: return Unary(plan, WithKeys(needed, PlanAs<TopNNode>(*plan).keys));
      case PlanKind::kLimit: return Unary(plan, WithKeys(needed, PlanAs<LimitNode>(*plan).ties));
      case PlanKind::kDistinct: {
        plan->children[0] = Exactly(plan->children[0]);
        return plan;
      }
      case PlanKind::kDistinctOn: {
        Ids below = needed;
        for (int id : PlanAs<DistinctOnNode>(*plan).keys) below.insert(id);
        return Unary(std::move(plan), below);
      }
      case PlanKind::kJoin: return PruneJoin(std::move(plan), needed);
      case PlanKind::kApply: return PruneApply(std::move(plan), needed);
      case PlanKind::kWindow: return PruneWindow(std::move(plan), needed);
      case PlanKind::kProjectSet: return PruneProjectSet(std::move(plan), needed);
      case PlanKind::kWith: {
        plan->children[0] = Prune(plan->children[0], needed);
        for (size_t i = 1; i < plan->children.size(); ++i) plan->children[i] = Exactly(plan->children[i]);
        plan->output = plan->children[0]->output;
        return plan;
      }
      default: {
        for (PlanPtr& child : plan->children) child = Exactly(child);
        return plan;
      }
    }
  }

  /// The same rows with exactly the columns it has now, in that order.
  PlanPtr Exactly(PlanPtr plan) {
    const std::vector<PlanColumn> wanted = plan->output;
    PlanPtr pruned = Prune(std::move(plan), IdsOf(wanted));
    bool same = pruned->output.size() == wanted.size();
    for (size_t i = 0; same && i < wanted.size(); ++i) same = pruned->output[i].id == wanted[i].id;
    return same ? pruned : Select(std::move(pruned), wanted);
  }

 private:
  static PlanPtr Select(PlanPtr plan, const std::vector<PlanColumn>& columns) {
    auto project = std::make_shared<ProjectNode>();
    project->output = columns;
    for (const PlanColumn& column : columns) project->expressions.push_back(MakeColumn(column.id, column.type));
    project->children.push_back(std::move(plan));
    return project;
  }

  static Ids WithKeys(Ids needed, const std::vector<SortKey>& keys) {
    for (const SortKey& key : keys) needed.insert(key.column);
    return needed;
  }

  PlanPtr Unary(PlanPtr plan, const Ids& below) {
    plan->children[0] = Prune(plan->children[0], below);
    plan->output = plan->children[0]->output;
    return plan;
  }

  static PlanPtr PruneScan(PlanPtr plan, const Ids& needed) {
    auto& scan = PlanAs<ScanNode>(*plan);
    Ids used = needed;
    AddUsed(scan.filters, &used);
    std::vector<ColumnId> columns;
    std::vector<PlanColumn> output;
    for (size_t i = 0; i < scan.columns.size(); ++i) {
      if (used.count(scan.output[i].id) == 0) continue;
      columns.push_back(scan.columns[i]);
      output.push_back(scan.output[i]);
    }
    if (scan.row_ids == RowIds::kWith) output.insert(output.end(), scan.output.end() - 2, scan.output.end());
    scan.columns = std::move(columns);
    scan.output = output;
    // What only the filters look at need not travel.
    EraseColumns(&output, [&](const PlanColumn& column) { return needed.count(column.id) != 0; });
    return output.size() == scan.output.size() ? plan : Select(std::move(plan), output);
  }

  static PlanPtr PruneVirtual(PlanPtr plan, const Ids& needed) {
    auto& scan = PlanAs<VirtualScanNode>(*plan);
    std::vector<size_t> columns;
    std::vector<PlanColumn> output;
    for (size_t i = 0; i < scan.columns.size(); ++i) {
      if (needed.count(scan.output[i].id) == 0) continue;
      columns.push_back(scan.columns[i]);
      output.push_back(scan.output[i]);
    }
    scan.columns = std::move(columns);
    scan.output = std::move(output);
    return plan;
  }

  PlanPtr PruneProject(PlanPtr plan, const Ids& needed) {
    auto& project = PlanAs<ProjectNode>(*plan);
    std::vector<ExprPtr> expressions;
    std::vector<PlanColumn> output;
    Ids below;
    for (size_t i = 0; i < project.output.size(); ++i) {
      if (needed.count(project.output[i].id) == 0) continue;
      expressions.push_back(project.expressions[i]);
      output.push_back(project.output[i]);
      AddUsed(project.expressions[i], &below);
    }
    project.expressions = std::move(expressions);
    project.output = std::move(output);
    project.children[0] = Prune(project.children[0], below);
    return plan;
  }

  PlanPtr PruneAggregate(PlanPtr plan, const Ids& needed) {
    auto& aggregate = PlanAs<AggregateNode>(*plan);
    std::vector<AggregateCall> calls;
    std::vector<PlanColumn> output(aggregate.output.begin(), aggregate.output.begin() + static_cast<ptrdiff_t>(aggregate.groups.size()));
    for (size_t i = 0; i < aggregate.aggregates.size(); ++i) {
      const PlanColumn& column = aggregate.output[aggregate.groups.size() + i];
      if (needed.count(column.id) == 0) continue;
      calls.push_back(std::move(aggregate.aggregates[i]));
      output.push_back(column);
    }
    if (!aggregate.grouping_sets.empty()) output.push_back(aggregate.output.back());
    aggregate.aggregates = std::move(calls);
    aggregate.output = std::move(output);
    Ids below;
    AddUsed(aggregate.groups, &below);
    for (const AggregateCall& call : aggregate.aggregates) {
      AddUsed(call.arguments, &below);
      AddUsed(call.filter, &below);
      for (const SortKey& key : call.order_by) below.insert(key.column);
    }
    aggregate.children[0] = Prune(aggregate.children[0], below);
    return plan;
  }

  PlanPtr PruneJoin(PlanPtr plan, const Ids& needed) {
    auto& join = PlanAs<JoinNode>(*plan);
    Ids below = needed;
    AddUsed(join.left_keys, &below);
    AddUsed(join.right_keys, &below);
    AddUsed(join.residual, &below);
    for (PlanPtr& child : join.children) child = Prune(child, below);
    join.output = join.children[0]->output;
    const bool left_only = join.join == JoinType::kSemi || join.join == JoinType::kAnti || join.join == JoinType::kAntiNotIn;
    if (left_only) return plan;
    join.output.insert(join.output.end(), join.children[1]->output.begin(), join.children[1]->output.end());
    EraseColumns(&join.output, [&](const PlanColumn& column) { return needed.count(column.id) != 0; });
    return plan;
  }

  PlanPtr PruneApply(PlanPtr plan, const Ids& needed) {
    auto& apply = PlanAs<ApplyNode>(*plan);
    const bool joins = apply.apply == ApplyKind::kCross || apply.apply == ApplyKind::kLeft;
    if (!joins && needed.count(apply.output.back().id) == 0) return Prune(apply.children[0], needed);
    Ids below = needed;
    AddUsed(apply.condition, &below);
    for (int id : apply.correlated) below.insert(id);
    const PlanColumn own = apply.output.back();
    apply.children[0] = Prune(apply.children[0], below);
    apply.output = apply.children[0]->output;
    if (joins) {
      apply.children[1] = Prune(apply.children[1], below);
      apply.output.insert(apply.output.end(), apply.children[1]->output.begin(), apply.children[1]->output.end());
    } else {
      apply.children[1] = apply.apply == ApplyKind::kExists ? Prune(apply.children[1], {}) : Exactly(apply.children[1]);
      apply.output.push_back(own);
    }
    return plan;
  }

  PlanPtr PruneWindow(PlanPtr plan, const Ids& needed) {
    auto& window = PlanAs<WindowNode>(*plan);
    const size_t own = window.output.size() - window.calls.size();
    std::vector<WindowCall> calls;
    std::vector<PlanColumn> columns;
    Ids below = needed;
    for (size_t i = 0; i < window.calls.size(); ++i) {
      if (needed.count(window.output[own + i].id) == 0) continue;
      WindowCall& call = window.calls[i];
      AddUsed(call.arguments, &below);
      AddUsed(call.filter, &below);
      if (call.range_start >= 0) below.insert(call.range_start);
      if (call.range_end >= 0) below.insert(call.range_end);
      columns.push_back(window.output[own + i]);
      calls.push_back(std::move(call));
    }
    for (int id : window.partition) below.insert(id);
    for (const SortKey& key : window.order) below.insert(key.column);
    window.calls = std::move(calls);
    window.children[0] = Prune(window.children[0], below);
    window.output = window.children[0]->output;
    window.output.insert(window.output.end(), columns.begin(), columns.end());
    return plan;
  }

  PlanPtr PruneProjectSet(PlanPtr plan, const Ids& needed) {
    auto& project = PlanAs<ProjectSetNode>(*plan);
    std::vector<ProjectSetNode::Item> items;
    std::vector<PlanColumn> output;
    Ids below;
    for (size_t i = 0; i < project.items.size(); ++i) {
      ProjectSetNode::Item& item = project.items[i];
      // Sets stay: they make the rows.
      if (item.function == nullptr && needed.count(project.output[i].id) == 0) continue;
      AddUsed(item.expression, &below);
      if (item.function != nullptr) AddUsed(item.function->arguments, &below);
      output.push_back(project.output[i]);
      items.push_back(std::move(item));
    }
    project.items = std::move(items);
    project.output = std::move(output);
    project.children[0] = Prune(project.children[0], below);
    return plan;
  }
};

}  // namespace

PlanPtr PruneColumnsRule(PlanPtr plan) { return Pruner().Exactly(std::move(plan)); }

}  // namespace tsd::sql
