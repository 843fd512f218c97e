#pragma once
// A small blocking PostgreSQL client over a socket, for the tools. A Connection belongs to one thread; only Cancel() may be called from
// another thread (it opens a connection of its own). A statement is Send(), then Next() until kReady; Query() does that for short answers.
// Whatever the server sends is checked: a broken message ends the connection with 08P01, never the process.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "tools/client/conninfo.h"

namespace tsd::client {

/// An error or notice of the server.
struct ServerMessage {
  std::string severity, sqlstate, message, detail, hint, where;
  int position = 0;  // 1-based character of the statement; 0 = none
};

struct ColumnInfo {
  std::string name;
  uint32_t type_oid = 0;
};

using TextRow = std::vector<std::optional<std::string>>;

struct ResultSet {
  bool has_rows = false;  // a row description came
  std::vector<ColumnInfo> columns;
  std::vector<TextRow> rows;
  std::string tag;
};

enum class EventKind { kColumns, kRow, kComplete, kEmptyQuery, kError, kCopyIn, kCopyOut, kCopyData, kCopyDone, kReady };

struct Event {
  EventKind kind = EventKind::kReady;
  std::vector<ColumnInfo> columns;  // kColumns
  TextRow row;                      // kRow
  std::string text;                 // kComplete: the tag; kCopyData: the bytes
  ServerMessage error;              // kError
};

class Connection {
 public:
  static StatusOr<std::unique_ptr<Connection>> Open(ConnectOptions options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status Send(std::string_view sql);
  /// The next thing the server says, without its notices and parameters. An error status means that the connection is lost.
  StatusOr<Event> Next();
  /// After kCopyIn.
  Status SendCopyData(std::string_view bytes);
  Status SendCopyDone();
  Status SendCopyFail(std::string_view reason);
  /// True if the server has said something that Next() has not given yet: in a COPY in, an early error.
  bool HasInput() const;

  /// All results of `sql`, or its error with all fields. A COPY in it is refused.
  StatusOr<std::vector<ResultSet>> Query(std::string_view sql);
  /// The same, but its rows are only counted: for measuring a server without the cost of keeping what it says.
  StatusOr<uint64_t> CountRows(std::string_view sql);
  /// `sql` is a COPY ... FROM STDIN; `source` gives bytes until it gives none. The rows copied.
  StatusOr<uint64_t> CopyIn(std::string_view sql, const std::function<StatusOr<std::string>()>& source);

  /// Asks the server to cancel the running statement.
  void Cancel() const;

  const ConnectOptions& options() const { return options_; }
  char transaction_state() const { return transaction_state_; }  // 'I', 'T' or 'E'
  bool lost() const { return socket_ < 0; }
  std::string_view server_version() const { return server_version_; }
  uint32_t process_id() const { return process_id_; }
  /// Called about every 0.2 s, and on every signal, while the server is waited for: the place to look for Ctrl-C and to Cancel().
  void set_on_wait(std::function<void()> on_wait) { on_wait_ = std::move(on_wait); }
  void set_on_notice(std::function<void(const ServerMessage&)> on_notice) { on_notice_ = std::move(on_notice); }

 private:
  explicit Connection(ConnectOptions options) : options_(std::move(options)) {}
  Status Start();
  Status Authenticate(std::string_view request, class ScramClient* scram);
  Status SendMessage(char type, std::string_view body);
  Status WriteAll(std::string_view bytes);
  /// Type and body; the body lives until the next call.
  StatusOr<std::pair<char, std::string_view>> Receive();
  Status FillBuffer(size_t wanted);
  Status Lose(Status status);

  ConnectOptions options_;
  int socket_ = -1;
  std::string buffer_;
  size_t buffer_start_ = 0;
  std::string server_version_;
  uint32_t process_id_ = 0, secret_key_ = 0;
  char transaction_state_ = 'I';
  std::function<void(const ServerMessage&)> on_notice_;
  std::function<void()> on_wait_;
};

/// Makes a Status of it, with all its fields, and back.
Status StatusOf(const ServerMessage& message);
ServerMessage MessageOf(const Status& status);
/// Rows of a tag such as "COPY 12"; 0 if it has none.
uint64_t RowsOfTag(std::string_view tag);
/// True if something listens there (within two seconds).
bool CanConnect(const std::string& host, const std::string& port);
/// 'text' as an SQL literal, "text" as an identifier.
std::string QuoteLiteral(std::string_view text);
std::string QuoteIdentifier(std::string_view text);

}  // namespace tsd::client
