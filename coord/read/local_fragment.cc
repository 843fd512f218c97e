#include "coord/read/local_fragment.h"

namespace tsd::coord {

LocalFragment::LocalFragment(Executor& executor, FragmentDeps deps, Request request, std::shared_ptr<Event> wake,
                             std::shared_ptr<FragmentSource> note)
    : deps_(deps), request_(std::move(request)), wake_(std::move(wake)), note_(std::move(note)),
      run_(std::make_shared<LaneRun>(request_.memory, deps.clock, wake_)), start_(deps.clock->Monotonic()) {
  run_->executor = &executor;
  run_->context.datetime = request_.text.datetime;
  run_->context.bytea_output = request_.text.bytea_output;
  run_->context.extra_float_digits = request_.text.extra_float_digits;
  run_->context.spill = deps.spill;
}

LocalFragment::~LocalFragment() {
  run_->cancelled.store(true);
  if (root_ != nullptr) End();  // no more rows were wanted
}

StatusOr<bool> LocalFragment::Begin() {
  if (root_ != nullptr) return true;
  if (!readable_.valid()) {
    readable_ = deps_.store->AwaitReadable(sql::FragmentScan(*request_.plan)->chunks, request_.snapshot, deps_.decision_timeout);
    if (!readable_.ready()) readable_.OnReady([wake = wake_] { wake->Set(); });
  }
  if (!readable_.ready()) return false;
  RETURN_IF_ERROR(readable_.Take());
  RETURN_IF_ERROR(run_->Open(*deps_.store, request_.snapshot, std::move(request_.plan), deps_.threads));
  LaneSources sources(run_);
  ASSIGN_OR_RETURN(root_, sql::BuildOperators(*run_->rest, sources, run_->context));
  return true;
}

void LocalFragment::End() {
  root_.reset();
  FragmentStats stats;
  stats.scan = run_->Stats();
  stats.rows_sent = rows_;
  stats.micros = absl::ToInt64Microseconds(deps_.clock->Monotonic() - start_);
  note_->Ended(stats);
}

StatusOr<sql::Pull> LocalFragment::Next(ColumnBatch* out) {
  ASSIGN_OR_RETURN(const bool ready, Begin());
  if (!ready) return sql::Pull::kBlocked;
  run_->turn.Begin();
  ASSIGN_OR_RETURN(const sql::Pull pull, root_->Next(out));
  if (pull == sql::Pull::kRows) rows_ += out->rows();
  if (pull == sql::Pull::kDone) End();
  // The slice is over: others have their turn, then this goes on. When only other lanes are at work, they wake the query.
  if (pull == sql::Pull::kBlocked && (run_->turn.TakeGivenWay() || !run_->first_lane_done)) run_->executor->Post([wake = wake_] { wake->Set(); });
  return pull;
}

}  // namespace tsd::coord
