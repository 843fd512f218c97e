#include <algorithm>
#include <map>

#include "sql/exec/aggregate_state.h"
#include "sql/optimize/rules.h"

namespace tsd::sql {
namespace {

bool IsSimple(const AggregateNode& aggregate) {
  if (!aggregate.grouping_sets.empty() || !AreShippable(aggregate.groups)) return false;
  return std::all_of(aggregate.aggregates.begin(), aggregate.aggregates.end(), [](const AggregateCall& call) {
    return AreShippable(call.arguments) && (call.filter == nullptr || IsShippable(*call.filter));
  });
}

bool HasDistinct(const AggregateNode& aggregate) {
  return std::any_of(aggregate.aggregates.begin(), aggregate.aggregates.end(), [](const AggregateCall& call) { return call.distinct; });
}

bool HasOrder(const AggregateNode& aggregate) {
  return std::any_of(aggregate.aggregates.begin(), aggregate.aggregates.end(), [](const AggregateCall& call) { return !call.order_by.empty(); });
}

/// The fragment's rows are a scan's, through nodes that only drop rows or compute columns.
const ScanNode* PlainScan(const PlanNode& fragment) {
  const PlanNode* node = &fragment;
  while (node->kind == PlanKind::kFilter || node->kind == PlanKind::kProject) node = node->children[0].get();
  return PlanTry<ScanNode>(node);
}

/// Whether chunks that share slots lie on the same nodes, so that all rows of a space key are read in one place.
bool SlotsStayTogether(const std::vector<ChunkPtr>& chunks) {
  std::map<int, const Chunk*> by_start;  // one chunk of each slot range; ranges seen so far do not overlap
  for (const ChunkPtr& chunk : chunks) {
    const auto next = by_start.lower_bound(chunk->slot_start);
    if (next != by_start.end() && next->first == chunk->slot_start) {
      if (next->second->slot_end != chunk->slot_end || next->second->nodes != chunk->nodes) return false;
      continue;
    }
    if (next != by_start.end() && next->first < chunk->slot_end) return false;
    if (next != by_start.begin() && std::prev(next)->second->slot_end > chunk->slot_start) return false;
    by_start.emplace(chunk->slot_start, chunk.get());
  }
  return true;
}

/// Grouped by the space key, each group complete on one node.
bool GroupsAreLocal(const AggregateNode& aggregate, const ScanNode& scan) {
  if (!scan.relation->hypertable.has_value() || scan.relation->hypertable->space() == nullptr) return false;
  const ColumnId space = scan.relation->hypertable->space()->column;
  bool grouped = false;
  for (const ExprPtr& group : aggregate.groups) {
    if (group->kind != ExprKind::kColumn) continue;
    for (size_t i = 0; i < scan.columns.size(); ++i) {
      if (scan.columns[i] == space && scan.output[i].id == group->column) grouped = true;
    }
  }
  if (!grouped) return false;
  return SlotsStayTogether(PruneChunks(*scan.relation, scan.predicate));
}

PlanPtr FullPushdown(const AggregateNode& aggregate, const GatherNode& gather) {
  auto below = std::make_shared<AggregateNode>(aggregate);
  below->children = {gather.children[0]};
  auto result = std::make_shared<GatherNode>();
  result->relation = gather.relation;
  result->result = GatherResult::kFinal;
  result->output = below->output;
  result->children.push_back(std::move(below));
  return result;
}

/// DISTINCT calls: nodes drop the repetitions they see; counting is done above.
PlanPtr DistinctBelow(const AggregateNode& aggregate, const GatherNode& gather) {
  for (const AggregateCall& call : aggregate.aggregates) {
    if (!call.distinct || call.filter != nullptr || !call.order_by.empty()) return nullptr;
  }
  // Only what groups and arguments look at, if those are plain columns.
  std::set<int> used;
  for (const ExprPtr& group : aggregate.groups) {
    if (group->kind != ExprKind::kColumn) return nullptr;
    used.insert(group->column);
  }
  for (const AggregateCall& call : aggregate.aggregates) {
    for (const ExprPtr& argument : call.arguments) {
      if (argument->kind != ExprKind::kColumn) return nullptr;
      used.insert(argument->column);
    }
  }
  const std::set<int> there = IdsOf(gather.output);
  if (used != there || gather.output.empty()) return nullptr;
  auto distinct = std::make_shared<DistinctNode>();
  distinct->output = gather.output;
  distinct->children = {gather.children[0]};
  auto below = std::make_shared<GatherNode>(gather);
  below->merge.clear();
  below->children = {std::move(distinct)};
  auto above = std::make_shared<AggregateNode>(aggregate);
  above->children = {std::move(below)};
  return above;
}

StatusOr<PlanPtr> PartialBelow(const AggregateNode& aggregate, const GatherNode& gather) {
  auto partial = std::make_shared<AggregateNode>();
  partial->phase = AggregatePhase::kPartial;
  partial->groups = aggregate.groups;
  partial->aggregates = aggregate.aggregates;
  partial->output = aggregate.output;
  const size_t groups = aggregate.groups.size();
  for (size_t i = 0; i < aggregate.aggregates.size(); ++i) {
    const AggregateCall& call = aggregate.aggregates[i];
    ASSIGN_OR_RETURN(partial->output[groups + i].type, AggregatePartialType(call.function, call.argument_types, call.result_type));
  }
  partial->children = {gather.children[0]};

  auto below = std::make_shared<GatherNode>();
  below->relation = gather.relation;
  below->result = GatherResult::kPartial;
  below->output = partial->output;

  auto final = std::make_shared<AggregateNode>();
  final->phase = AggregatePhase::kFinal;
  final->output = aggregate.output;
  for (size_t i = 0; i < groups; ++i) final->groups.push_back(MakeColumn(partial->output[i].id, partial->output[i].type));
  for (size_t i = 0; i < aggregate.aggregates.size(); ++i) {
    AggregateCall call = aggregate.aggregates[i];
    const PlanColumn& state = partial->output[groups + i];
    call.arguments = {MakeColumn(state.id, state.type)};
    call.filter = nullptr;
    final->aggregates.push_back(std::move(call));
  }
  below->children.push_back(std::move(partial));
  final->children.push_back(std::move(below));
  return PlanPtr(std::move(final));
}

}  // namespace

StatusOr<PlanPtr> SplitAggregate(const AggregateNode& aggregate, const GatherNode& gather, const OptimizeContext&) {
  if (!IsSimple(aggregate)) return PlanPtr();
  const ScanNode* scan = PlainScan(*gather.children[0]);
  if (scan != nullptr && GroupsAreLocal(aggregate, *scan)) return FullPushdown(aggregate, gather);
  if (HasDistinct(aggregate)) return DistinctBelow(aggregate, gather);
  if (HasOrder(aggregate)) return PlanPtr();
  return PartialBelow(aggregate, gather);
}

}  // namespace tsd::sql
