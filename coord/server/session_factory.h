#pragma once
// Makes sessions for net/pg: checks database and role, hands out the initial parameters. Thread-safe.
#include "coord/session/services.h"
#include "coord/session/session.h"
#include "net/pg/handler.h"

namespace tsd::coord {

class CoordSessionFactory final : public net::pg::SessionFactory {
 public:
  explicit CoordSessionFactory(const Services& services) : services_(services) {}
  Task<StatusOr<std::shared_ptr<net::pg::SessionHandler>>> Open(net::pg::StartupParameters startup, net::Endpoint peer, int32_t process_id,
                                                                std::vector<std::pair<std::string, std::string>>* initial_parameters) override;

 private:
  const Services& services_;
};

}  // namespace tsd::coord
