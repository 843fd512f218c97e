#pragma once
// Cluster: this node's view of the nodes it can reach: its own store and the data nodes of its catalog, each with an RPC client and a
// Participant. Follows the catalog by itself: a lookup of a node that was added, moved or removed sees that. Thread-safe.
#include <map>
#include <memory>
#include <string>

#include "coord/cluster/cluster_log.h"
#include "coord/txn/participant.h"
#include "engine/base/mutex.h"
#include "net/rpc/client.h"

namespace tsd::coord {

struct ClusterDeps {
  net::rpc::RpcDeps rpc;
  net::rpc::RpcOptions rpc_options;
  std::string node_uuid;   // this node's own
  std::string user;        // that connections between nodes are made as
};

class Cluster {
 public:
  Cluster(ClusterDeps deps, ClusterLog& log, engine::Store& store);

  /// NodeId{} is this node's own store. 42704 'data node with id N does not exist'.
  StatusOr<std::shared_ptr<Participant>> ParticipantOf(NodeId node);
  /// Of a data node; also XX000 'data node "x" is not available' if it is marked so.
  StatusOr<std::shared_ptr<net::rpc::RpcClient>> ClientOf(NodeId node);
  std::string NameOf(NodeId node) const;
  /// A client for a node that is not in the catalog (yet).
  std::shared_ptr<net::rpc::RpcClient> MakeClient(const sql::DataNode& node) const;
  void Close();

 private:
  struct Member {
    net::Endpoint endpoint;
    std::string database;
    std::string name;
    std::shared_ptr<net::rpc::RpcClient> client;
    std::shared_ptr<Participant> participant;
  };
  StatusOr<Member> MemberOf(NodeId node);

  const ClusterDeps deps_;
  ClusterLog& log_;
  const std::shared_ptr<Participant> local_;
  Mutex mutex_;
  std::map<NodeId, Member> members_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::coord
