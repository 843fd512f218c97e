#pragma once
// Last rows of segments in a row group (RowChoice::kLastOfSegment), from the footer's segment index and summaries. Any thread.
#include <cstdint>
#include <vector>

#include "engine/base/status.h"
#include "engine/scan/scan_work.h"

namespace tsd::engine {

/// Whether "the last row of a segment in the file" is the last by the schema's time too, and the predicate speaks of whole segments.
/// Requires: every row of the unit is visible; a file's unit.
bool LastRowsKnown(const ScanUnit& unit, const ScanSpec& spec, const ColumnSchema* time_column);

/// Rows of the group that may be the last of their segment in the file, ascending; perhaps none.
StatusOr<std::vector<uint32_t>> LastRows(const ScanUnit& unit);

/// Appends the group's last row from its summary; false, with nothing appended, where the summary does not know it.
bool AppendLastRow(const ScanUnit& unit, const std::vector<const ColumnSchema*>& columns, const std::vector<std::shared_ptr<Vector>>& out);

}  // namespace tsd::engine
