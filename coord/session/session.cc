#include "coord/session/session.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_split.h>

#include "coord/session/session_registry.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "engine/types/timezone.h"

namespace tsd::coord {

using net::pg::ResultSink;
using sql::parse::Statement;
using sql::parse::StatementKind;

Task<StatusOr<ColumnBatch>> MaterializedRows::Next() {
  if (next_ >= batches_.size()) co_return ColumnBatch();
  ColumnBatch batch = std::move(batches_[next_++]);
  co_return batch;
}

Session::Session(const Services& services, SessionIdentity identity)
    : services_(services), identity_(std::move(identity)), settings_(*services.settings) {
  {
    MutexLock lock(*services_.random_mutex);
    random_ = std::make_unique<Random>(services_.random->Next());
  }
  lock_owner_ = services_.locks->NewOwner();
  views_ = std::make_unique<SystemViews>(*this);
  functions_ = std::make_unique<CatalogFunctions>(*this);
  services_.sessions->Add(this);
  BeginStatementClock();
  RefreshContexts();
}

Session::~Session() { services_.sessions->Remove(this); }

Status Session::ApplyStartup(const net::pg::StartupParameters& startup) {
  for (const auto& [name, value] : startup.settings) {
    if (name == "replication") {
      return Error(sqlstate::kFeatureNotSupported, "replication connections are not supported");
    }
    RETURN_IF_ERROR(settings_.SetStartup(name, value));
  }
  settings_.TakeChanges();
  RefreshContexts();
  return OkStatus();
}

sql::CatalogPtr Session::catalog() const {
  return transaction_ ? transaction_->CatalogOver(services_.log->Current()) : services_.log->Current();
}

bool Session::IsSuperuser() const {
  const sql::CatalogPtr current = catalog();
  auto found = current->roles.find(identity_.user);
  return found != current->roles.end() && found->second.superuser;
}

std::vector<std::string> Session::SearchPath() const {
  std::vector<std::string> path;
  std::string current;
  const std::string text = settings_.GetOr("search_path", "public");
  bool quoted = false;
  auto finish = [&] {
    std::string name(absl::StripAsciiWhitespace(current));
    if (name == "$user") name = identity_.user;
    if (!name.empty()) path.push_back(name);
    current.clear();
  };
  for (char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      finish();
    } else {
      current.push_back(quoted ? c : absl::ascii_tolower(static_cast<unsigned char>(c)));
    }
  }
  finish();
  // Schemas that do not exist are skipped, as PostgreSQL does.
  const sql::CatalogPtr now = catalog();
  std::ranges::replace(path, "pg_temp", ExistingTemporarySchema());
  std::erase_if(path, [&](const std::string& name) { return !now->schemas.contains(name) && !SystemViews::IsSystemSchema(name); });
  return path;
}

std::vector<std::string> Session::SearchPathWithImplicit() const {
  std::vector<std::string> path = SearchPath();
  if (std::ranges::find(path, "pg_catalog") == path.end()) path.insert(path.begin(), "pg_catalog");
  const std::string temporary = ExistingTemporarySchema();
  if (!temporary.empty() && std::ranges::find(path, temporary) == path.end()) path.insert(path.begin(), temporary);
  return path;
}

void Session::BeginStatementClock() {
  statement_start_ = services_.clock->Now();
  if (block_ == Block::kNone) transaction_start_ = statement_start_;
}

void Session::RefreshContexts() {
  text_context_.datetime.now = transaction_start_;
  KnownSettings();
}

const Session::StatementSettings& Session::KnownSettings() {
  const uint64_t version = settings_.version();
  if (known_version_ == version) return known_settings_;
  known_version_ = version;
  const std::string isolation = settings_.GetOr("default_transaction_isolation", "read committed");
  known_settings_.isolation = isolation == "repeatable read" ? sql::parse::IsolationLevel::kRepeatableRead
                              : isolation == "serializable"  ? sql::parse::IsolationLevel::kSerializable
                                                             : sql::parse::IsolationLevel::kReadCommitted;
  known_settings_.read_only = settings_.GetOr("default_transaction_read_only", "off") == "on";
  known_settings_.deferrable = settings_.GetOr("default_transaction_deferrable", "off") == "on";
  known_settings_.logs_statements = settings_.GetOr("log_statement", "none") == "all";
  known_settings_.timeout_ms = SettingMillis(settings_.GetOr("statement_timeout", "0"));
  known_settings_.query_memory_bytes = static_cast<uint64_t>(SettingBytes(settings_.GetOr("tsd.query_memory", "1GB")));
  known_settings_.zone = settings_.GetOr("TimeZone", "UTC");
  absl::TimeZone zone;
  if (FindTimeZoneSetting(known_settings_.zone, &zone)) text_context_.datetime.zone = zone;
  const std::string style = settings_.GetOr("DateStyle", "ISO, MDY");
  text_context_.datetime.order = style.ends_with("DMY") ? DateOrder::kDmy : style.ends_with("YMD") ? DateOrder::kYmd : DateOrder::kMdy;
  text_context_.datetime.style = style.starts_with("Postgres") ? DateStyle::kPostgres
                                 : style.starts_with("SQL")    ? DateStyle::kSql
                                 : style.starts_with("German") ? DateStyle::kGerman
                                                               : DateStyle::kIso;
  const std::string interval_style = settings_.GetOr("IntervalStyle", "postgres");
  text_context_.datetime.interval_style = interval_style == "postgres_verbose" ? IntervalStyle::kPostgresVerbose
                                          : interval_style == "sql_standard"   ? IntervalStyle::kSqlStandard
                                          : interval_style == "iso_8601"       ? IntervalStyle::kIso8601
                                                                               : IntervalStyle::kPostgres;
  text_context_.bytea_output = settings_.GetOr("bytea_output", "hex") == "escape" ? ByteaOutput::kEscape : ByteaOutput::kHex;
  text_context_.extra_float_digits = std::atoi(settings_.GetOr("extra_float_digits", "1").c_str());
  text_context_.names = functions_.get();
  return known_settings_;
}

void Session::Notice(std::string severity, std::string_view state, std::string message, std::string detail, std::string hint) {
  static const std::map<std::string, int> kRanks = {{"DEBUG", 0}, {"LOG", 1}, {"INFO", 4}, {"NOTICE", 2}, {"WARNING", 3}};
  const std::string threshold = settings_.GetOr("client_min_messages", "notice");
  const int minimum = threshold == "error" ? 4 : threshold == "warning" ? 3 : threshold == "notice" ? 2 : threshold == "log" ? 1 : 0;
  auto rank = kRanks.find(severity);
  if (sink_ == nullptr || (rank != kRanks.end() && rank->second < minimum)) return;
  net::pg::Notice notice;
  notice.severity = std::move(severity);
  notice.message = std::move(message);
  notice.fields.sqlstate = std::string(state);
  notice.fields.detail = std::move(detail);
  notice.fields.hint = std::move(hint);
  sink_->SendNotice(notice);
}

void Session::Cancel(Status reason) {
  {
    MutexLock lock(cancel_mutex_);
    if (cancel_reason_.ok()) cancel_reason_ = std::move(reason);
  }
  cancel_->Cancel();
}

// What a statement that stopped because of Cancel ends with.
Status Session::CancelledStatus() {
  MutexLock lock(cancel_mutex_);
  return cancel_reason_.ok() ? Error(sqlstate::kQueryCanceled, "canceling statement due to user request") : cancel_reason_;
}

void Session::ArmStatementTimeout() {
  if (timeout_timer_ != 0) services_.executor->Cancel(timeout_timer_);
  timeout_timer_ = 0;
  const int64_t timeout_ms = KnownSettings().timeout_ms;
  if (timeout_ms <= 0) return;
  std::weak_ptr<Session> self = weak_from_this();
  timeout_timer_ = services_.executor->PostAfter(absl::Milliseconds(timeout_ms), [self] {
    if (std::shared_ptr<Session> session = self.lock()) {
      session->Cancel(Error(sqlstate::kQueryCanceled, "canceling statement due to statement timeout"));
    }
  });
}

net::pg::TransactionStatus Session::transaction_status() const {
  switch (block_) {
    case Block::kExplicit: return net::pg::TransactionStatus::kInTransaction;
    case Block::kFailed: return net::pg::TransactionStatus::kFailed;
    default: return net::pg::TransactionStatus::kIdle;
  }
}

Status Session::CheckBlockAllows(const Statement& statement) const {
  if (block_ != Block::kFailed) return OkStatus();
  if (const auto* transaction = sql::parse::TryAs<sql::parse::TransactionStatement>(&statement)) {
    switch (transaction->transaction) {
      case sql::parse::TransactionKind::kCommit:
      case sql::parse::TransactionKind::kRollback:
      case sql::parse::TransactionKind::kRollbackTo: return OkStatus();
      default: break;
    }
  }
  return Error(sqlstate::kInFailedSqlTransaction, "current transaction is aborted, commands ignored until end of transaction block");
}

Task<Status> Session::SimpleQuery(std::string text, ResultSink* sink) {
  sink_ = sink;
  BeginStatementClock();
  StatusOr<std::vector<sql::parse::ParsedStatement>> parsed = sql::parse::ParseSql(text);
  Status status = parsed.status();
  if (status.ok()) {
    if (parsed->empty()) sink->Empty();
    several_statements_ = parsed->size() > 1;
    for (size_t i = 0; i < parsed->size() && status.ok(); ++i) {
      status = co_await RunSimple(&(*parsed)[i], i + 1 == parsed->size(), sink);
    }
    several_statements_ = false;
  } else if (block_ == Block::kFailed && !HasSqlState(status, sqlstate::kSyntaxError)) {
    status = Error(sqlstate::kInFailedSqlTransaction, "current transaction is aborted, commands ignored until end of transaction block");
  }
  if (block_ == Block::kImplicit) {
    const Status ended = co_await EndImplicit(status.ok());
    if (status.ok()) status = ended;
  } else if (!status.ok()) {
    FailBlock();
  }
  for (const auto& [name, value] : settings_.TakeChanges()) sink->ParameterChanged(name, value);
  sink_ = nullptr;
  co_return status;
}

Task<Status> Session::RunSimple(const sql::parse::ParsedStatement* parsed, bool last, ResultSink* sink) {
  const Statement* statement = parsed->statement.get();
  CO_RETURN_IF_ERROR(CheckBlockAllows(*statement));
  if (KnownSettings().logs_statements) log::Info("statement: ", parsed->text);
  CO_RETURN_IF_ERROR(co_await BeginImplicit());
  statement_text_ = parsed->text;
  StatusOr<StatementResult> result = co_await Run(statement, nullptr, sink);
  statement_text_ = {};
  Status status = result.status();
  uint64_t rows = 0;
  if (status.ok()) {
    StatusOr<uint64_t> sent = co_await SendRows(*result, sink);
    status = sent.status();
    if (sent.ok()) rows = *sent;
  }
  if (!status.ok() && cancel_->cancelled.load()) status = CancelledStatus();
  if (status.ok() && last && block_ == Block::kImplicit) status = co_await EndImplicit(true);
  if (status.ok()) sink->Complete(result->count_rows ? StrCat(result->tag, " ", rows) : result->tag);
  if (timeout_timer_ != 0) services_.executor->Cancel(timeout_timer_);
  timeout_timer_ = 0;
  for (const auto& [name, value] : settings_.TakeChanges()) sink->ParameterChanged(name, value);
  co_return status;
}

Task<StatusOr<uint64_t>> Session::SendRows(const StatementResult& result, ResultSink* sink) {
  uint64_t count = 0;
  if (result.columns.has_value()) {
    sink->Describe(*result.columns);
    while (result.rows) {
      CO_ASSIGN_OR_RETURN(ColumnBatch batch, co_await result.rows->Next());
      if (batch.empty()) break;
      count += batch.rows();
      CO_RETURN_IF_ERROR(co_await AwaitSequences());
      CO_RETURN_IF_ERROR(co_await sink->Rows(std::move(batch)));
    }
  }
  co_return count;
}

Task<StatusOr<StatementResult>> Session::Run(const Statement* statement, const std::vector<Value>* parameters, ResultSink* sink) {
  {
    MutexLock lock(cancel_mutex_);
    cancel_reason_ = OkStatus();
  }
  cancel_->cancelled.store(false);
  sink_ = sink;
  RefreshContexts();
  ArmStatementTimeout();
  switch (statement->kind) {
    case StatementKind::kTransaction:
      co_return co_await RunTransaction(sql::parse::As<sql::parse::TransactionStatement>(*statement));
    case StatementKind::kSelect: co_return co_await RunSelect(statement, parameters);
    case StatementKind::kInsert:
    case StatementKind::kUpdate:
    case StatementKind::kDelete: co_return co_await RunModify(statement, parameters);
    case StatementKind::kExplain:
      co_return co_await RunExplain(sql::parse::As<sql::parse::ExplainStatement>(*statement), parameters);
    default: co_return co_await RunUtility(statement, parameters, sink);
  }
}

Task<void> Session::End() {
  services_.sessions->Remove(this);
  if (timeout_timer_ != 0) services_.executor->Cancel(timeout_timer_);
  portals_.clear();
  prepared_.clear();
  sink_ = nullptr;
  co_await RollbackBlock();
  StopListening();
  // A failure leaves them to the next start of the server, which drops all.
  const Status dropped = co_await DropTemporaries();
  if (!dropped.ok()) log::Warning("temporary objects of session ", identity_.process_id, " are still there: ", dropped.message());
}

}  // namespace tsd::coord
