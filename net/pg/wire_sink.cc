#include "net/pg/wire_sink.h"

#include <absl/strings/str_format.h>

#include "engine/base/strings.h"

namespace tsd::net::pg {

void WireSink::Describe(const RowDescription& columns) { AppendRowDescription(columns, {}, wire_->out()); }

Task<Status> WireSink::Rows(ColumnBatch batch) {
  for (size_t row = 0; row < batch.rows();) {
    row = rows_.Append(batch, row, wire_->chunk_bytes(), *context_, wire_->out());
    if (wire_->HasChunk()) CO_RETURN_IF_ERROR(co_await wire_->Flush());
  }
  co_return OkStatus();
}

void WireSink::Complete(std::string tag) { AppendCommandComplete(tag, wire_->out()); }
void WireSink::Empty() { AppendEmptyQueryResponse(wire_->out()); }
void WireSink::SendNotice(const Notice& notice) { AppendNoticeResponse(notice, wire_->out()); }
void WireSink::ParameterChanged(const std::string& name, const std::string& value) {
  AppendParameterStatus(name, value, wire_->out());
}

Task<Status> WireSink::BeginCopyIn(bool binary, size_t columns) {
  AppendCopyInResponse(binary, columns, wire_->out());
  copying_in_ = true;
  co_return co_await wire_->Flush();
}

Task<StatusOr<std::optional<std::string>>> WireSink::CopyReceive() {
  if (!copying_in_) co_return std::optional<std::string>();
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
        co_return std::optional<std::string>(std::string(message.body));
      case 'c':
        copying_in_ = false;
        co_return std::optional<std::string>();
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
    StatusOr<std::optional<std::string>> data = co_await CopyReceive();
    if (!data.ok()) {
      copying_in_ = false;
      co_return data.status();
    }
  }
  co_return OkStatus();
}

Task<Status> WireSink::BeginCopyOut(bool binary, size_t columns) {
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
