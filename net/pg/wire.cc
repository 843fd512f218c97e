#include "net/pg/wire.h"

namespace tsd::net::pg {

Wire::Wire(std::shared_ptr<Connection> connection, std::string initial_bytes, size_t chunk_bytes, size_t read_ahead_bytes)
    : connection_(std::move(connection)),
      pump_(std::make_shared<InputPump>(connection_, read_ahead_bytes)),
      chunk_bytes_(chunk_bytes) {
  decoder_.Feed(std::move(initial_bytes));
}

void Wire::ReplaceConnection(std::shared_ptr<Connection> connection) {
  connection_ = std::move(connection);
  pump_->ReplaceConnection(connection_);
}

Task<StatusOr<std::optional<FrontendMessage>>> Wire::Next() {
  while (true) {
    StatusOr<std::optional<FrontendMessage>> message = decoder_.Next();
    if (!message.ok() || message->has_value()) co_return message;
    std::string bytes = co_await pump_->Receive();
    if (bytes.empty()) co_return std::optional<FrontendMessage>();
    decoder_.Feed(std::move(bytes));
  }
}

Task<StatusOr<std::optional<StartupPacket>>> Wire::NextStartup() {
  while (true) {
    StatusOr<std::optional<StartupPacket>> packet = decoder_.NextStartup();
    if (!packet.ok() || packet->has_value()) co_return packet;
    std::string bytes = co_await pump_->Receive();
    if (bytes.empty()) co_return std::optional<StartupPacket>();
    decoder_.Feed(std::move(bytes));
  }
}

Task<Status> Wire::Flush() {
  if (out_.empty() && !broken_) co_return OkStatus();
  CO_RETURN_IF_ERROR(co_await Drain());
  std::string chunk = std::move(out_);
  const bool large = chunk.size() >= chunk_bytes_;
  out_.clear();
  if (large) out_.reserve(chunk.size());
  writing_ = connection_->Write(std::move(chunk));
  co_return OkStatus();
}

Task<Status> Wire::Drain() {
  if (!broken_ && writing_.valid()) {
    const Status written = co_await writing_;
    writing_ = {};
    if (!written.ok()) broken_ = true;
  }
  if (broken_) {
    out_.clear();
    co_return Error(sqlstate::kConnectionFailure, "connection to client lost");
  }
  co_return OkStatus();
}

}  // namespace tsd::net::pg
