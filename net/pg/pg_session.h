#pragma once
// The state of one PostgreSQL connection. Run is a coroutine on the session's executor and uses everything here; CancelStatement,
// Terminate and Abort come from any thread and touch only what mutex_ guards, the pump and the connection.
// Invariants: outside a skipped series every Sync and every Query gets exactly one ReadyForQuery; handler_->Cancel is called only while
// a statement runs; handler_->End is called once if there ever was a handler.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "net/pg/server_context.h"
#include "net/pg/wire.h"
#include "net/pg/wire_sink.h"

namespace tsd::net::pg {

class PgSession final : public LiveSession, public InterruptSource, public std::enable_shared_from_this<PgSession> {
 public:
  PgSession(std::shared_ptr<Connection> connection, std::string initial_bytes, PgServerContext* context);

  Task<void> Run();

  void CancelStatement(Status reason) override;
  void Terminate(Status reason) override;
  void Abort() override;
  Status interrupt() const override;

 private:
  // ---- session_startup.cc ----
  /// Up to the first ReadyForQuery. OK without a handler: close without a word. An error is told as FATAL.
  Task<Status> Start();
  /// Answers encryption requests; the packet that is none of these, nullopt if the client has gone.
  Task<StatusOr<std::optional<StartupPacket>>> Negotiate();
  Task<Status> UpgradeToTls();
  Task<Status> LogIn(StartupPacket packet);
  Task<Status> CheckClient(const StartupParameters* startup);

  // ---- session_messages.cc ----
  /// The message loop. An error is told as FATAL.
  Task<Status> Serve();
  /// Errors are fatal.
  Task<Status> Handle(FrontendMessage message);
  Task<Status> OnQuery(std::string_view body);
  Task<Status> OnFunctionCall();
  Task<Status> OnSync();
  Task<Status> OnExecute(std::string_view body);
  Task<Status> OnParse(std::string_view body);
  Task<Status> OnBind(std::string_view body);
  Task<Status> OnDescribe(std::string_view body);
  Status OnClose(std::string_view body);
  /// Takes the result of an extended-protocol message: an error is sent and starts skipping.
  void Finish(const Status& status);
  Task<Status> SendReady();
  /// An idle session's; whether there were any.
  /// True if there were some.
  StatusOr<bool> AppendNotifications();

  enum class Watch { kNo, kClientGone };
  void BeginStatement(Watch watch);
  void EndStatement();
  /// Not OK once the session is to end.
  Status termination() const;

  PgServerContext* const context_;
  Wire wire_;
  bool encrypted_ = false;
  bool skipping_ = false;  // until Sync
  std::atomic<bool> client_gone_{false};
  std::shared_ptr<SessionHandler> handler_;  // set once, under mutex_; read freely by the session's coroutine

  mutable Mutex mutex_;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  Status cancel_ ABSL_GUARDED_BY(mutex_);
  Status terminate_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Connection> abortable_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::net::pg
