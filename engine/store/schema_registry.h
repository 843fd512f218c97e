#pragma once
// SchemaRegistry: one object for equal schemas, and a fingerprint under which the log names them. Thread-safe.
#include <absl/container/flat_hash_map.h>

#include <string>

#include "engine/base/mutex.h"
#include "engine/types/schema.h"

namespace tsd::engine {

struct InternedSchema {
  TableSchemaPtr schema;
  uint64_t fingerprint = 0;
};

class SchemaRegistry {
 public:
  InternedSchema Intern(const TableSchemaPtr& schema);
  /// Of an interned schema.
  uint64_t FingerprintOf(const TableSchemaPtr& schema) { return Intern(schema).fingerprint; }
  /// Null if unknown.
  TableSchemaPtr Find(uint64_t fingerprint);

 private:
  Mutex mutex_;
  absl::flat_hash_map<uint64_t, TableSchemaPtr> by_fingerprint_ ABSL_GUARDED_BY(mutex_);
  /// The keys are kept alive by `alias`, so an address cannot be reused for another schema.
  struct Alias {
    TableSchemaPtr alias;
    InternedSchema interned;
  };
  absl::flat_hash_map<const TableSchema*, Alias> by_address_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::engine
