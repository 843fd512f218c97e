// The message loop of protocol 3: simple and extended queries.
#include "net/pg/pg_session.h"

namespace tsd::net::pg {

Task<Status> PgSession::Serve() {
  while (true) {
    CO_RETURN_IF_ERROR(termination());
    if (wire_.broken() || client_gone_.load(std::memory_order_relaxed)) co_return OkStatus();
    CO_ASSIGN_OR_RETURN(const bool notified, AppendNotifications());
    if (notified) (void)co_await wire_.Flush();
    StatusOr<std::optional<FrontendMessage>> next = co_await wire_.Next();
    if (!next.ok()) co_return next.status();
    if (!next->has_value()) {
      if (wire_.Gone()) co_return OkStatus();
      continue;
    }
    const FrontendMessage message = **next;
    if (message.type == 'X') co_return OkStatus();
    CO_RETURN_IF_ERROR(co_await Handle(message));
  }
}

Task<Status> PgSession::Handle(FrontendMessage message) {
  if (message.type == 'S') co_return co_await OnSync();
  if (skipping_) co_return OkStatus();
  Status result;
  switch (message.type) {
    case 'Q': co_return co_await OnQuery(message.body);
    case 'F': co_return co_await OnFunctionCall();
    case 'E': co_return co_await OnExecute(message.body);
    case 'P': result = co_await OnParse(message.body); break;
    case 'B': result = co_await OnBind(message.body); break;
    case 'D': result = co_await OnDescribe(message.body); break;
    case 'C': result = OnClose(message.body); break;
    case 'H':
      (void)co_await wire_.Flush();
      co_return OkStatus();
    default:
      // 'd', 'c', 'f': the rest of a COPY that has failed.
      co_return OkStatus();
  }
  Finish(result);
  // An error goes out at once: a client that sent Flush (asyncpg) waits for it, and what follows is skipped up to a Sync.
  if (!result.ok() || wire_.HasChunk()) (void)co_await wire_.Flush();
  co_return OkStatus();
}

void PgSession::Finish(const Status& status) {
  // A session that is being ended says so once, with FATAL.
  if (status.ok() || !termination().ok()) return;
  AppendErrorResponse(status, Severity::kError, {}, wire_.out());
  skipping_ = true;
  handler_->Failed();
}

StatusOr<bool> PgSession::AppendNotifications() {
  if (handler_->transaction_status() != TransactionStatus::kIdle) return false;
  ASSIGN_OR_RETURN(const std::vector<Notification> notifications, handler_->TakeNotifications());
  for (const Notification& notification : notifications) AppendNotificationResponse(notification, wire_.out());
  return !notifications.empty();
}

Task<Status> PgSession::SendReady() {
  const Status notified = AppendNotifications().status();
  // Also before the session ends: the statement's outcome is not in doubt.
  AppendReadyForQuery(handler_->transaction_status(), wire_.out());
  // A failed write is found by the loop (wire_.broken()).
  (void)co_await wire_.Flush();
  co_return notified;
}

Task<Status> PgSession::OnQuery(std::string_view body) {
  StatusOr<std::string> text = DecodeQuery(body);
  Status status = text.status();
  if (status.ok()) {
    WireSink sink(&wire_, &handler_->text_context(), this, {});
    BeginStatement(Watch::kClientGone);
    status = co_await handler_->SimpleQuery(*std::move(text), &sink);
    if (status.ok()) status = co_await sink.FinishCopyIn();
    (void)co_await sink.Finish();  // a failed write is found by the loop
    EndStatement();
    CO_RETURN_IF_ERROR(sink.broken_input());
  }
  CO_RETURN_IF_ERROR(termination());
  if (!status.ok()) AppendErrorResponse(status, Severity::kError, {}, wire_.out());
  co_return co_await SendReady();
}

Task<Status> PgSession::OnFunctionCall() {
  AppendErrorResponse(Error(sqlstate::kFeatureNotSupported, "the function call protocol is not supported"), Severity::kError, {},
                      wire_.out());
  co_return co_await SendReady();
}

Task<Status> PgSession::OnSync() {
  skipping_ = false;
  WireSink sink(&wire_, &handler_->text_context(), this, {});
  const Status status = co_await handler_->Sync(&sink);
  (void)co_await sink.Finish();
  CO_RETURN_IF_ERROR(termination());
  if (!status.ok()) AppendErrorResponse(status, Severity::kError, {}, wire_.out());
  co_return co_await SendReady();
}

Task<Status> PgSession::OnExecute(std::string_view body) {
  StatusOr<ExecuteMessage> message = DecodeExecute(body);
  if (!message.ok()) {
    Finish(message.status());
    (void)co_await wire_.Flush();
    co_return OkStatus();
  }
  WireSink sink(&wire_, &handler_->text_context(), this, handler_->PortalFormats(message->portal));
  BeginStatement(Watch::kClientGone);
  StatusOr<bool> suspended = co_await handler_->Execute(std::move(message->portal), message->max_rows, &sink);
  Status status = suspended.status();
  if (status.ok()) status = co_await sink.FinishCopyIn();
  (void)co_await sink.Finish();
  EndStatement();
  CO_RETURN_IF_ERROR(sink.broken_input());
  if (status.ok() && *suspended) AppendPortalSuspended(wire_.out());
  Finish(status);
  if (!status.ok() || wire_.HasChunk()) (void)co_await wire_.Flush();
  co_return OkStatus();
}

Task<Status> PgSession::OnParse(std::string_view body) {
  CO_ASSIGN_OR_RETURN(ParseMessage message, DecodeParse(body));
  BeginStatement(Watch::kNo);
  const Status status =
      co_await handler_->Parse(std::move(message.name), std::move(message.text), std::move(message.parameter_oids));
  EndStatement();
  CO_RETURN_IF_ERROR(status);
  AppendParseComplete(wire_.out());
  co_return OkStatus();
}

Task<Status> PgSession::OnBind(std::string_view body) {
  CO_ASSIGN_OR_RETURN(BindMessage message, DecodeBind(body));
  BeginStatement(Watch::kNo);
  const Status status = co_await handler_->Bind(std::move(message.portal), std::move(message.statement),
                                                std::move(message.parameters), std::move(message.result_formats));
  EndStatement();
  CO_RETURN_IF_ERROR(status);
  AppendBindComplete(wire_.out());
  co_return OkStatus();
}

Task<Status> PgSession::OnDescribe(std::string_view body) {
  CO_ASSIGN_OR_RETURN(NamedMessage message, DecodeDescribe(body));
  if (message.kind == 'S') {
    CO_ASSIGN_OR_RETURN(const StatementDescription description, co_await handler_->DescribeStatement(message.name));
    AppendParameterDescription(description.parameters, wire_.out());
    if (description.rows) {
      AppendRowDescription(*description.rows, {}, wire_.out());
    } else {
      AppendNoData(wire_.out());
    }
    co_return OkStatus();
  }
  CO_ASSIGN_OR_RETURN(const std::optional<RowDescription> rows, co_await handler_->DescribePortal(message.name));
  if (rows) {
    AppendRowDescription(*rows, handler_->PortalFormats(message.name), wire_.out());
  } else {
    AppendNoData(wire_.out());
  }
  co_return OkStatus();
}

Status PgSession::OnClose(std::string_view body) {
  ASSIGN_OR_RETURN(const NamedMessage message, DecodeClose(body));
  if (message.kind == 'S') {
    handler_->CloseStatement(message.name);
  } else {
    handler_->ClosePortal(message.name);
  }
  AppendCloseComplete(wire_.out());
  return OkStatus();
}

}  // namespace tsd::net::pg
