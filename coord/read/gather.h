#pragma once
// GatherOperator: pulls the fragments of a Gather together: in arrival order, or merged by sort keys when the plan says so.
// kBlocked while nothing has arrived; the fragments' wake event tells when to pull again. Destroying it cancels what still runs.
#include <memory>
#include <vector>

#include "coord/read/fragment_source.h"
#include "sql/exec/operator.h"
#include "sql/plan/logical_plan.h"

namespace tsd::coord {

class GatherOperator final : public sql::Operator {
 public:
  /// `merge`: positions of the sort columns in the batches, with their order; empty = any order.
  struct MergeKey {
    size_t column;
    bool descending;
    bool nulls_first;
  };
  GatherOperator(std::vector<std::shared_ptr<FragmentSource>> sources, std::vector<MergeKey> merge, std::vector<DataType> types);
  ~GatherOperator() override;

  StatusOr<sql::Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Gather"; }

 private:
  struct Input {
    std::shared_ptr<FragmentSource> source;
    ColumnBatch batch;
    size_t row = 0;
    bool ended = false;
  };
  StatusOr<sql::Pull> NextAny(ColumnBatch* out);
  StatusOr<sql::Pull> NextMerged(ColumnBatch* out);
  /// kRows: every input that has not ended has a row.
  StatusOr<sql::Pull> FillInputs();
  bool Before(const Input& left, const Input& right) const;

  std::vector<Input> inputs_;
  const std::vector<MergeKey> merge_;
  const std::vector<DataType> types_;
  size_t next_ = 0;
};

}  // namespace tsd::coord
