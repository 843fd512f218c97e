#pragma once
// What net/rpc calls up into: coord/node implements it. One service serves all connections; its methods run concurrently, each as its
// own coroutine on the server's Executor.
#include <memory>
#include <string>

#include "engine/base/status.h"
#include "engine/base/task.h"
#include "net/rpc/frame.h"
#include "net/rpc/method.h"
#include "net/rpc/stream.h"
#include "net/transport/transport.h"

namespace tsd::net::rpc {

struct PeerInfo {
  HelloInfo hello;
  Endpoint address;
};

class RpcService {
 public:
  virtual ~RpcService() = default;
  /// After a well-formed HELLO, before anything else. An error refuses the connection and is what the peer's calls end with.
  virtual Task<Status> Authorize(HelloInfo hello, Endpoint peer) = 0;
  /// `peer` lives until the returned task has ended. The answer is at most kMaxMessageBytes. If the caller has given up meanwhile, the
  /// answer is dropped.
  virtual Task<StatusOr<std::string>> HandleCall(Method method, std::string payload, const PeerInfo& peer) = 0;
  /// `payload` came with the OPEN. The returned status ends the stream (Finish); what the client still sends is thrown away.
  virtual Task<Status> HandleStream(Method method, std::string payload, std::shared_ptr<RpcStream> stream, const PeerInfo& peer) = 0;
};

}  // namespace tsd::net::rpc
