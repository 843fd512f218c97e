#pragma once
// What operators of one run share while they are built, and the small pieces all of them use. Internal to sql/exec.
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/strings.h"
#include "sql/exec/build.h"
#include "sql/exec/evaluator.h"
#include "sql/exec/memory_hold.h"

namespace tsd::sql {

struct TopNBound;    // sort_operator.h
class CteBuffer;     // cte_operator.h
class WorkingTable;  // recursive_union_operator.h

/// Kept alive by the operators that build more of them while running (Apply, RecursiveUnion).
struct BuildState {
  OperatorFactory* sources = nullptr;
  ExecContext* context = nullptr;
  const Clock* clock = nullptr;
  PlanStats* stats = nullptr;
  std::map<const PlanNode*, size_t> numbers;  // with stats
  std::map<const ScanNode*, std::shared_ptr<TopNBound>> bounds;  // scans below a TopN by time
  std::map<int, std::shared_ptr<CteBuffer>> ctes;
  std::map<int, std::shared_ptr<WorkingTable>> working_tables;
};
using BuildStatePtr = std::shared_ptr<BuildState>;

StatusOr<OperatorPtr> BuildNode(const PlanNode& plan, const BuildStatePtr& state);

/// Column ids of `columns` -> positions.
std::vector<std::pair<int, int>> PositionsOf(const std::vector<PlanColumn>& columns);
StatusOr<size_t> PositionOf(const std::vector<PlanColumn>& columns, int id);
/// Compiles over batches with these columns. XX000 if a column is missing.
StatusOr<std::unique_ptr<CompiledExpr>> CompileOver(const ExprPtr& expr, const std::vector<PlanColumn>& columns);
StatusOr<std::vector<std::unique_ptr<CompiledExpr>>> CompileAll(const std::vector<ExprPtr>& exprs, const std::vector<PlanColumn>& columns);
std::vector<DataType> TypesOf(const std::vector<PlanColumn>& columns);

/// A flat copy of the evaluated column (constants expanded).
StatusOr<VectorPtr> EvaluateFlat(CompiledExpr& expr, const ColumnBatch& batch, const ExecContext& context);

/// 57014 once the statement is cancelled.
Status CheckCancelled(const ExecContext& context);
/// For operators that work long without pulling or yielding. True: answer kBlocked, others have their turn.
bool TurnIsOver(const ExecContext& context);
/// They did about a batch's work.
void NoteWork(const ExecContext& context);

/// Cuts a big batch into usual ones.
class BatchEmitter {
 public:
  void Reset(ColumnBatch batch) {
    batch_ = std::move(batch);
    at_ = 0;
  }
  /// False at the end.
  bool Next(ColumnBatch* out);

 private:
  ColumnBatch batch_;
  size_t at_ = 0;
};

/// Pulls a child to its end into one batch; resumable.
class Collector {
 public:
  Collector(OperatorPtr child, std::vector<DataType> types, const ExecContext& context)
      : child_(std::move(child)), builder_(std::move(types)), context_(context), memory_(context) {}
  /// kDone once everything is in; kBlocked passes through. Never kRows.
  StatusOr<Pull> Run();
  ColumnBatch Take() { return builder_.Finish(); }

 private:
  OperatorPtr child_;
  BatchBuilder builder_;
  const ExecContext& context_;
  MemoryHold memory_;
};

/// 53200/54000 when a column outgrows what one Vector can hold.
Status CheckColumnSizes(BatchBuilder& builder, size_t columns);

}  // namespace tsd::sql
