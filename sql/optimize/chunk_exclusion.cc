#include "sql/optimize/chunk_exclusion.h"

#include <algorithm>
#include <limits>

namespace tsd::sql {
namespace {

using Op = ColumnCondition::Op;

/// Inclusive bounds on the time column.
struct TimeBounds {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();
  bool none = false;
  std::vector<int64_t> points;   // of IN; sorted
  bool has_points = false;
};

void Narrow(const ColumnCondition& condition, TimeBounds* bounds) {
  if (condition.op == Op::kIsNotNull) return;
  if (condition.op == Op::kIsNull) {
    bounds->none = true;  // the time column is never NULL
    return;
  }
  if (condition.values.empty()) return;
  const int64_t value = ChunkScale(condition.values[0]);
  switch (condition.op) {
    case Op::kEqual:
      bounds->low = std::max(bounds->low, value);
      bounds->high = std::min(bounds->high, value);
      break;
    case Op::kLess:
      if (value == std::numeric_limits<int64_t>::min()) bounds->none = true;
      else bounds->high = std::min(bounds->high, value - 1);
      break;
    case Op::kLessEqual: bounds->high = std::min(bounds->high, value); break;
    case Op::kGreater:
      if (value == std::numeric_limits<int64_t>::max()) bounds->none = true;
      else bounds->low = std::max(bounds->low, value + 1);
      break;
    case Op::kGreaterEqual: bounds->low = std::max(bounds->low, value); break;
    case Op::kIn: {
      if (bounds->has_points) break;  // one list is enough
      bounds->has_points = true;
      for (const Value& point : condition.values) bounds->points.push_back(ChunkScale(point));
      std::sort(bounds->points.begin(), bounds->points.end());
      bounds->low = std::max(bounds->low, bounds->points.front());
      bounds->high = std::min(bounds->high, bounds->points.back());
      break;
    }
    default: break;
  }
}

bool MayHold(const TimeBounds& bounds, const Chunk& chunk) {
  if (bounds.none || bounds.low > bounds.high) return false;
  // Half-open, but the last slice keeps the greatest value ('infinity').
  const bool open_end = chunk.range_end == std::numeric_limits<int64_t>::max();
  if (bounds.high < chunk.range_start || (bounds.low >= chunk.range_end && !open_end)) return false;
  if (!bounds.has_points) return true;
  const auto first = std::lower_bound(bounds.points.begin(), bounds.points.end(), chunk.range_start);
  return first != bounds.points.end() && (*first < chunk.range_end || open_end);
}

std::vector<int> SlotsOfValues(const std::vector<Value>& values) {
  std::vector<int> slots;
  for (const Value& value : values) slots.push_back(SlotOf(*value.ToConstant(1), 0));
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

}  // namespace

int64_t ChunkScale(const Value& value) { return value.IsNull() ? 0 : value.AsInteger(); }

std::optional<std::vector<int>> SlotsOf(const Relation& relation, const ScanPredicate& predicate) {
  if (!relation.hypertable.has_value() || relation.hypertable->space() == nullptr) return std::nullopt;
  const ColumnId column = relation.hypertable->space()->column;
  std::optional<std::vector<int>> slots;
  for (const ColumnCondition& condition : predicate.conditions) {
    if (condition.column != column) continue;
    std::vector<int> found;
    if (condition.op == Op::kEqual || condition.op == Op::kIn) {
      found = SlotsOfValues(condition.values);
    } else if (condition.op == Op::kIsNull) {
      found = {0};  // where SlotOf puts NULL
    } else {
      continue;
    }
    if (!slots.has_value()) {
      slots = std::move(found);
      continue;
    }
    std::vector<int> both;
    std::set_intersection(slots->begin(), slots->end(), found.begin(), found.end(), std::back_inserter(both));
    slots = std::move(both);
  }
  return slots;
}

std::vector<ChunkPtr> PruneChunks(const Relation& relation, const ScanPredicate& predicate) {
  std::vector<ChunkPtr> kept;
  if (!relation.hypertable.has_value()) {
    auto heap = std::make_shared<Chunk>();
    heap->id = relation.heap;
    heap->name = relation.name;
    heap->range_start = std::numeric_limits<int64_t>::min();
    heap->range_end = std::numeric_limits<int64_t>::max();
    heap->nodes = {NodeId{}};
    kept.push_back(std::move(heap));
    return kept;
  }
  const Hypertable& table = *relation.hypertable;
  TimeBounds bounds;
  for (const ColumnCondition& condition : predicate.conditions) {
    if (condition.column == table.time().column) Narrow(condition, &bounds);
  }
  const std::optional<std::vector<int>> slots = SlotsOf(relation, predicate);
  // Of thousands of chunks, those between the bounds.
  for (const ChunkPtr& chunk : table.chunks->Near(bounds.low, bounds.high)) {
    if (!MayHold(bounds, *chunk)) continue;
    if (slots.has_value()) {
      const auto slot = std::lower_bound(slots->begin(), slots->end(), chunk->slot_start);
      if (slot == slots->end() || *slot >= chunk->slot_end) continue;
    }
    kept.push_back(chunk);
  }
  return kept;
}

}  // namespace tsd::sql
