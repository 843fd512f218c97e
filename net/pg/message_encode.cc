#include "engine/base/strings.h"
#include "net/pg/message.h"

namespace tsd::net::pg {
namespace {

void PutBe16(uint16_t value, std::string& out) {
  const char bytes[2] = {static_cast<char>(value >> 8), static_cast<char>(value)};
  out.append(bytes, sizeof(bytes));
}
void PutBe32(uint32_t value, std::string& out) {
  value = __builtin_bswap32(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));  // tidy: the bytes of an integer in network order
}
void PutCString(std::string_view text, std::string& out) {
  // A NUL inside would end the string early and shift all that follows.
  out.append(text.substr(0, text.find('\0')));
  out.push_back('\0');
}

/// Writes type and a length to be filled in when the message is complete.
class Frame {
 public:
  Frame(char type, std::string& out) : out_(out) {
    out_.push_back(type);
    start_ = out_.size();
    out_.append(4, '\0');
  }
  ~Frame() {
    const uint32_t length = __builtin_bswap32(static_cast<uint32_t>(out_.size() - start_));
    std::memcpy(out_.data() + start_, &length, sizeof(length));
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

 private:
  std::string& out_;
  size_t start_;
};

void PutField(char code, std::string_view value, std::string& out) {
  if (value.empty()) return;
  out.push_back(code);
  PutCString(value, out);
}

constexpr std::string_view kStalePlan = "cached plan must not change result type";

void PutErrorBody(std::string_view severity, std::string_view message, const ErrorFields& fields, std::string& out) {
  PutField('S', severity, out);
  PutField('V', severity, out);
  PutField('C', fields.sqlstate.empty() ? std::string_view(sqlstate::kSuccess) : std::string_view(fields.sqlstate), out);
  out.push_back('M');  // mandatory, even if empty
  PutCString(message, out);
  PutField('D', fields.detail, out);
  PutField('H', fields.hint, out);
  if (fields.position > 0) PutField('P', StrCat(fields.position), out);
  PutField('W', fields.where, out);
  PutField('s', fields.schema, out);
  PutField('t', fields.table, out);
  PutField('c', fields.column, out);
  PutField('d', fields.data_type, out);
  PutField('n', fields.constraint, out);
  // Which function of PostgreSQL's would have raised it: pgjdbc prepares anew where this one did, not going by the SQLSTATE alone.
  if (message == kStalePlan) PutField('R', "RevalidateCachedQuery", out);
}

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kError: return "ERROR";
    case Severity::kFatal: return "FATAL";
    case Severity::kPanic: return "PANIC";
  }
  return "ERROR";
}

void AppendCopyResponse(char type, bool binary, size_t columns, std::string& out) {
  Frame frame(type, out);
  out.push_back(binary ? 1 : 0);
  PutBe16(static_cast<uint16_t>(columns), out);
  for (size_t i = 0; i < columns; ++i) PutBe16(binary ? 1 : 0, out);
}

}  // namespace

void AppendAuthenticationOk(std::string& out) { AppendAuthentication(0, {}, out); }

void AppendAuthentication(int32_t code, std::string_view payload, std::string& out) {
  Frame frame('R', out);
  PutBe32(static_cast<uint32_t>(code), out);
  out.append(payload);
}

void AppendNegotiateProtocolVersion(std::span<const std::string> unknown_options, std::string& out) {
  Frame frame('v', out);
  PutBe32(kProtocolMajor << 16, out);
  PutBe32(static_cast<uint32_t>(unknown_options.size()), out);
  for (const std::string& option : unknown_options) PutCString(option, out);
}

void AppendParameterStatus(std::string_view name, std::string_view value, std::string& out) {
  Frame frame('S', out);
  PutCString(name, out);
  PutCString(value, out);
}

void AppendBackendKeyData(int32_t process_id, uint32_t secret, std::string& out) {
  Frame frame('K', out);
  PutBe32(static_cast<uint32_t>(process_id), out);
  PutBe32(secret, out);
}

void AppendReadyForQuery(TransactionStatus status, std::string& out) {
  Frame frame('Z', out);
  out.push_back(static_cast<char>(status));
}

void AppendNotificationResponse(const Notification& notification, std::string& out) {
  Frame frame('A', out);
  PutBe32(static_cast<uint32_t>(notification.process_id), out);
  PutCString(notification.channel, out);
  PutCString(notification.payload, out);
}

void AppendRowDescription(const RowDescription& columns, std::span<const int16_t> formats, std::string& out) {
  Frame frame('T', out);
  PutBe16(static_cast<uint16_t>(columns.size()), out);
  for (size_t i = 0; i < columns.size(); ++i) {
    const ColumnDescription& column = columns[i];
    PutCString(column.name, out);
    PutBe32(column.table_oid, out);
    PutBe16(column.column_number, out);
    PutBe32(TypeOid(column.type), out);
    PutBe16(static_cast<uint16_t>(TypeLength(column.type)), out);
    PutBe32(static_cast<uint32_t>(column.type.typmod), out);
    PutBe16(static_cast<uint16_t>(FormatOf(formats, i)), out);
  }
}

void AppendParameterDescription(std::span<const DataType> types, std::string& out) {
  Frame frame('t', out);
  PutBe16(static_cast<uint16_t>(types.size()), out);
  for (const DataType& type : types) PutBe32(TypeOid(type), out);
}

void AppendDataRow(std::span<const std::optional<std::string>> values, std::string& out) {
  Frame frame('D', out);
  PutBe16(static_cast<uint16_t>(values.size()), out);
  for (const std::optional<std::string>& value : values) {
    PutBe32(value ? static_cast<uint32_t>(value->size()) : 0xffffffffu, out);
    if (value) out.append(*value);
  }
}

void AppendCommandComplete(std::string_view tag, std::string& out) {
  Frame frame('C', out);
  PutCString(tag, out);
}

void AppendEmptyQueryResponse(std::string& out) { Frame frame('I', out); }

void AppendErrorResponse(const Status& error, Severity severity, const SourceLocation& location, std::string& out) {
  Frame frame('E', out);
  PutErrorBody(SeverityName(severity), StdView(error.message()), FieldsOf(error), out);
  PutField('F', location.file, out);
  if (location.line > 0) PutField('L', StrCat(location.line), out);
  PutField('R', location.routine, out);
  out.push_back('\0');
}

void AppendNoticeResponse(const Notice& notice, std::string& out) {
  Frame frame('N', out);
  PutErrorBody(notice.severity, notice.message, notice.fields, out);
  out.push_back('\0');
}

void AppendParseComplete(std::string& out) { Frame frame('1', out); }
void AppendBindComplete(std::string& out) { Frame frame('2', out); }
void AppendCloseComplete(std::string& out) { Frame frame('3', out); }
void AppendNoData(std::string& out) { Frame frame('n', out); }
void AppendPortalSuspended(std::string& out) { Frame frame('s', out); }

void AppendCopyInResponse(bool binary, size_t columns, std::string& out) { AppendCopyResponse('G', binary, columns, out); }
void AppendCopyOutResponse(bool binary, size_t columns, std::string& out) { AppendCopyResponse('H', binary, columns, out); }

void AppendCopyData(std::string_view data, std::string& out) {
  Frame frame('d', out);
  out.append(data);
}
void AppendCopyDone(std::string& out) { Frame frame('c', out); }

}  // namespace tsd::net::pg
