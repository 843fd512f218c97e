#include "tools/client/connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/base/bytes.h"
#include "engine/base/strings.h"
#include "tools/client/scram_client.h"

namespace tsd::client {
namespace {

constexpr uint32_t kProtocolVersion = 196608;
constexpr uint32_t kCancelRequest = 80877102;
constexpr uint32_t kMaxMessageBytes = 1u << 30;

Status SystemError(std::string_view what, int error) { return Error(sqlstate::kConnectionFailure, StrCat(what, ": ", std::strerror(error))); }

int ConnectAddress(const sockaddr* address, socklen_t length, int timeout_ms) {
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (::connect(fd, address, length) != 0) {
    int error = errno;
    socklen_t size = sizeof(error);
    pollfd waiting{fd, POLLOUT, 0};
    if (error == EINPROGRESS) {
      error = ETIMEDOUT;
      if (::poll(&waiting, 1, timeout_ms) == 1) ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error != 0) {
      ::close(fd);
      errno = error;
      return -1;
    }
  }
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  const int one = 1;
  if (address->sa_family != AF_UNIX) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return fd;
}

StatusOr<int> OpenSocket(const std::string& host, const std::string& port, int timeout_ms) {
  if (host.starts_with('/')) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = StrCat(host, "/.s.PGSQL.", port);
    if (path.size() >= sizeof(address.sun_path)) return Error(sqlstate::kSqlclientUnableToConnect, StrCat("socket path \"", path, "\" is too long"));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int fd = ConnectAddress(reinterpret_cast<sockaddr*>(&address), sizeof(address), timeout_ms);
    if (fd < 0) return Error(sqlstate::kSqlclientUnableToConnect, StrCat("connection to server on socket \"", path, "\" failed: ", std::strerror(errno)));
    return fd;
  }
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list); error != 0) {
    return Error(sqlstate::kSqlclientUnableToConnect, StrCat("could not translate host name \"", host, "\" to address: ", ::gai_strerror(error)));
  }
  int fd = -1, last_error = ECONNREFUSED;
  for (const addrinfo* address = list; address != nullptr && fd < 0; address = address->ai_next) {
    fd = ConnectAddress(address->ai_addr, address->ai_addrlen, timeout_ms);
    if (fd < 0) last_error = errno;
  }
  ::freeaddrinfo(list);
  if (fd < 0) {
    return Error(sqlstate::kSqlclientUnableToConnect, StrCat("connection to server at \"", host, "\", port ", port, " failed: ", std::strerror(last_error),
                                                             "\n\tIs the server running on that host and accepting TCP/IP connections?"));
  }
  return fd;
}

ServerMessage ParseMessage(std::string_view body) {
  ServerMessage message;
  ByteReader reader(body);
  while (const uint8_t field = reader.GetU8()) {
    const std::string value(reader.GetCString());
    switch (field) {
      case 'S': message.severity = value; break;
      case 'C': message.sqlstate = value; break;
      case 'M': message.message = value; break;
      case 'D': message.detail = value; break;
      case 'H': message.hint = value; break;
      case 'W': message.where = value; break;
      case 'P': message.position = std::atoi(value.c_str()); break;
      default: break;
    }
  }
  return message;
}

bool ParseColumns(std::string_view body, std::vector<ColumnInfo>* columns) {
  ByteReader reader(body);
  const uint16_t count = reader.GetBeU16();
  for (uint16_t i = 0; i < count && reader.ok(); ++i) {
    ColumnInfo column;
    column.name = std::string(reader.GetCString());
    reader.GetBytes(6);  // table oid, attribute number
    column.type_oid = reader.GetBeU32();
    reader.GetBytes(8);  // length, modifier, format
    columns->push_back(std::move(column));
  }
  return reader.ok();
}

bool ParseRow(std::string_view body, TextRow* row) {
  ByteReader reader(body);
  const uint16_t count = reader.GetBeU16();
  row->reserve(std::min<size_t>(count, body.size() / 4));
  for (uint16_t i = 0; i < count && reader.ok(); ++i) {
    const auto length = static_cast<int32_t>(reader.GetBeU32());
    if (length < 0) {
      row->emplace_back();
    } else {
      row->emplace_back(reader.GetBytes(static_cast<size_t>(length)));
    }
  }
  return reader.ok();
}

}  // namespace

StatusOr<std::unique_ptr<Connection>> Connection::Open(ConnectOptions options) {
  FillDefaults(&options);
  std::unique_ptr<Connection> connection(new Connection(std::move(options)));
  RETURN_IF_ERROR(connection->Start());
  return connection;
}

Connection::~Connection() {
  if (socket_ < 0) return;
  (void)SendMessage('X', {});
  if (socket_ >= 0) ::close(socket_);
}

Status Connection::Lose(Status status) {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  return status;
}

Status Connection::WriteAll(std::string_view bytes) {
  if (socket_ < 0) return Error(sqlstate::kConnectionFailure, "no connection to the server");
  while (!bytes.empty()) {
    const ssize_t written = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      // A server that ended the connection may have said why; Next() finds that.
      if ((errno == EPIPE || errno == ECONNRESET) && HasInput()) return OkStatus();
      return Lose(SystemError("could not send data to server", errno));
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return OkStatus();
}

Status Connection::SendMessage(char type, std::string_view body) {
  ByteWriter header;
  header.PutU8(static_cast<uint8_t>(type));
  header.PutBeU32(static_cast<uint32_t>(body.size() + 4));
  if (body.size() > 16384) {
    RETURN_IF_ERROR(WriteAll(header.data()));
    return WriteAll(body);
  }
  header.PutBytes(body);
  return WriteAll(header.data());
}

Status Connection::FillBuffer(size_t wanted) {
  if (socket_ < 0) return Error(sqlstate::kConnectionFailure, "no connection to the server");
  if (buffer_start_ > 0) {
    buffer_.erase(0, buffer_start_);
    buffer_start_ = 0;
  }
  while (buffer_.size() < wanted) {
    pollfd waiting{socket_, POLLIN, 0};
    if (on_wait_ && ::poll(&waiting, 1, 200) <= 0) {
      on_wait_();
      continue;
    }
    const size_t old_size = buffer_.size();
    buffer_.resize(std::max(wanted, old_size + 65536));
    const ssize_t got = ::recv(socket_, buffer_.data() + old_size, buffer_.size() - old_size, 0);
    buffer_.resize(old_size + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Lose(SystemError("could not receive data from server", errno));
    if (got == 0) {
      return Lose(Error(sqlstate::kConnectionFailure, "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n"
                                                      "\tbefore or while processing the request."));
    }
  }
  return OkStatus();
}

StatusOr<std::pair<char, std::string_view>> Connection::Receive() {
  constexpr size_t kHeader = 5;
  if (buffer_.size() - buffer_start_ < kHeader) RETURN_IF_ERROR(FillBuffer(kHeader));
  ByteReader header(std::string_view(buffer_).substr(buffer_start_, kHeader));
  const char type = static_cast<char>(header.GetU8());
  const uint32_t length = header.GetBeU32();
  if (length < 4 || length > kMaxMessageBytes) return Lose(Error(sqlstate::kProtocolViolation, "the server sent a malformed message"));
  const size_t total = length + 1;
  if (buffer_.size() - buffer_start_ < total) RETURN_IF_ERROR(FillBuffer(total));
  const std::string_view body = std::string_view(buffer_).substr(buffer_start_ + kHeader, length - 4);
  buffer_start_ += total;
  return std::make_pair(type, body);
}

Status Connection::Authenticate(std::string_view request, ScramClient* scram) {
  ByteReader reader(request);
  const uint32_t kind = reader.GetBeU32();
  ByteWriter answer;
  switch (kind) {
    case 0: return OkStatus();
    case 3: answer.PutCString(options_.password); return SendMessage('p', answer.data());
    case 10: {
      ASSIGN_OR_RETURN(const std::string first, scram->First());
      answer.PutCString("SCRAM-SHA-256");
      answer.PutBeU32(static_cast<uint32_t>(first.size()));
      answer.PutBytes(first);
      return SendMessage('p', answer.data());
    }
    case 11: {
      ASSIGN_OR_RETURN(const std::string final, scram->Final(reader.Rest()));
      return SendMessage('p', final);
    }
    case 12: return scram->Verify(reader.Rest());
    default: return Error(sqlstate::kInvalidAuthorization, StrCat("authentication method ", kind, " not supported"));
  }
}

Status Connection::Start() {
  ASSIGN_OR_RETURN(socket_, OpenSocket(options_.host, options_.port, 10'000));
  ByteWriter startup;
  startup.PutBeU32(0);
  startup.PutBeU32(kProtocolVersion);
  auto parameter = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    startup.PutCString(name);
    startup.PutCString(value);
  };
  parameter("user", options_.user);
  parameter("database", options_.database);
  parameter("application_name", options_.application_name);
  parameter("options", options_.options);
  parameter("client_encoding", "UTF8");
  startup.PutU8(0);
  startup.PatchBeU32(0, static_cast<uint32_t>(startup.size()));
  RETURN_IF_ERROR(WriteAll(startup.data()));
  ScramClient scram(options_.password);
  while (true) {
    ASSIGN_OR_RETURN(const auto message, Receive());
    const auto& [type, body] = message;
    ByteReader reader(body);
    if (type == 'R') {
      if (Status status = Authenticate(body, &scram); !status.ok()) return Lose(std::move(status));
    } else if (type == 'E') {
      return Lose(StatusOf(ParseMessage(body)));
    } else if (type == 'K') {
      process_id_ = reader.GetBeU32();
      secret_key_ = reader.GetBeU32();
    } else if (type == 'S') {
      if (reader.GetCString() == "server_version") server_version_ = std::string(reader.GetCString());
    } else if (type == 'Z') {
      return OkStatus();
    } else if (type != 'N' && type != 'v') {
      return Lose(Error(sqlstate::kProtocolViolation, "the server sent an unexpected message at start-up"));
    }
  }
}

Status Connection::Send(std::string_view sql) {
  ByteWriter body;
  body.PutCString(sql);
  return SendMessage('Q', body.data());
}

StatusOr<Event> Connection::Next() {
  while (true) {
    ASSIGN_OR_RETURN(const auto message, Receive());
    const auto& [type, body] = message;
    Event event;
    switch (type) {
      case 'N':
        if (on_notice_) on_notice_(ParseMessage(body));
        continue;
      case 'S': case 'A': continue;
      case 'T':
        event.kind = EventKind::kColumns;
        if (!ParseColumns(body, &event.columns)) return Lose(Error(sqlstate::kProtocolViolation, "the server sent a malformed row description"));
        return event;
      case 'D':
        event.kind = EventKind::kRow;
        if (!ParseRow(body, &event.row)) return Lose(Error(sqlstate::kProtocolViolation, "the server sent a malformed row"));
        return event;
      case 'C':
        event.kind = EventKind::kComplete;
        event.text = std::string(ByteReader(body).GetCString());
        return event;
      case 'd':
        event.kind = EventKind::kCopyData;
        event.text = std::string(body);
        return event;
      case 'E':
        event.kind = EventKind::kError;
        event.error = ParseMessage(body);
        return event;
      case 'I': event.kind = EventKind::kEmptyQuery; return event;
      case 'G': event.kind = EventKind::kCopyIn; return event;
      case 'H': event.kind = EventKind::kCopyOut; return event;
      case 'c': event.kind = EventKind::kCopyDone; return event;
      case 'Z':
        event.kind = EventKind::kReady;
        transaction_state_ = body.empty() ? 'I' : body[0];
        return event;
      default: return Lose(Error(sqlstate::kProtocolViolation, "the server sent a message of an unknown type"));
    }
  }
}

StatusOr<uint64_t> Connection::CountRows(std::string_view sql) {
  RETURN_IF_ERROR(Send(sql));
  uint64_t rows = 0;
  Status failure;
  while (true) {
    ASSIGN_OR_RETURN(const auto message, Receive());
    const auto& [type, body] = message;
    if (type == 'D') ++rows;
    if (type == 'E') failure = StatusOf(ParseMessage(body));
    if (type != 'Z') continue;
    transaction_state_ = body.empty() ? 'I' : body[0];
    if (!failure.ok()) return failure;
    return rows;
  }
}

Status Connection::SendCopyData(std::string_view bytes) { return SendMessage('d', bytes); }
Status Connection::SendCopyDone() { return SendMessage('c', {}); }

Status Connection::SendCopyFail(std::string_view reason) {
  ByteWriter body;
  body.PutCString(reason);
  return SendMessage('f', body.data());
}

bool Connection::HasInput() const {
  if (buffer_.size() > buffer_start_) return true;
  pollfd waiting{socket_, POLLIN, 0};
  return socket_ >= 0 && ::poll(&waiting, 1, 0) > 0;
}

StatusOr<std::vector<ResultSet>> Connection::Query(std::string_view sql) {
  RETURN_IF_ERROR(Send(sql));
  std::vector<ResultSet> results;
  ResultSet current;
  Status failure;
  while (true) {
    ASSIGN_OR_RETURN(Event event, Next());
    switch (event.kind) {
      case EventKind::kColumns:
        current.has_rows = true;
        current.columns = std::move(event.columns);
        break;
      case EventKind::kRow: current.rows.push_back(std::move(event.row)); break;
      case EventKind::kComplete:
        current.tag = std::move(event.text);
        results.push_back(std::move(current));
        current = ResultSet();
        break;
      case EventKind::kError: failure = StatusOf(event.error); break;
      case EventKind::kCopyIn: RETURN_IF_ERROR(SendCopyFail("COPY FROM STDIN is not possible here")); break;
      case EventKind::kReady:
        if (!failure.ok()) return failure;
        return results;
      default: break;
    }
  }
}

StatusOr<uint64_t> Connection::CopyIn(std::string_view sql, const std::function<StatusOr<std::string>()>& source) {
  RETURN_IF_ERROR(Send(sql));
  uint64_t rows = 0;
  Status failure;
  while (true) {
    ASSIGN_OR_RETURN(const Event event, Next());
    if (event.kind == EventKind::kCopyIn) {
      while (!HasInput()) {
        const StatusOr<std::string> bytes = source();
        if (!bytes.ok()) {
          failure = bytes.status();
          RETURN_IF_ERROR(SendCopyFail(StdView(failure.message())));
          break;
        }
        if (bytes->empty()) {
          RETURN_IF_ERROR(SendCopyDone());
          break;
        }
        RETURN_IF_ERROR(SendCopyData(*bytes));
      }
    } else if (event.kind == EventKind::kComplete) {
      rows = RowsOfTag(event.text);
    } else if (event.kind == EventKind::kError) {
      if (failure.ok()) failure = StatusOf(event.error);
    } else if (event.kind == EventKind::kReady) {
      if (!failure.ok()) return failure;
      return rows;
    }
  }
}

void Connection::Cancel() const {
  const StatusOr<int> fd = OpenSocket(options_.host, options_.port, 2'000);
  if (!fd.ok()) return;
  ByteWriter request;
  request.PutBeU32(16);
  request.PutBeU32(kCancelRequest);
  request.PutBeU32(process_id_);
  request.PutBeU32(secret_key_);
  char end;
  if (::send(*fd, request.data().data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) (void)::recv(*fd, &end, 1, 0);
  ::close(*fd);
}

Status StatusOf(const ServerMessage& message) {
  ErrorFields fields;
  fields.sqlstate = message.sqlstate;
  fields.detail = message.detail;
  fields.hint = message.hint;
  fields.where = message.where;
  fields.position = message.position;
  return ErrorWith(fields, StrCat(message.severity, ":  ", message.message));
}

ServerMessage MessageOf(const Status& status) {
  ErrorFields fields = FieldsOf(status);
  ServerMessage message;
  const std::string_view text = StdView(status.message());
  const size_t mark = text.find(":  ");
  const bool has_severity = mark != std::string_view::npos && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == mark;
  message.severity = has_severity ? text.substr(0, mark) : "ERROR";
  message.message = has_severity ? text.substr(mark + 3) : text;
  message.sqlstate = std::move(fields.sqlstate);
  message.detail = std::move(fields.detail);
  message.hint = std::move(fields.hint);
  message.where = std::move(fields.where);
  message.position = fields.position;
  return message;
}

uint64_t RowsOfTag(std::string_view tag) {
  const size_t space = tag.rfind(' ');
  return space == std::string_view::npos ? 0 : std::strtoull(std::string(tag.substr(space + 1)).c_str(), nullptr, 10);
}

bool CanConnect(const std::string& host, const std::string& port) {
  const StatusOr<int> fd = OpenSocket(host, port, 2'000);
  if (fd.ok()) ::close(*fd);
  return fd.ok();
}

namespace {

std::string Quote(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) result.push_back(c);
    result.push_back(c);
  }
  result.push_back(quote);
  return result;
}

}  // namespace

std::string QuoteLiteral(std::string_view text) { return Quote(text, '\''); }
std::string QuoteIdentifier(std::string_view text) { return Quote(text, '"'); }

}  // namespace tsd::client
