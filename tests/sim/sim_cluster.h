#pragma once
// A whole tsd cluster in one thread on virtual time: the same coord::Server the real binary runs, with simulated disks, network, clocks and
// executors. Node 0 is the access node, then the data nodes, last the clients' machine, which never crashes.
#include <memory>
#include <string>
#include <vector>

#include "coord/server/server.h"
#include "tests/sim/sim_client.h"
#include "tests/support/sim_env.h"
#include "tests/support/sim_executor.h"
#include "tests/support/sim_net.h"

namespace tsd::sim {

class SimCluster {
 public:
  SimCluster(uint64_t seed, int data_nodes);
  ~SimCluster();

  SimScheduler& scheduler() { return scheduler_; }
  SimNet& net() { return net_; }
  Random& random() { return random_; }
  int servers() const { return static_cast<int>(nodes_.size()); }
  int client_node() const { return servers(); }
  Executor& client_executor() { return *scheduler_.executor(client_node()); }
  std::unique_ptr<SimClient> NewClient();

  /// Starts all and waits until they serve; adds the data nodes through SQL. Fails the test on any error.
  void StartAll();
  void Start(int node);
  bool IsUp(int node) const { return nodes_[static_cast<size_t>(node)]->ready; }
  bool AllUp() const;
  /// kMachine also loses what was not synced.
  void Crash(int node, CrashKind kind);
  void Restart(int node);
  /// Runs SQL on a client of its own until it succeeds or `limit` of virtual time has passed.
  StatusOr<QueryAnswer> Run(const std::string& sql, absl::Duration limit);
  coord::Server* server(int node) { return nodes_[static_cast<size_t>(node)]->server.get(); }

 private:
  struct Node {
    std::string name;
    std::unique_ptr<engine::SimEnv> env;
    std::unique_ptr<coord::Server> server;
    bool up = false;
    bool ready = false;
    uint64_t incarnation = 0;
  };
  static Task<void> Open(SimCluster* self, int node, uint64_t incarnation, coord::ServerDeps deps, coord::ServerConfig config);

  SimScheduler scheduler_;
  Random random_;
  SimNet net_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace tsd::sim
