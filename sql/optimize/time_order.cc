// What the order of stored rows saves a placed plan: groups of the newest times only, last rows of segments only.
#include <algorithm>

#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

constexpr int64_t kMaxNewestGroups = 1000;  // more are quicker found by all threads in any order

/// The scan below nodes that compute columns.
ScanNode* ScanBelowProjects(PlanNode* node) {
  while (node->kind == PlanKind::kProject) node = node->children[0].get();
  auto* scan = PlanTry<ScanNode>(node);
  return scan != nullptr && scan->relation != nullptr && scan->relation->hypertable.has_value() ? scan : nullptr;
}

/// The scanned column that `column` is below `node`, through projections; nullptr: it is computed, or not the scan's.
const ColumnId* StoredColumn(const PlanNode& node, int column) {
  if (const auto* scan = PlanTry<ScanNode>(&node)) {
    for (size_t i = 0; i < scan->columns.size(); ++i) {
      if (scan->output[i].id == column) return &scan->columns[i];
    }
    return nullptr;
  }
  if (const auto* project = PlanTry<ProjectNode>(&node)) {
    for (size_t i = 0; i < project->expressions.size(); ++i) {
      if (project->output[i].id != column) continue;
      if (project->expressions[i]->kind != ExprKind::kColumn) return nullptr;
      return StoredColumn(*project->children[0], project->expressions[i]->column);
    }
  }
  return nullptr;
}

/// What a column is made of, through projections.
const Expr* Definition(const PlanNode& node, const Expr& expr) {
  const auto* project = PlanTry<ProjectNode>(&node);
  if (expr.kind != ExprKind::kColumn || project == nullptr) return &expr;
  for (size_t i = 0; i < project->expressions.size(); ++i) {
    if (project->output[i].id == expr.column) return Definition(*project->children[0], *project->expressions[i]);
  }
  return &expr;
}

/// The scan's time column, or that rounded down to something constant: never above the time, and ascending with it.
bool IsTimeFloor(const Expr& expr, const ScanNode& scan) {
  const auto is_time = [&scan](const Expr& candidate) {
    const ColumnId* column = candidate.kind == ExprKind::kColumn ? StoredColumn(scan, candidate.column) : nullptr;
    return column != nullptr && *column == scan.relation->hypertable->time().column;
  };
  if (expr.type.Physical() != PhysicalType::kInt64) return false;
  if (is_time(expr)) return true;
  if (expr.kind != ExprKind::kFunction) return false;
  if (!expr.function.starts_with("time_bucket(") && !expr.function.starts_with("date_trunc(")) return false;
  int times = 0;
  for (const ExprPtr& argument : expr.arguments) {
    if (is_time(*argument)) {
      ++times;
      if (!argument->type.SameAs(expr.type)) return false;
    } else if (argument->kind != ExprKind::kConstant) {
      return false;
    }
  }
  return times == 1;
}

bool IsCallOf(const AggregateCall& call, std::string_view name) {
  return call.function.size() > name.size() && call.function.starts_with(name) && call.function[name.size()] == '(';
}

}  // namespace

void LimitGroups(const TopNNode& top) {
  if (top.with_ties || top.keys.empty() || !top.keys[0].descending || top.limit + top.offset > kMaxNewestGroups || top.limit < 1) return;
  int key = top.keys[0].column;
  PlanNode* node = top.children[0].get();
  AggregateNode* aggregate = nullptr;
  int group = -1;
  while (true) {
    if (auto* project = PlanTry<ProjectNode>(node)) {
      const PlanColumn* column = project->FindOutput(key);
      if (column == nullptr) return;
      const Expr& expr = *project->expressions[static_cast<size_t>(column - project->output.data())];
      if (expr.kind != ExprKind::kColumn) return;
      key = expr.column;
    } else if (node->kind == PlanKind::kAggregate) {
      aggregate = &PlanAs<AggregateNode>(*node);
      if (!aggregate->grouping_sets.empty()) return;
      if (group < 0) {
        const PlanColumn* column = aggregate->FindOutput(key);
        if (column == nullptr) return;
        group = static_cast<int>(column - aggregate->output.data());
        if (group >= static_cast<int>(aggregate->groups.size())) return;
      }
      if (aggregate->phase != AggregatePhase::kFinal) break;
    } else if (node->kind != PlanKind::kGather) {
      return;
    }
    node = node->children[0].get();
  }
  ScanNode* scan = ScanBelowProjects(aggregate->children[0].get());
  if (scan == nullptr) return;
  const Expr* floor = Definition(*aggregate->children[0], *aggregate->groups[static_cast<size_t>(group)]);
  if (!IsTimeFloor(*floor, *scan)) return;
  aggregate->newest_group = group;
  aggregate->newest_limit = top.limit + top.offset;
  scan->order = ChunkOrder::kNewestFirst;
}

void LastRowsOfSegments(const DistinctOnNode& distinct) {
  const auto* sort = PlanTry<SortNode>(distinct.children[0].get());
  if (sort == nullptr || sort->keys.size() != distinct.keys.size() + 1) return;
  ScanNode* scan = ScanBelowProjects(sort->children[0].get());
  if (scan == nullptr || scan->row_ids == RowIds::kWith) return;
  const PlanNode& rows = *sort->children[0];
  std::vector<ColumnId> segment = scan->schema->segment_by;
  for (size_t i = 0; i < distinct.keys.size(); ++i) {
    const ColumnId* column = StoredColumn(rows, sort->keys[i].column);
    if (column == nullptr || std::erase(segment, *column) != 1) return;
    if (std::find(distinct.keys.begin(), distinct.keys.end(), sort->keys[i].column) == distinct.keys.end()) return;
  }
  const SortKey& last = sort->keys.back();
  const ColumnId* time = StoredColumn(rows, last.column);
  if (!segment.empty() || time == nullptr || *time != scan->relation->hypertable->time().column || !last.descending) return;
  scan->last_of_segment = true;
}

void LastRowsOfSegments(const AggregateNode& aggregate) {
  if (!aggregate.grouping_sets.empty() || aggregate.aggregates.empty() || aggregate.phase == AggregatePhase::kFinal) return;
  ScanNode* scan = ScanBelowProjects(aggregate.children[0].get());
  if (scan == nullptr || scan->row_ids == RowIds::kWith || scan->schema->segment_by.empty()) return;
  const PlanNode& rows = *aggregate.children[0];
  const std::vector<ColumnId>& segment = scan->schema->segment_by;
  for (const ExprPtr& group : aggregate.groups) {
    const ColumnId* column = group->kind == ExprKind::kColumn ? StoredColumn(rows, group->column) : nullptr;
    if (column == nullptr || std::find(segment.begin(), segment.end(), *column) == segment.end()) return;
  }
  for (const AggregateCall& call : aggregate.aggregates) {
    const size_t key = IsCallOf(call, "last") ? 1 : 0;
    if (key == 0 && !IsCallOf(call, "max")) return;
    if (call.filter != nullptr || call.distinct || !call.order_by.empty() || call.arguments.size() != key + 1) return;
    const Expr& argument = *call.arguments[key];
    const ColumnId* time = argument.kind == ExprKind::kColumn ? StoredColumn(rows, argument.column) : nullptr;
    if (time == nullptr || *time != scan->relation->hypertable->time().column) return;
  }
  scan->last_of_segment = true;
}

}  // namespace tsd::sql
