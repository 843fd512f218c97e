// The simulated network and scheduler keep TCP's promises and commit the faults they are told to.
#include <gtest/gtest.h>

#include "tests/support/sim_net.h"

namespace tsd::sim {
namespace {

using net::Connection;
using net::Endpoint;

class SimNetTest : public ::testing::Test {
 protected:
  SimNetTest() : scheduler_(3), net_(&scheduler_, Random(3)) {
    scheduler_.AddNode("a");
    scheduler_.AddNode("b");
    auto listener = net_.transport(1)->Listen(Endpoint{"b", 1000}, [this](std::shared_ptr<Connection> c) { accepted_.push_back(c); });
    listener_ = *std::move(listener);
  }
  template <typename T>
  T Get(Future<T> future, absl::Duration limit = absl::Seconds(100)) {
    EXPECT_TRUE(scheduler_.RunUntil([&] { return future.ready(); }, limit));
    return future.Take();
  }
  std::shared_ptr<Connection> Connect() {
    auto connection = Get(net_.transport(0)->Connect(Endpoint{"b", 1000}, absl::Seconds(2)));
    return connection.ok() ? *connection : nullptr;
  }

  SimScheduler scheduler_;
  SimNet net_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::shared_ptr<Connection>> accepted_;
};

TEST_F(SimNetTest, BytesArriveInOrderSplitOrMerged) {
  std::shared_ptr<Connection> client = Connect();
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(accepted_[0]->Peer().host, "10.0.0.1");
  std::string expected, got;
  for (int i = 0; i < 100; ++i) {
    std::string bytes = std::to_string(i) + ",";
    expected += bytes;
    EXPECT_TRUE(Get(client->Write(bytes)).ok());
  }
  while (got.size() < expected.size()) got += *Get(accepted_[0]->Read());
  EXPECT_EQ(got, expected);
  client->Close();
  EXPECT_EQ(*Get(accepted_[0]->Read()), "");
  EXPECT_TRUE(HasSqlState(Get(client->Read()).status(), sqlstate::kConnectionFailure));
}

TEST_F(SimNetTest, WriteWaitsForAReader) {
  std::shared_ptr<Connection> client = Connect();
  Future<Status> write = client->Write(std::string(1u << 20, 'x'));
  scheduler_.RunFor(absl::Seconds(10));
  EXPECT_FALSE(write.ready());
  size_t got = 0;
  while (got < (1u << 20)) got += Get(accepted_[0]->Read())->size();
  EXPECT_TRUE(Get(write).ok());
}

TEST_F(SimNetTest, CutHoldsBytesAndHealDelivers) {
  std::shared_ptr<Connection> client = Connect();
  net_.CutOneWay(0, 1);
  EXPECT_TRUE(Get(client->Write("held")).ok());
  Future<StatusOr<std::string>> read = accepted_[0]->Read();
  scheduler_.RunFor(absl::Seconds(10));
  EXPECT_FALSE(read.ready());
  EXPECT_TRUE(Get(accepted_[0]->Write("back")).ok());
  EXPECT_FALSE(Get(client->Read())->empty()) << "the other direction is open";
  EXPECT_EQ(Get(net_.transport(0)->Connect(Endpoint{"b", 1000}, absl::Seconds(2))).status().message(), "timeout expired");
  net_.Heal();
  EXPECT_EQ(Get(read)->substr(0, 1), "h");
}

TEST_F(SimNetTest, RefuseResetAndUnknownHost) {
  EXPECT_EQ(Get(net_.transport(0)->Connect(Endpoint{"b", 1001}, absl::Seconds(2))).status().message(), "Connection refused");
  EXPECT_FALSE(Get(net_.transport(0)->Connect(Endpoint{"nowhere", 1000}, absl::Seconds(2))).ok());
  std::shared_ptr<Connection> client = Connect();
  Future<StatusOr<std::string>> read = client->Read();
  net_.Reset(0, 1);
  EXPECT_TRUE(HasSqlState(Get(read).status(), sqlstate::kConnectionFailure));
  EXPECT_FALSE(Get(accepted_[0]->Write("x")).ok());
}

TEST_F(SimNetTest, MachineCrashIsSilentUntilRestart) {
  std::shared_ptr<Connection> client = Connect();
  Future<StatusOr<std::string>> read = client->Read();
  net_.Crash(1, CrashKind::kMachine);
  EXPECT_TRUE(Get(client->Write("x")).ok());
  scheduler_.RunFor(absl::Minutes(1));
  EXPECT_FALSE(read.ready());
  net_.Restart(1);
  EXPECT_FALSE(Get(read).ok());
}

struct CountsDestruction {
  int* destroyed;
  ~CountsDestruction() { ++*destroyed; }
};

TEST(SimScheduler, CrashDestroysTasksUnrunAndDropsLaterOnes) {
  SimScheduler scheduler(1);
  const int node = scheduler.AddNode("a");
  SimExecutor* first = scheduler.executor(node);
  int destroyed = 0;
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    first->PostAfter(absl::Seconds(i), [&ran, owned = std::make_unique<CountsDestruction>(CountsDestruction{&destroyed})] { ++ran; });
  }
  destroyed = 0;  // temporaries
  scheduler.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(ran, 1);
  scheduler.Crash(node);
  EXPECT_EQ(destroyed, 3);
  first->Post([&ran] { ++ran; });
  SimExecutor* second = scheduler.Restart(node);
  first->Post([&ran] { ++ran; });
  scheduler.RunFor(absl::Seconds(10));
  EXPECT_EQ(ran, 1);
  second->Post([&ran] { ++ran; });
  EXPECT_TRUE(scheduler.RunUntilIdle());
  EXPECT_EQ(ran, 2);
  EXPECT_FALSE(first->IsAlive());
}

TEST(SimScheduler, TimersFireInOrderAndCancel) {
  SimScheduler scheduler(1);
  const int node = scheduler.AddNode("a");
  std::string order;
  SimExecutor* executor = scheduler.executor(node);
  executor->PostAfter(absl::Seconds(2), [&] { order += "2"; });
  const TimerId timer = executor->PostAfter(absl::Seconds(3), [&] { order += "3"; });
  executor->PostAfter(absl::Seconds(1), [&] { order += "1"; });
  executor->Cancel(timer);
  executor->Cancel(12345);
  scheduler.clock(node)->SetSkew(absl::Hours(1));
  const absl::Time before = scheduler.clock(node)->Now();
  scheduler.RunFor(absl::Seconds(5));
  EXPECT_EQ(order, "12");
  EXPECT_EQ(scheduler.clock(node)->Now() - before, absl::Seconds(5));
}

}  // namespace
}  // namespace tsd::sim
