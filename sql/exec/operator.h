#pragma once
// Operator: a node of a running plan, pulled batch by batch by one driver at a time (a data node's fragment run, or the access node's
// session). Never waits: where input has not arrived (a gather from other nodes) it answers kBlocked, keeps its state, and the driver
// awaits the query's wake event before pulling again. Every operator passes kBlocked on from its child unchanged. kBlocked is also the
// answer when the query's turn is over (turn.h): BuildOperators sees to it between any two operators; one that works long without pulling
// or yielding asks TurnIsOver itself.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/memory_budget.h"
#include "engine/base/random.h"
#include "engine/base/status.h"
#include "engine/types/column_batch.h"
#include "engine/types/datetime.h"
#include "engine/types/text_form.h"

namespace tsd::sql {

class FunctionContext;  // sql/function/function_context.h
class SpillSpace;       // sql/exec/spill.h
class Turn;             // sql/exec/turn.h

enum class Pull : uint8_t { kRows, kDone, kBlocked };

class Operator {
 public:
  virtual ~Operator() = default;
  /// kRows: *out holds at least one row. After kDone or an error it is not pulled again.
  virtual StatusOr<Pull> Next(ColumnBatch* out) = 0;
  /// "Sort", "HashAggregate" … for EXPLAIN ANALYZE.
  virtual std::string Name() const = 0;
};
using OperatorPtr = std::unique_ptr<Operator>;

/// What a run shares. Outlives its operators.
struct ExecContext {
  DateTimeContext datetime;               // session zone; datetime.now is the transaction's start
  absl::Time statement_time = absl::UnixEpoch();
  int extra_float_digits = 1;
  ByteaOutput bytea_output = ByteaOutput::kHex;
  MemoryBudget* memory = nullptr;         // a query's own, which draws on the node's; refusal is 53200
  SpillSpace* spill = nullptr;            // where sorts and aggregations put what the budget does not hold; null: 53200
  const std::atomic<bool>* cancelled = nullptr;
  Turn* turn = nullptr;                   // null: somebody else sees to it that the run gives way
  FunctionContext* functions = nullptr;   // access node only: current_setting(), regclass names …
  const Clock* clock = nullptr;           // clock_timestamp()
  Random* random = nullptr;               // random(); the driver's own

  bool IsCancelled() const { return cancelled != nullptr && cancelled->load(std::memory_order_relaxed); }
};

}  // namespace tsd::sql
