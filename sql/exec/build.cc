// BuildOperators: one switch over the node kinds. Joins and what makes operators while it runs have their own Make functions.
#include "sql/exec/build.h"

#include <algorithm>

#include "sql/exec/aggregate_operator.h"
#include "sql/exec/apply_operator.h"
#include "sql/exec/build_state.h"
#include "sql/exec/cte_operator.h"
#include "sql/exec/distinct_operator.h"
#include "sql/exec/filter_operator.h"
#include "sql/exec/first_rows_operator.h"
#include "sql/exec/function_scan_operator.h"
#include "sql/exec/join_operator.h"
#include "sql/exec/limit_operator.h"
#include "sql/exec/project_operator.h"
#include "sql/exec/recursive_union_operator.h"
#include "sql/exec/set_operation_operator.h"
#include "sql/exec/sort_operator.h"
#include "sql/exec/stats_operator.h"
#include "sql/exec/table_scan_operator.h"
#include "sql/exec/turn.h"
#include "sql/exec/turn_operator.h"
#include "sql/exec/values_operator.h"
#include "sql/exec/window_operator.h"

namespace tsd::sql {
namespace {

Status NotHere(const char* what) {
  return Error(sqlstate::kFeatureNotSupported, StrCat(what, " cannot run on this node"));
}

StatusOr<std::vector<OrderKey>> OrderKeys(const std::vector<SortKey>& keys, const std::vector<PlanColumn>& input) {
  std::vector<OrderKey> order;
  for (const SortKey& key : keys) {
    ASSIGN_OR_RETURN(const size_t position, PositionOf(input, key.column));
    order.push_back({position, key.descending, key.nulls_first});
  }
  return order;
}

/// The scan right below, through nodes that keep rows' first sort column: filters and projections of it.
const ScanNode* OrderedScanBelow(const PlanNode& node, int column) {
  if (const auto* scan = PlanTry<ScanNode>(&node)) {
    return scan->order != ChunkOrder::kAny && scan->FindOutput(column) != nullptr ? scan : nullptr;
  }
  if (node.kind != PlanKind::kFilter && node.kind != PlanKind::kProject) return nullptr;
  return OrderedScanBelow(*node.children[0], column);
}

StatusOr<OperatorPtr> BuildTopN(const TopNNode& node, const BuildStatePtr& state) {
  const PlanNode& child = *node.children[0];
  ASSIGN_OR_RETURN(std::vector<OrderKey> keys, OrderKeys(node.keys, child.output));
  TopNOperator::Options options;
  options.limit = static_cast<uint64_t>(std::max<int64_t>(node.limit, 0));
  options.offset = static_cast<uint64_t>(std::max<int64_t>(node.offset, 0));
  options.with_ties = node.with_ties;
  if (!node.keys.empty() && !node.with_ties) {
    if (const ScanNode* scan = OrderedScanBelow(child, node.keys[0].column)) {
      options.bound = std::make_shared<TopNBound>();
      options.bound->with_equal = node.keys.size() > 1;
      state->bounds[scan] = options.bound;
    }
  }
  StatusOr<OperatorPtr> built = BuildNode(child, state);
  state->bounds.clear();  // only that scan's, and addresses may come again
  ASSIGN_OR_RETURN(OperatorPtr below, std::move(built));
  return OperatorPtr(std::make_unique<TopNOperator>(std::move(below), TypesOf(child.output), std::move(keys), std::move(options), *state->context));
}

/// What lies below projections that only leave columns out: who finds columns by id does not need them.
const PlanNode& BelowColumnChoice(const PlanNode& node) {
  const auto* project = PlanTry<ProjectNode>(&node);
  if (project == nullptr) return node;
  for (size_t i = 0; i < project->expressions.size(); ++i) {
    if (project->expressions[i]->kind != ExprKind::kColumn || project->expressions[i]->column != project->output[i].id) return node;
  }
  return BelowColumnChoice(*project->children[0]);
}

StatusOr<OperatorPtr> BuildAggregate(const AggregateNode& node, const BuildStatePtr& state) {
  // With statistics every node has an operator of its own.
  const PlanNode& child = state->stats == nullptr ? BelowColumnChoice(*node.children[0]) : *node.children[0];
  AggregateOperator::Options options;
  if (node.newest_group >= 0) {
    const ScanNode* scan = FragmentScan(child);
    if (scan != nullptr && scan->order == ChunkOrder::kNewestFirst) {
      options.bound = std::make_shared<TopNBound>();
      state->bounds[scan] = options.bound;
    }
  }
  StatusOr<OperatorPtr> built = BuildNode(child, state);
  if (options.bound != nullptr) state->bounds.clear();
  ASSIGN_OR_RETURN(OperatorPtr below, std::move(built));
  options.scan = dynamic_cast<TableScanOperator*>(below.get());
  return AggregateOperator::Make(std::move(below), node, child.output, std::move(options), *state->context);
}

StatusOr<OperatorPtr> BuildScan(const ScanNode& node, const BuildStatePtr& state) {
  ASSIGN_OR_RETURN(OperatorPtr scan, state->sources->MakeScan(node));
  const auto bound = state->bounds.find(&node);
  if (bound != state->bounds.end()) {
    if (auto* table = dynamic_cast<TableScanOperator*>(scan.get())) table->SetBound(bound->second);
  }
  return scan;
}

/// DISTINCT ON over the sort it needs: the rows that go are not sorted. Null if that is not what stands here.
StatusOr<OperatorPtr> BuildFirstRows(const DistinctOnNode& node, const BuildStatePtr& state) {
  const auto* sort = PlanTry<SortNode>(node.children[0].get());
  if (sort == nullptr || node.keys.empty() || sort->keys.size() < node.keys.size()) return OperatorPtr();
  for (size_t i = 0; i < node.keys.size(); ++i) {
    if (std::find(node.keys.begin(), node.keys.end(), sort->keys[i].column) == node.keys.end()) return OperatorPtr();
    for (size_t j = 0; j < i; ++j) {
      if (sort->keys[j].column == sort->keys[i].column) return OperatorPtr();
    }
  }
  const PlanNode& child = *sort->children[0];
  ASSIGN_OR_RETURN(std::vector<OrderKey> keys, OrderKeys(sort->keys, child.output));
  ASSIGN_OR_RETURN(OperatorPtr below, BuildNode(child, state));
  return OperatorPtr(std::make_unique<FirstRowsOperator>(std::move(below), TypesOf(child.output), std::move(keys), node.keys.size(), *state->context));
}

StatusOr<OperatorPtr> BuildUnary(const PlanNode& plan, const BuildStatePtr& state) {
  if (plan.kind == PlanKind::kTopN) return BuildTopN(PlanAs<TopNNode>(plan), state);
  if (plan.kind == PlanKind::kAggregate) return BuildAggregate(PlanAs<AggregateNode>(plan), state);
  if (plan.kind == PlanKind::kDistinctOn && state->stats == nullptr) {
    ASSIGN_OR_RETURN(OperatorPtr first, BuildFirstRows(PlanAs<DistinctOnNode>(plan), state));
    if (first != nullptr) return first;
  }
  const PlanNode& child = *plan.children[0];
  const std::vector<PlanColumn>& input = child.output;
  const ExecContext& context = *state->context;
  ASSIGN_OR_RETURN(OperatorPtr below, BuildNode(child, state));
  switch (plan.kind) {
    case PlanKind::kFilter: {
      ASSIGN_OR_RETURN(auto condition, CompileOver(PlanAs<FilterNode>(plan).condition, input));
      return OperatorPtr(std::make_unique<FilterOperator>(std::move(below), std::move(condition), context));
    }
    case PlanKind::kProject: {
      ASSIGN_OR_RETURN(auto expressions, CompileAll(PlanAs<ProjectNode>(plan).expressions, input));
      return OperatorPtr(std::make_unique<ProjectOperator>(std::move(below), std::move(expressions), context));
    }
    case PlanKind::kDistinct: return OperatorPtr(std::make_unique<DistinctOperator>(std::move(below), TypesOf(input), context));
    case PlanKind::kDistinctOn: {
      std::vector<size_t> keys;
      for (int id : PlanAs<DistinctOnNode>(plan).keys) {
        ASSIGN_OR_RETURN(const size_t position, PositionOf(input, id));
        keys.push_back(position);
      }
      return OperatorPtr(std::make_unique<DistinctOnOperator>(std::move(below), std::move(keys)));
    }
    case PlanKind::kSort: {
      ASSIGN_OR_RETURN(auto keys, OrderKeys(PlanAs<SortNode>(plan).keys, input));
      return OperatorPtr(std::make_unique<SortOperator>(std::move(below), TypesOf(input), std::move(keys), context));
    }
    case PlanKind::kLimit: {
      const auto& limit = PlanAs<LimitNode>(plan);
      ASSIGN_OR_RETURN(auto ties, OrderKeys(limit.ties, input));
      return OperatorPtr(std::make_unique<LimitOperator>(std::move(below), limit.limit, limit.offset, std::move(ties), context));
    }
    case PlanKind::kProjectSet: return MakeProjectSet(std::move(below), PlanAs<ProjectSetNode>(plan), state);
    case PlanKind::kWindow: return MakeWindow(std::move(below), PlanAs<WindowNode>(plan), context);
    default: break;
  }
  return Error(sqlstate::kInternalError, "unknown plan node");
}

StatusOr<OperatorPtr> BuildAny(const PlanNode& plan, const BuildStatePtr& state) {
  switch (plan.kind) {
    case PlanKind::kScan: return BuildScan(PlanAs<ScanNode>(plan), state);
    case PlanKind::kVirtualScan: return state->sources->MakeVirtualScan(PlanAs<VirtualScanNode>(plan));
    case PlanKind::kGather: return state->sources->MakeGather(PlanAs<GatherNode>(plan));
    case PlanKind::kFunctionScan: return MakeFunctionScan(PlanAs<FunctionScanNode>(plan), state);
    case PlanKind::kValues: return OperatorPtr(std::make_unique<ValuesOperator>(PlanAs<ValuesNode>(plan), *state->context));
    case PlanKind::kJoin: return MakeJoin(PlanAs<JoinNode>(plan), state);
    case PlanKind::kApply: return MakeApply(PlanAs<ApplyNode>(plan), state);
    case PlanKind::kSetOperation: return MakeSetOperation(PlanAs<SetOperationNode>(plan), state);
    case PlanKind::kWith: return MakeWith(PlanAs<WithNode>(plan), state);
    case PlanKind::kCteScan: return MakeCteScan(PlanAs<CteScanNode>(plan), state);
    case PlanKind::kRecursiveUnion: return MakeRecursiveUnion(PlanAs<RecursiveUnionNode>(plan), state);
    default: return BuildUnary(plan, state);
  }
}

}  // namespace

StatusOr<OperatorPtr> OperatorFactory::MakeScan(const ScanNode&) { return NotHere("a table scan"); }
StatusOr<OperatorPtr> OperatorFactory::MakeGather(const GatherNode&) { return NotHere("a gather"); }
StatusOr<OperatorPtr> OperatorFactory::MakeVirtualScan(const VirtualScanNode&) { return NotHere("a scan of a system view"); }
StatusOr<OperatorPtr> OperatorFactory::MakeTableFunction(const FunctionScanNode& node, std::vector<std::optional<Value>>) {
  return Error(sqlstate::kFeatureNotSupported, StrCat("function ", node.function, " cannot run here"));
}

StatusOr<OperatorPtr> BuildNode(const PlanNode& plan, const BuildStatePtr& state) {
  ASSIGN_OR_RETURN(OperatorPtr built, BuildAny(plan, state));
  if (state->stats != nullptr) {
    const auto number = state->numbers.find(&plan);
    if (number != state->numbers.end()) built = MakeStatsOperator(std::move(built), &(*state->stats)[number->second], state->clock);
  }
  // A scan has slices of its own.
  const Turn* turn = state->context->turn;
  if (turn == nullptr || turn->asked() != Turn::Asked::kBetweenOperators || plan.kind == PlanKind::kScan) return built;
  return MakeTurnOperator(std::move(built), *state->context);
}

StatusOr<OperatorPtr> BuildOperators(const PlanNode& plan, OperatorFactory& sources, ExecContext& context, const BuildOptions& options) {
  auto state = std::make_shared<BuildState>();
  state->sources = &sources;
  state->context = &context;
  state->clock = options.clock;
  state->stats = options.stats;
  if (options.stats != nullptr) {
    const std::vector<const PlanNode*> nodes = NumberPlan(plan);
    options.stats->assign(nodes.size(), OperatorStats());
    for (size_t i = 0; i < nodes.size(); ++i) state->numbers[nodes[i]] = i;
  }
  return BuildNode(plan, state);
}

}  // namespace tsd::sql
