#pragma once
// Frames of window calls: for each row of a sorted partition, which rows of it a call sees. Pure.
#include <vector>

#include "engine/base/status.h"
#include "sql/exec/row_order.h"
#include "sql/plan/logical_plan.h"

namespace tsd::sql {

/// A partition within the sorted rows: [begin, end), cut into groups of peers.
struct WindowPartition {
  size_t begin = 0, end = 0;
  std::vector<size_t> group_begins;   // of each peer group; ascending
  std::vector<uint32_t> group_of;     // by row - begin

  size_t GroupBegin(size_t group) const { return group_begins[group]; }
  size_t GroupEnd(size_t group) const { return group + 1 < group_begins.size() ? group_begins[group + 1] : end; }
};

struct WindowFrameInput {
  const WindowFrameSpec* spec = nullptr;
  int64_t start_offset = 0, end_offset = 0;        // ROWS, GROUPS
  const Vector* range_start = nullptr;             // RANGE with offsets: bounds by row
  const Vector* range_end = nullptr;
  const Vector* key = nullptr;                     // the sort key's column
  bool descending = false;
};

struct FrameRange {
  size_t begin = 0, end = 0;
};

/// Before exclusion.
FrameRange FrameOf(const WindowFrameInput& input, const WindowPartition& partition, size_t row);
/// Whether EXCLUDE drops `other` from `row`'s frame.
bool IsExcluded(FrameExclude exclude, const WindowPartition& partition, size_t row, size_t other);

}  // namespace tsd::sql
