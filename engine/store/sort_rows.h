#pragma once
// The order in which a chunk file's rows lie: by the schema's sort key, so that zone maps are narrow and runs compress. Only clustering:
// nobody may rely on the exact order (long texts compare exactly, floats and integers by their bits, NULLs last, ties as they came).
#include <vector>

#include "engine/types/column_batch.h"
#include "engine/types/schema.h"

namespace tsd::engine {

/// The permutation (new position -> row); empty if the rows are in order already.
std::vector<uint32_t> SortOrder(const ColumnBatch& rows, const TableSchema& schema);

}  // namespace tsd::engine
