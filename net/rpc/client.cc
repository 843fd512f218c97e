#include "net/rpc/client.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/strings.h"
#include "net/rpc/session.h"

namespace tsd::net::rpc {
namespace {

Status NotConnected(std::string_view message) { return Error(sqlstate::kSqlclientUnableToConnect, message); }

}  // namespace

class RpcClient::Core : public std::enable_shared_from_this<Core> {
 public:
  using SessionOr = StatusOr<std::shared_ptr<Session>>;

  Core(RpcDeps deps, Endpoint endpoint, HelloInfo hello, RpcOptions options, std::string expected_node_uuid)
      : deps_(deps), endpoint_(std::move(endpoint)), hello_(std::move(hello)), options_(options),
        expected_node_uuid_(std::move(expected_node_uuid)) {
    hello_.window_bytes = options_.window_bytes;
  }

  static Task<SessionOr> GetSession(std::shared_ptr<Core> self, absl::Duration timeout);
  static Task<StatusOr<std::string>> Call(std::shared_ptr<Core> self, Method method, std::string payload, absl::Duration timeout);
  static Task<StatusOr<std::shared_ptr<RpcStream>>> Open(std::shared_ptr<Core> self, Method method, std::string payload);
  static Task<StatusOr<std::string>> Connect(std::shared_ptr<Core> self);
  void Close();
  bool IsConnected() const;
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  static Task<void> RunConnect(std::shared_ptr<Core> self);
  static Task<SessionOr> TryConnect(std::shared_ptr<Core> self);
  static Task<SessionOr> Handshake(std::shared_ptr<Core> self, std::shared_ptr<Connection> connection);
  /// A session or an error at once, or a promise to wait for. Sets *start if the caller must spawn RunConnect.
  std::optional<Promise<SessionOr>> Lookup(SessionOr* result, bool* start);
  bool Adopt(const std::shared_ptr<Connection>& connection);
  Status CheckAck(const HelloAck& ack) const;

  const RpcDeps deps_;
  const Endpoint endpoint_;
  HelloInfo hello_;
  const RpcOptions options_;
  const std::string expected_node_uuid_;

  mutable Mutex mutex_;
  std::shared_ptr<Session> session_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Connection> connecting_ ABSL_GUARDED_BY(mutex_);  // during the handshake
  bool is_connecting_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Promise<SessionOr>> waiters_ ABSL_GUARDED_BY(mutex_);
  Status last_failure_ ABSL_GUARDED_BY(mutex_);
  absl::Duration connecting_since_ ABSL_GUARDED_BY(mutex_);
  absl::Duration failed_at_ ABSL_GUARDED_BY(mutex_);
  bool failed_slowly_ ABSL_GUARDED_BY(mutex_) = false;
};

// ---- connecting ----

std::optional<Promise<RpcClient::Core::SessionOr>> RpcClient::Core::Lookup(SessionOr* result, bool* start) {
  std::shared_ptr<Session> retired;
  std::optional<Promise<SessionOr>> promise;
  {
    MutexLock lock(mutex_);
    if (closed_) {
      *result = NotConnected("the RPC client is closed");
      return std::nullopt;
    }
    if (session_ != nullptr && session_->IsUsable()) {
      *result = session_;
      return std::nullopt;
    }
    retired = std::move(session_);
    session_ = nullptr;
    const absl::Duration now = deps_.clock->Monotonic();
    if (!is_connecting_ && !last_failure_.ok() && failed_slowly_ && now - failed_at_ < options_.connect_backoff) {
      *result = last_failure_;
    } else {
      promise.emplace();
      waiters_.push_back(*promise);
      *start = !std::exchange(is_connecting_, true);
      if (*start) connecting_since_ = now;
    }
  }
  if (retired != nullptr) retired->Retire();
  return promise;
}

Task<RpcClient::Core::SessionOr> RpcClient::Core::GetSession(std::shared_ptr<Core> self, absl::Duration timeout) {
  SessionOr result = std::shared_ptr<Session>();
  bool start = false;
  std::optional<Promise<SessionOr>> promise = self->Lookup(&result, &start);
  if (!promise.has_value()) co_return result;
  if (start) Spawn(*self->deps_.executor, RunConnect(self));
  TimerId timer = 0;
  if (timeout < absl::InfiniteDuration()) {
    timer = self->deps_.executor->PostAfter(timeout, [waiting = *promise] { waiting.Set(NotConnected("timeout expired")); });
  }
  Future<SessionOr> connected = promise->future();
  result = co_await connected;
  if (timer != 0) self->deps_.executor->Cancel(timer);
  co_return result;
}

Task<void> RpcClient::Core::RunConnect(std::shared_ptr<Core> self) {
  Task<SessionOr> connecting = TryConnect(self);
  SessionOr result = co_await std::move(connecting);
  std::vector<Promise<SessionOr>> waiters;
  std::shared_ptr<Session> unwanted;
  {
    MutexLock lock(self->mutex_);
    self->is_connecting_ = false;
    self->connecting_ = nullptr;
    if (self->closed_ && result.ok()) {
      unwanted = *std::move(result);
      result = NotConnected("the RPC client is closed");
    }
    if (result.ok()) {
      self->session_ = *result;
    } else {
      self->failed_at_ = self->deps_.clock->Monotonic();
      self->failed_slowly_ = self->failed_at_ - self->connecting_since_ >= self->options_.connect_backoff;
    }
    self->last_failure_ = result.status();
    waiters.swap(self->waiters_);
  }
  if (unwanted != nullptr) unwanted->Close(NotConnected("the RPC client is closed"));
  for (const Promise<SessionOr>& waiter : waiters) waiter.Set(result);
}

bool RpcClient::Core::Adopt(const std::shared_ptr<Connection>& connection) {
  MutexLock lock(mutex_);
  if (closed_) return false;
  connecting_ = connection;
  return true;
}

Task<RpcClient::Core::SessionOr> RpcClient::Core::TryConnect(std::shared_ptr<Core> self) {
  const absl::Duration deadline = self->deps_.clock->Monotonic() + self->options_.connect_timeout;
  Future<StatusOr<std::shared_ptr<Connection>>> opening =
      self->deps_.transport->Connect(self->endpoint_, self->options_.connect_timeout);
  StatusOr<std::shared_ptr<Connection>> opened = co_await opening;
  if (!opened.ok()) co_return opened.status();
  std::shared_ptr<Connection> connection = *std::move(opened);
  if (!self->Adopt(connection)) {
    connection->Close();
    co_return NotConnected("the RPC client is closed");
  }
  auto expired = std::make_shared<std::atomic<bool>>(false);
  const absl::Duration left = std::max(deadline - self->deps_.clock->Monotonic(), absl::ZeroDuration());
  const TimerId timer = self->deps_.executor->PostAfter(left, [expired, connection] {
    expired->store(true);
    connection->Close();
  });
  Task<SessionOr> handshake = Handshake(self, connection);
  SessionOr session = co_await std::move(handshake);
  self->deps_.executor->Cancel(timer);
  if (session.ok()) co_return session;
  connection->Close();
  if (expired->load()) co_return NotConnected("timeout expired");
  // Nothing but the greeting was sent: whatever broke, no call was executed.
  if (HasSqlState(session.status(), sqlstate::kConnectionFailure)) co_return NotConnected(StdView(session.status().message()));
  co_return session;
}

Status RpcClient::Core::CheckAck(const HelloAck& ack) const {
  RETURN_IF_ERROR(ack.status);
  if (ack.protocol_version != kProtocolVersion) {
    return NotConnected(StrCat("the peer speaks RPC version ", ack.protocol_version, ", this node ", kProtocolVersion));
  }
  if (!expected_node_uuid_.empty() && ack.node_uuid != expected_node_uuid_) {
    return NotConnected(StrCat("the node at ", endpoint_.ToString(), " is ", ack.node_uuid, ", expected ", expected_node_uuid_));
  }
  return OkStatus();
}

Task<RpcClient::Core::SessionOr> RpcClient::Core::Handshake(std::shared_ptr<Core> self, std::shared_ptr<Connection> connection) {
  std::string greeting = StrCat(kRpcMagic, EncodeFrame(FrameType::kHello, 0, EncodeHello(self->hello_)));
  Future<Status> writing = connection->Write(std::move(greeting));
  Status written = co_await writing;
  if (!written.ok()) co_return written;
  FrameDecoder decoder(kMaxHelloPayload);
  std::optional<Frame> frame;
  std::string rest;
  while (!frame.has_value()) {
    Future<StatusOr<std::string>> reading = connection->Read();
    StatusOr<std::string> bytes = co_await reading;
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty()) co_return NotConnected("the peer closed the connection before the handshake");
    std::string_view input = *bytes;
    StatusOr<std::optional<Frame>> next = decoder.Next(&input);
    if (!next.ok()) co_return NotConnected("the peer does not speak tsd's RPC protocol");
    frame = *std::move(next);
    rest = std::string(input);
  }
  if (frame->type != FrameType::kHelloAck) co_return NotConnected("the peer does not speak tsd's RPC protocol");
  StatusOr<HelloAck> ack = DecodeHelloAck(frame->payload);
  if (!ack.ok()) co_return NotConnected(StdView(ack.status().message()));
  Status accepted = self->CheckAck(*ack);
  if (!accepted.ok()) co_return accepted;
  Session::Settings settings;
  settings.side = Session::Side::kClient;
  settings.peer_window = ack->window_bytes;
  settings.peer_node_uuid = ack->node_uuid;
  co_return Session::Start(self->deps_, std::move(connection), std::move(rest), std::move(settings), self->options_);
}

// ---- calls ----

Task<StatusOr<std::string>> RpcClient::Core::Call(std::shared_ptr<Core> self, Method method, std::string payload,
                                                  absl::Duration timeout) {
  if (payload.size() > kMaxMessageBytes) {
    co_return Error(sqlstate::kProgramLimitExceeded,
                    StrCat("RPC message of ", payload.size(), " bytes exceeds the limit of ", kMaxMessageBytes));
  }
  const absl::Duration deadline = self->deps_.clock->Monotonic() + timeout;
  Task<SessionOr> getting = GetSession(self, timeout);
  SessionOr session = co_await std::move(getting);
  if (!session.ok()) co_return session.status();
  co_return co_await Session::Call(*std::move(session), method, std::move(payload), deadline);
}

Task<StatusOr<std::shared_ptr<RpcStream>>> RpcClient::Core::Open(std::shared_ptr<Core> self, Method method, std::string payload) {
  if (payload.size() > kMaxMessageBytes) {
    co_return Error(sqlstate::kProgramLimitExceeded,
                    StrCat("RPC message of ", payload.size(), " bytes exceeds the limit of ", kMaxMessageBytes));
  }
  Task<SessionOr> getting = GetSession(self, absl::InfiniteDuration());
  SessionOr session = co_await std::move(getting);
  if (!session.ok()) co_return session.status();
  OpenHead head;
  head.method = method;
  head.kind = StreamKind::kStream;
  Task<StatusOr<std::shared_ptr<RpcStream>>> opening =
      Session::Open(*session, head, std::move(payload), absl::InfiniteDuration());
  co_return co_await std::move(opening);
}

Task<StatusOr<std::string>> RpcClient::Core::Connect(std::shared_ptr<Core> self) {
  Task<SessionOr> getting = GetSession(self, absl::InfiniteDuration());
  SessionOr session = co_await std::move(getting);
  if (!session.ok()) co_return session.status();
  co_return (*session)->peer_node_uuid();
}

void RpcClient::Core::Close() {
  std::shared_ptr<Session> session;
  std::shared_ptr<Connection> connecting;
  std::vector<Promise<SessionOr>> waiters;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    session = std::move(session_);
    connecting = std::move(connecting_);
    waiters.swap(waiters_);
  }
  if (connecting != nullptr) connecting->Close();
  if (session != nullptr) session->Close(Error(sqlstate::kConnectionFailure, "closed by this node"));
  for (const Promise<SessionOr>& waiter : waiters) waiter.Set(NotConnected("the RPC client is closed"));
}

bool RpcClient::Core::IsConnected() const {
  MutexLock lock(mutex_);
  return session_ != nullptr && session_->IsUsable();
}

// ---- the public face ----

RpcClient::RpcClient(RpcDeps deps, Endpoint endpoint, HelloInfo hello, RpcOptions options, std::string expected_node_uuid)
    : core_(std::make_shared<Core>(deps, std::move(endpoint), std::move(hello), options, std::move(expected_node_uuid))) {}
RpcClient::~RpcClient() { core_->Close(); }

Task<StatusOr<std::string>> RpcClient::Call(Method method, std::string payload, absl::Duration timeout) {
  return Core::Call(core_, method, std::move(payload), timeout);
}
Task<StatusOr<std::shared_ptr<RpcStream>>> RpcClient::Open(Method method, std::string payload) {
  return Core::Open(core_, method, std::move(payload));
}
Task<StatusOr<std::string>> RpcClient::Connect() { return Core::Connect(core_); }
void RpcClient::Close() { core_->Close(); }
bool RpcClient::IsConnected() const { return core_->IsConnected(); }
const Endpoint& RpcClient::endpoint() const { return core_->endpoint(); }

}  // namespace tsd::net::rpc
