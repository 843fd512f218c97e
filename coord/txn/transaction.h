#pragma once
// Transaction: one session's transaction on the access node: its participants, its catalog change, its snapshot. Used by one coroutine at
// a time (parallel writes note themselves through NoteOperation, which is thread-safe). TransactionManager begins and ends it.
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "coord/cluster/catalog_change.h"
#include "engine/base/ids.h"
#include "engine/base/mutex.h"
#include "engine/store/store.h"

namespace tsd::coord {

class Transaction {
 public:
  Transaction(TxnId id, engine::Isolation isolation) : id_(id), isolation_(isolation) {}

  TxnId id() const { return id_; }
  engine::Isolation isolation() const { return isolation_; }

  /// A statement's number; its writes carry it, and it does not see them.
  uint32_t level() const { return level_; }
  uint32_t NextLevel() { return ++level_; }

  /// The snapshot of the current statement (READ COMMITTED) or of the whole transaction.
  Timestamp snapshot() const { return snapshot_; }
  void SetSnapshot(Timestamp snapshot) { snapshot_ = snapshot; }

  /// Before the first write is sent to a node: from then on it is told the outcome.
  void Join(NodeId node);
  /// A write or delete was acknowledged by the node.
  void NoteOperation(NodeId node);
  std::vector<NodeId> participants() const;
  uint64_t operations(NodeId node) const;

  /// An autocommit statement's only write, not sent yet: it travels together with the commit. Requires: no participants.
  struct KeptWrite {
    NodeId node;
    engine::WriteRequest request;
  };
  void KeepWrite(KeptWrite write) { kept_ = std::move(write); }
  bool has_kept_write() const { return kept_.has_value(); }
  std::optional<KeptWrite> TakeKeptWrite() { return std::exchange(kept_, std::nullopt); }

  CatalogChange& change() { return change_; }
  /// The catalog with this transaction's change applied; null while it made none.
  sql::CatalogPtr catalog() const { return catalog_; }
  void SetCatalog(sql::CatalogPtr catalog) { catalog_ = std::move(catalog); }

 private:
  const TxnId id_;
  const engine::Isolation isolation_;
  uint32_t level_ = 0;
  Timestamp snapshot_;
  std::optional<KeptWrite> kept_;
  CatalogChange change_;
  sql::CatalogPtr catalog_;
  mutable Mutex mutex_;
  std::map<NodeId, uint64_t> operations_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::coord
