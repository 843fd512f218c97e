#pragma once
// ScanWork: the row groups and blocks a scan has still to read, handed out one at a time to the scans that share them. Thread-safe (a lock
// held while one is looked for). What cannot hold a wanted row is passed over here.
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/store/chunk_view.h"
#include "engine/store/reader.h"

namespace tsd::engine {

/// A chunk's view while it is read, with its visible delete marks.
struct OpenView {
  ChunkView view;
  DeletedRows deleted;
};

/// A row group of a file, or a block in memory.
struct ScanUnit {
  std::shared_ptr<const OpenView> view;
  // Of a file:
  std::shared_ptr<const ChunkReader> reader;
  size_t group = 0;
  std::vector<uint32_t> last_rows_of;  // not empty: of these groups instead, the last rows of segments only; every row of them is visible
  const FileMeta* meta = nullptr;
  bool sees_all = false;           // the snapshot sees every row of the file
  const std::vector<RowRange>* hidden = nullptr;  // of an own file
  bool count_only = false;  // all of the file, every row visible and wanted, no column: no reader, meta->rows is the answer
  // In memory:
  const RowBlock* block = nullptr;
  // Either:
  bool some_too_new = false;       // commit timestamps have to be looked at
  std::optional<int64_t> newest;   // no row has a greater time; empty: unknown
};

/// The views of a scan's chunks, some at a time: a scan of very many that ends early has not asked for all.
class ViewSource {
 public:
  virtual ~ViewSource() = default;
  /// The next ones; none at the end. Not called by two threads at once.
  virtual StatusOr<std::vector<ChunkView>> Next() = 0;
};

class ScanWork {
 public:
  ScanWork(ScanSpec spec, std::unique_ptr<ViewSource> source);

  /// Takes the first views.
  Status Open();

  const ScanSpec& spec() const { return spec_; }
  /// The schema's first order_by column; null if there is none of an integer layout.
  const ColumnSchema* time_column() const { return time_; }
  /// The next unit; empty at the end. Adds what it passed over to `stats`.
  StatusOr<std::optional<ScanUnit>> Take(ScanStats& stats);
  std::optional<int64_t> NewestRemaining();
  void RaiseTimeFloor(int64_t floor);

 private:
  enum class Stage : uint8_t { kStart, kFiles, kOwnFiles, kBlocks, kOwnBlocks, kEnd };

  /// Of the chunk at hand or the next ones; kNewestFirst: of chunk_, empty at its end.
  StatusOr<std::optional<ScanUnit>> TakeAny(ScanStats& stats) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StatusOr<std::optional<ScanUnit>> NextOfFile(const ChunkFile& file, bool some_too_new, const std::vector<RowRange>* hidden, ScanStats& stats)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// No row of the chunk has a greater time.
  int64_t NewestOf(size_t chunk) const;
  /// Puts the units of chunk_ among the sorted ones.
  Status ListChunk(ScanStats& stats) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ScanUnit BlockUnit(const RowBlock& block, bool some_too_new) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Enter(Stage stage) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Whether the snapshot sees every row of the file, as far as can be said without opening it.
  bool SeesAll(const ChunkFile& file, bool some_too_new, const std::vector<RowRange>* hidden) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool CountsOnly() const;
  /// The groups of reader_ from group_ on that may hold a last row.
  std::vector<uint32_t> TakeGroupsWithLastRows(ScanStats& stats) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FindNewest(ScanUnit& unit) const;

  const ScanSpec spec_;
  const ColumnSchema* time_ = nullptr;
  std::atomic<int64_t> time_floor_{INT64_MIN};
  Mutex mutex_;
  const std::unique_ptr<ViewSource> more_views_;
  std::vector<ChunkView> views_ ABSL_GUARDED_BY(mutex_);
  size_t view_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const OpenView> open_ ABSL_GUARDED_BY(mutex_);
  Stage stage_ ABSL_GUARDED_BY(mutex_) = Stage::kStart;
  size_t source_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t group_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const ChunkReader> reader_ ABSL_GUARDED_BY(mutex_);  // of the file being gone through
  bool sees_all_ ABSL_GUARDED_BY(mutex_) = false;                      // every row of that file
  bool last_rows_only_ ABSL_GUARDED_BY(mutex_) = false;                // of that file: only these are wanted, and can be told
  size_t chunk_ ABSL_GUARDED_BY(mutex_) = 0;                           // of spec_, that view_ is of
  std::vector<ScanUnit> sorted_ ABSL_GUARDED_BY(mutex_);               // kNewestFirst: of the chunks before chunk_, the newest last
  bool listed_all_ ABSL_GUARDED_BY(mutex_) = false;                    // there are no more chunks, or none that matters
};

}  // namespace tsd::engine
