#include "sql/exec/aggregate_runs.h"

#include <algorithm>

#include "engine/types/time_bucket.h"
#include "sql/function/call_builder.h"

namespace tsd::sql {
namespace {

using Key = engine::RunRequest::Key;
using RunNeed = AggregateState::RunNeed;

class RunPlanner {
 public:
  explicit RunPlanner(const std::vector<PlanColumn>& input) : input_(input) {}

  /// False if rows of a run may differ in the expression.
  bool AddKeys(const Expr& expr) {
    switch (expr.kind) {
      case ExprKind::kConstant: return true;
      case ExprKind::kColumn: return AddKey(expr, 0, 0);
      case ExprKind::kOuterColumn:
      case ExprKind::kParameter:
      case ExprKind::kSubquery: return false;
      default: break;
    }
    if (AddBucket(expr)) return true;
    return std::all_of(expr.arguments.begin(), expr.arguments.end(), [this](const ExprPtr& argument) { return AddKeys(*argument); });
  }

  /// The argument's place in the request; -1 if it is no column.
  int AddArgument(const Expr& expr, RunNeed need) {
    const StatusOr<size_t> column = expr.kind == ExprKind::kColumn ? PositionOf(input_, expr.column) : StatusOr<size_t>(absl::NotFoundError(""));
    if (!column.ok()) return -1;
    std::vector<engine::RunRequest::Column>& columns = request.columns;
    auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& asked) { return asked.column == *column; });
    if (found == columns.end()) found = columns.insert(columns.end(), {*column, false, false});
    found->sums = found->sums || need == RunNeed::kSums;
    found->bounds = found->bounds || need == RunNeed::kBounds;
    return static_cast<int>(found - columns.begin());
  }

  engine::RunRequest request;
  std::vector<PlanColumn> keys;  // of the request

 private:
  bool AddKey(const Expr& column, int64_t width, int64_t origin) {
    const StatusOr<size_t> position = PositionOf(input_, column.column);
    if (!position.ok()) return false;
    const bool known = std::any_of(request.keys.begin(), request.keys.end(), [&](const Key& key) {
      return key.column == *position && key.width == width && key.origin == origin;
    });
    if (known) return true;
    request.keys.push_back({*position, width, origin});
    keys.push_back(input_[*position]);
    return true;
  }

  /// time_bucket of a column to a constant fixed width.
  bool AddBucket(const Expr& expr) {
    const std::string& function = expr.function;
    const bool plain = function == "time_bucket(interval,timestamptz)" || function == "time_bucket(interval,timestamp)";
    const bool moved = function == "time_bucket(interval,timestamptz,timestamptz)" || function == "time_bucket(interval,timestamp,timestamp)";
    if (!plain && !moved) return false;
    const Expr& width = *expr.arguments[0];
    if (width.kind != ExprKind::kConstant || width.value.IsNull() || expr.arguments[1]->kind != ExprKind::kColumn) return false;
    int64_t origin = kDefaultBucketOrigin;
    if (moved) {
      if (expr.arguments[2]->kind != ExprKind::kConstant || expr.arguments[2]->value.IsNull()) return false;
      origin = expr.arguments[2]->value.AsInteger();
      if (!IsFiniteTimestamp(origin)) return false;
    }
    const StatusOr<int64_t> fixed = FixedBucketWidth(width.value.AsInterval());
    return fixed.ok() && *fixed > 0 && AddKey(*expr.arguments[1], *fixed, origin);
  }

  const std::vector<PlanColumn>& input_;
};

}  // namespace

StatusOr<std::optional<AggregateRuns>> PlanRuns(const AggregateNode& node, const std::vector<PlanColumn>& input,
                                                const std::vector<AggregateState::RunNeed>& needs) {
  if (!node.grouping_sets.empty()) return std::optional<AggregateRuns>();
  RunPlanner planner(input);
  for (const ExprPtr& group : node.groups) {
    if (VolatilityOf(*group) == Volatility::kVolatile || !planner.AddKeys(*group)) return std::optional<AggregateRuns>();
  }
  AggregateRuns runs;
  for (size_t i = 0; i < node.aggregates.size(); ++i) {
    const AggregateCall& call = node.aggregates[i];
    const bool simple = !call.distinct && call.filter == nullptr && call.order_by.empty() && call.arguments.size() <= 1;
    if (!simple || needs[i] == RunNeed::kRows) return std::optional<AggregateRuns>();
    runs.arguments.push_back(call.arguments.empty() ? -1 : planner.AddArgument(*call.arguments[0], needs[i]));
    if (runs.arguments.back() < 0 && !call.arguments.empty()) return std::optional<AggregateRuns>();
  }
  ASSIGN_OR_RETURN(runs.groups, CompileAll(node.groups, planner.keys));
  runs.exchange.request = std::move(planner.request);
  return std::optional<AggregateRuns>(std::move(runs));
}

}  // namespace tsd::sql
