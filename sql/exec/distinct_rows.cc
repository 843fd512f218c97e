#include "sql/exec/distinct_rows.h"

#include <algorithm>

namespace tsd::sql {
namespace {

constexpr unsigned kMaxLevels = 4;  // each cuts into 64 parts

}  // namespace

DistinctRows::DistinctRows(std::vector<DataType> types, const ExecContext& context, unsigned level)
    : types_(std::move(types)), context_(context), level_(level), memory_(context), table_(std::make_unique<GroupTable>(types_)) {}

Status DistinctRows::Take(const ColumnBatch& rows, std::vector<uint32_t>* fresh) {
  fresh->clear();
  size_t known = table_->size();
  table_->Resolve(rows.columns(), rows.rows(), &ids_);
  for (size_t row = 0; row < ids_.size() && told_ == nullptr; ++row) {
    if (ids_[row] < known) continue;
    fresh->push_back(static_cast<uint32_t>(row));
    known = ids_[row] + size_t{1};
  }
  return MakeRoom(false);
}

Status DistinctRows::TakeTold(const ColumnBatch& rows) {
  table_->Resolve(rows.columns(), rows.rows(), &ids_);
  return MakeRoom(true);
}

Status DistinctRows::EndTold() { return told_ == nullptr ? OkStatus() : Unload(told_); }

Status DistinctRows::MakeRoom(bool told) {
  const size_t bytes = table_->MemoryBytes();
  const Status status = memory_.SetOrSpill(bytes);
  if (status.ok() || context_.spill == nullptr || !memory_.AreWorthSpilling(bytes) || level_ >= kMaxLevels) return status;
  return told ? Unload(told_) : Spill();
}

Status DistinctRows::Spill() { return Unload(told_ == nullptr ? told_ : untold_); }

Status DistinctRows::Unload(std::unique_ptr<SpillPartitions>& place) {
  if (place == nullptr) place = std::make_unique<SpillPartitions>(types_, SpillPartitions::kUsualCount, context_);
  for (size_t begin = 0; begin < table_->size(); begin += kDefaultBatchRows) {
    const size_t end = std::min(table_->size(), begin + kDefaultBatchRows);
    const ColumnBatch rows(table_->Keys(begin, end), end - begin);
    RETURN_IF_ERROR(place->Write(rows, PartitionsByKey(rows.columns(), rows.rows(), place->count(), level_)));
  }
  table_ = std::make_unique<GroupTable>(types_);
  return memory_.Set(0);
}

StatusOr<std::unique_ptr<DistinctRows>> DistinctRows::OpenPartition(size_t partition) {
  std::unique_ptr<DistinctRows> part(new DistinctRows(types_, context_, level_ + 1));
  for (size_t number = 0;; ++number) {
    ASSIGN_OR_RETURN(const ColumnBatch rows, told_->Read(partition, number));
    if (rows.empty()) break;
    RETURN_IF_ERROR(part->TakeTold(rows));
  }
  RETURN_IF_ERROR(part->EndTold());
  return part;
}

StatusOr<ColumnBatch> DistinctRows::Next() {
  if (told_ == nullptr) return ColumnBatch();
  if (!ended_) {
    RETURN_IF_ERROR(Unload(untold_));
    RETURN_IF_ERROR(told_->Finish());
    RETURN_IF_ERROR(untold_->Finish());
    ended_ = true;
  }
  while (true) {
    if (part_ == nullptr) {
      while (next_partition_ < untold_->count() && untold_->rows(next_partition_) == 0) ++next_partition_;
      if (next_partition_ == untold_->count()) return ColumnBatch();
      ASSIGN_OR_RETURN(part_, OpenPartition(next_partition_++));
      read_ = 0;
      part_read_ = false;
    }
    if (part_read_) {
      ASSIGN_OR_RETURN(ColumnBatch rows, part_->Next());
      if (!rows.empty()) return rows;
      part_.reset();
      continue;
    }
    ASSIGN_OR_RETURN(const ColumnBatch rows, untold_->Read(next_partition_ - 1, read_++));
    part_read_ = rows.empty();
    if (part_read_) continue;
    std::vector<uint32_t> fresh;
    RETURN_IF_ERROR(part_->Take(rows, &fresh));
    if (!fresh.empty()) return rows.Gather(fresh);
  }
}

}  // namespace tsd::sql
