#include "engine/store/merge_files.h"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/base/strings.h"
#include "engine/chunk/chunk_writer.h"
#include "engine/store/sort_rows.h"

namespace tsd::engine {
namespace {

/// The rows of one input file in their order, a row group in memory at a time.
class FileCursor {
 public:
  FileCursor(const FileRef& file, const FileMergeInput& input, Timestamp settled, bool with_commits, std::vector<uint64_t>* gone)
      : file_(file), input_(input), settled_(settled), with_commits_(with_commits), gone_(gone) {}

  /// Whether there is a row; loads the next row group where needed.
  StatusOr<bool> Ready() {
    while (row_ >= batch_.rows()) {
      if (reader_ == nullptr) {
        ASSIGN_OR_RETURN(reader_, file_.file->Reader());
      }
      if (group_ >= reader_->row_group_count()) return false;
      RETURN_IF_ERROR(Load(group_++));
    }
    return true;
  }
  const ColumnBatch& batch() const { return batch_; }
  size_t row() const { return row_; }
  size_t end() const { return batch_.rows(); }
  bool one_segment() const { return one_segment_; }
  void Advance(size_t row) { row_ = row; }
  size_t raw_bytes() const { return raw_bytes_; }

 private:
  Status Load(size_t group) {
    const ChunkReader& reader = *reader_;
    ColumnBatch rows(reader.rows_in(group));
    for (const ColumnSchema& column : input_.schema->columns) {
      ASSIGN_OR_RETURN(VectorPtr values, reader.ReadColumn(group, column.id));
      if (values == nullptr) values = MissingColumn(column, rows.rows());
      ASSIGN_OR_RETURN(values, Relabel(std::move(values), column.type));
      rows.Add(std::move(values));
    }
    ASSIGN_OR_RETURN(const VectorPtr row_ids, reader.ReadColumn(group, kRowIdColumn));
    rows.Add(row_ids);
    if (with_commits_) {
      VectorPtr commits;
      if (file_.max_commit <= input_.horizon) {
        commits = RepeatedInt64(settled_.value(), rows.rows());
      } else if (reader.HasColumn(kCommitColumn)) {
        ASSIGN_OR_RETURN(commits, reader.ReadColumn(group, kCommitColumn));
      } else {
        commits = RepeatedInt64(file_.max_commit.value(), rows.rows());
      }
      rows.Add(std::move(commits));
    }
    if (!input_.gone_rows->empty()) {
      std::vector<uint32_t> kept;
      for (size_t row = 0; row < rows.rows(); ++row) {
        const uint64_t id = static_cast<uint64_t>(row_ids->Get<int64_t>(row));
        if (input_.gone_rows->Contains(id)) {
          gone_->push_back(id);
        } else {
          kept.push_back(static_cast<uint32_t>(row));
        }
      }
      if (kept.size() < rows.rows()) rows = rows.Gather(kept);
    }
    raw_bytes_ += rows.MemoryBytes();
    one_segment_ = reader.IsOneSegment(group);
    batch_ = std::move(rows);
    row_ = 0;
    return OkStatus();
  }

  const FileRef& file_;
  const FileMergeInput& input_;
  const Timestamp settled_;
  const bool with_commits_;
  std::vector<uint64_t>* const gone_;
  std::shared_ptr<const ChunkReader> reader_;
  ColumnBatch batch_;
  bool one_segment_ = false;
  size_t row_ = 0;
  size_t group_ = 0;
  size_t raw_bytes_ = 0;
};

/// The files may have been sorted under another order than the result's: then their rows are not runs that can be merged.
bool SameOrder(const ChunkOrder& left, const ChunkOrder& right) {
  return left.segment_by == right.segment_by && left.order_by == right.order_by;
}

std::vector<size_t> ColumnsOf(const TableSchema& schema, const std::vector<ColumnId>& ids) {
  std::vector<size_t> result;
  for (ColumnId id : ids) {
    for (size_t i = 0; i < schema.columns.size(); ++i) {
      if (schema.columns[i].id == id) result.push_back(i);
    }
  }
  return result;
}

class Merger {
 public:
  Merger(const FileMergeInput& input, ChunkWriter& writer, FileMeta& meta)
      : writer_(writer),
        meta_(meta),
        segment_(ColumnsOf(*input.schema, OrderOf(*input.schema).segment_by)),
        order_(ColumnsOf(*input.schema, OrderOf(*input.schema).order_by)),
        row_id_column_(input.schema->columns.size()) {}

  Status Run(std::vector<FileCursor> cursors) {
    std::vector<FileCursor*> live;
    for (FileCursor& cursor : cursors) live.push_back(&cursor);
    while (true) {
      RETURN_IF_ERROR(DropFinished(live));
      if (live.empty()) break;
      RETURN_IF_ERROR(TakeSegment(LowestSegment(live)));
    }
    for (const FileCursor& cursor : cursors) meta_.raw_bytes += cursor.raw_bytes();
    return OkStatus();
  }

 private:
  static Status DropFinished(std::vector<FileCursor*>& live) {
    for (size_t i = 0; i < live.size();) {
      ASSIGN_OR_RETURN(const bool ready, live[i]->Ready());
      if (ready) {
        ++i;
      } else {
        live.erase(live.begin() + static_cast<ptrdiff_t>(i));
      }
    }
    return OkStatus();
  }

  /// The cursors that stand in the segment that comes first.
  std::vector<FileCursor*> LowestSegment(const std::vector<FileCursor*>& live) const {
    std::vector<FileCursor*> lowest = {live[0]};
    for (size_t i = 1; i < live.size(); ++i) {
      const int order = CompareKeys(live[i]->batch(), live[i]->row(), lowest[0]->batch(), lowest[0]->row(), segment_);
      if (order < 0) lowest.clear();
      if (order <= 0) lowest.push_back(live[i]);
    }
    return lowest;
  }

  /// All rows of one segment, from the cursors that stand in it.
  Status TakeSegment(std::vector<FileCursor*> cursors) {
    bool begins = true;
    while (!cursors.empty()) {
      size_t first = 0;
      for (size_t i = 1; i < cursors.size(); ++i) {
        if (CompareKeys(cursors[i]->batch(), cursors[i]->row(), cursors[first]->batch(), cursors[first]->row(), order_) < 0) first = i;
      }
      ASSIGN_OR_RETURN(const bool goes_on, TakeRun(*cursors[first], cursors, std::exchange(begins, false)));
      if (!goes_on) cursors.erase(cursors.begin() + static_cast<ptrdiff_t>(first));
    }
    return OkStatus();
  }

  /// Where the segment of the cursor's row ends in its row group.
  size_t SegmentEnd(const FileCursor& cursor) const {
    if (segment_.empty() || cursor.one_segment()) return cursor.end();
    size_t row = cursor.row() + 1;
    while (row < cursor.end() && CompareKeys(cursor.batch(), row, cursor.batch(), cursor.row(), segment_) == 0) ++row;
    return row;
  }

  /// Hands on the cursor's rows that come before those of all others in the segment. Whether it has more rows of the segment.
  StatusOr<bool> TakeRun(FileCursor& cursor, const std::vector<FileCursor*>& others, bool begins) {
    const size_t segment_end = SegmentEnd(cursor);
    size_t end = segment_end;
    for (const FileCursor* other : others) {
      if (other == &cursor) continue;
      // Within the segment rows ascend: the first that must wait for the other file.
      size_t low = cursor.row() + 1;
      while (low < end) {
        const size_t middle = low + (end - low) / 2;
        if (CompareKeys(other->batch(), other->row(), cursor.batch(), middle, order_) < 0) {
          end = middle;
        } else {
          low = middle + 1;
        }
      }
    }
    const uint32_t start = static_cast<uint32_t>(cursor.row());
    RETURN_IF_ERROR(writer_.Append(cursor.batch(), start, end, std::span(&start, begins ? 1 : 0)));
    const Vector& ids = cursor.batch().column(row_id_column_);
    for (size_t row = start; row < end; ++row) {
      const uint64_t id = static_cast<uint64_t>(ids.Get<int64_t>(row));
      meta_.min_row_id = meta_.rows == 0 ? id : std::min(meta_.min_row_id, id);
      meta_.max_row_id = meta_.rows == 0 ? id : std::max(meta_.max_row_id, id);
      ++meta_.rows;
    }
    cursor.Advance(end);
    if (end < segment_end) return true;
    if (end < cursor.end()) return false;
    const ColumnBatch before = cursor.batch();  // the segment may go on in the next row group
    ASSIGN_OR_RETURN(const bool ready, cursor.Ready());
    return ready && CompareKeys(before, end - 1, cursor.batch(), cursor.row(), segment_) == 0;
  }

  ChunkWriter& writer_;
  FileMeta& meta_;
  const std::vector<size_t> segment_;
  const std::vector<size_t> order_;
  const size_t row_id_column_;
};

/// Sorts rows of files of another order, as many at a time as memory allows.
class Sorter {
 public:
  Sorter(const std::shared_ptr<FileSpace>& space, const FileMergeInput& input, bool with_commits)
      : space_(space), input_(input), with_commits_(with_commits) {}

  /// All rows of a file, committed between the two.
  Status Take(FileCursor cursor, Timestamp min_commit, Timestamp max_commit) {
    while (true) {
      ASSIGN_OR_RETURN(const bool ready, cursor.Ready());
      if (!ready) return OkStatus();
      auto block = std::make_shared<RowBlock>();
      block->schema = input_.schema;
      std::vector<VectorPtr> columns = cursor.batch().columns();
      if (with_commits_) {
        block->commits = columns.back();
        columns.pop_back();
      }
      block->row_ids = columns.back();
      columns.pop_back();
      block->rows = ColumnBatch(std::move(columns), cursor.batch().rows());
      block->UpdateBytes();
      bytes_ += block->bytes;
      blocks_.push_back({std::move(block), min_commit, max_commit});
      cursor.Advance(cursor.end());
      if (bytes_ >= kSortBytes) RETURN_IF_ERROR(WriteOut());
    }
  }

  StatusOr<std::vector<FileRef>> Finish() {
    RETURN_IF_ERROR(WriteOut());
    if (!files_.empty()) RETURN_IF_ERROR(space_->env->SyncDirectory(space_->directory));
    return std::exchange(files_, {});
  }

  /// After an error: nobody will know of the files.
  ~Sorter() {
    for (const FileRef& file : files_) file.file->MarkObsolete();
  }

 private:
  Status WriteOut() {
    if (blocks_.empty()) return OkStatus();
    FileRef written{nullptr, kMaxTimestamp, Timestamp(), true};
    for (const CommittedBlock& block : blocks_) {
      written.min_commit = std::min(written.min_commit, block.min_commit);
      written.max_commit = std::max(written.max_commit, block.max_commit);
    }
    ASSIGN_OR_RETURN(written.file, WriteChunkFile(space_, blocks_, CommitTimes::kPerRow));
    files_.push_back(std::move(written));
    blocks_.clear();
    bytes_ = 0;
    return OkStatus();
  }

  const std::shared_ptr<FileSpace>& space_;
  const FileMergeInput& input_;
  const bool with_commits_;
  std::vector<CommittedBlock> blocks_;
  size_t bytes_ = 0;
  std::vector<FileRef> files_;
};

}  // namespace

StatusOr<FileMergeResult> MergeFiles(const std::shared_ptr<FileSpace>& space, const FileMergeInput& input) {
  FileMergeResult result;
  FileRef merged{nullptr, kMaxTimestamp, Timestamp(), true};
  Timestamp settled;  // the latest commit that every snapshot sees
  for (const FileRef& file : input.files) {
    if (file.max_commit <= input.horizon) settled = std::max(settled, file.max_commit);
  }
  for (const FileRef& file : input.files) {
    const bool is_settled = file.max_commit <= input.horizon;
    merged.min_commit = std::min(merged.min_commit, is_settled ? settled : file.min_commit);
    merged.max_commit = std::max(merged.max_commit, is_settled ? settled : file.max_commit);
  }
  const bool with_commits = merged.min_commit != merged.max_commit;
  const ChunkOrder order = OrderOf(*input.schema);
  bool same_order = true;
  std::vector<FileCursor> cursors;
  for (const FileRef& file : input.files) {
    ASSIGN_OR_RETURN(const std::shared_ptr<const ChunkReader> reader, file.file->Reader());
    same_order = same_order && SameOrder(reader->order(), order);
    cursors.emplace_back(file, input, settled, with_commits, &result.gone);
  }
  if (!same_order) {
    Sorter sorter(space, input, with_commits);
    for (size_t i = 0; i < cursors.size(); ++i) {
      const FileRef& file = input.files[i];
      const bool is_settled = file.max_commit <= input.horizon;
      RETURN_IF_ERROR(sorter.Take(std::move(cursors[i]), is_settled ? settled : file.min_commit, is_settled ? settled : file.max_commit));
    }
    ASSIGN_OR_RETURN(result.files, sorter.Finish());
    std::sort(result.gone.begin(), result.gone.end());
    return result;
  }
  FileMeta meta;
  meta.id = space->next_id.fetch_add(1);
  meta.schema_fingerprint = space->schemas.FingerprintOf(input.schema);
  const std::string path = space->ChunkPath(meta.id);
  auto write = [&]() -> Status {
    ChunkWriterOptions options;
    options.rows_per_block = space->rows_per_block;
    options.order = order;
    ASSIGN_OR_RETURN(std::unique_ptr<ChunkWriter> writer,
                     ChunkWriter::Create(*space->env, path, FileColumns(*input.schema, with_commits), std::move(options)));
    RETURN_IF_ERROR(Merger(input, *writer, meta).Run(std::move(cursors)));
    if (meta.rows == 0) return OkStatus();
    ASSIGN_OR_RETURN(const ChunkFileInfo info, writer->Finish());
    meta.bytes = info.bytes;
    return space->env->SyncDirectory(space->directory);
  };
  const Status status = write();
  if (!status.ok() || meta.rows == 0) space->env->DeleteFile(path).IgnoreError();
  RETURN_IF_ERROR(status);
  std::sort(result.gone.begin(), result.gone.end());
  if (meta.rows == 0) return result;
  merged.file = std::make_shared<ChunkFile>(space, meta);
  result.files.push_back(std::move(merged));
  return result;
}

}  // namespace tsd::engine
