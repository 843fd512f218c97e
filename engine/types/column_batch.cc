#include "engine/types/column_batch.h"

namespace tsd {

ColumnBatch::ColumnBatch(std::vector<VectorPtr> columns, size_t rows) : columns_(std::move(columns)), rows_(rows) {
  for (VectorPtr& column : columns_) {
    TSD_CHECK(column->size() == rows);
    column = Vector::Flatten(column);
  }
}

void ColumnBatch::Add(VectorPtr column) {
  if (columns_.empty() && rows_ == 0) rows_ = column->size();
  TSD_CHECK(column->size() == rows_);
  columns_.push_back(Vector::Flatten(column));
}

ColumnBatch ColumnBatch::Gather(std::span<const uint32_t> rows) const {
  ColumnBatch result(rows.size());
  result.columns_.reserve(columns_.size());
  for (const VectorPtr& column : columns_) result.columns_.push_back(Vector::Gather(column, rows));
  return result;
}

ColumnBatch ColumnBatch::Slice(size_t begin, size_t end) const {
  TSD_CHECK(begin <= end && end <= rows_);
  ColumnBatch result(end - begin);
  for (const VectorPtr& column : columns_) result.columns_.push_back(Vector::Slice(column, begin, end));
  return result;
}

ColumnBatch ColumnBatch::Project(std::span<const size_t> columns) const {
  ColumnBatch result(rows_);
  for (size_t index : columns) result.columns_.push_back(columns_[index]);
  return result;
}

size_t ColumnBatch::MemoryBytes() const {
  size_t bytes = sizeof(*this);
  for (const VectorPtr& column : columns_) bytes += column->MemoryBytes();
  return bytes;
}

BatchBuilder::BatchBuilder(std::vector<DataType> types) : types_(std::move(types)) { Reset(); }

void BatchBuilder::Reset() {
  columns_.clear();
  for (DataType type : types_) columns_.push_back(std::make_shared<Vector>(type));
  rows_ = 0;
}

void BatchBuilder::AppendRow(const ColumnBatch& batch, size_t row) {
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i]->AppendFrom(batch.column(i), row);
  ++rows_;
}

void BatchBuilder::Append(const ColumnBatch& batch) {
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i]->AppendRange(batch.column(i), 0, batch.rows());
  rows_ += batch.rows();
}

void BatchBuilder::AppendSelected(const ColumnBatch& batch, std::span<const uint32_t> rows) {
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i]->AppendSelected(batch.column(i), rows);
  rows_ += rows.size();
}

size_t BatchBuilder::MemoryBytes() const {
  size_t bytes = 0;
  for (const auto& column : columns_) bytes += column->MemoryBytes();
  return bytes;
}

ColumnBatch BatchBuilder::Finish() {
  std::vector<VectorPtr> columns(columns_.begin(), columns_.end());
  ColumnBatch result(std::move(columns), rows_);
  Reset();
  return result;
}

}  // namespace tsd
