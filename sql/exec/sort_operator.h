#pragma once
// Sort: takes everything in, then yields it in order; what the query's memory does not hold is sorted in parts, which go to disk and are
// merged. TopN: keeps only the best limit + offset rows while it reads.
#include <limits>
#include <optional>

#include "sql/exec/build_state.h"
#include "sql/exec/row_sorter.h"
#include "sql/exec/spill.h"

namespace tsd::sql {

class SortOperator final : public Operator {
 public:
  SortOperator(OperatorPtr child, std::vector<DataType> types, std::vector<OrderKey> keys, const ExecContext& context)
      : child_(std::move(child)), types_(std::move(types)), builder_(types_), keys_(std::move(keys)), context_(context), memory_(context) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Sort"; }

 private:
  enum class Phase : uint8_t {
    kTake,       // rows from the child
    kMergeRuns,  // there are too many: they become one
    kSort,       // rows_: a run's, or all
    kWriteRun,   // rows_, in order, to disk
    kGive,
  };
  /// The next piece of work before kGive. kRows: there is more to do.
  StatusOr<Pull> Step();
  Status Take(const ColumnBatch& batch);
  Status TakenAll();
  /// The rows so far become a sorted run on disk.
  Status BeginRun();
  void BeginSort();
  Status WriteSome();
  OperatorPtr MergeOfRuns();
  Status MergeSome();

  OperatorPtr child_;  // null once its rows are all taken
  const std::vector<DataType> types_;
  BatchBuilder builder_;
  std::vector<OrderKey> keys_;
  const ExecContext& context_;
  MemoryHold memory_;
  std::vector<std::unique_ptr<SpillRun>> runs_;
  std::unique_ptr<SpillRun> new_run_;  // in kMergeRuns and kWriteRun
  OperatorPtr merged_;                 // of runs_, in kMergeRuns, and in kGive if there are any
  Phase phase_ = Phase::kTake;
  ColumnBatch rows_;
  std::optional<RowSorter> sorter_;
  std::vector<uint32_t> order_;
  size_t at_ = 0;  // in order_
};

/// Where a TopN is: a scan below that visits chunks by time may stop when no row of a chunk can get in. Shared by both, one thread.
struct TopNBound {
  bool full = false;     // `worst` is set
  int64_t worst = 0;     // the first key's value of the last row kept, in the chunks' scale
  bool with_equal = true;  // rows with that very value may get in: other keys decide, or they belong to a group that is kept

  /// Newest first: the least time that matters. Requires: full.
  int64_t Floor() const { return with_equal || worst == std::numeric_limits<int64_t>::max() ? worst : worst + 1; }
  /// Oldest first: whether rows from `time` on matter. Requires: full.
  bool Admits(int64_t time) const { return time < worst || (with_equal && time == worst); }
};

class TopNOperator final : public Operator {
 public:
  struct Options {
    uint64_t limit = 0, offset = 0;
    bool with_ties = false;
    std::shared_ptr<TopNBound> bound;  // or null
  };
  TopNOperator(OperatorPtr child, std::vector<DataType> types, std::vector<OrderKey> keys, Options options, const ExecContext& context)
      : child_(std::move(child)), builder_(std::move(types)), keys_(std::move(keys)), options_(std::move(options)), context_(context),
        memory_(context) {}
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Top-N"; }

 private:
  Status Take(const ColumnBatch& batch);
  void Prune();
  void Finish();

  OperatorPtr child_;
  BatchBuilder builder_;
  std::vector<OrderKey> keys_;
  Options options_;
  const ExecContext& context_;
  MemoryHold memory_;
  ColumnBatch worst_;  // one row, once `keep` rows were seen
  bool done_ = false;
  BatchEmitter emitter_;
};

}  // namespace tsd::sql
