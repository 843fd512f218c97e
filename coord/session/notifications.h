#pragma once
// Notifications: who listens on which channel (LISTEN), and what was sent to them (NOTIFY). One a server: sessions of another access node are
// not reached. Thread-safe. A session's inbox is emptied by its own coroutine (net/pg sends what is in it whenever the session is idle). A listener that
// does not read, or stays in a transaction, loses its session when too much has come for it: nobody else waits for it.
#include <absl/functional/any_invocable.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "net/pg/handler.h"

namespace tsd::coord {

class Notifications {
 public:
  /// A session's end of it.
  class Inbox {
   public:
    /// `wake` is called from any thread when something comes into an empty inbox.
    void SetWake(absl::AnyInvocable<void()> wake);
    /// 53200 if it overflowed since: what came meanwhile is lost, and its listener must not believe that it heard all.
    StatusOr<std::vector<net::pg::Notification>> Take();

   private:
    friend class Notifications;
    void Put(const net::pg::Notification& notification);

    Mutex mutex_;
    absl::AnyInvocable<void()> wake_ ABSL_GUARDED_BY(mutex_);
    std::vector<net::pg::Notification> arrived_ ABSL_GUARDED_BY(mutex_);
    size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of arrived_
    bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
  };

  void Listen(const std::string& channel, const std::shared_ptr<Inbox>& inbox);
  void Unlisten(const std::string& channel, const std::shared_ptr<Inbox>& inbox);
  void Send(const std::vector<net::pg::Notification>& notifications);

 private:
  Mutex mutex_;
  std::map<std::string, std::set<std::shared_ptr<Inbox>>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::coord
