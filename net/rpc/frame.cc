#include "net/rpc/frame.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/hash.h"
#include "engine/base/strings.h"

namespace tsd::net::rpc {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kLengthWithoutPayload = kFrameHeaderBytes - kLengthBytes + kFrameChecksumBytes;
// A payload's buffer grows with what arrives beyond this: a length alone makes nobody allocate 16 MiB.
constexpr size_t kReserveAtOnce = 1u << 20;

uint64_t Checksum(std::string_view header, std::string_view payload) { return Hash64(payload, Hash64(header)); }

Status BadFrame(std::string_view what) { return Error(sqlstate::kProtocolViolation, StrCat("invalid RPC frame: ", what)); }

void MoveUpTo(size_t size, std::string_view* input, std::string* output) {
  const size_t count = std::min(size - output->size(), input->size());
  output->append(input->data(), count);
  input->remove_prefix(count);
}

}  // namespace

Status Violation(std::string_view what) { return Error(sqlstate::kProtocolViolation, StrCat("RPC protocol violation: ", what)); }

std::string EncodeFrame(FrameType type, uint32_t stream_id, std::string_view head, std::string_view body) {
  const size_t payload_size = head.size() + body.size();
  TSD_CHECK(payload_size <= kMaxFramePayload);
  ByteWriter writer;
  writer.Reserve(kFrameHeaderBytes + payload_size + kFrameChecksumBytes);
  writer.PutU32(static_cast<uint32_t>(kLengthWithoutPayload + payload_size));
  writer.PutU8(static_cast<uint8_t>(type));
  writer.PutU32(stream_id);
  writer.PutBytes(head);
  writer.PutBytes(body);
  const std::string_view bytes = writer.data();
  writer.PutU64(Checksum(bytes.substr(0, kFrameHeaderBytes), bytes.substr(kFrameHeaderBytes)));
  return std::move(writer).Take();
}

StatusOr<std::optional<Frame>> FrameDecoder::Next(std::string_view* input) {
  if (!failed_.ok()) return failed_;
  if (header_.size() < kFrameHeaderBytes) {
    MoveUpTo(kFrameHeaderBytes, input, &header_);
    if (header_.size() < kFrameHeaderBytes) return std::optional<Frame>();
    if (failed_ = CheckHeader(); !failed_.ok()) return failed_;
  }
  MoveUpTo(payload_size_, input, &frame_.payload);
  if (frame_.payload.size() < payload_size_) return std::optional<Frame>();
  MoveUpTo(kFrameChecksumBytes, input, &checksum_);
  if (checksum_.size() < kFrameChecksumBytes) return std::optional<Frame>();
  return Complete();
}

Status FrameDecoder::CheckHeader() {
  ByteReader reader(header_);
  const uint32_t length = reader.GetU32();
  const uint8_t type = reader.GetU8();
  const uint32_t stream_id = reader.GetU32();
  if (length < kLengthWithoutPayload || length - kLengthWithoutPayload > max_payload_) {
    return BadFrame(StrCat("length ", length));
  }
  if (type < static_cast<uint8_t>(FrameType::kHello) || type > static_cast<uint8_t>(FrameType::kAnswer)) {
    return BadFrame(StrCat("type ", static_cast<int>(type)));
  }
  frame_.type = static_cast<FrameType>(type);
  frame_.stream_id = stream_id;
  frame_.payload.clear();
  payload_size_ = length - kLengthWithoutPayload;
  frame_.payload.reserve(std::min(payload_size_, kReserveAtOnce));
  return OkStatus();
}

StatusOr<std::optional<Frame>> FrameDecoder::Complete() {
  if (ByteReader(checksum_).GetU64() != Checksum(header_, frame_.payload)) {
    failed_ = BadFrame("wrong checksum");
    return failed_;
  }
  header_.clear();
  checksum_.clear();
  std::optional<Frame> result(std::move(frame_));
  frame_ = Frame();
  return result;
}

std::string EncodeHello(const HelloInfo& hello) {
  ByteWriter writer;
  writer.PutU32(hello.protocol_version);
  writer.PutString(hello.node_uuid);
  writer.PutString(hello.cluster_id);
  writer.PutString(hello.user);
  writer.PutString(hello.database);
  writer.PutString(hello.credential);
  writer.PutU32(hello.window_bytes);
  return std::move(writer).Take();
}

StatusOr<HelloInfo> DecodeHello(std::string_view payload) {
  ByteReader reader(payload);
  HelloInfo hello;
  hello.protocol_version = reader.GetU32();
  hello.node_uuid = reader.GetString();
  hello.cluster_id = reader.GetString();
  hello.user = reader.GetString();
  hello.database = reader.GetString();
  hello.credential = reader.GetString();
  hello.window_bytes = reader.GetU32();
  if (!reader.ok() || hello.window_bytes == 0) return BadFrame("malformed HELLO");
  return hello;
}

std::string EncodeHelloAck(const HelloAck& ack) {
  ByteWriter writer;
  writer.PutString(EncodeBoundedStatus(ack.status));
  writer.PutU32(ack.protocol_version);
  writer.PutString(ack.node_uuid);
  writer.PutU32(ack.window_bytes);
  return std::move(writer).Take();
}

StatusOr<HelloAck> DecodeHelloAck(std::string_view payload) {
  ByteReader reader(payload);
  HelloAck ack;
  ack.status = DecodeStatus(reader.GetString());
  ack.protocol_version = reader.GetU32();
  ack.node_uuid = reader.GetString();
  ack.window_bytes = reader.GetU32();
  if (!reader.ok() || (ack.status.ok() && ack.window_bytes == 0)) return BadFrame("malformed HELLO-ACK");
  return ack;
}

std::string EncodeOpenHead(const OpenHead& head) {
  ByteWriter writer;
  writer.PutU8(static_cast<uint8_t>(head.method));
  writer.PutU8(static_cast<uint8_t>(head.kind));
  writer.PutU32(head.deadline_ms);
  return std::move(writer).Take();
}

StatusOr<OpenHead> DecodeOpenHead(std::string_view payload) {
  ByteReader reader(payload);
  OpenHead head;
  head.method = static_cast<Method>(reader.GetU8());  // an unknown one is the service's to refuse
  const uint8_t kind = reader.GetU8();
  head.deadline_ms = reader.GetU32();
  if (!reader.ok() || kind > static_cast<uint8_t>(StreamKind::kStream)) return BadFrame("malformed OPEN");
  head.kind = static_cast<StreamKind>(kind);
  return head;
}

std::string EncodeBoundedStatus(const Status& status) {
  constexpr size_t kLimit = 32u << 10;
  std::string encoded = EncodeStatus(status);
  if (encoded.size() <= kLimit) return encoded;
  std::string_view message = StdView(status.message()).substr(0, kLimit / 2);
  // Not in the middle of a UTF-8 character.
  while (!message.empty() && message.size() < status.message().size() &&
         (static_cast<uint8_t>(status.message()[message.size()]) & 0xC0) == 0x80) {
    message.remove_suffix(1);
  }
  return EncodeStatus(Error(SqlStateOf(status), message));
}

std::string EncodeCredit(uint32_t bytes) {
  ByteWriter writer;
  writer.PutU32(bytes);
  return std::move(writer).Take();
}

StatusOr<uint32_t> DecodeCredit(std::string_view payload) {
  ByteReader reader(payload);
  const uint32_t bytes = reader.GetU32();
  if (!reader.ok() || !reader.AtEnd()) return BadFrame("malformed CREDIT");
  return bytes;
}

}  // namespace tsd::net::rpc
