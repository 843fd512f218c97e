#pragma once
// Which chunks a scan has to visit: pure functions over a hypertable's chunks and a scan's conditions. Any thread.
#include <optional>
#include <utility>
#include <vector>

#include "sql/catalog/catalog.h"
#include "sql/plan/logical_plan.h"

namespace tsd::sql {

/// Chunks that may hold rows with the predicate, in the set's order (by range_start). A plain table: one made-up chunk, its heap, with
/// nodes {NodeId{}}. Conditions of unknown shape exclude nothing.
std::vector<ChunkPtr> PruneChunks(const Relation& relation, const ScanPredicate& predicate);

/// Slots an equality / IN condition on the space column leaves; nullopt: all.
std::optional<std::vector<int>> SlotsOf(const Relation& relation, const ScanPredicate& predicate);

/// A value of the time column in the chunks' scale (timestamps: microseconds, date: days, integers).
int64_t ChunkScale(const Value& value);

}  // namespace tsd::sql
