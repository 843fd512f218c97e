#include "engine/store/row_block.h"

#include "engine/base/strings.h"

namespace tsd::engine {

VectorPtr ConsecutiveIds(uint64_t first, size_t count) {
  auto ids = std::make_shared<Vector>(DataType(TypeId::kInt64));
  ids->ResizeFixed(count);
  int64_t* out = ids->mutable_values<int64_t>();
  for (size_t i = 0; i < count; ++i) out[i] = static_cast<int64_t>(first + i);
  return ids;
}

VectorPtr RepeatedInt64(uint64_t value, size_t count) {
  auto column = std::make_shared<Vector>(DataType(TypeId::kInt64));
  column->ResizeFixed(count);
  std::fill_n(column->mutable_values<int64_t>(), count, static_cast<int64_t>(value));
  return column;
}

VectorPtr RowBlock::RowIdColumn() const { return row_ids != nullptr ? row_ids : ConsecutiveIds(first_row_id, row_count()); }

void RowBlock::UpdateBytes() {
  bytes = sizeof(RowBlock) + rows.MemoryBytes();
  if (row_ids != nullptr) bytes += row_ids->MemoryBytes();
  if (commits != nullptr) bytes += commits->MemoryBytes();
}

const TableSchemaPtr& LaterSchema(const TableSchemaPtr& left, const TableSchemaPtr& right) {
  if (left == right) return left;
  auto highest = [](const TableSchema& schema) {
    ColumnId result;
    for (const ColumnSchema& column : schema.columns) result = std::max(result, column.id);
    return result;
  };
  const ColumnId left_id = highest(*left), right_id = highest(*right);
  if (left_id != right_id) return left_id > right_id ? left : right;
  return left->columns.size() < right->columns.size() ? left : right;
}

VectorPtr MissingColumn(const ColumnSchema& column, size_t rows) {
  if (column.missing_value.IsNull() || column.missing_value.type().Physical() != column.type.Physical()) {
    return Vector::AllNull(column.type, rows);
  }
  Value value = column.missing_value;
  value.SetType(column.type);
  return Vector::Flatten(value.ToConstant(rows));
}

StatusOr<VectorPtr> Relabel(VectorPtr column, DataType type) {
  if (column->type() == type) return column;
  if (column->type().Physical() != type.Physical()) {
    return Error(sqlstate::kDataCorrupted, StrCat("stored column of type ", TypeName(column->type()), " cannot be read as ", TypeName(type)));
  }
  auto copy = std::make_shared<Vector>(*column);
  copy->SetType(type);
  return VectorPtr(std::move(copy));
}

StatusOr<VectorPtr> ColumnFor(const RowBlock& block, const ColumnSchema& column) {
  const std::vector<ColumnSchema>& columns = block.schema->columns;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].id == column.id) return Relabel(block.rows.column_ptr(i), column.type);
  }
  return MissingColumn(column, block.row_count());
}

StatusOr<CommittedBlock> ConcatBlocks(std::span<const CommittedBlock> blocks) {
  if (blocks.size() == 1) return blocks.front();
  auto result = std::make_shared<RowBlock>();
  CommittedBlock committed{nullptr, blocks.front().min_commit, blocks.front().max_commit};
  result->schema = blocks.front().block->schema;
  size_t rows = 0;
  bool consecutive = true;
  uint64_t expected_id = blocks.front().block->first_row_id;
  for (const CommittedBlock& part : blocks) {
    result->schema = LaterSchema(result->schema, part.block->schema);
    committed.min_commit = std::min(committed.min_commit, part.min_commit);
    committed.max_commit = std::max(committed.max_commit, part.max_commit);
    if (part.block->row_ids != nullptr || part.block->first_row_id != expected_id) consecutive = false;
    expected_id += part.block->row_count();
    rows += part.block->row_count();
  }
  std::vector<VectorPtr> columns;
  columns.reserve(result->schema->columns.size());
  for (size_t i = 0; i < result->schema->columns.size(); ++i) {
    const ColumnSchema& column = result->schema->columns[i];
    auto merged = std::make_shared<Vector>(column.type);
    merged->Reserve(rows, 0);
    for (const CommittedBlock& part : blocks) {
      const RowBlock& block = *part.block;
      if (block.schema == result->schema && block.rows.column(i).type() == column.type) {
        merged->AppendRange(block.rows.column(i), 0, block.row_count());
        continue;
      }
      ASSIGN_OR_RETURN(const VectorPtr piece, ColumnFor(block, column));
      merged->AppendRange(*piece, 0, block.row_count());
    }
    columns.push_back(std::move(merged));
  }
  result->rows = ColumnBatch(std::move(columns), rows);
  if (consecutive) {
    result->first_row_id = blocks.front().block->first_row_id;
  } else {
    auto ids = std::make_shared<Vector>(DataType(TypeId::kInt64));
    ids->Reserve(rows, 0);
    for (const CommittedBlock& part : blocks) ids->AppendRange(*part.block->RowIdColumn(), 0, part.block->row_count());
    result->row_ids = std::move(ids);
  }
  if (committed.min_commit != committed.max_commit) {
    auto commits = std::make_shared<Vector>(DataType(TypeId::kInt64));
    commits->Reserve(rows, 0);
    for (const CommittedBlock& part : blocks) {
      const size_t count = part.block->row_count();
      commits->AppendRange(part.block->commits != nullptr ? *part.block->commits : *RepeatedInt64(part.max_commit.value(), count), 0, count);
    }
    result->commits = std::move(commits);
  }
  result->UpdateBytes();
  committed.block = std::move(result);
  return committed;
}

}  // namespace tsd::engine
