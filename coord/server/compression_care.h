#pragma once
// CompressionCare: marks chunks as compressed. Of a hypertable with a compression policy: those older than the policy says (what is in memory
// of them is written out first). Of one with timescaledb.compress only: those whose time is over and that have nothing in memory any more.
// Called by the server's care loop only.
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
  /// Whether all of its rows are in files, on every node.
  Task<StatusOr<bool>> Finish(sql::ChunkPtr chunk, bool write_out);

  ClusterLog& log_;
  Cluster& cluster_;
  const Clock& clock_;
  absl::Duration next_ = absl::ZeroDuration();  // on the monotonic clock
};

}  // namespace tsd::coord
