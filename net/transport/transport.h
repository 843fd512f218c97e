#pragma once
// Byte streams between processes, injected: asio_transport.h is the real one, tests/support/sim_net.h the simulated one.
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/status.h"
#include "engine/base/task.h"

namespace tsd::net {

/// "host" is a name or a numeric address; port 0 asks the system for a free one.
struct Endpoint {
  std::string host;
  uint16_t port = 0;
  std::string ToString() const { return host + ":" + std::to_string(port); }
  bool operator==(const Endpoint&) const = default;
  /// This machine, as far as the text tells.
  bool IsLoopback() const { return host == "localhost" || host == "::1" || host.starts_with("127."); }
};

/// A full-duplex byte stream. Thread-safe; at most one Read and one Write outstanding at a time (a second is a bug of the caller).
/// After Close (or the peer's reset) pending and later calls end with 08006. Destroying it closes it.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Some bytes as soon as there are any (at most 256 KiB); the empty string when the peer has finished sending.
  /// Bytes are read from the socket only while a Read is outstanding: that is the back-pressure.
  virtual Future<StatusOr<std::string>> Read() = 0;
  /// Ends when all bytes were handed to the operating system.
  virtual Future<Status> Write(std::string bytes) = 0;
  virtual void Close() = 0;
  /// Numeric addresses, e.g. {"127.0.0.1", 41234}.
  virtual Endpoint Peer() const = 0;
  virtual Endpoint Local() const = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;
  virtual Endpoint Address() const = 0;  // with the real port
  virtual void Close() = 0;              // accepts no more; open connections stay
};

class Transport {
 public:
  virtual ~Transport() = default;
  /// `accepted` is called for each connection, on a transport thread; it must only hand over.
  virtual StatusOr<std::unique_ptr<Listener>> Listen(const Endpoint& address,
                                                     std::function<void(std::shared_ptr<Connection>)> accepted) = 0;
  /// 08001 with the reason as message ("Connection refused", "timeout expired", "could not translate host name ...").
  virtual Future<StatusOr<std::shared_ptr<Connection>>> Connect(const Endpoint& address, absl::Duration timeout) = 0;
  /// Numeric addresses of a host name, for hba rules.
  virtual Future<StatusOr<std::vector<std::string>>> Resolve(const std::string& host) = 0;
  /// This machine's own interface addresses with prefix lengths ("127.0.0.1", 8), for samehost and samenet.
  virtual std::vector<std::pair<std::string, int>> InterfaceAddresses() = 0;
};

}  // namespace tsd::net
