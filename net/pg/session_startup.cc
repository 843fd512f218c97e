// A connection's beginning: encryption requests, the startup packet, authentication, the greeting.
#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "net/pg/pg_session.h"

namespace tsd::net::pg {
namespace {

constexpr char kTlsRecord = 0x16;

Status InjectedBytes() {
  return WithDetail(Error(sqlstate::kProtocolViolation, "received unencrypted data after SSL request"),
                    "This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.");
}

class WireAuthChannel final : public AuthChannel {
 public:
  explicit WireAuthChannel(Wire* wire) : wire_(wire) {}
  Task<Status> Send(int32_t code, std::string payload) override {
    AppendAuthentication(code, payload, wire_->out());
    co_return co_await wire_->Flush();
  }
  Task<StatusOr<std::string>> Receive() override {
    StatusOr<std::optional<FrontendMessage>> message = co_await wire_->Next();
    if (!message.ok()) co_return message.status();
    if (!message->has_value()) co_return Error(sqlstate::kConnectionFailure, "client closed the connection during authentication");
    co_return std::string((*message)->body);
  }

 private:
  Wire* const wire_;
};

}  // namespace

Task<Status> PgSession::Start() {
  std::weak_ptr<Connection> watched = wire_.connection();
  Executor* const executor = context_->deps().executor;
  const TimerId timer = executor->PostAfter(context_->options().authentication_timeout, [watched] {
    if (std::shared_ptr<Connection> connection = watched.lock()) connection->Close();
  });
  Status status;
  StatusOr<std::optional<StartupPacket>> packet = co_await Negotiate();
  if (!packet.ok()) {
    status = packet.status();
  } else if (packet->has_value()) {
    StartupPacket& startup = **packet;
    if (startup.kind == StartupKind::kCancelRequest) {
      context_->CancelByKey(startup.process_id, startup.secret);
    } else {
      status = co_await LogIn(std::move(startup));
    }
  } else {
    status = termination();
  }
  executor->Cancel(timer);
  co_return status;
}

Task<StatusOr<std::optional<StartupPacket>>> PgSession::Negotiate() {
  bool tls_asked = false;
  bool gss_asked = false;
  while (true) {
    StatusOr<std::optional<StartupPacket>> packet = co_await wire_.NextStartup();
    // A client that begins with a TLS handshake could not read an error in plain.
    if (!packet.ok() && wire_.decoder().first_byte() == kTlsRecord) co_return std::optional<StartupPacket>();
    if (!packet.ok() || !packet->has_value()) co_return packet;
    const StartupKind kind = (*packet)->kind;
    if (kind == StartupKind::kStartup || kind == StartupKind::kCancelRequest) co_return packet;
    bool& asked = kind == StartupKind::kSslRequest ? tls_asked : gss_asked;
    if (asked) {
      co_return Error(sqlstate::kFeatureNotSupported,
                      StrCat("unsupported frontend protocol 1234.", kind == StartupKind::kSslRequest ? 5679 : 5680,
                             ": server supports 3.0 to 3.0"));
    }
    asked = true;
    // Whatever came along with the request was sent by somebody who did not wait for the answer.
    if (wire_.decoder().buffered() != 0) co_return InjectedBytes();
    if (kind == StartupKind::kSslRequest && context_->deps().tls != nullptr) {
      CO_RETURN_IF_ERROR(co_await UpgradeToTls());
      continue;
    }
    wire_.out().push_back('N');
    CO_RETURN_IF_ERROR(co_await wire_.Flush());
  }
}

Task<Status> PgSession::UpgradeToTls() {
  wire_.out().push_back('S');
  CO_RETURN_IF_ERROR(co_await wire_.Flush());
  CO_RETURN_IF_ERROR(co_await wire_.Drain());
  CO_ASSIGN_OR_RETURN(std::shared_ptr<Connection> secured, co_await context_->deps().tls->Accept(wire_.connection()));
  wire_.ReplaceConnection(secured);
  MutexLock lock(mutex_);
  abortable_ = std::move(secured);
  encrypted_ = true;
  co_return OkStatus();
}

Task<Status> PgSession::CheckClient(const StartupParameters* startup) {
  HbaQuery query;
  query.peer_address = wire_.connection()->Peer().host;
  query.user = startup->user;
  query.database = startup->database;
  query.encrypted = encrypted_;
  if (context_->deps().roles_of) query.member_of = context_->deps().roles_of(startup->user);
  std::optional<HbaRule> rule = co_await context_->deps().hba->Match(query);
  if (!rule) co_return NoHbaEntryError(query);
  wire_.decoder().SetPhase(DecodePhase::kAuthentication);
  WireAuthChannel channel(&wire_);
  co_return co_await context_->deps().authenticator->Authenticate(*std::move(rule), std::move(query), &channel);
}

Task<Status> PgSession::LogIn(StartupPacket packet) {
  std::vector<std::string> unknown = UnknownProtocolOptions(packet);
  CO_ASSIGN_OR_RETURN(StartupParameters startup, InterpretStartup(packet));
  if (packet.minor > 0 || !unknown.empty()) AppendNegotiateProtocolVersion(unknown, wire_.out());
  CO_ASSIGN_OR_RETURN(const PgServerContext::Slot slot, context_->Admit(this));
  const Status admitted = co_await CheckClient(&startup);
  if (!admitted.ok()) {
    log::Info("connection refused: ", StdView(admitted.message()));
    co_return admitted;
  }
  wire_.decoder().SetPhase(DecodePhase::kReady);
  AppendAuthenticationOk(wire_.out());
  std::vector<std::pair<std::string, std::string>> parameters;
  CO_ASSIGN_OR_RETURN(std::shared_ptr<SessionHandler> handler,
                      co_await context_->deps().factory->Open(std::move(startup), wire_.connection()->Peer(), slot.process_id,
                                                              &parameters));
  {
    MutexLock lock(mutex_);
    handler_ = std::move(handler);
  }
  handler_->OnNotification([weak = std::weak_ptr<InputPump>(wire_.pump().weak_from_this())] {
    if (std::shared_ptr<InputPump> pump = weak.lock()) pump->Wake();
  });
  for (const auto& [name, value] : parameters) AppendParameterStatus(name, value, wire_.out());
  AppendBackendKeyData(slot.process_id, slot.secret, wire_.out());
  // A client that went away meanwhile is noticed by the message loop.
  (void)co_await SendReady();
  co_return OkStatus();
}

}  // namespace tsd::net::pg
