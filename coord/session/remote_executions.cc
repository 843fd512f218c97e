#include "coord/session/remote_executions.h"

#include "coord/session/session.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"

namespace tsd::coord {
namespace {

constexpr absl::Duration kForgottenAfter = absl::Seconds(30);

// A session without a client: what a statement sends is dropped.
class NullSink final : public net::pg::ResultSink {
 public:
  void Describe(const net::pg::RowDescription&) override {}
  Task<Status> Rows(ColumnBatch) override { co_return OkStatus(); }
  void Complete(std::string) override {}
  void Empty() override {}
  void SendNotice(const net::pg::Notice&) override {}
  void ParameterChanged(const std::string&, const std::string&) override {}
  Task<Status> BeginCopyIn(bool, size_t) override { co_return NoCopy(); }
  Task<StatusOr<std::optional<std::string_view>>> CopyReceive() override { co_return NoCopy(); }
  Task<Status> BeginCopyOut(bool, size_t) override { co_return NoCopy(); }
  Task<Status> CopySend(std::string, std::vector<size_t>) override { co_return NoCopy(); }
  Task<Status> EndCopyOut() override { co_return NoCopy(); }

 private:
  static Status NoCopy() { return Error(sqlstate::kFeatureNotSupported, "COPY is not supported in distributed_exec()"); }
};

StatusOr<std::shared_ptr<Session>> NewSession(const Services& services, const ExecuteRequest& request, std::string user) {
  SessionIdentity identity{std::move(user), "tsdb", {}, 0};
  auto session = std::make_shared<Session>(services, std::move(identity));
  if (!request.search_path.empty()) RETURN_IF_ERROR(session->settings().Set("search_path", request.search_path, false));
  return session;
}

}  // namespace

void RemoteExecutions::Restore() {
  MutexLock lock(mutex_);
  for (const PreparedChange& prepared : services_.log->PreparedChanges()) {
    auto entry = std::make_shared<Entry>();
    entry->locks = services_.locks->NewOwner();
    services_.locks->TryAcquire({entry->locks, kDdlLock, LockMode::kAccessExclusive, 0, 0});
    entries_[prepared.txn] = std::move(entry);
  }
}

RemoteExecutions::EntryPtr RemoteExecutions::Find(TxnId txn) const {
  MutexLock lock(mutex_);
  auto found = entries_.find(txn);
  return found == entries_.end() ? nullptr : found->second;
}

void RemoteExecutions::Erase(TxnId txn) {
  MutexLock lock(mutex_);
  entries_.erase(txn);
}

bool RemoteExecutions::Has(TxnId txn) const { return Find(txn) != nullptr; }

void RemoteExecutions::NoteAlive(uint64_t origin) {
  MutexLock lock(mutex_);
  last_heard_[origin] = services_.clock->Monotonic();
}

std::vector<TxnId> RemoteExecutions::Prepared(uint64_t origin) const {
  std::vector<TxnId> result;
  MutexLock lock(mutex_);
  for (const auto& [txn, entry] : entries_) {
    if (txn.origin == origin && entry->locks != 0) result.push_back(txn);
  }
  return result;
}

Task<StatusOr<ExecuteAnswer>> RemoteExecutions::ExecuteAlone(ExecuteRequest request, std::string user) {
  CO_ASSIGN_OR_RETURN(const std::shared_ptr<Session> session, NewSession(services_, request, std::move(user)));
  NullSink sink;
  const Status status = co_await session->SimpleQuery(std::move(request.sql), &sink);
  co_await session->End();
  CO_RETURN_IF_ERROR(status);
  co_return ExecuteAnswer{};
}

Task<StatusOr<ExecuteAnswer>> RemoteExecutions::Execute(ExecuteRequest request, std::string user) {
  if (!request.transactional) co_return co_await ExecuteAlone(std::move(request), std::move(user));
  NoteAlive(request.txn.origin);
  CO_RETURN_IF_ERROR(co_await services_.commit_clock->Observe(request.snapshot));
  EntryPtr entry = Find(request.txn);
  if (!entry) {
    CO_ASSIGN_OR_RETURN(std::shared_ptr<Session> session, NewSession(services_, request, std::move(user)));
    session->AdoptTransaction(request.txn);
    entry = std::make_shared<Entry>();
    entry->session = std::move(session);
    MutexLock lock(mutex_);
    entry = entries_.try_emplace(request.txn, std::move(entry)).first->second;
  }
  co_await entry->busy.Lock();
  StatusOr<ExecuteAnswer> answer = co_await ExecuteIn(entry, std::move(request));
  entry->busy.Unlock();
  co_return answer;
}

Task<StatusOr<ExecuteAnswer>> RemoteExecutions::ExecuteIn(EntryPtr entry, ExecuteRequest request) {
  if (!entry->session || entry->aborting) co_return Error(sqlstate::kInFailedSqlTransaction, "the transaction is ending");
  NullSink sink;
  entry->session->RaiseAdoptedLevel(request.level);
  CO_RETURN_IF_ERROR(co_await entry->session->SimpleQuery(std::move(request.sql), &sink));
  co_return ExecuteAnswer{entry->session->adopted_level(), services_.commit_clock->ReadTimestamp()};
}

Task<Status> RemoteExecutions::Prepare(TxnId txn) {
  EntryPtr entry = Find(txn);
  if (!entry) co_return Error(sqlstate::kInFailedSqlTransaction, "the transaction is not known on this node");
  co_await entry->busy.Lock();
  const Status status = co_await PrepareEntry(txn, entry);
  entry->busy.Unlock();
  co_return status;
}

Task<Status> RemoteExecutions::PrepareEntry(TxnId txn, EntryPtr entry) {
  if (!entry->session) co_return OkStatus();
  LockManager::OwnerId locks = 0;
  CO_ASSIGN_OR_RETURN(CatalogChange change, co_await entry->session->PrepareAdopted(&locks));
  if (!change.empty()) {
    Future<Status> logged = services_.log->LogPrepared(txn, std::move(change));
    const Status status = co_await logged;
    if (!status.ok()) {
      services_.locks->Release(locks);
      co_return status;
    }
  }
  std::shared_ptr<Session> session = std::move(entry->session);
  entry->session.reset();
  {
    MutexLock lock(mutex_);
    entry->locks = locks;
  }
  co_await session->End();
  co_return OkStatus();
}

Task<Status> RemoteExecutions::Commit(TxnId txn, Timestamp commit) {
  EntryPtr entry = Find(txn);
  if (!entry) co_return OkStatus();
  Future<Status> resolved = services_.log->LogResolved(txn, true);
  CO_RETURN_IF_ERROR(co_await resolved);
  // Sessions of this node see from now on what the other node's clock has decided.
  CO_RETURN_IF_ERROR(co_await services_.commit_clock->Observe(commit));
  services_.locks->Release(entry->locks);
  Erase(txn);
  co_return OkStatus();
}

Task<Status> RemoteExecutions::Abort(TxnId txn) {
  EntryPtr entry = Find(txn);
  if (!entry) co_return OkStatus();
  {
    MutexLock lock(mutex_);
    entry->aborting = true;
    if (entry->session) entry->session->Cancel(Error(sqlstate::kQueryCanceled, "canceling statement because its transaction ended"));
  }
  co_await entry->busy.Lock();
  Status status;
  if (entry->session) {
    co_await entry->session->End();
    entry->session.reset();
  } else {
    Future<Status> resolved = services_.log->LogResolved(txn, false);
    status = co_await resolved;
    if (status.ok()) services_.locks->Release(entry->locks);
  }
  if (status.ok()) Erase(txn);
  entry->busy.Unlock();
  co_return status;
}

Task<Status> RemoteExecutions::RollbackTo(TxnId txn, uint32_t level) {
  EntryPtr entry = Find(txn);
  if (!entry) co_return OkStatus();
  co_await entry->busy.Lock();
  if (entry->session) entry->session->RollbackAdopted(level);
  entry->busy.Unlock();
  co_return OkStatus();
}

Task<void> RemoteExecutions::AbortForgotten() {
  std::vector<TxnId> forgotten;
  {
    MutexLock lock(mutex_);
    const absl::Duration now = services_.clock->Monotonic();
    for (const auto& [txn, entry] : entries_) {
      if (entry->locks == 0 && now - last_heard_[txn.origin] > kForgottenAfter) forgotten.push_back(txn);
    }
  }
  for (TxnId txn : forgotten) {
    log::Warning("transaction ", txn.ToString(), ": its access node is gone; what distributed_exec() did in it is undone");
    const Status status = co_await Abort(txn);
    if (!status.ok()) log::Warning("abort of ", txn.ToString(), ": ", status.message());
  }
}

Task<void> RemoteExecutions::EndAll() {
  std::vector<EntryPtr> open;
  {
    MutexLock lock(mutex_);
    for (auto& [txn, entry] : entries_) open.push_back(entry);
    entries_.clear();
  }
  for (const EntryPtr& entry : open) {
    co_await entry->busy.Lock();
    if (entry->session) co_await entry->session->End();
    entry->session.reset();
    entry->busy.Unlock();
  }
}

}  // namespace tsd::coord
