#pragma once
// NodeExecutions: SQL that another node's transaction runs on this one (distributed_exec): its writes go to the store under the sender's
// transaction, its catalog changes are prepared and decided with it. Implemented in coord/session; NodeService drives it. Thread-safe.
#include <vector>

#include "coord/node/node_messages.h"

namespace tsd::coord {

class NodeExecutions {
 public:
  virtual ~NodeExecutions() = default;
  /// Not transactional: on its own, committed. Else as a part of request.txn, which waits for Prepare or Abort.
  virtual Task<StatusOr<ExecuteAnswer>> Execute(ExecuteRequest request, std::string user) = 0;
  virtual bool Has(TxnId txn) const = 0;
  /// OK: durable, and kept whatever crashes until Commit or Abort.
  virtual Task<Status> Prepare(TxnId txn) = 0;
  /// Commit and Abort: idempotent; unknown transactions are OK.
  virtual Task<Status> Commit(TxnId txn, Timestamp commit) = 0;
  virtual Task<Status> Abort(TxnId txn) = 0;
  virtual Task<Status> RollbackTo(TxnId txn, uint32_t level) = 0;
  /// The prepared ones of a cluster.
  virtual std::vector<TxnId> Prepared(uint64_t origin) const = 0;
  /// The access node of that cluster has been heard of.
  virtual void NoteAlive(uint64_t origin) = 0;
};

}  // namespace tsd::coord
