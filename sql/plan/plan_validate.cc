#include "sql/plan/plan_validate.h"

#include <algorithm>

#include "engine/base/strings.h"
#include "sql/exec/aggregate_state.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::sql {
namespace {

Status Bad(std::string_view what) { return Error(sqlstate::kProtocolViolation, StrCat("malformed plan fragment: ", what)); }

Status CheckExpr(const Expr& expr, const std::vector<PlanColumn>& input) {
  switch (expr.kind) {
    case ExprKind::kColumn: {
      for (const PlanColumn& column : input) {
        if (column.id != expr.column) continue;
        return column.type.Physical() == expr.type.Physical() && column.type.SameAs(expr.type) ? OkStatus() : Bad("column type");
      }
      return Bad("column reference");
    }
    case ExprKind::kOuterColumn:
    case ExprKind::kParameter:
    case ExprKind::kSubquery: return Bad("expression");
    default: break;
  }
  for (const ExprPtr& argument : expr.arguments) RETURN_IF_ERROR(CheckExpr(*argument, input));
  return OkStatus();
}

Status CheckExprs(const std::vector<ExprPtr>& exprs, const std::vector<PlanColumn>& input) {
  for (const ExprPtr& expr : exprs) {
    if (expr != nullptr) RETURN_IF_ERROR(CheckExpr(*expr, input));
  }
  return OkStatus();
}

Status CheckCondition(const ExprPtr& expr, const std::vector<PlanColumn>& input) {
  if (expr == nullptr) return OkStatus();
  if (!expr->type.Is(TypeId::kBool)) return Bad("condition");
  return CheckExpr(*expr, input);
}

bool SameColumns(const std::vector<PlanColumn>& a, const std::vector<PlanColumn>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const PlanColumn& x, const PlanColumn& y) { return x.id == y.id && x.type.SameAs(y.type); });
}

bool HasColumn(const std::vector<PlanColumn>& columns, int id) {
  return std::any_of(columns.begin(), columns.end(), [id](const PlanColumn& column) { return column.id == id; });
}

Status CheckKeys(const std::vector<SortKey>& keys, const std::vector<PlanColumn>& input) {
  for (const SortKey& key : keys) {
    if (!HasColumn(input, key.column)) return Bad("sort key");
  }
  return OkStatus();
}

Status CheckScan(const ScanNode& scan) {
  const size_t extra = scan.row_ids == RowIds::kWith ? 2 : 0;
  if (scan.output.size() != scan.columns.size() + extra) return Bad("scan columns");
  for (size_t i = 0; i < scan.columns.size(); ++i) {
    const ColumnSchema* column = scan.schema->Find(scan.columns[i]);
    if (column == nullptr || !column->type.SameAs(scan.output[i].type)) return Bad("scan column");
  }
  for (size_t i = scan.columns.size(); i < scan.output.size(); ++i) {
    if (!scan.output[i].type.Is(TypeId::kInt64)) return Bad("row id");
  }
  for (const ColumnCondition& condition : scan.predicate.conditions) {
    const ColumnSchema* column = scan.schema->Find(condition.column);
    if (column == nullptr) return Bad("predicate column");
    const bool none = condition.op == ColumnCondition::Op::kIsNull || condition.op == ColumnCondition::Op::kIsNotNull;
    if (!none && condition.values.empty()) return Bad("predicate value");
    for (const Value& value : condition.values) {
      if (value.IsNull() || !value.type().SameAs(column->type)) return Bad("predicate value");
    }
  }
  for (const ExprPtr& filter : scan.filters) RETURN_IF_ERROR(CheckCondition(filter, scan.output));
  return OkStatus();
}

Status CheckAggregate(const AggregateNode& node, const std::vector<PlanColumn>& input) {
  const size_t mask = node.grouping_sets.empty() ? 0 : 1;
  if (node.output.size() != node.groups.size() + node.aggregates.size() + mask) return Bad("aggregate columns");
  RETURN_IF_ERROR(CheckExprs(node.groups, input));
  for (size_t i = 0; i < node.groups.size(); ++i) {
    if (!node.output[i].type.SameAs(node.groups[i]->type)) return Bad("group type");
  }
  for (size_t i = 0; i < node.aggregates.size(); ++i) {
    const AggregateCall& call = node.aggregates[i];
    RETURN_IF_ERROR(CheckExprs(call.arguments, input));
    RETURN_IF_ERROR(CheckCondition(call.filter, input));
    RETURN_IF_ERROR(CheckKeys(call.order_by, input));
    ASSIGN_OR_RETURN(const DataType partial, AggregatePartialType(call.function, call.argument_types, call.result_type));
    if (node.phase == AggregatePhase::kFinal) {
      if (call.arguments.size() != 1 || !call.arguments[0]->type.SameAs(partial)) return Bad("aggregate state");
    } else {
      if (call.arguments.size() != call.argument_types.size()) return Bad("aggregate arguments");
      for (size_t a = 0; a < call.arguments.size(); ++a) {
        if (!call.arguments[a]->type.SameAs(call.argument_types[a])) return Bad("aggregate argument type");
      }
    }
    const DataType& result = node.phase == AggregatePhase::kPartial ? partial : call.result_type;
    if (!node.output[node.groups.size() + i].type.SameAs(result)) return Bad("aggregate type");
  }
  if (node.newest_group >= 0 && (node.newest_limit < 1 || mask != 0 ||
                                 node.groups[static_cast<size_t>(node.newest_group)]->type.Physical() != PhysicalType::kInt64)) {
    return Bad("newest groups");
  }
  if (mask != 0 && !node.output.back().type.Is(TypeId::kInt32)) return Bad("grouping mask");
  for (const auto& set : node.grouping_sets) {
    for (size_t index : set) {
      if (index >= node.groups.size()) return Bad("grouping set");
    }
  }
  return OkStatus();
}

Status CheckJoin(const JoinNode& join) {
  const auto& left = join.children[0]->output;
  const auto& right = join.children[1]->output;
  if (join.left_keys.size() != join.right_keys.size()) return Bad("join keys");
  RETURN_IF_ERROR(CheckExprs(join.left_keys, left));
  RETURN_IF_ERROR(CheckExprs(join.right_keys, right));
  for (size_t i = 0; i < join.left_keys.size(); ++i) {
    if (!join.left_keys[i]->type.SameAs(join.right_keys[i]->type)) return Bad("join key types");
  }
  std::vector<PlanColumn> both = left;
  both.insert(both.end(), right.begin(), right.end());
  RETURN_IF_ERROR(CheckCondition(join.residual, both));
  const bool left_only = join.join == JoinType::kSemi || join.join == JoinType::kAnti || join.join == JoinType::kAntiNotIn;
  if (left_only) return SameColumns(join.output, left) ? OkStatus() : Bad("join columns");
  for (const PlanColumn& column : join.output) {
    const bool known = std::any_of(both.begin(), both.end(), [&](const PlanColumn& other) { return other.id == column.id && other.type.SameAs(column.type); });
    if (!known) return Bad("join columns");
  }
  return OkStatus();
}

Status CheckUnary(const PlanNode& plan) {
  const std::vector<PlanColumn>& input = plan.children[0]->output;
  switch (plan.kind) {
    case PlanKind::kProject: {
      const auto& project = PlanAs<ProjectNode>(plan);
      if (project.expressions.size() != project.output.size()) return Bad("projection");
      for (size_t i = 0; i < project.expressions.size(); ++i) {
        if (!project.expressions[i]->type.SameAs(project.output[i].type)) return Bad("projection type");
      }
      return CheckExprs(project.expressions, input);
    }
    case PlanKind::kAggregate: return CheckAggregate(PlanAs<AggregateNode>(plan), input);
    default: break;
  }
  if (!SameColumns(plan.output, input)) return Bad("columns");
  switch (plan.kind) {
    case PlanKind::kFilter: return CheckCondition(PlanAs<FilterNode>(plan).condition, input);
    case PlanKind::kSort: return CheckKeys(PlanAs<SortNode>(plan).keys, input);
    case PlanKind::kTopN: return CheckKeys(PlanAs<TopNNode>(plan).keys, input);
    case PlanKind::kLimit: {
      const auto& limit = PlanAs<LimitNode>(plan);
      RETURN_IF_ERROR(CheckExprs({limit.limit, limit.offset}, {}));
      return CheckKeys(limit.ties, input);
    }
    case PlanKind::kDistinctOn:
      for (int id : PlanAs<DistinctOnNode>(plan).keys) {
        if (!HasColumn(input, id)) return Bad("distinct key");
      }
      return OkStatus();
    default: return OkStatus();
  }
}

Status CheckValues(const ValuesNode& node) {
  for (const auto& row : node.rows) {
    if (row.size() != node.output.size()) return Bad("values");
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i]->type.SameAs(node.output[i].type)) return Bad("value type");
    }
    RETURN_IF_ERROR(CheckExprs(row, {}));
  }
  return OkStatus();
}

size_t ChildrenOf(PlanKind kind) {
  switch (kind) {
    case PlanKind::kScan:
    case PlanKind::kValues: return 0;
    case PlanKind::kJoin:
    case PlanKind::kSetOperation: return 2;
    default: return 1;
  }
}

}  // namespace

Status ValidateFragment(const PlanNode& plan) {
  if (plan.children.size() != ChildrenOf(plan.kind)) return Bad("children");
  for (const PlanPtr& child : plan.children) RETURN_IF_ERROR(ValidateFragment(*child));
  switch (plan.kind) {
    case PlanKind::kScan: return CheckScan(PlanAs<ScanNode>(plan));
    case PlanKind::kValues: return CheckValues(PlanAs<ValuesNode>(plan));
    case PlanKind::kJoin: return CheckJoin(PlanAs<JoinNode>(plan));
    case PlanKind::kSetOperation: {
      for (const PlanPtr& child : plan.children) {
        if (child->output.size() != plan.output.size()) return Bad("set columns");
        for (size_t i = 0; i < plan.output.size(); ++i) {
          if (!child->output[i].type.SameAs(plan.output[i].type)) return Bad("set column types");
        }
      }
      return OkStatus();
    }
    default: return CheckUnary(plan);
  }
}

}  // namespace tsd::sql
