#include "coord/server/server.h"

#include <absl/strings/str_format.h>

#include <algorithm>

#include "coord/server/session_factory.h"
#include "engine/base/fault.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "net/pg/session.h"

namespace tsd::coord {
namespace {

constexpr char kSuperuser[] = "tsdbadmin";
constexpr char kDatabase[] = "tsdb";
constexpr absl::Duration kCareInterval = absl::Seconds(1);
/// After a pause this long in commits, rows in memory become files and the log is cut.
constexpr absl::Duration kIdleCheckpoint = absl::Seconds(30);
constexpr absl::Duration kFirstBytesTimeout = absl::Seconds(60);

constexpr char kDefaultHba[] =
    "# Who may connect, from where, and how. The first line that matches decides; without a match the connection is refused.\n"
    "# The same lines govern clients and the access node's connections to a data node. Reload after a change (SIGHUP,\n"
    "# SELECT pg_reload_conf(), or tsctl reload).\n"
    "#\n"
    "# TYPE  DATABASE  USER  ADDRESS        METHOD\n"
    "host    all       all   127.0.0.1/32   trust\n"
    "host    all       all   ::1/128        trust\n";

constexpr char kDefaultConf[] =
    "# Settings: name = value. SHOW ALL lists them. Reload after a change; those that need a restart say so in pg_settings.\n"
    "#listen_addresses = '127.0.0.1'\n"
    "#port = 5440\n"
    "#max_connections = 100\n"
    "#max_prepared_transactions = 150\n"
    "#tsd.query_memory = 1GB\n"
    "#tsd.node_memory = 0\n";

std::string NewUuid(Random& random) {
  const uint64_t high = random.Next(), low = random.Next();
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%012x", static_cast<uint32_t>(high >> 32), static_cast<uint32_t>(high >> 16 & 0xffff),
                         static_cast<uint32_t>(high & 0xfff), static_cast<uint32_t>((low >> 48 & 0x3fff) | 0x8000), low & 0xffffffffffffULL);
}

}  // namespace

Server::Server(ServerDeps deps, ServerConfig config) : deps_(std::move(deps)), config_(std::move(config)), random_(deps_.random_seed) {}

Server::~Server() = default;

std::string Server::Path(std::string_view name) const { return StrCat(config_.data_directory, "/", name); }

Task<StatusOr<std::unique_ptr<Server>>> Server::Open(ServerDeps deps, ServerConfig config) {
  std::unique_ptr<Server> server(new Server(std::move(deps), std::move(config)));
  CO_RETURN_IF_ERROR(server->InitializeDirectory());
  CO_RETURN_IF_ERROR(server->LoadConfiguration(true));
  CO_RETURN_IF_ERROR(co_await server->OpenParts());
  co_return server;
}

Status Server::InitializeDirectory() {
  const std::string& directory = config_.data_directory;
  for (size_t at = directory.find('/', 1); at != std::string::npos; at = directory.find('/', at + 1)) {
    const std::string parent = directory.substr(0, at);
    if (!deps_.env->FileExists(parent)) RETURN_IF_ERROR(deps_.env->CreateDirectory(parent));
  }
  RETURN_IF_ERROR(deps_.env->CreateDirectory(directory));
  ASSIGN_OR_RETURN(lock_, deps_.env->LockFile(Path("lock")));
  if (!deps_.env->FileExists(Path("hba.conf"))) RETURN_IF_ERROR(deps_.env->WriteFileAtomically(Path("hba.conf"), kDefaultHba));
  if (!deps_.env->FileExists(Path("tsd.conf"))) RETURN_IF_ERROR(deps_.env->WriteFileAtomically(Path("tsd.conf"), kDefaultConf));
  if (!deps_.env->FileExists(Path("node_uuid"))) {
    RETURN_IF_ERROR(deps_.env->WriteFileAtomically(Path("node_uuid"), NewUuid(random_)));
  }
  ASSIGN_OR_RETURN(services_.node_uuid, deps_.env->ReadFile(Path("node_uuid")));
  return OkStatus();
}

Status Server::LoadConfiguration(bool at_start) {
  ASSIGN_OR_RETURN(const std::string conf, deps_.env->ReadFile(Path("tsd.conf")));
  RETURN_IF_ERROR(settings_.LoadFile(conf, at_start));
  if (!hba_) hba_ = std::make_unique<net::pg::HbaRules>(deps_.transport, deps_.clock);
  ASSIGN_OR_RETURN(const std::string hba, deps_.env->ReadFile(Path("hba.conf")));
  RETURN_IF_ERROR(hba_->Load(hba));
  for (const std::string& note : hba_->file()->notes) log::Info("hba.conf ", note);
  if (!at_start) return OkStatus();
  RETURN_IF_ERROR(settings_.Override("data_directory", config_.data_directory));
  RETURN_IF_ERROR(settings_.Override("config_file", Path("tsd.conf")));
  RETURN_IF_ERROR(settings_.Override("hba_file", Path("hba.conf")));
  for (const auto& [name, value] : config_.overrides) RETURN_IF_ERROR(settings_.Override(name, value));
  if (!config_.port_given) {
    config_.listen_port = static_cast<uint16_t>(settings_.GetInteger("port"));
    config_.listen_host = settings_.Get("listen_addresses");
    if (config_.listen_host == "*") config_.listen_host = "0.0.0.0";
    if (config_.listen_host == "localhost") config_.listen_host = "127.0.0.1";
  }
  return OkStatus();
}

Status Server::Reload() {
  // Each file stands for itself: a bad one keeps its old values and is reported, the other is loaded.
  Status result;
  StatusOr<std::string> conf = deps_.env->ReadFile(Path("tsd.conf"));
  Status status = conf.ok() ? settings_.LoadFile(*conf, false) : conf.status();
  if (!status.ok()) log::Error("tsd.conf was not reloaded: ", status.message());
  result.Update(status);
  StatusOr<std::string> hba = deps_.env->ReadFile(Path("hba.conf"));
  status = hba.ok() ? hba_->Load(*hba) : hba.status();
  if (!status.ok()) log::Error("hba.conf was not reloaded: ", status.message(), " ", FieldsOf(status).detail);
  result.Update(status);
  for (const std::string& name : settings_.PendingRestart()) log::Warning("setting ", name, " takes effect after a restart");
  if (result.ok()) log::Info("configuration reloaded");
  return result;
}

Task<Status> Server::OpenParts() {
  auto fatal = deps_.on_fatal;
  engine::StoreOptions store_options;
  store_options.directory = Path("store");
  store_options.env = deps_.env;
  store_options.clock = const_cast<Clock*>(deps_.clock);
  store_options.workers = deps_.workers;
  store_options.wal_executor = deps_.wal_executor;
  store_options.background = deps_.background;
  store_options.memtable_bytes = static_cast<uint64_t>(SettingBytes(settings_.Get("tsd.memtable_memory")));
  store_options.direct_file_bytes = static_cast<uint64_t>(SettingBytes(settings_.Get("tsd.direct_file_size")));
  // A worker is left for everything else: a peer that gets no answer for seconds believes this node dead.
  store_options.direct_jobs = std::max(1, deps_.worker_threads - 1);
  store_options.block_cache_bytes = static_cast<uint64_t>(SettingBytes(settings_.Get("tsd.block_cache")));
  store_options.idle_checkpoint = kIdleCheckpoint;
  store_options.on_poisoned = fatal;
  CO_ASSIGN_OR_RETURN(store_, engine::Store::Open(std::move(store_options)));
  CO_ASSIGN_OR_RETURN(spill_, SpillDirectory::Open(*deps_.env, Path("spill")));
  int64_t node_memory = SettingBytes(settings_.Get("tsd.node_memory"));
  if (node_memory == 0) node_memory = static_cast<int64_t>(deps_.machine_memory / 2);
  log::Info("queries of this node may hold ", node_memory >> 20, " MiB together");
  query_memory_ = std::make_unique<QueryMemory>(node_memory);
  ClusterLogOptions log_options;
  log_options.env = deps_.env;
  log_options.executor = deps_.cluster_log_executor;
  log_options.directory = Path("cluster");
  log_options.on_poisoned = fatal;
  CO_ASSIGN_OR_RETURN(log_, ClusterLog::Open(std::move(log_options)));
  commit_clock_ = std::make_unique<CommitClock>(*log_);
  CO_RETURN_IF_ERROR(co_await commit_clock_->Start());
  CO_RETURN_IF_ERROR(co_await InitializeCatalog());
  membership_ = std::make_unique<Membership>(*deps_.env, Path("member_of"));
  CO_RETURN_IF_ERROR(membership_->Load());

  ClusterDeps cluster_deps;
  cluster_deps.rpc.executor = deps_.workers;
  cluster_deps.rpc.clock = deps_.rpc_clock;
  cluster_deps.rpc.transport = deps_.transport;
  cluster_deps.node_uuid = services_.node_uuid;
  cluster_deps.user = kSuperuser;
  cluster_ = std::make_unique<Cluster>(std::move(cluster_deps), *log_, *store_);
  chunks_ = std::make_unique<ChunkCreator>(*log_, *deps_.clock);
  Cluster* cluster = cluster_.get();
  transactions_ = std::make_unique<TransactionManager>(
      *log_, *commit_clock_, *deps_.workers, [cluster](NodeId node) { return cluster->ParticipantOf(node); }, services_.node_uuid);

  services_.role = config_.role;
  services_.start_time = deps_.clock->Now();
  services_.env = deps_.env;
  services_.clock = deps_.clock;
  services_.executor = deps_.workers;
  services_.threads = deps_.worker_threads;
  services_.spill = spill_.get();
  services_.memory = query_memory_.get();
  services_.store = store_.get();
  services_.log = log_.get();
  services_.cluster = cluster_.get();
  services_.commit_clock = commit_clock_.get();
  services_.transactions = transactions_.get();
  services_.chunks = chunks_.get();
  services_.schemas = &schemas_;
  services_.membership = membership_.get();
  services_.settings = &settings_;
  services_.hba = hba_.get();
  services_.sessions = &sessions_;
  services_.locks = &locks_;
  sequences_ = std::make_unique<Sequences>(*log_);
  services_.sequences = sequences_.get();
  services_.notifications = &notifications_;
  services_.reload = [this] { return Reload(); };
  services_.random = &random_;
  services_.random_mutex = &random_mutex_;

  factory_ = std::make_unique<CoordSessionFactory>(services_);
  authenticator_ = std::make_unique<net::pg::TrustAuthenticator>();
  net::pg::PgServerDeps pg_deps;
  pg_deps.executor = deps_.workers;
  pg_deps.factory = factory_.get();
  pg_deps.hba = hba_.get();
  pg_deps.authenticator = authenticator_.get();
  net::pg::PgServerOptions pg_options;
  pg_options.max_connections = static_cast<int>(settings_.GetInteger("max_connections"));
  pg_ = std::make_unique<net::pg::PgServerContext>(std::move(pg_deps), pg_options, random_.Fork("pg"));
  services_.pg = pg_.get();
  compression_care_ = std::make_unique<CompressionCare>(*log_, *cluster_, *deps_.clock);
  executions_ = std::make_unique<RemoteExecutions>(services_);
  executions_->Restore();
  node_service_ = MakeNodeService();

  co_return co_await DropTemporaries();
}

// Temporary objects of sessions that a crash ended.
Task<Status> Server::DropTemporaries() {
  const sql::CatalogPtr catalog = log_->Current();
  CatalogChange change;
  for (const auto& [name, oid] : catalog->schemas) {
    if (name.starts_with(sql::kTemporarySchemaPrefix)) change.DropSchema(*catalog, name);
  }
  if (change.empty()) co_return OkStatus();
  Future<Status> committed = log_->Commit(std::move(change));
  co_return co_await committed;
}

Task<Status> Server::InitializeCatalog() {
  if (log_->Current()->cluster_id != 0) co_return OkStatus();
  CatalogChange change;
  change.SetClusterId(random_.Next() | 1);
  sql::Role admin;
  admin.oid = 10;
  admin.name = kSuperuser;
  admin.superuser = admin.can_login = admin.create_role = admin.create_db = true;
  change.PutRole(admin);
  change.PutSchema("public", 2200);
  change.PutDatabase(kDatabase, 5);
  change.PutDatabase("postgres", 4);
  Future<Status> committed = log_->Commit(std::move(change));
  co_return co_await committed;
}

std::unique_ptr<NodeService> Server::MakeNodeService() {
  NodeServiceDeps deps;
  deps.store = store_.get();
  deps.clock = deps_.clock;
  deps.threads = deps_.worker_threads;
  deps.spill = spill_.get();
  deps.memory = query_memory_.get();
  deps.membership = membership_.get();
  net::pg::HbaRules* hba = hba_.get();
  deps.authorize = [hba](net::rpc::HelloInfo hello, net::Endpoint peer) -> Task<Status> {
    net::pg::HbaQuery query;
    query.peer_address = peer.host;
    query.user = hello.user;
    query.database = hello.database;
    query.member_of = {hello.user};
    return hba->CheckTrusted(std::move(query));
  };
  deps.max_prepared_transactions = [this] { return settings_.GetInteger("max_prepared_transactions"); };
  deps.describe = [this](const std::string& database) {
    NodeDescription description;
    description.uuid = services_.node_uuid;
    description.cluster_id = log_->Current()->cluster_id;
    description.is_access_node = !log_->Current()->nodes.empty();
    description.max_prepared_transactions = settings_.GetInteger("max_prepared_transactions");
    description.database_exists = log_->Current()->databases.contains(database);
    description.version = settings_.Get("server_version");
    return description;
  };
  deps.create_database = [this](std::string name) { return CreateDatabase(this, std::move(name)); };
  deps.drop_database = [this](std::string name) { return DropDatabase(this, std::move(name)); };
  deps.executions = executions_.get();
  return std::make_unique<NodeService>(std::move(deps));
}

Task<StatusOr<bool>> Server::CreateDatabase(Server* self, std::string name) {
  if (self->log_->Current()->databases.contains(name)) co_return false;
  CatalogChange change;
  change.PutDatabase(name, self->log_->AllocateOid());
  Future<Status> committed = self->log_->Commit(std::move(change));
  CO_RETURN_IF_ERROR(co_await committed);
  co_return true;
}

Task<Status> Server::DropDatabase(Server* self, std::string name) {
  const sql::CatalogPtr catalog = self->log_->Current();
  std::set<ChunkId> own;
  for (const auto& [id, relation] : catalog->relations_by_id) {
    own.insert(relation->heap);
    if (!relation->hypertable) continue;
    for (const sql::ChunkPtr& chunk : *relation->hypertable->chunks) own.insert(chunk->id);
  }
  std::vector<ChunkId> foreign;
  for (ChunkId chunk : self->store_->Chunks()) {
    // Of another cluster's range; a heap of this node's own may be too new to be in the catalog.
    if (!own.contains(chunk) && chunk.value() >> 32 != catalog->cluster_id >> 33) foreign.push_back(chunk);
  }
  if (!foreign.empty()) {
    Future<Status> dropped = self->store_->DropChunks(std::move(foreign));
    CO_RETURN_IF_ERROR(co_await dropped);
  }
  if (!catalog->databases.contains(name)) co_return OkStatus();
  CatalogChange change;
  change.RemoveDatabase(name);
  Future<Status> committed = self->log_->Commit(std::move(change));
  co_return co_await committed;
}

StatusOr<net::Endpoint> Server::Serve() {
  ASSIGN_OR_RETURN(listener_, deps_.transport->Listen({config_.listen_host, config_.listen_port},
                                                      [this](std::shared_ptr<net::Connection> connection) { Accept(std::move(connection)); }));
  Spawn(*deps_.workers, CareLoop(this));
  return listener_->Address();
}

void Server::Accept(std::shared_ptr<net::Connection> connection) {
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    ++connections_;
  }
  Spawn(*deps_.workers, ServeConnection(this, std::move(connection)));
}

Task<void> Server::ServeConnection(Server* self, std::shared_ptr<net::Connection> connection) {
  // Both protocols share the port. RPC begins with a letter that would be a startup packet of over a gigabyte.
  const TimerId timer = self->deps_.workers->PostAfter(kFirstBytesTimeout, [connection] { connection->Close(); });
  Future<StatusOr<std::string>> first = connection->Read();
  StatusOr<std::string> bytes = co_await first;
  self->deps_.workers->Cancel(timer);
  if (bytes.ok() && !bytes->empty()) {
    if ((*bytes)[0] == net::rpc::kRpcMagic[0]) {
      net::rpc::RpcDeps deps;
      deps.executor = self->deps_.workers;
      deps.clock = self->deps_.rpc_clock;
      deps.transport = self->deps_.transport;
      auto served = net::rpc::RpcServerConnection::Create(deps, connection, std::move(*bytes), self->node_service_.get(), self->services_.node_uuid);
      {
        MutexLock lock(self->mutex_);
        self->rpc_connections_.insert(served);
      }
      co_await served->Run();
      MutexLock lock(self->mutex_);
      self->rpc_connections_.erase(served);
    } else {
      co_await net::pg::ServePgConnection(connection, std::move(*bytes), self->pg_.get());
    }
  }
  connection->Close();
  bool last = false;
  {
    MutexLock lock(self->mutex_);
    last = --self->connections_ == 0 && self->stopping_;
  }
  if (last) self->connections_ended_.Set();
}

Task<void> Server::DropPending() {
  // Transactions that began before the drop was decided may still read the chunk.
  std::map<NodeId, std::vector<ChunkId>> by_node;
  const std::optional<TxnId> oldest = transactions_->OldestLive();
  const sql::CatalogPtr catalog = log_->Current();
  std::map<std::pair<NodeId, ChunkId>, Timestamp> seen;
  for (const auto& drop : catalog->pending_drops) {
    auto known = drops_seen_.find(drop);
    const Timestamp since = known == drops_seen_.end() ? commit_clock_->ReadTimestamp() : known->second;
    seen[drop] = since;
    if (!oldest.has_value() || oldest->sequence > since.value()) by_node[drop.first].push_back(drop.second);
  }
  drops_seen_ = std::move(seen);
  for (const auto& [node, chunks] : by_node) {
    StatusOr<std::shared_ptr<Participant>> participant = cluster_->ParticipantOf(node);
    Status status;
    // A node that has left the cluster took its storage along.
    if (participant.ok()) status = co_await (*participant)->DropChunks(chunks);
    if (!status.ok()) continue;
    CatalogChange change;
    for (ChunkId chunk : chunks) change.RemovePendingDrop(node, chunk);
    Future<Status> committed = log_->Commit(std::move(change));
    status = co_await committed;
  }
}

Task<void> Server::CareLoop(Server* self) {
  while (true) {
    {
      MutexLock lock(self->mutex_);
      if (self->stopping_) break;
    }
    std::vector<Future<Status>> resolutions;
    resolutions.push_back(Start(*self->deps_.workers, self->transactions_->Resolve(NodeId())));
    for (const auto& [name, node] : self->log_->Current()->nodes) {
      if (node->available) resolutions.push_back(Start(*self->deps_.workers, self->transactions_->Resolve(node->id)));
    }
    for (Future<Status>& resolution : resolutions) {
      const Status status = co_await resolution;
      if (!status.ok()) log::Debug("node care: ", status.message(), " ", FieldsOf(status).detail);
    }
    co_await self->DropPending();
    co_await self->executions_->AbortForgotten();
    co_await self->compression_care_->Run();
    co_await SleepFor{kCareInterval};
  }
  self->care_ended_.Set();
}

Task<Status> Server::Shutdown() {
  std::set<std::shared_ptr<net::rpc::RpcServerConnection>> rpc_connections;
  bool wait = false;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    rpc_connections = rpc_connections_;
    wait = connections_ > 0;
  }
  if (listener_) listener_->Close();
  co_await pg_->Shutdown();
  for (const auto& connection : rpc_connections) connection->Shutdown(absl::Seconds(2));
  if (wait) co_await connections_ended_.Wait();
  if (listener_) co_await care_ended_.Wait();
  co_await executions_->EndAll();
  cluster_->Close();
  // Rows in memory stay in the log, which the next start replays: a stop takes the same short time however many chunks they are of.
  Status result;
  Future<Status> closed = store_->Close();
  result.Update(co_await closed);
  Future<Status> log_closed = log_->Close();
  result.Update(co_await log_closed);
  lock_.reset();
  co_return result;
}

}  // namespace tsd::coord
