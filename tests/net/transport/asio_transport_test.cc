// The real transport on loopback: bytes, errors, closing at bad moments.
#include "net/transport/asio_transport.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "engine/base/strings.h"

namespace tsd::net {
namespace {

template <typename T>
T Get(Future<T> future) {
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool ready = false;
  };
  auto gate = std::make_shared<Gate>();
  future.OnReady([gate] {
    std::lock_guard<std::mutex> lock(gate->mutex);
    gate->ready = true;
    gate->changed.notify_all();
  });
  std::unique_lock<std::mutex> lock(gate->mutex);
  EXPECT_TRUE(gate->changed.wait_for(lock, std::chrono::seconds(20), [&] { return gate->ready; })) << "never ended";
  if (!gate->ready) std::abort();
  return future.Take();
}

class AsioTransportTest : public ::testing::Test {
 protected:
  AsioTransportTest() { transport_ = *AsioTransport::Create(); }

  Endpoint Listen(const std::string& host = "127.0.0.1") {
    auto listener = transport_->Listen(Endpoint{host, 0}, [this](std::shared_ptr<Connection> connection) {
      std::lock_guard<std::mutex> lock(mutex_);
      accepted_.push_back(std::move(connection));
      changed_.notify_all();
    });
    EXPECT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    return listener_->Address();
  }
  std::shared_ptr<Connection> Accepted(size_t index = 0) {
    std::unique_lock<std::mutex> lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return accepted_.size() > index; }));
    return accepted_.at(index);
  }
  std::shared_ptr<Connection> Connect(const Endpoint& address) {
    auto connection = Get(transport_->Connect(address, absl::Seconds(5)));
    EXPECT_TRUE(connection.ok()) << connection.status();
    return connection.ok() ? *connection : nullptr;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Connection>> accepted_;
  std::unique_ptr<AsioTransport> transport_;
  std::unique_ptr<Listener> listener_;
};

TEST_F(AsioTransportTest, BytesBothWaysAndTheEnd) {
  const Endpoint address = Listen();
  EXPECT_NE(address.port, 0);
  std::shared_ptr<Connection> client = Connect(address);
  std::shared_ptr<Connection> server = Accepted();
  EXPECT_EQ(client->Peer(), address);
  EXPECT_EQ(server->Local(), address);
  EXPECT_EQ(server->Peer(), client->Local());
  EXPECT_TRUE(Get(client->Write("ping")).ok());
  EXPECT_EQ(*Get(server->Read()), "ping");
  Future<StatusOr<std::string>> pending = client->Read();
  EXPECT_TRUE(Get(server->Write("pong")).ok());
  EXPECT_EQ(*Get(pending), "pong");
  EXPECT_TRUE(Get(client->Write("")).ok());
  client->Close();
  client->Close();
  EXPECT_EQ(*Get(server->Read()), "");
  EXPECT_TRUE(HasSqlState(Get(client->Read()).status(), sqlstate::kConnectionFailure));
  EXPECT_TRUE(HasSqlState(Get(client->Write("x")), sqlstate::kConnectionFailure));
}

TEST_F(AsioTransportTest, LargeWriteWaitsForTheReader) {
  std::shared_ptr<Connection> client = Connect(Listen());
  std::shared_ptr<Connection> server = Accepted();
  std::string sent;
  while (sent.size() < (32u << 20)) StrAppend(&sent, sent.size(), ",");
  Future<Status> write = client->Write(sent);
  EXPECT_FALSE(write.ready()) << "32 MiB do not fit a socket buffer";
  std::string got;
  while (got.size() < sent.size()) {
    StatusOr<std::string> bytes = Get(server->Read());
    ASSERT_TRUE(bytes.ok() && !bytes->empty());
    ASSERT_LE(bytes->size(), 256u << 10);
    got += *bytes;
  }
  EXPECT_TRUE(got == sent);
  EXPECT_TRUE(Get(write).ok());
}

TEST_F(AsioTransportTest, CloseEndsPendingOperations) {
  std::shared_ptr<Connection> client = Connect(Listen());
  std::shared_ptr<Connection> server = Accepted();
  Future<StatusOr<std::string>> read = client->Read();
  Future<Status> write = client->Write(std::string(32u << 20, 'x'));
  std::thread([&] { client->Close(); }).join();
  EXPECT_TRUE(HasSqlState(Get(read).status(), sqlstate::kConnectionFailure));
  EXPECT_TRUE(HasSqlState(Get(write), sqlstate::kConnectionFailure));
  // And the one whose peer went away with unread bytes.
  read = server->Read();
  while (true) {
    StatusOr<std::string> bytes = Get(read);
    if (!bytes.ok() || bytes->empty()) break;
    read = server->Read();
  }
}

TEST_F(AsioTransportTest, DestroyingTheConnectionEndsPendingOperations) {
  std::shared_ptr<Connection> client = Connect(Listen());
  Future<StatusOr<std::string>> read = client->Read();
  client = nullptr;
  EXPECT_TRUE(HasSqlState(Get(read).status(), sqlstate::kConnectionFailure));
}

TEST_F(AsioTransportTest, ConnectErrorsSayWhy) {
  const Endpoint address = Listen();
  listener_->Close();
  Status status = Get(transport_->Connect(address, absl::Seconds(5))).status();
  EXPECT_TRUE(HasSqlState(status, sqlstate::kSqlclientUnableToConnect));
  EXPECT_EQ(status.message(), "Connection refused");
  status = Get(transport_->Connect(Endpoint{"no-such-host.invalid", 1}, absl::Seconds(10))).status();
  EXPECT_TRUE(HasSqlState(status, sqlstate::kSqlclientUnableToConnect));
  EXPECT_NE(status.message().find("could not translate host name \"no-such-host.invalid\" to address: "), std::string::npos) << status;
}

TEST_F(AsioTransportTest, ConnectTimesOut) {
  // A listening socket that never accepts: once its backlog is full, the kernel drops further attempts.
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(socket, 0), 0);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const Endpoint endpoint{"127.0.0.1", ntohs(address.sin_port)};
  std::vector<Future<StatusOr<std::shared_ptr<Connection>>>> attempts;
  for (int i = 0; i < 8; ++i) attempts.push_back(transport_->Connect(endpoint, absl::Milliseconds(300)));
  int timeouts = 0;
  for (auto& attempt : attempts) {
    const auto result = Get(attempt);
    if (result.ok()) continue;
    EXPECT_EQ(result.status().message(), "timeout expired");
    EXPECT_TRUE(HasSqlState(result.status(), sqlstate::kSqlclientUnableToConnect));
    ++timeouts;
  }
  EXPECT_GT(timeouts, 0);
  ::close(socket);
}

TEST_F(AsioTransportTest, NamesAndFamilies) {
  const Endpoint address = Listen("localhost");
  EXPECT_NE(Connect(Endpoint{"localhost", address.port}), nullptr);
  const StatusOr<std::vector<std::string>> names = Get(transport_->Resolve("localhost"));
  ASSERT_TRUE(names.ok());
  EXPECT_FALSE(names->empty());
  const StatusOr<std::vector<std::string>> numeric = Get(transport_->Resolve("127.0.0.1"));
  ASSERT_TRUE(numeric.ok());
  EXPECT_EQ(*numeric, std::vector<std::string>{"127.0.0.1"});
  EXPECT_FALSE(Get(transport_->Resolve("no-such-host.invalid")).ok());

  const Endpoint any = Listen("*");
  std::shared_ptr<Connection> client = Connect(Endpoint{"127.0.0.1", any.port});
  EXPECT_EQ(Accepted(1)->Peer().host, "127.0.0.1") << "no mapped address";
}

TEST_F(AsioTransportTest, InterfaceAddressesHaveLoopback) {
  bool found = false;
  for (const auto& [address, prefix] : transport_->InterfaceAddresses()) found |= address == "127.0.0.1" && prefix == 8;
  EXPECT_TRUE(found);
}

TEST_F(AsioTransportTest, PortInUseAndReuse) {
  const Endpoint address = Listen();
  auto second = transport_->Listen(address, [](std::shared_ptr<Connection>) {});
  EXPECT_FALSE(second.ok());
  EXPECT_TRUE(HasSqlState(second.status(), sqlstate::kObjectInUse)) << second.status();
  std::shared_ptr<Connection> open = Connect(address);
  Accepted();  // one still in the backlog would be reset
  listener_->Close();
  auto third = transport_->Listen(address, [](std::shared_ptr<Connection>) {});
  EXPECT_TRUE(third.ok()) << "Close frees the port at once, open connections or not: " << third.status();
  EXPECT_TRUE(Get(open->Write("still open")).ok());
}

TEST_F(AsioTransportTest, ShutdownKeepsEveryPromise) {
  std::shared_ptr<Connection> client = Connect(Listen());
  std::shared_ptr<Connection> server = Accepted();
  Future<StatusOr<std::string>> read = server->Read();
  Future<Status> write = client->Write(std::string(32u << 20, 'x'));
  auto connect = transport_->Connect(Endpoint{"10.255.255.1", 9}, absl::Seconds(600));
  transport_ = nullptr;
  EXPECT_TRUE(read.ready());  // with the first bytes or with an error
  EXPECT_TRUE(HasSqlState(Get(write), sqlstate::kConnectionFailure));
  EXPECT_TRUE(HasSqlState(Get(connect).status(), sqlstate::kSqlclientUnableToConnect));
  EXPECT_TRUE(HasSqlState(Get(client->Write("later")), sqlstate::kConnectionFailure));
  EXPECT_TRUE(HasSqlState(Get(client->Read()).status(), sqlstate::kConnectionFailure));
  listener_->Close();
}

TEST_F(AsioTransportTest, CallsAfterShutdown) {
  transport_->Shutdown();
  transport_->Shutdown();
  EXPECT_FALSE(transport_->Listen(Endpoint{"127.0.0.1", 0}, [](std::shared_ptr<Connection>) {}).ok());
  EXPECT_FALSE(Get(transport_->Connect(Endpoint{"127.0.0.1", 1}, absl::Seconds(1))).ok());
  EXPECT_FALSE(Get(transport_->Resolve("localhost")).ok());
}

TEST_F(AsioTransportTest, ManyConnectionsOpenAndCloseFromManyThreads) {
  const Endpoint address = Listen();
  std::vector<std::thread> threads;
  std::atomic<int> echoed{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        std::shared_ptr<Connection> client = *Get(transport_->Connect(address, absl::Seconds(5)));
        if (!Get(client->Write("x")).ok()) continue;
        Future<StatusOr<std::string>> read = client->Read();
        if (i % 2 == 0) client->Close();
        client = nullptr;
        Get(read).status().IgnoreError();
        ++echoed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(echoed, 200);
}

TEST_F(AsioTransportTest, TasksAndTimersRunOnItsThreads) {
  Executor& executor = transport_->executor();
  Promise<std::thread::id> posted;
  executor.Post([posted] { posted.Set(std::this_thread::get_id()); });
  EXPECT_NE(Get(posted.future()), std::this_thread::get_id());

  // A task's continuation runs after it, on the thread that made it ready.
  Promise<std::vector<int>> order;
  executor.Post([&executor, order] {
    auto seen = std::make_shared<std::vector<int>>();
    executor.Continue([seen, order] {
      seen->push_back(2);
      order.Set(*seen);
    });
    seen->push_back(1);
  });
  EXPECT_EQ(Get(order.future()), (std::vector<int>{1, 2}));

  Promise<bool> late;
  executor.Cancel(executor.PostAfter(absl::Milliseconds(5), [late] { late.Set(false); }));
  executor.PostAfter(absl::Milliseconds(30), [late] { late.Set(true); });
  EXPECT_TRUE(Get(late.future())) << "a canceled timer fired";
}

TEST_F(AsioTransportTest, TimersAreSetAndCanceledFromManyThreads) {
  Executor& executor = transport_->executor();
  std::atomic<int> fired{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        const TimerId kept = executor.PostAfter(absl::Microseconds(round % 7 * 50), [&fired] { ++fired; });
        const TimerId dropped = executor.PostAfter(absl::Hours(1), [&fired] { fired += 1000000; });
        executor.Cancel(dropped);
        if (round % 10 == 0) executor.Cancel(kept);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int waited = 0; waited < 1000 && fired.load() < 1800; ++waited) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_GE(fired.load(), 1800);
  EXPECT_LE(fired.load(), 2000);
}

}  // namespace
}  // namespace tsd::net
