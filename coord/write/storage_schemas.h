#pragma once
// StorageSchemas: what the rows of each relation look like in the stores, worked out once for each version of the relation, not for each
// statement. Thread-safe.
#include <map>

#include "coord/txn/participant.h"
#include "engine/base/mutex.h"
#include "sql/catalog/catalog.h"

namespace tsd::coord {

class StorageSchemas {
 public:
  /// The same object while the schema stays the same, also over versions of the relation that differ in something else.
  EncodedSchemaPtr Of(const sql::RelationPtr& relation, uint64_t cluster_id);

 private:
  struct Entry {
    std::weak_ptr<const sql::Relation> relation;
    uint64_t cluster_id = 0;
    EncodedSchemaPtr schema;
  };
  Mutex mutex_;
  std::map<TableId, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::coord
