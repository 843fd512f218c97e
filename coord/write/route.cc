#include "coord/write/route.h"

#include <algorithm>
#include <map>

#include "engine/base/strings.h"
#include "engine/types/datetime.h"

namespace tsd::coord {
namespace {

using sql::Chunk;
using sql::Dimension;
using sql::kSlotCount;

int64_t Epoch(DataType type) {
  if (type.Is(TypeId::kTimestamp) || type.Is(TypeId::kTimestampTz)) return -kEpochShiftMicros;
  if (type.Is(TypeId::kDate)) return -int64_t{kEpochShiftDays};
  return 0;
}

// A date dimension's interval is given in microseconds but its slices are counted in days.
int64_t SliceWidth(const Dimension& dimension, DataType type) {
  if (type.Is(TypeId::kDate)) return std::max<int64_t>(1, dimension.interval / kMicrosPerDay);
  return std::max<int64_t>(1, dimension.interval);
}

size_t ColumnIndex(const sql::Relation& relation, ColumnId id) {
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    if (relation.columns[i].id == id) return i;
  }
  return relation.columns.size();
}

int64_t TimeAt(const Vector& column, size_t row) {
  switch (column.type().Physical()) {
    case PhysicalType::kInt16: return column.Get<int16_t>(row);
    case PhysicalType::kInt32: return column.Get<int32_t>(row);
    default: return column.Get<int64_t>(row);
  }
}

Status NullTime(const sql::Column& column) {
  ErrorFields fields;
  fields.sqlstate = sqlstate::kNotNullViolation;
  fields.column = column.name;
  fields.hint = "Columns used for time partitioning cannot be NULL.";
  return ErrorWith(fields, StrCat("NULL value in column \"", column.name, "\" violates not-null constraint"));
}

const Chunk* FindChunk(const sql::ChunkSet& set, int64_t time, int slot, sql::ChunkPtr* found) {
  // Chunks are ordered by start; slices of different widths may exist after the interval was changed, but never overlap for one slot.
  auto end = std::upper_bound(set.chunks.begin(), set.chunks.end(), time,
                              [](int64_t value, const sql::ChunkPtr& chunk) { return value < chunk->range_start; });
  for (auto it = end; it != set.chunks.begin();) {
    --it;
    const Chunk& chunk = **it;
    if (time < chunk.range_end && slot >= chunk.slot_start && slot < chunk.slot_end) {
      *found = *it;
      return found->get();
    }
    // Earlier chunks cannot reach this far unless the interval was once much larger.
    if (chunk.range_start + (chunk.range_end - chunk.range_start) * 64 < time) break;
  }
  return nullptr;
}

// A new chunk must not overlap older ones cut by another interval or number of partitions: it is clipped around the value and slot it is for.
void Clip(const sql::ChunkSet& set, int64_t time, int slot, ChunkKey* key) {
  for (const sql::ChunkPtr& chunk : ChunksNear(set, key->range_start, key->range_end)) {
    if (chunk->range_end <= key->range_start || chunk->slot_end <= key->slot_start || chunk->slot_start >= key->slot_end) continue;
    if (chunk->range_end <= time) {
      key->range_start = std::max(key->range_start, chunk->range_end);
    } else if (chunk->range_start > time) {
      key->range_end = std::min(key->range_end, chunk->range_start);
    } else if (chunk->slot_end <= slot) {
      key->slot_start = std::max(key->slot_start, chunk->slot_end);
    } else if (chunk->slot_start > slot) {
      key->slot_end = std::min(key->slot_end, chunk->slot_start);
    }
  }
}

}  // namespace

std::span<const sql::ChunkPtr> ChunksNear(const sql::ChunkSet& set, int64_t start, int64_t end) {
  const auto reached = std::partition_point(set.reach.begin(), set.reach.end(), [&](int64_t reach) { return reach <= start; });
  const auto past = std::partition_point(set.chunks.begin(), set.chunks.end(), [&](const sql::ChunkPtr& chunk) { return chunk->range_start < end; });
  const auto first = set.chunks.begin() + (reached - set.reach.begin());
  return first < past ? std::span<const sql::ChunkPtr>(first, past) : std::span<const sql::ChunkPtr>();
}

ChunkKey SliceOf(const sql::Relation& relation, int64_t value) {
  const Dimension& dimension = relation.hypertable->time();
  const DataType type = relation.Find(dimension.column)->type;
  const int64_t epoch = Epoch(type);
  const int64_t width = SliceWidth(dimension, type);
  __int128 offset = static_cast<__int128>(value) - epoch;
  __int128 start = offset / width * width;
  if (offset < 0 && start > offset) start -= width;
  const __int128 low = std::max<__int128>(start + epoch, INT64_MIN);
  const __int128 high = std::min<__int128>(start + epoch + width, INT64_MAX);
  ChunkKey key;
  key.range_start = static_cast<int64_t>(low);
  key.range_end = static_cast<int64_t>(high);
  return key;
}

std::pair<int, int> SlotsOfPartition(int partition, int count) {
  return {static_cast<int>(int64_t{partition} * kSlotCount / count), static_cast<int>(int64_t{partition + 1} * kSlotCount / count)};
}

StatusOr<std::vector<RoutedRows>> RouteRows(const sql::Relation& relation, const ColumnBatch& batch) {
  const sql::Hypertable& hypertable = *relation.hypertable;
  const size_t time_index = ColumnIndex(relation, hypertable.time().column);
  const Vector& times = batch.column(time_index);
  const Dimension* space = hypertable.space();
  const Vector* keys = space ? &batch.column(ColumnIndex(relation, space->column)) : nullptr;
  const int partitions = space ? std::max<int>(1, space->number_partitions) : 1;

  std::vector<RoutedRows> routed;
  RoutedRows* last = nullptr;  // rows come in runs: the chunk of the row before is tried first
  int64_t last_start = 0, last_end = 0;
  int last_slot_start = 0, last_slot_end = 0;
  for (size_t row = 0; row < batch.rows(); ++row) {
    if (times.IsNull(row)) return NullTime(relation.columns[time_index]);
    const int64_t time = TimeAt(times, row);
    const int slot = keys ? sql::SlotOf(*keys, row) : 0;
    if (last != nullptr && time >= last_start && time < last_end && slot >= last_slot_start && slot < last_slot_end) {
      last->rows.push_back(static_cast<uint32_t>(row));
      continue;
    }
    last = nullptr;
    for (RoutedRows& entry : routed) {
      const int64_t start = entry.chunk ? entry.chunk->range_start : entry.key.range_start;
      const int64_t end = entry.chunk ? entry.chunk->range_end : entry.key.range_end;
      const int low = entry.chunk ? entry.chunk->slot_start : entry.key.slot_start;
      const int high = entry.chunk ? entry.chunk->slot_end : entry.key.slot_end;
      if (time >= start && time < end && slot >= low && slot < high) {
        last = &entry;
        break;
      }
    }
    if (last == nullptr) {
      RoutedRows entry;
      if (FindChunk(*hypertable.chunks, time, slot, &entry.chunk) == nullptr) {
        entry.key = SliceOf(relation, time);
        if (time < entry.key.range_start || time >= entry.key.range_end) return Error(sqlstate::kDatetimeFieldOverflow, "timestamp out of range");
        for (int partition = 0; partition < partitions; ++partition) {
          const auto [low, high] = SlotsOfPartition(partition, partitions);
          if (slot >= low && slot < high) {
            entry.key.slot_start = low;
            entry.key.slot_end = high;
          }
        }
        Clip(*hypertable.chunks, time, slot, &entry.key);
      }
      routed.push_back(std::move(entry));
      last = &routed.back();
    }
    last_start = last->chunk ? last->chunk->range_start : last->key.range_start;
    last_end = last->chunk ? last->chunk->range_end : last->key.range_end;
    last_slot_start = last->chunk ? last->chunk->slot_start : last->key.slot_start;
    last_slot_end = last->chunk ? last->chunk->slot_end : last->key.slot_end;
    last->rows.push_back(static_cast<uint32_t>(row));
  }
  return routed;
}

StatusOr<std::vector<NodeId>> PlaceChunk(const sql::Catalog& catalog, const sql::Relation& relation, const ChunkKey& key) {
  const sql::Hypertable& hypertable = *relation.hypertable;
  if (!hypertable.distributed) return std::vector<NodeId>{NodeId()};
  std::vector<NodeId> usable;
  for (NodeId node : hypertable.data_nodes) {
    const sql::DataNodePtr entry = catalog.FindNode(node);
    const bool blocked = std::ranges::find(hypertable.blocked_nodes, node) != hypertable.blocked_nodes.end();
    if (entry && entry->available && !blocked) usable.push_back(node);
  }
  if (usable.empty()) {
    return WithHint(Error(sqlstate::kInsufficientDataNodes, "insufficient number of available data nodes"),
                    StrCat("Increase the number of available data nodes on hypertable \"", relation.name, "\"."));
  }
  uint64_t ordinal = 0;
  if (const Dimension* space = hypertable.space()) {
    const int partitions = std::max<int>(1, space->number_partitions);
    ordinal = static_cast<uint64_t>(int64_t{key.slot_start} * partitions + kSlotCount - 1) / kSlotCount;
  } else {
    const int64_t width = std::max<int64_t>(1, key.range_end - key.range_start);
    ordinal = static_cast<uint64_t>(key.range_start / width) + static_cast<uint64_t>(hypertable.id);
  }
  const size_t replicas = std::min<size_t>(usable.size(), std::max<int16_t>(1, hypertable.replication_factor));
  std::vector<NodeId> nodes;
  for (size_t i = 0; i < replicas; ++i) nodes.push_back(usable[(ordinal + i) % usable.size()]);
  return nodes;
}

}  // namespace tsd::coord
