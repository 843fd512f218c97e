#pragma once
// What sql/ may see of a store: opening scans at a snapshot.
//
// Batches of a scan carry hints (Vector::IsUniform, IsAscending): within a row group of one segment the segment columns are uniform and
// the time ascends, so aggregates over (segment, time bucket) need no hash a row.
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/status.h"
#include "engine/base/task.h"
#include "engine/scan/predicate.h"
#include "engine/scan/row_runs.h"
#include "engine/types/column_batch.h"
#include "engine/types/schema.h"

namespace tsd::engine {

/// A read view. A scan sees the transactions with commit timestamp <= read_timestamp, and own's staged writes below `own_level`.
struct Snapshot {
  Timestamp read_timestamp;
  TxnId own;  // invalid = none
  /// Writes of `own` staged at a level >= this are not seen: a statement does not see its own effects. Levels count statements.
  uint32_t own_level = UINT32_MAX;
};

struct ScanStats {
  uint64_t rows_read = 0;        // rows handed out, or told of by runs
  uint64_t blocks_read = 0;
  uint64_t blocks_skipped = 0;
  uint64_t bytes_read = 0;       // encoded bytes decoded
  uint64_t blocks_summarised = 0;  // answered from their summaries
  uint64_t chunks = 0;
};

enum class ScanOrder : uint8_t {
  kAny,
  /// Runs of rows come by their newest time (the schema's first order_by column), newest first; rows within a run as they lie.
  /// TableScan::NewestRemaining says when enough was seen.
  kNewestFirst,
};

enum class RowChoice : uint8_t {
  kAll,
  /// Rows that are certainly not the last (by order_by) of their segment may be left out: for last values and last points a segment.
  /// The rows handed out still hold every segment's last row that satisfies the predicate, and maybe some that do not.
  kLastOfSegment,
};

struct ScanSpec {
  TableSchemaPtr schema;
  std::vector<ChunkId> chunks;     // visited in this order; an unknown chunk is an empty one
  std::vector<ColumnId> columns;   // output columns, in this order
  bool with_row_ids = false;       // appends two int64 columns: chunk id, row id (for DELETE and UPDATE)
  /// Conditions are applied to rows where that is cheap; the executor applies its exact filter again.
  ScanPredicate predicate;
  Snapshot snapshot;
  ScanOrder order = ScanOrder::kAny;
  /// kNewestFirst: of each chunk, a time that all its rows are below; descending. Chunks are then opened as their rows' turn comes. Empty: not known.
  std::vector<int64_t> chunk_ends;
  RowChoice choice = RowChoice::kAll;
};

/// Rows, or runs of rows that all satisfy the predicate exactly (of columns of the scan's own type only).
struct ScanPart {
  ColumnBatch rows;  // empty where there are runs
  std::optional<RowRuns> runs;
  bool AtEnd() const { return rows.empty() && !runs.has_value(); }
};

/// One thread at a time. Holds what it reads alive (files stay until it is destroyed).
class TableScan {
 public:
  virtual ~TableScan() = default;
  /// The next rows, at most kDefaultBatchRows; an empty batch at the end. XX001 names file and offset of damage.
  virtual StatusOr<ColumnBatch> Next() = 0;
  /// The same, with runs instead of rows where the scan can tell them.
  virtual StatusOr<ScanPart> NextPart(const RunRequest& /*request*/) {
    ASSIGN_OR_RETURN(ColumnBatch rows, Next());
    return ScanPart{std::move(rows), std::nullopt};
  }
  /// kNewestFirst: no row still to come has a greater time (NULL times aside, which come first). Empty: nothing is known.
  virtual std::optional<int64_t> NewestRemaining() const { return std::nullopt; }
  /// From now on rows with a time below `floor` are not wanted; some may still come. For top-n, as its n-th row becomes known.
  virtual void RaiseTimeFloor(int64_t /*floor*/) {}
  virtual const ScanStats& stats() const = 0;
};

/// Thread-safe.
class StoreReader {
 public:
  virtual ~StoreReader() = default;
  /// Must have ended with OK before OpenScan with the same snapshot: from then on no transaction with a commit timestamp <= read_timestamp
  /// can appear in these chunks that the scan would not see. Waits for undecided transactions; `timeout` -> 57014-like error kLockNotAvailable
  /// naming the transaction.
  virtual Future<Status> AwaitReadable(std::vector<ChunkId> chunks, Snapshot snapshot, absl::Duration timeout) = 0;
  virtual StatusOr<std::unique_ptr<TableScan>> OpenScan(ScanSpec spec) = 0;
  /// At most `parts` scans, for as many threads, that share the rows of one scan: each takes the next row group when it is ready for one.
  virtual StatusOr<std::vector<std::unique_ptr<TableScan>>> OpenScans(ScanSpec spec, size_t /*parts*/) {
    std::vector<std::unique_ptr<TableScan>> scans(1);
    ASSIGN_OR_RETURN(scans[0], OpenScan(std::move(spec)));
    return scans;
  }
};

}  // namespace tsd::engine
