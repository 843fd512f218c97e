#pragma once
// LocalFragment: a fragment over the access node's own store, run by the query's coroutine itself: no queue and no other thread between
// a short query and its client. kBlocked while undecided transactions are waited for, and after every slice of work; it then sees to the
// wake event itself.
#include <memory>

#include "coord/read/fragment_run.h"
#include "coord/read/lane_run.h"
#include "engine/types/text_form.h"

namespace tsd::coord {

class LocalFragment final : public sql::Operator {
 public:
  struct Request {
    sql::PlanPtr plan;  // with its chunks
    engine::Snapshot snapshot;
    TextContext text;  // zone, clock and styles
    std::shared_ptr<MemoryBudget> memory;  // the query's
  };
  /// `note` gets the numbers at the end, for EXPLAIN; its wake event is the query's.
  LocalFragment(Executor& executor, FragmentDeps deps, Request request, std::shared_ptr<Event> wake, std::shared_ptr<FragmentSource> note);
  ~LocalFragment() override;
  StatusOr<sql::Pull> Next(ColumnBatch* out) override;
  std::string Name() const override { return "Fragment"; }

 private:
  /// True once the snapshot can be read and the operators stand.
  StatusOr<bool> Begin();
  void End();

  const FragmentDeps deps_;
  Request request_;
  const std::shared_ptr<Event> wake_;
  const std::shared_ptr<FragmentSource> note_;
  const std::shared_ptr<LaneRun> run_;
  const absl::Duration start_;
  Future<Status> readable_;
  sql::OperatorPtr root_;
  uint64_t rows_ = 0;
};

}  // namespace tsd::coord
