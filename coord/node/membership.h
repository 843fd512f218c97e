#pragma once
// Membership: which cluster this node is a data node of, kept in one small file of the data directory. Thread-safe.
#include <string>

#include "engine/base/mutex.h"
#include "engine/base/status.h"
#include "engine/env/env.h"

namespace tsd::coord {

class Membership {
 public:
  Membership(engine::Env& env, std::string path) : env_(env), path_(std::move(path)) {}
  Status Load();
  /// 0 = none.
  uint64_t cluster() const;
  /// Durable on OK. TS174 if it belongs to another cluster.
  Status Join(uint64_t cluster);
  /// No effect if it is not a member of `cluster`.
  Status Leave(uint64_t cluster);

 private:
  Status Store(uint64_t cluster) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  engine::Env& env_;
  const std::string path_;
  mutable Mutex mutex_;
  uint64_t cluster_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tsd::coord
