#include "net/rpc/server.h"

#include <utility>

#include "engine/base/strings.h"
#include "net/rpc/session.h"

namespace tsd::net::rpc {
namespace {

constexpr size_t kLittlePayload = 64u << 10;  // handled sooner than another thread would wake up

}  // namespace

std::shared_ptr<RpcServerConnection> RpcServerConnection::Create(RpcDeps deps, std::shared_ptr<Connection> connection,
                                                                 std::string initial_bytes, RpcService* service,
                                                                 std::string node_uuid, RpcOptions options) {
  return std::make_shared<RpcServerConnection>(deps, std::move(connection), std::move(initial_bytes), service, std::move(node_uuid),
                                               options);
}

RpcServerConnection::RpcServerConnection(RpcDeps deps, std::shared_ptr<Connection> connection, std::string initial_bytes,
                                         RpcService* service, std::string node_uuid, RpcOptions options)
    : deps_(deps),
      connection_(std::move(connection)),
      service_(service),
      node_uuid_(std::move(node_uuid)),
      options_(options),
      bytes_(std::move(initial_bytes)) {}

Task<void> RpcServerConnection::Run() { return RunAll(shared_from_this()); }

Task<void> RpcServerConnection::RunAll(std::shared_ptr<RpcServerConnection> self) {
  std::shared_ptr<Connection> connection = self->connection_;
  const TimerId timer = self->deps_.executor->PostAfter(self->options_.hello_timeout, [connection] { connection->Close(); });
  Task<StatusOr<std::shared_ptr<Session>>> shaking = Handshake(self);
  StatusOr<std::shared_ptr<Session>> session = co_await std::move(shaking);
  self->deps_.executor->Cancel(timer);
  if (!session.ok()) {
    connection->Close();
    co_return;
  }
  Future<Status> closed = (*session)->closed();
  co_await closed;
  while (self->HasHandlers()) co_await self->ended_.Wait();
}

Task<StatusOr<HelloInfo>> RpcServerConnection::ReadHello(std::shared_ptr<RpcServerConnection> self) {
  FrameDecoder decoder(kMaxHelloPayload);
  bool magic_seen = false;
  while (true) {
    if (!magic_seen) {
      const size_t count = std::min(self->bytes_.size(), kRpcMagic.size());
      if (self->bytes_.compare(0, count, kRpcMagic.substr(0, count)) != 0) co_return Violation("no greeting");
      magic_seen = count == kRpcMagic.size();
      if (magic_seen) self->bytes_.erase(0, count);
    }
    if (magic_seen) {
      std::string_view input = self->bytes_;
      StatusOr<std::optional<Frame>> frame = decoder.Next(&input);
      if (!frame.ok()) co_return frame.status();
      self->bytes_ = std::string(input);
      if (frame->has_value()) {
        if ((*frame)->type != FrameType::kHello) co_return Violation("no HELLO");
        co_return DecodeHello((*frame)->payload);
      }
    }
    Future<StatusOr<std::string>> reading = self->connection_->Read();
    StatusOr<std::string> bytes = co_await reading;
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty()) co_return Error(sqlstate::kConnectionFailure, "the peer closed the connection");
    self->bytes_.append(*bytes);
  }
}

Task<StatusOr<std::shared_ptr<Session>>> RpcServerConnection::Handshake(std::shared_ptr<RpcServerConnection> self) {
  Task<StatusOr<HelloInfo>> greeting = ReadHello(self);
  StatusOr<HelloInfo> hello = co_await std::move(greeting);
  if (!hello.ok()) co_return hello.status();
  self->peer_.hello = *hello;
  self->peer_.address = self->connection_->Peer();
  HelloAck ack;
  ack.node_uuid = self->node_uuid_;
  ack.window_bytes = self->options_.window_bytes;
  if (hello->protocol_version != kProtocolVersion) {
    ack.status = Error(sqlstate::kFeatureNotSupported, StrCat("unsupported RPC protocol version ", hello->protocol_version));
  } else {
    Task<Status> authorizing = self->service_->Authorize(*hello, self->peer_.address);
    ack.status = co_await std::move(authorizing);
  }
  Future<Status> writing = self->connection_->Write(EncodeFrame(FrameType::kHelloAck, 0, EncodeHelloAck(ack)));
  Status written = co_await writing;
  if (!written.ok()) co_return written;
  if (!ack.status.ok()) co_return ack.status;
  Session::Settings settings;
  settings.side = Session::Side::kServer;
  settings.peer_window = hello->window_bytes;
  settings.peer_node_uuid = hello->node_uuid;
  settings.on_open = [weak = self->weak_from_this()](OpenHead head, std::string payload, std::shared_ptr<RpcStream> stream) {
    if (std::shared_ptr<RpcServerConnection> connection = weak.lock()) {
      connection->OnOpen(head, std::move(payload), std::move(stream));
    }
  };
  co_return self->StartSession(std::move(settings));
}

StatusOr<std::shared_ptr<Session>> RpcServerConnection::StartSession(Session::Settings settings) {
  MutexLock lock(mutex_);
  if (draining_) return Error(sqlstate::kAdminShutdown, "the server is shutting down");
  session_ = Session::Start(deps_, connection_, std::move(bytes_), std::move(settings), options_);
  return session_;
}

void RpcServerConnection::OnOpen(OpenHead head, std::string payload, std::shared_ptr<RpcStream> stream) {
  bool refused;
  {
    MutexLock lock(mutex_);
    refused = draining_;
    if (!refused) ++handlers_;
  }
  if (refused) return stream->Cancel(Error(sqlstate::kSqlclientUnableToConnect, "the server is shutting down"));
  const Launch launch = payload.size() < kLittlePayload ? Launch::kNext : Launch::kBeside;
  Spawn(*deps_.executor,
        RunHandler(shared_from_this(), head, std::move(payload), std::move(stream), deps_.clock->Monotonic()), launch);
}

Task<void> RpcServerConnection::RunHandler(std::shared_ptr<RpcServerConnection> self, OpenHead head, std::string payload,
                                           std::shared_ptr<RpcStream> stream, absl::Duration arrived) {
  const absl::Duration waited = self->deps_.clock->Monotonic() - arrived;
  if (stream->IsCancelled()) {
    // Given up before it began.
  } else if (head.deadline_ms != 0 && waited >= absl::Milliseconds(head.deadline_ms)) {
    stream->Cancel(Error(sqlstate::kQueryCanceled, "the caller's deadline has passed"));
  } else if (head.kind == StreamKind::kCall) {
    Task<StatusOr<std::string>> handling = self->service_->HandleCall(head.method, std::move(payload), self->peer_);
    StatusOr<std::string> answer = co_await std::move(handling);
    Status status = answer.status();
    if (status.ok()) status = co_await stream->Answer(*std::move(answer));
    if (!status.ok()) stream->Finish(std::move(status));
  } else {
    Task<Status> handling = self->service_->HandleStream(head.method, std::move(payload), stream, self->peer_);
    Status status = co_await std::move(handling);
    stream->Finish(std::move(status));
  }
  stream = nullptr;  // tells a client that still sends to stop
  self->HandlerEnded();
}

bool RpcServerConnection::HasHandlers() {
  MutexLock lock(mutex_);
  return handlers_ > 0;
}

void RpcServerConnection::HandlerEnded() {
  std::shared_ptr<Session> finished;
  {
    MutexLock lock(mutex_);
    if (--handlers_ > 0) return;
    if (draining_) finished = session_;
  }
  if (finished != nullptr) finished->CloseWhenFlushed();
  ended_.Set();
}

void RpcServerConnection::Shutdown(absl::Duration grace) {
  std::shared_ptr<Session> session;
  bool idle;
  {
    MutexLock lock(mutex_);
    draining_ = true;
    session = session_;
    idle = handlers_ == 0;
  }
  if (session == nullptr) return connection_->Close();
  if (idle) session->CloseWhenFlushed();
  deps_.executor->PostAfter(grace, [weak = weak_from_this()] {
    if (std::shared_ptr<RpcServerConnection> connection = weak.lock()) connection->Close();
  });
}

void RpcServerConnection::Close() {
  std::shared_ptr<Session> session;
  {
    MutexLock lock(mutex_);
    draining_ = true;
    session = session_;
  }
  if (session == nullptr) return connection_->Close();
  session->Close(Error(sqlstate::kConnectionFailure, "closed by this node"));
}

}  // namespace tsd::net::rpc
