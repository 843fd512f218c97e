#pragma once
// CompressionCare: marks chunks as compressed. Of a hypertable with a compression policy: those older than the policy says (what is in memory
// of them is written out first). Of one with timescaledb.compress only: those whose time is over and that have nothing in memory any more.
// Files of either that are not sorted as the table says are written anew first.
// Called by the server's care loop only.
#include <set>
#include <vector>

#include "coord/cluster/cluster.h"
#include "coord/cluster/cluster_log.h"
#include "engine/base/clock.h"

namespace tsd::coord {

class CompressionCare {
 public:
  CompressionCare(ClusterLog& log, Cluster& cluster, const Clock& clock) : log_(log), cluster_(cluster), clock_(clock) {}

  /// Does something every ten seconds. A chunk whose nodes cannot be reached waits for the next time.
  Task<void> Run();

 private:
  bool IsDue(const sql::Relation& relation, const sql::Chunk& chunk) const;
  /// Those of which rows are not in files of the schema's order on some node, or may not be; with `write_out` rows in memory are written out now.
  Task<std::set<ChunkId>> Unfinished(std::vector<sql::ChunkPtr> chunks, TableSchemaPtr schema, bool write_out);
  Task<Status> ListInMemory(NodeId node, std::vector<ChunkId> chunks, std::vector<ChunkId>* in_memory);

  ClusterLog& log_;
  Cluster& cluster_;
  const Clock& clock_;
  absl::Duration next_ = absl::ZeroDuration();  // on the monotonic clock
};

}  // namespace tsd::coord
