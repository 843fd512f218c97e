#pragma once
// RPC frames, sans-IO: bytes in, frames out. Layout and rules: net/PROTOCOL.md. Nothing here waits, and nothing is thread-safe.
//
//   u32 length | u8 type | u32 stream id | payload | u64 checksum      (little-endian; length counts what follows it)
//
// The checksum is XXH3-64 of the payload, seeded with the XXH3-64 of the first nine bytes.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "net/rpc/method.h"

namespace tsd::net::rpc {

/// First bytes of every RPC connection. Read as a PostgreSQL startup packet this is a length of over a gigabyte, which no client sends:
/// both protocols share one port.
inline constexpr std::string_view kRpcMagic = "TSDRPC1\n";
inline constexpr uint32_t kProtocolVersion = 6;

/// A message of a call or stream is at most this long; a frame may carry a little more around it.
inline constexpr size_t kMaxMessageBytes = 16u << 20;
inline constexpr size_t kMaxFramePayload = kMaxMessageBytes + 4096;
/// Before the handshake nobody is known: a HELLO is small.
inline constexpr size_t kMaxHelloPayload = 64u << 10;
inline constexpr size_t kFrameHeaderBytes = 9;
inline constexpr size_t kFrameChecksumBytes = 8;
/// What a DATA frame costs of the window beside its payload, so that empty messages are bounded too.
inline constexpr int64_t kMessageOverhead = 64;

enum class FrameType : uint8_t {
  kHello = 1,
  kHelloAck = 2,
  kOpen = 3,
  kData = 4,
  kCredit = 5,
  kEnd = 6,
  kReset = 7,
  kPing = 8,
  kPong = 9,
  kAnswer = 10,
};

struct Frame {
  FrameType type = FrameType::kPing;
  uint32_t stream_id = 0;
  std::string payload;
};

/// The frame around `head` + `body` (two pieces save the caller a copy). Requires: together at most kMaxFramePayload.
std::string EncodeFrame(FrameType type, uint32_t stream_id, std::string_view head, std::string_view body = {});

/// The peer broke a rule of the protocol: the connection ends.
Status Violation(std::string_view what);

/// Cuts a byte stream into frames. After an error it gives only that error.
class FrameDecoder {
 public:
  explicit FrameDecoder(size_t max_payload = kMaxFramePayload) : max_payload_(max_payload) {}

  /// Consumes from the front of `input` up to the end of the next frame, and returns that frame; nullopt when all input is consumed
  /// and more is needed. 08P01 for a length out of bounds, an unknown type or a wrong checksum.
  StatusOr<std::optional<Frame>> Next(std::string_view* input);
  /// No frame has begun.
  bool AtBoundary() const { return header_.empty(); }

 private:
  Status CheckHeader();
  StatusOr<std::optional<Frame>> Complete();

  size_t max_payload_;
  Status failed_;
  std::string header_;    // up to kFrameHeaderBytes
  Frame frame_;
  size_t payload_size_ = 0;
  std::string checksum_;  // up to kFrameChecksumBytes
};

/// Who speaks, as it says itself; RpcService::Authorize judges it.
struct HelloInfo {
  uint32_t protocol_version = kProtocolVersion;
  std::string node_uuid;
  std::string cluster_id;
  std::string user;
  std::string database;
  std::string credential;         // opaque here
  uint32_t window_bytes = 0;      // how much it lets the peer send ahead on a stream; set by net/rpc
};
std::string EncodeHello(const HelloInfo& hello);
/// 08P01 if the bytes are no HELLO. The version is not judged here: a future HELLO begins the same way.
StatusOr<HelloInfo> DecodeHello(std::string_view payload);

struct HelloAck {
  Status status;  // why the connection is refused
  uint32_t protocol_version = kProtocolVersion;
  std::string node_uuid;
  uint32_t window_bytes = 0;
};
std::string EncodeHelloAck(const HelloAck& ack);
StatusOr<HelloAck> DecodeHelloAck(std::string_view payload);

enum class StreamKind : uint8_t { kCall = 0, kStream = 1 };

/// Head of an OPEN's payload; the first message follows it. deadline_ms 0 = none.
struct OpenHead {
  Method method{};
  StreamKind kind = StreamKind::kCall;
  uint32_t deadline_ms = 0;
};
inline constexpr size_t kOpenHeadBytes = 6;
std::string EncodeOpenHead(const OpenHead& head);
StatusOr<OpenHead> DecodeOpenHead(std::string_view payload);

/// EncodeStatus, cut to a size that fits any frame: a huge message loses its end, huge fields are dropped.
std::string EncodeBoundedStatus(const Status& status);

std::string EncodeCredit(uint32_t bytes);
StatusOr<uint32_t> DecodeCredit(std::string_view payload);

}  // namespace tsd::net::rpc
