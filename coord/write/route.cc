#include "coord/write/route.h"

#include <algorithm>
#include <array>
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

// A new chunk must not overlap older ones cut by another interval or number of partitions: it is clipped around the value and slot it is for.
void Clip(const sql::ChunkSet& set, int64_t time, int slot, ChunkKey* key) {
  for (const sql::ChunkPtr& chunk : set.Near(key->range_start, key->range_end - 1)) {
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

// The chunks that a batch's rows go to, in the order of their first rows.
class Destinations {
 public:
  explicit Destinations(const sql::Relation& relation) : relation_(relation), set_(*relation.hypertable->chunks) {}

  void Add(size_t index, uint32_t row) { routed_[index].rows.push_back(row); }
  std::vector<RoutedRows> Take() && { return std::move(routed_); }

  static constexpr size_t kUnknown = UINT32_MAX;

  /// kUnknown until Of has found it.
  size_t Known(int64_t time, int slot) const {
    return time >= known_start_ && time < known_end_ ? by_slot_[static_cast<size_t>(slot)] : kUnknown;
  }
  StatusOr<size_t> Of(int64_t time, int slot) {
    if (time < known_start_ || time >= known_end_) {
      by_slot_.fill(kUnknown);
      known_start_ = INT64_MIN;
      known_end_ = INT64_MAX;
    }
    ASSIGN_OR_RETURN(const size_t index, Find(time, slot));
    known_start_ = std::max(known_start_, routed_[index].key.range_start);
    known_end_ = std::min(known_end_, routed_[index].key.range_end);
    by_slot_[static_cast<size_t>(slot)] = static_cast<uint32_t>(index);
    return index;
  }

 private:
  static constexpr size_t kFewChunks = 8;

  bool Holds(size_t index, int64_t time, int slot) const {
    const ChunkKey& box = routed_[index].key;
    return time >= box.range_start && time < box.range_end && slot >= box.slot_start && slot < box.slot_end;
  }

  StatusOr<size_t> Find(int64_t time, int slot) {
    // Mostly there are few; of many, the chunk is looked up and then its place among them.
    for (size_t i = 0; i < std::min(routed_.size(), kFewChunks); ++i) {
      if (Holds(i, time, slot)) return i;
    }
    RoutedRows entry;
    entry.chunk = set_.FindAt(time, slot);
    if (entry.chunk) {
      entry.key = {entry.chunk->range_start, entry.chunk->range_end, entry.chunk->slot_start, entry.chunk->slot_end};
    } else {
      ASSIGN_OR_RETURN(entry.key, NewChunk(time, slot));
    }
    const auto [place, is_new] = places_.try_emplace(entry.key, routed_.size());
    if (is_new) routed_.push_back(std::move(entry));
    return place->second;
  }

  StatusOr<ChunkKey> NewChunk(int64_t time, int slot) const {
    ChunkKey key = SliceOf(relation_, time);
    if (time < key.range_start || time >= key.range_end) return Error(sqlstate::kDatetimeFieldOverflow, "timestamp out of range");
    const Dimension* space = relation_.hypertable->space();
    const int partitions = space ? std::max<int>(1, space->number_partitions) : 1;
    for (int partition = 0; partition < partitions; ++partition) {
      const auto [low, high] = SlotsOfPartition(partition, partitions);
      if (slot >= low && slot < high) {
        key.slot_start = low;
        key.slot_end = high;
      }
    }
    Clip(set_, time, slot, &key);
    return key;
  }

  const sql::Relation& relation_;
  const sql::ChunkSet& set_;
  std::vector<RoutedRows> routed_;
  std::map<ChunkKey, size_t> places_;
  // Rows come in runs of a time slice: where each slot's rows go, for the times that all entries cover.
  std::array<uint32_t, kSlotCount> by_slot_;
  int64_t known_start_ = INT64_MAX;
  int64_t known_end_ = INT64_MIN;
};

}  // namespace

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

  Destinations destinations(relation);
  for (size_t row = 0; row < batch.rows(); ++row) {
    if (times.IsNull(row)) return NullTime(relation.columns[time_index]);
    const int64_t time = TimeAt(times, row);
    const int slot = keys ? sql::SlotOf(*keys, row) : 0;
    size_t destination = destinations.Known(time, slot);
    if (destination == Destinations::kUnknown) {
      ASSIGN_OR_RETURN(destination, destinations.Of(time, slot));
    }
    destinations.Add(destination, static_cast<uint32_t>(row));
  }
  return std::move(destinations).Take();
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
