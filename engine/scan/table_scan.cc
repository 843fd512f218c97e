#include "engine/scan/table_scan.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "engine/base/strings.h"
#include "engine/scan/last_rows.h"
#include "engine/scan/row_filter.h"
#include "engine/scan/run_reader.h"
#include "engine/scan/scan_work.h"
#include "engine/scan/visible_rows.h"

namespace tsd::engine {
namespace {

/// The rows that are kept: all, none, one run, or a list.
struct Selection {
  enum class Kind : uint8_t { kAll, kNone, kRun, kList } kind = Kind::kAll;
  size_t begin = 0, end = 0;
  std::vector<uint32_t> rows;

  static Selection Of(const std::vector<uint8_t>& keep) {
    Selection result;
    const size_t count = keep.size();
    while (result.begin < count && keep[result.begin] == 0) ++result.begin;
    result.end = count;
    while (result.end > result.begin && keep[result.end - 1] == 0) --result.end;
    if (result.begin == result.end) {
      result.kind = Kind::kNone;
      return result;
    }
    size_t kept = 0;
    for (size_t row = result.begin; row < result.end; ++row) kept += keep[row] != 0;
    if (kept == result.end - result.begin) {
      result.kind = kept == count ? Kind::kAll : Kind::kRun;
      return result;
    }
    result.kind = Kind::kList;
    result.rows.resize(kept + 1);
    size_t at = 0;
    for (size_t row = result.begin; row < result.end; ++row) {
      result.rows[at] = static_cast<uint32_t>(row);
      at += keep[row] != 0;
    }
    result.rows.resize(kept);
    return result;
  }

  VectorPtr Apply(const VectorPtr& column) const {
    if (kind == Kind::kAll) return column;
    return kind == Kind::kRun ? Vector::Slice(column, begin, end) : Vector::Gather(column, rows);
  }
  size_t Count(size_t all) const { return kind == Kind::kAll ? all : kind == Kind::kRun ? end - begin : rows.size(); }
};

class TableScanImpl final : public TableScan {
 public:
  explicit TableScanImpl(std::shared_ptr<ScanWork> work) : work_(std::move(work)), spec_(work_->spec()) {
    for (ColumnId id : spec_.columns) columns_.push_back(spec_.schema->Find(id));
  }

  StatusOr<ColumnBatch> Next() override {
    while (true) {
      if (pending_begin_ < pending_.rows()) return HandOut();
      ASSIGN_OR_RETURN(const bool more, Fill(nullptr));
      if (!more) return EmptyBatch();
    }
  }

  StatusOr<ScanPart> NextPart(const RunRequest& request) override {
    while (true) {
      if (pending_begin_ < pending_.rows()) return ScanPart{HandOut(), std::nullopt};
      RunAnswer answer{&request, std::nullopt};
      ASSIGN_OR_RETURN(const bool more, Fill(&answer));
      if (answer.runs.has_value() && answer.runs->rows.empty()) continue;
      if (answer.runs.has_value()) {
        stats_.rows_read = std::accumulate(answer.runs->rows.begin(), answer.runs->rows.end(), stats_.rows_read);
        return ScanPart{ColumnBatch(), std::move(answer.runs)};
      }
      if (!more) return ScanPart{EmptyBatch(), std::nullopt};
    }
  }

  std::optional<int64_t> NewestRemaining() const override {
    const std::optional<int64_t> rest = work_->NewestRemaining();
    if (pending_begin_ >= pending_.rows() && gathered_rows_ == 0) return rest;
    return rest.has_value() && pending_newest_.has_value() ? std::optional<int64_t>(std::max(*rest, *pending_newest_)) : std::nullopt;
  }
  void RaiseTimeFloor(int64_t floor) override { work_->RaiseTimeFloor(floor); }
  const ScanStats& stats() const override { return stats_; }

 private:
  ColumnBatch HandOut() {
    const size_t begin = pending_begin_;
    const size_t end = std::min(pending_.rows(), begin + kDefaultBatchRows);
    pending_begin_ = end;
    stats_.rows_read += end - begin;
    if (begin == 0 && end == pending_.rows()) return std::move(pending_);
    return pending_.Slice(begin, end);
  }

  ColumnBatch EmptyBatch() const {
    ColumnBatch batch;
    for (const ColumnSchema* column : columns_) batch.Add(std::make_shared<Vector>(column->type));
    for (int i = 0; i < (spec_.with_row_ids ? 2 : 0); ++i) batch.Add(std::make_shared<Vector>(DataType(TypeId::kInt64)));
    return batch;
  }

  struct RunAnswer {
    const RunRequest* request;
    std::optional<RowRuns> runs;
  };

  /// Reads the next unit into pending_ (perhaps none of its rows) or answers it by runs, if they are asked for; false at the end.
  StatusOr<bool> Fill(RunAnswer* answer) {
    pending_ = ColumnBatch();
    pending_begin_ = 0;
    ASSIGN_OR_RETURN(std::optional<ScanUnit> unit, work_->Take(stats_));
    if (!unit.has_value()) {
      if (gathered_rows_ == 0) return false;
      FlushGathered();
      return true;
    }
    if (unit->count_only) {
      const uint64_t rows = unit->meta->rows;
      if (answer == nullptr || !answer->request->keys.empty() || rows > UINT32_MAX) {
        pending_ = ColumnBatch(rows);
      } else {
        RowRuns& runs = answer->runs.emplace();
        runs.keys.SetRows(1);
        runs.rows.push_back(static_cast<uint32_t>(rows));
      }
      return true;
    }
    if (!unit->last_rows_of.empty()) {
      const std::vector<uint32_t> groups = std::move(unit->last_rows_of);
      RETURN_IF_ERROR(ReadLastRows(*unit, groups));
      return true;
    }
    pending_newest_ = unit->newest;
    const VisibleRows visible(*unit, spec_.snapshot);
    if (visible.none()) return true;
    if (unit->block != nullptr) {
      RETURN_IF_ERROR(ReadBlock(*unit, visible));
      return true;
    }
    if (answer != nullptr && visible.all() && GivesRuns()) {
      ASSIGN_OR_RETURN(answer->runs, ReadRuns(*unit, spec_, *answer->request, code_filter_, stats_));
      if (answer->runs.has_value()) return true;
    }
    if (visible.all() && LastRowsKnown(*unit->reader, spec_, work_->time_column())) {
      const uint32_t group = static_cast<uint32_t>(unit->group);
      RETURN_IF_ERROR(ReadLastRows(*unit, {&group, 1}));
    } else {
      RETURN_IF_ERROR(ReadGroup(*unit, visible));
    }
    return true;
  }

  bool GivesRuns() const { return !spec_.with_row_ids && spec_.choice == RowChoice::kAll && spec_.order == ScanOrder::kAny; }

  Status ReadGroup(const ScanUnit& unit, const VisibleRows& visible) {
    const size_t rows = unit.reader->rows_in(unit.group);
    VectorPtr row_ids, commits;
    if (spec_.with_row_ids || visible.needs_row_ids()) {
      ASSIGN_OR_RETURN(row_ids, ReadColumn(unit, kRowIdColumn));
    }
    if (visible.needs_commits()) {
      ASSIGN_OR_RETURN(commits, ReadColumn(unit, kCommitColumn));
    }
    Selection selection;
    std::vector<std::pair<ColumnId, VectorPtr>> read;  // by the conditions
    const bool filters = FiltersRows(unit);
    if (filters || !visible.all()) {
      std::vector<uint8_t> keep(rows, 1);
      if (!visible.all()) visible.Filter(row_ids.get(), commits.get(), keep);
      if (filters) RETURN_IF_ERROR(FilterGroup(unit, keep, read));
      selection = Selection::Of(keep);
      if (selection.kind == Selection::Kind::kNone) {
        stats_.blocks_skipped += columns_.size() - std::min(columns_.size(), read.size());
        return OkStatus();
      }
    }
    ColumnBatch batch(selection.Count(rows));
    for (const ColumnSchema* column : columns_) {
      VectorPtr values;
      for (const auto& [id, vector] : read) {
        if (id == column->id) values = vector;
      }
      if (values == nullptr) {
        ASSIGN_OR_RETURN(values, ReadColumn(unit, column->id));
      }
      if (values == nullptr) {
        batch.Add(MissingColumn(*column, batch.rows()));
        continue;
      }
      ASSIGN_OR_RETURN(values, Relabel(std::move(values), column->type));
      batch.Add(selection.Apply(values));
    }
    if (spec_.with_row_ids) AddRowIds(unit, batch, selection.Apply(row_ids));
    pending_ = std::move(batch);
    return OkStatus();
  }

  bool UsableIn(const ScanUnit& unit, const ColumnCondition& condition) const {
    const BlockSummaries* summaries = unit.reader->Summaries(condition.column);
    return summaries != nullptr && CanFilter(summaries->lows().type(), condition);
  }
  bool FiltersRows(const ScanUnit& unit) const {
    return std::any_of(spec_.predicate.conditions.begin(), spec_.predicate.conditions.end(),
                       [&](const ColumnCondition& condition) { return UsableIn(unit, condition); });
  }

  /// Checks the conditions, one column after the other, until no row is left.
  Status FilterGroup(const ScanUnit& unit, std::vector<uint8_t>& keep, std::vector<std::pair<ColumnId, VectorPtr>>& read) {
    for (const ColumnCondition& condition : spec_.predicate.conditions) {
      if (!UsableIn(unit, condition)) continue;
      if (unit.reader->MustMatch(unit.group, condition)) continue;
      VectorPtr values;
      for (const auto& [id, vector] : read) {
        if (id == condition.column) values = vector;
      }
      bool tested = false;
      if (values == nullptr && CodeFilter::MayApply(unit.reader->Summaries(condition.column)->lows().type(), condition)) {
        ASSIGN_OR_RETURN(tested, code_filter_.Filter(*unit.reader, unit.group, condition, keep));
        if (tested) NoteRead(unit, condition.column);
      }
      if (values == nullptr && !tested) {
        ASSIGN_OR_RETURN(values, ReadColumn(unit, condition.column));
        read.emplace_back(condition.column, values);
      }
      if (!tested) FilterRows(*values, condition, keep);
      if (std::find(keep.begin(), keep.end(), 1) == keep.end()) return OkStatus();
    }
    return OkStatus();
  }

  /// Gathers the last rows of segments in some groups of a file: from the summaries where one is its group's last, from the file's extra row
  /// group of them where it has one.
  Status ReadLastRows(ScanUnit& unit, std::span<const uint32_t> groups) {
    const std::vector<const BlockSummaries*> summaries = LastRowSummaries(*unit.reader, columns_);
    const auto known = [&](uint32_t group) {
      return !summaries.empty() && std::all_of(summaries.begin(), summaries.end(), [group](const BlockSummaries* own) { return own->HasEdges(group); });
    };
    std::vector<uint32_t> summarised, kept;
    for (uint32_t group : groups) {
      unit.group = group;
      ASSIGN_OR_RETURN(const std::vector<uint32_t> rows, LastRows(unit));
      const uint32_t end = unit.reader->rows_in(group) - 1;
      const bool has_end = !rows.empty() && rows.back() == end;
      // What follows in the next group may be deleted, or too new.
      const bool wants_end = !unit.sees_all && !has_end;
      if (wants_end && known(group)) {
        summarised.push_back(group);
      } else if (wants_end) {
        RETURN_IF_ERROR(GatherRows(unit, {end}));
      }
      if (rows.empty()) {
        stats_.blocks_skipped += wants_end ? 0 : std::max<size_t>(1, columns_.size());
      } else if (rows.size() == 1 && has_end && known(group)) {
        summarised.push_back(group);
      } else if (const std::optional<uint32_t> first = unit.reader->FirstLastRow(group); first.has_value()) {
        for (size_t i = 0; i < rows.size(); ++i) kept.push_back(*first + static_cast<uint32_t>(i));
      } else {
        RETURN_IF_ERROR(GatherRows(unit, rows));
      }
    }
    if (!summarised.empty()) {
      for (size_t i = 0; i < columns_.size(); ++i) GatheredColumn(i).AppendSelected(summaries[i]->lasts(), summarised);
      gathered_rows_ += summarised.size();
      stats_.blocks_summarised += summarised.size() * std::max<size_t>(1, columns_.size());
    }
    if (!kept.empty()) {
      unit.group = unit.reader->row_group_count();
      RETURN_IF_ERROR(GatherRows(unit, kept));
    }
    // Few rows of many files are handed out together.
    if (gathered_rows_ >= kDefaultBatchRows || (gathered_rows_ > 0 && spec_.order == ScanOrder::kNewestFirst)) FlushGathered();
    return OkStatus();
  }

  Status GatherRows(const ScanUnit& unit, const std::vector<uint32_t>& rows) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      ASSIGN_OR_RETURN(VectorPtr values, ReadColumn(unit, columns_[i]->id));
      if (values == nullptr) {
        const VectorPtr missing = Vector::Flatten(MissingColumn(*columns_[i], rows.size()));
        GatheredColumn(i).AppendRange(*missing, 0, rows.size());
        continue;
      }
      ASSIGN_OR_RETURN(values, Relabel(std::move(values), columns_[i]->type));
      GatheredColumn(i).AppendSelected(*Vector::Flatten(values), rows);
    }
    gathered_rows_ += rows.size();
    return OkStatus();
  }

  Vector& GatheredColumn(size_t column) {
    if (gathered_.empty()) {
      for (const ColumnSchema* each : columns_) gathered_.push_back(std::make_shared<Vector>(each->type));
    }
    return *gathered_[column];
  }

  void FlushGathered() {
    pending_ = ColumnBatch(std::vector<VectorPtr>(gathered_.begin(), gathered_.end()), gathered_rows_);
    gathered_.clear();
    gathered_rows_ = 0;
  }

  /// Null if the file has no such column. Marks what the footer knows of it.
  StatusOr<VectorPtr> ReadColumn(const ScanUnit& unit, ColumnId column) {
    ASSIGN_OR_RETURN(VectorPtr values, unit.reader->ReadColumn(unit.group, column));
    if (values == nullptr) {
      if (column == kRowIdColumn || column == kCommitColumn) {
        return Error(sqlstate::kDataCorrupted, StrCat("chunk file \"", unit.reader->path(), "\" lacks a hidden column"));
      }
      return values;
    }
    NoteRead(unit, column);
    return values;
  }
  void NoteRead(const ScanUnit& unit, ColumnId column) {
    ++stats_.blocks_read;
    stats_.bytes_read += unit.reader->BlockBytes(unit.group, column);
  }

  Status ReadBlock(const ScanUnit& unit, const VisibleRows& visible) {
    const RowBlock& block = *unit.block;
    VectorPtr row_ids;
    if (spec_.with_row_ids || visible.needs_row_ids()) row_ids = block.RowIdColumn();
    Selection selection;
    if (!visible.all()) {
      std::vector<uint8_t> keep(block.row_count(), 1);
      visible.Filter(row_ids.get(), block.commits.get(), keep);
      selection = Selection::Of(keep);
      if (selection.kind == Selection::Kind::kNone) return OkStatus();
    }
    ColumnBatch batch(selection.Count(block.row_count()));
    for (const ColumnSchema* column : columns_) {
      ASSIGN_OR_RETURN(const VectorPtr values, ColumnFor(block, *column));
      batch.Add(selection.Apply(values));
    }
    if (spec_.with_row_ids) AddRowIds(unit, batch, selection.Apply(row_ids));
    pending_ = std::move(batch);
    return OkStatus();
  }

  static void AddRowIds(const ScanUnit& unit, ColumnBatch& batch, VectorPtr row_ids) {
    batch.Add(RepeatedInt64(unit.view->view.chunk.value(), batch.rows()));
    batch.Add(std::move(row_ids));
  }

  const std::shared_ptr<ScanWork> work_;
  const ScanSpec& spec_;
  std::vector<const ColumnSchema*> columns_;
  CodeFilter code_filter_;
  ScanStats stats_;
  ColumnBatch pending_;
  size_t pending_begin_ = 0;
  std::optional<int64_t> pending_newest_;
  std::vector<std::shared_ptr<Vector>> gathered_;  // last rows of segments
  size_t gathered_rows_ = 0;
};

class GivenViews final : public ViewSource {
 public:
  explicit GivenViews(std::vector<ChunkView> views) : views_(std::move(views)) {}
  StatusOr<std::vector<ChunkView>> Next() override { return std::exchange(views_, {}); }

 private:
  std::vector<ChunkView> views_;
};

}  // namespace

std::unique_ptr<TableScan> NewTableScan(ScanSpec spec, std::vector<ChunkView> views) {
  return std::move(NewTableScans(std::move(spec), std::make_unique<GivenViews>(std::move(views)), 1)->front());
}

StatusOr<std::vector<std::unique_ptr<TableScan>>> NewTableScans(ScanSpec spec, std::unique_ptr<ViewSource> views, size_t parts) {
  const auto work = std::make_shared<ScanWork>(std::move(spec), std::move(views));
  RETURN_IF_ERROR(work->Open());
  std::vector<std::unique_ptr<TableScan>> scans;
  for (size_t i = 0; i < parts; ++i) scans.push_back(std::make_unique<TableScanImpl>(work));
  return scans;
}

}  // namespace tsd::engine
