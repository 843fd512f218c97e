#include "net/pg/wire_sink.h"

#include <absl/strings/str_format.h>

#include <algorithm>

#include "engine/base/strings.h"

namespace tsd::net::pg {

namespace {

constexpr size_t kCellsBeside = 4096;  // from so many on another thread is worth its waking
constexpr size_t kCellsOfPart = 16384;
constexpr size_t kMaxPending = 8;
constexpr size_t kMostBytesBeside = 1 << 20;  // larger batches (of long strings) are written piece by piece, as the client takes them

Task<std::string> RowsOf(std::shared_ptr<const RowWriter> writer, ColumnBatch batch, size_t begin, size_t end, TextContext context) {
  std::string bytes;
  (void)writer->Append(batch, begin, end, SIZE_MAX, context, bytes);
  co_return bytes;
}

}  // namespace

void WireSink::Describe(const RowDescription& columns) { AppendRowDescription(columns, {}, Out()); }

Task<Status> WireSink::Rows(ColumnBatch batch) {
  const bool worth_it = batch.rows() * batch.column_count() >= kCellsBeside && batch.MemoryBytes() <= kMostBytesBeside;
  if (worth_it && rows_->WritesFromAnyThread(batch, *context_)) co_return co_await WriteBeside(std::move(batch));
  CO_RETURN_IF_ERROR(co_await Finish());
  for (size_t row = 0; row < batch.rows();) {
    row = rows_->Append(batch, row, wire_->chunk_bytes(), *context_, wire_->out());
    if (wire_->HasChunk()) CO_RETURN_IF_ERROR(co_await wire_->Flush());
  }
  co_return OkStatus();
}

Task<Status> WireSink::WriteBeside(ColumnBatch batch) {
  Executor* const executor = co_await CurrentExecutor();
  TextContext context = *context_;
  context.names = nullptr;  // the session's own
  const size_t rows_of_part = std::max<size_t>(1, kCellsOfPart / batch.column_count());
  for (size_t begin = 0; begin < batch.rows(); begin += rows_of_part) {
    while (pending_.size() >= kMaxPending) CO_RETURN_IF_ERROR(co_await TakeOldest());
    const size_t end = std::min(batch.rows(), begin + rows_of_part);
    pending_.push_back({Start(*executor, RowsOf(rows_, batch, begin, end, context)), ""});
  }
  while (!pending_.empty() && pending_.front().rows.ready()) CO_RETURN_IF_ERROR(co_await TakeOldest());
  co_return OkStatus();
}

Task<Status> WireSink::TakeOldest() {
  const std::string rows = co_await pending_.front().rows;
  wire_->out() += rows;
  wire_->out() += pending_.front().after;
  pending_.pop_front();
  if (wire_->HasChunk()) co_return co_await wire_->Flush();
  co_return OkStatus();
}

Task<Status> WireSink::Finish() {
  Status result;
  while (!pending_.empty()) {
    const Status status = co_await TakeOldest();
    if (result.ok()) result = status;
  }
  co_return result;
}

void WireSink::Complete(std::string tag) { AppendCommandComplete(tag, Out()); }
void WireSink::Empty() { AppendEmptyQueryResponse(Out()); }
void WireSink::SendNotice(const Notice& notice) { AppendNoticeResponse(notice, Out()); }
void WireSink::ParameterChanged(const std::string& name, const std::string& value) { AppendParameterStatus(name, value, Out()); }

Task<Status> WireSink::BeginCopyIn(bool binary, size_t columns) {
  CO_RETURN_IF_ERROR(co_await Finish());
  AppendCopyInResponse(binary, columns, wire_->out());
  copying_in_ = true;
  co_return co_await wire_->Flush();
}

Task<StatusOr<std::optional<std::string_view>>> WireSink::CopyReceive() {
  if (!copying_in_) co_return std::optional<std::string_view>();
  while (true) {
    CO_RETURN_IF_ERROR(interrupts_->interrupt());
    StatusOr<std::optional<FrontendMessage>> next = co_await wire_->Next();
    if (!next.ok()) {
      copying_in_ = false;
      broken_input_ = next.status();
      co_return next.status();
    }
    if (!next->has_value()) {
      if (!wire_->Gone()) continue;  // woken: see what for
      copying_in_ = false;
      co_return Error(sqlstate::kConnectionFailure, "unexpected EOF on client connection with an open transaction");
    }
    const FrontendMessage message = **next;
    switch (message.type) {
      case 'd':
        co_return std::optional<std::string_view>(message.body);
      case 'c':
        copying_in_ = false;
        co_return std::optional<std::string_view>();
      case 'H': case 'S':
        // Clients that use the extended protocol send Sync (or Flush) before they know that a COPY began.
        continue;
      case 'f': {
        copying_in_ = false;
        const std::string_view reason = message.body.substr(0, message.body.find('\0'));
        co_return Error(sqlstate::kQueryCanceled, StrCat("COPY from stdin failed: ", reason));
      }
      default:
        copying_in_ = false;
        co_return Error(sqlstate::kProtocolViolation,
                        absl::StrFormat("unexpected message type 0x%02X during COPY from stdin",
                                        static_cast<unsigned char>(message.type)));
    }
  }
}

Task<Status> WireSink::FinishCopyIn() {
  while (copying_in_) {
    StatusOr<std::optional<std::string_view>> data = co_await CopyReceive();
    if (!data.ok()) {
      copying_in_ = false;
      co_return data.status();
    }
  }
  co_return OkStatus();
}

Task<Status> WireSink::BeginCopyOut(bool binary, size_t columns) {
  CO_RETURN_IF_ERROR(co_await Finish());
  AppendCopyOutResponse(binary, columns, wire_->out());
  co_return OkStatus();
}

Task<Status> WireSink::CopySend(std::string data, std::vector<size_t> ends) {
  size_t begin = 0;
  for (const size_t end : ends) {
    AppendCopyData(std::string_view(data).substr(begin, end - begin), wire_->out());
    begin = end;
  }
  if (wire_->HasChunk()) co_return co_await wire_->Flush();
  co_return OkStatus();
}

Task<Status> WireSink::EndCopyOut() {
  AppendCopyDone(wire_->out());
  co_return OkStatus();
}

}  // namespace tsd::net::pg
