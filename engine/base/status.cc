#include "engine/base/status.h"

#include <absl/strings/cord.h>

#include "engine/base/bytes.h"
#include "engine/base/strings.h"

namespace tsd {
namespace {

constexpr char kPayloadUrl[] = "tsd/error";

absl::StatusCode CodeFor(std::string_view state) {
  const std::string_view state_class = state.substr(0, 2);
  if (state == sqlstate::kQueryCanceled) return absl::StatusCode::kCancelled;
  if (state == sqlstate::kDataCorrupted) return absl::StatusCode::kDataLoss;
  if (state == sqlstate::kInternalError) return absl::StatusCode::kInternal;
  if (state_class == "08" || state_class == "57") return absl::StatusCode::kUnavailable;
  if (state_class == "40") return absl::StatusCode::kAborted;
  if (state_class == "53") return absl::StatusCode::kResourceExhausted;
  return absl::StatusCode::kInvalidArgument;
}

Status WithFields(const Status& status, const ErrorFields& fields) {
  Status result(status.code(), status.message());
  result.SetPayload(kPayloadUrl, absl::Cord(fields.Encode()));
  return result;
}

}  // namespace

std::string ErrorFields::Encode() const {
  ByteWriter writer;
  for (const std::string* field : {&sqlstate, &detail, &hint, &where, &schema, &table, &column, &data_type, &constraint}) {
    writer.PutString(*field);
  }
  writer.PutVarint(static_cast<uint64_t>(position));
  return std::move(writer).Take();
}

ErrorFields ErrorFields::Decode(std::string_view bytes) {
  ErrorFields fields;
  ByteReader reader(bytes);
  for (std::string* field : {&fields.sqlstate, &fields.detail, &fields.hint, &fields.where, &fields.schema, &fields.table,
                             &fields.column, &fields.data_type, &fields.constraint}) {
    *field = std::string(reader.GetString());
  }
  fields.position = static_cast<int>(reader.GetVarint());
  if (!reader.ok() || fields.sqlstate.size() != 5) fields.sqlstate = sqlstate::kInternalError;
  return fields;
}

Status Error(std::string_view state, std::string_view message) {
  ErrorFields fields;
  fields.sqlstate = std::string(state);
  return ErrorWith(fields, message);
}

Status ErrorWith(const ErrorFields& fields, std::string_view message) {
  return WithFields(Status(CodeFor(fields.sqlstate), AbslView(message)), fields);
}

Status WithDetail(Status status, std::string_view detail) {
  if (status.ok()) return status;
  ErrorFields fields = FieldsOf(status);
  fields.detail = std::string(detail);
  return WithFields(status, fields);
}

Status WithHint(Status status, std::string_view hint) {
  if (status.ok()) return status;
  ErrorFields fields = FieldsOf(status);
  fields.hint = std::string(hint);
  return WithFields(status, fields);
}

Status WithWhere(Status status, std::string_view where) {
  if (status.ok()) return status;
  ErrorFields fields = FieldsOf(status);
  fields.where = std::string(where);
  return WithFields(status, fields);
}

Status WithPosition(Status status, int position) {
  if (status.ok()) return status;
  ErrorFields fields = FieldsOf(status);
  fields.position = position;
  return WithFields(status, fields);
}

Status WithPrefix(const Status& status, std::string_view prefix) {
  if (status.ok()) return status;
  return WithFields(Status(status.code(), AbslView(StrCat(prefix, status.message()))), FieldsOf(status));
}

ErrorFields FieldsOf(const Status& status) {
  if (auto payload = status.GetPayload(kPayloadUrl); payload.has_value()) {
    return ErrorFields::Decode(std::string(*payload));
  }
  ErrorFields fields;
  switch (status.code()) {
    case absl::StatusCode::kOk: fields.sqlstate = sqlstate::kSuccess; break;
    case absl::StatusCode::kCancelled: fields.sqlstate = sqlstate::kQueryCanceled; break;
    case absl::StatusCode::kDataLoss: fields.sqlstate = sqlstate::kDataCorrupted; break;
    case absl::StatusCode::kUnavailable: fields.sqlstate = sqlstate::kConnectionFailure; break;
    case absl::StatusCode::kResourceExhausted: fields.sqlstate = sqlstate::kInsufficientResources; break;
    case absl::StatusCode::kUnimplemented: fields.sqlstate = sqlstate::kFeatureNotSupported; break;
    default: fields.sqlstate = sqlstate::kInternalError; break;
  }
  return fields;
}

std::string SqlStateOf(const Status& status) { return FieldsOf(status).sqlstate; }
bool HasSqlState(const Status& status, std::string_view state) {
  if (status.ok()) return state == sqlstate::kSuccess;  // asked very often
  return SqlStateOf(status) == state;
}

std::string EncodeStatus(const Status& status) {
  if (status.ok()) return "";
  ByteWriter writer;
  writer.PutString(StdView(status.message()));
  writer.PutString(FieldsOf(status).Encode());
  return std::move(writer).Take();
}

Status DecodeStatus(std::string_view bytes) {
  if (bytes.empty()) return OkStatus();
  ByteReader reader(bytes);
  const std::string message(reader.GetString());
  const ErrorFields fields = ErrorFields::Decode(reader.GetString());
  if (!reader.ok()) return Error(sqlstate::kProtocolViolation, "malformed status from a peer");
  return ErrorWith(fields, message);
}

}  // namespace tsd
