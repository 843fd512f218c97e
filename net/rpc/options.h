#pragma once
// Knobs and injected dependencies of net/rpc. Plain values; copied.
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>

#include "engine/base/clock.h"
#include "engine/base/executor.h"
#include "net/transport/transport.h"

namespace tsd::net::rpc {

/// All outlive the client or server connection and everything it spawned.
struct RpcDeps {
  Executor* executor = nullptr;
  Clock* clock = nullptr;
  Transport* transport = nullptr;  // clients only
};

struct RpcOptions {
  /// TCP connect, HELLO and HELLO-ACK together.
  absl::Duration connect_timeout = absl::Seconds(2);
  /// After a connect that took this long to fail, calls fail at once with the same error for as long again. (A refusal is told at once,
  /// so the next call asks again: the node may have come back.)
  absl::Duration connect_backoff = absl::Milliseconds(200);
  /// A server gives a new connection this long to say HELLO.
  absl::Duration hello_timeout = absl::Seconds(5);
  /// Nothing came from the peer for this long: PING.
  absl::Duration ping_interval = absl::Milliseconds(1250);
  /// A PING was written and nothing came for this long: the peer is dead.
  absl::Duration ping_timeout = absl::Seconds(3);
  /// One write to the socket did not end for this long: the peer is dead.
  absl::Duration write_timeout = absl::Seconds(15);
  /// How far a peer may send ahead of our reader, a stream. A single message may overshoot it.
  uint32_t window_bytes = 4u << 20;
  /// Senders wait while more than this is queued for the socket.
  size_t send_queue_bytes = 8u << 20;
  /// Streams a peer may have open on one connection; more get 53300.
  size_t max_streams = 4096;
};

}  // namespace tsd::net::rpc
