#pragma once
// StoreCore: the store's state and its rules; store.h's facade delegates to it. One mutex guards everything in memory; it is never held
// while encoding, writing or calling out (Deferred). Long work (chunk files) runs on the executors.
//
// Order. Every log record is appended under the mutex, and takes effect in memory in log order (log_queue_), so a checkpoint at LSN c finds
// exactly the records below c applied. Commit timestamps of one-phase commits ascend with the log.
//
// S5 The memory image at a checkpoint holds exactly the log below it: checkpoint.cc freezes inside the queue.
// S6 A transaction in kCommitting with commit <= r, or in kPrepared with floor < r, makes readers at r wait (AwaitReadable).
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/store/chunk_view.h"
#include "engine/store/key_matches.h"
#include "engine/store/log_record.h"
#include "engine/store/manifest_log.h"
#include "engine/store/store.h"
#include "engine/store/transaction.h"
#include "engine/wal/wal.h"

namespace tsd::engine {

/// A Delete that may be waiting for row locks.
struct DeleteOperation {
  DeleteRequest request;
  TransactionPtr txn;
  ChunkStatePtr chunk;
  size_t next = 0;               // index into request.row_ids
  std::vector<uint64_t> taken;   // locked by this operation
  Promise<StatusOr<uint64_t>> promise;
  bool finished = false;
  TimerId timer = 0;
};

/// A Write of rows with unique keys that is looking for them, or waiting for a transaction that has one.
struct UniqueWrite {
  TxnId txn_id;
  uint32_t level = 0;
  ChunkId chunk_id;
  uint64_t first_row_id = 0;                    // as in the request
  TableSchemaPtr schema;
  std::optional<std::vector<size_t>> arbiters;  // none: a conflict is an error
  RowBlockPtr block;                            // staged as unchecked, but while it waits
  std::vector<KeyOfBlockPtr> keys;              // of the block, one each unique key
  TransactionPtr txn;
  ChunkStatePtr chunk;
  KeyView view;
  Promise<StatusOr<WriteConflicts>> promise;
  bool finished = false;
  TimerId timer = 0;
};
using UniqueWritePtr = std::shared_ptr<UniqueWrite>;

struct CheckpointPlan;
struct RecoveryState;

class StoreCore : public std::enable_shared_from_this<StoreCore> {
 public:
  explicit StoreCore(StoreOptions options);

  Status Recover();  // recovery.cc; before anything else

  Future<Status> Write(WriteRequest request);                  // write.cc
  Future<StatusOr<WriteConflicts>> WriteUnlessConflicting(WriteRequest request, std::vector<size_t> arbiters);  // unique_write.cc
  Future<Status> RollbackTo(TxnId id, uint32_t level);
  Future<StatusOr<uint64_t>> Delete(DeleteRequest request);    // delete_rows.cc
  Future<Status> Prepare(TxnId id, Preparation preparation);  // commit.cc
  Future<Status> CommitPrepared(TxnId id, Timestamp commit);
  Future<StatusOr<Timestamp>> CommitOnePhase(TxnId id, Timestamp minimum);
  Future<Status> Abort(TxnId id);
  std::vector<PreparedTransaction> InDoubt();
  size_t PreparedCount();
  bool IsActive(TxnId id);

  Future<Status> AwaitReadable(std::vector<ChunkId> chunks, Snapshot snapshot, absl::Duration timeout);  // read.cc
  StatusOr<std::unique_ptr<TableScan>> OpenScan(ScanSpec spec);
  StatusOr<std::vector<std::unique_ptr<TableScan>>> OpenScans(ScanSpec spec, size_t parts);
  std::vector<ChunkId> Chunks();
  ChunkSize SizeOf(ChunkId chunk);
  StatusOr<std::vector<ColumnUsage>> ColumnsOf(ChunkId chunk);  // column_usage.cc
  void AdvanceHorizon(uint64_t origin, Timestamp oldest_snapshot);

  Future<Status> DropChunks(std::vector<ChunkId> chunks);  // drop.cc
  Future<Status> Flush();                                  // checkpoint.cc
  Future<Status> Compact(std::vector<ChunkId> chunks, TableSchemaPtr schema);  // merge.cc
  Future<Status> Close();                                  // store_core.cc
  Status Verify();                                         // verify.cc
  Status poisoned() const;
  /// The owner is gone: nothing is deleted, no maintenance starts any more.
  void Abandon();

 private:
  using Action = absl::AnyInvocable<void(const Status&, Deferred&)>;
  struct LogEntry {
    Lsn lsn;
    bool done = false;
    Action apply;  // under the mutex, in log order; with an error if the store is poisoned
  };

  // ---- store_core.cc ----
  Status CheckOpen() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Not OK: long work must end.
  Status Closing() const;
  void Poison(const Status& cause, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Closes the log once no maintenance, no direct file and no removal is under way.
  void FinishClose(Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnWalPoisoned(const Status& cause);
  /// Appends under the mutex; `apply` runs when the record is logged and all before it are applied.
  void AppendToLog(LogType type, std::string payload, Durability durability, Action apply, Deferred& after)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnLogged(const std::shared_ptr<LogEntry>& entry, const Status& status);
  TransactionPtr FindTransaction(TxnId id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  TransactionPtr FindOrBegin(TxnId id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ChunkStatePtr FindOrCreateChunk(ChunkId id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StagedChunk& Stage(Transaction& txn, ChunkId chunk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void RunAll(std::vector<Waiter>& waiters, Deferred& after);

  // ---- write.cc ----
  Status MayWrite(const Transaction& txn) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Hands the transaction a block that has its row ids.
  void StageBlock(const TransactionPtr& txn, StagedChunk& staged, uint32_t level, RowBlockPtr block, Deferred& after)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RelieveMemory(const TransactionPtr& txn, StagedChunk& staged, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Those with rows in memory.
  static std::vector<StagedChunk*> LargestFirst(Transaction& txn);
  /// Whether its rows are better written once, to a file, than to the log now and to a file later.
  bool IsWorthAFile(const StagedChunk& staged) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartDirectJob(const TransactionPtr& txn, StagedChunk& staged, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// As many at a time as leave the workers free for what must not wait behind them.
  void PostDirectJobs(Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunDirectJob(const TransactionPtr& txn, ChunkId chunk, const std::shared_ptr<DirectJob>& job);
  void FinishDirectJob(const TransactionPtr& txn, ChunkId chunk, const std::shared_ptr<DirectJob>& job, StatusOr<ChunkFilePtr> file);
  bool MustWait(const Transaction& txn) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeWriters(Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WhenIdle(const TransactionPtr& txn, Waiter waiter, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RollbackStaged(Transaction& txn, uint32_t level, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // ---- unique_write.cc ----
  Future<StatusOr<WriteConflicts>> WriteUnique(WriteRequest request, std::optional<std::vector<size_t>> arbiters);
  /// The rows count from here on for whoever stages rows later; what is there now is this write's to look at.
  Status StageUnchecked(const UniqueWritePtr& write) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Takes them back; false if they are not there any more.
  bool TakeUnchecked(UniqueWrite& write, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StatusOr<KeyView> ViewKeys(const UniqueWrite& write) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status ViewBlock(const UniqueWrite& write, KeyView::Block block, KeyView& view) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CheckKeys(const UniqueWritePtr& write);
  struct KeyVerdict {
    enum class Kind : uint8_t { kNoRow, kRow, kHeld, kChanged } kind = Kind::kNoRow;
    Transaction* holder = nullptr;
    bool unchecked = false;  // what the holder has may yet be taken back
  };
  KeyVerdict JudgeMatch(const UniqueWrite& write, const KeyMatch& match) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WaitForKey(const UniqueWritePtr& write, const KeyVerdict& held, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellConflicts(const UniqueWritePtr& write, std::vector<KeyMatch> found);
  /// Stages what is left of the rows without the conflicting ones.
  void StageChecked(const UniqueWritePtr& write, WriteConflicts conflicts, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishUniqueWrite(const UniqueWritePtr& write, StatusOr<WriteConflicts> result, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // ---- delete_rows.cc ----
  void ContinueDelete(const std::shared_ptr<DeleteOperation>& operation, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WaitForLock(const std::shared_ptr<DeleteOperation>& operation, Transaction* holder, Deferred& after)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishDelete(const std::shared_ptr<DeleteOperation>& operation, StatusOr<uint64_t> result, Deferred& after)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // ---- commit.cc ----
  enum class LogReady : uint8_t { kReady, kChanged, kGone };
  /// Spills what is too much for a log record, waits for the transaction's files, then runs `next` outside the mutex.
  void CloseTransaction(const TransactionPtr& txn, absl::AnyInvocable<void()> next, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StatusOr<std::vector<ChunkToLog>> GatherForLog(const TransactionPtr& txn, uint64_t* strips);
  /// Keeps the single block that was gathered and logged instead of the many staged ones.
  void AdoptGathered(Transaction& txn, const std::vector<ChunkToLog>& chunks) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  LogReady ReadyToLog(const Transaction& txn, uint64_t strips) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LogSchemas(const std::vector<ChunkToLog>& chunks, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LogPrepare(const TransactionPtr& txn, Promise<Status> promise);
  void LogCommitOnePhase(const TransactionPtr& txn, Timestamp minimum, Promise<StatusOr<Timestamp>> promise);
  /// OK to `promise` once all that is in the log now is durable: with the next sync, soon at the latest.
  void AnswerWhenDurable(const Promise<Status>& promise, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AnswerDurable(Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SyncUnsynced();
  Timestamp NextCommitTimestamp(Timestamp minimum) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ApplyCommit(const TransactionPtr& txn, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DiscardStaged(const TransactionPtr& txn) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Gives back locks and wakes everyone who waits for it.
  void EndTransaction(const TransactionPtr& txn, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReleaseLocks(Transaction& txn, StagedChunk& staged) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// A committed file becomes the chunk's, also of a dropped one, whose files go when the drop is durable.
  static void HandOverFile(ChunkState& chunk, const FileRef& file);

  // ---- read.cc ----
  class ScanViews;
  ChunkView ViewOf(ChunkId id, const Snapshot& snapshot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Blocks(const Transaction& txn, const std::vector<ChunkId>& chunks, const Snapshot& snapshot) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // ---- checkpoint.cc ----
  bool WantsCheckpoint() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartMaintenance(Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// `idle`: how long no transaction has committed.
  void ArmIdleTimer(absl::Duration idle) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnIdleTimer(uint64_t seen_commits, absl::Duration idle);
  void MaintenanceDone(Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartCheckpoint(Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<CheckpointPlan> Freeze(Lsn checkpoint) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteNextChunk(const std::shared_ptr<CheckpointPlan>& plan);
  Status WriteChunkOf(CheckpointPlan& plan, size_t index);
  void InstallCheckpoint(const std::shared_ptr<CheckpointPlan>& plan);
  void FailCheckpoint(const std::shared_ptr<CheckpointPlan>& plan, const Status& status);
  void FinishFlushes(std::vector<Promise<Status>>& promises, const Status& status, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // ---- merge.cc ----
  Timestamp HorizonOf(uint64_t origin) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Timestamp HorizonOf(const ChunkState& chunk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  struct MergeInput {
    ChunkStatePtr chunk;
    std::vector<FileRef> files;
    DeleteRuns saved_deletes;
    DeleteRuns other_deletes;
    Timestamp horizon;
    TableSchemaPtr schema;           // of the result; null: the latest of the files
  };
  struct MergeOutput {
    std::vector<FileRef> files;      // none: every row was deleted
    std::vector<uint64_t> gone;      // deleted rows that were left out, ascending
    DeleteRuns saved_deletes;        // what replaces the input's
  };
  std::optional<MergeInput> PickMerge(Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Files of the chunk of another order than the schema's, which is of its table.
  std::vector<FileRef> SortedOtherwise(const ChunkState& chunk, const TableSchemaPtr& schema) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Answers all that wait; an error, or once there is nothing left to do for any.
  void FinishCompactions(const Status& status, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunMerge(const MergeInput& input);
  StatusOr<MergeOutput> Merge(const MergeInput& input);
  Status SaveMerged(const MergeInput& input, const MergeOutput& output);
  void InstallMerged(const MergeInput& input, const MergeOutput& output, Deferred& after) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // ---- recovery.cc ----
  Status ReplayRecord(const WalRecord& record, RecoveryState& state);
  StatusOr<RowBlockPtr> RestoreRows(LoggedRows& logged);
  Status ApplyRecovered(std::vector<LoggedChunk>& chunks, Timestamp commit, RecoveryState& state);
  Status InstallRecovered(RecoveryState& state);
  Status RestorePrepared(RecoveryState& state);
  /// In the background, a few at a time: a checkpoint that was cut short may have left very many.
  void RemoveOrphans(std::vector<std::string> paths) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RemoveNextOrphans(const std::shared_ptr<std::vector<std::string>>& paths);

  const StoreOptions options_;
  const std::shared_ptr<FileSpace> space_;
  std::unique_ptr<FileLock> lock_file_;
  std::unique_ptr<Wal> wal_;  // set by Recover, then constant

  mutable Mutex mutex_;
  Status poisoned_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<ChunkId, ChunkStatePtr> chunks_ ABSL_GUARDED_BY(mutex_);
  // What the next checkpoint has to do: a store has many chunks, of which few change from one to the next.
  std::set<ChunkId> dirty_chunks_ ABSL_GUARDED_BY(mutex_);       // with rows, delete marks or files that the manifest does not know
  std::vector<ChunkId> dropped_chunks_ ABSL_GUARDED_BY(mutex_);  // that it may still know
  absl::flat_hash_map<TxnId, TransactionPtr> transactions_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<Transaction*> undecided_ ABSL_GUARDED_BY(mutex_);  // kPrepared and kCommitting
  /// Commits of prepared transactions that took effect before their record is durable: answered when it is.
  struct Unsynced {
    Lsn end;  // of the log
    Promise<Status> promise;
  };
  std::deque<Unsynced> unsynced_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<LogEntry>> log_queue_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<uint64_t> logged_schemas_ ABSL_GUARDED_BY(mutex_);  // since epoch_start_
  Lsn epoch_start_ ABSL_GUARDED_BY(mutex_);                               // the last checkpoint's rotation
  Timestamp max_read_ ABSL_GUARDED_BY(mutex_);
  Timestamp last_commit_ ABSL_GUARDED_BY(mutex_);
  /// By the origin of the tables: no snapshot of its chunks below it will be opened. Timestamps of two origins are two sequences.
  absl::flat_hash_map<uint64_t, Timestamp> horizons_ ABSL_GUARDED_BY(mutex_);
  std::set<ChunkId> merge_candidates_ ABSL_GUARDED_BY(mutex_);  // whose list of files changed since PickMerge looked
  std::set<ChunkId> sweep_candidates_ ABSL_GUARDED_BY(mutex_);  // with delete marks, not looked at since the horizon moved
  std::set<ChunkId> swept_chunks_ ABSL_GUARDED_BY(mutex_);      // with delete marks, looked at
  /// Chunks whose files are to be sorted as the schema says; in turn, before other merges.
  struct Compaction {
    std::vector<ChunkId> chunks;  // those not done yet
    TableSchemaPtr schema;
    Promise<Status> promise;
  };
  std::deque<Compaction> compactions_ ABSL_GUARDED_BY(mutex_);
  size_t staged_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t memtable_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // active and frozen rows, fresh and frozen delete marks
  int64_t frozen_bytes_ ABSL_GUARDED_BY(mutex_) = 0;    // the part of it that is being flushed
  size_t unlisted_files_ ABSL_GUARDED_BY(mutex_) = 0;   // committed since the last checkpoint
  int jobs_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;  // direct files: queued and running
  int running_jobs_ ABSL_GUARDED_BY(mutex_) = 0;
  struct QueuedJob {
    TransactionPtr txn;
    ChunkId chunk;
    std::shared_ptr<DirectJob> job;
  };
  std::deque<QueuedJob> queued_jobs_ ABSL_GUARDED_BY(mutex_);
  struct WaitingWriter {
    TransactionPtr txn;
    Promise<Status> promise;
  };
  std::deque<WaitingWriter> waiting_writers_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint64_t, Promise<Status>> waiting_readers_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_reader_ ABSL_GUARDED_BY(mutex_) = 1;

  bool maintenance_running_ ABSL_GUARDED_BY(mutex_) = false;
  bool removing_orphans_ ABSL_GUARDED_BY(mutex_) = false;
  bool idle_timer_armed_ ABSL_GUARDED_BY(mutex_) = false;
  bool idle_checkpoint_due_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t applied_commits_ ABSL_GUARDED_BY(mutex_) = 0;
  Status flush_failure_ ABSL_GUARDED_BY(mutex_);  // of the last flush, e.g. a full disk
  bool flush_pausing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Promise<Status>> flush_promises_ ABSL_GUARDED_BY(mutex_);
  std::optional<Promise<Status>> close_promise_ ABSL_GUARDED_BY(mutex_);
  std::optional<ManifestLog> manifest_;  // set by Recover; changed by the one running maintenance job only, read by others while none runs
};

}  // namespace tsd::engine
