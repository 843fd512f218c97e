#include "sql/exec/row_order.h"

#include <algorithm>

#include "engine/types/compare.h"
#include "sql/exec/row_sorter.h"

namespace tsd::sql {

int CompareOrder(const std::vector<OrderKey>& keys, const ColumnBatch& left, size_t left_row, const ColumnBatch& right, size_t right_row) {
  for (const OrderKey& key : keys) {
    const Vector& a = left.column(key.column);
    const Vector& b = right.column(key.column);
    const bool a_null = a.IsNull(left_row);
    const bool b_null = b.IsNull(right_row);
    if (a_null || b_null) {
      if (a_null && b_null) continue;
      return a_null == key.nulls_first ? -1 : 1;
    }
    const int order = CompareRows(a, left_row, b, right_row);
    if (order != 0) return key.descending ? -order : order;
  }
  return 0;
}

std::vector<uint32_t> FirstRows(const ColumnBatch& batch, const std::vector<OrderKey>& keys, size_t count) {
  if (count >= batch.rows()) return SortedRows(batch, keys);
  RowPrefixes prefixes(batch, keys);
  while (!prefixes.Step()) continue;
  return prefixes.Visit([&](auto rows_at, const auto& less) {
    using Row = decltype(rows_at(0));
    std::vector<Row> rows(batch.rows());
    for (size_t row = 0; row < rows.size(); ++row) rows[row] = rows_at(row);
    const auto end = rows.begin() + static_cast<ptrdiff_t>(count);
    std::nth_element(rows.begin(), end, rows.end(), less);
    std::sort(rows.begin(), end, less);
    std::vector<uint32_t> result(count);
    for (size_t i = 0; i < count; ++i) result[i] = rows[i].row;
    return result;
  });
}

std::vector<uint32_t> SortedRows(const ColumnBatch& batch, const std::vector<OrderKey>& keys) {
  RowSorter sorter(batch, keys);
  while (!sorter.Step()) continue;
  return sorter.Take();
}

}  // namespace tsd::sql
