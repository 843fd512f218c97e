#pragma once
// What all PostgreSQL sessions of a server share: the collaborators they are given, and the registry of live sessions through which
// CancelRequest, pg_cancel_backend, pg_terminate_backend and a shutdown reach them. All methods may be called from any thread. Outlives
// every session: Shutdown ends when the last one has ended.
#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/executor.h"
#include "engine/base/mutex.h"
#include "engine/base/random.h"
#include "engine/base/status.h"
#include "engine/base/task.h"
#include "net/pg/authenticator.h"
#include "net/pg/handler.h"
#include "net/pg/hba.h"
#include "net/transport/transport.h"

namespace tsd::net::pg {

/// Where TLS will come in: without one, SSLRequest is answered 'N'.
class TlsAcceptor {
 public:
  virtual ~TlsAcceptor() = default;
  /// The handshake, after 'S' was sent. The result replaces the connection.
  virtual Task<StatusOr<std::shared_ptr<Connection>>> Accept(std::shared_ptr<Connection> plain) = 0;
};

struct PgServerOptions {
  int max_connections = 100;  // sessions past the startup packet; beyond: FATAL 53300
  absl::Duration authentication_timeout = absl::Seconds(60);
  absl::Duration shutdown_grace = absl::Seconds(5);  // then connections are closed without a word
  size_t write_chunk_bytes = 64 * 1024;
  size_t read_ahead_bytes = 256 * 1024;  // of pipelined input kept while a statement runs
};

struct PgServerDeps {
  Executor* executor = nullptr;  // timers; sessions run on the executor they are spawned on
  SessionFactory* factory = nullptr;
  HbaRules* hba = nullptr;
  Authenticator* authenticator = nullptr;
  TlsAcceptor* tls = nullptr;  // may be null
  /// Roles a user belongs to, for +role and samerole rules; may be null.
  std::function<std::vector<std::string>(const std::string& user)> roles_of;
};

/// What the registry knows of a session.
class LiveSession {
 public:
  virtual ~LiveSession() = default;
  /// Ends the running statement with `reason`; nothing happens between statements. Any thread.
  virtual void CancelStatement(Status reason) = 0;
  /// Ends the session: the statement, then a FATAL message. Any thread.
  virtual void Terminate(Status reason) = 0;
  /// Closes the socket. Any thread.
  virtual void Abort() = 0;
};

class PgServerContext {
 public:
  PgServerContext(PgServerDeps deps, PgServerOptions options, Random random);

  const PgServerDeps& deps() const { return deps_; }
  const PgServerOptions& options() const { return options_; }
  /// Sessions past their startup packet.
  int session_count() const;
  void SetMaxConnections(int max_connections);

  /// A cancel request: 57014 'canceling statement due to user request' if the key fits; else nothing.
  void CancelByKey(int32_t process_id, std::string_view secret);
  /// pg_cancel_backend and pg_terminate_backend: false if there is no such session.
  bool CancelStatement(int32_t process_id);
  bool TerminateSession(int32_t process_id);

  /// New connections get FATAL 57P03, live sessions FATAL 57P01. Ends when all have ended. Call once.
  Task<void> Shutdown();

  // ---- for sessions ----
  struct Slot {
    int32_t process_id = 0;
    uint32_t secret = 0;
  };
  /// Every connection, before its first byte is read. 57P03 during a shutdown.
  Status Enter(std::shared_ptr<LiveSession> session);
  /// Gives the slot of Admit back: done before the client can see the end of its connection.
  void Retire(LiveSession* session);
  /// The session's last call; nothing of this context may be touched after it.
  void Leave(LiveSession* session);
  /// After the startup packet: a process id and a secret. 53300 'sorry, too many clients already'.
  StatusOr<Slot> Admit(LiveSession* session);

 private:
  struct Entry {
    std::shared_ptr<LiveSession> session;
    std::optional<Slot> slot;  // once admitted
  };
  std::shared_ptr<LiveSession> Find(int32_t process_id) const;
  void Release(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const PgServerDeps deps_;
  const PgServerOptions options_;
  mutable Mutex mutex_;
  int max_connections_ ABSL_GUARDED_BY(mutex_);
  Random random_ ABSL_GUARDED_BY(mutex_);
  int32_t next_process_id_ ABSL_GUARDED_BY(mutex_) = 1000;
  int admitted_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<LiveSession*, Entry> sessions_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<int32_t, LiveSession*> by_process_id_ ABSL_GUARDED_BY(mutex_);
  Event drained_;
};

}  // namespace tsd::net::pg
