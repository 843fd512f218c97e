#pragma once
// A session's two directions in one place: messages in (pump + decoder) and a buffer of messages out. Used by the session's coroutine
// only, apart from what InputPump allows to other threads. A chunk is written while the next one is being filled; at most one write is
// under way.
#include <memory>
#include <optional>
#include <string>

#include "engine/base/status.h"
#include "engine/base/task.h"
#include "net/pg/input_pump.h"
#include "net/pg/message.h"
#include "net/transport/transport.h"

namespace tsd::net::pg {

class Wire {
 public:
  Wire(std::shared_ptr<Connection> connection, std::string initial_bytes, size_t chunk_bytes, size_t read_ahead_bytes);

  MessageDecoder& decoder() { return decoder_; }
  InputPump& pump() { return *pump_; }
  const std::shared_ptr<Connection>& connection() const { return connection_; }
  void ReplaceConnection(std::shared_ptr<Connection> connection);

  /// The next message; nullopt: the client has gone, or the pump was woken and no whole message is there. An error means that the bytes
  /// make no sense any more: tell the client and close.
  Task<StatusOr<std::optional<FrontendMessage>>> Next();
  Task<StatusOr<std::optional<StartupPacket>>> NextStartup();
  /// No more messages will come.
  bool Gone() const { return broken_ || pump_->Ended(); }
  /// A write has failed: nobody reads what is sent.
  bool broken() const { return broken_; }

  /// Messages to be sent; append to it.
  std::string& out() { return out_; }
  bool HasChunk() const { return out_.size() >= chunk_bytes_; }
  size_t chunk_bytes() const { return chunk_bytes_; }
  /// Hands what is in out() to the socket; waits for the previous write, not for this one. 08006 once the connection is broken.
  Task<Status> Flush();
  /// Waits until everything flushed was handed to the operating system.
  Task<Status> Drain();

 private:
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<InputPump> pump_;
  const size_t chunk_bytes_;
  MessageDecoder decoder_;
  std::string out_;
  Future<Status> writing_;
  bool broken_ = false;
};

}  // namespace tsd::net::pg
