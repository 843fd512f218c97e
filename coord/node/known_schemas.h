#pragma once
// KnownSchemas: the schemas of the tables whose rows arrive, decoded once, not with each message. Thread-safe.
#include <map>

#include "coord/txn/participant.h"
#include "engine/base/mutex.h"

namespace tsd::coord {

class KnownSchemas {
 public:
  /// XX001 if `bytes` are not exactly one schema.
  StatusOr<EncodedSchemaPtr> Of(std::string_view bytes);

 private:
  Mutex mutex_;
  std::map<uint64_t, EncodedSchemaPtr> by_hash_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tsd::coord
