#include "coord/node/membership.h"

#include <absl/strings/numbers.h>
#include <absl/strings/strip.h>

#include "engine/base/strings.h"

namespace tsd::coord {

Status Membership::Load() {
  if (!env_.FileExists(path_)) return OkStatus();
  ASSIGN_OR_RETURN(const std::string text, env_.ReadFile(path_));
  MutexLock lock(mutex_);
  if (!absl::SimpleAtoi(absl::StripSuffix(text, "\n"), &cluster_)) {
    return Error(sqlstate::kDataCorrupted, StrCat("file \"", path_, "\" does not hold a cluster id"));
  }
  return OkStatus();
}

uint64_t Membership::cluster() const {
  MutexLock lock(mutex_);
  return cluster_;
}

Status Membership::Store(uint64_t cluster) {
  RETURN_IF_ERROR(env_.WriteFileAtomically(path_, StrCat(cluster, "\n")));
  cluster_ = cluster;
  return OkStatus();
}

Status Membership::Join(uint64_t cluster) {
  MutexLock lock(mutex_);
  if (cluster_ == cluster) return OkStatus();
  if (cluster_ != 0) return Error(sqlstate::kDataNodeInvalidConfig, "node is already a data node of another access node");
  return Store(cluster);
}

Status Membership::Leave(uint64_t cluster) {
  MutexLock lock(mutex_);
  if (cluster_ != cluster) return OkStatus();
  return Store(0);
}

}  // namespace tsd::coord
