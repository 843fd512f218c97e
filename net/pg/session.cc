#include "net/pg/session.h"

#include "net/pg/pg_session.h"

namespace tsd::net::pg {

PgSession::PgSession(std::shared_ptr<Connection> connection, std::string initial_bytes, PgServerContext* context)
    : context_(context),
      wire_(connection, std::move(initial_bytes), context->options().write_chunk_bytes, context->options().read_ahead_bytes),
      abortable_(std::move(connection)) {}

Task<void> PgSession::Run() {
  Status end = context_->Enter(shared_from_this());
  if (end.ok()) end = co_await Start();
  if (handler_ != nullptr) {
    if (end.ok()) end = co_await Serve();
    co_await handler_->End();
  }
  if (!end.ok() && !wire_.broken()) {
    AppendErrorResponse(end, Severity::kFatal, {}, wire_.out());
    // Whether the client still reads this changes nothing.
    (void)co_await wire_.Flush();
    (void)co_await wire_.Drain();
  }
  context_->Retire(this);
  wire_.connection()->Close();
  context_->Leave(this);
}

void PgSession::CancelStatement(Status reason) {
  {
    MutexLock lock(mutex_);
    if (!running_) return;
    cancel_ = reason;
    // Under the lock, so that it cannot hit the statement after this one.
    handler_->Cancel(reason);
  }
  wire_.pump().Wake();
}

void PgSession::Terminate(Status reason) {
  {
    MutexLock lock(mutex_);
    if (terminate_.ok()) terminate_ = reason;
    if (running_) handler_->Cancel(reason);
  }
  wire_.pump().Wake();
}

void PgSession::Abort() {
  std::shared_ptr<Connection> connection;
  {
    MutexLock lock(mutex_);
    connection = abortable_;
  }
  connection->Close();
}

Status PgSession::interrupt() const {
  MutexLock lock(mutex_);
  return terminate_.ok() ? cancel_ : terminate_;
}

Status PgSession::termination() const {
  MutexLock lock(mutex_);
  return terminate_;
}

void PgSession::BeginStatement(Watch watch) {
  {
    MutexLock lock(mutex_);
    running_ = true;
    // A termination that came between two statements: this one must not run at length either.
    if (!terminate_.ok()) handler_->Cancel(terminate_);
  }
  if (watch == Watch::kNo) return;
  wire_.pump().StartWatching(wire_.decoder().EndsWithTerminate(), [weak = weak_from_this()] {
    std::shared_ptr<PgSession> session = weak.lock();
    if (session == nullptr) return;
    session->client_gone_.store(true, std::memory_order_relaxed);
    session->CancelStatement(Error(sqlstate::kConnectionFailure, "connection to client lost"));
  });
}

void PgSession::EndStatement() {
  wire_.pump().StopWatching();
  MutexLock lock(mutex_);
  running_ = false;
  cancel_ = OkStatus();
}

Task<void> ServePgConnection(std::shared_ptr<Connection> connection, std::string initial_bytes, PgServerContext* context) {
  auto session = std::make_shared<PgSession>(std::move(connection), std::move(initial_bytes), context);
  co_await session->Run();
}

}  // namespace tsd::net::pg
