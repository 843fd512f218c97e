#include "net/transport/asio_transport.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/steady_timer.hpp>

#include <bit>
#include <chrono>
#include <exception>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "net/transport/asio_connection.h"
#include "net/transport/io_threads.h"

namespace tsd::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using ConnectionOr = StatusOr<std::shared_ptr<Connection>>;
using NamesOr = StatusOr<std::vector<std::string>>;
using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;

Status NotConnected(std::string_view message) { return Error(sqlstate::kSqlclientUnableToConnect, message); }
Status ShutDown() { return NotConnected("the transport is shut down"); }

Status UnknownHost(const std::string& host, const error_code& error) {
  std::string reason = error.message();
  if (error == boost::asio::error::host_not_found) reason = "Name or service not known";
  if (error == boost::asio::error::host_not_found_try_again) reason = "Temporary failure in name resolution";
  if (error == boost::asio::error::no_data) reason = "No address associated with hostname";
  return NotConnected(StrCat("could not translate host name \"", host, "\" to address: ", reason));
}

// ---- connecting ----

/// Resolves, then tries one address after the other until one answers or time is up. All but Start and Abort run on its strand.
class ConnectOperation final : public Abortable, public std::enable_shared_from_this<ConnectOperation> {
 public:
  ConnectOperation(const std::shared_ptr<IoThreads>& threads, Endpoint target, const AsioOptions& options)
      : threads_(threads), strand_(boost::asio::make_strand(threads->context())), target_(std::move(target)), options_(options),
        resolver_(strand_), timer_(strand_), socket_(strand_) {}

  Future<ConnectionOr> Start(absl::Duration timeout) {
    boost::asio::post(strand_, [self = shared_from_this(), timeout] { self->Begin(timeout); });
    return promise_.future();
  }
  void Abort() override {
    promise_.Set(ShutDown());
    boost::asio::post(strand_, [self = shared_from_this()] { self->Finish(ShutDown()); });
  }

 private:
  void Begin(absl::Duration timeout) {
    if (finished_) return;
    timer_.expires_after(absl::ToChronoMilliseconds(std::min(timeout, absl::Hours(1))));
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->Finish(NotConnected("timeout expired"));
    });
    error_code error;
    const boost::asio::ip::address ip = boost::asio::ip::make_address(target_.host, error);
    if (!error) {
      addresses_.push_back(tcp::endpoint(ip, target_.port));
      return TryNext();
    }
    resolver_.async_resolve(target_.host, std::to_string(target_.port), boost::asio::ip::resolver_base::numeric_service,
                            [self = shared_from_this()](const error_code& failed, tcp::resolver::results_type results) {
                              if (self->finished_) return;
                              if (failed) return self->Finish(UnknownHost(self->target_.host, failed));
                              for (const auto& result : results) self->addresses_.push_back(result.endpoint());
                              self->TryNext();
                            });
  }

  void TryNext() {
    if (next_ == addresses_.size()) return Finish(last_error_);
    error_code error;
    socket_.close(error);
    socket_.open(addresses_[next_].protocol(), error);
    if (error) return Failed(error);
    socket_.async_connect(addresses_[next_], [self = shared_from_this()](const error_code& failed) {
      if (self->finished_) return;
      if (failed) return self->Failed(failed);
      self->Connected();
    });
  }
  void Failed(const error_code& error) {
    last_error_ = NotConnected(error.message());
    ++next_;
    TryNext();
  }
  void Connected() {
    std::shared_ptr<IoThreads> threads = threads_.lock();
    std::shared_ptr<Connection> connection;
    if (threads != nullptr) {
      // The connection's handlers need no strand.
      const tcp protocol = addresses_[next_].protocol();
      error_code error;
      const int handle = socket_.release(error);
      tcp::socket socket(threads->context());
      if (!error) socket.assign(protocol, handle, error);
      if (error) return Finish(NotConnected(error.message()));
      connection = MakeAsioConnection(std::move(threads), std::move(socket), options_);
    }
    if (connection == nullptr) return Finish(NotConnected("Connection reset by peer"));
    Finish(std::move(connection));
  }
  void Finish(ConnectionOr result) {
    if (std::exchange(finished_, true)) return;
    error_code ignored;
    timer_.cancel(ignored);
    resolver_.cancel();
    socket_.close(ignored);
    if (std::shared_ptr<IoThreads> threads = threads_.lock()) threads->Unregister(this);
    promise_.Set(std::move(result));
  }

  // Weak: an operation that a stopped io_context still holds must not keep that io_context.
  const std::weak_ptr<IoThreads> threads_;
  const Strand strand_;
  const Endpoint target_;
  const AsioOptions options_;
  const Promise<ConnectionOr> promise_;
  tcp::resolver resolver_;
  boost::asio::steady_timer timer_;
  tcp::socket socket_;
  std::vector<tcp::endpoint> addresses_;
  size_t next_ = 0;
  Status last_error_ = NotConnected("no address to connect to");
  bool finished_ = false;
};

class ResolveOperation final : public Abortable, public std::enable_shared_from_this<ResolveOperation> {
 public:
  ResolveOperation(const std::shared_ptr<IoThreads>& threads, std::string host)
      : threads_(threads), strand_(boost::asio::make_strand(threads->context())), host_(std::move(host)), resolver_(strand_) {}

  Future<NamesOr> Start() {
    boost::asio::post(strand_, [self = shared_from_this()] { self->Begin(); });
    return promise_.future();
  }
  void Abort() override {
    promise_.Set(ShutDown());
    boost::asio::post(strand_, [self = shared_from_this()] { self->resolver_.cancel(); });
  }

 private:
  void Begin() {
    resolver_.async_resolve(host_, "", [self = shared_from_this()](const error_code& error, tcp::resolver::results_type results) {
      std::vector<std::string> addresses;
      for (const auto& result : results) {
        std::string address = ToEndpoint(result.endpoint()).host;
        if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(std::move(address));
      }
      if (std::shared_ptr<IoThreads> threads = self->threads_.lock()) threads->Unregister(self.get());
      self->promise_.Set(error ? NamesOr(UnknownHost(self->host_, error)) : NamesOr(std::move(addresses)));
    });
  }

  const std::weak_ptr<IoThreads> threads_;
  const Strand strand_;
  const std::string host_;
  const Promise<NamesOr> promise_;
  tcp::resolver resolver_;
};

// ---- listening ----

/// The acceptor, shared by the listener and the accept in flight; mutex_ guards the acceptor and keeps `accepted` from being called
/// after Close.
class AcceptLoop final : public Abortable, public std::enable_shared_from_this<AcceptLoop> {
 public:
  using Accepted = std::function<void(std::shared_ptr<Connection>)>;

  AcceptLoop(const std::shared_ptr<IoThreads>& threads, const AsioOptions& options, Accepted accepted)
      : threads_(threads), options_(options), accepted_(std::move(accepted)), context_(threads->context()), acceptor_(context_), timer_(context_) {}

  error_code Open(const tcp::endpoint& address, bool both_families) {
    MutexLock lock(mutex_);
    error_code error;
    acceptor_.open(address.protocol(), error);
    if (error) return error;
    acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (address.address().is_v6()) acceptor_.set_option(boost::asio::ip::v6_only(!both_families), error);
    acceptor_.bind(address, error);
    if (!error) acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
    if (!error) address_ = ToEndpoint(acceptor_.local_endpoint(error));
    if (error) acceptor_.close();
    return error;
  }
  void Start() {
    MutexLock lock(mutex_);
    AcceptNext();
  }
  void Abort() override { Close(); }
  void Close() {
    Accepted dropped;  // owns whatever the server put into it
    {
      MutexLock lock(mutex_);
      if (std::exchange(closed_, true)) return;
      error_code ignored;
      acceptor_.close(ignored);
      timer_.cancel(ignored);
      dropped.swap(accepted_);
    }
    if (std::shared_ptr<IoThreads> threads = threads_.lock()) threads->Unregister(this);
  }
  const Endpoint& address() const { return address_; }

 private:
  void AcceptNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::shared_ptr<IoThreads> threads = threads_.lock();
    if (closed_ || threads == nullptr) return;
    acceptor_.async_accept(threads->context(), [self = shared_from_this()](const error_code& error, tcp::socket socket) {
      self->OnAccept(error, std::move(socket));
    });
  }
  void OnAccept(const error_code& error, tcp::socket socket) {
    std::shared_ptr<Connection> connection;
    std::shared_ptr<IoThreads> threads = threads_.lock();
    if (!error && threads != nullptr) connection = MakeAsioConnection(threads, std::move(socket), options_);
    MutexLock lock(mutex_);
    if (closed_) return;
    if (error && error != boost::asio::error::connection_aborted) {
      // Out of file descriptors or memory: connections wait in the backlog for better times.
      log::Warning("could not accept a connection: ", error.message());
      timer_.expires_after(std::chrono::milliseconds(100));
      timer_.async_wait([self = shared_from_this()](const error_code&) { self->Start(); });
      return;
    }
    if (connection != nullptr) accepted_(std::move(connection));
    AcceptNext();
  }

  const std::weak_ptr<IoThreads> threads_;
  const AsioOptions options_;
  Mutex mutex_;
  Accepted accepted_ ABSL_GUARDED_BY(mutex_);
  boost::asio::io_context& context_;
  tcp::acceptor acceptor_ ABSL_GUARDED_BY(mutex_);
  boost::asio::steady_timer timer_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  Endpoint address_;  // constant after Open
};

class AsioListener final : public Listener {
 public:
  AsioListener(std::shared_ptr<IoThreads> threads, std::shared_ptr<AcceptLoop> loop)
      : threads_(std::move(threads)), loop_(std::move(loop)) {}
  ~AsioListener() override { loop_->Close(); }
  Endpoint Address() const override { return loop_->address(); }
  void Close() override { loop_->Close(); }

 private:
  const std::shared_ptr<IoThreads> threads_;  // before loop_, whose acceptor refers to one of them
  const std::shared_ptr<AcceptLoop> loop_;
};

/// Where to listen; the flag asks for both families on one socket.
StatusOr<std::vector<std::pair<tcp::endpoint, bool>>> ListenAddresses(const Endpoint& address) {
  std::vector<std::pair<tcp::endpoint, bool>> result;
  if (address.host.empty() || address.host == "*") {
    result.emplace_back(tcp::endpoint(tcp::v6(), address.port), true);
    result.emplace_back(tcp::endpoint(tcp::v4(), address.port), false);
    return result;
  }
  error_code error;
  const boost::asio::ip::address ip = boost::asio::ip::make_address(address.host, error);
  if (!error) {
    result.emplace_back(tcp::endpoint(ip, address.port), false);
    return result;
  }
  boost::asio::io_context context;
  tcp::resolver resolver(context);
  const tcp::resolver::results_type found = resolver.resolve(address.host, std::to_string(address.port), error);
  if (error) return UnknownHost(address.host, error);
  for (const auto& entry : found) {
    // One socket a name: the IPv4 address first, as clients without IPv6 are common.
    result.emplace(entry.endpoint().address().is_v4() ? result.begin() : result.end(), entry.endpoint(), false);
  }
  return result;
}

}  // namespace

// ---- AsioTransport ----

StatusOr<std::unique_ptr<AsioTransport>> AsioTransport::Create(const AsioOptions& options) {
  try {
    auto threads = std::make_shared<IoThreads>(std::max(options.threads, 1));
    return std::make_unique<AsioTransport>(std::move(threads), options);
  } catch (const std::exception& error) {
    return Error(sqlstate::kInsufficientResources, StrCat("could not start the network threads: ", error.what()));
  }
}

AsioTransport::AsioTransport(std::shared_ptr<IoThreads> threads, const AsioOptions& options)
    : threads_(std::move(threads)), options_(options) {}
AsioTransport::~AsioTransport() { Shutdown(); }
void AsioTransport::Shutdown() { threads_->Stop(); }
Executor& AsioTransport::executor() { return threads_->executor(); }

StatusOr<std::unique_ptr<Listener>> AsioTransport::Listen(const Endpoint& address,
                                                          std::function<void(std::shared_ptr<Connection>)> accepted) {
  try {
    ASSIGN_OR_RETURN(const auto addresses, ListenAddresses(address));
    auto loop = std::make_shared<AcceptLoop>(threads_, options_, std::move(accepted));
    error_code error = boost::asio::error::host_not_found;
    for (const auto& [endpoint, both_families] : addresses) {
      error = loop->Open(endpoint, both_families);
      if (!error) break;
    }
    if (error) {
      const auto* state = error == boost::asio::error::address_in_use ? sqlstate::kObjectInUse : sqlstate::kConnectionException;
      return Error(state, StrCat("could not listen on ", address.ToString(), ": ", error.message()));
    }
    if (!threads_->Register(loop)) return ShutDown();
    loop->Start();
    return std::unique_ptr<Listener>(std::make_unique<AsioListener>(threads_, std::move(loop)));
  } catch (const std::exception& error) {
    return Error(sqlstate::kInsufficientResources, StrCat("could not listen on ", address.ToString(), ": ", error.what()));
  }
}

Future<StatusOr<std::shared_ptr<Connection>>> AsioTransport::Connect(const Endpoint& address, absl::Duration timeout) {
  try {
    auto operation = std::make_shared<ConnectOperation>(threads_, address, options_);
    if (!threads_->Register(operation)) return ReadyFuture<ConnectionOr>(ShutDown());
    return operation->Start(timeout);
  } catch (const std::exception& error) {
    return ReadyFuture<ConnectionOr>(NotConnected(error.what()));
  }
}

Future<StatusOr<std::vector<std::string>>> AsioTransport::Resolve(const std::string& host) {
  try {
    auto operation = std::make_shared<ResolveOperation>(threads_, host);
    if (!threads_->Register(operation)) return ReadyFuture<NamesOr>(ShutDown());
    return operation->Start();
  } catch (const std::exception& error) {
    return ReadyFuture<NamesOr>(NotConnected(error.what()));
  }
}

std::vector<std::pair<std::string, int>> AsioTransport::InterfaceAddresses() {
  std::vector<std::pair<std::string, int>> result;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return result;
  const auto prefix_length = [](const void* mask, size_t size) {
    int bits = 0;
    for (size_t i = 0; i < size; ++i) bits += std::popcount(static_cast<const uint8_t*>(mask)[i]);
    return bits;
  };
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_netmask == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    char text[INET6_ADDRSTRLEN];
    if (entry->ifa_addr->sa_family == AF_INET) {
      const auto* address = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
      const auto* mask = reinterpret_cast<const sockaddr_in*>(entry->ifa_netmask);
      if (::inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text)) == nullptr) continue;
      result.emplace_back(text, prefix_length(&mask->sin_addr, sizeof(mask->sin_addr)));
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      const auto* address = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr);
      const auto* mask = reinterpret_cast<const sockaddr_in6*>(entry->ifa_netmask);
      if (::inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof(text)) == nullptr) continue;
      result.emplace_back(text, prefix_length(&mask->sin6_addr, sizeof(mask->sin6_addr)));
    }
  }
  ::freeifaddrs(list);
  return result;
}

}  // namespace tsd::net
