#include "net/rpc/session.h"

#include <algorithm>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/strings.h"

namespace tsd::net::rpc {
namespace {

// Small frames leave together; a big one alone.
constexpr size_t kWriteBytes = 256u << 10;
// Control answers that a peer can make us queue without reading any of them.
constexpr size_t kQueueSlack = 64u << 20;
constexpr uint32_t kLastStreamId = UINT32_MAX - 1;

uint32_t DeadlineMs(absl::Duration left) {
  return static_cast<uint32_t>(std::clamp<int64_t>(absl::ToInt64Milliseconds(left), 1, UINT32_MAX));
}

Status NotSent(const Status& reason) { return Error(sqlstate::kSqlclientUnableToConnect, StdView(reason.message())); }

}  // namespace

std::shared_ptr<Session> Session::Start(RpcDeps deps, std::shared_ptr<Connection> connection, std::string initial_bytes,
                                        Settings settings, RpcOptions options) {
  auto session = std::make_shared<Session>(deps, std::move(connection), std::move(settings), options);
  Spawn(*deps.executor, ReadLoop(session, std::move(initial_bytes)));
  Spawn(*deps.executor, WriteLoop(session));
  session->ArmTick();
  return session;
}

Session::Session(RpcDeps deps, std::shared_ptr<Connection> connection, Settings settings, RpcOptions options)
    : deps_(deps),
      connection_(std::move(connection)),
      settings_(std::move(settings)),
      options_(options),
      last_tick_(deps.clock->Monotonic()),
      last_received_(last_tick_) {}

// ---- reading ----

Task<void> Session::ReadLoop(std::shared_ptr<Session> self, std::string initial_bytes) {
  Status status = self->HandleBytes(initial_bytes);
  int at_once = 0;
  while (status.ok()) {
    Future<StatusOr<std::string>> reading = self->connection_->Read();
    // Bytes may be there at every Read: others of this executor want their turn too.
    at_once = reading.ready() ? at_once + 1 : 0;
    if (at_once % 8 == 7) co_await Yield();
    StatusOr<std::string> bytes = co_await reading;
    if (!bytes.ok()) {
      status = std::move(bytes).status();
    } else if (bytes->empty()) {
      status = Error(sqlstate::kConnectionFailure, "the peer closed the connection");
    } else {
      status = self->HandleBytes(*bytes);
    }
  }
  self->Close(std::move(status));
}

Status Session::HandleBytes(std::string_view bytes) {
  if (bytes.empty()) return OkStatus();
  {
    MutexLock lock(mutex_);
    last_received_ = deps_.clock->Monotonic();
    ping_outstanding_ = false;
    ping_written_.reset();
  }
  while (!bytes.empty()) {
    ASSIGN_OR_RETURN(std::optional<Frame> frame, decoder_.Next(&bytes));
    if (frame.has_value()) RETURN_IF_ERROR(HandleFrame(*std::move(frame)));
  }
  return OkStatus();
}

Status Session::HandleFrame(Frame frame) {
  switch (frame.type) {
    case FrameType::kHello:
    case FrameType::kHelloAck: return Violation("second handshake");
    case FrameType::kOpen: return HandleOpen(std::move(frame));
    case FrameType::kPing: HandlePing(); return OkStatus();
    case FrameType::kPong: return OkStatus();  // that it came is all
    case FrameType::kData:
    case FrameType::kCredit:
    case FrameType::kEnd:
    case FrameType::kAnswer:
    case FrameType::kReset: return HandleStreamFrame(std::move(frame));
  }
  return Violation("unknown frame type");
}

Status Session::HandleOpen(Frame frame) {
  if (settings_.side == Side::kClient) return Violation("OPEN from a server");
  ASSIGN_OR_RETURN(const OpenHead head, DecodeOpenHead(frame.payload));
  frame.payload.erase(0, kOpenHeadBytes);
  if (frame.payload.size() > kMaxMessageBytes) return Violation("message too long");
  RpcStream::Start start;
  start.id = frame.stream_id;
  start.send_window = settings_.peer_window;
  start.receive_window = options_.window_bytes;
  start.receive_finished = head.kind == StreamKind::kCall;
  std::shared_ptr<RpcStream> stream;
  {
    MutexLock lock(mutex_);
    if (frame.stream_id <= last_stream_id_) return Violation("stream id used twice");
    last_stream_id_ = frame.stream_id;
    if (!close_reason_.ok()) return close_reason_;
    if (streams_.size() < options_.max_streams) {
      stream = std::make_shared<RpcStream>(shared_from_this(), start);
      streams_.emplace(frame.stream_id, stream);
    }
  }
  if (stream == nullptr) {
    SendReset(frame.stream_id, Error(sqlstate::kTooManyConnections, "too many RPC streams on one connection"));
    return OkStatus();
  }
  settings_.on_open(head, std::move(frame.payload), std::move(stream));
  return OkStatus();
}

Status Session::HandleStreamFrame(Frame frame) {
  if (frame.type == FrameType::kAnswer && frame.payload.size() > kMaxMessageBytes) return Violation("message too long");
  ASSIGN_OR_RETURN(const Addressee addressee, Find(frame));
  if (addressee.call.has_value()) {
    HandleAnswer(*addressee.call, std::move(frame));
    return OkStatus();
  }
  const std::shared_ptr<RpcStream>& stream = addressee.stream;
  if (stream == nullptr) return OkStatus();
  switch (frame.type) {
    case FrameType::kData: return stream->OnData(std::move(frame.payload));
    case FrameType::kCredit: {
      ASSIGN_OR_RETURN(const uint32_t bytes, DecodeCredit(frame.payload));
      return stream->OnCredit(bytes);
    }
    case FrameType::kEnd: return stream->OnEnd(DecodeStatus(frame.payload));
    case FrameType::kAnswer: return Violation("ANSWER on a stream");
    default: break;
  }
  Status status = DecodeStatus(frame.payload);
  if (status.ok()) status = Error(sqlstate::kConnectionFailure, "the peer reset the RPC stream");
  Forget(frame.stream_id);
  stream->OnReset(std::move(status));
  return OkStatus();
}

StatusOr<Session::Addressee> Session::Find(const Frame& frame) {
  Addressee result;
  bool leaving = false;
  {
    MutexLock lock(mutex_);
    if (frame.stream_id == 0 || frame.stream_id > last_stream_id_) return Violation("frame for a stream that was never opened");
    if (const auto call = calls_.find(frame.stream_id); call != calls_.end()) {
      if (frame.type == FrameType::kData || frame.type == FrameType::kCredit) return Violation("neither an answer nor the end of a call");
      result.call = std::move(call->second.answer);
      calls_.erase(call);
      leaving = IsLeaving();
    } else if (const auto stream = streams_.find(frame.stream_id); stream != streams_.end()) {
      result.stream = stream->second.lock();
    }
  }
  if (leaving) CloseWhenFlushed();
  return result;
}

void Session::HandleAnswer(const Answer& call, Frame frame) {
  if (frame.type == FrameType::kAnswer) {
    call.Set(std::move(frame.payload));
    return;
  }
  const Status status = DecodeStatus(frame.payload);
  call.Set(status.ok() ? Violation("a call without an answer") : status);
}

void Session::HandlePing() {
  {
    MutexLock lock(mutex_);
    if (pong_queued_) return;  // one PONG answers all the PINGs before it
    pong_queued_ = true;
  }
  EnqueueUrgent(EncodeFrame(FrameType::kPong, 0, {}));
}

// ---- opening and ending ----

Task<StatusOr<std::shared_ptr<RpcStream>>> Session::Open(std::shared_ptr<Session> self, OpenHead head, std::string payload,
                                                         absl::Duration deadline) {
  while (true) {
    Status status;
    std::shared_ptr<RpcStream> stream;
    std::optional<Waiter> waiter = self->TryOpen(head, payload, &stream, &status);
    if (!status.ok()) co_return status;
    if (stream != nullptr) co_return stream;
    CO_RETURN_IF_ERROR(co_await AwaitRoom(self, *waiter, deadline));
  }
}

Task<StatusOr<std::string>> Session::Call(std::shared_ptr<Session> self, Method method, std::string payload, absl::Duration deadline) {
  OpenHead head;
  head.method = method;
  head.kind = StreamKind::kCall;
  const PendingCall call{Answer(), deadline};
  while (true) {
    if (deadline < absl::InfiniteDuration()) head.deadline_ms = DeadlineMs(deadline - self->deps_.clock->Monotonic());
    Status status;
    const std::optional<Waiter> waiter = self->TryCall(head, payload, call, &status);
    if (!status.ok()) co_return status;
    if (!waiter.has_value()) break;
    CO_RETURN_IF_ERROR(co_await AwaitRoom(self, *waiter, deadline));
  }
  payload = std::string();
  Future<StatusOr<std::string>> answered = call.answer.future();
  co_return co_await answered;
}

Task<Status> Session::AwaitRoom(std::shared_ptr<Session> self, Waiter waiter, absl::Duration deadline) {
  const absl::Duration left = deadline - self->deps_.clock->Monotonic();
  if (left <= absl::ZeroDuration()) co_return Error(sqlstate::kSqlclientUnableToConnect, "timeout expired");
  TimerId timer = 0;
  if (left < absl::InfiniteDuration()) timer = self->deps_.executor->PostAfter(left, [waiter] { waiter.Set(true); });
  Future<bool> room = waiter.future();
  co_await room;
  if (timer != 0) self->deps_.executor->Cancel(timer);
  co_return OkStatus();
}

std::optional<Session::Waiter> Session::TryOpen(const OpenHead& head, std::string_view payload, std::shared_ptr<RpcStream>* stream,
                                                Status* status) {
  RpcStream::Start start;
  start.send_window = settings_.peer_window;
  start.receive_window = options_.window_bytes;
  start.opened_here = true;
  std::optional<Waiter> waiter;
  {
    MutexLock lock(mutex_);
    start.id = QueueOpen(head, payload, &waiter, status);
    if (start.id == 0) return waiter;
    *stream = std::make_shared<RpcStream>(shared_from_this(), start);
    streams_.emplace(start.id, *stream);
  }
  wake_writer_.Set();
  return std::nullopt;
}

std::optional<Session::Waiter> Session::TryCall(const OpenHead& head, std::string_view payload, PendingCall call, Status* status) {
  std::optional<Waiter> waiter;
  {
    MutexLock lock(mutex_);
    const uint32_t id = QueueOpen(head, payload, &waiter, status);
    if (id == 0) return waiter;
    if (call.deadline < next_deadline_) ArmDeadline(call.deadline);
    calls_.emplace(id, std::move(call));
  }
  wake_writer_.Set();
  return std::nullopt;
}

uint32_t Session::QueueOpen(const OpenHead& head, std::string_view payload, std::optional<Waiter>* waiter, Status* status) {
  if (!close_reason_.ok() || retired_ || last_stream_id_ >= kLastStreamId) {
    *status = close_reason_.ok() ? Error(sqlstate::kSqlclientUnableToConnect, "the RPC connection takes no more streams")
                                 : NotSent(close_reason_);
    return 0;
  }
  if (!HasRoom()) {
    *waiter = waiters_.emplace_back();
    return 0;
  }
  // Under one lock: ids must reach the wire in order.
  std::string frame = EncodeFrame(FrameType::kOpen, ++last_stream_id_, EncodeOpenHead(head), payload);
  queued_bytes_ += frame.size();
  queue_.push_back(std::move(frame));
  return last_stream_id_;
}

bool Session::IsUsable() const {
  MutexLock lock(mutex_);
  return close_reason_.ok() && !retired_ && last_stream_id_ < kLastStreamId;
}

void Session::Retire() {
  {
    MutexLock lock(mutex_);
    retired_ = true;
    if (!IsLeaving()) return;
  }
  CloseWhenFlushed();
}

bool Session::IsLeaving() const { return retired_ && streams_.empty() && calls_.empty(); }

void Session::Forget(uint32_t stream_id) {
  bool last = false;
  {
    MutexLock lock(mutex_);
    streams_.erase(stream_id);
    last = IsLeaving();
  }
  if (last) CloseWhenFlushed();
}

void Session::CloseWhenFlushed() {
  {
    MutexLock lock(mutex_);
    close_when_flushed_ = true;
  }
  wake_writer_.Set();
}

void Session::Close(Status reason) {
  if (!HasSqlState(reason, sqlstate::kConnectionFailure)) {
    // What a stream ends with must say that its outcome is unknown, whatever broke the connection.
    reason = Error(sqlstate::kConnectionFailure, StdView(reason.message()));
  }
  reason = WithPrefix(reason, StrCat("connection to ", connection_->Peer().ToString(), " lost: "));
  absl::flat_hash_map<uint32_t, std::weak_ptr<RpcStream>> streams;
  absl::flat_hash_map<uint32_t, PendingCall> calls;
  std::vector<Waiter> waiters;
  std::deque<std::string> dropped;
  TimerId timer, deadline_timer;
  {
    MutexLock lock(mutex_);
    if (!close_reason_.ok()) return;
    close_reason_ = reason;
    streams.swap(streams_);
    calls.swap(calls_);
    waiters.swap(waiters_);
    dropped.swap(queue_);
    queued_bytes_ = 0;
    urgent_.clear();
    timer = std::exchange(tick_timer_, 0);
    deadline_timer = std::exchange(deadline_timer_, 0);
  }
  log::Info("RPC ", reason.message());
  if (timer != 0) deps_.executor->Cancel(timer);
  if (deadline_timer != 0) deps_.executor->Cancel(deadline_timer);
  connection_->Close();
  wake_writer_.Set();
  for (const Waiter& waiter : waiters) waiter.Set(false);
  // In the order of their ids: the simulator's runs must not depend on a hash table's.
  std::vector<std::pair<uint32_t, std::weak_ptr<RpcStream>>> ordered(streams.begin(), streams.end());
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [id, weak] : ordered) {
    if (std::shared_ptr<RpcStream> stream = weak.lock()) stream->OnReset(reason);
  }
  std::vector<std::pair<uint32_t, Answer>> unanswered;
  for (const auto& [id, call] : calls) unanswered.emplace_back(id, call.answer);
  std::sort(unanswered.begin(), unanswered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [id, answer] : unanswered) answer.Set(reason);
  closed_.Set(reason);
}

// ---- writing ----

bool Session::HasRoom() const { return queued_bytes_ < options_.send_queue_bytes; }

Task<Status> Session::SendMessage(std::shared_ptr<Session> self, FrameType type, uint32_t stream_id, std::string payload) {
  std::string frame = EncodeFrame(type, stream_id, payload);
  payload = std::string();
  while (true) {
    Status status;
    std::optional<Waiter> waiter = self->TryEnqueue(&frame, &status);
    if (!waiter.has_value()) co_return status;
    Future<bool> room = waiter->future();
    co_await room;
  }
}

std::optional<Session::Waiter> Session::TryEnqueue(std::string* frame, Status* status) {
  {
    MutexLock lock(mutex_);
    if (!close_reason_.ok()) {
      *status = close_reason_;
      return std::nullopt;
    }
    if (!HasRoom()) {
      waiters_.emplace_back();
      return waiters_.back();
    }
    queued_bytes_ += frame->size();
    queue_.push_back(std::move(*frame));
  }
  wake_writer_.Set();
  return std::nullopt;
}

void Session::Enqueue(std::string frame) {
  bool flooded = false;
  {
    MutexLock lock(mutex_);
    if (!close_reason_.ok()) return;
    queued_bytes_ += frame.size();
    queue_.push_back(std::move(frame));
    flooded = queued_bytes_ > options_.send_queue_bytes + kMaxFramePayload + kQueueSlack;
  }
  wake_writer_.Set();
  if (flooded) Close(Error(sqlstate::kConnectionFailure, "the peer does not read"));
}

void Session::EnqueueUrgent(std::string_view frame) {
  {
    MutexLock lock(mutex_);
    if (!close_reason_.ok()) return;
    urgent_.append(frame);
  }
  wake_writer_.Set();
}

void Session::SendEnd(uint32_t stream_id, const Status& status) {
  Enqueue(EncodeFrame(FrameType::kEnd, stream_id, EncodeBoundedStatus(status)));
}

void Session::SendReset(uint32_t stream_id, const Status& status) {
  Enqueue(EncodeFrame(FrameType::kReset, stream_id, EncodeBoundedStatus(status)));
}

void Session::SendCredit(uint32_t stream_id, uint32_t bytes) {
  EnqueueUrgent(EncodeFrame(FrameType::kCredit, stream_id, EncodeCredit(bytes)));
}

Task<void> Session::WriteLoop(std::shared_ptr<Session> self) {
  while (true) {
    Batch batch = self->TakeBatch();
    if (batch.flushed) break;
    if (batch.closed) co_return;
    if (batch.bytes.empty()) {
      co_await self->wake_writer_.Wait();
      continue;
    }
    Future<Status> written = self->connection_->Write(std::move(batch.bytes));
    Status status = co_await written;
    self->WriteEnded(batch);
    if (!status.ok()) {
      self->Close(std::move(status));
      co_return;
    }
  }
  self->Close(Error(sqlstate::kConnectionFailure, "connection ended"));
}

Session::Batch Session::TakeBatch() {
  Batch batch;
  std::vector<Waiter> waiters;
  {
    MutexLock lock(mutex_);
    batch.closed = !close_reason_.ok();
    if (batch.closed) return batch;
    batch.bytes.swap(urgent_);
    batch.has_ping = std::exchange(ping_queued_, false);
    pong_queued_ = false;
    if (batch.bytes.empty() && !queue_.empty() && (queue_.size() == 1 || queue_.front().size() >= kWriteBytes)) {
      batch.bytes = std::move(queue_.front());
      queue_.pop_front();
      queued_bytes_ -= batch.bytes.size();
    }
    while (!queue_.empty() && batch.bytes.size() + queue_.front().size() <= kWriteBytes) {
      queued_bytes_ -= queue_.front().size();
      batch.bytes.append(queue_.front());
      queue_.pop_front();
    }
    if (!batch.bytes.empty()) write_started_ = deps_.clock->Monotonic();
    batch.flushed = batch.bytes.empty() && close_when_flushed_;
    if (HasRoom()) waiters.swap(waiters_);
  }
  for (const Waiter& waiter : waiters) waiter.Set(true);
  return batch;
}

void Session::WriteEnded(const Batch& batch) {
  MutexLock lock(mutex_);
  write_started_.reset();
  if (batch.has_ping && ping_outstanding_) ping_written_ = deps_.clock->Monotonic();
}

// ---- liveness ----

void Session::ArmDeadline(absl::Duration deadline) {
  if (deadline_timer_ != 0) deps_.executor->Cancel(deadline_timer_);
  next_deadline_ = deadline;
  const absl::Duration left = std::max(deadline - deps_.clock->Monotonic(), absl::ZeroDuration());
  deadline_timer_ = deps_.executor->PostAfter(left, [weak = weak_from_this()] {
    if (std::shared_ptr<Session> session = weak.lock()) session->OnDeadline();
  });
}

void Session::OnDeadline() {
  std::vector<std::pair<uint32_t, Answer>> late;
  bool leaving = false;
  {
    MutexLock lock(mutex_);
    if (!close_reason_.ok()) return;
    const absl::Duration now = deps_.clock->Monotonic();
    for (const auto& [id, call] : calls_) {
      if (call.deadline <= now) late.emplace_back(id, call.answer);
    }
    for (const auto& [id, answer] : late) calls_.erase(id);
    leaving = !late.empty() && IsLeaving();
    absl::Duration next = absl::InfiniteDuration();
    for (const auto& [id, call] : calls_) next = std::min(next, call.deadline);
    deadline_timer_ = 0;
    next_deadline_ = absl::InfiniteDuration();
    if (next < absl::InfiniteDuration()) ArmDeadline(next);
  }
  const Status status = Error(sqlstate::kConnectionFailure, StrCat("no answer from ", connection_->Peer().ToString(), " in time"));
  std::sort(late.begin(), late.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [id, answer] : late) {
    SendReset(id, status);
    answer.Set(status);
  }
  if (leaving) CloseWhenFlushed();
}

void Session::ArmTick() {
  std::weak_ptr<Session> weak = weak_from_this();
  MutexLock lock(mutex_);
  if (!close_reason_.ok()) return;
  tick_timer_ = deps_.executor->PostAfter(options_.ping_interval / 4, [weak] {
    if (std::shared_ptr<Session> session = weak.lock()) session->Tick();
  });
}

void Session::Tick() {
  Status dead;
  bool ping = false;
  {
    MutexLock lock(mutex_);
    const absl::Duration now = deps_.clock->Monotonic();
    // A tick that is late itself says that this process did not run: what the peer sent meanwhile is still unread.
    const bool late = now - std::exchange(last_tick_, now) > options_.ping_interval;
    if (late && ping_written_.has_value()) ping_written_ = now;
    if (late && write_started_.has_value()) write_started_ = now;
    if (ping_written_.has_value() && now - *ping_written_ >= options_.ping_timeout) {
      dead = Error(sqlstate::kConnectionFailure, "the peer does not answer");
    } else if (write_started_.has_value() && now - *write_started_ >= options_.write_timeout) {
      dead = Error(sqlstate::kConnectionFailure, "the peer does not read");
    } else if (!ping_outstanding_ && now - last_received_ >= options_.ping_interval) {
      ping = ping_outstanding_ = ping_queued_ = true;
    }
  }
  if (!dead.ok()) return Close(std::move(dead));
  if (ping) EnqueueUrgent(EncodeFrame(FrameType::kPing, 0, {}));
  ArmTick();
}

}  // namespace tsd::net::rpc
