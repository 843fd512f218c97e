#pragma once
// Decoded blocks, shared, the least recently used dropped first when the bytes exceed the budget. Thread-safe (sharded locks, held for
// a lookup only). Entries are immutable; a holder of a VectorPtr keeps it alive past its eviction.
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/mutex.h"
#include "engine/types/vector.h"

namespace tsd::engine {

struct BlockKey {
  uint64_t file = 0;  // unique among the files of one cache, never reused (a file number)
  ColumnId column;
  uint32_t row_group = 0;
  bool operator==(const BlockKey&) const = default;
};

class BlockCache {
 public:
  explicit BlockCache(uint64_t capacity_bytes);
  ~BlockCache();
  /// Null if absent.
  VectorPtr Find(const BlockKey& key);
  /// A block larger than a shard's budget is not kept.
  void Insert(const BlockKey& key, VectorPtr block);
  /// Drops all blocks of a file (deleted after a merge).
  void EraseFile(uint64_t file);

  uint64_t bytes() const;
  uint64_t hits() const;
  uint64_t misses() const;

 private:
  struct Shard;
  Shard& ShardOf(const BlockKey& key);
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace tsd::engine
