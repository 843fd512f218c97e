#pragma once
// RemoteExecutions: a session for each transaction of another node that runs SQL here. Until it is prepared the session holds it; a
// prepared one is a change in the cluster log and the locks it keeps (E1: from Prepare to the decision nobody else changes what it
// changed, also after a restart). One that its access node has forgotten is undone. Thread-safe.
#include <map>
#include <memory>

#include "coord/node/executions.h"
#include "coord/session/services.h"
#include "coord/txn/lock_manager.h"
#include "engine/base/mutex.h"
#include "engine/base/task.h"

namespace tsd::coord {

class Session;

class RemoteExecutions final : public NodeExecutions {
 public:
  explicit RemoteExecutions(const Services& services) : services_(services) {}
  /// After recovery, before anyone is served: prepared changes get their locks back.
  void Restore();

  Task<StatusOr<ExecuteAnswer>> Execute(ExecuteRequest request, std::string user) override;
  bool Has(TxnId txn) const override;
  Task<Status> Prepare(TxnId txn) override;
  Task<Status> Commit(TxnId txn, Timestamp commit) override;
  Task<Status> Abort(TxnId txn) override;
  Task<Status> RollbackTo(TxnId txn, uint32_t level) override;
  std::vector<TxnId> Prepared(uint64_t origin) const override;
  void NoteAlive(uint64_t origin) override;

  /// Undoes those whose access node has not been heard of for long. Called now and then.
  Task<void> AbortForgotten();
  /// At shutdown.
  Task<void> EndAll();

 private:
  struct Entry {
    std::shared_ptr<Session> session;   // null once prepared
    LockManager::OwnerId locks = 0;     // of a prepared one
    bool aborting = false;
    AsyncMutex busy;                    // one request at a time
  };
  using EntryPtr = std::shared_ptr<Entry>;
  Task<StatusOr<ExecuteAnswer>> ExecuteAlone(ExecuteRequest request, std::string user);
  Task<StatusOr<ExecuteAnswer>> ExecuteIn(EntryPtr entry, ExecuteRequest request);
  Task<Status> PrepareEntry(TxnId txn, EntryPtr entry);
  EntryPtr Find(TxnId txn) const;
  void Erase(TxnId txn);

  const Services& services_;
  mutable Mutex mutex_;
  std::map<TxnId, EntryPtr> entries_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, absl::Duration> last_heard_ ABSL_GUARDED_BY(mutex_);  // by cluster, monotonic
};

}  // namespace tsd::coord
