// RPC between simulated nodes: flow control, cancellation, every way to lose a connection.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "net/rpc/client.h"
#include "net/rpc/server.h"
#include "tests/net/rpc/test_service.h"
#include "tests/support/sim_net.h"

namespace tsd::net::rpc {
namespace {

using sim::CrashKind;
using sim::SimLeaksAllowed;
using sim::SimNet;
using sim::SimNetOptions;
using sim::SimScheduler;

constexpr uint16_t kPort = 5432;

/// Two nodes: 0 calls, 1 serves.
class RpcSim : public ::testing::Test {
 protected:
  explicit RpcSim(uint64_t seed = 1) : scheduler_(seed), net_(&scheduler_, Random(seed)) {
    scheduler_.AddNode("an");
    scheduler_.AddNode("dn1");
    StartServer();
  }
  ~RpcSim() override {
    // Connections end in good order, so that no coroutine is left.
    clients_.clear();
    for (auto& connection : connections_) connection->Close();
    scheduler_.RunFor(absl::Hours(2));
  }

  void StartServer() {
    service_.executor = scheduler_.executor(1);
    auto listener = net_.transport(1)->Listen(Endpoint{"dn1", kPort}, [this](std::shared_ptr<Connection> connection) {
      RpcDeps deps{scheduler_.executor(1), scheduler_.clock(1), nullptr};
      auto server = RpcServerConnection::Create(deps, std::move(connection), "", &service_, "uuid-dn1", options_);
      connections_.push_back(server);
      Spawn(*scheduler_.executor(1), Serve(server, &running_servers_));
    });
    ASSERT_TRUE(listener.ok());
    listener_ = *std::move(listener);
  }
  static Task<void> Serve(std::shared_ptr<RpcServerConnection> server, int* running) {
    ++*running;
    co_await server->Run();
    --*running;
  }

  RpcClient* NewClient(std::string user = "postgres", std::string expected_uuid = "") {
    HelloInfo hello;
    hello.node_uuid = "uuid-an";
    hello.user = std::move(user);
    RpcDeps deps{scheduler_.executor(0), scheduler_.clock(0), net_.transport(0)};
    clients_.push_back(std::make_unique<RpcClient>(deps, Endpoint{"dn1", kPort}, hello, options_, std::move(expected_uuid)));
    return clients_.back().get();
  }

  /// Spawns on node 0.
  void Go(Task<void> task) { Spawn(*scheduler_.executor(0), std::move(task)); }
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit = absl::Seconds(60)) { return scheduler_.RunUntil(done, limit); }

  StatusOr<std::string> Call(RpcClient* client, Method method, std::string payload, absl::Duration timeout = absl::Seconds(10)) {
    auto result = std::make_shared<std::optional<StatusOr<std::string>>>();
    Go(CallInto(client, method, std::move(payload), timeout, result));
    if (!RunUntil([&] { return result->has_value(); })) return Error(sqlstate::kInternalError, "the call never ended");
    return **result;
  }
  static Task<void> CallInto(RpcClient* client, Method method, std::string payload, absl::Duration timeout,
                             std::shared_ptr<std::optional<StatusOr<std::string>>> result) {
    *result = co_await client->Call(method, std::move(payload), timeout);
  }
  std::shared_ptr<RpcStream> Open(RpcClient* client, Method method, std::string payload) {
    auto result = std::make_shared<std::optional<StatusOr<std::shared_ptr<RpcStream>>>>();
    Go(OpenInto(client, method, std::move(payload), result));
    if (!RunUntil([&] { return result->has_value(); }) || !(*result)->ok()) return nullptr;
    return ***result;
  }
  static Task<void> OpenInto(RpcClient* client, Method method, std::string payload,
                             std::shared_ptr<std::optional<StatusOr<std::shared_ptr<RpcStream>>>> result) {
    *result = co_await client->Open(method, std::move(payload));
  }

  struct Received {
    std::vector<std::string> messages;
    int64_t bytes = 0;
    std::optional<Status> end;
  };
  static Task<void> ReceiveAll(std::shared_ptr<RpcStream> stream, std::shared_ptr<Received> into) {
    while (true) {
      StatusOr<std::optional<std::string>> message = co_await stream->Receive();
      if (!message.ok() || !message->has_value()) {
        into->end = message.status();
        co_return;
      }
      into->bytes += static_cast<int64_t>((*message)->size());
      into->messages.push_back(**std::move(message));
    }
  }
  struct Sent {
    int count = 0;
    std::optional<Status> end;
  };
  static Task<void> SendMany(std::shared_ptr<RpcStream> stream, int count, size_t size, std::shared_ptr<Sent> into) {
    for (int i = 0; i < count; ++i) {
      std::string message = std::to_string(i);
      message.resize(std::max(size, message.size()), '.');
      Status status = co_await stream->Send(std::move(message));
      if (!status.ok()) {
        into->end = status;
        co_return;
      }
      ++into->count;
    }
    stream->Finish();
    into->end = OkStatus();
  }
  /// A bare connection to the server, to say what no client of ours says.
  std::shared_ptr<Connection> Dial() {
    Future<StatusOr<std::shared_ptr<Connection>>> future = net_.transport(0)->Connect(Endpoint{"dn1", kPort}, absl::Seconds(1));
    if (!RunUntil([&] { return future.ready(); })) return nullptr;
    return *future.Take();
  }
  /// True if the server ends `connection` within `limit`. The default is too short for the liveness check to be the reason.
  bool IsEnded(Connection* connection, absl::Duration limit = absl::Seconds(1)) {
    const absl::Duration end = scheduler_.now() + limit;
    while (true) {
      Future<StatusOr<std::string>> reading = connection->Read();
      if (!RunUntil([&] { return reading.ready(); }, end - scheduler_.now())) return false;
      StatusOr<std::string> bytes = reading.Take();
      if (!bytes.ok() || bytes->empty()) return true;
    }
  }
  void WriteRaw(Connection* connection, std::string bytes) {
    Future<Status> writing = connection->Write(std::move(bytes));
    EXPECT_TRUE(RunUntil([&] { return writing.ready(); }));
  }
  static Task<void> WriteOnce(std::shared_ptr<Connection> connection, std::string bytes) {
    Future<Status> writing = connection->Write(std::move(bytes));
    co_await writing;
  }
  std::string Greeting() {
    HelloInfo hello;
    hello.window_bytes = 1000;
    return StrCat(kRpcMagic, EncodeFrame(FrameType::kHello, 0, EncodeHello(hello)));
  }

  RpcOptions options_;
  SimScheduler scheduler_;
  SimNet net_;
  TestService service_;
  int running_servers_ = 0;
  std::unique_ptr<Listener> listener_;
  std::vector<std::shared_ptr<RpcServerConnection>> connections_;
  std::vector<std::unique_ptr<RpcClient>> clients_;
};

TEST_F(RpcSim, CallsAnswerAndFail) {
  RpcClient* client = NewClient("alice");
  EXPECT_EQ(*Call(client, kEcho, "hello"), "hello");
  EXPECT_EQ(*Call(client, kEcho, ""), "");
  const Status failed = Call(client, kFail, "").status();
  EXPECT_TRUE(HasSqlState(failed, sqlstate::kDivisionByZero));
  EXPECT_EQ(FieldsOf(failed).detail, "alice");
  EXPECT_TRUE(HasSqlState(Call(client, Method{99}, "").status(), sqlstate::kFeatureNotSupported));
  EXPECT_EQ(service_.hellos.size(), 1u) << "one connection for all";
  EXPECT_EQ(service_.hellos[0].node_uuid, "uuid-an");
}

TEST_F(RpcSim, BiggestMessagePassesBiggerIsRefused) {
  RpcClient* client = NewClient();
  const std::string big(kMaxMessageBytes, 'b');
  const StatusOr<std::string> echoed = Call(client, kEcho, big, absl::Seconds(60));
  ASSERT_TRUE(echoed.ok()) << echoed.status();
  EXPECT_TRUE(*echoed == big);
  EXPECT_TRUE(HasSqlState(Call(client, kEcho, big + "x").status(), sqlstate::kProgramLimitExceeded));
}

TEST_F(RpcSim, ManyConcurrentCallsAndStreams) {
  RpcClient* client = NewClient();
  std::vector<std::shared_ptr<std::optional<StatusOr<std::string>>>> calls;
  for (int i = 0; i < 200; ++i) {
    calls.push_back(std::make_shared<std::optional<StatusOr<std::string>>>());
    Go(CallInto(client, kEcho, std::to_string(i), absl::Seconds(20), calls.back()));
  }
  std::vector<std::shared_ptr<Received>> received;
  std::vector<std::shared_ptr<Sent>> sent;
  for (int i = 0; i < 30; ++i) {
    std::shared_ptr<RpcStream> stream = Open(client, kEchoStream, "");
    ASSERT_NE(stream, nullptr);
    received.push_back(std::make_shared<Received>());
    sent.push_back(std::make_shared<Sent>());
    Go(SendMany(stream, 50, 700, sent.back()));
    Go(ReceiveAll(stream, received.back()));
  }
  ASSERT_TRUE(RunUntil([&] {
    for (const auto& one : received) {
      if (!one->end.has_value()) return false;
    }
    for (const auto& one : calls) {
      if (!one->has_value()) return false;
    }
    return true;
  }));
  for (size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(***calls[i], std::to_string(i));
  for (const auto& one : received) {
    EXPECT_TRUE(one->end->ok());
    ASSERT_EQ(one->messages.size(), 50u);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(std::stoi(one->messages[static_cast<size_t>(i)]), i);
  }
  EXPECT_EQ(service_.hellos.size(), 1u);
  EXPECT_EQ(service_.cancelled, 0);
}

class RpcSimSmallWindow : public RpcSim {
 protected:
  RpcSimSmallWindow() { options_.window_bytes = 4000; }
};

TEST_F(RpcSimSmallWindow, SenderStopsAtTheWindowAndGoesOnWithTheReader) {
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> stream = Open(client, kProduce, "100 1000");
  ASSERT_NE(stream, nullptr);
  scheduler_.RunFor(absl::Seconds(30));
  EXPECT_GE(service_.produced, 3);
  EXPECT_LE(service_.produced, 4) << "sent beyond the window";
  auto received = std::make_shared<Received>();
  Go(ReceiveAll(stream, received));
  ASSERT_TRUE(RunUntil([&] { return received->end.has_value(); }));
  EXPECT_TRUE(received->end->ok());
  EXPECT_EQ(received->messages.size(), 100u);
}

TEST_F(RpcSimSmallWindow, EmptyMessagesAreBoundedToo) {
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> stream = Open(client, kIgnore, "");
  auto sent = std::make_shared<Sent>();
  Go(SendMany(stream, 100000, 0, sent));
  scheduler_.RunFor(absl::Seconds(5));
  EXPECT_LE(sent->count, 4000 / kMessageOverhead + 1);
  EXPECT_FALSE(sent->end.has_value());
  stream->Cancel(Error(sqlstate::kQueryCanceled, "enough"));
  ASSERT_TRUE(RunUntil([&] { return sent->end.has_value() && service_.cancelled == 1; }));
  EXPECT_TRUE(HasSqlState(*sent->end, sqlstate::kQueryCanceled));
}

TEST_F(RpcSimSmallWindow, MessageLargerThanTheWindowPasses) {
  RpcClient* client = NewClient();
  EXPECT_EQ(Call(client, kEcho, std::string(100000, 'x'))->size(), 100000u);
}

TEST_F(RpcSimSmallWindow, OneBlockedStreamDoesNotBlockOthers) {
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> blocked = Open(client, kProduce, "1000 1000");
  scheduler_.RunFor(absl::Seconds(1));
  EXPECT_EQ(*Call(client, kEcho, "still here"), "still here");
  blocked->Cancel(Error(sqlstate::kQueryCanceled, "x"));
  EXPECT_TRUE(RunUntil([&] { return service_.cancelled == 1; }));
}

TEST_F(RpcSim, HandlersErrorStopsTheSender) {
  options_.window_bytes = 4000;
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> stream = Open(client, kRefuse, "");
  auto sent = std::make_shared<Sent>();
  Go(SendMany(stream, 100000, 100, sent));
  ASSERT_TRUE(RunUntil([&] { return sent->end.has_value(); }));
  EXPECT_TRUE(HasSqlState(*sent->end, sqlstate::kUniqueViolation)) << *sent->end;
  auto received = std::make_shared<Received>();
  Go(ReceiveAll(stream, received));
  ASSERT_TRUE(RunUntil([&] { return received->end.has_value(); }));
  EXPECT_TRUE(HasSqlState(*received->end, sqlstate::kUniqueViolation)) << *received->end;
}

TEST_F(RpcSim, HandlerThatStopsReadingReleasesTheSenderAndItsAnswerStays) {
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> stream = Open(client, kFirstOnly, "");
  auto sent = std::make_shared<Sent>();
  Go(SendMany(stream, 1000000, 1000, sent));
  ASSERT_TRUE(RunUntil([&] { return sent->end.has_value(); }));
  EXPECT_FALSE(sent->end->ok());
  auto received = std::make_shared<Received>();
  Go(ReceiveAll(stream, received));
  ASSERT_TRUE(RunUntil([&] { return received->end.has_value(); }));
  EXPECT_TRUE(received->end->ok()) << *received->end;
}

TEST_F(RpcSim, ClientsErrorReachesTheHandlerAfterItsMessages) {
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> stream = Open(client, kEchoStream, "");
  auto sent = std::make_shared<Sent>();
  auto received = std::make_shared<Received>();
  Go(ReceiveAll(stream, received));
  Go([](std::shared_ptr<RpcStream> target, std::shared_ptr<Sent> into) -> Task<void> {
    Status status = co_await target->Send("one");
    target->Finish(Error(sqlstate::kQueryCanceled, "client gave up"));
    into->end = status;
  }(stream, sent));
  ASSERT_TRUE(RunUntil([&] { return received->end.has_value(); }));
  EXPECT_TRUE(HasSqlState(*received->end, sqlstate::kQueryCanceled)) << *received->end;
}

TEST_F(RpcSim, DroppingAStreamCancelsIt) {
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> stream = Open(client, kIgnore, "");
  ASSERT_TRUE(RunUntil([&] { return service_.streams == 1; }));
  EXPECT_EQ(service_.cancelled, 0);
  stream = nullptr;
  EXPECT_TRUE(RunUntil([&] { return service_.cancelled == 1; }));
}

TEST_F(RpcSim, CallTimesOutAsUnknownAndTheConnectionStays) {
  RpcClient* client = NewClient();
  const absl::Duration start = scheduler_.now();
  const Status status = Call(client, kNever, "", absl::Seconds(1)).status();
  EXPECT_TRUE(HasSqlState(status, sqlstate::kConnectionFailure)) << status;
  EXPECT_NEAR(absl::ToDoubleSeconds(scheduler_.now() - start), 1.0, 0.1);
  EXPECT_EQ(*Call(client, kEcho, "x"), "x");
  EXPECT_EQ(service_.hellos.size(), 1u);
}

TEST_F(RpcSim, EachCallHasItsOwnDeadline) {
  RpcClient* client = NewClient();
  const absl::Duration start = scheduler_.now();
  std::vector<std::pair<int, std::shared_ptr<std::optional<StatusOr<std::string>>>>> calls;
  for (const int seconds : {5, 2, 60, 2, 3}) {
    auto result = std::make_shared<std::optional<StatusOr<std::string>>>();
    Go(CallInto(client, kNever, "", absl::Seconds(seconds), result));
    calls.emplace_back(seconds, result);
  }
  for (const int second : {1, 2, 3, 4, 5}) {
    scheduler_.RunFor(start + absl::Seconds(second) + absl::Milliseconds(100) - scheduler_.now());
    for (const auto& [seconds, result] : calls) EXPECT_EQ(result->has_value(), seconds <= second) << seconds << " at " << second;
    EXPECT_EQ(*Call(client, kEcho, "x"), "x");
  }
  client->Close();
  ASSERT_TRUE(RunUntil([&] { return calls[2].second->has_value(); }));
  for (const auto& [seconds, result] : calls) EXPECT_TRUE(HasSqlState((*result)->status(), sqlstate::kConnectionFailure));
}

TEST_F(RpcSim, HostileAnswersEndTheirCallOnly) {
  std::vector<std::shared_ptr<Connection>> accepted;
  auto listener = net_.transport(1)->Listen(Endpoint{"dn1", kPort + 1}, [&](std::shared_ptr<Connection> connection) {
    HelloAck ack;
    ack.window_bytes = 1000;
    accepted.push_back(connection);
    Go(WriteOnce(std::move(connection), EncodeFrame(FrameType::kHelloAck, 0, EncodeHelloAck(ack))));
  });
  ASSERT_TRUE(listener.ok());
  HelloInfo hello;
  RpcDeps deps{scheduler_.executor(0), scheduler_.clock(0), net_.transport(0)};
  clients_.push_back(std::make_unique<RpcClient>(deps, Endpoint{"dn1", kPort + 1}, hello, options_));
  RpcClient* client = clients_.back().get();
  struct Case {
    std::string bytes;
    bool connection_stays;
  };
  const std::vector<Case> hostile = {
      {EncodeFrame(FrameType::kData, 1, "x"), false},
      {EncodeFrame(FrameType::kCredit, 1, EncodeCredit(1)), false},
      {EncodeFrame(FrameType::kAnswer, 7, "never asked"), false},
      {EncodeFrame(FrameType::kAnswer, 1, std::string(kMaxMessageBytes + 1, 'x')), false},
      {EncodeFrame(FrameType::kEnd, 1, ""), true},
      {EncodeFrame(FrameType::kReset, 2, ""), true},
      {EncodeFrame(FrameType::kAnswer, 2, "twice") + EncodeFrame(FrameType::kEnd, 3, "garbage"), true},
  };
  bool connected = false;
  for (const Case& attack : hostile) {
    const size_t connections = accepted.size();
    auto result = std::make_shared<std::optional<StatusOr<std::string>>>();
    Go(CallInto(client, kEcho, "", absl::Seconds(5), result));
    if (!connected) {
      ASSERT_TRUE(RunUntil([&] { return accepted.size() > connections; }));
    }
    scheduler_.RunFor(absl::Milliseconds(50));
    WriteRaw(accepted.back().get(), attack.bytes);
    ASSERT_TRUE(RunUntil([&] { return result->has_value(); }, absl::Seconds(1)));
    EXPECT_FALSE((*result)->ok());
    scheduler_.RunFor(absl::Milliseconds(50));
    EXPECT_EQ(client->IsConnected(), attack.connection_stays);
    connected = client->IsConnected();
  }
  EXPECT_EQ(*Call(NewClient(), kEcho, "alive"), "alive");
  for (const std::shared_ptr<Connection>& connection : accepted) connection->Close();
}

TEST_F(RpcSim, RefusedConnectionIsSurelyNotSentAndTriedAgainByTheNextCall) {
  listener_->Close();
  RpcClient* client = NewClient();
  Status status = Call(client, kEcho, "").status();
  EXPECT_TRUE(HasSqlState(status, sqlstate::kSqlclientUnableToConnect)) << status;
  EXPECT_EQ(status.message(), "Connection refused");
  StartServer();
  EXPECT_TRUE(Call(client, kEcho, "").ok());
}

TEST_F(RpcSim, ConnectTimeouts) {
  net_.Cut(0, 1);
  RpcClient* client = NewClient();
  absl::Duration start = scheduler_.now();
  Status status = Call(client, kEcho, "", absl::Milliseconds(300)).status();
  EXPECT_TRUE(HasSqlState(status, sqlstate::kSqlclientUnableToConnect)) << status;
  EXPECT_EQ(status.message(), "timeout expired");
  EXPECT_NEAR(absl::ToDoubleSeconds(scheduler_.now() - start), 0.3, 0.05) << "the call's own timeout covers connecting";
  scheduler_.RunFor(absl::Seconds(5));
  start = scheduler_.now();
  status = Call(client, kEcho, "", absl::Seconds(60)).status();
  EXPECT_TRUE(HasSqlState(status, sqlstate::kSqlclientUnableToConnect)) << status;
  EXPECT_NEAR(absl::ToDoubleSeconds(scheduler_.now() - start), 2.0, 0.1);
  start = scheduler_.now();
  EXPECT_FALSE(Call(client, kEcho, "", absl::Seconds(60)).ok());
  EXPECT_LT(absl::ToDoubleSeconds(scheduler_.now() - start), 0.05) << "a node that does not answer is not waited for by everybody";
}

TEST_F(RpcSim, HandshakeTimesOutToo) {
  // The connection comes about and then nothing answers.
  net_.Clog(1, 0, absl::Milliseconds(1));
  RpcClient* client = NewClient();
  auto result = std::make_shared<std::optional<StatusOr<std::string>>>();
  Go(CallInto(client, kEcho, "", absl::Seconds(60), result));
  ASSERT_TRUE(RunUntil([&] { return !connections_.empty(); }));
  net_.CutOneWay(1, 0);
  ASSERT_TRUE(RunUntil([&] { return result->has_value(); }, absl::Seconds(3)));
  EXPECT_TRUE(HasSqlState((*result)->status(), sqlstate::kSqlclientUnableToConnect)) << (*result)->status();
}

TEST_F(RpcSim, RefusedHelloSaysWhy) {
  const Status status = Call(NewClient("mallory"), kEcho, "").status();
  EXPECT_TRUE(HasSqlState(status, sqlstate::kInvalidAuthorization)) << status;
  EXPECT_EQ(status.message(), "no pg_hba entry");
  EXPECT_EQ(service_.calls, 0);
  const Status other = Call(NewClient("bob", "uuid-of-another"), kEcho, "").status();
  EXPECT_TRUE(HasSqlState(other, sqlstate::kSqlclientUnableToConnect)) << other;
}

TEST_F(RpcSim, ResetFailsAllWithOutcomeUnknownAndTheNextCallReconnects) {
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> stream = Open(client, kIgnore, "");
  auto received = std::make_shared<Received>();
  Go(ReceiveAll(stream, received));
  auto call = std::make_shared<std::optional<StatusOr<std::string>>>();
  Go(CallInto(client, kNever, "", absl::Hours(1), call));
  ASSERT_TRUE(RunUntil([&] { return service_.calls == 1 && service_.streams == 1; }));
  net_.Reset(0, 1);
  ASSERT_TRUE(RunUntil([&] { return received->end.has_value() && call->has_value() && service_.cancelled == 1; }, absl::Seconds(1)));
  EXPECT_TRUE(HasSqlState(*received->end, sqlstate::kConnectionFailure));
  EXPECT_TRUE(HasSqlState((*call)->status(), sqlstate::kConnectionFailure));
  EXPECT_TRUE(stream->IsCancelled());
  EXPECT_EQ(*Call(client, kEcho, "again"), "again");
  EXPECT_EQ(service_.hellos.size(), 2u);
}

TEST_F(RpcSim, DeadPeerIsNoticedWithoutTcpErrors) {
  for (const bool outgoing : {true, false}) {
    RpcClient* client = NewClient();
    std::shared_ptr<RpcStream> stream = Open(client, kIgnore, "");
    auto received = std::make_shared<Received>();
    Go(ReceiveAll(stream, received));
    const int cancelled = service_.cancelled;
    scheduler_.RunFor(absl::Seconds(20));
    EXPECT_FALSE(received->end.has_value()) << "idle is not dead";
    const absl::Duration start = scheduler_.now();
    outgoing ? net_.CutOneWay(0, 1) : net_.CutOneWay(1, 0);
    ASSERT_TRUE(RunUntil([&] { return received->end.has_value(); }, absl::Seconds(30)));
    EXPECT_LE(scheduler_.now() - start, absl::Seconds(5.5));
    EXPECT_TRUE(HasSqlState(*received->end, sqlstate::kConnectionFailure)) << *received->end;
    net_.Heal();
    ASSERT_TRUE(RunUntil([&] { return service_.cancelled == cancelled + 1; }, absl::Seconds(30)));
  }
}

TEST_F(RpcSim, ClientCloseEndsEverything) {
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> stream = Open(client, kIgnore, "");
  auto received = std::make_shared<Received>();
  Go(ReceiveAll(stream, received));
  client->Close();
  ASSERT_TRUE(RunUntil([&] { return received->end.has_value() && running_servers_ == 0; }));
  EXPECT_TRUE(HasSqlState(Call(client, kEcho, "").status(), sqlstate::kSqlclientUnableToConnect));
}

TEST_F(RpcSim, ShutdownLetsRunningCallsEndAndRefusesNewOnes) {
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> stream = Open(client, kEchoStream, "");
  ASSERT_TRUE(RunUntil([&] { return service_.streams == 1; }));
  connections_[0]->Shutdown(absl::Seconds(10));
  const Status refused = Call(client, kEcho, "").status();
  EXPECT_TRUE(HasSqlState(refused, sqlstate::kSqlclientUnableToConnect)) << refused;
  auto received = std::make_shared<Received>();
  auto sent = std::make_shared<Sent>();
  Go(ReceiveAll(stream, received));
  Go(SendMany(stream, 10, 10, sent));
  ASSERT_TRUE(RunUntil([&] { return received->end.has_value() && running_servers_ == 0; }, absl::Seconds(5)));
  EXPECT_TRUE(received->end->ok()) << *received->end;
  EXPECT_EQ(received->messages.size(), 10u);
}

TEST_F(RpcSim, ShutdownCutsAfterTheGrace) {
  RpcClient* client = NewClient();
  std::shared_ptr<RpcStream> stream = Open(client, kIgnore, "");
  ASSERT_TRUE(RunUntil([&] { return service_.streams == 1; }));
  connections_[0]->Shutdown(absl::Seconds(1));
  ASSERT_TRUE(RunUntil([&] { return running_servers_ == 0 && stream->IsCancelled(); }, absl::Seconds(3)));
}

TEST_F(RpcSim, TooManyStreams) {
  options_.max_streams = 3;
  RpcClient* client = NewClient();
  std::vector<std::shared_ptr<RpcStream>> streams;
  for (int i = 0; i < 3; ++i) streams.push_back(Open(client, kIgnore, ""));
  ASSERT_TRUE(RunUntil([&] { return service_.streams == 3; }));
  EXPECT_TRUE(HasSqlState(Call(client, kEcho, "").status(), sqlstate::kTooManyConnections));
  streams.clear();
  scheduler_.RunFor(absl::Seconds(1));
  EXPECT_TRUE(Call(client, kEcho, "").ok());
}

TEST_F(RpcSim, HostileBytesEndTheConnectionOnly) {
  const std::vector<std::string> hostile = {
      "GET / HTTP/1.1\r\n\r\n",
      std::string(kRpcMagic) + std::string(100, '\0'),
      std::string(kRpcMagic) + EncodeFrame(FrameType::kOpen, 1, EncodeOpenHead({kEcho, StreamKind::kCall, 0})),
      std::string(kRpcMagic) + EncodeFrame(FrameType::kHello, 0, "garbage"),
      Greeting() + EncodeFrame(FrameType::kHello, 0, "again"),
      Greeting() + EncodeFrame(FrameType::kData, 7, "never opened"),
      Greeting() + EncodeFrame(FrameType::kData, 0, "zero"),
      Greeting() + EncodeFrame(FrameType::kOpen, 5, "x"),
      Greeting() + EncodeFrame(FrameType::kOpen, 0, EncodeOpenHead({kIgnore, StreamKind::kStream, 0})),
      Greeting() + EncodeFrame(FrameType::kOpen, 5, EncodeOpenHead({kIgnore, StreamKind::kStream, 0})) +
          EncodeFrame(FrameType::kOpen, 5, EncodeOpenHead({kIgnore, StreamKind::kStream, 0})),
      Greeting() + EncodeFrame(FrameType::kOpen, 5, EncodeOpenHead({kIgnore, StreamKind::kStream, 0})) +
          EncodeFrame(FrameType::kCredit, 5, EncodeCredit(1)),
      Greeting() + EncodeFrame(FrameType::kOpen, 5, EncodeOpenHead({kIgnore, StreamKind::kStream, 0})) +
          EncodeFrame(FrameType::kEnd, 5, "") + EncodeFrame(FrameType::kData, 5, "after the end"),
      Greeting() + EncodeFrame(FrameType::kOpen, 5, EncodeOpenHead({kIgnore, StreamKind::kStream, 0})) +
          EncodeFrame(FrameType::kAnswer, 5, "from a client"),
  };
  for (size_t i = 0; i < hostile.size(); ++i) {
    std::shared_ptr<Connection> connection = Dial();
    ASSERT_NE(connection, nullptr);
    WriteRaw(connection.get(), hostile[i]);
    EXPECT_TRUE(IsEnded(connection.get())) << i;
  }
  // A peer that ignores credits.
  std::shared_ptr<Connection> connection = Dial();
  WriteRaw(connection.get(), Greeting() + EncodeFrame(FrameType::kOpen, 1, EncodeOpenHead({kIgnore, StreamKind::kStream, 0})));
  std::string flood;
  for (int i = 0; i < 6; ++i) flood += EncodeFrame(FrameType::kData, 1, std::string(1u << 20, 'f'));
  WriteRaw(connection.get(), std::move(flood));
  EXPECT_TRUE(IsEnded(connection.get()));
  EXPECT_EQ(*Call(NewClient(), kEcho, "alive"), "alive");
}

TEST_F(RpcSim, RandomBytesBehindTheGreeting) {
  Random random(5);
  for (int i = 0; i < 60; ++i) {
    std::shared_ptr<Connection> connection = Dial();
    std::string bytes = random.Chance(0.7) ? Greeting() : std::string(kRpcMagic.substr(0, random.Below(9)));
    const size_t size = 20 + random.Below(300);
    for (size_t k = 0; k < size; ++k) bytes.push_back(static_cast<char>(random.Next()));
    WriteRaw(connection.get(), std::move(bytes));
    scheduler_.RunFor(absl::Milliseconds(50));
    connection->Close();
  }
  EXPECT_EQ(*Call(NewClient(), kEcho, "alive"), "alive");
}

TEST_F(RpcSim, SilentClientIsDropped) {
  std::shared_ptr<Connection> connection = Dial();
  WriteRaw(connection.get(), "TSD");
  EXPECT_TRUE(IsEnded(connection.get(), absl::Seconds(6)));
  EXPECT_TRUE(RunUntil([&] { return running_servers_ == 0; }));
}

TEST_F(RpcSim, CorruptedBytesAreNoticed) {
  RpcClient* client = NewClient();
  ASSERT_TRUE(Call(client, kEcho, "warm").ok());
  SimNetOptions options;
  options.corrupt_probability = 0.2;
  net_.SetOptions(options);
  int failed = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string payload(static_cast<size_t>(100 + i), static_cast<char>('a' + i % 26));
    const StatusOr<std::string> answer = Call(client, kEcho, payload, absl::Seconds(10));
    if (answer.ok()) {
      ASSERT_EQ(*answer, payload);
    } else {
      ++failed;
      scheduler_.RunFor(absl::Milliseconds(300));
    }
  }
  EXPECT_GT(failed, 5);
}

TEST_F(RpcSim, ServerCrashAndRestart) {
  SimLeaksAllowed leaks;
  for (const CrashKind kind : {CrashKind::kProcess, CrashKind::kMachine}) {
    RpcClient* client = NewClient();
    auto call = std::make_shared<std::optional<StatusOr<std::string>>>();
    const int calls = service_.calls;
    Go(CallInto(client, kNever, "", absl::Hours(1), call));
    ASSERT_TRUE(RunUntil([&] { return service_.calls == calls + 1; }));
    net_.Crash(1, kind);
    ASSERT_TRUE(RunUntil([&] { return call->has_value(); }, absl::Seconds(6)));
    EXPECT_TRUE(HasSqlState((*call)->status(), sqlstate::kConnectionFailure));
    EXPECT_TRUE(HasSqlState(Call(client, kEcho, "").status(), sqlstate::kSqlclientUnableToConnect));
    connections_.clear();
    net_.Restart(1);
    StartServer();
    scheduler_.RunFor(absl::Seconds(3));
    EXPECT_EQ(*Call(client, kEcho, "back"), "back");
  }
}

// Whatever the network does, each call ends in time, and after healing all works; a stream gives a prefix in order.
class RpcSimChaos : public RpcSim, public ::testing::WithParamInterface<uint64_t> {
 protected:
  RpcSimChaos() : RpcSim(GetParam()) {}
};

TEST_P(RpcSimChaos, EverythingEndsAndHeals) {
  Random random = Random(GetParam()).Fork("chaos");
  RpcClient* client = NewClient();
  options_.window_bytes = 20000;
  std::vector<std::shared_ptr<std::optional<StatusOr<std::string>>>> calls;
  std::vector<std::shared_ptr<Received>> received;
  SimNetOptions options;
  options.reset_probability = 0.005;
  options.corrupt_probability = 0.002;
  options.refuse_probability = 0.1;
  options.mean_extra_delay = absl::Milliseconds(2);
  net_.SetOptions(options);
  for (int step = 0; step < 60; ++step) {
    calls.push_back(std::make_shared<std::optional<StatusOr<std::string>>>());
    Go(CallInto(client, kEcho, std::to_string(step), absl::Seconds(3), calls.back()));
    received.push_back(std::make_shared<Received>());
    Go([](RpcClient* from, std::shared_ptr<Received> into) -> Task<void> {
      StatusOr<std::shared_ptr<RpcStream>> stream = co_await from->Open(kProduce, "200 900");
      if (!stream.ok()) {
        into->end = stream.status();
        co_return;
      }
      co_await ReceiveAll(*stream, into);
    }(client, received.back()));
    switch (random.Below(8)) {
      case 0: net_.Clog(0, 1, absl::Milliseconds(random.Between(1, 3000))); break;
      case 1: net_.Clog(1, 0, absl::Milliseconds(random.Between(1, 3000))); break;
      case 2: net_.Reset(0, 1); break;
      case 3: net_.CutOneWay(static_cast<int>(random.Below(2)), static_cast<int>(random.Below(2))); break;
      default: break;
    }
    scheduler_.RunFor(absl::Milliseconds(random.Between(1, 500)));
    if (random.Chance(0.2)) {
      net_.Heal();
      net_.SetOptions(options);
    }
  }
  net_.Heal();
  scheduler_.RunFor(absl::Seconds(30));
  int ok = 0;
  for (size_t i = 0; i < calls.size(); ++i) {
    ASSERT_TRUE(calls[i]->has_value()) << i;
    if ((*calls[i])->ok()) {
      EXPECT_EQ(***calls[i], std::to_string(i));
      ++ok;
    } else {
      const std::string state = SqlStateOf((*calls[i])->status());
      EXPECT_TRUE(state == sqlstate::kConnectionFailure || state == sqlstate::kSqlclientUnableToConnect) << (*calls[i])->status();
    }
  }
  EXPECT_GT(ok, 0);
  for (const auto& one : received) {
    ASSERT_TRUE(one->end.has_value());
    for (size_t i = 0; i < one->messages.size(); ++i) ASSERT_EQ(std::stoul(one->messages[i]), i);
    if (one->end->ok()) {
      EXPECT_EQ(one->messages.size(), 200u);
    }
  }
  EXPECT_TRUE(Call(client, kEcho, "healed").ok());
}
INSTANTIATE_TEST_SUITE_P(Seeds, RpcSimChaos, ::testing::Range<uint64_t>(1, 16));

TEST(RpcSimDeterminism, SameSeedSameTrace) {
  const auto run = [](uint64_t seed) {
    SimScheduler scheduler(seed);
    SimNet net(&scheduler, Random(seed));
    scheduler.AddNode("an");
    scheduler.AddNode("dn1");
    TestService service;
    auto listener = net.transport(1)->Listen(Endpoint{"dn1", kPort}, [&](std::shared_ptr<Connection> connection) {
      RpcDeps deps{scheduler.executor(1), scheduler.clock(1), nullptr};
      Spawn(*scheduler.executor(1), RpcServerConnection::Create(deps, std::move(connection), "", &service, "u")->Run());
    });
    RpcClient client(RpcDeps{scheduler.executor(0), scheduler.clock(0), net.transport(0)}, Endpoint{"dn1", kPort}, HelloInfo{});
    for (int i = 0; i < 20; ++i) {
      Spawn(*scheduler.executor(0), [](RpcClient* from) -> Task<void> {
        StatusOr<std::string> answer = co_await from->Call(kEcho, "x", absl::Seconds(5));
        EXPECT_TRUE(answer.ok());
      }(&client));
    }
    scheduler.RunFor(absl::Seconds(10));
    client.Close();
    scheduler.RunFor(absl::Seconds(10));
    return scheduler.TraceHash();
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

}  // namespace
}  // namespace tsd::net::rpc
