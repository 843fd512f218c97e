// LISTEN, NOTIFY, UNLISTEN: the server's part (Notifications) and a session's, where all of it takes effect at the commit.
#include "coord/session/notifications.h"

#include "coord/session/session.h"
#include "engine/base/strings.h"

namespace tsd::coord {

using net::pg::Notification;

namespace {

// PostgreSQL's limits.
constexpr size_t kMaxChannelName = 63;
constexpr size_t kMaxPayload = 7999;
// What a session may have waiting for it.
constexpr size_t kMaxInboxBytes = 64 << 20;

}  // namespace

void Notifications::Inbox::SetWake(absl::AnyInvocable<void()> wake) {
  MutexLock lock(mutex_);
  wake_ = std::move(wake);
}

StatusOr<std::vector<Notification>> Notifications::Inbox::Take() {
  MutexLock lock(mutex_);
  if (overflowed_) {
    return WithDetail(Error(sqlstate::kOutOfMemory, "too many notifications wait for this session"),
                      "It was in a transaction, or its client did not read, for too long; notifications are lost.");
  }
  bytes_ = 0;
  return std::exchange(arrived_, {});
}

void Notifications::Inbox::Put(const Notification& notification) {
  std::vector<Notification> dropped;
  MutexLock lock(mutex_);
  if (overflowed_) return;
  bytes_ += sizeof(notification) + notification.channel.size() + notification.payload.size();
  if (bytes_ > kMaxInboxBytes) {
    overflowed_ = true;
    dropped.swap(arrived_);
  } else {
    arrived_.push_back(notification);
  }
  if (arrived_.size() <= 1 && wake_) wake_();
}

void Notifications::Listen(const std::string& channel, const std::shared_ptr<Inbox>& inbox) {
  MutexLock lock(mutex_);
  listeners_[channel].insert(inbox);
}

void Notifications::Unlisten(const std::string& channel, const std::shared_ptr<Inbox>& inbox) {
  MutexLock lock(mutex_);
  auto found = listeners_.find(channel);
  if (found == listeners_.end()) return;
  found->second.erase(inbox);
  if (found->second.empty()) listeners_.erase(found);
}

void Notifications::Send(const std::vector<Notification>& notifications) {
  MutexLock lock(mutex_);
  for (const Notification& notification : notifications) {
    auto found = listeners_.find(notification.channel);
    if (found == listeners_.end()) continue;
    for (const std::shared_ptr<Inbox>& inbox : found->second) inbox->Put(notification);
  }
}

void Session::OnNotification(absl::AnyInvocable<void()> wake) { inbox_->SetWake(std::move(wake)); }

StatusOr<std::vector<Notification>> Session::TakeNotifications() { return inbox_->Take(); }

void Session::Listen(ListenAction action) {
  action.depth = savepoints_.size();
  listen_actions_.push_back(std::move(action));
}

Status Session::Notify(const std::string& channel, const std::string& payload) {
  if (channel.empty()) return Error(sqlstate::kInvalidParameterValue, "channel name cannot be empty");
  if (channel.size() > kMaxChannelName) return Error(sqlstate::kInvalidParameterValue, "channel name too long");
  if (payload.size() > kMaxPayload) return Error(sqlstate::kInvalidParameterValue, "payload string too long");
  if (adopted_) return Error(sqlstate::kFeatureNotSupported, "NOTIFY is not supported in distributed_exec()");
  // The same twice in a transaction is sent once.
  for (const PendingNotification& pending : notifications_) {
    if (pending.notification.channel == channel && pending.notification.payload == payload) return OkStatus();
  }
  notifications_.push_back({{identity_.process_id, channel, payload}, savepoints_.size()});
  return OkStatus();
}

void Session::KeepNotifications(size_t depth) {
  for (ListenAction& action : listen_actions_) action.depth = std::min(action.depth, depth);
  for (PendingNotification& pending : notifications_) pending.depth = std::min(pending.depth, depth);
}

void Session::ForgetNotifications(size_t depth) {
  std::erase_if(listen_actions_, [&](const ListenAction& action) { return action.depth >= depth; });
  std::erase_if(notifications_, [&](const PendingNotification& pending) { return pending.depth >= depth; });
}

void Session::FinishNotifications(bool committed) {
  std::vector<Notification> sent;
  for (PendingNotification& pending : notifications_) sent.push_back(std::move(pending.notification));
  for (const ListenAction& action : listen_actions_) {
    if (!committed) break;
    if (action.listen) {
      channels_.insert(action.channel);
      services_.notifications->Listen(action.channel, inbox_);
      continue;
    }
    std::erase_if(channels_, [&](const std::string& channel) {
      const bool ends = action.channel.empty() || channel == action.channel;
      if (ends) services_.notifications->Unlisten(channel, inbox_);
      return ends;
    });
  }
  notifications_.clear();
  listen_actions_.clear();
  if (committed && !sent.empty()) services_.notifications->Send(sent);
}

void Session::StopListening() {
  listen_actions_.clear();
  for (const std::string& channel : channels_) services_.notifications->Unlisten(channel, inbox_);
  channels_.clear();
}

}  // namespace tsd::coord
