#pragma once
// The order of rows in a chunk file: by segment, then by the order columns, then as they came. Pure; any thread.
#include <cstdint>
#include <vector>

#include "engine/chunk/chunk_format.h"
#include "engine/types/column_batch.h"
#include "engine/types/schema.h"

namespace tsd::engine {

/// The schema's order, without columns it does not have.
ChunkOrder OrderOf(const TableSchema& schema);

struct SortedRows {
  std::vector<uint32_t> order;           // rows in their new order; empty: they lie in it
  std::vector<uint32_t> segment_starts;  // positions in the new order; the first is 0
};

/// Requires: one column per schema column.
SortedRows SortRows(const ColumnBatch& rows, const TableSchema& schema);

/// Where row `left` of one batch stands to row `right` of another in the given columns: negative, 0, positive. NULLs last.
int CompareKeys(const ColumnBatch& left, size_t left_row, const ColumnBatch& right, size_t right_row, const std::vector<size_t>& columns);

}  // namespace tsd::engine
