#include <algorithm>

#include "sql/function/call_builder.h"
#include "sql/function/registry.h"
#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

using Conjuncts = std::vector<ExprPtr>;

class FilterPusher {
 public:
  explicit FilterPusher(const OptimizeContext& context) : context_(context) {}

  PlanPtr Push(PlanPtr plan, Conjuncts conjuncts) {
    switch (plan->kind) {
      case PlanKind::kFilter: {
        SplitConjuncts(PlanAs<FilterNode>(*plan).condition, &conjuncts);
        return Push(plan->children[0], std::move(conjuncts));
      }
      case PlanKind::kScan: return IntoScan(std::move(plan), std::move(conjuncts));
      case PlanKind::kProject: return ThroughProject(std::move(plan), std::move(conjuncts));
      case PlanKind::kAggregate: return ThroughAggregate(std::move(plan), std::move(conjuncts));
      case PlanKind::kSort:
      case PlanKind::kDistinct: {
        plan->children[0] = Push(plan->children[0], std::move(conjuncts));
        return plan;
      }
      case PlanKind::kDistinctOn: return ThroughColumns(std::move(plan), std::move(conjuncts), PlanAs<DistinctOnNode>(*plan).keys);
      case PlanKind::kWindow: return ThroughColumns(std::move(plan), std::move(conjuncts), PlanAs<WindowNode>(*plan).partition);
      case PlanKind::kJoin: return IntoJoin(std::move(plan), std::move(conjuncts));
      case PlanKind::kApply: return IntoApply(std::move(plan), std::move(conjuncts));
      case PlanKind::kSetOperation: return IntoSets(std::move(plan), std::move(conjuncts));
      case PlanKind::kWith: {
        for (size_t i = 1; i < plan->children.size(); ++i) plan->children[i] = Push(plan->children[i], {});
        plan->children[0] = Push(plan->children[0], std::move(conjuncts));
        return plan;
      }
      default: {
        for (PlanPtr& child : plan->children) child = Push(child, {});
        return Above(std::move(plan), conjuncts);
      }
    }
  }

 private:
  static PlanPtr Above(PlanPtr plan, const Conjuncts& conjuncts) {
    return conjuncts.empty() ? plan : MakeFilter(std::move(plan), JoinConjuncts(conjuncts));
  }

  PlanPtr IntoScan(PlanPtr plan, Conjuncts conjuncts) {
    auto& scan = PlanAs<ScanNode>(*plan);
    Conjuncts above;
    for (ExprPtr& conjunct : conjuncts) (IsShippable(*conjunct) ? scan.filters : above).push_back(std::move(conjunct));
    return Above(std::move(plan), above);
  }

  PlanPtr ThroughProject(PlanPtr plan, Conjuncts conjuncts) {
    const auto& project = PlanAs<ProjectNode>(*plan);
    Conjuncts below, above;
    for (const ExprPtr& conjunct : conjuncts) {
      bool movable = !IsVolatile(*conjunct);
      for (int id : ColumnsOf(*conjunct)) {
        for (size_t i = 0; i < project.output.size(); ++i) {
          if (project.output[i].id == id && IsVolatile(*project.expressions[i])) movable = false;
        }
      }
      if (movable) {
        below.push_back(ReplaceColumns(conjunct, project.output, project.expressions));
      } else {
        above.push_back(conjunct);
      }
    }
    plan->children[0] = Push(plan->children[0], std::move(below));
    return Above(std::move(plan), above);
  }

  PlanPtr ThroughAggregate(PlanPtr plan, Conjuncts conjuncts) {
    const auto& aggregate = PlanAs<AggregateNode>(*plan);
    const std::vector<PlanColumn> keys(aggregate.output.begin(), aggregate.output.begin() + static_cast<ptrdiff_t>(aggregate.groups.size()));
    Conjuncts below, above;
    for (const ExprPtr& conjunct : conjuncts) {
      // A condition without columns must not take away the one row of an ungrouped aggregation.
      const bool movable = aggregate.grouping_sets.empty() && !keys.empty() && !IsVolatile(*conjunct) && !ColumnsOf(*conjunct).empty() &&
                           UsesOnly(*conjunct, keys);
      if (movable) {
        below.push_back(ReplaceColumns(conjunct, keys, aggregate.groups));
      } else {
        above.push_back(conjunct);
      }
    }
    plan->children[0] = Push(plan->children[0], std::move(below));
    return Above(std::move(plan), above);
  }

  PlanPtr ThroughColumns(PlanPtr plan, Conjuncts conjuncts, const std::vector<int>& columns) {
    std::vector<PlanColumn> keys;
    for (int id : columns) keys.push_back({id, "", DataType()});
    Conjuncts below, above;
    for (ExprPtr& conjunct : conjuncts) {
      const bool movable = !IsVolatile(*conjunct) && !ColumnsOf(*conjunct).empty() && UsesOnly(*conjunct, keys);
      (movable ? below : above).push_back(std::move(conjunct));
    }
    plan->children[0] = Push(plan->children[0], std::move(below));
    return Above(std::move(plan), above);
  }

  /// a = b across the sides becomes a pair of keys of one type.
  bool TakeKeys(JoinNode& join, const ExprPtr& conjunct) const {
    if (!IsEquality(*conjunct) || IsVolatile(*conjunct)) return false;
    ExprPtr left = conjunct->arguments[0];
    ExprPtr right = conjunct->arguments[1];
    const auto& left_columns = join.children[0]->output;
    const auto& right_columns = join.children[1]->output;
    if (!UsesAny(*left, left_columns)) std::swap(left, right);
    if (!UsesAny(*left, left_columns) || !UsesOnly(*left, left_columns)) return false;
    if (!UsesAny(*right, right_columns) || !UsesOnly(*right, right_columns)) return false;
    if (!left->type.SameAs(right->type)) {
      const DataType both[] = {left->type, right->type};
      const StatusOr<DataType> common = SelectCommonType(both, "JOIN");
      if (!common.ok() || context_.exec == nullptr) return false;
      for (ExprPtr* side : {&left, &right}) {
        StatusOr<ExprPtr> cast = BuildCast(*side, *common, CastContext::kImplicit, *context_.exec);
        if (!cast.ok()) return false;
        *side = *std::move(cast);
      }
    }
    join.left_keys.push_back(std::move(left));
    join.right_keys.push_back(std::move(right));
    return true;
  }

  PlanPtr IntoJoin(PlanPtr plan, Conjuncts conjuncts) {
    auto& join = PlanAs<JoinNode>(*plan);
    const std::vector<PlanColumn> left_columns = join.children[0]->output;
    const std::vector<PlanColumn> right_columns = join.children[1]->output;
    const bool inner = join.join == JoinType::kInner || join.join == JoinType::kCross;
    const bool left_only = join.join == JoinType::kSemi || join.join == JoinType::kAnti || join.join == JoinType::kAntiNotIn;
    // What ON says; of an inner join WHERE says no less.
    Conjuncts on, above, to_left, to_right, residual;
    SplitConjuncts(join.residual, &on);
    for (ExprPtr& conjunct : conjuncts) {
      const bool left = UsesOnly(*conjunct, left_columns) && !IsVolatile(*conjunct);
      const bool right = UsesOnly(*conjunct, right_columns) && !IsVolatile(*conjunct);
      if (left && (inner || left_only || join.join == JoinType::kLeft)) {
        to_left.push_back(conjunct);
        if (inner && right) to_right.push_back(std::move(conjunct));  // no columns at all
      } else if (right && (inner || join.join == JoinType::kRight)) {
        to_right.push_back(std::move(conjunct));
      } else if (inner && !IsVolatile(*conjunct)) {
        on.push_back(std::move(conjunct));
      } else {
        above.push_back(std::move(conjunct));
      }
    }
    for (ExprPtr& conjunct : on) {
      const bool left = UsesOnly(*conjunct, left_columns) && !IsVolatile(*conjunct);
      const bool right = UsesOnly(*conjunct, right_columns) && !IsVolatile(*conjunct);
      // An outer side must keep its rows whatever ON says of them.
      if (left && (inner || join.join == JoinType::kSemi || join.join == JoinType::kRight)) {
        to_left.push_back(std::move(conjunct));
      } else if (right && (inner || join.join == JoinType::kLeft || join.join == JoinType::kSemi || join.join == JoinType::kAnti)) {
        to_right.push_back(std::move(conjunct));
      } else if (!TakeKeys(join, conjunct)) {
        residual.push_back(std::move(conjunct));
      }
    }
    join.residual = JoinConjuncts(residual);
    if (inner) join.join = join.left_keys.empty() && join.residual == nullptr ? JoinType::kCross : JoinType::kInner;
    join.children[0] = Push(join.children[0], std::move(to_left));
    join.children[1] = Push(join.children[1], std::move(to_right));
    return Above(std::move(plan), above);
  }

  PlanPtr IntoApply(PlanPtr plan, Conjuncts conjuncts) {
    auto& apply = PlanAs<ApplyNode>(*plan);
    Conjuncts outer, inner, above;
    for (ExprPtr& conjunct : conjuncts) {
      if (UsesOnly(*conjunct, apply.children[0]->output) && !IsVolatile(*conjunct)) {
        outer.push_back(std::move(conjunct));
      } else if (apply.apply == ApplyKind::kCross && UsesOnly(*conjunct, apply.children[1]->output) && !IsVolatile(*conjunct)) {
        inner.push_back(std::move(conjunct));
      } else {
        above.push_back(std::move(conjunct));
      }
    }
    if (apply.apply == ApplyKind::kCross || apply.apply == ApplyKind::kLeft) {
      Conjuncts on, kept;
      SplitConjuncts(apply.condition, &on);
      for (ExprPtr& conjunct : on) {
        const bool movable = UsesOnly(*conjunct, apply.children[1]->output) && !IsVolatile(*conjunct);
        (movable ? inner : kept).push_back(std::move(conjunct));
      }
      apply.condition = JoinConjuncts(kept);
    }
    apply.children[0] = Push(apply.children[0], std::move(outer));
    apply.children[1] = Push(apply.children[1], std::move(inner));
    return Above(std::move(plan), above);
  }

  PlanPtr IntoSets(PlanPtr plan, Conjuncts conjuncts) {
    Conjuncts movable, above;
    for (ExprPtr& conjunct : conjuncts) (IsVolatile(*conjunct) ? above : movable).push_back(std::move(conjunct));
    for (PlanPtr& child : plan->children) {
      std::vector<ExprPtr> columns;
      for (const PlanColumn& column : child->output) columns.push_back(MakeColumn(column.id, column.type));
      Conjuncts mapped;
      for (const ExprPtr& conjunct : movable) mapped.push_back(ReplaceColumns(conjunct, plan->output, columns));
      child = Push(child, std::move(mapped));
    }
    return Above(std::move(plan), above);
  }

  const OptimizeContext& context_;
};

}  // namespace

PlanPtr PushFiltersRule(PlanPtr plan, const OptimizeContext& context) { return FilterPusher(context).Push(std::move(plan), {}); }

}  // namespace tsd::sql
