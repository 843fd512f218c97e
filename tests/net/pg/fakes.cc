#include "tests/net/pg/fakes.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

namespace tsd::net::pg {
namespace {

ColumnBatch Numbers(uint64_t begin, uint64_t end) {
  auto number = std::make_shared<Vector>(DataType(TypeId::kInt32));
  auto text = std::make_shared<Vector>(DataType(TypeId::kText));
  for (uint64_t i = begin; i < end; ++i) {
    number->Append<int32_t>(static_cast<int32_t>(i));
    if (i % 3 == 2) {
      text->AppendNull();
    } else {
      text->AppendBytes(StrCat("t", i));
    }
  }
  return ColumnBatch({number, text}, end - begin);
}

RowDescription NumbersDescription() {
  return {{"n", DataType(TypeId::kInt32), 16384, 1}, {"t", DataType(TypeId::kText), 0, 0}};
}

bool IsSelect(std::string_view text) { return text.substr(0, 7) == "select "; }

}  // namespace

Task<Status> FakeHandler::SimpleQuery(std::string text, ResultSink* sink) {
  if (text.empty()) {
    sink->Empty();
    co_return OkStatus();
  }
  std::vector<std::string> parts = absl::StrSplit(text, ';');
  for (const std::string& part : parts) {
    uint64_t limit = 0;
    const Status ran = co_await RunOne(part, true, &limit, 0, sink);
    if (!ran.ok()) {
      if (status != TransactionStatus::kIdle) status = TransactionStatus::kFailed;
      co_return ran;
    }
  }
  co_return OkStatus();
}

Task<Status> FakeHandler::RunOne(std::string text, bool describe, uint64_t* limit, uint64_t skip, ResultSink* sink) {
  if (IsSelect(text)) {
    uint64_t count = 0;
    (void)absl::SimpleAtoi(text.substr(7), &count);
    if (describe) sink->Describe(NumbersDescription());
    const uint64_t end = *limit == 0 ? count : std::min(count, skip + *limit);
    for (uint64_t at = skip; at < end; at += 4096) CO_RETURN_IF_ERROR(co_await sink->Rows(Numbers(at, std::min(end, at + 4096))));
    *limit = end;
    if (end == count) sink->Complete(StrCat("SELECT ", end - skip));
    co_return OkStatus();
  }
  if (text == "error") co_return ErrorWith({.sqlstate = "42P01", .detail = "d", .hint = "h", .position = 3}, "no table");
  if (text == "hang") {
    hang = Promise<Status>();
    co_return co_await hang.future();
  }
  if (text.substr(0, 7) == "copy in") co_return co_await CopyIn(text, sink);
  if (text == "copy out") {
    CO_RETURN_IF_ERROR(co_await sink->BeginCopyOut(false, 2));
    const std::vector<size_t> one_row(1, 4);
    CO_RETURN_IF_ERROR(co_await sink->CopySend("1\tx\n", one_row));
    CO_RETURN_IF_ERROR(co_await sink->CopySend("2\ty\n", one_row));
    CO_RETURN_IF_ERROR(co_await sink->EndCopyOut());
    sink->Complete("COPY 2");
    co_return OkStatus();
  }
  if (text == "notice") sink->SendNotice({"NOTICE", "careful", {}});
  if (text == "set") sink->ParameterChanged("TimeZone", "UTC");
  if (text == "begin") status = TransactionStatus::kInTransaction;
  if (text == "commit") status = TransactionStatus::kIdle;
  sink->Complete(text);
  co_return OkStatus();
}

Task<Status> FakeHandler::CopyIn(std::string text, ResultSink* sink) {
  CO_RETURN_IF_ERROR(co_await sink->BeginCopyIn(false, 2));
  copied.clear();
  while (text != "copy in quit") {
    CO_ASSIGN_OR_RETURN(const std::optional<std::string_view> data, co_await sink->CopyReceive());
    if (!data) break;
    copied += *data;
    if (text == "copy in early") co_return Error(sqlstate::kBadCopyFileFormat, "bad data");
  }
  sink->Complete(StrCat("COPY ", copied.size()));
  co_return OkStatus();
}

Task<Status> FakeHandler::Parse(std::string name, std::string text, std::vector<uint32_t>) {
  if (text == "syntax") co_return Error(sqlstate::kSyntaxError, "syntax error");
  statements[name] = text;
  co_return OkStatus();
}

Task<StatusOr<StatementDescription>> FakeHandler::DescribeStatement(std::string name) {
  if (!statements.contains(name)) co_return Error(sqlstate::kInvalidSqlStatementName, "no such statement");
  StatementDescription description;
  description.parameters = {DataType(TypeId::kInt64)};
  if (IsSelect(statements[name])) description.rows = NumbersDescription();
  co_return description;
}

Task<Status> FakeHandler::Bind(std::string portal, std::string statement, std::vector<ParameterValue> values,
                               std::vector<int16_t> result_formats) {
  if (!statements.contains(statement)) co_return Error(sqlstate::kInvalidSqlStatementName, "no such statement");
  parameter_bytes.clear();
  for (ParameterValue& value : values) value.bytes = parameter_bytes.emplace_back(value.bytes);
  parameters = std::move(values);
  portals[portal] = Portal{statements[statement], std::move(result_formats), 0};
  co_return OkStatus();
}

Task<StatusOr<std::optional<RowDescription>>> FakeHandler::DescribePortal(std::string portal) {
  if (!portals.contains(portal)) co_return Error(sqlstate::kInvalidCursorName, "no such portal");
  if (!IsSelect(portals[portal].text)) co_return std::optional<RowDescription>();
  co_return std::optional<RowDescription>(NumbersDescription());
}

std::vector<int16_t> FakeHandler::PortalFormats(const std::string& portal) {
  auto found = portals.find(portal);
  return found == portals.end() ? std::vector<int16_t>() : found->second.formats;
}

Task<StatusOr<bool>> FakeHandler::Execute(std::string name, uint64_t max_rows, ResultSink* sink) {
  auto found = portals.find(name);
  if (found == portals.end()) co_return Error(sqlstate::kInvalidCursorName, "no such portal");
  Portal& portal = found->second;
  if (portal.text.empty()) {
    sink->Empty();
    co_return false;
  }
  uint64_t limit = max_rows;
  CO_RETURN_IF_ERROR(co_await RunOne(portal.text, false, &limit, portal.sent, sink));
  if (!IsSelect(portal.text)) co_return false;
  uint64_t count = 0;
  (void)absl::SimpleAtoi(portal.text.substr(7), &count);
  portal.sent = limit;
  co_return limit < count;
}

namespace {

std::string ReadError(ByteReader& body) {
  std::string code, message, severity;
  while (true) {
    const char field = static_cast<char>(body.GetU8());
    if (field == 0 || !body.ok()) break;
    const std::string_view value = body.GetCString();
    if (field == 'C') code = std::string(value);
    if (field == 'M') message = std::string(value);
    if (field == 'V') severity = std::string(value);
  }
  return StrCat(severity == "ERROR" ? "" : severity + " ", code, " ", message);
}

std::string ReadRow(ByteReader& body) {
  std::string result;
  const uint16_t count = body.GetBeU16();
  for (uint16_t i = 0; i < count; ++i) {
    const int32_t size = static_cast<int32_t>(body.GetBeU32());
    if (i > 0) result += '|';
    result += size < 0 ? "NULL" : std::string(body.GetBytes(static_cast<size_t>(size)));
  }
  return result;
}

std::string ReadBody(char type, ByteReader& body) {
  switch (type) {
    case 'E': case 'N': return ReadError(body);
    case 'D': return ReadRow(body);
    case 'C': return std::string(body.GetCString());
    case 'T': {
      std::string names;
      for (uint16_t left = body.GetBeU16(); left > 0 && body.ok(); --left) {
        const std::string_view name = body.GetCString();
        body.GetBytes(16);
        StrAppend(&names, names.empty() ? "" : ",", name, "/", body.GetBeU16());
      }
      return names;
    }
    case 'S': {
      const std::string_view name = body.GetCString();
      return StrCat(name, "=", body.GetCString());
    }
    case 'A': {
      const uint32_t process_id = body.GetBeU32();
      const std::string_view channel = body.GetCString();
      return StrCat(process_id, " ", channel, " ", body.GetCString());
    }
    case 'K': return "";
    case 'R': return StrCat(body.GetBeU32());
    default: return std::string(body.Rest());
  }
}

}  // namespace

std::vector<std::string> Read(std::string_view bytes) {
  std::vector<std::string> result;
  ByteReader reader(bytes);
  while (!reader.AtEnd()) {
    const char type = static_cast<char>(reader.GetU8());
    const uint32_t length = reader.GetBeU32();
    ByteReader body(reader.GetBytes(length >= 4 ? length - 4 : 0));
    if (!reader.ok() || length < 4) {
      result.push_back("broken frame");
      return result;
    }
    std::string text = ReadBody(type, body);
    if (!body.ok() || !(body.AtEnd() || type == 'K')) text += " (bad body)";
    result.push_back(text.empty() ? std::string(1, type) : StrCat(std::string(1, type), ":", text));
  }
  return result;
}

SessionFixture::SessionFixture(PgServerOptions options, TlsAcceptor* tls)
    : hba(&transport, &clock),
      context(PgServerDeps{&executor, &factory, &hba, &authenticator, tls, nullptr}, options, Random(1)) {
  EXPECT_TRUE(hba.Load("host all all 127.0.0.1/32 trust\nhost all md5er 10.0.0.1/32 md5\nhost all all 10.0.0.2/32 reject\n").ok());
}

SessionFixture::~SessionFixture() {
  for (const auto& connection : connections) connection->Break();
  executor.Run();
}

std::shared_ptr<FakeConnection> SessionFixture::Connect(std::string initial, std::string peer) {
  auto connection = std::make_shared<FakeConnection>(std::move(peer));
  connections.push_back(connection);
  Spawn(executor, ServePgConnection(connection, std::move(initial), &context));
  executor.Run();
  return connection;
}

std::shared_ptr<FakeConnection> SessionFixture::LogIn() {
  auto connection = Connect(StartupFor("u"));
  connection->TakeOutput();
  return connection;
}

std::vector<std::string> SessionFixture::Say(FakeConnection& connection, std::string_view bytes) {
  connection.Send(bytes);
  executor.Run();
  return Read(connection.TakeOutput());
}

}  // namespace tsd::net::pg
