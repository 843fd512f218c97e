#pragma once
// CompressionCare: carries out compression policies. Chunks older than a policy says are marked as compressed, once what is in memory of them is
// written out and files that are not sorted as the table says are written anew.
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
  /// Requires: a policy.
  bool IsDue(const sql::Relation& relation, const sql::Chunk& chunk) const;
  /// Brings all their rows into files of the schema's order; those of which that failed on some node.
  Task<std::set<ChunkId>> Unfinished(std::vector<sql::ChunkPtr> chunks, TableSchemaPtr schema);

  ClusterLog& log_;
  Cluster& cluster_;
  const Clock& clock_;
  absl::Duration next_ = absl::ZeroDuration();  // on the monotonic clock
};

}  // namespace tsd::coord
