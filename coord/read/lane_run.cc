#include "coord/read/lane_run.h"

#include "coord/read/source_operator.h"
#include "sql/exec/lanes.h"
#include "sql/exec/merge_operator.h"
#include "sql/exec/table_scan_operator.h"

namespace tsd::coord {
namespace {

// The first slice is about 65,000 rows, a millisecond or a few: what ends within it needs no other lanes. Later ones are short, as each is
// what a short query may have to wait for, once for each other query.
constexpr size_t kFirstSlice = 16, kLaterSlice = 4;

void AddStats(const engine::ScanStats& from, engine::ScanStats* to) {
  to->rows_read += from.rows_read;
  to->blocks_read += from.blocks_read;
  to->blocks_skipped += from.blocks_skipped;
  to->blocks_summarised += from.blocks_summarised;
  to->bytes_read += from.bytes_read;
  to->chunks += from.chunks;
}

/// Gives one lane's only leaf: its share of the scan.
class ShareSource final : public sql::OperatorFactory {
 public:
  ShareSource(std::unique_ptr<engine::TableScan> share, const sql::ExecContext& context, size_t first_slice, engine::ScanStats* stats)
      : share_(std::move(share)), context_(context), first_slice_(first_slice), stats_(stats) {}
  StatusOr<sql::OperatorPtr> MakeScan(const sql::ScanNode& node) override {
    ASSIGN_OR_RETURN(sql::OperatorPtr made, sql::TableScanOperator::Over(node, std::move(share_), context_));
    auto& scan = static_cast<sql::TableScanOperator&>(*made);
    scan.ReportTo(stats_);
    scan.SetSlice(first_slice_, kLaterSlice);
    return made;
  }

 private:
  std::unique_ptr<engine::TableScan> share_;
  const sql::ExecContext& context_;
  const size_t first_slice_;
  engine::ScanStats* const stats_;
};

/// The lane that the fragment's own coroutine runs.
class FirstLane final : public sql::Operator {
 public:
  FirstLane(std::shared_ptr<LaneRun> run, sql::OperatorPtr inner) : run_(std::move(run)), inner_(std::move(inner)) {}
  StatusOr<sql::Pull> Next(ColumnBatch* out) override {
    ASSIGN_OR_RETURN(const sql::Pull pull, inner_->Next(out));
    if (pull == sql::Pull::kDone) {
      inner_.reset();
      run_->first_lane_done = true;
    }
    if (pull == sql::Pull::kBlocked) run_->StartOthers();
    return pull;
  }
  std::string Name() const override { return "Lane"; }

 private:
  const std::shared_ptr<LaneRun> run_;
  sql::OperatorPtr inner_;
};

/// Another lane's results; none if it was never needed.
class OtherLaneOperator final : public sql::Operator {
 public:
  OtherLaneOperator(std::shared_ptr<LaneRun> run, std::shared_ptr<FragmentSource> source) : run_(std::move(run)), inner_(std::move(source)) {}
  StatusOr<sql::Pull> Next(ColumnBatch* out) override {
    if (!run_->started()) {
      if (run_->first_lane_done) return sql::Pull::kDone;
      run_->StartOthers();  // a merge holds rows of the first lane and wants to know what comes before them
    }
    return inner_.Next(out);
  }
  std::string Name() const override { return "Lane"; }

 private:
  const std::shared_ptr<LaneRun> run_;
  SourceOperator inner_;
};

}  // namespace

LaneRun::LaneRun(std::shared_ptr<MemoryBudget> memory, const Clock* clock, std::shared_ptr<Event> event)
    : turn(NewTurn(clock)), wake(std::move(event)), memory_(std::move(memory)), clock_(clock) {
  context.turn = &turn;
  context.memory = memory_.get();
  context.cancelled = &cancelled;
}

Status LaneRun::Open(engine::StoreReader& store, engine::Snapshot snapshot, sql::PlanPtr plan, int threads) {
  store_ = &store;
  snapshot_ = snapshot;
  rest = std::move(plan);
  if (threads < 2) return OkStatus();
  std::optional<sql::LanePlan> split = sql::SplitForLanes(rest);
  if (!split.has_value()) return OkStatus();
  const sql::ScanNode& scan = *sql::FragmentScan(*split->lane);
  ASSIGN_OR_RETURN(shares_, store.OpenScans(sql::TableScanOperator::SpecOf(scan, snapshot), static_cast<size_t>(threads)));
  if (shares_.size() == 1) return OkStatus();  // too little to share; MakeScan takes it
  lane_ = std::move(split->lane);
  rest = std::move(split->rest);
  return OkStatus();
}

StatusOr<sql::OperatorPtr> LaneRun::MakeScan(const sql::ScanNode& node) {
  sql::OperatorPtr made;
  if (!shares_.empty()) {
    ASSIGN_OR_RETURN(made, sql::TableScanOperator::Over(node, std::move(shares_[0]), context));
  } else {
    ASSIGN_OR_RETURN(made, sql::TableScanOperator::Make(node, *store_, snapshot_, context));
  }
  auto& scan = static_cast<sql::TableScanOperator&>(*made);
  scan.ReportTo(&first_stats_);
  scan.SetSlice(kFirstSlice, kLaterSlice);
  return made;
}

StatusOr<std::vector<sql::OperatorPtr>> LaneRun::MakeLanes() {
  std::vector<sql::OperatorPtr> lanes;
  ShareSource share(std::move(shares_[0]), context, kFirstSlice, &first_stats_);
  ASSIGN_OR_RETURN(sql::OperatorPtr first, sql::BuildOperators(*lane_, share, context));
  lanes.push_back(std::make_unique<FirstLane>(shared_from_this(), std::move(first)));
  for (size_t i = 1; i < shares_.size(); ++i) {
    sources_.push_back(std::make_shared<FragmentSource>("", wake));
    lanes.push_back(std::make_unique<OtherLaneOperator>(shared_from_this(), sources_.back()));
  }
  return lanes;
}

void LaneRun::StartOthers() {
  if (started_) return;
  started_ = true;
  for (size_t i = 0; i < sources_.size(); ++i) Spawn(*executor, RunLane(shared_from_this(), i + 1, sources_[i]));
}

Task<void> LaneRun::RunLane(std::shared_ptr<LaneRun> run, size_t lane, std::shared_ptr<FragmentSource> source) {
  StatusOr<FragmentStats> result = co_await PullLane(run, lane, source.get());
  source->Ended(std::move(result));
}

Task<StatusOr<FragmentStats>> LaneRun::PullLane(std::shared_ptr<LaneRun> run, size_t lane, FragmentSource* source) {
  FragmentStats stats;
  sql::Turn turn = NewTurn(run->clock_);
  sql::ExecContext context = run->context;
  context.turn = &turn;
  ShareSource share(std::move(run->shares_[lane]), context, kLaterSlice, &stats.scan);
  CO_ASSIGN_OR_RETURN(sql::OperatorPtr root, sql::BuildOperators(*run->lane_, share, context));
  while (true) {
    if (source->IsCancelled() || run->context.IsCancelled()) co_return Error(sqlstate::kQueryCanceled, "canceling statement due to user request");
    ColumnBatch batch;
    turn.Begin();
    CO_ASSIGN_OR_RETURN(const sql::Pull pull, root->Next(&batch));
    if (pull == sql::Pull::kDone) break;
    if (pull == sql::Pull::kRows) CO_RETURN_IF_ERROR(co_await source->Rows(std::move(batch)));
    co_await Yield{};
  }
  root.reset();
  co_return stats;
}

engine::ScanStats LaneRun::Stats() const {
  engine::ScanStats all = first_stats_;
  for (const std::shared_ptr<FragmentSource>& source : sources_) AddStats(source->stats().value_or(FragmentStats()).scan, &all);
  return all;
}

StatusOr<sql::OperatorPtr> LaneSources::MakeGather(const sql::GatherNode& node) {
  ASSIGN_OR_RETURN(std::vector<sql::OperatorPtr> lanes, run_->MakeLanes());
  if (node.merge.empty()) return sql::MakeConcat(std::move(lanes));
  return sql::MakeMerge(std::move(lanes), node.merge, node.output);
}

}  // namespace tsd::coord
