#pragma once
// AggregateRuns: whether an aggregation over a scan can do with runs of rows (engine/scan/row_runs.h), and what it has to ask for. Group keys
// are columns, time buckets of fixed width, or expressions of them: every row of a run has the same ones, so one row of each tells them.
#include <optional>

#include "sql/exec/aggregate_state.h"
#include "sql/exec/build_state.h"
#include "sql/exec/table_scan_operator.h"

namespace tsd::sql {

struct AggregateRuns {
  TableScanOperator::RunExchange exchange;
  std::vector<std::unique_ptr<CompiledExpr>> groups;  // over RowRuns::keys
  std::vector<int> arguments;                         // by call: its column of RowRuns::columns, -1 = none
};

/// `needs`: by call of `node`. `input`: the scan's columns. nullopt: rows are needed.
StatusOr<std::optional<AggregateRuns>> PlanRuns(const AggregateNode& node, const std::vector<PlanColumn>& input,
                                                const std::vector<AggregateState::RunNeed>& needs);

}  // namespace tsd::sql
