#pragma once
// Order of rows by sort keys: what Sort, TopN, DISTINCT ON, windows and ordered merges compare with. Pure.
#include <cstdint>
#include <span>
#include <vector>

#include "engine/types/column_batch.h"

namespace tsd::sql {

struct OrderKey {
  size_t column = 0;  // position in the batch
  bool descending = false;
  bool nulls_first = false;
};

/// -1, 0, 1.
int CompareOrder(const std::vector<OrderKey>& keys, const ColumnBatch& left, size_t left_row, const ColumnBatch& right, size_t right_row);
/// Rows of `batch` in order; rows with equal keys stay as they came.
std::vector<uint32_t> SortedRows(const ColumnBatch& batch, const std::vector<OrderKey>& keys);
/// The first `count` of them.
std::vector<uint32_t> FirstRows(const ColumnBatch& batch, const std::vector<OrderKey>& keys, size_t count);

}  // namespace tsd::sql
