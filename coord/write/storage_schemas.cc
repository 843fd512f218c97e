#include "coord/write/storage_schemas.h"

namespace tsd::coord {
namespace {

constexpr size_t kMaxEntries = 4096;  // dropped tables leave theirs behind

}  // namespace

EncodedSchemaPtr StorageSchemas::Of(const sql::RelationPtr& relation, uint64_t cluster_id) {
  MutexLock lock(mutex_);
  if (entries_.size() > kMaxEntries) entries_.clear();
  Entry& entry = entries_[relation->id];
  if (entry.schema != nullptr && entry.cluster_id == cluster_id && entry.relation.lock() == relation) return entry.schema;
  EncodedSchemaPtr schema = EncodedSchema::Of(sql::StorageSchema(*relation, cluster_id));
  entry.relation = relation;
  entry.cluster_id = cluster_id;
  if (entry.schema == nullptr || entry.schema->bytes != schema->bytes) entry.schema = std::move(schema);
  return entry.schema;
}

}  // namespace tsd::coord
