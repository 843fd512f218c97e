#pragma once
// GroupTable: keys -> dense ids, for GROUP BY, DISTINCT, set operations and hash joins. NULLs are equal to each other.
// Keys become rows of 64-bit words (key_codes.h), looked up in one open hash table. Runs of equal neighbours are found first, so that
// sorted input costs one look-up a run. Keys of few values find their group in an array (small_keys.h). A single dictionary column needs
// no second table. One thread.
#include <cstdint>
#include <memory>
#include <vector>

#include "sql/exec/aggregate_state.h"
#include "sql/exec/key_codes.h"
#include "sql/exec/small_keys.h"

namespace tsd::sql {

class GroupTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit GroupTable(std::vector<DataType> types);
  size_t size() const { return size_; }
  /// The group of each row; unknown keys become new groups. Columns are flat. With `runs`: the same as runs, if they are long enough to
  /// be worth it, else none.
  void Resolve(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint32_t>* ids, std::vector<GroupRun>* runs = nullptr);
  /// The same without adding: kNone for unknown keys.
  void Lookup(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint32_t>* ids) const;
  /// Keys of groups [begin, end).
  std::vector<VectorPtr> Keys(size_t begin, size_t end) const;
  size_t MemoryBytes() const;

 private:
  struct Column {
    DataType type;
    std::unique_ptr<ValueDictionary> dictionary;  // none: the value is its word
  };
  /// Rows that begin runs of equal keys; empty if there are too many of them.
  void FindRuns(const std::vector<VectorPtr>& keys, size_t rows);
  bool IsDictionaryOnly() const { return columns_.size() == 1 && columns_[0].dictionary != nullptr; }
  void LoadKeys(const std::vector<VectorPtr>& keys, const uint32_t* rows, size_t count);
  void ResolveRows(const std::vector<VectorPtr>& keys, const uint32_t* rows, size_t count, uint32_t* ids);
  void HashWords(const uint64_t* words, const uint32_t* nulls, size_t count, uint64_t* hashes) const;
  bool Equal(uint32_t group, const uint64_t* words, uint32_t nulls) const;
  void ResolveSmall(size_t count, uint32_t* ids);
  uint32_t FindOrAdd(uint64_t hash, const uint64_t* words, uint32_t nulls);
  void Grow();

  std::vector<Column> columns_;
  size_t size_ = 0;
  std::vector<CodeSlot> slots_;
  uint64_t mask_ = 0;
  std::vector<uint64_t> words_;   // columns_.size() a group
  std::vector<uint32_t> nulls_;   // by group: bit i = word column i is NULL
  SmallKeys small_keys_;
  // Of the batch at hand.
  std::vector<uint8_t> marks_;
  std::vector<uint32_t> starts_, start_ids_, codes_, batch_nulls_;
  std::vector<uint64_t> batch_words_, batch_hashes_;
};

}  // namespace tsd::sql
