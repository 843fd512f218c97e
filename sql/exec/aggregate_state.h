#pragma once
// AggregateState: one aggregate call's states for all groups of an aggregation, by dense group number. Vectorised: one virtual call a
// batch. Every aggregate has a partial form, a column of PartialType(), which data nodes ship and the access node merges.
// One driver at a time. DISTINCT and ORDER BY are the operator's: it feeds distinct or sorted rows; but ordered-set aggregates sort for
// themselves.
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/scan/row_runs.h"
#include "engine/types/column_batch.h"

namespace tsd::sql {

/// Rows from the end of the run before (or 0) up to `end` belong to `group`.
struct GroupRun {
  uint32_t end;
  uint32_t group;
};

/// The group of each row. ids == nullptr: all rows belong to group 0 (no GROUP BY). `runs`, if any, says the same as ids in long runs,
/// which have faster loops.
struct GroupIds {
  const uint32_t* ids = nullptr;
  size_t rows = 0;
  std::span<const GroupRun> runs = {};
};

class AggregateState {
 public:
  virtual ~AggregateState() = default;
  /// New groups start empty. Never shrinks.
  virtual void Resize(size_t groups) = 0;
  /// Arguments as declared, cast, each of groups.rows logical rows (may be constant).
  virtual Status Update(std::span<const VectorPtr> arguments, GroupIds groups) = 0;
  /// `partial` is a column made by Partial, maybe on another node: any bytes; damage is XX001.
  virtual Status Merge(const Vector& partial, GroupIds groups) = 0;
  virtual DataType PartialType() const = 0;
  /// Appends the states of groups [begin, end).
  virtual Status Partial(size_t begin, size_t end, Vector& out) = 0;
  /// Appends the results of groups [begin, end), of the call's result type.
  virtual Status Finish(size_t begin, size_t end, Vector& out) = 0;
  virtual size_t MemoryBytes() const = 0;

  /// WITHIN GROUP (ORDER BY … DESC): of an ordered-set aggregate, before anything else.
  virtual void SetDescending() {}

  /// Of what is known of runs, how much UpdateRuns needs of the argument to stand for Update over their rows; kRows: they do not do.
  enum class RunNeed : uint8_t { kRows, kCount, kSums, kBounds };
  virtual RunNeed NeedOfRuns() const { return RunNeed::kRows; }
  /// `groups` has a group for each run, `rows` the runs' lengths; `argument` is the first argument's column (nullptr: no argument).
  /// Requires: NeedOfRuns() is not kRows.
  virtual Status UpdateRuns(const engine::RunColumn* argument, std::span<const uint32_t> rows, GroupIds groups);

  /// Update with the rows of `selection` only (FILTER); groups still has all rows.
  Status UpdateSelected(std::span<const VectorPtr> arguments, GroupIds groups, std::span<const uint32_t> selection);
};

/// By registry key, e.g. "sum(int4)", "count(*)" (no argument), "min(anyelement)". 42883 for a key that is no aggregate's.
StatusOr<std::unique_ptr<AggregateState>> MakeAggregate(std::string_view key, std::span<const DataType> arguments, DataType result);
/// The type its partial column has, for plan output columns.
StatusOr<DataType> AggregatePartialType(std::string_view key, std::span<const DataType> arguments, DataType result);

}  // namespace tsd::sql
