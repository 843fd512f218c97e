#pragma once
// One conversation inside an RPC connection: messages both ways with credit-based flow control. Both sides use the same class. A server has
// one for a call too, its client has none (Session::Call).
//
// Invariants:
//   - Messages arrive in order, each exactly once, or the stream ends with an error.
//   - Memory: at most window + one message is queued for the receiver; Send waits for credits and for room in the connection's queue.
//   - Every wait ends: when the peer acts, the stream is cancelled, or the connection is lost (08006).
// All methods are thread-safe. At most one Send and one Receive run at a time (a second is a bug of the caller); the two may run
// concurrently. Whoever awaits Send or Receive holds the shared_ptr meanwhile. Dropping the last reference to an unfinished stream
// cancels it.
#include <absl/functional/any_invocable.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/mutex.h"
#include "engine/base/status.h"
#include "engine/base/task.h"
#include "net/rpc/frame.h"

namespace tsd::net::rpc {

class Session;

class RpcStream : public std::enable_shared_from_this<RpcStream> {
 public:
  /// Made by RpcClient::Open and by the server for each OPEN.
  struct Start {
    uint32_t id = 0;
    int64_t send_window = 0;     // what the peer lets us send ahead
    int64_t receive_window = 0;  // what we let the peer send ahead
    bool receive_finished = false;  // a call's OPEN is all its client sends
    bool opened_here = false;    // the client's end
  };
  RpcStream(std::shared_ptr<Session> session, Start start);
  ~RpcStream();
  RpcStream(const RpcStream&) = delete;
  RpcStream& operator=(const RpcStream&) = delete;

  /// Sends one message (at most kMaxMessageBytes, else 54000). OK means queued for the socket. If the peer ended the stream with an
  /// error, that error.
  Task<Status> Send(std::string payload);
  /// The next message; nullopt when the peer finished with OK; its error if it finished with one (after all messages before it).
  Task<StatusOr<std::optional<std::string>>> Receive();
  /// The whole answer to a call, instead of Send and Finish.
  Task<Status> Answer(std::string payload);
  /// No more Sends from this side. An error here reaches the peer's Receive after all messages. Later calls have no effect.
  void Finish(Status status = OkStatus());
  /// Ends both directions now: our pending operations and the peer's end with `status` (not OK). Undelivered messages are dropped.
  void Cancel(Status status);

  /// The stream was cut: by Cancel on either side, or because the connection is lost.
  bool IsCancelled() const;
  /// Calls `callback` once when the stream is cut; at once if it is already. On any thread; it must only hand over. One callback.
  /// Not called if the stream ends regularly.
  void OnCancel(absl::AnyInvocable<void(const Status&)> callback);

  uint32_t id() const { return start_.id; }

 private:
  friend class Session;
  enum class Tell { kPeer, kNobody };

  // Called by Session's read loop. An error is a protocol violation of the peer.
  Status OnData(std::string payload);
  Status OnCredit(uint32_t bytes);
  Status OnEnd(Status status);
  void OnReset(Status status);  // also for a lost connection

  void Cut(Status status, Tell tell);
  Status TakeCredit(int64_t cost, bool* taken);
  bool TryReceive(StatusOr<std::optional<std::string>>* result, uint32_t* credit);

  const std::shared_ptr<Session> session_;
  const Start start_;
  Event writable_;
  Event readable_;
  mutable Mutex mutex_;
  std::deque<std::string> incoming_ ABSL_GUARDED_BY(mutex_);
  int64_t credit_ ABSL_GUARDED_BY(mutex_);           // may be below zero: the last message overshot
  int64_t unacknowledged_ ABSL_GUARDED_BY(mutex_) = 0;  // received and not yet granted again
  int64_t consumed_ ABSL_GUARDED_BY(mutex_) = 0;        // part of unacknowledged_ that was given to the reader
  bool finished_ ABSL_GUARDED_BY(mutex_);               // we sent END
  std::optional<Status> end_ ABSL_GUARDED_BY(mutex_);   // the peer's END
  Status send_error_ ABSL_GUARDED_BY(mutex_);           // why Send fails
  Status receive_error_ ABSL_GUARDED_BY(mutex_);        // why Receive fails
  std::optional<Status> cut_ ABSL_GUARDED_BY(mutex_);
  absl::AnyInvocable<void(const Status&)> on_cancel_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::net::rpc
