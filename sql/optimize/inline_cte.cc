#include <map>

#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

void CountReads(const PlanNode& plan, std::map<int, int>* reads) {
  VisitPlan(plan, [&](const PlanNode& node) {
    if (const auto* scan = PlanTry<CteScanNode>(&node)) ++(*reads)[scan->cte];
  });
}

/// The scan's columns made of the CTE's, by position.
PlanPtr Replace(PlanPtr plan, int cte, const PlanNode& body) {
  if (const auto* scan = PlanTry<CteScanNode>(plan.get()); scan != nullptr && scan->cte == cte) {
    auto project = std::make_shared<ProjectNode>();
    project->output = scan->output;
    for (size_t i = 0; i < scan->output.size(); ++i) project->expressions.push_back(MakeColumn(body.output[i].id, body.output[i].type));
    project->children.push_back(ClonePlan(body));
    return project;
  }
  for (PlanPtr& child : plan->children) child = Replace(std::move(child), cte, body);
  return plan;
}

bool HasVolatile(const PlanNode& plan) {
  bool found = false;
  VisitPlan(plan, [&](const PlanNode& node) {
    VisitExpressions(node, [&](const ExprPtr& expr) { found = found || IsVolatile(*expr); });
    found = found || (PlanTry<FunctionScanNode>(&node) != nullptr && PlanTry<FunctionScanNode>(&node)->provider);
  });
  return found;
}

}  // namespace

PlanPtr InlineCtesRule(PlanPtr plan) {
  if (auto* with = PlanTry<WithNode>(plan.get())) {
    // Last to first: an inlined CTE's reads count for those before it.
    for (size_t i = with->ids.size(); i-- > 0;) {
      std::map<int, int> reads;
      for (const PlanPtr& child : with->children) CountReads(*child, &reads);
      const int count = reads[with->ids[i]];
      const PlanPtr body = with->children[i + 1];
      const CteMaterialization wish = with->materialize[i];
      const bool once = count == 1 && wish == CteMaterialization::kAuto;
      const bool asked = wish == CteMaterialization::kNever;
      if (count > 0 && (!(once || asked) || HasVolatile(*body))) continue;
      with->children.erase(with->children.begin() + static_cast<ptrdiff_t>(i) + 1);
      if (count > 0) {
        for (PlanPtr& child : with->children) child = Replace(std::move(child), with->ids[i], *body);
      }
      with->ids.erase(with->ids.begin() + static_cast<ptrdiff_t>(i));
      with->names.erase(with->names.begin() + static_cast<ptrdiff_t>(i));
      with->materialize.erase(with->materialize.begin() + static_cast<ptrdiff_t>(i));
    }
    if (with->ids.empty()) {
      PlanPtr body = with->children[0];
      return InlineCtesRule(std::move(body));
    }
  }
  for (PlanPtr& child : plan->children) child = InlineCtesRule(std::move(child));
  return plan;
}

}  // namespace tsd::sql
