#pragma once
// What sql/ may see of a store: opening scans at a snapshot.
#include <memory>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/status.h"
#include "engine/base/task.h"
#include "engine/scan/predicate.h"
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
  uint64_t rows_read = 0;        // rows handed out
  uint64_t blocks_read = 0;
  uint64_t blocks_skipped = 0;
  uint64_t bytes_read = 0;       // encoded bytes decoded
  uint64_t chunks = 0;
};

struct ScanSpec {
  TableSchemaPtr schema;
  std::vector<ChunkId> chunks;     // visited in this order; an unknown chunk is an empty one
  std::vector<ColumnId> columns;   // output columns, in this order
  bool with_row_ids = false;       // appends two int64 columns: chunk id, row id (for DELETE and UPDATE)
  ScanPredicate predicate;
  Snapshot snapshot;
};

/// One thread at a time. Holds what it reads alive (files stay until it is destroyed).
class TableScan {
 public:
  virtual ~TableScan() = default;
  /// The next rows, at most kDefaultBatchRows; an empty batch at the end. XX001 names file and offset of damage.
  virtual StatusOr<ColumnBatch> Next() = 0;
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
};

}  // namespace tsd::engine
