#include "sql/plan/plan_rewrite.h"

#include <algorithm>

namespace tsd::sql {
namespace {

template <typename Node>
PlanPtr CopyAs(const PlanNode& plan) {
  return std::make_shared<Node>(static_cast<const Node&>(plan));
}

PlanPtr CopyNode(const PlanNode& plan) {
  switch (plan.kind) {
    case PlanKind::kScan: return CopyAs<ScanNode>(plan);
    case PlanKind::kVirtualScan: return CopyAs<VirtualScanNode>(plan);
    case PlanKind::kFunctionScan: return CopyAs<FunctionScanNode>(plan);
    case PlanKind::kValues: return CopyAs<ValuesNode>(plan);
    case PlanKind::kFilter: return CopyAs<FilterNode>(plan);
    case PlanKind::kProject: return CopyAs<ProjectNode>(plan);
    case PlanKind::kProjectSet: {
      auto copy = std::make_shared<ProjectSetNode>(static_cast<const ProjectSetNode&>(plan));
      for (ProjectSetNode::Item& item : copy->items) {
        if (item.function != nullptr) item.function = std::make_shared<FunctionScanNode>(*item.function);
      }
      return copy;
    }
    case PlanKind::kAggregate: return CopyAs<AggregateNode>(plan);
    case PlanKind::kDistinct: return CopyAs<DistinctNode>(plan);
    case PlanKind::kDistinctOn: return CopyAs<DistinctOnNode>(plan);
    case PlanKind::kSort: return CopyAs<SortNode>(plan);
    case PlanKind::kTopN: return CopyAs<TopNNode>(plan);
    case PlanKind::kLimit: return CopyAs<LimitNode>(plan);
    case PlanKind::kJoin: return CopyAs<JoinNode>(plan);
    case PlanKind::kApply: return CopyAs<ApplyNode>(plan);
    case PlanKind::kSetOperation: return CopyAs<SetOperationNode>(plan);
    case PlanKind::kWindow: return CopyAs<WindowNode>(plan);
    case PlanKind::kWith: return CopyAs<WithNode>(plan);
    case PlanKind::kCteScan: return CopyAs<CteScanNode>(plan);
    case PlanKind::kRecursiveUnion: return CopyAs<RecursiveUnionNode>(plan);
    case PlanKind::kGather: return CopyAs<GatherNode>(plan);
  }
  TSD_CHECK(false);
  return nullptr;
}

using SlotVisitor = std::function<void(ExprPtr&)>;

void VisitSlot(ExprPtr& slot, const SlotVisitor& visit) {
  if (slot != nullptr) visit(slot);
}

void VisitSlots(std::vector<ExprPtr>& slots, const SlotVisitor& visit) {
  for (ExprPtr& slot : slots) VisitSlot(slot, visit);
}

void VisitAggregate(AggregateNode& node, const SlotVisitor& visit) {
  VisitSlots(node.groups, visit);
  for (AggregateCall& call : node.aggregates) {
    VisitSlots(call.arguments, visit);
    VisitSlot(call.filter, visit);
  }
}

void VisitWindow(WindowNode& node, const SlotVisitor& visit) {
  for (WindowCall& call : node.calls) {
    VisitSlots(call.arguments, visit);
    VisitSlot(call.filter, visit);
    VisitSlot(call.frame.start_offset, visit);
    VisitSlot(call.frame.end_offset, visit);
  }
}

void VisitProjectSet(ProjectSetNode& node, const SlotVisitor& visit) {
  for (ProjectSetNode::Item& item : node.items) {
    VisitSlot(item.expression, visit);
    if (item.function != nullptr) VisitSlots(item.function->arguments, visit);
  }
}

ExprPtr SubstituteIn(const ExprPtr& expr, ExprKind kind, const std::function<const Value*(int)>& find) {
  return RewriteExpr(expr, [&](const ExprPtr& node) -> ExprPtr {
    if (node->kind != kind) return nullptr;
    const Value* value = find(node->column);
    if (value == nullptr) return nullptr;
    Value typed = *value;
    if (typed.IsNull()) typed = Value::Null(node->type);
    return MakeConstant(std::move(typed), node->position);
  });
}

PlanPtr SubstituteAll(const PlanNode& plan, ExprKind kind, const std::function<const Value*(int)>& find) {
  PlanPtr copy = ClonePlan(plan);
  VisitPlan(*copy, [&](PlanNode& node) {
    VisitExpressions(node, [&](ExprPtr& slot) { slot = SubstituteIn(slot, kind, find); });
  });
  return copy;
}

}  // namespace

PlanPtr ClonePlan(const PlanNode& plan) {
  PlanPtr copy = CopyNode(plan);
  for (PlanPtr& child : copy->children) child = ClonePlan(*child);
  return copy;
}

ExprPtr RewriteExpr(const ExprPtr& expr, const std::function<ExprPtr(const ExprPtr&)>& rewrite) {
  ExprPtr current = expr;
  std::shared_ptr<Expr> changed;
  for (size_t i = 0; i < expr->arguments.size(); ++i) {
    ExprPtr argument = RewriteExpr(expr->arguments[i], rewrite);
    if (argument == expr->arguments[i]) continue;
    if (changed == nullptr) changed = std::make_shared<Expr>(*expr);
    changed->arguments[i] = std::move(argument);
  }
  if (changed != nullptr) current = std::move(changed);
  ExprPtr replaced = rewrite(current);
  return replaced != nullptr ? replaced : current;
}

void VisitExpressions(PlanNode& node, const std::function<void(ExprPtr&)>& visit) {
  switch (node.kind) {
    case PlanKind::kScan: VisitSlots(PlanAs<ScanNode>(node).filters, visit); break;
    case PlanKind::kFunctionScan: VisitSlots(PlanAs<FunctionScanNode>(node).arguments, visit); break;
    case PlanKind::kValues:
      for (std::vector<ExprPtr>& row : PlanAs<ValuesNode>(node).rows) VisitSlots(row, visit);
      break;
    case PlanKind::kFilter: VisitSlot(PlanAs<FilterNode>(node).condition, visit); break;
    case PlanKind::kProject: VisitSlots(PlanAs<ProjectNode>(node).expressions, visit); break;
    case PlanKind::kProjectSet: VisitProjectSet(PlanAs<ProjectSetNode>(node), visit); break;
    case PlanKind::kAggregate: VisitAggregate(PlanAs<AggregateNode>(node), visit); break;
    case PlanKind::kLimit:
      VisitSlot(PlanAs<LimitNode>(node).limit, visit);
      VisitSlot(PlanAs<LimitNode>(node).offset, visit);
      break;
    case PlanKind::kJoin: {
      auto& join = PlanAs<JoinNode>(node);
      VisitSlots(join.left_keys, visit);
      VisitSlots(join.right_keys, visit);
      VisitSlot(join.residual, visit);
      break;
    }
    case PlanKind::kApply: VisitSlot(PlanAs<ApplyNode>(node).condition, visit); break;
    case PlanKind::kWindow: VisitWindow(PlanAs<WindowNode>(node), visit); break;
    default: break;
  }
}

void VisitExpressions(const PlanNode& node, const std::function<void(const ExprPtr&)>& visit) {
  // The visitor only reads, so the slots stay as they are.
  VisitExpressions(const_cast<PlanNode&>(node), [&](ExprPtr& slot) { visit(slot); });
}

void VisitPlan(PlanNode& node, const std::function<void(PlanNode&)>& visit) {
  for (PlanPtr& child : node.children) VisitPlan(*child, visit);
  visit(node);
}

void VisitPlan(const PlanNode& node, const std::function<void(const PlanNode&)>& visit) {
  for (const PlanPtr& child : node.children) VisitPlan(static_cast<const PlanNode&>(*child), visit);
  visit(node);
}

const Value* ParameterIn(const std::vector<Value>& values, int number) {
  return number >= 1 && static_cast<size_t>(number) <= values.size() ? &values[number - 1] : nullptr;
}

ExprPtr SubstituteParameters(const ExprPtr& expr, const std::vector<Value>& values) {
  return SubstituteIn(expr, ExprKind::kParameter, [&](int number) { return ParameterIn(values, number); });
}

PlanPtr SubstituteParameters(const PlanNode& plan, const std::vector<Value>& values) {
  return SubstituteAll(plan, ExprKind::kParameter, [&](int number) { return ParameterIn(values, number); });
}

PlanPtr SubstituteOuter(const PlanNode& plan, const std::vector<std::pair<int, Value>>& values) {
  return SubstituteAll(plan, ExprKind::kOuterColumn, [&](int id) -> const Value* {
    for (const auto& [column, value] : values) {
      if (column == id) return &value;
    }
    return nullptr;
  });
}

PlanPtr WithChunks(const PlanPtr& fragment, std::vector<ChunkId> chunks) {
  PlanPtr copy = ClonePlan(*fragment);
  VisitPlan(*copy, [&](PlanNode& node) {
    if (auto* scan = PlanTry<ScanNode>(&node)) scan->chunks = chunks;
  });
  return copy;
}

PlanPtr WithChunks(const PlanPtr& fragment, const std::vector<ChunkPtr>& chunks) {
  PlanPtr copy = ClonePlan(*fragment);
  VisitPlan(*copy, [&](PlanNode& node) {
    auto* scan = PlanTry<ScanNode>(&node);
    if (scan == nullptr) return;
    scan->chunks.clear();
    scan->chunk_ranges.clear();
    scan->chunks.reserve(chunks.size());
    if (scan->order == ChunkOrder::kAny) {
      for (const ChunkPtr& chunk : chunks) scan->chunks.push_back(chunk->id);
      return;
    }
    std::vector<const Chunk*> ordered;
    for (const ChunkPtr& chunk : chunks) ordered.push_back(chunk.get());
    const bool newest = scan->order == ChunkOrder::kNewestFirst;
    std::stable_sort(ordered.begin(), ordered.end(), [newest](const Chunk* a, const Chunk* b) {
      return newest ? a->range_start > b->range_start : a->range_start < b->range_start;
    });
    for (const Chunk* chunk : ordered) {
      scan->chunks.push_back(chunk->id);
      scan->chunk_ranges.emplace_back(chunk->range_start, chunk->range_end);
    }
  });
  return copy;
}

std::vector<int> OuterColumnsOf(const PlanNode& plan) {
  std::vector<int> ids;
  const std::function<void(const Expr&)> collect = [&](const Expr& expr) {
    if (expr.kind == ExprKind::kOuterColumn) ids.push_back(expr.column);
    for (const ExprPtr& argument : expr.arguments) collect(*argument);
  };
  VisitPlan(plan, [&](const PlanNode& node) {
    VisitExpressions(node, [&](const ExprPtr& slot) { collect(*slot); });
  });
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace tsd::sql
