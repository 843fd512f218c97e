#include "engine/scan/last_rows.h"

#include <algorithm>

#include "engine/chunk/zone_map.h"
#include "engine/types/compare.h"

namespace tsd::engine {

bool LastRowsKnown(const ChunkReader& reader, const ScanSpec& spec, const ColumnSchema* time_column) {
  if (time_column == nullptr || spec.choice != RowChoice::kLastOfSegment || spec.with_row_ids) return false;
  const ChunkOrder& order = reader.order();
  if (order.segment_by != spec.schema->segment_by || order.order_by.empty() || order.order_by.front() != time_column->id) return false;
  const ColumnStats* times = reader.FileStats(time_column->id);
  if (times == nullptr || times->null_count != 0) return false;
  return std::all_of(spec.predicate.conditions.begin(), spec.predicate.conditions.end(), [&](const ColumnCondition& condition) {
    if (std::find(order.segment_by.begin(), order.segment_by.end(), condition.column) != order.segment_by.end()) return true;
    if (condition.column != time_column->id) return false;
    // Times only grow towards the last row; an upper bound does no harm where no row exceeds it.
    return condition.op == ColumnCondition::Op::kGreater || condition.op == ColumnCondition::Op::kGreaterEqual ||
           MustMatch(*times, time_column->type, condition);
  });
}

size_t NextGroupWithLastRow(const ChunkReader& reader, size_t group) {
  const std::vector<uint64_t>& starts = reader.segments().first_rows;
  if (starts.empty()) return group;
  const auto next = std::upper_bound(starts.begin(), starts.end(), reader.first_row_of(group));
  const uint64_t end = next == starts.end() ? reader.rows() : *next;
  while (reader.first_row_of(group) + reader.rows_in(group) < end) ++group;
  return group;
}

StatusOr<std::vector<uint32_t>> LastRows(const ScanUnit& unit) {
  const ChunkReader& reader = *unit.reader;
  const uint64_t first = reader.first_row_of(unit.group);
  const uint32_t rows = reader.rows_in(unit.group);
  std::vector<uint32_t> last;
  const std::vector<uint64_t>& starts = reader.segments().first_rows;
  if (!starts.empty()) {
    // A segment that begins in (first, first + rows] ends one before it.
    for (auto start = std::upper_bound(starts.begin(), starts.end(), first); start != starts.end() && *start <= first + rows; ++start) {
      last.push_back(static_cast<uint32_t>(*start - 1 - first));
    }
    if (first + rows == reader.rows()) last.push_back(rows - 1);
    return last;
  }
  if (reader.order().segment_by.empty()) {
    if (first + rows == reader.rows()) last.push_back(rows - 1);
    return last;
  }
  if (reader.IsOneSegment(unit.group)) return std::vector<uint32_t>{rows - 1};
  std::vector<VectorPtr> columns;
  for (ColumnId id : reader.order().segment_by) {
    ASSIGN_OR_RETURN(VectorPtr column, reader.ReadColumn(unit.group, id));
    columns.push_back(std::move(column));
  }
  for (uint32_t row = 0; row + 1 < rows; ++row) {
    const bool same = std::all_of(columns.begin(), columns.end(),
                                  [row](const VectorPtr& column) { return RowsEqualOrBothNull(*column, row, *column, row + 1); });
    if (!same) last.push_back(row);
  }
  last.push_back(rows - 1);
  return last;
}

std::vector<const BlockSummaries*> LastRowSummaries(const ChunkReader& reader, const std::vector<const ColumnSchema*>& columns) {
  std::vector<const BlockSummaries*> summaries;
  for (const ColumnSchema* column : columns) {
    const BlockSummaries* own = reader.Summaries(column->id);
    if (own == nullptr || own->lasts().type().Physical() != column->type.Physical()) return {};
    summaries.push_back(own);
  }
  return summaries;
}

}  // namespace tsd::engine
