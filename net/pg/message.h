#pragma once
// The PostgreSQL frontend/backend protocol 3, sans-IO: bytes in, client messages out (MessageDecoder); server messages appended to a
// byte buffer (Append*). No state of a session, no sockets. Lengths are checked before anything waits for the bytes they announce, and
// nothing is reserved for bytes that have not come. Not thread-safe; one decoder a connection.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/status.h"
#include "net/pg/handler.h"

namespace tsd::net::pg {

inline constexpr uint32_t kProtocolMajor = 3;
inline constexpr size_t kMaxStartupBytes = 10'000;
/// Messages that carry no bulk (Sync, Close, Describe, Execute ...).
inline constexpr size_t kMaxSmallMessageBytes = 10'000;
/// Password and SASL messages.
inline constexpr size_t kMaxAuthMessageBytes = 65'535;
inline constexpr size_t kMaxMessageBytes = 0x3fffffff;

// ---- from the client ----

enum class StartupKind { kStartup, kSslRequest, kGssEncRequest, kCancelRequest };

/// The first packet of a connection: it has no type byte.
struct StartupPacket {
  StartupKind kind = StartupKind::kStartup;
  // kCancelRequest
  int32_t process_id = 0;
  std::string secret;
  // kStartup
  uint16_t major = 0;
  uint16_t minor = 0;
  std::vector<std::pair<std::string, std::string>> parameters;
};

struct FrontendMessage {
  char type = 0;
  std::string_view body;  // valid until the next call of a decoder method
};

enum class DecodePhase { kStartup, kAuthentication, kReady };

class MessageDecoder {
 public:
  /// Takes more bytes, split anywhere.
  void Feed(std::string bytes);
  void SetPhase(DecodePhase phase) { phase_ = phase; }
  /// The startup packet once it is whole. Errors are fatal to the connection (08P01, 0A000).
  StatusOr<std::optional<StartupPacket>> NextStartup();
  /// The next whole message. Errors (08P01: bad type, bad length) are fatal: message borders are lost.
  StatusOr<std::optional<FrontendMessage>> Next();
  /// Bytes fed and not yet given out.
  size_t buffered() const { return buffer_.size() - position_; }
  /// The byte that comes next; 0 if there is none.
  char first_byte() const { return buffered() == 0 ? '\0' : buffer_[position_]; }
  /// True if what is buffered ends with a Terminate message: the client said goodbye before it closed.
  bool EndsWithTerminate() const;

 private:
  std::string buffer_;
  size_t position_ = 0;
  DecodePhase phase_ = DecodePhase::kStartup;
};

struct ParseMessage {
  std::string name, text;
  std::vector<uint32_t> parameter_oids;
};
struct BindMessage {
  std::string portal, statement;
  std::vector<ParameterValue> parameters;
  std::vector<int16_t> result_formats;
};
struct ExecuteMessage {
  std::string portal;
  uint64_t max_rows = 0;  // 0 = all
};
/// Describe and Close.
struct NamedMessage {
  char kind = 0;  // 'S' or 'P'
  std::string name;
};

// 08P01 for a malformed body (not fatal: the message's borders are known), 22021 for invalid UTF-8 in a text.
StatusOr<std::string> DecodeQuery(std::string_view body);
StatusOr<ParseMessage> DecodeParse(std::string_view body);
StatusOr<BindMessage> DecodeBind(std::string_view body);
StatusOr<ExecuteMessage> DecodeExecute(std::string_view body);
StatusOr<NamedMessage> DecodeDescribe(std::string_view body);
StatusOr<NamedMessage> DecodeClose(std::string_view body);

/// What a startup packet asks for: user and database apart, options="-c a=b --c-d=e" split (blanks separate, a backslash takes the next
/// character literally). 28000 without user, 42601 for a bad switch.
StatusOr<StartupParameters> InterpretStartup(const StartupPacket& packet);
/// Names of `_pq_.` parameters, which nobody here knows.
std::vector<std::string> UnknownProtocolOptions(const StartupPacket& packet);

// ---- to the client; each appends one message ----

enum class Severity { kError, kFatal, kPanic };
/// Where in the source an error was raised (fields F, L, R); empty fields are left out.
struct SourceLocation {
  std::string_view file;
  int line = 0;
  std::string_view routine;
};

void AppendAuthenticationOk(std::string& out);
/// Any other Authentication* message: code 3 cleartext, 5 md5 (payload: salt), 10/11/12 SASL.
void AppendAuthentication(int32_t code, std::string_view payload, std::string& out);
void AppendNegotiateProtocolVersion(std::span<const std::string> unknown_options, std::string& out);
void AppendParameterStatus(std::string_view name, std::string_view value, std::string& out);
void AppendBackendKeyData(int32_t process_id, uint32_t secret, std::string& out);
void AppendReadyForQuery(TransactionStatus status, std::string& out);
/// `formats`: empty = all text, one = all columns, else one a column.
void AppendRowDescription(const RowDescription& columns, std::span<const int16_t> formats, std::string& out);
void AppendParameterDescription(std::span<const DataType> types, std::string& out);
/// A row of texts, nullopt = NULL. Rows of batches: row_writer.h.
void AppendDataRow(std::span<const std::optional<std::string>> values, std::string& out);
void AppendCommandComplete(std::string_view tag, std::string& out);
void AppendEmptyQueryResponse(std::string& out);
void AppendErrorResponse(const Status& error, Severity severity, const SourceLocation& location, std::string& out);
void AppendNoticeResponse(const Notice& notice, std::string& out);
void AppendNotificationResponse(const Notification& notification, std::string& out);
void AppendParseComplete(std::string& out);
void AppendBindComplete(std::string& out);
void AppendCloseComplete(std::string& out);
void AppendNoData(std::string& out);
void AppendPortalSuspended(std::string& out);
void AppendCopyInResponse(bool binary, size_t columns, std::string& out);
void AppendCopyOutResponse(bool binary, size_t columns, std::string& out);
void AppendCopyData(std::string_view data, std::string& out);
void AppendCopyDone(std::string& out);

/// The format code of column `index` under the rule of AppendRowDescription.
inline int16_t FormatOf(std::span<const int16_t> formats, size_t index) {
  if (formats.empty()) return 0;
  return formats.size() == 1 ? formats[0] : (index < formats.size() ? formats[index] : int16_t{0});
}

}  // namespace tsd::net::pg
