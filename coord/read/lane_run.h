#pragma once
// LaneRun: a fragment under way, shared by the lanes that run it. The fragment's own coroutine runs the first lane; the others begin when
// that has not come to its end within its first slice, so that a short fragment costs no hand-over. Kept alive by every lane.
#include <atomic>
#include <memory>
#include <vector>

#include "coord/read/fragment_source.h"
#include "engine/base/memory_budget.h"
#include "engine/store/reader.h"
#include "sql/exec/build.h"
#include "sql/exec/turn.h"
#include "sql/plan/logical_plan.h"

namespace tsd::coord {

class LaneRun : public std::enable_shared_from_this<LaneRun> {
 public:
  /// `memory`: of all that the fragment's query does on this node. `wake`: of the coroutine that runs the first lane.
  LaneRun(std::shared_ptr<MemoryBudget> memory, const Clock* clock, std::shared_ptr<Event> wake);

  /// Opens the scan, in shares if `plan` can be run in lanes and there are threads for it.
  Status Open(engine::StoreReader& store, engine::Snapshot snapshot, sql::PlanPtr plan, int threads);
  /// What the first lane is made of, and the others' results. Once.
  StatusOr<std::vector<sql::OperatorPtr>> MakeLanes();
  StatusOr<sql::OperatorPtr> MakeScan(const sql::ScanNode& node);
  /// The first lane paused, or the others' rows are asked for: they begin.
  void StartOthers();
  bool started() const { return started_; }
  engine::ScanStats Stats() const;

  sql::ExecContext context;  // of what the fragment's coroutine runs
  sql::Turn turn;            // of that: after kBlocked, given way means that nothing else will wake it
  std::atomic<bool> cancelled{false};
  Executor* executor = nullptr;
  const std::shared_ptr<Event> wake;
  sql::PlanPtr rest;             // run by the fragment's coroutine
  bool first_lane_done = false;  // of that coroutine

 private:
  static sql::Turn NewTurn(const Clock* clock) { return sql::Turn(clock, sql::Turn::Asked::kByLongWork); }
  static Task<void> RunLane(std::shared_ptr<LaneRun> run, size_t lane, std::shared_ptr<FragmentSource> source);
  static Task<StatusOr<FragmentStats>> PullLane(std::shared_ptr<LaneRun> run, size_t lane, FragmentSource* source);

  const std::shared_ptr<MemoryBudget> memory_;
  const Clock* const clock_;
  engine::StoreReader* store_ = nullptr;
  engine::Snapshot snapshot_;
  sql::PlanPtr lane_;  // null: the fragment is run in one piece
  std::vector<std::unique_ptr<engine::TableScan>> shares_;
  std::vector<std::shared_ptr<FragmentSource>> sources_;  // of the lanes after the first
  bool started_ = false;
  engine::ScanStats first_stats_;
};

/// The leaves of `rest`: the scan, or the lanes.
class LaneSources final : public sql::OperatorFactory {
 public:
  explicit LaneSources(std::shared_ptr<LaneRun> run) : run_(std::move(run)) {}
  StatusOr<sql::OperatorPtr> MakeScan(const sql::ScanNode& node) override { return run_->MakeScan(node); }
  StatusOr<sql::OperatorPtr> MakeGather(const sql::GatherNode& node) override;

 private:
  const std::shared_ptr<LaneRun> run_;
};

}  // namespace tsd::coord
