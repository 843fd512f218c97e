#pragma once
// Reads a connection on behalf of a session. Bytes are read when the session asks for them (Receive) and, between StartWatching and
// StopWatching (a statement runs), also ahead, up to a bound, so that a client that goes away is noticed at once. Receive is called by
// one coroutine; Wake by any thread. Held by shared_ptr: a read that is under way keeps the pump alive.
#include <absl/functional/any_invocable.h>

#include <memory>
#include <string>

#include "engine/base/mutex.h"
#include "engine/base/task.h"
#include "net/transport/transport.h"

namespace tsd::net::pg {

class InputPump : public std::enable_shared_from_this<InputPump> {
 public:
  InputPump(std::shared_ptr<Connection> connection, size_t read_ahead_bytes)
      : connection_(std::move(connection)), read_ahead_bytes_(read_ahead_bytes) {}

  /// Requires: no read is under way (nothing was asked for that has not come).
  void ReplaceConnection(std::shared_ptr<Connection> connection);
  /// Bytes; empty: the client has finished or the connection broke, or Wake was called.
  Task<std::string> Receive();
  /// True once the client's bytes have ended and were all received.
  bool Ended() const;
  /// Makes a waiting or the next Receive return.
  void Wake();

  /// `on_gone` runs at most once, on any thread, if the connection ends before StopWatching, unless the client said goodbye
  /// (a Terminate message is among the bytes not yet received, or `goodbye_seen`).
  void StartWatching(bool goodbye_seen, absl::AnyInvocable<void()> on_gone);
  void StopWatching();

 private:
  void ReadOn();
  /// True if another read should follow.
  bool Arrived(StatusOr<std::string> bytes);
  bool WantsMore() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::shared_ptr<Connection> connection_;
  const size_t read_ahead_bytes_;
  mutable Mutex mutex_;
  std::string arrived_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool watching_ ABSL_GUARDED_BY(mutex_) = false;
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;  // a Receive waits
  bool goodbye_seen_ ABSL_GUARDED_BY(mutex_) = false;
  absl::AnyInvocable<void()> on_gone_ ABSL_GUARDED_BY(mutex_);
  Event changed_;
};

}  // namespace tsd::net::pg
