#pragma once
// Serves one accepted connection. Whoever accepts reads the first bytes, and if they begin like kRpcMagic hands everything over:
//
//   auto connection = RpcServerConnection::Create(deps, socket, std::move(bytes_read), &service, node_uuid, options);
//   co_await connection->Run();     // or Spawn it
//
// Each call and stream runs as its own coroutine on deps.executor. A client's RESET or a lost connection cancels its streams.
// Thread-safe.
#include <memory>
#include <string>

#include "engine/base/mutex.h"
#include "engine/base/status.h"
#include "engine/base/task.h"
#include "net/rpc/options.h"
#include "net/rpc/service.h"
#include "net/rpc/session.h"

namespace tsd::net::rpc {

class RpcServerConnection : public std::enable_shared_from_this<RpcServerConnection> {
 public:
  /// `initial_bytes`: all that was read from `connection` so far, from the first byte on (may be empty or end anywhere).
  /// `service` outlives Run().
  static std::shared_ptr<RpcServerConnection> Create(RpcDeps deps, std::shared_ptr<Connection> connection, std::string initial_bytes,
                                                     RpcService* service, std::string node_uuid, RpcOptions options = {});

  /// For Create: the object must be owned by a shared_ptr.
  RpcServerConnection(RpcDeps deps, std::shared_ptr<Connection> connection, std::string initial_bytes, RpcService* service,
                      std::string node_uuid, RpcOptions options);

  /// Ends when the connection has ended and no handler runs any more. Once.
  Task<void> Run();
  /// Refuses new calls and streams (08001, so that the client knows they did not run), lets the running ones end for at most `grace`,
  /// then closes. Run() ends soon after.
  void Shutdown(absl::Duration grace);
  /// Cuts the connection and cancels its streams.
  void Close();

 private:
  static Task<void> RunAll(std::shared_ptr<RpcServerConnection> self);
  static Task<StatusOr<HelloInfo>> ReadHello(std::shared_ptr<RpcServerConnection> self);
  static Task<StatusOr<std::shared_ptr<Session>>> Handshake(std::shared_ptr<RpcServerConnection> self);
  static Task<void> RunHandler(std::shared_ptr<RpcServerConnection> self, OpenHead head, std::string payload,
                               std::shared_ptr<RpcStream> stream, absl::Duration arrived);
  void OnOpen(OpenHead head, std::string payload, std::shared_ptr<RpcStream> stream);
  StatusOr<std::shared_ptr<Session>> StartSession(Session::Settings settings);
  bool HasHandlers();
  void HandlerEnded();

  const RpcDeps deps_;
  const std::shared_ptr<Connection> connection_;
  RpcService* const service_;
  const std::string node_uuid_;
  const RpcOptions options_;
  std::string bytes_;  // read and not yet decoded; only the handshake uses it
  PeerInfo peer_;      // constant after the handshake
  Event ended_;
  Mutex mutex_;
  std::shared_ptr<Session> session_ ABSL_GUARDED_BY(mutex_);
  size_t handlers_ ABSL_GUARDED_BY(mutex_) = 0;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tsd::net::rpc
