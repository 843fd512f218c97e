#pragma once
// What a store remembers of a transaction and of a chunk. Plain structures guarded by StoreCore's mutex; the rules are in store_core.h.
//
//   kActive -> kClosing -> kPreparing -> kPrepared -> kCommitting -> kEnded       two phases
//   kActive -> kClosing -> kCommitting -> kEnded                                  one phase
//   any but kCommitting -> kAborting -> kEnded
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/functional/any_invocable.h>

#include <algorithm>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/status.h"
#include "engine/base/task.h"
#include "engine/store/chunk_file.h"
#include "engine/store/delete_marks.h"
#include "engine/store/memtable.h"
#include "engine/store/preparation.h"
#include "engine/store/row_block.h"

namespace tsd::engine {

/// Work that must run after the store's mutex is released: promises, posts, calls into other components. Declare it before the lock.
class Deferred {
 public:
  Deferred() = default;
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;
  ~Deferred() {
    for (absl::AnyInvocable<void()>& action : actions_) action();
  }
  void Add(absl::AnyInvocable<void()> action) { actions_.push_back(std::move(action)); }
  template <typename T, typename V>
  void Set(const Promise<T>& promise, V value) {
    Add([promise, value = T(std::move(value))]() mutable { promise.Set(std::move(value)); });
  }

 private:
  std::vector<absl::AnyInvocable<void()>> actions_;
};
/// Runs under the store's mutex.
using Waiter = absl::AnyInvocable<void(Deferred&)>;

struct Transaction;

struct ChunkState {
  explicit ChunkState(ChunkId chunk) : id(chunk) {}
  /// The first id of `count` new rows: `given`, unless that is 0.
  uint64_t TakeRowIds(uint64_t given, uint64_t count) {
    const uint64_t first = given != 0 ? given : next_row_id;
    next_row_id = std::max(next_row_id, first + count);
    return first;
  }

  const ChunkId id;
  uint64_t next_row_id = 1;
  Memtable memtable;
  std::vector<CommittedBlock> frozen;  // being flushed
  size_t frozen_bytes = 0;
  std::vector<FileRef> files;
  DeleteRuns saved_deletes;   // in delete files
  DeleteRuns frozen_deletes;  // being flushed
  DeleteRuns fresh_deletes;
  absl::flat_hash_map<uint64_t, Transaction*> locks;  // row id -> who deletes it
  absl::flat_hash_set<Transaction*> stagers;          // who has something staged here
  bool dropped = false;       // no longer in the store; kept alive by transactions and jobs
  bool drop_durable = false;  // its files may go

  bool HasData() const {
    return !memtable.empty() || !frozen.empty() || !files.empty();
  }
  std::optional<Timestamp> DeletedAt(uint64_t row_id) const {
    if (auto found = FindDelete(fresh_deletes, row_id)) return found;
    if (auto found = FindDelete(frozen_deletes, row_id)) return found;
    return FindDelete(saved_deletes, row_id);
  }
};
using ChunkStatePtr = std::shared_ptr<ChunkState>;

/// Rows of one Write: consecutive ids.
struct RowRange {
  uint32_t level = 0;
  uint64_t first_row_id = 0;
  uint64_t count = 0;
};

struct StagedBlock {
  uint32_t level = 0;
  RowBlockPtr block;
};

/// Blocks on their way into a file of their own.
struct DirectJob {
  std::vector<StagedBlock> blocks;
  size_t bytes = 0;
};

struct StagedFile {
  ChunkFilePtr file;
  std::vector<RowRange> ranges;  // which statements wrote its rows
};

struct StagedDelete {
  uint32_t level = 0;
  std::vector<uint64_t> row_ids;
};

struct StagedChunk {
  ChunkStatePtr chunk;
  std::vector<StagedBlock> blocks;
  size_t bytes = 0;  // of blocks
  std::vector<StagedBlock> unchecked;  // rows whose keys are being looked for: there for others who look for theirs, for nobody else
  std::vector<std::shared_ptr<DirectJob>> jobs;
  std::vector<StagedFile> files;
  std::vector<StagedDelete> deletes;
  std::vector<uint64_t> undone;  // rows in files that RollbackTo took back: deleted without a lock

  /// Ascending.
  std::vector<uint64_t> DeletedIds() const;
};

struct DeleteOperation;
struct UniqueWrite;

enum class TxnState : uint8_t { kActive, kClosing, kPreparing, kPrepared, kCommitting, kAborting, kEnded };

struct Transaction {
  explicit Transaction(TxnId txn) : id(txn) {}

  const TxnId id;
  TxnState state = TxnState::kActive;
  std::map<ChunkId, StagedChunk> chunks;
  size_t bytes = 0;        // of all staged blocks
  Preparation preparation; // from kPreparing on
  Timestamp commit;        // from kCommitting on
  Lsn replay_from;         // the log from here on is needed to restore it; from kPreparing on
  Status failure;          // a direct file that could not be written: it can only abort
  int jobs_in_flight = 0;
  size_t next_relief = 0;  // `bytes` from which on it is looked at for what could go to a file (write.cc)
  uint64_t strips = 0;     // how often DropChunks took something away
  std::vector<Waiter> when_idle;     // no job in flight any more
  std::vector<Waiter> when_ended;
  std::vector<Waiter> when_unlocked; // ended, or gave row locks back
  std::vector<Waiter> when_taken_back; // unchecked rows are gone; when they are checked, these wait for when_unlocked
  Transaction* waiting_for = nullptr;
  std::vector<std::shared_ptr<DeleteOperation>> waiting_deletes;
  std::vector<std::shared_ptr<UniqueWrite>> waiting_writes;
};
using TransactionPtr = std::shared_ptr<Transaction>;

}  // namespace tsd::engine
