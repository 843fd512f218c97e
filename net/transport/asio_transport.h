#pragma once
// The real Transport: TCP over Boost.Asio, on its own threads, which are an Executor as well: the server's workers. Asio stays inside the
// .cc files.
//
// Invariants:
//   - Completions come from any of its threads; Read and Write try the socket at once on the calling thread and wait
//     for it only if they must. Idle connections hold no buffer: bytes are read into a buffer of the thread and copied out exactly.
//   - No exception leaves; every promise is kept: by the operation, by Close, or by the destruction of the transport.
//   - Connections may outlive the transport; they are closed then.
#include <absl/time/time.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/transport/transport.h"

namespace tsd::net {

class IoThreads;

struct AsioOptions {
  int threads = 2;
  /// TCP keepalive: the first probe after `keepalive_idle` without traffic, then every interval; dead after `keepalive_probes`.
  absl::Duration keepalive_idle = absl::Seconds(20);
  absl::Duration keepalive_interval = absl::Seconds(5);
  int keepalive_probes = 4;
  /// TCP_USER_TIMEOUT: sent bytes that stay unacknowledged for so long end the connection. It also ends that of a client which reads
  /// nothing for so long with a full window (a pager left open), so it is generous; RPC has its own liveness.
  absl::Duration user_timeout = absl::Minutes(15);
};

class AsioTransport final : public Transport {
 public:
  static StatusOr<std::unique_ptr<AsioTransport>> Create(const AsioOptions& options = {});
  /// For Create.
  AsioTransport(std::shared_ptr<IoThreads> threads, const AsioOptions& options);
  /// Closes everything, keeps all promises, joins the threads. Not from a transport thread.
  ~AsioTransport() override;
  /// The same, earlier. Idempotent.
  void Shutdown();
  /// Its threads, to run tasks on. Tasks that have not begun when the transport shuts down may never do.
  Executor& executor();

  /// A host name is looked up on the spot: Listen belongs to the start of a server. "*" or "" is every address of both families.
  StatusOr<std::unique_ptr<Listener>> Listen(const Endpoint& address,
                                             std::function<void(std::shared_ptr<Connection>)> accepted) override;
  Future<StatusOr<std::shared_ptr<Connection>>> Connect(const Endpoint& address, absl::Duration timeout) override;
  Future<StatusOr<std::vector<std::string>>> Resolve(const std::string& host) override;
  std::vector<std::pair<std::string, int>> InterfaceAddresses() override;

 private:
  const std::shared_ptr<IoThreads> threads_;
  const AsioOptions options_;
};

}  // namespace tsd::net
