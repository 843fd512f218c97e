#pragma once
// WITH: each CTE's plan runs at most once, as far as its readers ask, and its rows are kept for all of them.
#include "sql/exec/build_state.h"

namespace tsd::sql {

class CteBuffer {
 public:
  CteBuffer(OperatorPtr source, const ExecContext& context) : source_(std::move(source)), memory_(context) {}
  /// The batch at `index`, pulled if need be.
  StatusOr<Pull> At(size_t index, ColumnBatch* out);

 private:
  OperatorPtr source_;
  std::vector<ColumnBatch> batches_;
  size_t bytes_ = 0;
  MemoryHold memory_;
};

StatusOr<OperatorPtr> MakeWith(const WithNode& node, const BuildStatePtr& state);
StatusOr<OperatorPtr> MakeCteScan(const CteScanNode& node, const BuildStatePtr& state);

}  // namespace tsd::sql
