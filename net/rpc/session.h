#pragma once
// One live RPC connection after its handshake, the same for both sides: cuts bytes into frames, hands them to streams, queues and
// writes frames, notices a dead peer. Internal to net/rpc; RpcClient and RpcServerConnection own it, streams keep it alive.
//
// Invariants:
//   - One read loop, one write loop; both end soon after Close, whose reason is what every stream and call then ends with.
//   - Frames of one stream leave in the order they were queued. CREDIT, PING and PONG overtake the rest.
//   - The read loop never waits for a reader or for the writer: what it may queue is bounded by windows and by max_streams.
//   - mutex_ and a stream's mutex are never held together.
// Thread-safe.
#include <absl/container/flat_hash_map.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/status.h"
#include "engine/base/task.h"
#include "net/rpc/frame.h"
#include "net/rpc/options.h"
#include "net/rpc/stream.h"
#include "net/transport/transport.h"

namespace tsd::net::rpc {

class Session : public std::enable_shared_from_this<Session> {
 public:
  enum class Side { kClient, kServer };
  /// Runs in the read loop; it must only hand over.
  using OpenHandler = std::function<void(OpenHead head, std::string payload, std::shared_ptr<RpcStream> stream)>;

  struct Settings {
    Side side = Side::kClient;
    uint32_t peer_window = 0;       // from its HELLO or HELLO-ACK
    std::string peer_node_uuid;
    OpenHandler on_open;            // servers only
  };

  /// `initial_bytes`: read from the connection behind the handshake.
  static std::shared_ptr<Session> Start(RpcDeps deps, std::shared_ptr<Connection> connection, std::string initial_bytes,
                                        Settings settings, RpcOptions options);
  Session(RpcDeps deps, std::shared_ptr<Connection> connection, Settings settings, RpcOptions options);

  /// Clients: a new stream, its OPEN queued. 08001 if that was not possible before `deadline` (monotonic).
  static Task<StatusOr<std::shared_ptr<RpcStream>>> Open(std::shared_ptr<Session> self, OpenHead head, std::string payload,
                                                         absl::Duration deadline);
  /// Clients: one request, one answer. Errors as RpcClient::Call's. `deadline` is monotonic; infinite is none.
  static Task<StatusOr<std::string>> Call(std::shared_ptr<Session> self, Method method, std::string payload, absl::Duration deadline);
  /// Can take another stream or call.
  bool IsUsable() const;
  /// Closes as soon as no stream and no call is left.
  void Retire();
  /// Closes when what is queued has been written.
  void CloseWhenFlushed();
  void Close(Status reason);
  /// Set once, with the reason, after Close.
  Future<Status> closed() const { return closed_.future(); }
  const std::string& peer_node_uuid() const { return settings_.peer_node_uuid; }

  // ---- for RpcStream ----
  /// Waits for room in the queue.
  static Task<Status> SendMessage(std::shared_ptr<Session> self, FrameType type, uint32_t stream_id, std::string payload);
  void SendEnd(uint32_t stream_id, const Status& status);
  void SendReset(uint32_t stream_id, const Status& status);
  void SendCredit(uint32_t stream_id, uint32_t bytes);
  /// The stream is over: frames for it are ignored from now on.
  void Forget(uint32_t stream_id);

 private:
  using Waiter = Promise<bool>;
  using Answer = Promise<StatusOr<std::string>>;
  /// A call of ours that has no answer yet.
  struct PendingCall {
    Answer answer;
    absl::Duration deadline;
  };

  static Task<void> ReadLoop(std::shared_ptr<Session> self, std::string initial_bytes);
  static Task<void> WriteLoop(std::shared_ptr<Session> self);
  Status HandleBytes(std::string_view bytes);
  Status HandleFrame(Frame frame);
  Status HandleOpen(Frame frame);
  Status HandleStreamFrame(Frame frame);
  void HandlePing();
  /// Whom a frame is for: nobody if that is over here and the peer did not know yet. The frame ends a call, which is forgotten.
  struct Addressee {
    std::shared_ptr<RpcStream> stream;
    std::optional<Answer> call;
  };
  StatusOr<Addressee> Find(const Frame& frame);
  static void HandleAnswer(const Answer& call, Frame frame);

  /// Adds a frame if there is room; else a waiter that is set when it is worth another try. `frame` is taken only if added.
  std::optional<Waiter> TryEnqueue(std::string* frame, Status* status);
  std::optional<Waiter> TryOpen(const OpenHead& head, std::string_view payload, std::shared_ptr<RpcStream>* stream, Status* status);
  std::optional<Waiter> TryCall(const OpenHead& head, std::string_view payload, PendingCall call, Status* status);
  /// The new stream's id; 0: not opened, for `status` or until the waiter is set.
  uint32_t QueueOpen(const OpenHead& head, std::string_view payload, std::optional<Waiter>* waiter, Status* status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static Task<Status> AwaitRoom(std::shared_ptr<Session> self, Waiter waiter, absl::Duration deadline);
  bool IsLeaving() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Enqueue(std::string frame);
  void EnqueueUrgent(std::string_view frame);
  struct Batch {
    std::string bytes;
    bool has_ping = false;
    bool closed = false;
    bool flushed = false;  // nothing left, and CloseWhenFlushed was called
  };
  Batch TakeBatch();
  void WriteEnded(const Batch& batch);
  void ArmTick();
  void Tick();
  void ArmDeadline(absl::Duration deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnDeadline();
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RpcDeps deps_;
  const std::shared_ptr<Connection> connection_;
  const Settings settings_;
  const RpcOptions options_;
  Promise<Status> closed_;
  FrameDecoder decoder_;  // read loop only
  Event wake_writer_;

  mutable Mutex mutex_;
  Status close_reason_ ABSL_GUARDED_BY(mutex_);  // not OK: closed
  absl::flat_hash_map<uint32_t, std::weak_ptr<RpcStream>> streams_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint32_t, PendingCall> calls_ ABSL_GUARDED_BY(mutex_);
  uint32_t last_stream_id_ ABSL_GUARDED_BY(mutex_) = 0;
  bool retired_ ABSL_GUARDED_BY(mutex_) = false;
  bool close_when_flushed_ ABSL_GUARDED_BY(mutex_) = false;

  std::string urgent_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of queue_
  std::vector<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);

  // One timer for all calls: the last to be answered may be late by the time that it is set anew.
  TimerId deadline_timer_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration next_deadline_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();  // when it is due: no later than the first call's

  // Liveness, in monotonic time.
  TimerId tick_timer_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration last_tick_ ABSL_GUARDED_BY(mutex_);
  absl::Duration last_received_ ABSL_GUARDED_BY(mutex_);
  bool ping_queued_ ABSL_GUARDED_BY(mutex_) = false;
  bool pong_queued_ ABSL_GUARDED_BY(mutex_) = false;
  bool ping_outstanding_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Duration> ping_written_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Duration> write_started_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::net::rpc
