#include "tests/sim/sim_cluster.h"

#include <gtest/gtest.h>

#include "engine/base/strings.h"

namespace tsd::sim {
namespace {

constexpr uint16_t kPort = 5440;
constexpr char kHba[] = "host all all 0.0.0.0/0 trust\nhost all all ::/0 trust\n";

// A crashed server's coroutines never run again, and its destructor must not either: it would act on a world that has gone on.
std::vector<coord::Server*>& Graveyard() {
  static auto* graveyard = new std::vector<coord::Server*>();
  return *graveyard;
}

}  // namespace

SimCluster::SimCluster(uint64_t seed, int data_nodes)
    : scheduler_(seed), random_(Random(seed).Fork("cluster")), net_(&scheduler_, Random(seed).Fork("net")) {
  for (int i = 0; i <= data_nodes; ++i) {
    auto node = std::make_unique<Node>();
    node->name = i == 0 ? "an" : StrCat("dn", i);
    node->env = std::make_unique<engine::SimEnv>(Random(seed).Fork(node->name).Next());
    scheduler_.AddNode(node->name);
    nodes_.push_back(std::move(node));
  }
  scheduler_.AddNode("clients");
}

SimCluster::~SimCluster() {
  for (auto& node : nodes_) {
    if (node->server) Graveyard().push_back(node->server.release());
    node->env.release();  // the dead servers still point to it
  }
}

std::unique_ptr<SimClient> SimCluster::NewClient() {
  return std::make_unique<SimClient>(net_.transport(client_node()), net::Endpoint{"an", kPort});
}

Task<void> SimCluster::Open(SimCluster* self, int index, uint64_t incarnation, coord::ServerDeps deps, coord::ServerConfig config) {
  StatusOr<std::unique_ptr<coord::Server>> server = co_await coord::Server::Open(std::move(deps), std::move(config));
  Node& node = *self->nodes_[static_cast<size_t>(index)];
  if (node.incarnation != incarnation) co_return;
  if (!server.ok()) {
    ADD_FAILURE() << node.name << " does not start: " << server.status().message();
    co_return;
  }
  node.server = std::move(*server);
  const StatusOr<net::Endpoint> address = node.server->Serve();
  if (!address.ok()) ADD_FAILURE() << node.name << " does not listen: " << address.status().message();
  node.ready = address.ok();
}

void SimCluster::Start(int index) {
  Node& node = *nodes_[static_cast<size_t>(index)];
  node.up = true;
  if (!node.env->FileExists("/data/hba.conf")) node.env->PutFile("/data/hba.conf", kHba);
  Executor* executor = scheduler_.executor(index);
  coord::ServerDeps deps;
  deps.env = node.env.get();
  deps.clock = scheduler_.clock(index);
  deps.rpc_clock = scheduler_.clock(index);
  deps.workers = deps.wal_executor = deps.cluster_log_executor = deps.background = executor;
  deps.worker_threads = 2;  // lanes of one fragment take turns on the one executor
  deps.transport = net_.transport(index);
  deps.random_seed = random_.Next();
  const uint64_t incarnation = ++node.incarnation;
  deps.on_fatal = [this, index, incarnation](const Status&) {
    // As the real process: it ends at once, and someone starts it again.
    scheduler_.AtAfter(absl::ZeroDuration(), [this, index, incarnation] {
      if (nodes_[static_cast<size_t>(index)]->incarnation == incarnation) Crash(index, CrashKind::kProcess);
    });
  };
  coord::ServerConfig config;
  config.role = index == 0 ? coord::ServerRole::kAccess : coord::ServerRole::kData;
  config.data_directory = "/data";
  config.listen_host = "0.0.0.0";
  config.listen_port = kPort;
  config.port_given = true;
  // On every other node a handful of rows is a large transaction, whose rows go to chunk files instead of the log.
  config.overrides = {{"tsd.memtable_memory", "1MB"}, {"tsd.direct_file_size", index % 2 == 1 ? "1kB" : "16MB"}};
  Spawn(*executor, Open(this, index, incarnation, std::move(deps), std::move(config)));
}

bool SimCluster::AllUp() const {
  for (const auto& node : nodes_) {
    if (!node->ready) return false;
  }
  return true;
}

void SimCluster::Crash(int index, CrashKind kind) {
  Node& node = *nodes_[static_cast<size_t>(index)];
  if (!node.up) return;
  net_.Crash(index, kind);
  if (kind == CrashKind::kMachine) {
    node.env->Crash();
  } else {
    node.env->KillProcess();
  }
  if (node.server) Graveyard().push_back(node.server.release());
  node.up = node.ready = false;
  ++node.incarnation;
}

void SimCluster::Restart(int index) {
  if (nodes_[static_cast<size_t>(index)]->up) return;
  net_.Restart(index);
  Start(index);
}

namespace {

Task<void> RunOnce(SimClient* client, std::string sql, Promise<StatusOr<QueryAnswer>> done) {
  StatusOr<QueryAnswer> answer = co_await client->Query(std::move(sql), absl::Seconds(60));
  done.Set(std::move(answer));
}

}  // namespace

StatusOr<QueryAnswer> SimCluster::Run(const std::string& sql, absl::Duration limit) {
  const absl::Duration end = scheduler_.now() + limit;
  StatusOr<QueryAnswer> last = Error(sqlstate::kQueryCanceled, "not run");
  while (scheduler_.now() < end) {
    std::unique_ptr<SimClient> client = NewClient();
    Promise<StatusOr<QueryAnswer>> done;
    Spawn(client_executor(), RunOnce(client.get(), sql, done));
    if (!scheduler_.RunUntil([&] { return done.future().ready(); }, limit)) {
      client.release();  // its coroutine still waits
      return Error(sqlstate::kQueryCanceled, StrCat("no answer within ", absl::FormatDuration(limit), " of virtual time: ", sql));
    }
    last = done.future().Take();
    client->Close();
    if (last.ok()) return last;
    scheduler_.RunFor(absl::Milliseconds(100));
  }
  return last;
}

void SimCluster::StartAll() {
  for (int i = 0; i < servers(); ++i) Start(i);
  ASSERT_TRUE(scheduler_.RunUntil([&] { return AllUp(); }, absl::Seconds(30)));
  for (int i = 1; i < servers(); ++i) {
    const StatusOr<QueryAnswer> added =
        Run(StrCat("SELECT add_data_node('dn", i, "', host => 'dn", i, "', port => ", kPort, ", if_not_exists => true)"), absl::Seconds(30));
    ASSERT_TRUE(added.ok()) << added.status().message();
  }
}

}  // namespace tsd::sim
