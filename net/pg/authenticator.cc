#include "net/pg/authenticator.h"

#include "engine/base/strings.h"

namespace tsd::net::pg {

Task<Status> TrustAuthenticator::Authenticate(HbaRule rule, HbaQuery query, AuthChannel*) {
  if (rule.method == HbaMethod::kTrust) co_return OkStatus();
  if (rule.method == HbaMethod::kReject) co_return HbaRejectError(query);
  co_return UnsupportedMethodError(rule.method);
}

}  // namespace tsd::net::pg
