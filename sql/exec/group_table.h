#pragma once
// GroupTable: keys -> dense ids, for GROUP BY, DISTINCT, set operations and hash joins. NULLs are equal to each other.
// One to two integer-like keys of at most 16 bytes together are packed and compared as words; others are hashed column by column and
// compared by value. One thread.
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/types/column_batch.h"

namespace tsd::sql {

class GroupTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit GroupTable(std::vector<DataType> types);
  size_t size() const { return hashes_.size(); }
  /// The group of each row; unknown keys become new groups. Columns are flat.
  void Resolve(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint32_t>* ids);
  /// The same without adding: kNone for unknown keys.
  void Lookup(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint32_t>* ids) const;
  /// Keys of groups [begin, end).
  std::vector<VectorPtr> Keys(size_t begin, size_t end) const;
  size_t MemoryBytes() const;

 private:
  struct Packed {
    uint64_t low = 0, high = 0;
    bool operator==(const Packed&) const = default;
  };
  void Hash(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint64_t>* hashes) const;
  void Pack(const std::vector<VectorPtr>& keys, size_t rows, std::vector<Packed>* packed) const;
  bool Equal(const std::vector<VectorPtr>& keys, size_t row, uint32_t group) const;
  void Grow();

  std::vector<DataType> types_;
  bool packable_ = false;
  std::vector<uint32_t> slots_;       // open addressing: group + 1, 0 = free
  uint64_t mask_ = 0;
  std::vector<uint64_t> hashes_;      // by group
  std::vector<Packed> packed_;        // by group, when packable
  std::vector<std::shared_ptr<Vector>> columns_;
};

}  // namespace tsd::sql
