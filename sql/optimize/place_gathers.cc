#include <algorithm>

#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

class GatherPlacer {
 public:
  explicit GatherPlacer(const OptimizeContext& context) : context_(context) {}

  StatusOr<PlanPtr> Place(PlanPtr plan) {
    if (plan->kind == PlanKind::kScan) return Wrap(std::move(plan));
    for (PlanPtr& child : plan->children) {
      ASSIGN_OR_RETURN(child, Place(std::move(child)));
    }
    if (const auto* top = PlanTry<TopNNode>(plan.get()); top != nullptr && context_.push_limits) LimitGroups(*top);
    if (plan->children.size() != 1 || plan->children[0]->kind != PlanKind::kGather) return plan;
    switch (plan->kind) {
      case PlanKind::kFilter: return PushFilter(std::move(plan));
      case PlanKind::kProject: return PushProject(std::move(plan));
      case PlanKind::kAggregate: return PushAggregate(std::move(plan));
      case PlanKind::kSort: return PushSort(std::move(plan));
      case PlanKind::kTopN: return PushTopN(std::move(plan));
      case PlanKind::kLimit: return PushLimit(std::move(plan));
      case PlanKind::kDistinct: return PushDistinct(std::move(plan));
      case PlanKind::kDistinctOn: return PushDistinctOn(std::move(plan));
      default: return plan;
    }
  }

 private:
  static GatherNode& GatherOf(const PlanPtr& plan) { return PlanAs<GatherNode>(*plan->children[0]); }
  static bool HasRows(const GatherNode& gather) { return gather.result != GatherResult::kPartial; }

  static PlanPtr Wrap(PlanPtr scan) {
    auto gather = std::make_shared<GatherNode>();
    gather->relation = PlanAs<ScanNode>(*scan).relation;
    gather->output = scan->output;
    gather->children.push_back(std::move(scan));
    return gather;
  }

  /// `node` moves below its Gather; the Gather yields what it yields.
  static PlanPtr Sink(PlanPtr node) {
    PlanPtr gather = node->children[0];
    node->children[0] = gather->children[0];
    gather->output = node->output;
    gather->children[0] = std::move(node);
    return gather;
  }

  PlanPtr PushFilter(PlanPtr plan) {
    if (!HasRows(GatherOf(plan)) || !IsShippable(*PlanAs<FilterNode>(*plan).condition)) return plan;
    return Sink(std::move(plan));
  }

  PlanPtr PushProject(PlanPtr plan) {
    const auto& project = PlanAs<ProjectNode>(*plan);
    const GatherNode& gather = GatherOf(plan);
    if (!HasRows(gather) || !AreShippable(project.expressions)) return plan;
    for (const SortKey& key : gather.merge) {
      if (project.FindOutput(key.column) == nullptr) return plan;
    }
    return Sink(std::move(plan));
  }

  StatusOr<PlanPtr> PushAggregate(PlanPtr plan) {
    const GatherNode& gather = GatherOf(plan);
    if (!context_.push_aggregates || gather.result != GatherResult::kRows) return plan;
    ASSIGN_OR_RETURN(PlanPtr split, SplitAggregate(PlanAs<AggregateNode>(*plan), gather, context_));
    if (split == nullptr) return plan;
    // Gather over Aggregate, or Aggregate over Gather over Aggregate.
    const PlanPtr& below = split->kind == PlanKind::kGather ? split : split->children[0];
    if (const auto* pushed = PlanTry<AggregateNode>(below->children[0].get())) LastRowsOfSegments(*pushed);
    return split;
  }

  PlanPtr PushSort(PlanPtr plan) {
    if (!HasRows(GatherOf(plan)) || !context_.push_limits) return plan;
    const std::vector<SortKey> keys = PlanAs<SortNode>(*plan).keys;
    PlanPtr gather = Sink(std::move(plan));
    PlanAs<GatherNode>(*gather).merge = keys;
    return gather;
  }

  PlanPtr PushTopN(PlanPtr plan) {
    const auto& top = PlanAs<TopNNode>(*plan);
    if (!HasRows(GatherOf(plan)) || !context_.push_limits || top.with_ties) return plan;
    auto limit = std::make_shared<LimitNode>();
    limit->limit = MakeConstant(Value::Int64(top.limit));
    if (top.offset > 0) limit->offset = MakeConstant(Value::Int64(top.offset));
    auto below = std::make_shared<TopNNode>(top);
    below->limit = top.limit + top.offset;
    below->offset = 0;
    const std::vector<SortKey> keys = top.keys;
    PlanPtr gather = Sink(std::move(below));
    PlanAs<GatherNode>(*gather).merge = keys;
    HintOrder(*gather, keys);
    limit->output = gather->output;
    limit->children.push_back(std::move(gather));
    return limit;
  }

  /// A scan below a TopN by its time column visits chunks in that order.
  static void HintOrder(PlanNode& gather, const std::vector<SortKey>& keys) {
    if (keys.empty()) return;
    PlanNode* node = gather.children[0].get();
    while (node->kind == PlanKind::kTopN || node->kind == PlanKind::kFilter || node->kind == PlanKind::kProject) {
      node = node->children[0].get();
    }
    auto* scan = PlanTry<ScanNode>(node);
    if (scan == nullptr || !scan->relation->hypertable.has_value()) return;
    const ColumnId time = scan->relation->hypertable->time().column;
    for (size_t i = 0; i < scan->columns.size(); ++i) {
      if (scan->columns[i] != time || scan->output[i].id != keys[0].column) continue;
      scan->order = keys[0].descending ? ChunkOrder::kNewestFirst : ChunkOrder::kOldestFirst;
    }
  }

  PlanPtr PushLimit(PlanPtr plan) {
    const auto& limit = PlanAs<LimitNode>(*plan);
    if (!HasRows(GatherOf(plan)) || !context_.push_limits || !limit.ties.empty() || limit.limit == nullptr) return plan;
    const auto count = [](const ExprPtr& expr, int64_t* value) {
      *value = 0;
      if (expr == nullptr) return true;
      if (expr->kind != ExprKind::kConstant || expr->value.IsNull()) return false;
      *value = expr->value.AsInteger();
      return *value >= 0 && *value < (int64_t{1} << 60);
    };
    int64_t rows = 0, offset = 0;
    if (!count(limit.limit, &rows) || !count(limit.offset, &offset)) return plan;
    auto below = std::make_shared<LimitNode>();
    below->limit = MakeConstant(Value::Int64(rows + offset));
    below->output = plan->output;
    below->children.push_back(plan->children[0]);
    plan->children[0] = Sink(std::move(below));
    return plan;
  }

  PlanPtr PushDistinct(PlanPtr plan) {
    GatherNode& gather = GatherOf(plan);
    if (gather.result != GatherResult::kRows) return plan;
    auto below = std::make_shared<DistinctNode>();
    below->output = plan->output;
    below->children.push_back(plan->children[0]);
    plan->children[0] = Sink(std::move(below));
    return plan;
  }

  PlanPtr PushDistinctOn(PlanPtr plan) {
    GatherNode& gather = GatherOf(plan);
    if (gather.result != GatherResult::kRows || gather.merge.empty()) return plan;
    auto below = std::make_shared<DistinctOnNode>();
    below->keys = PlanAs<DistinctOnNode>(*plan).keys;
    below->output = plan->output;
    below->children.push_back(plan->children[0]);
    const DistinctOnNode& pushed = *below;
    plan->children[0] = Sink(std::move(below));
    LastRowsOfSegments(pushed);
    return plan;
  }

  const OptimizeContext& context_;
};

}  // namespace

StatusOr<PlanPtr> PlaceGathersRule(PlanPtr plan, const OptimizeContext& context) { return GatherPlacer(context).Place(std::move(plan)); }

}  // namespace tsd::sql
