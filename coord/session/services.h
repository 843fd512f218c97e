#pragma once
// Services: what every session of a server shares. Made once by coord/server; outlives the sessions. Each part is thread-safe.
#include <functional>
#include <string>

#include "coord/cluster/cluster.h"
#include "coord/cluster/cluster_log.h"
#include "coord/cluster/sequences.h"
#include "coord/node/membership.h"
#include "coord/read/query_memory.h"
#include "coord/session/settings.h"
#include "coord/txn/commit_clock.h"
#include "coord/txn/lock_manager.h"
#include "coord/txn/transaction_manager.h"
#include "coord/write/chunk_creator.h"
#include "coord/write/storage_schemas.h"
#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/store/store.h"
#include "net/pg/hba.h"
#include "net/pg/server_context.h"
#include "sql/exec/spill.h"

namespace tsd::coord {

class Notifications;
class SessionRegistry;
struct WriteDeps;

enum class ServerRole : uint8_t { kAccess, kData };

struct Services {
  ServerRole role = ServerRole::kAccess;
  std::string node_uuid;
  absl::Time start_time;
  engine::Env* env = nullptr;
  const Clock* clock = nullptr;
  Executor* executor = nullptr;
  int threads = 1;  // of executor
  sql::SpillSpace* spill = nullptr;
  QueryMemory* memory = nullptr;
  engine::Store* store = nullptr;
  ClusterLog* log = nullptr;
  Cluster* cluster = nullptr;
  CommitClock* commit_clock = nullptr;
  TransactionManager* transactions = nullptr;
  ChunkCreator* chunks = nullptr;
  StorageSchemas* schemas = nullptr;
  Membership* membership = nullptr;
  ServerSettings* settings = nullptr;
  net::pg::HbaRules* hba = nullptr;
  net::pg::PgServerContext* pg = nullptr;
  SessionRegistry* sessions = nullptr;
  LockManager* locks = nullptr;
  Sequences* sequences = nullptr;
  Notifications* notifications = nullptr;
  /// Reads tsd.conf and hba.conf again. OK even if a file is bad: then the old values stay and the log says why.
  std::function<Status()> reload;
  Random* random = nullptr;  // root; fork it, under random_mutex
  Mutex* random_mutex = nullptr;

  /// What a writer of rows into `relation` needs. If it has keys, the records of answered commits are written at once: rows with the same
  /// keys would wait for them.
  WriteDeps ForWrites(const sql::Relation& relation) const;
};

}  // namespace tsd::coord
