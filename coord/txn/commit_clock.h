#pragma once
// CommitClock: the access node's source of commit and read timestamps (one strictly increasing sequence). Upholds T3 with ClusterLog:
// timestamps are handed out below a durable ceiling that is raised ahead of need, so a restart never repeats one.
// Thread-safe.
#include "coord/cluster/cluster_log.h"
#include "engine/base/ids.h"
#include "engine/base/mutex.h"
#include "engine/base/task.h"

namespace tsd::coord {

class CommitClock {
 public:
  explicit CommitClock(ClusterLog& log) : log_(log) {}

  /// Before anything else: continues above everything handed out before a restart.
  Task<Status> Start();
  /// Of this start: above everything handed out before it, below everything handed out since.
  Timestamp incarnation() const { return incarnation_; }
  /// A new timestamp, greater than all before.
  Task<StatusOr<Timestamp>> Next();
  /// The first of `count` numbers of the same sequence, one after the other, that nobody else gets: no timestamps, but as unique.
  Task<StatusOr<uint64_t>> Reserve(uint64_t count);
  /// The newest timestamp handed out: a snapshot at it sees everything acknowledged.
  Timestamp ReadTimestamp() const;
  /// A store chose `seen` for a one-phase commit; later timestamps are greater.
  Task<Status> Observe(Timestamp seen);

 private:
  Task<Status> EnsureBelowCeiling(uint64_t wanted);

  ClusterLog& log_;
  Timestamp incarnation_;  // set by Start
  mutable Mutex mutex_;
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t ceiling_ ABSL_GUARDED_BY(mutex_) = 0;
  AsyncMutex raising_;
};

}  // namespace tsd::coord
