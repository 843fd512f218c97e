#include "sql/exec/lanes.h"

#include <algorithm>
#include <vector>

#include "sql/exec/aggregate_state.h"
#include "sql/plan/plan_rewrite.h"

namespace tsd::sql {
namespace {

bool WorksByRow(PlanKind kind) { return kind == PlanKind::kFilter || kind == PlanKind::kProject || kind == PlanKind::kScan; }

PlanPtr GatherOf(PlanPtr lane) {
  auto gather = std::make_shared<GatherNode>();
  gather->output = lane->output;
  gather->children.push_back(std::move(lane));
  return gather;
}

/// `node` below a Gather, and what brings the lanes' results together above it; nullopt if it needs all rows in one place.
std::optional<LanePlan> SplitAggregate(const PlanPtr& node) {
  const auto& aggregate = PlanAs<AggregateNode>(*node);
  if (!aggregate.grouping_sets.empty() || aggregate.phase == AggregatePhase::kFinal || aggregate.phase == AggregatePhase::kCombine) {
    return std::nullopt;
  }
  for (const AggregateCall& call : aggregate.aggregates) {
    if (call.distinct || !call.order_by.empty()) return std::nullopt;
  }
  auto below = std::make_shared<AggregateNode>(aggregate);
  auto above = std::make_shared<AggregateNode>(aggregate);
  below->phase = AggregatePhase::kPartial;
  above->phase = aggregate.phase == AggregatePhase::kPartial ? AggregatePhase::kCombine : AggregatePhase::kFinal;
  const size_t groups = aggregate.groups.size();
  for (size_t i = 0; i < aggregate.aggregates.size(); ++i) {
    const AggregateCall& call = aggregate.aggregates[i];
    const StatusOr<DataType> partial = AggregatePartialType(call.function, call.argument_types, call.result_type);
    if (!partial.ok()) return std::nullopt;
    below->output[groups + i].type = *partial;
    above->aggregates[i].arguments = {MakeColumn(below->output[groups + i].id, *partial)};
    above->aggregates[i].filter = nullptr;
  }
  for (size_t i = 0; i < groups; ++i) above->groups[i] = MakeColumn(below->output[i].id, below->output[i].type);
  above->children = {GatherOf(below)};
  return LanePlan{std::move(below), std::move(above)};
}

/// A scan that visits its rows in an order ends early, by what the first operator that gathers rows has seen. Newest first, lanes take turns
/// in that order, and what one lane's TopN has makes older rows useless to all; other orders are one thread's.
bool MayShare(const ScanNode& scan, const PlanNode& breaker) {
  if (scan.order == ChunkOrder::kAny) return true;
  const auto* top = PlanTry<TopNNode>(&breaker);
  return scan.order == ChunkOrder::kNewestFirst && top != nullptr && !top->with_ties;
}

/// `parent` is what stands above it, or null.
std::optional<LanePlan> SplitBreaker(const PlanPtr& node, const PlanPtr& parent, bool* took_parent) {
  *took_parent = false;
  switch (node->kind) {
    case PlanKind::kAggregate:
      if (std::optional<LanePlan> split = SplitAggregate(node)) return split;
      break;
    case PlanKind::kDistinct: {
      auto above = std::make_shared<DistinctNode>();
      above->output = node->output;
      above->children = {GatherOf(node)};
      return LanePlan{node, std::move(above)};
    }
    case PlanKind::kTopN: {
      if (PlanAs<TopNNode>(*node).with_ties) break;
      auto below = std::make_shared<TopNNode>(PlanAs<TopNNode>(*node));
      below->limit += below->offset;
      below->offset = 0;
      auto above = std::make_shared<TopNNode>(PlanAs<TopNNode>(*node));
      above->children = {GatherOf(below)};
      return LanePlan{std::move(below), std::move(above)};
    }
    case PlanKind::kSort: {
      const bool distinct = parent != nullptr && parent->kind == PlanKind::kDistinctOn;
      const PlanPtr lane = distinct ? parent : node;
      PlanPtr gather = GatherOf(lane);
      PlanAs<GatherNode>(*gather).merge = PlanAs<SortNode>(*node).keys;
      if (!distinct) return LanePlan{lane, std::move(gather)};
      *took_parent = true;
      auto above = std::make_shared<DistinctOnNode>(PlanAs<DistinctOnNode>(*parent));
      above->children = {std::move(gather)};
      return LanePlan{lane, std::move(above)};
    }
    case PlanKind::kLimit: return std::nullopt;  // one thread reads no more than it must
    default: break;
  }
  // All rows go up: still, they are read and filtered by all.
  PlanPtr lane = node->children[0];
  PlanPtr above = ClonePlan(*node);
  above->children = {GatherOf(lane)};
  return LanePlan{std::move(lane), std::move(above)};
}

}  // namespace

std::optional<LanePlan> SplitForLanes(const PlanPtr& fragment) {
  std::vector<PlanPtr> chain;  // from the root down to the scan
  for (PlanPtr node = ClonePlan(*fragment); node != nullptr; node = node->children.empty() ? nullptr : node->children[0]) {
    if (node->children.size() > 1) return std::nullopt;
    chain.push_back(node);
  }
  if (chain.back()->kind != PlanKind::kScan) return std::nullopt;
  size_t breaker = chain.size() - 1;
  while (breaker > 0 && WorksByRow(chain[breaker]->kind)) --breaker;
  if (!MayShare(PlanAs<ScanNode>(*chain.back()), *chain[breaker])) return std::nullopt;
  if (WorksByRow(chain[breaker]->kind)) return LanePlan{chain[0], GatherOf(chain[0])};
  bool took_parent = false;
  std::optional<LanePlan> split = SplitBreaker(chain[breaker], breaker > 0 ? chain[breaker - 1] : nullptr, &took_parent);
  if (!split.has_value()) return std::nullopt;
  size_t top = took_parent ? breaker - 1 : breaker;
  // A Limit further up reads to the end only what has to be read to the end: a sort or an aggregation below it.
  if (top == 0) return split;
  chain[top - 1]->children = {split->rest};
  split->rest = chain[0];
  return split;
}

}  // namespace tsd::sql
