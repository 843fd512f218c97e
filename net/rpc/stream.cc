#include "net/rpc/stream.h"

#include <utility>

#include "engine/base/strings.h"
#include "net/rpc/session.h"

namespace tsd::net::rpc {
namespace {

int64_t CostOf(const std::string& payload) { return static_cast<int64_t>(payload.size()) + kMessageOverhead; }

}  // namespace

RpcStream::RpcStream(std::shared_ptr<Session> session, Start start)
    : session_(std::move(session)), start_(start), credit_(start.send_window), finished_(false) {
  if (start.receive_finished) end_ = OkStatus();
}

RpcStream::~RpcStream() {
  on_cancel_ = nullptr;  // nobody is left who would want to know
  {
    MutexLock lock(mutex_);
    if (finished_ && end_.has_value()) return;
  }
  Cut(Error(sqlstate::kConnectionFailure, "the peer stopped using the RPC stream"), Tell::kPeer);
}

Task<Status> RpcStream::Send(std::string payload) {
  if (payload.size() > kMaxMessageBytes) {
    co_return Error(sqlstate::kProgramLimitExceeded,
                    StrCat("RPC message of ", payload.size(), " bytes exceeds the limit of ", kMaxMessageBytes));
  }
  const int64_t cost = CostOf(payload);
  while (true) {
    bool taken = false;
    Status status = TakeCredit(cost, &taken);
    if (!status.ok()) co_return status;
    if (taken) break;
    co_await writable_.Wait();
  }
  co_return co_await Session::SendMessage(session_, FrameType::kData, start_.id, std::move(payload));
}

Task<Status> RpcStream::Answer(std::string payload) {
  if (payload.size() > kMaxMessageBytes) {
    co_return Error(sqlstate::kProgramLimitExceeded,
                    StrCat("RPC message of ", payload.size(), " bytes exceeds the limit of ", kMaxMessageBytes));
  }
  {
    MutexLock lock(mutex_);
    if (cut_.has_value()) co_return *cut_;
    finished_ = true;
  }
  const Status sent = co_await Session::SendMessage(session_, FrameType::kAnswer, start_.id, std::move(payload));
  session_->Forget(start_.id);  // only now: answers that wait for room count as streams
  co_return sent;
}

Status RpcStream::TakeCredit(int64_t cost, bool* taken) {
  MutexLock lock(mutex_);
  if (!send_error_.ok()) return send_error_;
  if (finished_) return Error(sqlstate::kObjectNotInPrerequisiteState, "Send on a finished RPC stream");
  if (credit_ <= 0) return OkStatus();
  credit_ -= cost;
  *taken = true;
  return OkStatus();
}

Task<StatusOr<std::optional<std::string>>> RpcStream::Receive() {
  StatusOr<std::optional<std::string>> result = std::optional<std::string>();
  uint32_t credit = 0;
  while (!TryReceive(&result, &credit)) co_await readable_.Wait();
  if (credit > 0) session_->SendCredit(start_.id, credit);
  co_return result;
}

bool RpcStream::TryReceive(StatusOr<std::optional<std::string>>* result, uint32_t* credit) {
  MutexLock lock(mutex_);
  if (!incoming_.empty()) {
    consumed_ += CostOf(incoming_.front());
    *result = std::optional<std::string>(std::move(incoming_.front()));
    incoming_.pop_front();
    // Credits go back in quarters of the window: few frames, and a reader that keeps up never lets the sender run dry.
    if (!end_.has_value() && consumed_ * 4 >= start_.receive_window) {
      *credit = static_cast<uint32_t>(consumed_);
      unacknowledged_ -= consumed_;
      consumed_ = 0;
    }
    return true;
  }
  if (!receive_error_.ok()) {
    *result = receive_error_;
    return true;
  }
  if (!end_.has_value()) return false;
  if (end_->ok()) {
    *result = std::optional<std::string>();
  } else {
    *result = *end_;
  }
  return true;
}

void RpcStream::Finish(Status status) {
  bool over = false;
  {
    MutexLock lock(mutex_);
    if (finished_) return;
    finished_ = true;
    over = end_.has_value();
  }
  session_->SendEnd(start_.id, status);
  if (over) session_->Forget(start_.id);
}

void RpcStream::Cancel(Status status) {
  if (status.ok()) status = Error(sqlstate::kQueryCanceled, "RPC stream canceled");
  Cut(std::move(status), Tell::kPeer);
}

void RpcStream::Cut(Status status, Tell tell) {
  absl::AnyInvocable<void(const Status&)> callback;
  std::deque<std::string> dropped;
  bool over;
  {
    MutexLock lock(mutex_);
    if (cut_.has_value()) return;
    cut_ = status;
    over = finished_ && end_.has_value();
    finished_ = true;
    if (send_error_.ok()) send_error_ = status;
    // An END that the opener has got is the whole answer: what happens behind it does not take it away.
    const bool keep_answer = tell == Tell::kNobody && start_.opened_here && end_.has_value();
    if (!keep_answer) {
      receive_error_ = status;
      dropped.swap(incoming_);
    }
    if (!over) callback = std::move(on_cancel_);
    on_cancel_ = nullptr;
  }
  if (!over) {
    if (tell == Tell::kPeer) session_->SendReset(start_.id, status);
    session_->Forget(start_.id);
  }
  writable_.Set();
  readable_.Set();
  if (callback) callback(status);
}

bool RpcStream::IsCancelled() const {
  MutexLock lock(mutex_);
  return cut_.has_value();
}

void RpcStream::OnCancel(absl::AnyInvocable<void(const Status&)> callback) {
  Status status;
  {
    MutexLock lock(mutex_);
    if (!cut_.has_value()) {
      on_cancel_ = std::move(callback);
      return;
    }
    status = *cut_;
  }
  callback(status);
}

Status RpcStream::OnData(std::string payload) {
  const int64_t cost = CostOf(payload);
  if (payload.size() > kMaxMessageBytes) return Violation("message too long");
  {
    MutexLock lock(mutex_);
    if (cut_.has_value()) return OkStatus();
    if (end_.has_value()) return Violation("DATA after END");
    if (unacknowledged_ >= start_.receive_window) return Violation("DATA without credit");
    unacknowledged_ += cost;
    incoming_.push_back(std::move(payload));
  }
  readable_.Set();
  return OkStatus();
}

Status RpcStream::OnCredit(uint32_t bytes) {
  {
    MutexLock lock(mutex_);
    if (credit_ + static_cast<int64_t>(bytes) > start_.send_window) return Violation("CREDIT for more than was sent");
    credit_ += bytes;
  }
  writable_.Set();
  return OkStatus();
}

Status RpcStream::OnEnd(Status status) {
  bool over;
  {
    MutexLock lock(mutex_);
    if (cut_.has_value()) return OkStatus();
    if (end_.has_value()) return Violation("second END");
    if (!status.ok() && send_error_.ok()) send_error_ = status;
    end_ = std::move(status);
    over = finished_;
  }
  if (over) session_->Forget(start_.id);
  writable_.Set();
  readable_.Set();
  return OkStatus();
}

void RpcStream::OnReset(Status status) { Cut(std::move(status), Tell::kNobody); }

}  // namespace tsd::net::rpc
