#pragma once
// Plan -> operators. The factory gives the leaves: what is a scan of the store on a data node, and a gather over the network on the access
// node, is coord's to make.
#include <optional>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/status.h"
#include "sql/exec/operator.h"
#include "sql/plan/explain.h"
#include "sql/plan/logical_plan.h"

namespace tsd::sql {

/// Must outlive the operators made with it (an Apply makes more of them while it runs). Defaults refuse with 0A000.
class OperatorFactory {
 public:
  virtual ~OperatorFactory() = default;
  /// Data nodes: yields the scan's output columns of rows that pass its filters (see table_scan_operator.h).
  virtual StatusOr<OperatorPtr> MakeScan(const ScanNode& node);
  /// Access node: starts the fragments and yields their rows, merged by node.merge if set.
  virtual StatusOr<OperatorPtr> MakeGather(const GatherNode& node);
  /// All rows, of node.columns.
  virtual StatusOr<OperatorPtr> MakeVirtualScan(const VirtualScanNode& node);
  /// One of coord's functions. nullopt: argument not given. Yields the signature's columns.
  virtual StatusOr<OperatorPtr> MakeTableFunction(const FunctionScanNode& node, std::vector<std::optional<Value>> arguments);
};

struct BuildOptions {
  const Clock* clock = nullptr;   // with `stats`: times
  PlanStats* stats = nullptr;     // EXPLAIN ANALYZE: sized and numbered as NumberPlan(plan); written while the operators run
};

/// `plan` must outlive the operators. Yields the columns of plan.output, in order.
StatusOr<OperatorPtr> BuildOperators(const PlanNode& plan, OperatorFactory& sources, ExecContext& context, const BuildOptions& options = {});

/// Yields these batches.
OperatorPtr MakeBatchSource(std::vector<ColumnBatch> batches);

}  // namespace tsd::sql
