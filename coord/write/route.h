#pragma once
// Routing: which chunk each row of a batch belongs to. Pure; any thread.
#include <cstdint>
#include <vector>

#include "engine/base/status.h"
#include "engine/types/column_batch.h"
#include "sql/catalog/catalog.h"

namespace tsd::coord {

/// Where rows go: a time slice and a partition of the space dimension.
struct ChunkKey {
  int64_t range_start = 0;
  int64_t range_end = 0;
  int slot_start = 0;
  int slot_end = sql::kSlotCount;
  auto operator<=>(const ChunkKey&) const = default;
};

/// Rows of one batch for one chunk: an existing one, or one to be created for `key`.
struct RoutedRows {
  sql::ChunkPtr chunk;               // null: none yet
  ChunkKey key;                      // what the chunk covers, or shall
  std::vector<uint32_t> rows;
};

/// `columns` in the relation's order. 23502 for a NULL time; 22008-like for a time outside what chunks can cover.
StatusOr<std::vector<RoutedRows>> RouteRows(const sql::Relation& relation, const ColumnBatch& batch);

/// The slice of `interval` that holds `value`, aligned to the Unix epoch for timestamps (as TimescaleDB's), to 0 for integers.
ChunkKey SliceOf(const sql::Relation& relation, int64_t value);
/// The slots of partition `partition` of `count`.
std::pair<int, int> SlotsOfPartition(int partition, int count);

/// Nodes for a new chunk: `replicas` of the attached, unblocked, available ones, by partition or, without space dimension, by time slice.
/// TS170 if there are none.
StatusOr<std::vector<NodeId>> PlaceChunk(const sql::Catalog& catalog, const sql::Relation& relation, const ChunkKey& key);

}  // namespace tsd::coord
