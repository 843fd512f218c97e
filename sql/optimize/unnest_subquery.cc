#include <algorithm>

#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

/// kOuterColumn references to `columns` made plain ones: right for a condition that moved out of the inner plan.
ExprPtr Unouter(const ExprPtr& expr, const std::vector<PlanColumn>& columns) {
  const std::set<int> ids = IdsOf(columns);
  return RewriteExpr(expr, [&](const ExprPtr& node) -> ExprPtr {
    if (node->kind != ExprKind::kOuterColumn || ids.count(node->column) == 0) return nullptr;
    return MakeColumn(node->column, node->type, node->position);
  });
}

bool UsesOuter(const Expr& expr, const std::set<int>& ids) {
  if (expr.kind == ExprKind::kOuterColumn && ids.count(expr.column) != 0) return true;
  return std::any_of(expr.arguments.begin(), expr.arguments.end(), [&](const ExprPtr& argument) { return UsesOuter(*argument, ids); });
}

/// Takes conjuncts with outer references out of filters at the top of the inner plan (below Projects and Distincts that do not matter to
/// EXISTS or keep the columns). False, with nothing changed, when outer references stay behind elsewhere.
class Decorrelator {
 public:
  explicit Decorrelator(const std::vector<PlanColumn>& outer) : outer_(outer), ids_(IdsOf(outer)) {}

  bool Take(PlanPtr* inner) {
    PlanPtr copy = ClonePlan(**inner);
    if (!Strip(&copy)) return false;
    for (int id : OuterColumnsOf(*copy)) {
      if (ids_.count(id) != 0) return false;
    }
    *inner = std::move(copy);
    return true;
  }
  std::vector<ExprPtr> taken;

 private:
  bool Strip(PlanPtr* slot) {
    PlanNode& node = **slot;
    if (node.kind == PlanKind::kFilter) {
      if (!Strip(&node.children[0])) return false;
      std::vector<ExprPtr> conjuncts, kept;
      SplitConjuncts(PlanAs<FilterNode>(node).condition, &conjuncts);
      for (const ExprPtr& conjunct : conjuncts) {
        if (UsesOuter(*conjunct, ids_)) {
          taken.push_back(Unouter(conjunct, outer_));
        } else {
          kept.push_back(conjunct);
        }
      }
      if (kept.empty()) {
        PlanPtr child = node.children[0];
        *slot = std::move(child);
      } else {
        PlanAs<FilterNode>(node).condition = JoinConjuncts(kept);
        (*slot)->output = (*slot)->children[0]->output;
      }
      return true;
    }
    if (node.kind == PlanKind::kProject) {
      auto& project = PlanAs<ProjectNode>(node);
      const size_t before = taken.size();
      if (!Strip(&node.children[0])) return false;
      // Columns the taken conjuncts need must come up through the projection.
      for (size_t i = before; i < taken.size(); ++i) {
        for (int id : ColumnsOf(*taken[i])) {
          if (project.FindOutput(id) != nullptr) continue;
          const PlanColumn* column = project.children[0]->FindOutput(id);
          if (column == nullptr) continue;
          project.output.push_back(*column);
          project.expressions.push_back(MakeColumn(column->id, column->type));
        }
      }
      return true;
    }
    // Any other node ends the search.
    return true;
  }

  const std::vector<PlanColumn>& outer_;
  std::set<int> ids_;
};

class Unnester {
 public:
  PlanPtr Run(PlanPtr plan) {
    if (plan->kind == PlanKind::kFilter) {
      if (PlanPtr joined = Unnest(plan)) return Run(std::move(joined));
    }
    for (PlanPtr& child : plan->children) child = Run(std::move(child));
    return plan;
  }

 private:
  /// Filter over a chain of Applies: one whose column is a whole conjunct becomes a join. nullptr: nothing to do.
  PlanPtr Unnest(const PlanPtr& plan) {
    auto& filter = PlanAs<FilterNode>(*plan);
    std::vector<ExprPtr> conjuncts;
    SplitConjuncts(filter.condition, &conjuncts);
    PlanPtr* slot = &plan->children[0];
    while ((*slot)->kind == PlanKind::kApply) {
      auto& apply = PlanAs<ApplyNode>(**slot);
      const int column = apply.output.back().id;
      const bool wanted = apply.apply == ApplyKind::kExists || (apply.apply == ApplyKind::kQuantified && !apply.all);
      for (size_t i = 0; wanted && i < conjuncts.size(); ++i) {
        const Expr& conjunct = *conjuncts[i];
        const bool negated = conjunct.kind == ExprKind::kNot;
        const Expr& test = negated ? *conjunct.arguments[0] : conjunct;
        if (test.kind != ExprKind::kColumn || test.column != column || UsedElsewhere(conjuncts, i, *plan, apply, column)) continue;
        PlanPtr join = ToJoin(apply, negated);
        if (join == nullptr) break;
        conjuncts.erase(conjuncts.begin() + static_cast<ptrdiff_t>(i));
        *slot = std::move(join);
        return Rebuild(plan, conjuncts);
      }
      slot = &(*slot)->children[0];
    }
    return nullptr;
  }

  /// The Apply's column must be used by that conjunct alone.
  static bool UsedElsewhere(const std::vector<ExprPtr>& conjuncts, size_t at, const PlanNode& filter, const ApplyNode& apply, int column) {
    for (size_t i = 0; i < conjuncts.size(); ++i) {
      const std::vector<int> used = ColumnsOf(*conjuncts[i]);
      if (i != at && std::find(used.begin(), used.end(), column) != used.end()) return true;
    }
    // Applies above it may look at it too.
    for (const PlanNode* node = filter.children[0].get(); node != &apply; node = node->children[0].get()) {
      const auto& above = PlanAs<ApplyNode>(*node);
      if (std::find(above.correlated.begin(), above.correlated.end(), column) != above.correlated.end()) return true;
      if (above.condition == nullptr) continue;
      const std::vector<int> used = ColumnsOf(*above.condition);
      if (std::find(used.begin(), used.end(), column) != used.end()) return true;
    }
    return false;
  }

  PlanPtr ToJoin(const ApplyNode& apply, bool negated) {
    PlanPtr inner = apply.children[1];
    const PlanPtr& outer = apply.children[0];
    std::vector<ExprPtr> conditions;
    if (!apply.correlated.empty()) {
      Decorrelator decorrelator(outer->output);
      if (!decorrelator.Take(&inner)) return nullptr;
      conditions = std::move(decorrelator.taken);
      for (const ExprPtr& condition : conditions) {
        std::vector<PlanColumn> both = outer->output;
        both.insert(both.end(), inner->output.begin(), inner->output.end());
        if (!UsesOnly(*condition, both)) return nullptr;
      }
    }
    auto join = std::make_shared<JoinNode>();
    join->join = negated ? JoinType::kAnti : JoinType::kSemi;
    if (apply.apply == ApplyKind::kQuantified) {
      if (!negated) {
        SplitConjuncts(apply.condition, &conditions);
      } else {
        // NOT IN has NULL rules of its own: only one plain equality, uncorrelated, of equal types.
        if (!apply.correlated.empty() || !IsEquality(*apply.condition)) return nullptr;
        const ExprPtr& left = apply.condition->arguments[0];
        const ExprPtr& right = apply.condition->arguments[1];
        if (!UsesOnly(*left, outer->output) || !UsesOnly(*right, inner->output) || !left->type.SameAs(right->type)) return nullptr;
        join->join = JoinType::kAntiNotIn;
        join->left_keys = {left};
        join->right_keys = {right};
      }
    }
    join->residual = JoinConjuncts(conditions);
    join->output = outer->output;
    join->children = {outer, std::move(inner)};
    return join;
  }

  /// Outputs above the new join lose the Apply's column.
  static PlanPtr Rebuild(const PlanPtr& plan, const std::vector<ExprPtr>& conjuncts) {
    Reoutput(plan->children[0].get());
    if (conjuncts.empty()) return plan->children[0];
    return MakeFilter(plan->children[0], JoinConjuncts(conjuncts));
  }

  static void Reoutput(PlanNode* node) {
    if (node->kind != PlanKind::kApply) return;
    PlanNode* child = node->children[0].get();
    Reoutput(child);
    auto& apply = PlanAs<ApplyNode>(*node);
    std::vector<PlanColumn> own;
    const bool joins = apply.apply == ApplyKind::kCross || apply.apply == ApplyKind::kLeft;
    if (joins) {
      own = apply.children[1]->output;
    } else {
      own = {apply.output.back()};
    }
    apply.output = child->output;
    apply.output.insert(apply.output.end(), own.begin(), own.end());
  }
};

}  // namespace

PlanPtr UnnestSubqueriesRule(PlanPtr plan) { return Unnester().Run(std::move(plan)); }

}  // namespace tsd::sql
