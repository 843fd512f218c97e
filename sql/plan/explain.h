#pragma once
// EXPLAIN's text and JSON of a plan, and what was measured for ANALYZE. Pure.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sql/plan/logical_plan.h"

namespace tsd::sql {

/// One node's actuals. A fragment's come from each node; coord adds them up or prints them apart.
struct OperatorStats {
  uint64_t rows = 0;
  uint64_t batches = 0;
  int64_t nanos = 0;      // in this node and below
  std::vector<std::pair<std::string, uint64_t>> counters;  // scans: "Blocks Read", "Blocks Skipped", "Bytes Read", "Chunks"
  bool started = false;

  void Encode(ByteWriter& writer) const;
  static OperatorStats Decode(ByteReader& reader);
};
/// By the node's number in pre-order (NumberPlan); a Gather's children are numbered too (empty there: the fragment ran elsewhere).
using PlanStats = std::vector<OperatorStats>;

/// Nodes in pre-order: the i-th has stats[i].
std::vector<const PlanNode*> NumberPlan(const PlanNode& plan);

/// What coord knows about the fragments of a Gather.
struct FragmentNote {
  std::string node_name;            // "dn1", or "local"
  std::vector<ChunkPtr> chunks;
  size_t chunks_excluded = 0;
  const PlanStats* stats = nullptr; // of the fragment as run there (numbered from the fragment's root)
  /// What the node did in all, once it has run (ANALYZE).
  struct Actual {
    uint64_t rows_sent = 0, bytes_sent = 0;
    uint64_t rows_read = 0, bytes_read = 0, blocks_read = 0, blocks_summarised = 0, blocks_skipped = 0;
    int64_t micros = 0;
  };
  std::optional<Actual> actual;
  bool ended_early = false;         // it was told to stop, and what it had done is not known
};

struct ExplainOptions {
  bool verbose = false;             // output lists
  const PlanStats* stats = nullptr; // ANALYZE
  bool timing = true;
  /// Per Gather; may be empty.
  std::function<std::vector<FragmentNote>(const GatherNode&)> fragments;
};

std::vector<std::string> PrintPlan(const PlanNode& plan, const ExplainOptions& options);
std::string PrintPlanJson(const PlanNode& plan, const ExplainOptions& options);
/// An expression as EXPLAIN shows it: "(usage > 90)". `columns` gives names to ids.
std::string PrintPlanExpr(const Expr& expr, const std::function<std::string(int)>& column_name);

}  // namespace tsd::sql
