#pragma once
// This node's way to one other node. Connects on demand, shares one connection among all callers, reconnects at the next call after a
// loss. Never repeats a call by itself.
//
// Errors of Call, and of a stream's operations:
//   08001  surely not executed: no connection could be made (in time), or the peer was shutting down
//   08006  outcome unknown: the connection was lost, or the answer did not come in time
//   other  the peer's answer: its handler's error, or why it refuses us (28000, 3D000 ...); a refused HELLO executed nothing
// Thread-safe. Must be destroyed before its deps; calls still running then end with 08006 or 08001.
#include <memory>
#include <string>

#include "engine/base/status.h"
#include "engine/base/task.h"
#include "net/rpc/frame.h"
#include "net/rpc/options.h"
#include "net/rpc/stream.h"

namespace tsd::net::rpc {

class RpcClient {
 public:
  /// `expected_node_uuid`: if not empty, a peer that says another one is not talked to (08001).
  RpcClient(RpcDeps deps, Endpoint endpoint, HelloInfo hello, RpcOptions options = {}, std::string expected_node_uuid = {});
  ~RpcClient();
  RpcClient(const RpcClient&) = delete;
  RpcClient& operator=(const RpcClient&) = delete;

  /// One request, one answer, each at most kMaxMessageBytes. `timeout` covers connecting too.
  Task<StatusOr<std::string>> Call(Method method, std::string payload, absl::Duration timeout);
  /// Starts a stream; OK means queued, not yet accepted by the peer's handler.
  Task<StatusOr<std::shared_ptr<RpcStream>>> Open(Method method, std::string payload);
  /// Makes sure that there is a connection; its peer's node uuid.
  Task<StatusOr<std::string>> Connect();
  /// Ends everything; later calls get 08001.
  void Close();

  bool IsConnected() const;
  const Endpoint& endpoint() const;

 private:
  class Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace tsd::net::rpc
