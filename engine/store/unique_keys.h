#pragma once
// The values of a unique key in rows that lie in memory, and the tables that find rows by them. Equality is that of types/compare.h: numeric
// 1.0 equals 1.00, char(n) has no trailing blanks. Pure; immutable once made, so shared by threads, but for KeysOfBlock, which locks.
//
// Most writes ask nothing of a table: the bounds of a key's integer columns (the time among them) tell that rows lie apart.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/types/column_batch.h"
#include "engine/types/schema.h"

namespace tsd::engine {

/// Of the rows a key applies to.
struct KeyBounds {
  struct Range {
    int64_t low = INT64_MAX;
    int64_t high = INT64_MIN;
  };
  /// One a key column; empty for those that are not integers in memory.
  std::vector<std::optional<Range>> ranges;
  bool any_rows = false;

  /// False only if no row of one can equal a row of the other.
  bool Meets(const KeyBounds& other) const;
};

/// The key's columns of some rows.
class KeyRows {
 public:
  /// `columns`: of one length, in the key's order; those of a batch or a decoded row group.
  KeyRows(std::vector<VectorPtr> columns, size_t rows, bool nulls_distinct);

  size_t rows() const { return rows_; }
  const std::vector<VectorPtr>& columns() const { return columns_; }
  /// False for a row with a NULL where NULLs are distinct: it equals no row.
  bool AppliesTo(size_t row) const;
  bool Equal(size_t row, const KeyRows& other, size_t other_row) const;
  uint64_t Hash(size_t row) const;
  std::vector<uint64_t> Hashes() const;
  KeyBounds Bounds() const;
  bool Within(size_t row, const KeyBounds& bounds) const;
  /// Whether each row is greater than the one before in some integer column: no two are equal. May be false where it is so.
  bool IsStrictlyAscending() const;
  /// "(a, b)=(1, x)", without the names: "(1, x)".
  std::string Text(size_t row) const;

 private:
  std::vector<VectorPtr> columns_;
  size_t rows_;
  bool nulls_distinct_;
};

/// Rows by key; several may have the same.
class KeyTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit KeyTable(size_t capacity);
  /// Of all rows that the key applies to, where `left_out` (if any) does not say that a row is out.
  KeyTable(const KeyRows& keys, std::span<const uint8_t> left_out);
  void Insert(uint64_t hash, uint32_t row);
  /// The rows whose hash may be the same, the one inserted last first; kNone at the end.
  uint32_t First(uint64_t hash) const { return heads_[Slot(hash)]; }
  uint32_t Next(uint32_t row) const { return next_[row]; }

 private:
  size_t Slot(uint64_t hash) const { return hash >> shift_; }
  int shift_;
  std::vector<uint32_t> heads_;
  std::vector<uint32_t> next_;  // by row
};

/// One key of a block in memory: the values and their bounds, and the table once somebody asked for it.
struct KeyOfBlock {
  KeyOfBlock(KeyRows key_rows, std::vector<ColumnId> key_columns, bool nulls_are_distinct)
      : rows(std::move(key_rows)), bounds(rows.Bounds()), columns(std::move(key_columns)), nulls_distinct(nulls_are_distinct) {}

  const KeyRows rows;
  const KeyBounds bounds;
  const std::vector<ColumnId> columns;
  const bool nulls_distinct;
  Mutex mutex;
  std::shared_ptr<const KeyTable> table ABSL_GUARDED_BY(mutex);
};
using KeyOfBlockPtr = std::shared_ptr<KeyOfBlock>;

/// What a block remembers of its keys. A copy of the block remembers nothing.
class KeysOfBlock {
 public:
  KeysOfBlock() = default;
  KeysOfBlock(const KeysOfBlock&) {}
  KeysOfBlock& operator=(const KeysOfBlock&) = delete;

  KeyOfBlockPtr Find(const UniqueKey& key) const;
  /// Returns the one that is remembered: another thread's, where it was faster.
  KeyOfBlockPtr Add(KeyOfBlockPtr key) const;

 private:
  mutable Mutex mutex_;
  mutable std::vector<KeyOfBlockPtr> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::engine
