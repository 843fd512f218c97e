#include "engine/base/bytes.h"
#include "engine/base/strings.h"
#include "net/pg/message.h"

namespace tsd::net::pg {
namespace {

constexpr uint32_t kSslRequestCode = 80877103;
constexpr uint32_t kGssEncRequestCode = 80877104;
constexpr uint32_t kCancelRequestCode = 80877102;
constexpr size_t kMaxCancelSecretBytes = 256;

uint32_t ReadBe32(const char* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap32(value);
}

/// Greatest length word (which counts itself) of a message of this type, in a phase; 0 = the type is not known there.
size_t MaxLength(char type, DecodePhase phase) {
  if (phase == DecodePhase::kAuthentication) return type == 'p' ? kMaxAuthMessageBytes : 0;
  switch (type) {
    case 'Q': case 'P': case 'B': case 'F': case 'd':
      return kMaxMessageBytes;
    case 'C': case 'D': case 'E': case 'H': case 'S': case 'X': case 'c': case 'f':
      return kMaxSmallMessageBytes;
    default:
      return 0;
  }
}

Status UnknownType(char type, DecodePhase phase) {
  const int code = static_cast<unsigned char>(type);
  if (phase == DecodePhase::kAuthentication) {
    return Error(sqlstate::kProtocolViolation, StrCat("expected password response, got message type ", code));
  }
  return Error(sqlstate::kProtocolViolation, StrCat("invalid frontend message type ", code));
}

Status BadLayout() {
  return Error(sqlstate::kProtocolViolation, "invalid startup packet layout: expected terminator as last byte");
}

Status ReadParameters(ByteReader& reader, StartupPacket* packet) {
  while (true) {
    const std::string_view name = reader.GetCString();
    if (!reader.ok()) return BadLayout();
    if (name.empty()) break;
    const std::string_view value = reader.GetCString();
    if (!reader.ok()) return BadLayout();
    packet->parameters.emplace_back(name, value);
  }
  return reader.AtEnd() ? OkStatus() : BadLayout();
}

}  // namespace

void MessageDecoder::Feed(std::string bytes) {
  if (position_ == buffer_.size()) {
    buffer_ = std::move(bytes);
  } else {
    // At most the one unfinished message is moved, and only once: afterwards it lies at the front.
    if (position_ != 0) buffer_.erase(0, position_);
    buffer_ += bytes;
  }
  position_ = 0;
}

StatusOr<std::optional<StartupPacket>> MessageDecoder::NextStartup() {
  if (buffered() < 4) return std::optional<StartupPacket>();
  const uint32_t length = ReadBe32(buffer_.data() + position_);
  if (length < 8 || length > kMaxStartupBytes) {
    return Error(sqlstate::kProtocolViolation, "invalid length of startup packet");
  }
  if (buffered() < length) return std::optional<StartupPacket>();
  ByteReader reader(std::string_view(buffer_).substr(position_ + 4, length - 4));
  position_ += length;
  StartupPacket packet;
  const uint32_t code = reader.GetBeU32();
  switch (code) {
    case kSslRequestCode:
      packet.kind = StartupKind::kSslRequest;
      return std::optional<StartupPacket>(std::move(packet));
    case kGssEncRequestCode:
      packet.kind = StartupKind::kGssEncRequest;
      return std::optional<StartupPacket>(std::move(packet));
    case kCancelRequestCode:
      packet.kind = StartupKind::kCancelRequest;
      packet.process_id = static_cast<int32_t>(reader.GetBeU32());
      packet.secret = std::string(reader.Rest());
      if (!reader.ok() || packet.secret.size() < 4 || packet.secret.size() > kMaxCancelSecretBytes) {
        return Error(sqlstate::kProtocolViolation, "invalid length of cancel request packet");
      }
      return std::optional<StartupPacket>(std::move(packet));
    default:
      break;
  }
  packet.major = static_cast<uint16_t>(code >> 16);
  packet.minor = static_cast<uint16_t>(code & 0xffff);
  if (packet.major != kProtocolMajor) {
    return Error(sqlstate::kFeatureNotSupported, StrCat("unsupported frontend protocol ", packet.major, ".", packet.minor,
                                                        ": server supports 3.0 to 3.0"));
  }
  RETURN_IF_ERROR(ReadParameters(reader, &packet));
  return std::optional<StartupPacket>(std::move(packet));
}

StatusOr<std::optional<FrontendMessage>> MessageDecoder::Next() {
  if (buffered() < 1) return std::optional<FrontendMessage>();
  const char type = buffer_[position_];
  const size_t max_length = MaxLength(type, phase_);
  if (max_length == 0) return UnknownType(type, phase_);
  if (buffered() < 5) return std::optional<FrontendMessage>();
  const uint32_t length = ReadBe32(buffer_.data() + position_ + 1);
  if (length < 4 || length > max_length) return Error(sqlstate::kProtocolViolation, "invalid message length");
  if (buffered() < size_t{1} + length) return std::optional<FrontendMessage>();
  FrontendMessage message{type, std::string_view(buffer_).substr(position_ + 5, length - 4)};
  position_ += size_t{1} + length;
  return std::optional<FrontendMessage>(message);
}

bool MessageDecoder::EndsWithTerminate() const {
  for (size_t at = position_; buffer_.size() - at >= 5;) {
    const uint32_t length = ReadBe32(buffer_.data() + at + 1);
    if (length < 4 || buffer_.size() - at - 1 < length) return false;
    if (buffer_[at] == 'X') return true;
    at += size_t{1} + length;
  }
  return false;
}

namespace {

Status BadFormat() { return Error(sqlstate::kProtocolViolation, "invalid message format"); }
Status TooShort() { return Error(sqlstate::kProtocolViolation, "insufficient data left in message"); }
Status NoString() { return Error(sqlstate::kProtocolViolation, "invalid string in message"); }

Status ReadText(ByteReader& reader, std::string* out) {
  const std::string_view text = reader.GetCString();
  if (!reader.ok()) return NoString();
  RETURN_IF_ERROR(CheckUtf8(text));
  *out = std::string(text);
  return OkStatus();
}

/// A count of items of at least `item_bytes` each.
Status ReadCount(ByteReader& reader, size_t item_bytes, size_t* count) {
  *count = reader.GetBeU16();
  return reader.ok() && *count <= reader.remaining() / item_bytes ? OkStatus() : TooShort();
}

Status Done(const ByteReader& reader) {
  if (!reader.ok()) return TooShort();
  return reader.AtEnd() ? OkStatus() : BadFormat();
}

Status ReadFormats(ByteReader& reader, std::vector<int16_t>* formats) {
  size_t count;
  RETURN_IF_ERROR(ReadCount(reader, 2, &count));
  formats->reserve(count);
  for (size_t i = 0; i < count; ++i) formats->push_back(static_cast<int16_t>(reader.GetBeU16()));
  return OkStatus();
}

Status CheckFormats(const std::vector<int16_t>& formats) {
  for (int16_t format : formats) {
    if (format != 0 && format != 1) {
      return Error(sqlstate::kInvalidParameterValue, StrCat("unsupported format code: ", format));
    }
  }
  return OkStatus();
}

Status ReadParameterValues(ByteReader& reader, const std::vector<int16_t>& formats, std::vector<ParameterValue>* values) {
  size_t count;
  RETURN_IF_ERROR(ReadCount(reader, 4, &count));
  if (formats.size() > 1 && formats.size() != count) {
    return Error(sqlstate::kProtocolViolation,
                 StrCat("bind message has ", formats.size(), " parameter formats but ", count, " parameters"));
  }
  values->reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const int32_t length = static_cast<int32_t>(reader.GetBeU32());
    if (length < -1) return TooShort();
    ParameterValue& value = values->emplace_back();
    value.binary = FormatOf(formats, i) == 1;
    value.is_null = length == -1;
    if (length >= 0) value.bytes = reader.GetBytes(static_cast<size_t>(length));
    if (!reader.ok()) return TooShort();
    if (!value.binary && !value.is_null) RETURN_IF_ERROR(CheckUtf8(value.bytes));
  }
  return CheckFormats(formats);
}

StatusOr<NamedMessage> DecodeNamed(std::string_view body, std::string_view what) {
  ByteReader reader(body);
  NamedMessage message;
  message.kind = static_cast<char>(reader.GetU8());
  if (!reader.ok()) return TooShort();
  RETURN_IF_ERROR(ReadText(reader, &message.name));
  RETURN_IF_ERROR(Done(reader));
  if (message.kind != 'S' && message.kind != 'P') {
    return Error(sqlstate::kProtocolViolation,
                 StrCat("invalid ", what, " message subtype ", static_cast<int>(static_cast<unsigned char>(message.kind))));
  }
  return message;
}

}  // namespace

StatusOr<std::string> DecodeQuery(std::string_view body) {
  ByteReader reader(body);
  std::string text;
  RETURN_IF_ERROR(ReadText(reader, &text));
  RETURN_IF_ERROR(Done(reader));
  return text;
}

StatusOr<ParseMessage> DecodeParse(std::string_view body) {
  ByteReader reader(body);
  ParseMessage message;
  RETURN_IF_ERROR(ReadText(reader, &message.name));
  RETURN_IF_ERROR(ReadText(reader, &message.text));
  size_t count;
  RETURN_IF_ERROR(ReadCount(reader, 4, &count));
  message.parameter_oids.reserve(count);
  for (size_t i = 0; i < count; ++i) message.parameter_oids.push_back(reader.GetBeU32());
  RETURN_IF_ERROR(Done(reader));
  return message;
}

StatusOr<BindMessage> DecodeBind(std::string_view body) {
  ByteReader reader(body);
  BindMessage message;
  RETURN_IF_ERROR(ReadText(reader, &message.portal));
  RETURN_IF_ERROR(ReadText(reader, &message.statement));
  std::vector<int16_t> formats;
  RETURN_IF_ERROR(ReadFormats(reader, &formats));
  RETURN_IF_ERROR(ReadParameterValues(reader, formats, &message.parameters));
  RETURN_IF_ERROR(ReadFormats(reader, &message.result_formats));
  RETURN_IF_ERROR(Done(reader));
  RETURN_IF_ERROR(CheckFormats(message.result_formats));
  return message;
}

StatusOr<ExecuteMessage> DecodeExecute(std::string_view body) {
  ByteReader reader(body);
  ExecuteMessage message;
  RETURN_IF_ERROR(ReadText(reader, &message.portal));
  const int32_t max_rows = static_cast<int32_t>(reader.GetBeU32());
  RETURN_IF_ERROR(Done(reader));
  message.max_rows = max_rows > 0 ? static_cast<uint64_t>(max_rows) : 0;
  return message;
}

StatusOr<NamedMessage> DecodeDescribe(std::string_view body) { return DecodeNamed(body, "DESCRIBE"); }
StatusOr<NamedMessage> DecodeClose(std::string_view body) { return DecodeNamed(body, "CLOSE"); }

}  // namespace tsd::net::pg
