#pragma once
// ChooseRows: a batch's rows that passed a filter. What passes often lies together (a time window in sorted rows): such runs are copied as
// a whole. Pure.
#include <vector>

#include "engine/types/column_batch.h"

namespace tsd::sql {

/// Requires: `rows` ascends.
inline ColumnBatch ChooseRows(ColumnBatch batch, const std::vector<uint32_t>& rows) {
  constexpr size_t kWorthRuns = 8;  // rows a run
  if (rows.size() == batch.rows()) return batch;
  if (rows.empty()) return batch.Slice(0, 0);
  if (rows.back() - rows.front() + 1 == rows.size()) return batch.Slice(rows.front(), rows.back() + size_t{1});
  std::vector<std::pair<uint32_t, uint32_t>> runs;
  for (uint32_t row : rows) {
    if (!runs.empty() && runs.back().second == row) {
      ++runs.back().second;
    } else if (runs.size() * kWorthRuns > rows.size()) {
      return batch.Gather(rows);
    } else {
      runs.emplace_back(row, row + 1);
    }
  }
  ColumnBatch chosen(rows.size());
  for (const VectorPtr& column : batch.columns()) {
    auto values = std::make_shared<Vector>(column->type());
    values->Reserve(rows.size(), 0);
    for (const auto& [begin, end] : runs) values->AppendRange(*column, begin, end);
    if (column->IsUniform()) values->MarkUniform();
    chosen.Add(std::move(values));
  }
  return chosen;
}

}  // namespace tsd::sql
