#pragma once
// Blocks, shared, dropped in the order they came when the bytes exceed the budget, those used meanwhile a turn later: encoded (verified)
// where decoding is cheap, as vectors where it is not. Thread-safe (sharded locks, held for a lookup only). Entries are immutable; a holder
// keeps one alive past its eviction.
#include <cstdint>
#include <list>
#include <memory>
#include <string>
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

using BlockBytesPtr = std::shared_ptr<const std::string>;

class BlockCache {
 public:
  /// One of the two, or neither.
  struct Entry {
    BlockBytesPtr encoded;
    VectorPtr decoded;
  };
  explicit BlockCache(uint64_t capacity_bytes);
  ~BlockCache();
  /// An empty entry if absent.
  Entry Find(const BlockKey& key);
  /// A block larger than a shard's budget is not kept.
  void Insert(const BlockKey& key, Entry block);
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
