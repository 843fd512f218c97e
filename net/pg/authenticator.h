#pragma once
// Proving who a client is, once a pg_hba.conf rule has been chosen. The session owns the channel; a method's exchange lives here.
#include <string>

#include "engine/base/status.h"
#include "engine/base/task.h"
#include "net/pg/hba.h"

namespace tsd::net::pg {

/// The authentication part of a connection. Used by one coroutine.
class AuthChannel {
 public:
  virtual ~AuthChannel() = default;
  /// Sends an Authentication* message and flushes.
  virtual Task<Status> Send(int32_t code, std::string payload) = 0;
  /// The body of the client's next 'p' message. 08P01 if another type comes.
  virtual Task<StatusOr<std::string>> Receive() = 0;
};

/// Thread-safe, shared by all connections.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// OK lets the client in (the session sends AuthenticationOk). 28000, 28P01 or 0A000 are sent as FATAL.
  virtual Task<Status> Authenticate(HbaRule rule, HbaQuery query, AuthChannel* channel) = 0;
};

/// trust and reject; every other method ends with FATAL 0A000.
class TrustAuthenticator final : public Authenticator {
 public:
  Task<Status> Authenticate(HbaRule rule, HbaQuery query, AuthChannel* channel) override;
};

}  // namespace tsd::net::pg
