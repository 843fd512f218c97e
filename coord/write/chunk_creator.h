#pragma once
// ChunkCreator: makes chunks when rows arrive for a slice that has none. Idempotent: of many writers that miss the same slice one creates
// it, the others find it. Chunks are not part of the writer's transaction (an empty chunk does no harm), unless the table itself is.
// Thread-safe.
#include <memory>

#include "coord/cluster/cluster_log.h"
#include "coord/txn/transaction.h"
#include "coord/write/route.h"
#include "engine/base/clock.h"

namespace tsd::coord {

class ChunkCreator {
 public:
  ChunkCreator(ClusterLog& log, const Clock& clock) : log_(log), clock_(clock) {}
  /// Makes chunks for `keys`; where a chunk, or an earlier key, is in the way none is made. Look them up again in the catalog (the
  /// transaction's if it has one), and ask again for what is still missing.
  Task<Status> Ensure(std::shared_ptr<Transaction> transaction, TableId table, std::vector<ChunkKey> keys);

 private:
  StatusOr<CatalogChange> MakeMissing(const sql::Catalog& catalog, const sql::Relation& relation, std::vector<ChunkKey> keys);
  StatusOr<sql::Chunk> MakeChunk(const sql::Catalog& catalog, const sql::Relation& relation, const ChunkKey& key);

  ClusterLog& log_;
  const Clock& clock_;
  AsyncMutex creating_;
};

}  // namespace tsd::coord
