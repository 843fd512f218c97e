#pragma once
// ClusterLog: the access node's ordered, versioned log of catalog changes and transaction decisions, and the state it adds up to.
// (A data node has one too: for its own local tables.)
//
//  T1 A transaction over several participants whose commit record is durable here is committed; one whose abort record is, is aborted. (The
//     rest of T1 is in coord/TXN.md.)
//  T2 A decision record is forgotten only after every participant acknowledged it.
//  T3 Timestamps handed out are below a ceiling that was logged before, so none is handed out twice, whatever crashes.
// Thread-safe. Catalog versions are published in log order.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coord/cluster/catalog_change.h"
#include "engine/base/ids.h"
#include "engine/base/mutex.h"
#include "engine/base/task.h"
#include "engine/env/env.h"
#include "engine/wal/wal.h"

namespace tsd::coord {

struct Decision {
  TxnId txn;
  Timestamp commit;                  // none: it is aborted
  std::vector<NodeId> participants;  // those that may not know yet
  bool commits() const { return commit.IsValid(); }
};

/// How far a sequence's numbers have been given out at most: after a crash it goes on from here.
struct SequenceMark {
  int64_t last = 0;
  bool called = false;  // false: `last` itself is the next number
};

/// A catalog change that waits for another node's decision (distributed_exec).
struct PreparedChange {
  TxnId txn;
  CatalogChange change;
};

struct ClusterLogOptions {
  engine::Env* env = nullptr;
  Executor* executor = nullptr;  // one thread: the log's writer
  std::string directory;
  std::function<void(const Status&)> on_poisoned;
};

class ClusterLog {
 public:
  static StatusOr<std::unique_ptr<ClusterLog>> Open(ClusterLogOptions options);

  sql::CatalogPtr Current() const;

  // Allocators: never the same twice, also for transactions that do not commit (but not across restarts for those).
  uint32_t AllocateOid();
  ChunkId AllocateChunk();
  NodeId AllocateNode();
  int32_t AllocateHypertable();
  int32_t AllocateDimension();
  int32_t AllocateChunkNumber();

  /// Logs and publishes a change; durable when set.
  Future<Status> Commit(CatalogChange change);
  /// Logs the commit (T1) of a transaction with the catalog change it made, published when durable; or its abort, without one.
  Future<Status> LogDecision(Decision decision, CatalogChange change);
  /// All participants acknowledged (T2). Needs no sync.
  void LogEnd(TxnId txn);
  /// If the transaction was decided and not ended.
  std::optional<Decision> DecisionOf(TxnId txn) const;
  std::vector<Decision> OpenDecisions() const;

  /// The change of a transaction that another node coordinates: durable, not published until LogResolved. Both are idempotent.
  Future<Status> LogPrepared(TxnId txn, CatalogChange change);
  Future<Status> LogResolved(TxnId txn, bool commit);
  std::vector<PreparedChange> PreparedChanges() const;

  /// `state`: Relation::heap of the sequence.
  Future<Status> LogSequence(ChunkId state, SequenceMark mark);
  std::optional<SequenceMark> SequenceOf(ChunkId state) const;

  /// The durable timestamp ceiling (T3), and raising it.
  Timestamp Ceiling() const;
  Future<Status> RaiseCeiling(Timestamp ceiling);

  Future<Status> Close();

 private:
  struct State {
    sql::CatalogPtr catalog;
    std::map<TxnId, Decision> decisions;
    Timestamp ceiling;
    std::map<ChunkId, SequenceMark> sequences;
    std::map<TxnId, CatalogChange> prepared;
  };
  Status ReplayInto(const engine::WalRecord& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Appends; `then` runs under the mutex once the record is durable, in log order.
  Future<Status> Append(uint8_t type, ByteWriter writer, absl::AnyInvocable<Status(State&)> then);
  void EncodeState(Lsn lsn, ByteWriter& body) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static StatusOr<State> DecodeState(std::string_view body, Lsn* lsn);
  explicit ClusterLog(ClusterLogOptions options) : options_(std::move(options)) {}
  Status Load();
  Status Replay(const engine::WalRecord& record);
  Status ApplyChange(const CatalogChange& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status WriteSnapshot(Lsn lsn);
  std::string SnapshotPath() const { return options_.directory + "/CATALOG"; }

  const ClusterLogOptions options_;
  std::unique_ptr<engine::Wal> wal_;
  mutable Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_);
  sql::Catalog allocators_ ABSL_GUARDED_BY(mutex_);  // only its next_* fields
};

}  // namespace tsd::coord
