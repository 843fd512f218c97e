#pragma once
// Store: all chunks of one node, with transactions. Facade: it only delegates (txn_table, memtable, manifest, flush, recovery).
//
// Rows of a transaction are staged by Write (several calls, any chunks), become durable in-doubt by Prepare or durable and visible by Commit.
// Small writes go to the WAL and a memtable; a transaction's large writes go straight to sorted chunk files that it owns until its end.
//
// Invariants
//  I1 A commit acknowledged (future set OK) is whole after any crash; one not acknowledged is whole or absent.
//  I2 A prepared transaction survives any crash until Commit or Abort; its outcome never changes.
//  I3 A snapshot at r sees exactly the transactions with commit timestamp <= r once AwaitReadable(r) ended: CommitOnePhase picks a
//     timestamp above every r that AwaitReadable was given before.
//  I4 After a failed sync nothing is acknowledged any more: the store is poisoned, every call fails with 58030.
// Thread-safe. Futures are set on the store's executors.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/executor.h"
#include "engine/env/env.h"
#include "engine/store/column_usage.h"
#include "engine/store/preparation.h"
#include "engine/store/reader.h"

namespace tsd::engine {

struct StoreOptions {
  std::string directory;             // created if missing
  Env* env = nullptr;
  Clock* clock = nullptr;
  Executor* workers = nullptr;       // encoding, applying
  Executor* wal_executor = nullptr;  // writes and syncs the log
  Executor* background = nullptr;    // flush, merge
  uint64_t wal_segment_bytes = 64 << 20;
  uint64_t memtable_bytes = 128 << 20;          // all memtables together; a flush starts at half of it, writers wait at all of it
  uint64_t direct_file_bytes = 16 << 20;        // a transaction's staged rows of one chunk beyond this go straight to a chunk file
  int direct_jobs = 1;                          // direct files written at a time; fewer than `workers` has threads
  uint64_t block_cache_bytes = 256 << 20;
  size_t open_files = 512;                      // chunk files kept open
  size_t rows_per_block = kDefaultBatchRows;  // a row group is a batch of the executor
  /// Without commits for so long, memtables are flushed and the log is cut; after a load already within a second. Zero: never for this.
  absl::Duration idle_checkpoint = absl::ZeroDuration();
  absl::Duration lock_timeout = absl::Seconds(10);  // waiting for another transaction's row lock; then 40P01
  /// Called once when the store is poisoned (I4); the server logs and exits.
  std::function<void(const Status&)> on_poisoned;
};

enum class Isolation : uint8_t { kReadCommitted, kRepeatableRead };

struct WriteRequest {
  TxnId txn;
  uint32_t level = 0;  // statement number within the transaction (see Snapshot::own_level, RollbackTo)
  TableSchemaPtr schema;
  ChunkId chunk;
  ColumnBatch rows;    // one column per schema column, in schema order
  uint64_t first_row_id = 0;  // of the rows, one after the other, never given before in the chunk; 0: the store chooses
};

/// A row that was not written, since one with its key is there.
struct WriteConflict {
  uint32_t position = 0;        // in the request's rows
  bool same_statement = false;  // the other row was written by this statement; what follows is not known then
  uint64_t row_id = 0;
  Timestamp commit;             // of the other row; zero: written by this transaction
};

struct WriteConflicts {
  std::vector<WriteConflict> rows;  // by position
  ColumnBatch existing;             // the rows that are there, in the schema's columns, one each that is not same_statement
};

struct DeleteRequest {
  TxnId txn;
  uint32_t level = 0;
  ChunkId chunk;
  std::vector<uint64_t> row_ids;  // as scanned (ScanSpec::with_row_ids)
  Timestamp read_timestamp;       // of the scan
};

struct PreparedTransaction {
  TxnId txn;
  Preparation preparation;
};

struct ChunkSize {
  uint64_t bytes = 0;         // files plus memtable
  uint64_t rows = 0;          // approximate
  uint64_t memory_rows = 0;   // of these, not yet in files
  uint64_t raw_bytes = 0;     // of all rows as they lie in memory, before encoding
  uint64_t file_count = 0;
};

class Store : public StoreReader {
 public:
  /// Recovers: when it returns, everything acknowledged is readable and prepared transactions are listed by InDoubt().
  static StatusOr<std::unique_ptr<Store>> Open(StoreOptions options);
  ~Store() override = default;

  /// Stages rows. Ends when the rows are taken over (may wait for memory: back-pressure), not when durable.
  /// With unique keys in the schema: rows that have the key of a row that is there, or of one another: 23505, and the transaction has to
  /// undo the statement. A transaction that wrote or deleted such a row and has not ended is waited for, as by Delete.
  virtual Future<Status> Write(WriteRequest request) = 0;
  /// The same, but rows that conflict in one of the `arbiters` (indexes into the schema's unique_keys) are left out, and told of.
  virtual Future<StatusOr<WriteConflicts>> WriteUnlessConflicting(WriteRequest request, std::vector<size_t> arbiters) = 0;
  /// Stages deletions and locks the rows against other transactions. A row already deleted by a transaction committed after read_timestamp,
  /// or so decided while waiting for its lock: 40001 "could not serialize access due to concurrent update" (the session retries the statement
  /// in READ COMMITTED). Waiting longer than lock_timeout: 40P01. OK carries the number of rows newly deleted.
  virtual Future<StatusOr<uint64_t>> Delete(DeleteRequest request) = 0;
  /// Undoes what was staged at levels >= level. The transaction goes on.
  virtual Future<Status> RollbackTo(TxnId txn, uint32_t level) = 0;

  /// Durable in-doubt. A transaction unknown here (e.g. lost in a crash): error 25P02-like kInFailedSqlTransaction, never OK.
  /// 58030: it may be prepared all the same. Any other error: it is not.
  virtual Future<Status> Prepare(TxnId txn, Preparation preparation) = 0;
  /// Of a prepared transaction. Takes effect at once, ends when durable. Idempotent: unknown ones are OK (committed and forgotten).
  virtual Future<Status> CommitPrepared(TxnId txn, Timestamp commit) = 0;
  /// Commits a transaction that only this store takes part in, at a timestamp >= minimum of the store's choice (I3), which is returned.
  virtual Future<StatusOr<Timestamp>> CommitOnePhase(TxnId txn, Timestamp minimum) = 0;
  /// Any transaction, prepared or not; idempotent. That of a prepared one takes effect when it is durable.
  virtual Future<Status> Abort(TxnId txn) = 0;
  virtual std::vector<PreparedTransaction> InDoubt() = 0;
  virtual size_t PreparedCount() = 0;
  /// Whether the transaction has staged something here that is neither committed nor aborted.
  virtual bool IsActive(TxnId txn) = 0;

  /// Removes chunks and their files for good (after the catalog's commit). Idempotent, durable when the future is set. Running scans go on.
  virtual Future<Status> DropChunks(std::vector<ChunkId> chunks) = 0;
  virtual std::vector<ChunkId> Chunks() = 0;
  virtual ChunkSize SizeOf(ChunkId chunk) = 0;
  /// How its files hold its columns. Reads every block's bytes.
  virtual StatusOr<std::vector<ColumnUsage>> ColumnsOf(ChunkId chunk) = 0;

  /// No snapshot of the origin's tables (TableSchema::origin) with a read timestamp below `oldest_snapshot` will be opened any more (it would
  /// fail with 40001): rows deleted before it may go at the next merge. Never called: they stay. A smaller value than before has no effect.
  virtual void AdvanceHorizon(uint64_t origin, Timestamp oldest_snapshot) = 0;
  /// Writes all committed memtable rows to chunk files and truncates the log. For tests and tools.
  virtual Future<Status> Flush() = 0;
  /// Flush, then: files of the chunks that are not sorted as the schema says, which is their table's present one, are written anew. Ends when
  /// all are, but for those of later schemas. Unknown chunks count as done.
  virtual Future<Status> Compact(std::vector<ChunkId> chunks, TableSchemaPtr schema) = 0;
  /// Syncs the log, which keeps what no file holds yet, and closes. No call after it.
  virtual Future<Status> Close() = 0;
  /// Checks manifest against files, every checksum, every block's decode. For tsctl verify and the simulator.
  virtual Status Verify() = 0;
  virtual Status poisoned() const = 0;
};

}  // namespace tsd::engine
