#pragma once
// Sequences: hands out numbers. A block of numbers is logged before any of them is told to anyone (AwaitDurable), so that none is handed out
// twice whatever crashes; what is left of a block at a crash is a gap. Numbers are not given back by a rollback. Thread-safe.
#include <deque>
#include <map>

#include "coord/cluster/cluster_log.h"
#include "engine/base/mutex.h"
#include "engine/base/task.h"

namespace tsd::coord {

class Sequences {
 public:
  explicit Sequences(ClusterLog& log) : log_(log) {}

  /// 2200H at the end of a sequence that does not cycle. The number may be shown only after AwaitDurable.
  StatusOr<int64_t> Next(const sql::Relation& sequence);
  /// 22003 out of the sequence's bounds.
  Status Set(const sql::Relation& sequence, int64_t value, bool called);
  /// What SELECT last_value, is_called FROM the sequence shows.
  SequenceMark Current(const sql::Relation& sequence);
  /// Ready once every number handed out before the call is durable.
  Future<Status> AwaitDurable();

 private:
  struct State {
    SequenceMark mark;         // the last number handed out
    int64_t left = 0;          // numbers of the logged block not yet handed out
    int64_t increment = 0;     // that the block was made with
  };
  State& Load(const sql::Relation& sequence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Future<Status> Log(ChunkId id, SequenceMark mark) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StatusOr<int64_t> Advance(const sql::Relation& sequence, Future<Status>* logged);
  /// Outside the lock: a log that has failed answers at once.
  void Watch(Future<Status> logged);
  void Logged(Status status);

  ClusterLog& log_;
  Mutex mutex_;
  std::map<ChunkId, State> states_ ABSL_GUARDED_BY(mutex_);
  uint64_t appended_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t durable_ ABSL_GUARDED_BY(mutex_) = 0;
  Status failure_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::pair<uint64_t, Promise<Status>>> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::coord
