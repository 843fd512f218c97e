#include "net/pg/server_context.h"

#include <cstring>

namespace tsd::net::pg {
namespace {

/// Connections that have not sent their startup packet count against a second, larger bound.
constexpr int kUnadmittedAllowance = 64;

Status UserCancel() { return Error(sqlstate::kQueryCanceled, "canceling statement due to user request"); }
Status AdminTermination() {
  return Error(sqlstate::kAdminShutdown, "terminating connection due to administrator command");
}
Status TooManyClients() { return Error(sqlstate::kTooManyConnections, "sorry, too many clients already"); }

}  // namespace

PgServerContext::PgServerContext(PgServerDeps deps, PgServerOptions options, Random random)
    : deps_(std::move(deps)), options_(options), max_connections_(options.max_connections), random_(random) {}

int PgServerContext::session_count() const {
  MutexLock lock(mutex_);
  return admitted_;
}

void PgServerContext::SetMaxConnections(int max_connections) {
  MutexLock lock(mutex_);
  max_connections_ = max_connections;
}

std::shared_ptr<LiveSession> PgServerContext::Find(int32_t process_id) const {
  MutexLock lock(mutex_);
  auto found = by_process_id_.find(process_id);
  if (found == by_process_id_.end()) return nullptr;
  return sessions_.at(found->second).session;
}

void PgServerContext::CancelByKey(int32_t process_id, std::string_view secret) {
  std::shared_ptr<LiveSession> session;
  {
    MutexLock lock(mutex_);
    auto found = by_process_id_.find(process_id);
    if (found == by_process_id_.end()) return;
    const Entry& entry = sessions_.at(found->second);
    uint32_t given;
    if (secret.size() != sizeof(given)) return;
    std::memcpy(&given, secret.data(), sizeof(given));
    if (__builtin_bswap32(given) != entry.slot->secret) return;
    session = entry.session;
  }
  session->CancelStatement(UserCancel());
}

bool PgServerContext::CancelStatement(int32_t process_id) {
  std::shared_ptr<LiveSession> session = Find(process_id);
  if (session == nullptr) return false;
  session->CancelStatement(UserCancel());
  return true;
}

bool PgServerContext::TerminateSession(int32_t process_id) {
  std::shared_ptr<LiveSession> session = Find(process_id);
  if (session == nullptr) return false;
  session->Terminate(AdminTermination());
  return true;
}

Task<void> PgServerContext::Shutdown() {
  auto sessions = std::make_shared<std::vector<std::weak_ptr<LiveSession>>>();
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    for (const auto& [key, entry] : sessions_) sessions->push_back(entry.session);
  }
  if (sessions->empty()) co_return;
  for (const std::weak_ptr<LiveSession>& weak : *sessions) {
    if (std::shared_ptr<LiveSession> session = weak.lock()) session->Terminate(AdminTermination());
  }
  const TimerId timer = deps_.executor->PostAfter(options_.shutdown_grace, [sessions] {
    for (const std::weak_ptr<LiveSession>& weak : *sessions) {
      if (std::shared_ptr<LiveSession> session = weak.lock()) session->Abort();
    }
  });
  co_await drained_.Wait();
  deps_.executor->Cancel(timer);
}

Status PgServerContext::Enter(std::shared_ptr<LiveSession> session) {
  MutexLock lock(mutex_);
  if (stopping_) return Error(sqlstate::kCannotConnectNow, "the database system is shutting down");
  if (sessions_.size() >= static_cast<size_t>(2 * max_connections_ + kUnadmittedAllowance)) return TooManyClients();
  LiveSession* key = session.get();
  sessions_[key].session = std::move(session);
  return OkStatus();
}

void PgServerContext::Release(Entry& entry) {
  if (!entry.slot) return;
  by_process_id_.erase(entry.slot->process_id);
  entry.slot.reset();
  --admitted_;
}

void PgServerContext::Retire(LiveSession* session) {
  MutexLock lock(mutex_);
  auto found = sessions_.find(session);
  if (found != sessions_.end()) Release(found->second);
}

void PgServerContext::Leave(LiveSession* session) {
  bool last = false;
  {
    MutexLock lock(mutex_);
    auto found = sessions_.find(session);
    if (found == sessions_.end()) return;
    Release(found->second);
    sessions_.erase(found);
    last = stopping_ && sessions_.empty();
  }
  if (last) drained_.Set();
}

StatusOr<PgServerContext::Slot> PgServerContext::Admit(LiveSession* session) {
  MutexLock lock(mutex_);
  if (admitted_ >= max_connections_) return TooManyClients();
  Slot slot;
  do {
    slot.process_id = next_process_id_;
    next_process_id_ = next_process_id_ == INT32_MAX ? 1000 : next_process_id_ + 1;
  } while (by_process_id_.contains(slot.process_id));
  slot.secret = static_cast<uint32_t>(random_.Next() >> 32);
  ++admitted_;
  sessions_.at(session).slot = slot;
  by_process_id_[slot.process_id] = session;
  return slot;
}

}  // namespace tsd::net::pg
