#include "coord/node/known_schemas.h"

#include "engine/base/hash.h"

namespace tsd::coord {
namespace {

// A peer decides what arrives, so what is kept is bounded.
constexpr size_t kMaxKnownBytes = 8 << 20;

}  // namespace

StatusOr<EncodedSchemaPtr> KnownSchemas::Of(std::string_view bytes) {
  const uint64_t hash = Hash64(bytes);
  {
    MutexLock lock(mutex_);
    const auto found = by_hash_.find(hash);
    if (found != by_hash_.end() && found->second->bytes == bytes) return found->second;
  }
  ByteReader reader(bytes);
  EncodedSchema decoded;
  ASSIGN_OR_RETURN(decoded.schema, TableSchema::Decode(reader));
  if (!reader.AtEnd()) return Error(sqlstate::kDataCorrupted, "malformed table schema");
  decoded.bytes = std::string(bytes);
  auto known = std::make_shared<const EncodedSchema>(std::move(decoded));
  MutexLock lock(mutex_);
  bytes_ += bytes.size();
  if (bytes_ > kMaxKnownBytes) {
    by_hash_.clear();
    bytes_ = bytes.size();
  }
  by_hash_.insert_or_assign(hash, known);
  return EncodedSchemaPtr(known);
}

}  // namespace tsd::coord
