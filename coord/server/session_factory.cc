#include "coord/server/session_factory.h"

#include "engine/base/log.h"
#include "engine/base/strings.h"

namespace tsd::coord {

Task<StatusOr<std::shared_ptr<net::pg::SessionHandler>>> CoordSessionFactory::Open(
    net::pg::StartupParameters startup, net::Endpoint peer, int32_t process_id,
    std::vector<std::pair<std::string, std::string>>* initial_parameters) {
  const sql::CatalogPtr catalog = services_.log->Current();
  auto role = catalog->roles.find(startup.user);
  if (role == catalog->roles.end()) {
    co_return Error(sqlstate::kInvalidAuthorization, StrCat("role \"", startup.user, "\" does not exist"));
  }
  if (!role->second.can_login) {
    co_return Error(sqlstate::kInvalidAuthorization, StrCat("role \"", startup.user, "\" is not permitted to log in"));
  }
  if (!catalog->databases.contains(startup.database)) {
    co_return Error(sqlstate::kInvalidCatalogName, StrCat("database \"", startup.database, "\" does not exist"));
  }
  SessionIdentity identity{startup.user, startup.database, std::move(peer), process_id};
  auto session = std::make_shared<Session>(services_, std::move(identity));
  CO_RETURN_IF_ERROR(session->ApplyStartup(startup));
  for (auto& [name, value] : session->settings().Reported()) {
    StatusOr<std::string> shown = session->ShowSetting(name);
    initial_parameters->emplace_back(name, shown.ok() ? *shown : value);
  }
  if (services_.settings->Get("log_connections") == "on") {
    log::Info("connection authorized: user=", startup.user, " database=", startup.database, " host=", session->identity().peer.ToString());
  }
  co_return std::shared_ptr<net::pg::SessionHandler>(session);
}

}  // namespace tsd::coord
