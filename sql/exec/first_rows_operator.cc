#include "sql/exec/first_rows_operator.h"

#include <algorithm>

#include "engine/types/compare.h"
#include "sql/exec/distinct_operator.h"
#include "sql/exec/set_operation_operator.h"
#include "sql/exec/sort_operator.h"

namespace tsd::sql {
namespace {

std::vector<DataType> KeyTypes(const std::vector<DataType>& types, const std::vector<OrderKey>& order, size_t count) {
  std::vector<DataType> keys;
  for (size_t i = 0; i < count; ++i) keys.push_back(types[order[i].column]);
  return keys;
}

int CompareCells(const OrderKey& key, const Vector& left, size_t left_row, const Vector& right, size_t right_row) {
  const bool left_null = left.IsNull(left_row), right_null = right.IsNull(right_row);
  if (left_null || right_null) {
    if (left_null && right_null) return 0;
    return left_null == key.nulls_first ? -1 : 1;
  }
  const int order = CompareRows(left, left_row, right, right_row);
  return key.descending ? -order : order;
}

}  // namespace

FirstRowsOperator::FirstRowsOperator(OperatorPtr child, std::vector<DataType> types, std::vector<OrderKey> order, size_t group_columns,
                                     const ExecContext& context)
    : child_(std::move(child)), types_(std::move(types)), kept_(types_), order_(std::move(order)),
      in_group_(order_.begin() + static_cast<ptrdiff_t>(group_columns), order_.end()), context_(context), memory_(context),
      table_(std::make_unique<GroupTable>(KeyTypes(types_, order_, group_columns))) {
  for (size_t i = 0; i < group_columns; ++i) group_columns_.push_back(order_[i].column);
  // One int64 decides: the rest is not looked at in the loop over rows.
  by_time_ = in_group_.size() == 1 && types_[in_group_[0].column].Physical() == PhysicalType::kInt64 &&
             !types_[in_group_[0].column].Is(TypeId::kPgLsn);
}

void FirstRowsOperator::Win(uint32_t group, uint32_t row) {
  if (winner_[group] == kNone) touched_.push_back(group);
  winner_[group] = row;
}

bool FirstRowsOperator::Precedes(const ColumnBatch& batch, uint32_t row, uint32_t group) const {
  BatchBuilder& kept = const_cast<BatchBuilder&>(kept_);  // its columns are only read
  for (const OrderKey& key : in_group_) {
    const Vector& own = batch.column(key.column);
    const int order = winner_[group] != kNone ? CompareCells(key, own, row, own, winner_[group])
                                              : CompareCells(key, own, row, kept.column(key.column), best_[group]);
    if (order != 0) return order < 0;
  }
  return false;
}

void FirstRowsOperator::FindBetterByTime(const ColumnBatch& batch, const OrderKey& key) {
  const int64_t* times = batch.column(key.column).values<int64_t>();
  const uint32_t* ids = ids_.data();
  for (uint32_t row = 0; row < batch.rows(); ++row) {
    const uint32_t group = ids[row];
    const bool seen = best_[group] != kNone || winner_[group] != kNone;
    const bool better = !seen || (key.descending ? times[row] > best_time_[group] : times[row] < best_time_[group]);
    if (!better) continue;
    best_time_[group] = times[row];
    Win(group, row);
  }
}

void FirstRowsOperator::FindBetter(const ColumnBatch& batch) {
  if (by_time_ && batch.column(in_group_[0].column).HasNulls()) by_time_ = false;
  if (by_time_) return FindBetterByTime(batch, in_group_[0]);
  for (uint32_t row = 0; row < batch.rows(); ++row) {
    const uint32_t group = ids_[row];
    const bool seen = best_[group] != kNone || winner_[group] != kNone;
    if (!seen || Precedes(batch, row, group)) Win(group, row);
  }
}

Status FirstRowsOperator::Take(const ColumnBatch& batch) {
  constexpr size_t kSlackRows = 4 * kDefaultBatchRows;
  std::vector<VectorPtr> keys;
  for (size_t column : group_columns_) keys.push_back(batch.column_ptr(column));
  table_->Resolve(keys, batch.rows(), &ids_);
  best_.resize(table_->size(), kNone);
  best_time_.resize(table_->size());
  winner_.resize(table_->size(), kNone);
  touched_.clear();
  FindBetter(batch);
  std::vector<uint32_t> rows;
  rows.reserve(touched_.size());
  for (uint32_t group : touched_) {
    best_[group] = static_cast<uint32_t>(kept_.rows() + rows.size());
    rows.push_back(winner_[group]);
    winner_[group] = kNone;
  }
  kept_.AppendSelected(batch, rows);
  if (kept_.rows() > 2 * table_->size() + kSlackRows) Compact();
  const size_t bytes = kept_.MemoryBytes() + table_->MemoryBytes() + best_.capacity() * 16;
  Status status = memory_.SetOrSpill(bytes);
  if (status.ok()) status = CheckColumnSizes(kept_, batch.column_count());
  if (status.ok() || context_.spill == nullptr || !memory_.AreWorthSpilling(bytes)) return status;
  return SortInstead();
}

Status FirstRowsOperator::SortInstead() {
  const ColumnBatch rows = kept_.Finish();
  table_.reset();
  best_ = winner_ = {};
  best_time_ = {};
  ASSIGN_OR_RETURN(std::unique_ptr<SpillRun> run, SpillRun::Create(*context_.spill));
  for (size_t begin = 0; begin < rows.rows(); begin += kDefaultBatchRows) {
    RETURN_IF_ERROR(run->Write(rows.Slice(begin, std::min(rows.rows(), begin + kDefaultBatchRows))));
  }
  OperatorPtr all = MakeAppend(MakeRunSource(std::move(run)), std::move(child_));
  auto sorted = std::make_unique<SortOperator>(std::move(all), types_, order_, context_);
  sorted_ = std::make_unique<DistinctOnOperator>(std::move(sorted), group_columns_);
  return memory_.Set(0);
}

void FirstRowsOperator::Compact() {
  const ColumnBatch rows = kept_.Finish();
  for (uint32_t group = 0; group < best_.size(); ++group) {
    const uint32_t row = best_[group];
    best_[group] = group;
    winner_[group] = row;
  }
  kept_.AppendSelected(rows, winner_);
  std::fill(winner_.begin(), winner_.end(), kNone);
}

void FirstRowsOperator::Finish() {
  if (!best_.empty()) Compact();
  ColumnBatch rows = kept_.Finish();
  const std::vector<uint32_t> order = SortedRows(rows, order_);
  emitter_.Reset(rows.Gather(order));
  done_ = true;
}

StatusOr<Pull> FirstRowsOperator::Next(ColumnBatch* out) {
  while (!done_ && sorted_ == nullptr) {
    RETURN_IF_ERROR(CheckCancelled(context_));
    ColumnBatch batch;
    ASSIGN_OR_RETURN(const Pull pull, child_->Next(&batch));
    if (pull == Pull::kBlocked) return pull;
    if (pull == Pull::kRows) {
      RETURN_IF_ERROR(Take(batch));
      continue;
    }
    Finish();
    child_.reset();
  }
  if (sorted_ != nullptr) return sorted_->Next(out);
  return emitter_.Next(out) ? Pull::kRows : Pull::kDone;
}

}  // namespace tsd::sql
