// RPC over real sockets and threads: the same code as in the simulator, now with races.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/strings.h"
#include "engine/base/thread_pool.h"
#include "net/rpc/client.h"
#include "net/rpc/server.h"
#include "net/transport/asio_transport.h"

namespace tsd::net::rpc {
namespace {

constexpr Method kRacedEcho{200};
constexpr Method kRacedNever{202};
constexpr Method kRacedEchoStream{210};
constexpr Method kRacedProduce{211};

class EchoService final : public RpcService {
 public:
  Task<Status> Authorize(HelloInfo, Endpoint) override { co_return OkStatus(); }
  Task<StatusOr<std::string>> HandleCall(Method method, std::string payload, const PeerInfo&) override {
    if (method == kRacedNever) co_await SleepFor{absl::Milliseconds(800)};
    co_return payload;
  }
  Task<Status> HandleStream(Method method, std::string payload, std::shared_ptr<RpcStream> stream, const PeerInfo&) override {
    if (method == kRacedProduce) {
      while (true) {
        Status sent = co_await stream->Send(payload);
        if (!sent.ok()) co_return sent;
      }
    }
    while (true) {
      StatusOr<std::optional<std::string>> message = co_await stream->Receive();
      if (!message.ok()) co_return message.status();
      if (!message->has_value()) co_return OkStatus();
      Status sent = co_await stream->Send(**std::move(message));
      if (!sent.ok()) co_return sent;
    }
  }
};

/// Server and client in one process, over loopback. Reads the first bytes itself, as the shared port's owner does.
class RpcAsio : public ::testing::Test {
 protected:
  RpcAsio() {
    transport_ = *AsioTransport::Create();
    auto listener = transport_->Listen(Endpoint{"127.0.0.1", 0}, [this](std::shared_ptr<Connection> connection) {
      Spawn(workers_, Serve(this, std::move(connection)));
    });
    listener_ = *std::move(listener);
    client_ = NewClient();
  }
  ~RpcAsio() override {
    client_ = nullptr;
    listener_ = nullptr;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      for (auto& connection : connections_) connection->Close();
    }
    EXPECT_TRUE(Wait([&] { return running_ == 0; }));
    transport_ = nullptr;
    workers_.Shutdown();
  }
  std::unique_ptr<RpcClient> NewClient() {
    return std::make_unique<RpcClient>(RpcDeps{&workers_, &clock_, transport_.get()}, listener_->Address(), HelloInfo{});
  }
  static Task<void> Serve(RpcAsio* self, std::shared_ptr<Connection> connection) {
    ++self->running_;
    Future<StatusOr<std::string>> reading = connection->Read();
    StatusOr<std::string> first = co_await reading;
    if (first.ok()) {
      RpcDeps deps{&self->workers_, &self->clock_, nullptr};
      auto server = RpcServerConnection::Create(deps, connection, *std::move(first), &self->service_, "uuid");
      {
        std::lock_guard<std::mutex> lock(self->mutex_);
        self->connections_.push_back(server);
      }
      co_await server->Run();
    }
    --self->running_;
  }
  template <typename Predicate>
  bool Wait(Predicate done) {
    for (int i = 0; i < 20000 && !done(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return done();
  }

  RealClock clock_;
  ThreadPool workers_{"test", 4};
  EchoService service_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<RpcServerConnection>> connections_;
  std::atomic<int> running_{0};
  std::unique_ptr<AsioTransport> transport_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<RpcClient> client_;
};

Task<void> CallMany(RpcClient* client, int count, std::atomic<int>* good, std::atomic<int>* ended) {
  for (int i = 0; i < count; ++i) {
    std::string payload(static_cast<size_t>(i * 37), static_cast<char>('a' + i % 26));
    StatusOr<std::string> answer = co_await client->Call(kRacedEcho, payload, absl::Seconds(10));
    if (answer.ok() && *answer == payload) ++*good;
  }
  ++*ended;
}

TEST_F(RpcAsio, ConcurrentCalls) {
  std::atomic<int> good{0}, ended{0};
  for (int i = 0; i < 16; ++i) Spawn(workers_, CallMany(client_.get(), 50, &good, &ended));
  ASSERT_TRUE(Wait([&] { return ended == 16; }));
  EXPECT_EQ(good, 800);
}

Task<void> SendAll(std::shared_ptr<RpcStream> stream, int count, size_t size) {
  for (int i = 0; i < count; ++i) {
    Status sent = co_await stream->Send(std::string(size, static_cast<char>('a' + i % 26)));
    if (!sent.ok()) co_return;
  }
  stream->Finish();
}
Task<void> EchoThrough(Executor* executor, RpcClient* client, int count, size_t size, std::atomic<int>* good, std::atomic<int>* ended) {
  StatusOr<std::shared_ptr<RpcStream>> stream = co_await client->Open(kRacedEchoStream, "");
  if (stream.ok()) {
    Spawn(*executor, SendAll(*stream, count, size));
    int received = 0;
    while (true) {
      StatusOr<std::optional<std::string>> message = co_await (*stream)->Receive();
      if (!message.ok() || !message->has_value()) break;
      if ((*message)->size() == size && (**message)[0] == static_cast<char>('a' + received % 26)) ++received;
    }
    if (received == count) ++*good;
  }
  ++*ended;
}

TEST_F(RpcAsio, ConcurrentStreamsBeyondTheirWindows) {
  std::atomic<int> good{0}, ended{0};
  for (int i = 0; i < 6; ++i) Spawn(workers_, EchoThrough(&workers_, client_.get(), 40, 300000, &good, &ended));
  for (int i = 0; i < 6; ++i) Spawn(workers_, EchoThrough(&workers_, client_.get(), 2000, 20, &good, &ended));
  ASSERT_TRUE(Wait([&] { return ended == 12; }));
  EXPECT_EQ(good, 12);
}

Task<void> CallInto(RpcClient* client, Method method, absl::Duration timeout, Promise<StatusOr<std::string>> result) {
  StatusOr<std::string> answer = co_await client->Call(method, "x", timeout);
  result.Set(std::move(answer));
}

TEST_F(RpcAsio, TimeoutThenAnotherCall) {
  Promise<StatusOr<std::string>> late, good;
  Spawn(workers_, CallInto(client_.get(), kRacedNever, absl::Milliseconds(100), late));
  ASSERT_TRUE(Wait([&] { return late.future().ready(); }));
  EXPECT_TRUE(HasSqlState(late.future().Take().status(), sqlstate::kConnectionFailure));
  Spawn(workers_, CallInto(client_.get(), kRacedEcho, absl::Seconds(5), good));
  ASSERT_TRUE(Wait([&] { return good.future().ready(); }));
  EXPECT_TRUE(good.future().Take().ok());
}

Task<void> ReadUntilEnd(RpcClient* client, std::atomic<int64_t>* bytes, std::atomic<int>* ended) {
  StatusOr<std::shared_ptr<RpcStream>> stream = co_await client->Open(kRacedProduce, std::string(10000, 'p'));
  while (stream.ok()) {
    StatusOr<std::optional<std::string>> message = co_await (*stream)->Receive();
    if (!message.ok() || !message->has_value()) break;
    *bytes += static_cast<int64_t>((*message)->size());
  }
  ++*ended;
}

TEST_F(RpcAsio, ClosingUnderLoad) {
  for (int round = 0; round < 10; ++round) {
    std::unique_ptr<RpcClient> client = NewClient();
    std::atomic<int64_t> bytes{0};
    std::atomic<int> ended{0}, good{0};
    for (int i = 0; i < 4; ++i) Spawn(workers_, ReadUntilEnd(client.get(), &bytes, &ended));
    for (int i = 0; i < 4; ++i) Spawn(workers_, CallMany(client.get(), 20, &good, &ended));
    if (round % 2 == 0) {
      ASSERT_TRUE(Wait([&] { return bytes > 1000000; }));
    }
    if (round % 3 == 0) {
      std::lock_guard<std::mutex> lock(mutex_);
      for (auto& connection : connections_) connection->Close();
    }
    client->Close();
    ASSERT_TRUE(Wait([&] { return ended == 8; }));
  }
}

TEST_F(RpcAsio, NoServer) {
  const Endpoint address = listener_->Address();
  listener_->Close();
  RpcClient client(RpcDeps{&workers_, &clock_, transport_.get()}, address, HelloInfo{});
  Promise<StatusOr<std::string>> result;
  Spawn(workers_, CallInto(&client, kRacedEcho, absl::Seconds(5), result));
  ASSERT_TRUE(Wait([&] { return result.future().ready(); }));
  const Status status = result.future().Take().status();
  EXPECT_TRUE(HasSqlState(status, sqlstate::kSqlclientUnableToConnect));
  EXPECT_EQ(status.message(), "Connection refused");
}

}  // namespace
}  // namespace tsd::net::rpc
