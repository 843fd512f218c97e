#pragma once
// Doubles for the session tests: an executor run by hand in virtual time, a connection held in memory, a handler that understands a few
// made-up statements. Everything runs on the test's thread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/executor.h"
#include "engine/base/random.h"
#include "engine/base/strings.h"
#include "net/pg/session.h"

namespace tsd::net::pg {

class ManualExecutor final : public Executor {
 public:
  void Post(absl::AnyInvocable<void()> task) override { queue_.push_back(std::move(task)); }
  TimerId PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) override {
    const TimerId id = next_++;
    timers_.emplace(std::make_pair(now_ + delay, id), std::move(task));
    return id;
  }
  void Cancel(TimerId timer) override {
    for (auto it = timers_.begin(); it != timers_.end(); ++it) {
      if (it->first.second != timer) continue;
      timers_.erase(it);
      return;
    }
  }
  /// From now on tasks run in no order.
  void Shuffle(uint64_t seed) { shuffle_.emplace(seed); }
  void Run() {
    while (!queue_.empty()) {
      if (shuffle_.has_value()) std::swap(queue_.front(), queue_[shuffle_->Below(queue_.size())]);
      absl::AnyInvocable<void()> task = std::move(queue_.front());
      queue_.pop_front();
      task();
    }
  }
  void Advance(absl::Duration by) {
    now_ += by;
    while (!timers_.empty() && timers_.begin()->first.first <= now_) {
      absl::AnyInvocable<void()> task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      task();
      Run();
    }
    Run();
  }
  size_t timer_count() const { return timers_.size(); }

 private:
  std::deque<absl::AnyInvocable<void()>> queue_;
  std::map<std::pair<absl::Duration, TimerId>, absl::AnyInvocable<void()>> timers_;
  absl::Duration now_;
  TimerId next_ = 1;
  std::optional<Random> shuffle_;
};

class FakeConnection final : public Connection {
 public:
  explicit FakeConnection(std::string peer = "127.0.0.1") : peer_(std::move(peer)) {}

  // ---- the server's side ----
  Future<StatusOr<std::string>> Read() override {
    EXPECT_FALSE(reader_.has_value()) << "two reads at once";
    reader_.emplace();
    auto future = reader_->future();
    Deliver();
    return future;
  }
  Future<Status> Write(std::string bytes) override {
    EXPECT_FALSE(writer_.has_value()) << "two writes at once";
    if (closed_ || broken_) return ReadyFuture<Status>(Lost());
    output_ += bytes;
    if (!stalled_) return ReadyFuture<Status>(OkStatus());
    writer_.emplace();
    return writer_->future();
  }
  void Close() override {
    closed_ = true;
    Deliver();
    ReleaseWriter();
  }
  Endpoint Peer() const override { return {peer_, 40000}; }
  Endpoint Local() const override { return {"127.0.0.1", 5432}; }

  // ---- the client's side ----
  void Send(std::string_view bytes) {
    input_ += bytes;
    Deliver();
  }
  /// No more bytes from the client.
  void End() {
    ended_ = true;
    Deliver();
  }
  void Break() {
    broken_ = true;
    Deliver();
    ReleaseWriter();
  }
  void SetReadLimit(size_t bytes) { read_limit_ = bytes; }
  /// The client stops taking bytes, or takes them again.
  void Stall(bool stalled) {
    stalled_ = stalled;
    if (!stalled) ReleaseWriter();
  }
  bool closed() const { return closed_; }
  bool reading() const { return reader_.has_value(); }
  size_t unread() const { return input_.size(); }
  std::string TakeOutput() { return std::exchange(output_, std::string()); }

 private:
  static Status Lost() { return Error(sqlstate::kConnectionFailure, "connection closed"); }
  void Deliver() {
    if (!reader_.has_value()) return;
    StatusOr<std::string> result = std::string();
    if (closed_ || broken_) {
      result = Lost();
    } else if (!input_.empty()) {
      const size_t count = std::min(read_limit_, input_.size());
      result = input_.substr(0, count);
      input_.erase(0, count);
    } else if (!ended_) {
      return;
    }
    Promise<StatusOr<std::string>> reader = *std::exchange(reader_, std::nullopt);
    reader.Set(std::move(result));
  }
  void ReleaseWriter() {
    if (!writer_.has_value()) return;
    Promise<Status> writer = *std::exchange(writer_, std::nullopt);
    writer.Set(closed_ || broken_ ? Lost() : OkStatus());
  }

  const std::string peer_;
  std::string input_, output_;
  std::optional<Promise<StatusOr<std::string>>> reader_;
  std::optional<Promise<Status>> writer_;
  size_t read_limit_ = 256 * 1024;
  bool ended_ = false, closed_ = false, broken_ = false, stalled_ = false;
};

class FakeTransport final : public Transport {
 public:
  StatusOr<std::unique_ptr<Listener>> Listen(const Endpoint&, std::function<void(std::shared_ptr<Connection>)>) override {
    return Error(sqlstate::kFeatureNotSupported, "no listening here");
  }
  Future<StatusOr<std::shared_ptr<Connection>>> Connect(const Endpoint&, absl::Duration) override {
    return ReadyFuture<StatusOr<std::shared_ptr<Connection>>>(Error(sqlstate::kSqlclientUnableToConnect, "no"));
  }
  Future<StatusOr<std::vector<std::string>>> Resolve(const std::string& host) override {
    ++resolves;
    auto found = names.find(host);
    if (found == names.end()) {
      return ReadyFuture<StatusOr<std::vector<std::string>>>(Error(sqlstate::kSqlclientUnableToConnect, "unknown host"));
    }
    return ReadyFuture<StatusOr<std::vector<std::string>>>(found->second);
  }
  std::vector<std::pair<std::string, int>> InterfaceAddresses() override { return interfaces; }

  std::map<std::string, std::vector<std::string>> names;
  std::vector<std::pair<std::string, int>> interfaces = {{"127.0.0.1", 8}, {"10.1.2.3", 24}, {"::1", 128}};
  int resolves = 0;
};

class FakeClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch() + now; }
  absl::Duration Monotonic() const override { return now; }
  absl::Duration now;
};

/// Statements: "" | "select N" | "error" | "copy in" | "copy in early" (fails after the first slice) | "copy in quit" (stops reading)
/// | "copy out" | "hang" (until cancelled) | "begin" | "commit" | "notice" | "set". A Q text may hold several, split at ';'.
class FakeHandler final : public SessionHandler {
 public:
  Task<Status> SimpleQuery(std::string text, ResultSink* sink) override;
  Task<Status> Parse(std::string name, std::string text, std::vector<uint32_t> parameter_oids) override;
  Task<StatusOr<StatementDescription>> DescribeStatement(std::string name) override;
  Task<Status> Bind(std::string portal, std::string statement, std::vector<ParameterValue> parameters,
                    std::vector<int16_t> result_formats) override;
  Task<StatusOr<std::optional<RowDescription>>> DescribePortal(std::string portal) override;
  std::vector<int16_t> PortalFormats(const std::string& portal) override;
  Task<StatusOr<bool>> Execute(std::string portal, uint64_t max_rows, ResultSink* sink) override;
  void CloseStatement(const std::string& name) override { statements.erase(name); }
  void ClosePortal(const std::string& name) override { portals.erase(name); }
  Task<Status> Sync(ResultSink*) override {
    ++syncs;
    if (failed && status != TransactionStatus::kIdle) status = TransactionStatus::kFailed;
    failed = false;
    co_return sync_result;
  }
  void Failed() override { failed = true; }
  TransactionStatus transaction_status() const override { return status; }
  const TextContext& text_context() const override { return context; }
  StatusOr<std::vector<Notification>> TakeNotifications() override { return std::exchange(notifications, {}); }
  void OnNotification(absl::AnyInvocable<void()> w) override { wake = std::move(w); }
  void Cancel(Status reason) override {
    ++cancels;
    hang.Set(std::move(reason));
  }
  Task<void> End() override {
    ++ends;
    co_return;
  }

  struct Portal {
    std::string text;
    std::vector<int16_t> formats;
    uint64_t sent = 0;
  };
  std::vector<Notification> notifications;
  absl::AnyInvocable<void()> wake;
  TextContext context;
  TransactionStatus status = TransactionStatus::kIdle;
  std::map<std::string, std::string> statements;
  std::map<std::string, Portal> portals;
  std::vector<ParameterValue> parameters;
  std::deque<std::string> parameter_bytes;  // of parameters
  std::string copied;
  Status sync_result;
  int syncs = 0, cancels = 0, ends = 0;
  bool failed = false;
  Promise<Status> hang;

 private:
  Task<Status> RunOne(std::string text, bool describe, uint64_t* limit, uint64_t skip, ResultSink* sink);
  Task<Status> CopyIn(std::string text, ResultSink* sink);
};

class FakeFactory final : public SessionFactory {
 public:
  Task<StatusOr<std::shared_ptr<SessionHandler>>> Open(
      StartupParameters given, Endpoint, int32_t process_id,
      std::vector<std::pair<std::string, std::string>>* initial_parameters) override {
    startup = given;
    if (!refuse.ok()) co_return refuse;
    last_process_id = process_id;
    initial_parameters->emplace_back("server_version", "15.0");
    auto made = std::make_shared<FakeHandler>();
    handlers.push_back(made);
    co_return std::shared_ptr<SessionHandler>(std::move(made));
  }
  StartupParameters startup;
  Status refuse;
  int32_t last_process_id = 0;
  std::vector<std::shared_ptr<FakeHandler>> handlers;
};

// ---- what a client writes ----
inline std::string Be16(uint16_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
inline std::string Be32(uint32_t value) { return Be16(static_cast<uint16_t>(value >> 16)) + Be16(static_cast<uint16_t>(value)); }
inline std::string Z(std::string_view text) { return std::string(text) + '\0'; }
inline std::string Message(char type, std::string_view body = {}) {
  return std::string(1, type) + Be32(static_cast<uint32_t>(body.size() + 4)) + std::string(body);
}
inline std::string Packet(std::string_view body) { return Be32(static_cast<uint32_t>(body.size() + 4)) + std::string(body); }
inline std::string StartupFor(std::string_view user, std::string_view more = {}) {
  return Packet(Be32(196608) + Z("user") + Z(user) + std::string(more) + '\0');
}
inline std::string Query(std::string_view text) { return Message('Q', Z(text)); }
inline std::string ParseMsg(std::string_view name, std::string_view text) { return Message('P', Z(name) + Z(text) + Be16(0)); }
inline std::string BindMsg(std::string_view portal, std::string_view statement, std::string_view formats = {}) {
  return Message('B', Z(portal) + Z(statement) + Be16(0) + Be16(0) + (formats.empty() ? Be16(0) : std::string(formats)));
}
inline std::string ExecuteMsg(std::string_view portal, uint32_t rows = 0) { return Message('E', Z(portal) + Be32(rows)); }

/// What the server wrote, one short text a message: "Z:I", "E:42601 message", "D:1|row", "C:SELECT 1", "T:a,b" ...
std::vector<std::string> Read(std::string_view bytes);

/// A server with one session factory, and as many connections as a test opens.
struct SessionFixture {
  explicit SessionFixture(PgServerOptions options = {}, TlsAcceptor* tls = nullptr);
  /// Ends what still lives.
  ~SessionFixture();
  std::shared_ptr<FakeConnection> Connect(std::string initial = {}, std::string peer = "127.0.0.1");
  /// A connection past its greeting, whose output was read.
  std::shared_ptr<FakeConnection> LogIn();
  /// Sends, runs, returns what came back.
  std::vector<std::string> Say(FakeConnection& connection, std::string_view bytes);
  FakeHandler& handler() { return *factory.handlers.back(); }

  ManualExecutor executor;
  FakeTransport transport;
  FakeClock clock;
  HbaRules hba;
  TrustAuthenticator authenticator;
  FakeFactory factory;
  PgServerContext context;
  std::vector<std::shared_ptr<FakeConnection>> connections;
};

}  // namespace tsd::net::pg
