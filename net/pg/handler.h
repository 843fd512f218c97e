#pragma once
// What net/pg calls up into: coord/session implements it. net/pg owns bytes, message order, formats and protocol state; the handler owns
// SQL. All methods of one SessionHandler are called from one coroutine, one after the other (Cancel apart: any thread).
#include <absl/functional/any_invocable.h>
#include <absl/types/span.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/task.h"
#include "engine/types/column_batch.h"
#include "engine/types/text_form.h"
#include "engine/types/value.h"
#include "net/transport/transport.h"

namespace tsd::net::pg {

enum class TransactionStatus : char { kIdle = 'I', kInTransaction = 'T', kFailed = 'E' };

/// What NOTIFY sends to those who LISTEN.
struct Notification {
  int32_t process_id = 0;  // of the sender
  std::string channel;
  std::string payload;
};

struct Notice {
  std::string severity;  // NOTICE, WARNING, INFO, LOG, DEBUG
  std::string message;
  ErrorFields fields;
};

/// One column of a RowDescription.
struct ColumnDescription {
  std::string name;
  DataType type;
  uint32_t table_oid = 0;  // 0 = not a plain column reference
  uint16_t column_number = 0;
};
using RowDescription = std::vector<ColumnDescription>;

/// Where a statement's output goes. Implemented by net/pg; calls come from the statement's coroutine.
class ResultSink {
 public:
  virtual ~ResultSink() = default;
  /// Before the first batch of a row-returning statement in the simple protocol (also if there will be no row).
  virtual void Describe(const RowDescription& columns) = 0;
  /// Formats and sends rows; ends when the socket can take more (back-pressure).
  virtual Task<Status> Rows(ColumnBatch batch) = 0;
  /// Command tag without row-format details, e.g. "INSERT 0 5", "SELECT 3", "CREATE TABLE".
  virtual void Complete(std::string tag) = 0;
  /// The statement text was empty: EmptyQueryResponse.
  virtual void Empty() = 0;
  virtual void SendNotice(const Notice& notice) = 0;
  /// A parameter that clients watch changed (13 of them; see clients.md 4.1).
  virtual void ParameterChanged(const std::string& name, const std::string& value) = 0;

  /// COPY FROM STDIN: sends CopyInResponse, then each CopyReceive gives the next CopyData payload, which
  /// stays until the next call; nullopt at CopyDone; CopyFail is an error 57014 "COPY from stdin failed: ...". column_formats: 0 text, 1 binary, one per column.
  virtual Task<Status> BeginCopyIn(bool binary, size_t columns) = 0;
  virtual Task<StatusOr<std::optional<std::string_view>>> CopyReceive() = 0;
  /// COPY TO STDOUT: CopyOutResponse, CopyData..., CopyDone.
  virtual Task<Status> BeginCopyOut(bool binary, size_t columns) = 0;
  /// `ends` are the ends of the pieces of `data`, one a CopyData message: a row each, as PostgreSQL sends them (psycopg 3 reads them so).
  virtual Task<Status> CopySend(std::string data, std::vector<size_t> ends) = 0;
  virtual Task<Status> EndCopyOut() = 0;
};

/// A bound parameter as it came: text or binary form, or NULL. The bytes are the message's: they are there until Bind is done.
struct ParameterValue {
  bool is_null = false;
  bool binary = false;
  std::string_view bytes;
};

struct StatementDescription {
  std::vector<DataType> parameters;
  std::optional<RowDescription> rows;  // nullopt: NoData
};

class SessionHandler {
 public:
  virtual ~SessionHandler() = default;

  /// A whole 'Q' message: zero or more statements separated by semicolons, one implicit transaction. The first failed statement ends it;
  /// its error is returned (net/pg sends it). Results go to the sink as they come.
  virtual Task<Status> SimpleQuery(std::string text, ResultSink* sink) = 0;

  // ---- extended protocol ----
  /// parameter_oids may be shorter than the number of parameters; 0 = infer. Name "" = unnamed (replaces).
  virtual Task<Status> Parse(std::string name, std::string text, std::vector<uint32_t> parameter_oids) = 0;
  virtual Task<StatusOr<StatementDescription>> DescribeStatement(std::string name) = 0;
  virtual Task<Status> Bind(std::string portal, std::string statement, std::vector<ParameterValue> parameters,
                            std::vector<int16_t> result_formats) = 0;
  /// nullopt: NoData. Includes portals of SQL cursors (DECLARE).
  virtual Task<StatusOr<std::optional<RowDescription>>> DescribePortal(std::string portal) = 0;
  /// Formats to send this portal's rows in: empty = all text; one = for all columns; else one a column.
  virtual std::vector<int16_t> PortalFormats(const std::string& portal) = 0;
  /// Runs or goes on. max_rows 0 = all. Returns true if the portal is suspended (PortalSuspended), false if it completed
  /// (the sink got Complete or Empty). Describe is not called on the sink.
  virtual Task<StatusOr<bool>> Execute(std::string portal, uint64_t max_rows, ResultSink* sink) = 0;
  virtual void CloseStatement(const std::string& name) = 0;
  virtual void ClosePortal(const std::string& name) = 0;
  /// End of an extended-protocol series: commits or rolls back the implicit transaction.
  virtual Task<Status> Sync(ResultSink* sink) = 0;
  /// An error was sent in the extended protocol: messages are skipped until Sync.
  virtual void Failed() = 0;

  virtual TransactionStatus transaction_status() const = 0;
  /// The session's display settings (TimeZone, bytea_output, extra_float_digits, names): rows sent as text are formatted with them.
  virtual const TextContext& text_context() const = 0;
  /// What was sent to this session since; asked for while it is idle. An error ends the session: some of it is lost.
  virtual StatusOr<std::vector<Notification>> TakeNotifications() = 0;
  /// `wake` is to be called, from any thread, when there is something to take. Called once, before the first statement.
  virtual void OnNotification(absl::AnyInvocable<void()> wake) = 0;
  /// From a CancelRequest or a shutdown: the running statement ends soon with `reason` (57014, 57P01). Any thread.
  virtual void Cancel(Status reason) = 0;
  /// The client is gone or the server shuts down: roll back, release. Last call.
  virtual Task<void> End() = 0;
};

struct StartupParameters {
  std::string user;
  std::string database;
  std::vector<std::pair<std::string, std::string>> settings;  // the rest, with options=-c already split
};

/// Made by coord/server.
class SessionFactory {
 public:
  virtual ~SessionFactory() = default;
  /// After authentication. Errors (3D000, 28000, 42704, 53300) are sent as FATAL. `initial_parameters` receives the 13 ParameterStatus pairs.
  virtual Task<StatusOr<std::shared_ptr<SessionHandler>>> Open(StartupParameters startup, Endpoint peer, int32_t process_id,
                                                               std::vector<std::pair<std::string, std::string>>* initial_parameters) = 0;
};

}  // namespace tsd::net::pg
