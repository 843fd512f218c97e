#pragma once
// OpenTransactions: what a data node remembers of other nodes' transactions until they are prepared or ended here. It counts their
// operations, so that a prepare after a restart that lost some is refused (T4), and keeps the fence: which transactions are over at their
// access node, so that none of them becomes prepared by a message that comes late (T7). Thread-safe.
#include <map>
#include <vector>

#include "coord/txn/participant.h"
#include "engine/base/ids.h"
#include "engine/base/mutex.h"
#include "engine/base/status.h"

namespace tsd::coord {

class OpenTransactions {
 public:
  /// A write or delete was done; whoever sent it is about to be told.
  void NoteOperation(TxnId txn);
  /// Rows and prepare come in one message: before the first row is staged, and after the last. The second fails if Forget came between,
  /// for then some of the rows may be gone.
  void NoteArrival(TxnId txn);
  Status NoteArrived(TxnId txn);

  /// `expected`: how many operations its sender knows to be done here.
  Status CheckOperations(TxnId txn, uint64_t expected) const;
  /// The same for a prepare, which must be followed by Forget when it is prepared, or by NotePrepareRefused.
  Status BeginPrepare(TxnId txn, uint64_t expected);
  void NotePrepareRefused(TxnId txn);
  /// Before its abort, after its prepare or commit.
  void Forget(TxnId txn);

  /// The origin's transactions with numbers below `over_below` are over there: from now on none begins to be prepared.
  void RaiseFence(uint64_t origin, Timestamp over_below);
  /// RaiseFence, and none of them is being prepared any more either.
  bool IsFenced(uint64_t origin, Timestamp over_below);
  /// Those of `origin`.
  std::vector<HeldTransaction> List(uint64_t origin) const;

 private:
  struct Entry {
    uint64_t operations = 0;
    bool preparing = false;
  };
  struct Fence {
    Timestamp over_below;
    Timestamp settled;  // IsFenced was true for it
  };
  mutable Mutex mutex_;
  std::map<TxnId, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, Fence> fences_ ABSL_GUARDED_BY(mutex_);  // by origin
};

}  // namespace tsd::coord
