// add_data_node and its family, distributed_exec.
#include <algorithm>

#include "coord/node/node_messages.h"
#include "coord/node/remote_participant.h"
#include "coord/session/coord_functions.h"
#include "engine/base/strings.h"
#include "engine/types/array.h"

namespace tsd::coord {
namespace {

constexpr absl::Duration kNodeTimeout = absl::Seconds(5);
constexpr absl::Duration kExecuteTimeout = absl::Hours(1);
constexpr TableId kDistributedExecLock(1);  // no relation has this id

Value Name(std::string text) { return Value::Bytes(TypeId::kName, std::move(text)); }

Status NoServer(const std::string& name) { return Error(sqlstate::kUndefinedObject, StrCat("server \"", name, "\" does not exist")); }

StatusOr<uint16_t> CheckPort(int64_t port) {
  if (port < 1 || port > 65535) {
    return WithHint(Error(sqlstate::kInvalidParameterValue, StrCat("invalid port number ", port)), "The port number must be between 1 and 65535.");
  }
  return static_cast<uint16_t>(port);
}

// The number of chunk replicas that only this node holds.
size_t SoleReplicas(const sql::Hypertable& hypertable, NodeId node, size_t* held) {
  size_t sole = 0;
  for (const sql::ChunkPtr& chunk : *hypertable.chunks) {
    if (std::ranges::find(chunk->nodes, node) == chunk->nodes.end()) continue;
    ++*held;
    if (chunk->nodes.size() == 1) ++sole;
  }
  return sole;
}

}  // namespace

StatusOr<sql::DataNodePtr> CoordFunctions::NodeArgument(const CallArguments& arguments, size_t index) const {
  if (arguments.IsNull(index)) return Error(sqlstate::kInvalidParameterValue, "data node name cannot be NULL");
  const std::string name = arguments.Text(index);
  const sql::CatalogPtr catalog = session_->catalog();
  auto found = catalog->nodes.find(name);
  if (found == catalog->nodes.end()) return NoServer(name);
  return found->second;
}

Task<Status> CoordFunctions::AddDataNode(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(RequireSuperuser("foreign-data wrapper timescaledb_fdw"));
  if (session_->services_.membership->cluster() != 0) {
    co_return Error(sqlstate::kDataNodeAssignmentExists, "unable to assign data nodes from an existing distributed database");
  }
  if (session_->services_.role != ServerRole::kAccess) {
    co_return Error(sqlstate::kFeatureNotSupported, "function must be run on the access node only");
  }
  if (arguments.IsNull(0)) co_return Error(sqlstate::kInvalidParameterValue, "data node name cannot be NULL");
  if (arguments.IsNull(1)) {
    co_return WithHint(Error(sqlstate::kInvalidParameterValue, "a host needs to be specified"), "Provide a host name or IP address of a data node to add.");
  }
  CO_RETURN_IF_ERROR(session_->RequireNoBlock("add_data_node()"));
  sql::DataNode node;
  node.name = arguments.Text(0);
  node.host = arguments.Text(1);
  node.database = arguments.IsNull(2) ? session_->identity().database : arguments.Text(2);
  CO_ASSIGN_OR_RETURN(node.port, CheckPort(arguments.Integer(3, session_->services_.settings->GetInteger("port"))));
  node.owner = session_->identity().user;
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  const sql::CatalogPtr catalog = session_->catalog();
  auto row = [&](bool node_created, bool database_created) {
    rows->Add({Name(node.name), Value::Text(node.host), Value::Int32(node.port), Name(node.database), Value::Bool(node_created),
               Value::Bool(database_created), Value::Bool(database_created)});
  };
  if (auto found = catalog->nodes.find(node.name); found != catalog->nodes.end()) {
    if (!arguments.Bool(4, false)) co_return Error(sqlstate::kDuplicateObject, StrCat("server \"", node.name, "\" already exists"));
    session_->Notice("NOTICE", sqlstate::kDuplicateObject, StrCat("data node \"", node.name, "\" already exists, skipping"));
    node = *found->second;
    row(false, false);
    co_return OkStatus();
  }
  std::shared_ptr<net::rpc::RpcClient> client = session_->services_.cluster->MakeClient(node);
  JoinRequest request;
  request.cluster_id = catalog->cluster_id;
  request.access_node_uuid = session_->services_.node_uuid;
  request.database = node.database;
  request.bootstrap = arguments.Bool(5, true);
  StatusOr<std::string> answer = co_await client->Call(net::rpc::Method::kJoin, request.Encode(), kNodeTimeout);
  client->Close();
  if (!answer.ok()) {
    const Status status = answer.status();
    if (HasSqlState(status, sqlstate::kInvalidAuthorization)) {
      co_return WithHint(WithDetail(Error(sqlstate::kSqlclientUnableToConnect, StrCat("could not connect to \"", node.name, "\"")), StdView(status.message())),
                         "On the data node, add a line for this access node to hba.conf (SHOW hba_file) and reload it, "
                         "e.g.: host all all <address of the access node> trust");
    }
    if (HasSqlState(status, sqlstate::kDataNodeInvalidConfig) && status.message().find("to itself") == absl::string_view::npos) {
      const ErrorFields fields = FieldsOf(status);
      Status error = WithDetail(Error(sqlstate::kDataNodeInvalidConfig, StrCat("cannot add \"", node.name, "\" as a data node")),
                                StrCat(status.message(), fields.detail.empty() ? "" : ": ", fields.detail));
      co_return fields.hint.empty() ? error : WithHint(std::move(error), fields.hint);
    }
    co_return NodeError(node.name, status);
  }
  CO_ASSIGN_OR_RETURN(const NodeDescription description, NodeDescription::Decode(*answer));
  for (const auto& [name, other] : catalog->nodes) {
    if (other->uuid == description.uuid && other->database == node.database) {
      co_return WithDetail(Error(sqlstate::kDataNodeInvalidConfig, StrCat("cannot add \"", node.name, "\" as a data node")),
                           StrCat("node is already a data node (\"", name, "\")"));
    }
  }
  if (!description.database_created) {
    session_->Notice("NOTICE", sqlstate::kSuccess, StrCat("database \"", node.database, "\" already exists on data node, skipping"));
  }
  node.id = session_->services_.log->AllocateNode();
  node.oid = session_->services_.log->AllocateOid();
  node.uuid = description.uuid;
  CatalogChange change;
  change.PutNode(node);
  session_->ApplyDdl(change);
  row(true, description.database_created);
  co_return OkStatus();
}

Task<Status> CoordFunctions::DeleteDataNode(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(RequireSuperuser("foreign server"));
  CO_RETURN_IF_ERROR(RequireAccessNode());
  if (arguments.Bool(4, false)) CO_RETURN_IF_ERROR(session_->RequireNoBlock("delete_data_node()"));
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  StatusOr<sql::DataNodePtr> found = NodeArgument(arguments, 0);
  if (!found.ok()) {
    if (!arguments.Bool(1, false) || arguments.IsNull(0)) co_return found.status();
    session_->Notice("NOTICE", sqlstate::kUndefinedObject, StrCat("data node \"", arguments.Text(0), "\" does not exist, skipping"));
    rows->Add({Value::Bool(false)});
    co_return OkStatus();
  }
  const sql::DataNode node = **found;
  const bool force = arguments.Bool(2, false);
  CatalogChange change;
  const sql::CatalogPtr catalog = session_->catalog();
  for (const auto& [key, relation] : catalog->relations) {
    if (!relation->hypertable) continue;
    const sql::Hypertable& hypertable = *relation->hypertable;
    if (std::ranges::find(hypertable.data_nodes, node.id) == hypertable.data_nodes.end()) continue;
    size_t held = 0;
    if (SoleReplicas(hypertable, node.id, &held) > 0) {
      co_return WithHint(WithDetail(Error(sqlstate::kInsufficientDataNodes, "insufficient number of data nodes"),
                                    StrCat("Distributed hypertable \"", relation->name, "\" would lose data if data node \"", node.name, "\" is deleted.")),
                         "Ensure all chunks on the data node are fully replicated before deleting it.");
    }
    if (held > 0 && !force) {
      co_return Error(sqlstate::kDataNodeInUse, StrCat("data node \"", node.name, "\" still holds data for distributed hypertable \"", relation->name, "\""));
    }
    if (held > 0) {
      session_->Notice("WARNING", sqlstate::kInsufficientDataNodes, StrCat("distributed hypertable \"", relation->name, "\" is under-replicated"));
    }
    sql::Relation changed = *relation;
    std::erase(changed.hypertable->data_nodes, node.id);
    std::erase(changed.hypertable->blocked_nodes, node.id);
    if (arguments.Bool(3, true)) RepartitionForNodes(&*changed.hypertable, changed);
    change.PutRelation(changed);
    for (const sql::ChunkPtr& chunk : *hypertable.chunks) {
      if (std::ranges::find(chunk->nodes, node.id) == chunk->nodes.end()) continue;
      sql::Chunk kept = *chunk;
      std::erase(kept.nodes, node.id);
      change.AddChunk(relation->id, kept);
    }
  }
  change.RemoveNode(node.name);
  // The node is told to forget the cluster. If it cannot be reached now it must be told by hand later, so that is said.
  std::shared_ptr<net::rpc::RpcClient> client = session_->services_.cluster->MakeClient(node);
  JoinRequest request;
  request.cluster_id = catalog->cluster_id;
  request.database = node.database;
  request.drop_database = arguments.Bool(4, false);
  const StatusOr<std::string> left = co_await client->Call(net::rpc::Method::kLeave, request.Encode(), kNodeTimeout);
  client->Close();
  if (!left.ok()) {
    if (!force) co_return WithHint(NodeError(node.name, left.status()), "Use force => true to delete the data node all the same.");
    session_->Notice("WARNING", sqlstate::kWarning, StrCat("could not tell data node \"", node.name, "\" that it was deleted"), std::string(StdView(left.status().message())));
  }
  session_->ApplyDdl(change);
  rows->Add({Value::Bool(true)});
  co_return OkStatus();
}

void CoordFunctions::RepartitionForNodes(sql::Hypertable* hypertable, const sql::Relation& relation) {
  if (hypertable->dimensions.size() < 2) return;
  sql::Dimension& space = hypertable->dimensions[1];
  const size_t nodes = hypertable->data_nodes.size() - hypertable->blocked_nodes.size();
  const int16_t wanted = static_cast<int16_t>(std::max<size_t>(1, nodes));
  if (space.number_partitions == wanted) return;
  const bool grew = wanted > space.number_partitions;
  space.number_partitions = wanted;
  const std::string& column = relation.Find(space.column)->name;
  session_->Notice("NOTICE", sqlstate::kSuccess,
                   grew ? StrCat("the number of partitions in dimension \"", column, "\" was increased to ", wanted)
                        : StrCat("the number of partitions in dimension \"", column, "\" of hypertable \"", relation.name, "\" was decreased to ", wanted));
}

Task<Status> CoordFunctions::AttachDataNode(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(RequireAccessNode());
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 1));
  if (!relation->hypertable->distributed) {
    co_return Error(sqlstate::kHypertableNotDistributed, StrCat("hypertable \"", relation->name, "\" is not distributed"));
  }
  CO_ASSIGN_OR_RETURN(const sql::DataNodePtr node, NodeArgument(arguments, 0));
  sql::Relation changed = *relation;
  std::vector<NodeId>& nodes = changed.hypertable->data_nodes;
  std::vector<NodeId>& blocked = changed.hypertable->blocked_nodes;
  const bool attached = std::ranges::find(nodes, node->id) != nodes.end();
  if (attached) {
    const std::string text = StrCat("data node \"", node->name, "\" is already attached to hypertable \"", relation->name, "\"");
    if (!arguments.Bool(2, false)) co_return Error(sqlstate::kDataNodeAlreadyAttached, text);
    session_->Notice("NOTICE", sqlstate::kDataNodeAlreadyAttached, StrCat(text, ", skipping"));
  } else {
    nodes.push_back(node->id);
    std::erase(blocked, node->id);
    const size_t usable = nodes.size() - blocked.size();
    if (arguments.Bool(3, true) && changed.hypertable->dimensions.size() > 1 &&
        static_cast<size_t>(changed.hypertable->dimensions[1].number_partitions) < usable) {
      RepartitionForNodes(&*changed.hypertable, changed);
    }
    CatalogChange change;
    change.PutRelation(changed);
    session_->ApplyDdl(change);
  }
  rows->Add({Value::Int32(relation->hypertable->id), Value::Int32(relation->hypertable->id), Name(node->name)});
  co_return OkStatus();
}

Task<Status> CoordFunctions::DetachDataNode(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(RequireAccessNode());
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  CO_ASSIGN_OR_RETURN(const sql::DataNodePtr node, NodeArgument(arguments, 0));
  const sql::CatalogPtr catalog = session_->catalog();
  std::vector<sql::RelationPtr> relations;
  if (arguments.IsNull(1)) {
    for (const auto& [key, relation] : catalog->relations) {
      if (relation->hypertable && std::ranges::find(relation->hypertable->data_nodes, node->id) != relation->hypertable->data_nodes.end()) {
        relations.push_back(relation);
      }
    }
  } else {
    CO_ASSIGN_OR_RETURN(const sql::RelationPtr relation, HypertableArgument(arguments, 1));
    const auto& nodes = relation->hypertable->data_nodes;
    if (std::ranges::find(nodes, node->id) == nodes.end()) {
      const std::string text = StrCat("data node \"", node->name, "\" is not attached to hypertable \"", relation->name, "\"");
      if (!arguments.Bool(2, false)) co_return Error(sqlstate::kDataNodeNotAttached, text);
      session_->Notice("NOTICE", sqlstate::kDataNodeNotAttached, StrCat(text, ", skipping"));
    } else {
      relations.push_back(relation);
    }
  }
  const bool force = arguments.Bool(3, false);
  CatalogChange change;
  for (const sql::RelationPtr& relation : relations) {
    const sql::Hypertable& hypertable = *relation->hypertable;
    size_t held = 0;
    if (SoleReplicas(hypertable, node->id, &held) > 0) {
      co_return WithHint(WithDetail(Error(sqlstate::kInsufficientDataNodes, "insufficient number of data nodes"),
                                    StrCat("Distributed hypertable \"", relation->name, "\" would lose data if data node \"", node->name, "\" is detached.")),
                         "Ensure all chunks on the data node are fully replicated before detaching it.");
    }
    if (held > 0 && !force) {
      co_return Error(sqlstate::kDataNodeInUse, StrCat("data node \"", node->name, "\" still holds data for distributed hypertable \"", relation->name, "\""));
    }
    if (static_cast<int64_t>(hypertable.data_nodes.size()) - 1 < hypertable.replication_factor && !force) {
      co_return WithHint(Error(sqlstate::kInsufficientDataNodes, StrCat("insufficient number of data nodes for distributed hypertable \"", relation->name, "\"")),
                         "Use force => true to force this operation.");
    }
    if (held > 0) {
      session_->Notice("WARNING", sqlstate::kInsufficientDataNodes, StrCat("distributed hypertable \"", relation->name, "\" is under-replicated"));
    }
    sql::Relation changed = *relation;
    std::erase(changed.hypertable->data_nodes, node->id);
    std::erase(changed.hypertable->blocked_nodes, node->id);
    if (arguments.Bool(4, true)) RepartitionForNodes(&*changed.hypertable, changed);
    change.PutRelation(changed);
    std::vector<ChunkId> left;
    for (const sql::ChunkPtr& chunk : *hypertable.chunks) {
      if (std::ranges::find(chunk->nodes, node->id) == chunk->nodes.end()) continue;
      sql::Chunk kept = *chunk;
      std::erase(kept.nodes, node->id);
      change.AddChunk(relation->id, kept);
      left.push_back(chunk->id);
    }
    for (ChunkId chunk : left) change.AddPendingDrop(node->id, chunk);
  }
  if (!change.empty()) session_->ApplyDdl(change);
  rows->Add({Value::Int32(static_cast<int32_t>(relations.size()))});
  co_return OkStatus();
}

Task<Status> CoordFunctions::AlterDataNode(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(RequireAccessNode());
  CO_RETURN_IF_ERROR(RequireSuperuser("foreign server"));
  CO_RETURN_IF_ERROR(co_await session_->BeginDdl());
  CO_ASSIGN_OR_RETURN(const sql::DataNodePtr found, NodeArgument(arguments, 0));
  sql::DataNode node = *found;
  if (!arguments.IsNull(1)) node.host = arguments.Text(1);
  if (!arguments.IsNull(2)) node.database = arguments.Text(2);
  if (!arguments.IsNull(3)) {
    CO_ASSIGN_OR_RETURN(node.port, CheckPort(arguments.Integer(3, 0)));
  }
  if (!arguments.IsNull(4)) {
    node.available = arguments.Bool(4, true);
    node.available_set = true;
  }
  if (!node.available && found->available) {
    size_t stuck = 0;
    for (const auto& [key, relation] : session_->catalog()->relations) {
      size_t held = 0;
      if (relation->hypertable) stuck += SoleReplicas(*relation->hypertable, node.id, &held);
    }
    if (stuck > 0) session_->Notice("WARNING", sqlstate::kWarning, StrCat("could not switch data node on ", stuck, " chunks"));
  }
  CatalogChange change;
  change.PutNode(node);
  session_->ApplyDdl(change);
  rows->Add({Name(node.name), Value::Text(node.host), Value::Int32(node.port), Name(node.database), Value::Bool(node.available)});
  co_return OkStatus();
}

Task<Status> CoordFunctions::DistributedExec(CallArguments arguments, ResultRows* rows) {
  CO_RETURN_IF_ERROR(RequireAccessNode());
  const bool transactional = arguments.Bool(2, true);
  if (!transactional) CO_RETURN_IF_ERROR(session_->RequireNoBlock("distributed_exec()"));
  if (arguments.IsNull(0)) co_return Error(sqlstate::kInvalidParameterValue, "empty command string");
  const sql::CatalogPtr catalog = session_->catalog();
  std::vector<sql::DataNodePtr> nodes;
  if (!arguments.IsNull(1)) {
    CO_ASSIGN_OR_RETURN(const ArrayValue list, ArrayValue::Decode(TypeId::kName, arguments.Get(1).AsBytes()));
    Status invalid = Error(sqlstate::kInvalidParameterValue, "invalid data nodes list");
    if (list.dimensions().size() > 1) co_return WithDetail(std::move(invalid), "The array of data nodes cannot be multi-dimensional.");
    if (list.size() == 0) co_return WithDetail(std::move(invalid), "The array of data nodes cannot be empty.");
    for (size_t i = 0; i < list.size(); ++i) {
      if (list.elements().IsNull(i)) co_return WithDetail(std::move(invalid), "The array of data nodes cannot contain null values.");
      auto found = catalog->nodes.find(std::string(list.elements().GetBytes(i)));
      if (found == catalog->nodes.end()) co_return NoServer(std::string(list.elements().GetBytes(i)));
      nodes.push_back(found->second);
    }
  } else {
    for (const auto& [name, node] : catalog->nodes) nodes.push_back(node);
  }
  if (transactional) {
    // Two of them at a time could wait for each other on different nodes.
    CO_RETURN_IF_ERROR(co_await session_->AcquireLock(kDistributedExecLock, LockMode::kAccessExclusive, "", Session::LockWait::kWait));
    CO_RETURN_IF_ERROR(co_await session_->EnsureTransaction());
    session_->transaction_->RequireTwoPhases();
  }
  std::ranges::sort(nodes, {}, [](const sql::DataNodePtr& node) { return node->name; });
  for (const sql::DataNodePtr& node : nodes) {
    CO_RETURN_IF_ERROR(co_await ExecuteOn(node, arguments.Text(0), transactional));
  }
  rows->Add({Value::Bytes(TypeId::kVoid, "")});
  co_return OkStatus();
}

namespace {

// An answer that is waited for together with a cancel.
struct PendingAnswer {
  Mutex mutex;
  std::optional<StatusOr<std::string>> answer ABSL_GUARDED_BY(mutex);
  std::shared_ptr<Event> wake = std::make_shared<Event>();
};

Task<void> CallInto(std::shared_ptr<net::rpc::RpcClient> client, std::string payload, std::shared_ptr<PendingAnswer> pending) {
  StatusOr<std::string> answer = co_await client->Call(net::rpc::Method::kExecute, std::move(payload), kExecuteTimeout);
  {
    MutexLock lock(pending->mutex);
    pending->answer = std::move(answer);
  }
  pending->wake->Set();
}

std::optional<StatusOr<std::string>> TakeAnswer(PendingAnswer& pending) {
  MutexLock lock(pending.mutex);
  return std::move(pending.answer);
}

}  // namespace

Task<Status> CoordFunctions::ExecuteOn(sql::DataNodePtr node, std::string query, bool transactional) {
  const Services& services = session_->services_;
  CO_ASSIGN_OR_RETURN(std::shared_ptr<net::rpc::RpcClient> client, services.cluster->ClientOf(node->id));
  ExecuteRequest request;
  request.sql = std::move(query);
  request.search_path = session_->settings().GetOr("search_path", "");
  request.transactional = transactional;
  std::shared_ptr<Transaction> transaction = session_->transaction_;
  if (transactional) {
    transaction->Join(node->id);
    request.txn = transaction->id();
    request.level = transaction->NextLevel();
    request.snapshot = services.commit_clock->ReadTimestamp();
  }
  auto pending = std::make_shared<PendingAnswer>();
  Spawn(*services.executor, CallInto(std::move(client), request.Encode(), pending));
  session_->cancel_->Add(pending->wake);
  std::optional<StatusOr<std::string>> answer = TakeAnswer(*pending);
  while (!answer.has_value() && !session_->cancel_->cancelled.load()) {
    co_await pending->wake->Wait();
    answer = TakeAnswer(*pending);
  }
  session_->cancel_->Remove(pending->wake);
  // The rollback that follows a cancel reaches the node and ends what it runs.
  if (!answer.has_value()) co_return session_->CancelledStatus();
  if (!answer->ok()) co_return NodeError(node->name, answer->status());
  if (!transactional) co_return OkStatus();
  CO_ASSIGN_OR_RETURN(const ExecuteAnswer executed, ExecuteAnswer::Decode(**answer));
  transaction->NoteOperation(node->id);
  transaction->RaiseLevel(executed.level);
  co_return co_await services.commit_clock->Observe(executed.clock);
}

}  // namespace tsd::coord
