#pragma once
// Last rows of segments in a row group (RowChoice::kLastOfSegment), from the footer's segment index and summaries. Any thread.
#include <cstdint>
#include <vector>

#include "engine/base/status.h"
#include "engine/scan/scan_work.h"

namespace tsd::engine {

/// Whether only last rows are wanted, "the last row of a segment in the file" is the last by the schema's time too, and where that one fails
/// the predicate, so do all rows of its segment. Says something only of what the snapshot sees every row of.
bool LastRowsKnown(const ChunkReader& reader, const ScanSpec& spec, const ColumnSchema* time_column);

/// The first group from `group` on in which a segment ends.
size_t NextGroupWithLastRow(const ChunkReader& reader, size_t group);

/// Rows of the group that may be the last of their segment in the file, ascending; perhaps none. The group's own last row is not among them if
/// its segment goes on in the next group.
StatusOr<std::vector<uint32_t>> LastRows(const ScanUnit& unit);

/// One a column: together they hold the last rows of those groups for which all have edges. Empty if some column has none, or of another type.
std::vector<const BlockSummaries*> LastRowSummaries(const ChunkReader& reader, const std::vector<const ColumnSchema*>& columns);

}  // namespace tsd::engine
