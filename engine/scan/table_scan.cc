#include "engine/scan/table_scan.h"

#include <algorithm>
#include <optional>

#include "engine/base/strings.h"

namespace tsd::engine {
namespace {

/// One run of rows of a source, its hidden columns read only when a filter needs them.
struct RowFilterInput {
  size_t rows = 0;
  uint64_t min_row_id = 0, max_row_id = 0;
  bool some_too_new = false;  // commit timestamps have to be looked at
  const std::vector<RowRange>* hidden = nullptr;
};

class TableScanImpl final : public TableScan {
 public:
  TableScanImpl(ScanSpec spec, std::vector<ChunkView> views) : spec_(std::move(spec)), views_(std::move(views)) {
    for (ColumnId id : spec_.columns) columns_.push_back(spec_.schema->Find(id));
  }

  StatusOr<ColumnBatch> Next() override {
    while (true) {
      if (pending_begin_ < pending_.rows()) return HandOut();
      ASSIGN_OR_RETURN(const bool more, Fill());
      if (!more) return EmptyBatch();
    }
  }
  const ScanStats& stats() const override { return stats_; }

 private:
  enum class Stage : uint8_t { kStart, kFiles, kOwnFiles, kBlocks, kOwnBlocks, kEnd };

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

  /// Reads the next run of rows into pending_ (perhaps none of them visible); false at the end.
  StatusOr<bool> Fill() {
    pending_ = ColumnBatch();
    pending_begin_ = 0;
    if (view_ >= views_.size()) return false;
    ChunkView& view = views_[view_];
    switch (stage_) {
      case Stage::kStart:
        ++stats_.chunks;
        deleted_ = DeletedRows(view.deletes, spec_.snapshot.read_timestamp, std::move(view.own_deletes));
        Enter(Stage::kFiles);
        return true;
      case Stage::kFiles:
        if (source_ >= view.files.size()) return Enter(Stage::kOwnFiles);
        return FillFromFile(*view.files[source_].file, view.files[source_].max_commit > spec_.snapshot.read_timestamp, nullptr);
      case Stage::kOwnFiles:
        if (source_ >= view.own_files.size()) return Enter(Stage::kBlocks);
        return FillFromFile(*view.own_files[source_].file, false, &view.own_files[source_].hidden);
      case Stage::kBlocks:
        if (source_ >= view.blocks.size()) return Enter(Stage::kOwnBlocks);
        return FillFromBlock(*view.blocks[source_].block, view.blocks[source_].max_commit > spec_.snapshot.read_timestamp);
      case Stage::kOwnBlocks:
        if (source_ >= view.own_blocks.size()) return Enter(Stage::kEnd);
        return FillFromBlock(*view.own_blocks[source_], false);
      case Stage::kEnd:
        view = ChunkView();  // lets go of files that are not needed any more
        ++view_;
        return Enter(Stage::kStart);
    }
    return false;
  }

  bool Enter(Stage stage) {
    stage_ = stage;
    source_ = 0;
    group_ = 0;
    return true;
  }

  StatusOr<bool> FillFromFile(const ChunkFile& file, bool some_too_new, const std::vector<RowRange>* hidden) {
    const ChunkReader& reader = file.reader();
    if (group_ == 0 && reader.CanSkipFile(spec_.predicate)) {
      stats_.blocks_skipped += reader.row_group_count() * std::max<size_t>(1, columns_.size());
      ++source_;
      return true;
    }
    if (group_ >= reader.row_group_count()) {
      ++source_;
      group_ = 0;
      return true;
    }
    const size_t group = group_++;
    if (reader.CanSkip(group, spec_.predicate)) {
      stats_.blocks_skipped += std::max<size_t>(1, columns_.size());
      return true;
    }
    RowFilterInput input;
    input.rows = reader.rows_in(group);
    input.hidden = hidden;
    input.some_too_new = some_too_new;
    input.min_row_id = file.meta().min_row_id;
    input.max_row_id = file.meta().max_row_id;
    if (const ColumnStats* ids = reader.BlockStats(group, kRowIdColumn); ids != nullptr && ids->has_bounds) {
      input.min_row_id = static_cast<uint64_t>(ids->min.AsInteger());
      input.max_row_id = static_cast<uint64_t>(ids->max.AsInteger());
    }
    if (some_too_new) {
      const ColumnStats* commits = reader.BlockStats(group, kCommitColumn);
      if (commits != nullptr && commits->has_bounds) {
        if (Timestamp(static_cast<uint64_t>(commits->min.AsInteger())) > spec_.snapshot.read_timestamp) return true;
        input.some_too_new = Timestamp(static_cast<uint64_t>(commits->max.AsInteger())) > spec_.snapshot.read_timestamp;
      }
    }
    VectorPtr row_ids, commits;
    if (NeedsRowIds(input)) {
      ASSIGN_OR_RETURN(row_ids, ReadColumn(reader, group, kRowIdColumn));
    }
    if (input.some_too_new) {
      ASSIGN_OR_RETURN(commits, ReadColumn(reader, group, kCommitColumn));
    }
    bool all = false;
    const std::vector<uint32_t> selected = Select(input, row_ids.get(), commits.get(), &all);
    if (!all && selected.empty()) return true;
    ColumnBatch batch(input.rows);
    for (const ColumnSchema* column : columns_) {
      ASSIGN_OR_RETURN(VectorPtr values, ReadColumn(reader, group, column->id));
      if (values == nullptr) {
        values = MissingColumn(*column, input.rows);
      } else {
        ASSIGN_OR_RETURN(values, Relabel(std::move(values), column->type));
      }
      batch.Add(std::move(values));
    }
    if (spec_.with_row_ids) AddRowIds(batch, row_ids);
    pending_ = all ? std::move(batch) : batch.Gather(selected);
    return true;
  }

  StatusOr<VectorPtr> ReadColumn(const ChunkReader& reader, size_t group, ColumnId column) {
    ASSIGN_OR_RETURN(VectorPtr values, reader.ReadColumn(group, column));
    if (values == nullptr) {
      if (column == kRowIdColumn || column == kCommitColumn) {
        return Error(sqlstate::kDataCorrupted, StrCat("chunk file \"", reader.path(), "\" lacks a hidden column"));
      }
      return values;
    }
    ++stats_.blocks_read;
    stats_.bytes_read += reader.BlockBytes(group, column);
    return values;
  }

  StatusOr<bool> FillFromBlock(const RowBlock& block, bool some_too_new) {
    ++source_;
    RowFilterInput input;
    input.rows = block.row_count();
    input.some_too_new = some_too_new;
    if (block.row_ids == nullptr) {
      input.min_row_id = block.first_row_id;
      input.max_row_id = block.first_row_id + input.rows - 1;
    } else {
      input.max_row_id = UINT64_MAX;
    }
    VectorPtr row_ids;
    if (NeedsRowIds(input)) row_ids = block.RowIdColumn();
    bool all = false;
    const std::vector<uint32_t> selected = Select(input, row_ids.get(), block.commits.get(), &all);
    if (!all && selected.empty()) return true;
    ColumnBatch batch(input.rows);
    for (const ColumnSchema* column : columns_) {
      ASSIGN_OR_RETURN(VectorPtr values, ColumnFor(block, *column));
      batch.Add(std::move(values));
    }
    if (spec_.with_row_ids) AddRowIds(batch, row_ids);
    pending_ = all ? std::move(batch) : batch.Gather(selected);
    return true;
  }

  bool MayBeDeleted(const RowFilterInput& input) const { return deleted_.AnyIn(input.min_row_id, input.max_row_id); }
  bool NeedsRowIds(const RowFilterInput& input) const {
    return spec_.with_row_ids || (input.hidden != nullptr && !input.hidden->empty()) || MayBeDeleted(input);
  }

  /// The visible rows; `*all` if that is every row (then the list is empty).
  std::vector<uint32_t> Select(const RowFilterInput& input, const Vector* row_ids, const Vector* commits, bool* all) const {
    const bool check_deleted = MayBeDeleted(input);
    const bool check_hidden = input.hidden != nullptr && !input.hidden->empty();
    std::vector<uint32_t> selected;
    if (!input.some_too_new && !check_deleted && !check_hidden) {
      *all = true;
      return selected;
    }
    selected.reserve(input.rows);
    for (size_t row = 0; row < input.rows; ++row) {
      if (input.some_too_new &&
          (commits == nullptr || static_cast<uint64_t>(commits->Get<int64_t>(row)) > spec_.snapshot.read_timestamp.value())) {
        continue;
      }
      if (check_deleted && deleted_.Contains(static_cast<uint64_t>(row_ids->Get<int64_t>(row)))) continue;
      if (check_hidden && IsHidden(*input.hidden, static_cast<uint64_t>(row_ids->Get<int64_t>(row)))) continue;
      selected.push_back(static_cast<uint32_t>(row));
    }
    *all = selected.size() == input.rows;
    return selected;
  }

  static bool IsHidden(const std::vector<RowRange>& hidden, uint64_t row_id) {
    return std::any_of(hidden.begin(), hidden.end(),
                       [row_id](const RowRange& range) { return row_id >= range.first_row_id && row_id - range.first_row_id < range.count; });
  }

  void AddRowIds(ColumnBatch& batch, const VectorPtr& row_ids) const {
    batch.Add(RepeatedInt64(views_[view_].chunk.value(), batch.rows()));
    batch.Add(row_ids);
  }

  const ScanSpec spec_;
  std::vector<ChunkView> views_;
  std::vector<const ColumnSchema*> columns_;
  ScanStats stats_;
  DeletedRows deleted_;
  ColumnBatch pending_;
  size_t pending_begin_ = 0;
  size_t view_ = 0;
  Stage stage_ = Stage::kStart;
  size_t source_ = 0;
  size_t group_ = 0;
};

}  // namespace

std::unique_ptr<TableScan> NewTableScan(ScanSpec spec, std::vector<ChunkView> views) {
  return std::make_unique<TableScanImpl>(std::move(spec), std::move(views));
}

}  // namespace tsd::engine
