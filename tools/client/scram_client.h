#pragma once
// The client's half of SCRAM-SHA-256 (RFC 7677, no channel binding). One object an authentication; not thread-safe.
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace tsd::client {

class ScramClient {
 public:
  explicit ScramClient(std::string password) : password_(std::move(password)) {}
  StatusOr<std::string> First();
  StatusOr<std::string> Final(std::string_view server_first);
  /// Checks that the server knows the password's key as well.
  Status Verify(std::string_view server_final) const;

 private:
  std::string password_, nonce_, first_bare_, server_signature_;
};

}  // namespace tsd::client
