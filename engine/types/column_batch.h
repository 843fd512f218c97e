#pragma once
// ColumnBatch: rows in flight, everywhere: COPY parsing makes it, the router splits it, WAL and RPC carry it (batch_codec.h), memtables
// keep it, scans and operators produce it, the client gets it as DataRows. Columns are shared, immutable, flat and of equal length.
// A batch without columns still has a row count (SELECT count(*)). Copying is cheap. Usual size: kDefaultBatchRows.
#include <span>
#include <vector>

#include "engine/types/vector.h"

namespace tsd {

inline constexpr size_t kDefaultBatchRows = 4096;

class ColumnBatch {
 public:
  ColumnBatch() = default;
  explicit ColumnBatch(size_t rows) : rows_(rows) {}
  ColumnBatch(std::vector<VectorPtr> columns, size_t rows);

  size_t rows() const { return rows_; }
  bool empty() const { return rows_ == 0; }
  size_t column_count() const { return columns_.size(); }
  const Vector& column(size_t index) const { return *columns_[index]; }
  const VectorPtr& column_ptr(size_t index) const { return columns_[index]; }
  const std::vector<VectorPtr>& columns() const { return columns_; }
  /// Requires: column has rows() rows.
  void Add(VectorPtr column);
  void SetRows(size_t rows) { rows_ = rows; }

  ColumnBatch Gather(std::span<const uint32_t> rows) const;
  ColumnBatch Slice(size_t begin, size_t end) const;
  ColumnBatch Project(std::span<const size_t> columns) const;
  size_t MemoryBytes() const;

 private:
  std::vector<VectorPtr> columns_;
  size_t rows_ = 0;
};

/// Accumulates rows of other batches into one. Not thread-safe.
class BatchBuilder {
 public:
  explicit BatchBuilder(std::vector<DataType> types);
  size_t rows() const { return rows_; }
  Vector& column(size_t index) { return *columns_[index]; }
  /// After every column got one more value by hand.
  void FinishRow() { ++rows_; }
  void AppendRow(const ColumnBatch& batch, size_t row);
  void Append(const ColumnBatch& batch);
  void AppendSelected(const ColumnBatch& batch, std::span<const uint32_t> rows);
  size_t MemoryBytes() const;
  /// The batch so far; the builder starts anew.
  ColumnBatch Finish();

 private:
  void Reset();
  std::vector<DataType> types_;
  std::vector<std::shared_ptr<Vector>> columns_;
  size_t rows_ = 0;
};

}  // namespace tsd
