#include "engine/scan/scan_work.h"

#include <algorithm>
#include <limits>

#include "engine/scan/last_rows.h"

namespace tsd::engine {

ScanWork::ScanWork(ScanSpec spec, std::unique_ptr<ViewSource> source) : spec_(std::move(spec)), more_views_(std::move(source)) {
  if (spec_.schema->order_by.empty()) return;
  const ColumnSchema* column = spec_.schema->Find(spec_.schema->order_by.front());
  if (column == nullptr) return;
  const PhysicalType physical = column->type.Physical();
  if (physical == PhysicalType::kInt64 || physical == PhysicalType::kInt32 || physical == PhysicalType::kInt16) time_ = column;
}

Status ScanWork::Open() {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(views_, more_views_->Next());
  return OkStatus();
}

void ScanWork::Enter(Stage stage) {
  stage_ = stage;
  source_ = 0;
  group_ = 0;
  reader_ = nullptr;
}

void ScanWork::FindNewest(ScanUnit& unit) const {
  if (time_ == nullptr) return;
  if (unit.reader != nullptr) {
    const BlockSummaries* times = unit.reader->Summaries(time_->id);
    if (times == nullptr || times->NullCount(unit.group) != 0 || !times->HasBounds(unit.group)) return;
    unit.newest = Value::FromVector(times->highs(), unit.group).AsInteger();
    return;
  }
  const StatusOr<VectorPtr> times = ColumnFor(*unit.block, *time_);
  if (!times.ok() || (*times)->HasNulls() || (*times)->size() == 0) return;
  int64_t newest = INT64_MIN;
  for (size_t row = 0; row < (*times)->size(); ++row) newest = std::max(newest, Value::FromVector(**times, row).AsInteger());
  unit.newest = newest;
}

bool ScanWork::SeesAll(const ChunkFile& file, bool some_too_new, const std::vector<RowRange>* hidden) const {
  return !some_too_new && (hidden == nullptr || hidden->empty()) && !open_->deleted.AnyIn(file.meta().min_row_id, file.meta().max_row_id);
}

bool ScanWork::CountsOnly() const {
  return spec_.columns.empty() && !spec_.with_row_ids && spec_.predicate.conditions.empty() && spec_.order == ScanOrder::kAny &&
         spec_.choice == RowChoice::kAll;
}

std::vector<uint32_t> ScanWork::TakeGroupsWithLastRows(ScanStats& stats) {
  std::vector<uint32_t> groups;
  size_t passed = 0;
  while (group_ < reader_->row_group_count()) {
    const size_t wanted = NextGroupWithLastRow(*reader_, group_);
    passed += wanted - group_;
    group_ = wanted + 1;
    if (reader_->CanSkip(wanted, spec_.predicate)) {
      ++passed;
    } else {
      groups.push_back(static_cast<uint32_t>(wanted));
    }
  }
  stats.blocks_skipped += passed * std::max<size_t>(1, spec_.columns.size());
  return groups;
}

StatusOr<std::optional<ScanUnit>> ScanWork::NextOfFile(const ChunkFile& file, bool some_too_new, const std::vector<RowRange>* hidden,
                                                       ScanStats& stats) {
  if (reader_ == nullptr) {
    sees_all_ = SeesAll(file, some_too_new, hidden);
    if (sees_all_ && CountsOnly()) {
      ScanUnit unit;
      unit.view = open_;
      unit.meta = &file.meta();
      unit.count_only = true;
      ++source_;
      return std::optional<ScanUnit>(std::move(unit));
    }
    ASSIGN_OR_RETURN(reader_, file.Reader());
    group_ = 0;
    last_rows_only_ = sees_all_ && LastRowsKnown(*reader_, spec_, time_);
    if (reader_->CanSkipFile(spec_.predicate)) {
      stats.blocks_skipped += reader_->row_group_count() * std::max<size_t>(1, spec_.columns.size());
      group_ = reader_->row_group_count();
    }
  }
  while (group_ < reader_->row_group_count()) {
    ScanUnit unit;
    unit.view = open_;
    unit.reader = reader_;
    unit.meta = &file.meta();
    unit.sees_all = sees_all_;
    if (last_rows_only_ && spec_.order == ScanOrder::kAny) {
      unit.last_rows_of = TakeGroupsWithLastRows(stats);
      if (unit.last_rows_of.empty()) break;
      return std::optional<ScanUnit>(std::move(unit));
    }
    unit.group = group_++;
    unit.hidden = hidden;
    unit.some_too_new = some_too_new;
    bool skip = reader_->CanSkip(unit.group, spec_.predicate);
    if (!skip && (spec_.order == ScanOrder::kNewestFirst || time_floor_.load() != INT64_MIN)) {
      FindNewest(unit);
      skip = unit.newest.has_value() && *unit.newest < time_floor_.load();
    }
    if (!skip) return std::optional<ScanUnit>(std::move(unit));
    stats.blocks_skipped += std::max<size_t>(1, spec_.columns.size());
  }
  ++source_;
  reader_ = nullptr;
  return std::optional<ScanUnit>();
}

ScanUnit ScanWork::BlockUnit(const RowBlock& block, bool some_too_new) {
  ++source_;
  ScanUnit unit;
  unit.view = open_;
  unit.block = &block;
  unit.some_too_new = some_too_new;
  if (spec_.order == ScanOrder::kNewestFirst) FindNewest(unit);
  return unit;
}

StatusOr<std::optional<ScanUnit>> ScanWork::TakeAny(ScanStats& stats) {
  const Timestamp read = spec_.snapshot.read_timestamp;
  while (true) {
    if (stage_ == Stage::kStart) {
      if (view_ >= views_.size()) {
        if (!views_.empty()) {
          ASSIGN_OR_RETURN(views_, more_views_->Next());
          view_ = 0;
        }
        if (views_.empty()) {
          listed_all_ = true;
          return std::optional<ScanUnit>();
        }
      }
      ++stats.chunks;
      auto open = std::make_shared<OpenView>();
      open->view = std::move(views_[view_]);
      open->deleted = DeletedRows(open->view.deletes, read, std::move(open->view.own_deletes));
      open_ = std::move(open);
      Enter(Stage::kFiles);
    }
    const ChunkView& view = open_->view;
    switch (stage_) {
      case Stage::kFiles:
      case Stage::kOwnFiles: {
        const bool own = stage_ == Stage::kOwnFiles;
        if (source_ >= (own ? view.own_files.size() : view.files.size())) {
          Enter(own ? Stage::kBlocks : Stage::kOwnFiles);
          break;
        }
        const ChunkFile& file = own ? *view.own_files[source_].file : *view.files[source_].file;
        const bool some_too_new = !own && view.files[source_].max_commit > read;
        ASSIGN_OR_RETURN(std::optional<ScanUnit> unit, NextOfFile(file, some_too_new, own ? &view.own_files[source_].hidden : nullptr, stats));
        if (unit.has_value()) return unit;
        break;
      }
      case Stage::kBlocks:
        if (source_ < view.blocks.size()) {
          return std::optional<ScanUnit>(BlockUnit(*view.blocks[source_].block, view.blocks[source_].max_commit > read));
        }
        Enter(Stage::kOwnBlocks);
        break;
      case Stage::kOwnBlocks:
        if (source_ < view.own_blocks.size()) return std::optional<ScanUnit>(BlockUnit(*view.own_blocks[source_], false));
        Enter(Stage::kEnd);
        break;
      case Stage::kStart:
      case Stage::kEnd:
        open_ = nullptr;  // lets go of files that are not needed any more
        ++view_;
        ++chunk_;
        Enter(Stage::kStart);
        if (spec_.order == ScanOrder::kNewestFirst) return std::optional<ScanUnit>();
        break;
    }
  }
}

int64_t ScanWork::NewestOf(size_t chunk) const {
  constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();
  if (spec_.chunk_ends.empty()) return kUnknown;
  const int64_t end = chunk < spec_.chunk_ends.size() ? spec_.chunk_ends[chunk] : std::numeric_limits<int64_t>::min() + 1;
  return end == kUnknown ? kUnknown : end - 1;
}

Status ScanWork::ListChunk(ScanStats& stats) {
  while (true) {
    ASSIGN_OR_RETURN(std::optional<ScanUnit> unit, TakeAny(stats));
    if (!unit.has_value()) break;
    sorted_.push_back(*std::move(unit));
  }
  // Unknown times may be anything: they come first.
  std::stable_sort(sorted_.begin(), sorted_.end(), [](const ScanUnit& left, const ScanUnit& right) {
    return left.newest.value_or(INT64_MAX) < right.newest.value_or(INT64_MAX);
  });
  return OkStatus();
}

StatusOr<std::optional<ScanUnit>> ScanWork::Take(ScanStats& stats) {
  MutexLock lock(mutex_);
  if (spec_.order == ScanOrder::kAny) return TakeAny(stats);
  while (true) {
    while (!listed_all_ && (sorted_.empty() || (sorted_.back().newest.has_value() && NewestOf(chunk_) >= *sorted_.back().newest))) {
      listed_all_ = NewestOf(chunk_) < time_floor_.load();
      if (!listed_all_) RETURN_IF_ERROR(ListChunk(stats));
    }
    if (sorted_.empty()) return std::optional<ScanUnit>();
    ScanUnit unit = std::move(sorted_.back());
    sorted_.pop_back();
    if (!unit.newest.has_value() || *unit.newest >= time_floor_.load()) return std::optional<ScanUnit>(std::move(unit));
    stats.blocks_skipped += std::max<size_t>(1, spec_.columns.size());
  }
}

std::optional<int64_t> ScanWork::NewestRemaining() {
  MutexLock lock(mutex_);
  if (spec_.order != ScanOrder::kNewestFirst) return std::nullopt;
  int64_t newest = listed_all_ ? INT64_MIN : NewestOf(chunk_);
  if (!sorted_.empty()) {
    if (!sorted_.back().newest.has_value()) return std::nullopt;
    newest = std::max(newest, *sorted_.back().newest);
  }
  return newest;
}

void ScanWork::RaiseTimeFloor(int64_t floor) {
  int64_t now = time_floor_.load();
  while (floor > now && !time_floor_.compare_exchange_weak(now, floor)) {
  }
}

}  // namespace tsd::engine
