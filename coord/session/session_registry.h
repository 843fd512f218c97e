#pragma once
// SessionRegistry: the live sessions of a server, for pg_stat_activity and for counting. Thread-safe.
#include <functional>
#include <set>

#include "engine/base/mutex.h"

namespace tsd::coord {

class Session;

class SessionRegistry {
 public:
  void Add(Session* session) {
    MutexLock lock(mutex_);
    sessions_.insert(session);
  }
  void Remove(Session* session) {
    MutexLock lock(mutex_);
    sessions_.erase(session);
  }
  /// Runs `visit` for each session under the registry's lock; it may read only what does not change in a session's life.
  void ForEach(const std::function<void(const Session&)>& visit) const {
    MutexLock lock(mutex_);
    for (const Session* session : sessions_) visit(*session);
  }

 private:
  mutable Mutex mutex_;
  std::set<Session*> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::coord
