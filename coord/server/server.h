#pragma once
// Server: a whole node, wired together from injected dependencies: the store, the cluster log, transactions, sessions, the PostgreSQL and
// RPC protocols on one port, and the background care (resolving transactions, dropping storage). The simulator builds the same object.
// Open, then Serve; Shutdown ends it in order. Thread-safe unless stated.
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "coord/node/node_service.h"
#include "coord/read/query_memory.h"
#include "coord/read/spill_directory.h"
#include "coord/session/remote_executions.h"
#include "coord/session/services.h"
#include "coord/server/compression_care.h"
#include "coord/session/notifications.h"
#include "coord/session/session_registry.h"
#include "engine/base/clock.h"
#include "engine/base/executor.h"
#include "engine/base/random.h"
#include "engine/env/env.h"
#include "net/rpc/server.h"
#include "net/transport/transport.h"

namespace tsd::coord {

/// What a server does not make itself. All outlive it.
struct ServerDeps {
  engine::Env* env = nullptr;
  const Clock* clock = nullptr;
  Clock* rpc_clock = nullptr;               // the same clock; net/rpc takes it non-const
  Executor* workers = nullptr;
  int worker_threads = 1;                   // as many share one query
  Executor* wal_executor = nullptr;         // writes and syncs the store's log
  Executor* cluster_log_executor = nullptr; // the same for the cluster log
  Executor* background = nullptr;
  net::Transport* transport = nullptr;
  uint64_t random_seed = 0;
  uint64_t machine_memory = uint64_t{4} << 30;  // bytes that this process can have
  /// The store or the log is poisoned: the process must end.
  std::function<void(const Status&)> on_fatal;
};

struct ServerConfig {
  ServerRole role = ServerRole::kAccess;
  std::string data_directory;       // absolute
  std::string listen_host = "127.0.0.1";
  uint16_t listen_port = 5440;
  bool port_given = false;          // else the file's port counts
  std::vector<std::pair<std::string, std::string>> overrides;  // settings from the command line
};

class Server {
 public:
  /// Initialises the data directory on the first start; recovers. 55006 if another server has it.
  static Task<StatusOr<std::unique_ptr<Server>>> Open(ServerDeps deps, ServerConfig config);
  ~Server();

  /// Starts listening. The address with the real port.
  StatusOr<net::Endpoint> Serve();
  /// Reads tsd.conf and hba.conf again.
  Status Reload();
  /// Refuses new work, ends sessions (57P01), flushes and syncs.
  Task<Status> Shutdown();

  Services& services() { return services_; }

 private:
  Server(ServerDeps deps, ServerConfig config);
  Status InitializeDirectory();
  Status LoadConfiguration(bool at_start);
  Task<Status> OpenParts();
  Task<Status> InitializeCatalog();
  Task<Status> DropTemporaries();
  void Accept(std::shared_ptr<net::Connection> connection);
  static Task<void> ServeConnection(Server* self, std::shared_ptr<net::Connection> connection);
  static Task<void> CareLoop(Server* self);
  Task<void> DropPending();
  std::unique_ptr<NodeService> MakeNodeService();
  static Task<StatusOr<bool>> CreateDatabase(Server* self, std::string name);
  static Task<Status> DropDatabase(Server* self, std::string name);
  std::string Path(std::string_view name) const;

  const ServerDeps deps_;
  ServerConfig config_;
  Services services_;
  std::unique_ptr<engine::FileLock> lock_;
  Random random_;
  Mutex random_mutex_;
  ServerSettings settings_;
  SessionRegistry sessions_;
  LockManager locks_;
  Notifications notifications_;
  std::unique_ptr<Membership> membership_;
  std::unique_ptr<net::pg::HbaRules> hba_;
  std::unique_ptr<SpillDirectory> spill_;
  std::unique_ptr<QueryMemory> query_memory_;
  std::unique_ptr<engine::Store> store_;
  std::unique_ptr<ClusterLog> log_;
  std::unique_ptr<Sequences> sequences_;
  std::unique_ptr<CommitClock> commit_clock_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<ChunkCreator> chunks_;
  StorageSchemas schemas_;
  std::unique_ptr<TransactionManager> transactions_;
  std::unique_ptr<net::pg::SessionFactory> factory_;
  std::unique_ptr<net::pg::Authenticator> authenticator_;
  std::unique_ptr<net::pg::PgServerContext> pg_;
  std::unique_ptr<RemoteExecutions> executions_;
  std::unique_ptr<CompressionCare> compression_care_;
  std::unique_ptr<NodeService> node_service_;
  std::map<std::pair<NodeId, ChunkId>, Timestamp> drops_seen_;  // CareLoop's
  std::unique_ptr<net::Listener> listener_;
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int connections_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<std::shared_ptr<net::rpc::RpcServerConnection>> rpc_connections_ ABSL_GUARDED_BY(mutex_);
  Event care_ended_;
  Event connections_ended_;
};

}  // namespace tsd::coord
