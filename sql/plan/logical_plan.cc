#include "sql/plan/logical_plan.h"

namespace tsd::sql {

const PlanColumn* PlanNode::FindOutput(int id) const {
  for (const PlanColumn& column : output) {
    if (column.id == id) return &column;
  }
  return nullptr;
}

PlanPtr MakeFilter(PlanPtr child, ExprPtr condition) {
  auto node = MakeUnary<FilterNode>(std::move(child));
  node->condition = std::move(condition);
  return node;
}

PlanPtr MakeOneRow() {
  auto node = std::make_shared<ValuesNode>();
  node->rows.emplace_back();
  return node;
}

const ScanNode* FragmentScan(const PlanNode& fragment) {
  if (const auto* scan = PlanTry<ScanNode>(&fragment)) return scan;
  for (const PlanPtr& child : fragment.children) {
    if (const ScanNode* scan = FragmentScan(*child)) return scan;
  }
  return nullptr;
}

}  // namespace tsd::sql
