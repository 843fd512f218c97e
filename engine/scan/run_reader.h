#pragma once
// Row groups of chunk files as runs (row_runs.h): conditions decided and runs cut by summaries and by the time, which ascends; values read
// only where a summary of the whole group does not do. Any thread.
#include <optional>

#include "engine/base/status.h"
#include "engine/scan/row_filter.h"
#include "engine/scan/scan_work.h"

namespace tsd::engine {

/// The unit's rows that satisfy the scan's predicate; perhaps no run. nullopt: its rows have to be looked at, or come cheaper.
/// Requires: a file's unit, every row of it visible.
StatusOr<std::optional<RowRuns>> ReadRuns(const ScanUnit& unit, const ScanSpec& spec, const RunRequest& request, CodeFilter& code_filter,
                                          ScanStats& stats);

}  // namespace tsd::engine
