#pragma once
// Transaction: one session's transaction on the access node: its participants, its catalog change, its snapshot. Used by one coroutine at
// a time (parallel writes note themselves through NoteOperation, which is thread-safe). TransactionManager begins and ends it.
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "coord/cluster/catalog_change.h"
#include "coord/txn/participant.h"
#include "engine/base/ids.h"
#include "engine/base/mutex.h"

namespace tsd::coord {

class Transaction {
 public:
  Transaction(TxnId id, engine::Isolation isolation) : id_(id), isolation_(isolation) {}

  TxnId id() const { return id_; }
  engine::Isolation isolation() const { return isolation_; }

  /// A statement's number; its writes carry it, and it does not see them.
  uint32_t level() const { return level_; }
  uint32_t NextLevel() { return ++level_; }
  /// Levels up to `level` were used on another node for this transaction.
  void RaiseLevel(uint32_t level) { level_ = level > level_ ? level : level_; }

  /// The snapshot of the current statement (READ COMMITTED) or of the whole transaction.
  Timestamp snapshot() const { return snapshot_; }
  void SetSnapshot(Timestamp snapshot) { snapshot_ = snapshot; }

  /// Before the first write is sent to a node: from then on it is told the outcome.
  void Join(NodeId node);
  /// A write or delete was acknowledged by the node.
  void NoteOperation(NodeId node);
  std::vector<NodeId> participants() const;
  uint64_t operations(NodeId node) const;

  /// All writes of an autocommit statement, not sent yet: they travel together with the prepare or the commit. Requires: no participants.
  using KeptWrites = std::map<NodeId, NodeWrites>;
  void KeepWrites(KeptWrites writes) { kept_ = std::move(writes); }
  const KeptWrites& kept_writes() const { return kept_; }
  KeptWrites TakeKeptWrites() { return std::exchange(kept_, {}); }

  /// Of its DDL so far; what the commit logs.
  const CatalogChange& change() const { return change_; }
  CatalogChange TakeChange() { return std::move(change_); }
  void AddChange(const CatalogChange& change);
  /// Forgets what was added at `level` or later.
  void UndoChanges(uint32_t level);
  /// The published catalog with this transaction's change applied: itself while it made none. Thread-safe.
  sql::CatalogPtr CatalogOver(const sql::CatalogPtr& published) const;

  /// A catalog change of this transaction lies on another node: it commits in two phases however few take part.
  void RequireTwoPhases() { two_phases_ = true; }
  bool two_phases() const { return two_phases_; }

 private:
  const TxnId id_;
  const engine::Isolation isolation_;
  uint32_t level_ = 0;
  Timestamp snapshot_;
  KeptWrites kept_;
  CatalogChange change_;
  std::vector<std::pair<uint32_t, size_t>> change_levels_;  // level, size of change_ before it
  bool two_phases_ = false;
  mutable Mutex mutex_;
  mutable sql::CatalogPtr base_ ABSL_GUARDED_BY(mutex_);     // what catalog_ was made from
  mutable sql::CatalogPtr catalog_ ABSL_GUARDED_BY(mutex_);
  std::map<NodeId, uint64_t> operations_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::coord
