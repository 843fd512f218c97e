#pragma once
// DistinctRows: each of equal rows once, for DISTINCT, UNION and aggregates' DISTINCT arguments. Rows are told as soon as they are seen,
// until the budget is used up: then the rows seen so far go to disk as told, what comes later goes to disk too, cut by hash, and is told
// at the end, part by part. A part that is too large again is cut again. One driver.
#include "sql/exec/build_state.h"
#include "sql/exec/group_table.h"
#include "sql/exec/spill_partitions.h"

namespace tsd::sql {

class DistinctRows {
 public:
  DistinctRows(std::vector<DataType> types, const ExecContext& context) : DistinctRows(std::move(types), context, 0) {}
  /// `fresh`: the rows that are told now. All columns are flat.
  Status Take(const ColumnBatch& rows, std::vector<uint32_t>* fresh);
  /// Makes room for others.
  Status Spill();
  bool HoldsRows() const { return table_->size() != 0; }
  /// After the last Take: rows that were not told yet; an empty batch at the end.
  StatusOr<ColumnBatch> Next();

 private:
  DistinctRows(std::vector<DataType> types, const ExecContext& context, unsigned level);
  /// Rows that were told by somebody else; before the first Take.
  Status TakeTold(const ColumnBatch& rows);
  Status EndTold();
  Status MakeRoom(bool told);
  /// The table's rows move to disk.
  Status Unload(std::unique_ptr<SpillPartitions>& place);
  StatusOr<std::unique_ptr<DistinctRows>> OpenPartition(size_t partition);

  const std::vector<DataType> types_;
  const ExecContext& context_;
  const unsigned level_;
  MemoryHold memory_;
  std::unique_ptr<GroupTable> table_;
  std::vector<uint32_t> ids_;
  std::unique_ptr<SpillPartitions> told_, untold_;  // told_: set once rows are told at the end only
  bool ended_ = false;
  // The partition at hand.
  std::unique_ptr<DistinctRows> part_;
  size_t next_partition_ = 0, read_ = 0;
  bool part_read_ = false;
};

}  // namespace tsd::sql
