#pragma once
// RowBlock: rows of one chunk in memory with their hidden row ids and, once several transactions are merged into one block, their commit
// timestamps. Immutable once shared; any thread.
//
// S1 A row id is given once in a chunk's life (ChunkState::next_row_id) and stays with its row through memtable, flush and merge.
#include <memory>
#include <span>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/status.h"
#include "engine/store/unique_keys.h"
#include "engine/types/column_batch.h"
#include "engine/types/schema.h"

namespace tsd::engine {

struct RowBlock {
  TableSchemaPtr schema;
  ColumnBatch rows;           // one column per schema column, in schema order
  uint64_t first_row_id = 0;  // used while row_ids is null: ids are consecutive
  VectorPtr row_ids;          // int64, one a row
  VectorPtr commits;          // int64, one a row; null: all rows have the timestamp their owner knows
  size_t bytes = 0;
  KeysOfBlock keys;             // what was asked of its unique keys

  size_t row_count() const { return rows.rows(); }
  uint64_t RowId(size_t row) const {
    return row_ids == nullptr ? first_row_id + row : static_cast<uint64_t>(row_ids->Get<int64_t>(row));
  }
  /// All row ids as a column.
  VectorPtr RowIdColumn() const;
  void UpdateBytes();
};
using RowBlockPtr = std::shared_ptr<const RowBlock>;

/// A block whose rows are committed between the two timestamps; equal unless block->commits is set.
struct CommittedBlock {
  RowBlockPtr block;
  Timestamp min_commit, max_commit;
};

/// Of two versions of a table's schema the later one: ids are never reused, so it has the higher id, or fewer columns. Where columns do not tell
/// (only the order of rows changed, say), `right`: callers go through rows as they were committed.
const TableSchemaPtr& LaterSchema(const TableSchemaPtr& left, const TableSchemaPtr& right);

/// `column` of `rows` rows for a column the rows were written without.
VectorPtr MissingColumn(const ColumnSchema& column, size_t rows);
/// The block's column for a schema column, or its missing value. XX001 if the layouts differ.
StatusOr<VectorPtr> ColumnFor(const RowBlock& block, const ColumnSchema& column);
/// Gives a column the type its reader expects (typmod, relabelled ids). XX001 if the layouts differ.
StatusOr<VectorPtr> Relabel(VectorPtr column, DataType type);

/// One block of all rows, in order, under the latest schema. Requires: at least one block.
StatusOr<CommittedBlock> ConcatBlocks(std::span<const CommittedBlock> blocks);

VectorPtr ConsecutiveIds(uint64_t first, size_t count);
VectorPtr RepeatedInt64(uint64_t value, size_t count);

}  // namespace tsd::engine
