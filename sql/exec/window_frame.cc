#include "sql/exec/window_frame.h"

#include <algorithm>

#include "engine/types/compare.h"

namespace tsd::sql {
namespace {

/// First row of the partition whose key is not before the bound (or, with `past`, is after it).
size_t SearchRange(const WindowFrameInput& input, const Vector& bounds, const WindowPartition& partition, size_t row, bool past) {
  size_t low = partition.begin;
  size_t high = partition.end;
  // NULL keys stand at one end; they belong to no offset range.
  while (low < high && input.key->IsNull(low)) ++low;
  while (high > low && input.key->IsNull(high - 1)) --high;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    int order = CompareRows(*input.key, middle, bounds, row);
    if (input.descending) order = -order;
    if (order < 0 || (past && order == 0)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

int64_t Signed(FrameEdge edge, int64_t offset) { return edge == FrameEdge::kPreceding ? -offset : offset; }

size_t Clamp(int64_t value, size_t low, size_t high) {
  return static_cast<size_t>(std::clamp<int64_t>(value, static_cast<int64_t>(low), static_cast<int64_t>(high)));
}

/// One edge: the first row in (`end` false) or the one after the last (`end` true).
size_t Edge(const WindowFrameInput& input, const WindowPartition& partition, size_t row, bool end) {
  const FrameEdge edge = end ? input.spec->end : input.spec->start;
  if (edge == FrameEdge::kUnboundedPreceding) return partition.begin;
  if (edge == FrameEdge::kUnboundedFollowing) return partition.end;
  const uint32_t group = partition.group_of[row - partition.begin];
  if (edge == FrameEdge::kCurrentRow) {
    if (input.spec->unit == FrameUnit::kRows) return end ? row + 1 : row;
    return end ? partition.GroupEnd(group) : partition.GroupBegin(group);
  }
  // Offsets beyond any partition's length are as good as infinite.
  constexpr int64_t kFar = int64_t{1} << 60;
  const int64_t offset = Signed(edge, std::min(end ? input.end_offset : input.start_offset, kFar));
  if (input.spec->unit == FrameUnit::kRows) {
    return Clamp(static_cast<int64_t>(row) + offset + (end ? 1 : 0), partition.begin, partition.end);
  }
  if (input.spec->unit == FrameUnit::kGroups) {
    const int64_t target = static_cast<int64_t>(group) + offset;
    if (target < 0) return partition.begin;
    if (target >= static_cast<int64_t>(partition.group_begins.size())) return partition.end;
    return end ? partition.GroupEnd(static_cast<size_t>(target)) : partition.GroupBegin(static_cast<size_t>(target));
  }
  const Vector& bounds = end ? *input.range_end : *input.range_start;
  if (input.key->IsNull(row) || bounds.IsNull(row)) return end ? partition.GroupEnd(group) : partition.GroupBegin(group);
  return SearchRange(input, bounds, partition, row, end);
}

}  // namespace

FrameRange FrameOf(const WindowFrameInput& input, const WindowPartition& partition, size_t row) {
  FrameRange range{Edge(input, partition, row, false), Edge(input, partition, row, true)};
  range.end = std::max(range.begin, range.end);
  return range;
}

bool IsExcluded(FrameExclude exclude, const WindowPartition& partition, size_t row, size_t other) {
  switch (exclude) {
    case FrameExclude::kNothing: return false;
    case FrameExclude::kCurrentRow: return row == other;
    case FrameExclude::kGroup: return partition.group_of[row - partition.begin] == partition.group_of[other - partition.begin];
    case FrameExclude::kTies:
      return row != other && partition.group_of[row - partition.begin] == partition.group_of[other - partition.begin];
  }
  return false;
}

}  // namespace tsd::sql
