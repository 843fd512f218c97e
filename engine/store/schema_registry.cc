#include "engine/store/schema_registry.h"

#include "engine/base/hash.h"

namespace tsd::engine {

namespace {
constexpr size_t kMaxAliases = 4096;
}  // namespace

InternedSchema SchemaRegistry::Intern(const TableSchemaPtr& schema) {
  MutexLock lock(mutex_);
  if (const auto found = by_address_.find(schema.get()); found != by_address_.end()) return found->second.interned;
  ByteWriter writer;
  schema->Encode(writer);
  InternedSchema interned;
  interned.fingerprint = Hash64(writer.data());
  interned.schema = by_fingerprint_.try_emplace(interned.fingerprint, schema).first->second;
  if (by_address_.size() >= kMaxAliases) by_address_.clear();
  by_address_.emplace(schema.get(), Alias{schema, interned});
  return interned;
}

TableSchemaPtr SchemaRegistry::Find(uint64_t fingerprint) {
  MutexLock lock(mutex_);
  const auto found = by_fingerprint_.find(fingerprint);
  return found == by_fingerprint_.end() ? nullptr : found->second;
}

}  // namespace tsd::engine
