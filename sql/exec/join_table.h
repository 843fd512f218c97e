#pragma once
// JoinTable: rows of a join's right side in memory, found by their keys; without keys every row is a candidate for every left row.
// Rows go in, then candidates come out. One driver.
#include <vector>

#include "sql/exec/build_state.h"
#include "sql/exec/group_table.h"

namespace tsd::sql {

class JoinTable {
 public:
  static constexpr uint32_t kNone = GroupTable::kNone;

  JoinTable(std::vector<DataType> row_types, std::vector<DataType> key_types);
  /// `keys`: flat, one a key type. Rows with a NULL among them are candidates for nothing.
  void Add(const ColumnBatch& rows, const std::vector<VectorPtr>& keys);
  /// Links rows by key. No Add after it.
  void Build();
  const ColumnBatch& rows() const { return rows_; }
  /// What was added, back again; before Build.
  ColumnBatch TakeRows() { return builder_.Finish(); }
  /// Build adds nothing to it.
  size_t MemoryBytes() const;
  /// 54000 when a column is more than one table can hold.
  Status CheckSizes() { return CheckColumnSizes(builder_, columns_); }

  /// The first candidate of each of `rows` left rows, kNone if there is none. Requires: Build.
  void FirstCandidates(const std::vector<VectorPtr>& keys, size_t rows, std::vector<uint32_t>* candidates) const;
  uint32_t NextCandidate(uint32_t row) const {
    if (has_keys_) return next_[row];
    return row + 1 < rows_.rows() ? row + 1 : kNone;
  }

 private:
  const bool has_keys_;
  const size_t columns_;
  BatchBuilder builder_;
  GroupTable table_;
  ColumnBatch rows_;
  std::vector<uint32_t> ids_;            // of the batch at hand
  std::vector<uint32_t> first_, next_;   // chains of rows by key; before Build, next_ has each row's key
};

/// True if a key of the row is NULL.
bool AnyNull(const std::vector<VectorPtr>& keys, size_t row);

}  // namespace tsd::sql
