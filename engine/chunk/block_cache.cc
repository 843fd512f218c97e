#include "engine/chunk/block_cache.h"

#include <absl/container/flat_hash_map.h>

#include "engine/base/hash.h"

namespace tsd::engine {
namespace {

constexpr size_t kShards = 16;
constexpr uint64_t kSmallCache = 64 << 20;  // below it, shards would be too small for large blocks
constexpr size_t kEntryBytes = 128;         // bookkeeping of one entry, about

struct KeyHash {
  size_t operator()(const BlockKey& key) const {
    return CombineHash(CombineHash(MixHash(key.file), key.column.value()), key.row_group);
  }
};

}  // namespace

struct BlockCache::Shard {
  struct Kept {
    BlockKey key;
    Entry block;
    size_t bytes;
    bool used = false;  // since it was last moved to the front
  };
  mutable Mutex mutex;
  std::list<Kept> entries ABSL_GUARDED_BY(mutex);  // a queue from front to back; used ones get a second turn
  absl::flat_hash_map<BlockKey, std::list<Kept>::iterator, KeyHash> index ABSL_GUARDED_BY(mutex);
  uint64_t capacity = 0;
  uint64_t bytes ABSL_GUARDED_BY(mutex) = 0;
  uint64_t hits ABSL_GUARDED_BY(mutex) = 0;
  uint64_t misses ABSL_GUARDED_BY(mutex) = 0;
};

BlockCache::BlockCache(uint64_t capacity_bytes) {
  const size_t count = capacity_bytes < kSmallCache ? 1 : kShards;
  for (size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>());
    shards_.back()->capacity = capacity_bytes / count;
  }
}

BlockCache::~BlockCache() = default;

BlockCache::Shard& BlockCache::ShardOf(const BlockKey& key) {
  return *shards_[(KeyHash()(key) >> 32) % shards_.size()];
}

BlockCache::Entry BlockCache::Find(const BlockKey& key) {
  Shard& shard = ShardOf(key);
  MutexLock lock(shard.mutex);
  const auto found = shard.index.find(key);
  if (found == shard.index.end()) {
    ++shard.misses;
    return {};
  }
  ++shard.hits;
  found->second->used = true;  // moving it would cost several misses of the CPU's caches
  return found->second->block;
}

void BlockCache::Insert(const BlockKey& key, Entry block) {
  size_t bytes = kEntryBytes;
  if (block.encoded != nullptr) bytes += block.encoded->size();
  if (block.decoded != nullptr) bytes += block.decoded->MemoryBytes();
  Shard& shard = ShardOf(key);
  std::list<Shard::Kept> dropped;  // freed after the lock
  MutexLock lock(shard.mutex);
  if (bytes > shard.capacity || shard.index.contains(key)) return;
  while (shard.bytes + bytes > shard.capacity) {
    if (shard.entries.back().used) {
      shard.entries.back().used = false;
      shard.entries.splice(shard.entries.begin(), shard.entries, std::prev(shard.entries.end()));
      continue;
    }
    shard.bytes -= shard.entries.back().bytes;
    shard.index.erase(shard.entries.back().key);
    dropped.splice(dropped.begin(), shard.entries, std::prev(shard.entries.end()));
  }
  shard.entries.push_front(Shard::Kept{key, std::move(block), bytes});
  shard.index.emplace(key, shard.entries.begin());
  shard.bytes += bytes;
}

void BlockCache::EraseFile(uint64_t file) {
  for (const std::unique_ptr<Shard>& shard : shards_) {
    std::list<Shard::Kept> dropped;
    MutexLock lock(shard->mutex);
    for (auto entry = shard->entries.begin(); entry != shard->entries.end();) {
      const auto next = std::next(entry);
      if (entry->key.file == file) {
        shard->bytes -= entry->bytes;
        shard->index.erase(entry->key);
        dropped.splice(dropped.begin(), shard->entries, entry);
      }
      entry = next;
    }
  }
}

uint64_t BlockCache::bytes() const {
  uint64_t total = 0;
  for (const std::unique_ptr<Shard>& shard : shards_) {
    MutexLock lock(shard->mutex);
    total += shard->bytes;
  }
  return total;
}

uint64_t BlockCache::hits() const {
  uint64_t total = 0;
  for (const std::unique_ptr<Shard>& shard : shards_) {
    MutexLock lock(shard->mutex);
    total += shard->hits;
  }
  return total;
}

uint64_t BlockCache::misses() const {
  uint64_t total = 0;
  for (const std::unique_ptr<Shard>& shard : shards_) {
    MutexLock lock(shard->mutex);
    total += shard->misses;
  }
  return total;
}

}  // namespace tsd::engine
