#include "coord/read/fragment_source.h"

#include "coord/node/remote_participant.h"
#include "engine/base/log.h"
#include "engine/types/batch_codec.h"

namespace tsd::coord {
namespace {

// Of rows that wait for a slow client; one batch is taken whatever its size.
constexpr size_t kMaxQueuedBatches = 8, kMaxQueuedBytes = size_t{2} << 20;

bool IsLost(const Status& status) { return HasSqlState(status, sqlstate::kConnectionFailure); }
bool IsUnreachable(const Status& status) { return IsLost(status) || HasSqlState(status, sqlstate::kSqlclientUnableToConnect); }
bool IsDamaged(const Status& status) { return HasSqlState(status, sqlstate::kDataCorrupted); }

}  // namespace

void FragmentSource::RunRemote(Executor& executor, std::shared_ptr<FragmentSource> source, std::vector<Replica> replicas,
                               FragmentRequest request) {
  Spawn(executor, FillRemote(std::move(source), std::move(replicas), std::move(request)), Launch::kNext);
}

Task<StatusOr<FragmentStats>> FragmentSource::Receive(std::shared_ptr<FragmentSource> source, std::shared_ptr<net::rpc::RpcStream> stream) {
  FragmentStats stats;
  uint64_t bytes = 0;
  while (true) {
    CO_ASSIGN_OR_RETURN(std::optional<std::string> message, co_await stream->Receive());
    if (!message.has_value()) break;
    if (message->empty()) co_return Error(sqlstate::kProtocolViolation, "empty message in a fragment's answer");
    const std::string_view body = std::string_view(*message).substr(1);
    bytes += message->size();
    if ((*message)[0] == static_cast<char>(FragmentMessage::kStats)) {
      CO_ASSIGN_OR_RETURN(stats, FragmentStats::Decode(body));
      continue;
    }
    CO_ASSIGN_OR_RETURN(ColumnBatch batch, DecodeBatch(body));
    if (batch.empty()) continue;
    CO_RETURN_IF_ERROR(co_await source->Rows(std::move(batch)));
  }
  stats.bytes_sent = bytes;
  co_return stats;
}

Task<StatusOr<FragmentStats>> FragmentSource::FillFrom(std::shared_ptr<FragmentSource> source, std::shared_ptr<net::rpc::RpcClient> client,
                                                       std::string request) {
  CO_ASSIGN_OR_RETURN(std::shared_ptr<net::rpc::RpcStream> stream, co_await client->Open(net::rpc::Method::kRunFragment, std::move(request)));
  bool abandoned = false;
  {
    MutexLock lock(source->mutex_);
    abandoned = source->abandoned_;
    source->stream_ = stream;
  }
  if (abandoned) stream->Cancel(Error(sqlstate::kQueryCanceled, "canceling statement due to user request"));
  stream->Finish();
  StatusOr<FragmentStats> result = co_await Receive(source, stream);
  if (!result.ok()) stream->Cancel(result.status());
  co_return result;
}

Task<void> FragmentSource::FillRemote(std::shared_ptr<FragmentSource> source, std::vector<Replica> replicas, FragmentRequest request) {
  const std::string encoded = request.Encode();
  StatusOr<FragmentStats> outcome = FragmentStats();
  for (size_t i = 0; i < replicas.size(); ++i) {
    StatusOr<FragmentStats> result = co_await FillFrom(source, replicas[i].client, encoded);
    if (IsLost(result.status()) && !source->HasRows() && !source->IsCancelled()) {
      // The connection that was there broke: the node may be back already, and reading twice does no harm.
      result = co_await FillFrom(source, replicas[i].client, encoded);
    }
    const bool unreachable = IsUnreachable(result.status()), damaged = IsDamaged(result.status());
    if (!result.ok()) result = NodeError(replicas[i].name, result.status());
    if (i == 0 || !unreachable) outcome = result;
    if (!(unreachable || damaged) || source->HasRows() || source->IsCancelled()) break;
    if (damaged && i + 1 < replicas.size()) log::Error(result.status().message(), "; reading from ", replicas[i + 1].name, " instead");
  }
  source->Ended(std::move(outcome));  // when none could answer: of damage, or what the first one said
}

bool FragmentSource::HasRows() const {
  MutexLock lock(mutex_);
  return any_rows_;
}

bool FragmentSource::HasRoom() const {
  return queue_.empty() || (queue_.size() < kMaxQueuedBatches && queued_bytes_ < kMaxQueuedBytes);
}

void FragmentSource::Ended(StatusOr<FragmentStats> result) {
  {
    MutexLock lock(mutex_);
    ended_ = true;
    stream_ = nullptr;
    if (result.ok()) {
      stats_ = *result;
    } else {
      error_ = result.status();
    }
  }
  wake_->Set();
}

StatusOr<FragmentSource::Kind> FragmentSource::Take(ColumnBatch* batch) {
  {
    MutexLock lock(mutex_);
    if (queue_.empty()) {
      if (!ended_) return Kind::kWait;
      if (!error_.ok()) return error_;
      return Kind::kEnd;
    }
    *batch = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= batch->MemoryBytes();
  }
  space_.Set();
  return Kind::kRows;
}

void FragmentSource::Abandon() {
  std::shared_ptr<net::rpc::RpcStream> stream;
  {
    MutexLock lock(mutex_);
    abandoned_ = true;
    queue_.clear();
    queued_bytes_ = 0;
    stream = stream_;
  }
  space_.Set();
  if (stream) stream->Cancel(Error(sqlstate::kQueryCanceled, "canceling statement due to user request"));
}

void FragmentSource::Discard() {
  {
    MutexLock lock(mutex_);
    discarded_ = true;
    queue_.clear();
    queued_bytes_ = 0;
  }
  space_.Set();
}

bool FragmentSource::HasEnded() const {
  MutexLock lock(mutex_);
  return ended_;
}

std::optional<FragmentStats> FragmentSource::stats() const {
  MutexLock lock(mutex_);
  return stats_;
}

Task<Status> FragmentSource::Rows(ColumnBatch batch) {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (abandoned_) co_return Error(sqlstate::kQueryCanceled, "canceling statement due to user request");
      if (discarded_) co_return OkStatus();
      if (HasRoom()) {
        queued_bytes_ += batch.MemoryBytes();
        queue_.push_back(std::move(batch));
        any_rows_ = true;
        break;
      }
    }
    co_await space_.Wait();
  }
  wake_->Set();
  co_return OkStatus();
}

bool FragmentSource::IsCancelled() const {
  MutexLock lock(mutex_);
  return abandoned_;
}

}  // namespace tsd::coord
