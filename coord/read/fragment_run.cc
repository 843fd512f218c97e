#include "coord/read/fragment_run.h"

#include "engine/base/fault.h"
#include "engine/types/timezone.h"
#include "sql/exec/build.h"
#include "sql/exec/table_scan_operator.h"
#include "sql/plan/plan_codec.h"

namespace tsd::coord {
namespace {

constexpr uint64_t kDefaultMemoryBytes = 1 << 30;

// Gives the fragment's only leaf: a scan of the store at the request's snapshot.
class StoreScans final : public sql::OperatorFactory {
 public:
  StoreScans(engine::StoreReader& store, const engine::Snapshot& snapshot, sql::ExecContext& context)
      : store_(store), snapshot_(snapshot), context_(context) {}
  StatusOr<sql::OperatorPtr> MakeScan(const sql::ScanNode& node) override {
    ASSIGN_OR_RETURN(sql::OperatorPtr made, sql::TableScanOperator::Make(node, store_, snapshot_, context_));
    static_cast<sql::TableScanOperator&>(*made).ReportTo(&stats);
    return made;
  }
  engine::ScanStats stats;  // set once the operators are gone

 private:
  engine::StoreReader& store_;
  const engine::Snapshot snapshot_;
  sql::ExecContext& context_;
};

}  // namespace

Task<StatusOr<FragmentStats>> RunFragment(FragmentDeps deps, FragmentRequest request, FragmentSink* sink) {
  const absl::Duration start = deps.clock->Monotonic();
  CO_ASSIGN_OR_RETURN(const sql::PlanPtr plan, sql::DecodePlan(request.plan));
  const sql::ScanNode* scan = sql::FragmentScan(*plan);
  if (scan == nullptr) co_return Error(sqlstate::kProtocolViolation, "a fragment without a scan");
  Future<Status> readable = deps.store->AwaitReadable(scan->chunks, request.snapshot, deps.decision_timeout);
  CO_RETURN_IF_ERROR(co_await readable);

  MemoryBudget memory(static_cast<int64_t>(request.memory_bytes != 0 ? request.memory_bytes : kDefaultMemoryBytes));
  std::atomic<bool> cancelled{false};
  sql::ExecContext context;
  context.memory = &memory;
  context.cancelled = &cancelled;
  context.datetime = request.text.datetime;
  context.bytea_output = request.text.bytea_output;
  context.extra_float_digits = request.text.extra_float_digits;
  CO_ASSIGN_OR_RETURN(context.datetime.zone, RequireTimeZone(request.zone));
  context.datetime.now = TimestampToAbsl(request.now);
  StoreScans scans(*deps.store, request.snapshot, context);
  CO_ASSIGN_OR_RETURN(sql::OperatorPtr root, sql::BuildOperators(*plan, scans, context));

  FragmentStats stats;
  while (true) {
    if (sink->IsCancelled()) co_return Error(sqlstate::kQueryCanceled, "canceling statement due to user request");
    ColumnBatch batch;
    CO_ASSIGN_OR_RETURN(const sql::Pull pull, root->Next(&batch));
    if (pull == sql::Pull::kDone) break;
    // A fragment has no sources that could block; a fair share of the executor is given back between batches.
    if (pull == sql::Pull::kBlocked) co_return Error(sqlstate::kInternalError, "a fragment blocked");
    stats.rows_sent += batch.rows();
    CO_RETURN_IF_ERROR(co_await sink->Rows(std::move(batch)));
    co_await Yield{};
  }
  root.reset();
  stats.scan = scans.stats;
  stats.micros = absl::ToInt64Microseconds(deps.clock->Monotonic() - start);
  co_return stats;
}

}  // namespace tsd::coord
