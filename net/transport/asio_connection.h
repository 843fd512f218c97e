#pragma once
// One TCP connection. Includes Asio: only net/transport/*.cc include this.
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <optional>
#include <string>

#include "engine/base/mutex.h"
#include "net/transport/asio_transport.h"
#include "net/transport/io_threads.h"
#include "net/transport/transport.h"

namespace tsd::net {

/// "::ffff:1.2.3.4" becomes "1.2.3.4": the same client has the same address whatever socket accepted it.
Endpoint ToEndpoint(const boost::asio::ip::tcp::endpoint& address);

/// Wraps a connected socket. Null if the threads are stopping or the peer is already gone.
std::shared_ptr<Connection> MakeAsioConnection(std::shared_ptr<IoThreads> threads, boost::asio::ip::tcp::socket socket,
                                               const AsioOptions& options);

}  // namespace tsd::net
