#pragma once
// NodeService: what a node does for another node's access server: the store's transactions, fragments, membership, SQL for distributed_exec.
// Implements net/rpc's RpcService. Thread-safe.
#include <functional>
#include <string>

#include "coord/node/executions.h"
#include "coord/node/horizon_window.h"
#include "coord/node/membership.h"
#include "coord/node/node_messages.h"
#include "coord/node/open_transactions.h"
#include "coord/read/fragment_run.h"
#include "engine/base/mutex.h"
#include "engine/store/store.h"
#include "net/rpc/service.h"

namespace tsd::coord {

struct NodeServiceDeps {
  engine::Store* store = nullptr;
  const Clock* clock = nullptr;
  int threads = 1;  // of the executor that runs the service
  sql::SpillSpace* spill = nullptr;
  QueryMemory* memory = nullptr;
  Membership* membership = nullptr;
  /// May this peer connect? The hba rules decide.
  std::function<Task<Status>(net::rpc::HelloInfo, net::Endpoint)> authorize;
  /// Current max_prepared_transactions.
  std::function<int64_t()> max_prepared_transactions;
  /// Runs SQL for another node's transaction.
  NodeExecutions* executions = nullptr;
  /// The node's own description; fills what only the server knows.
  std::function<NodeDescription(const std::string& database)> describe;
  /// Creates a database if it is missing; true if it was created.
  std::function<Task<StatusOr<bool>>(std::string database)> create_database;
  /// Drops it, if it is there, with all chunks that are not this node's own.
  std::function<Task<Status>(std::string database)> drop_database;
};

class NodeService final : public net::rpc::RpcService {
 public:
  explicit NodeService(NodeServiceDeps deps) : deps_(std::move(deps)) {}

  Task<Status> Authorize(net::rpc::HelloInfo hello, net::Endpoint peer) override;
  Task<StatusOr<std::string>> HandleCall(net::rpc::Method method, std::string payload, const net::rpc::PeerInfo& peer) override;
  Task<Status> HandleStream(net::rpc::Method method, std::string payload, std::shared_ptr<net::rpc::RpcStream> stream,
                            const net::rpc::PeerInfo& peer) override;

 private:
  Task<StatusOr<std::string>> Write(std::string payload);
  Task<StatusOr<std::string>> WriteAndPrepare(std::string payload);
  Task<StatusOr<std::string>> WriteUnlessConflicting(std::string payload);
  Task<StatusOr<std::string>> Delete(std::string payload);
  Task<StatusOr<std::string>> Transaction(net::rpc::Method method, std::string payload);
  Task<StatusOr<std::string>> Prepare(PrepareMessage message);
  Task<Status> PrepareStore(PrepareMessage message);
  Task<StatusOr<std::string>> CommitOnePhase(TxnMessage message);
  Task<StatusOr<std::string>> Execute(std::string payload, std::string user);
  Task<StatusOr<std::string>> Sizes(std::string payload);
  Task<StatusOr<std::string>> Join(std::string payload);
  StatusOr<std::string> ListTransactions(std::string_view payload);
  Task<void> AwaitFence(TxnId reader, Timestamp incarnation);

  const NodeServiceDeps deps_;
  KnownSchemas schemas_;
  mutable Mutex mutex_;
  HorizonWindow horizon_ ABSL_GUARDED_BY(mutex_);                // of the cluster this node is a member of
  OpenTransactions open_;
};

}  // namespace tsd::coord
