#include "coord/cluster/cluster.h"

#include "coord/node/node_messages.h"
#include "coord/node/remote_participant.h"
#include "engine/base/strings.h"

namespace tsd::coord {

Cluster::Cluster(ClusterDeps deps, ClusterLog& log, engine::Store& store)
    : deps_(std::move(deps)), log_(log), local_(std::make_shared<LocalParticipant>(store)) {}

std::shared_ptr<net::rpc::RpcClient> Cluster::MakeClient(const sql::DataNode& node) const {
  net::rpc::HelloInfo hello;
  hello.node_uuid = deps_.node_uuid;
  hello.cluster_id = std::to_string(log_.Current()->cluster_id);
  hello.user = deps_.user;
  hello.database = node.database;
  return std::make_shared<net::rpc::RpcClient>(deps_.rpc, net::Endpoint{node.host, node.port}, std::move(hello), deps_.rpc_options, node.uuid);
}

StatusOr<Cluster::Member> Cluster::MemberOf(NodeId node) {
  const sql::DataNodePtr entry = log_.Current()->FindNode(node);
  if (!entry) return Error(sqlstate::kUndefinedObject, StrCat("data node with id ", node.value(), " does not exist"));
  const net::Endpoint endpoint{entry->host, entry->port};
  MutexLock lock(mutex_);
  Member& member = members_[node];
  if (!member.client || member.endpoint != endpoint || member.database != entry->database || member.name != entry->name) {
    member = Member{endpoint, entry->database, entry->name, MakeClient(*entry), nullptr};
    member.participant = std::make_shared<RemoteParticipant>(entry->name, member.client, CompressionTo(endpoint));
  }
  return member;
}

StatusOr<std::shared_ptr<Participant>> Cluster::ParticipantOf(NodeId node) {
  if (!node.IsValid()) return local_;
  ASSIGN_OR_RETURN(Member member, MemberOf(node));
  return member.participant;
}

StatusOr<std::shared_ptr<net::rpc::RpcClient>> Cluster::ClientOf(NodeId node) {
  const sql::DataNodePtr entry = log_.Current()->FindNode(node);
  if (entry && !entry->available) {
    return Error(sqlstate::kInternalError, StrCat("data node \"", entry->name, "\" is not available"));
  }
  ASSIGN_OR_RETURN(Member member, MemberOf(node));
  return member.client;
}

std::string Cluster::NameOf(NodeId node) const {
  if (!node.IsValid()) return "local";
  const sql::DataNodePtr entry = log_.Current()->FindNode(node);
  return entry ? entry->name : StrCat("node ", node.value());
}

void Cluster::Close() {
  MutexLock lock(mutex_);
  for (auto& [id, member] : members_) member.client->Close();
}

}  // namespace tsd::coord
