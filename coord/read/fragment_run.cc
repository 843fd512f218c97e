#include "coord/read/fragment_run.h"

#include "coord/read/lane_run.h"
#include "engine/base/fault.h"
#include "engine/types/timezone.h"
#include "sql/exec/build.h"
#include "sql/exec/lanes.h"
#include "sql/plan/plan_codec.h"

namespace tsd::coord {
namespace {

constexpr uint64_t kDefaultMemoryBytes = 1 << 30;

Status Cancelled() { return Error(sqlstate::kQueryCanceled, "canceling statement due to user request"); }

}  // namespace

Task<StatusOr<FragmentStats>> RunFragment(FragmentDeps deps, FragmentRequest request, FragmentSink* sink) {
  const absl::Duration start = deps.clock->Monotonic();
  CO_ASSIGN_OR_RETURN(sql::PlanPtr plan, sql::DecodePlan(request.plan));
  const sql::ScanNode* scan = sql::FragmentScan(*plan);
  if (scan == nullptr) co_return Error(sqlstate::kProtocolViolation, "a fragment without a scan");
  Future<Status> readable = deps.store->AwaitReadable(scan->chunks, request.snapshot, deps.decision_timeout);
  CO_RETURN_IF_ERROR(co_await readable);

  const uint64_t memory_bytes = request.memory_bytes != 0 ? request.memory_bytes : kDefaultMemoryBytes;
  auto run = std::make_shared<LaneRun>(deps.memory->OfFragment(request.snapshot.own, request.snapshot.own_level, memory_bytes), deps.clock,
                                       std::make_shared<Event>());
  run->context.datetime = request.text.datetime;
  run->context.bytea_output = request.text.bytea_output;
  run->context.extra_float_digits = request.text.extra_float_digits;
  CO_ASSIGN_OR_RETURN(run->context.datetime.zone, RequireTimeZone(request.zone));
  run->context.datetime.now = TimestampToAbsl(request.now);
  run->context.spill = deps.spill;
  run->executor = co_await CurrentExecutor();
  CO_RETURN_IF_ERROR(run->Open(*deps.store, request.snapshot, std::move(plan), deps.threads));
  LaneSources sources(run);
  CO_ASSIGN_OR_RETURN(sql::OperatorPtr root, sql::BuildOperators(*run->rest, sources, run->context));

  FragmentStats stats;
  while (true) {
    if (sink->IsCancelled()) run->cancelled.store(true);
    if (run->context.IsCancelled()) co_return Cancelled();
    ColumnBatch batch;
    run->turn.Begin();
    StatusOr<sql::Pull> pull = root->Next(&batch);
    if (!pull.ok()) {
      run->cancelled.store(true);  // the other lanes' work is for nothing
      co_return pull.status();
    }
    if (*pull == sql::Pull::kDone) break;
    if (*pull == sql::Pull::kRows) {
      stats.rows_sent += batch.rows();
      const Status sent = co_await sink->Rows(std::move(batch));
      if (!sent.ok()) {
        run->cancelled.store(true);
        co_return sent;
      }
    }
    // A fair share of the executor is given back; and with its own lane at the end, there is only the others' to wait for.
    if (*pull == sql::Pull::kBlocked && run->first_lane_done && !run->turn.TakeGivenWay()) {
      co_await run->wake->Wait();
    } else {
      co_await Yield{};
    }
  }
  root.reset();
  run->cancelled.store(true);  // lanes that nobody listens to any more
  stats.scan = run->Stats();
  stats.micros = absl::ToInt64Microseconds(deps.clock->Monotonic() - start);
  co_return stats;
}

}  // namespace tsd::coord
