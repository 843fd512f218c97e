#pragma once
// HashAggregate: groups by hash, one AggregateState a call. Phases kFull and kPartial take rows, kFinal takes groups and states.
// DISTINCT arguments are de-duplicated per group here; ordered calls see their rows at the end, sorted. Grouping sets share the group
// table, with the set's mask as one more key.
//
// Memory: a partial aggregation that outgrows its budget hands on the states it has and begins anew. One that has to end here writes its
// states to disk, cut by hash into partitions that are brought together one after the other. DISTINCT arguments have a DistinctRows of
// their own, and their groups must fit; so must all rows of ordered calls: else 53200.
#include "sql/exec/aggregate_runs.h"
#include "sql/exec/aggregate_state.h"
#include "sql/exec/build_state.h"
#include "sql/exec/distinct_rows.h"
#include "sql/exec/group_table.h"
#include "sql/exec/newest_groups.h"
#include "sql/exec/row_sorter.h"
#include "sql/exec/spill_partitions.h"

namespace tsd::sql {

class AggregateOperator final : public Operator {
 public:
  struct Options {
    TableScanOperator* scan = nullptr;        // the child, if it is a scan: it may give runs
    std::shared_ptr<TopNBound> bound;         // with node.newest_group: the scan below listens to it
  };
  static StatusOr<OperatorPtr> Make(OperatorPtr child, const AggregateNode& node, const std::vector<PlanColumn>& input, Options options,
                                    const ExecContext& context);
  StatusOr<Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return node_.groups.empty() ? "Aggregate" : "HashAggregate"; }

 private:
  struct Call {
    std::unique_ptr<AggregateState> state;
    std::vector<std::unique_ptr<CompiledExpr>> arguments;
    std::unique_ptr<CompiledExpr> filter;
    std::unique_ptr<DistinctRows> distinct;  // DISTINCT without ORDER BY: arguments; then the group, if there are groups
    std::vector<OrderKey> order;             // positions in `buffer`
    std::vector<size_t> order_inputs;        // positions in the child's batch
    std::unique_ptr<BatchBuilder> buffer;    // ORDER BY: group, arguments, order columns
  };

  /// An ordered call's rows, being sorted and then fed.
  struct OrderedRows {
    ColumnBatch rows;
    std::optional<RowSorter> sorter;
    std::vector<uint32_t> order;
    size_t at = 0;
    std::unique_ptr<GroupTable> seen;  // DISTINCT: group and arguments
  };

  AggregateOperator(OperatorPtr child, const AggregateNode& node, Options options, const ExecContext& context)
      : child_(std::move(child)), node_(node), options_(std::move(options)), context_(context), memory_(context) {}
  Status Prepare(const std::vector<PlanColumn>& input);
  bool TakesStates() const { return node_.phase == AggregatePhase::kFinal || node_.phase == AggregatePhase::kCombine; }
  bool GivesStates() const { return node_.phase == AggregatePhase::kPartial || node_.phase == AggregatePhase::kCombine; }
  StatusOr<Pull> PullInput();
  Status AskForRuns(const std::vector<PlanColumn>& input);
  Status Take(const ColumnBatch& batch);
  Status TakeRuns(const engine::RowRuns& runs);
  Status TakeSet(const ColumnBatch& batch, std::vector<VectorPtr> keys);
  Status UpdateCall(Call& call, const AggregateCall& spec, const ColumnBatch& batch, const std::vector<uint32_t>& ids);
  Status BufferOrdered(Call& call, const ColumnBatch& batch, const std::vector<VectorPtr>& arguments, const std::vector<uint32_t>& ids,
                       const std::vector<uint32_t>* selection);
  Status UpdateDistinct(Call& call, const std::vector<VectorPtr>& arguments, GroupIds groups);
  /// Of the distinct rows that did not come at once, some. True: that was all.
  StatusOr<bool> FeedDistinct(Call& call);
  StatusOr<bool> FeedOrdered(Call& call, const AggregateCall& spec);
  /// The input is over.
  void EndInput();
  /// A piece of the work of kFeeding, kSpilling or kLoading.
  Status Work();
  Status Emit(ColumnBatch* out);
  Status MakeStates();
  /// After a batch: what is held is charged, and made less where the budget refuses.
  Status MakeRoom();
  void BeginSpilling();
  Status SpillSomeGroups();
  Status LoadSomeOfPartition();
  /// Keys (a mask among them), then states, of groups [begin, end).
  StatusOr<ColumnBatch> StatesOf(size_t begin, size_t end);
  bool HasMask() const { return !node_.grouping_sets.empty(); }
  /// One group without keys: no table.
  bool IsPlain() const { return node_.groups.empty() && !HasMask(); }
  size_t GroupCount() const { return IsPlain() ? 1 : table_->size(); }
  size_t HeldBytes() const;
  size_t KeyCount() const { return groups_.size() + (HasMask() ? 1 : 0); }

  OperatorPtr child_;
  const AggregateNode& node_;
  const Options options_;
  const ExecContext& context_;
  MemoryHold memory_;
  std::vector<std::unique_ptr<CompiledExpr>> groups_;
  std::vector<Call> calls_;
  std::unique_ptr<GroupTable> table_;
  std::optional<AggregateRuns> runs_asked_;  // set if the scan may give runs
  std::optional<NewestGroups> newest_;
  std::vector<uint32_t> ids_;
  std::vector<GroupRun> runs_;  // of ids_
  enum class Stage : uint8_t {
    kReading,
    kFlushing,  // gives states because of the budget; reading goes on afterwards
    kSpilling,  // states go to disk because of the budget, or as the rest of them after the input
    kFeeding,   // after the input: rows that calls see in order, or once
    kLoading,   // a partition from disk
    kEmitting,
  };
  Stage stage_ = Stage::kReading;
  size_t at_ = 0;   // group, in kFlushing, kSpilling, kEmitting
  size_t fed_ = 0;  // calls, in kFeeding
  std::unique_ptr<OrderedRows> ordered_;  // of the call that is fed
  std::unique_ptr<SpillPartitions> partitions_;
  size_t next_partition_ = 0;
  size_t next_batch_ = 0;  // of the partition before, in kLoading
};

}  // namespace tsd::sql
