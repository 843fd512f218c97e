// Sequences over a crashable disk: no number that was told is handed out again, gaps apart; bounds, cycles, setval. And changes that wait
// for another node's decision.
#include "coord/cluster/sequences.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/sim_env.h"
#include "tests/support/sim_executor.h"

namespace tsd::coord {
namespace {

class SequencesTest : public testing::Test {
 protected:
  SequencesTest() : env_(11), scheduler_(11) {
    node_ = scheduler_.AddNode("an");
    relation_.name = "s";
    relation_.kind = sql::RelationKind::kSequence;
    relation_.heap = ChunkId(7);
    relation_.sequence = sql::Sequence();
    Open();
  }
  void Open() {
    ClusterLogOptions options;
    options.env = &env_;
    options.executor = scheduler_.executor(node_);
    options.directory = "/cluster";
    StatusOr<std::unique_ptr<ClusterLog>> log = ClusterLog::Open(options);
    ASSERT_TRUE(log.ok()) << log.status().message();
    log_ = std::move(*log);
    sequences_ = std::make_unique<Sequences>(*log_);
  }
  void PowerCut() {
    scheduler_.Crash(node_);
    sequences_.reset();
    log_.reset();
    env_.Crash();
    scheduler_.Restart(node_);
    Open();
  }
  Status Await(Future<Status> future) {
    EXPECT_TRUE(scheduler_.RunUntil([&] { return future.ready(); }, absl::Seconds(10)));
    return future.Take();
  }
  // A number that a client has been told.
  int64_t Told() {
    const StatusOr<int64_t> next = sequences_->Next(relation_);
    EXPECT_TRUE(next.ok()) << next.status().message();
    EXPECT_TRUE(Await(sequences_->AwaitDurable()).ok());
    return next.ok() ? *next : -1;
  }

  engine::SimEnv env_;
  sim::SimScheduler scheduler_;
  int node_ = 0;
  sql::Relation relation_;
  std::unique_ptr<ClusterLog> log_;
  std::unique_ptr<Sequences> sequences_;
};

TEST_F(SequencesTest, CountsUp) {
  EXPECT_FALSE(sequences_->Current(relation_).called);
  for (int64_t i = 1; i <= 100; ++i) EXPECT_EQ(*sequences_->Next(relation_), i);
  EXPECT_EQ(sequences_->Current(relation_).last, 100);
}

TEST_F(SequencesTest, NoToldNumberComesTwiceAfterPowerCuts) {
  std::set<int64_t> told;
  int64_t largest = 0;
  for (int cut = 0; cut < 20; ++cut) {
    for (int i = 0; i < 7 * cut + 1; ++i) {
      const int64_t number = Told();
      EXPECT_TRUE(told.insert(number).second) << number;
      EXPECT_GT(number, largest);
      largest = number;
    }
    PowerCut();
  }
  EXPECT_LT(largest, static_cast<int64_t>(told.size()) + 20 * 32) << "a cut skips at most a block";
}

TEST_F(SequencesTest, SetvalSurvivesAndDecidesWhatComesNext) {
  ASSERT_TRUE(sequences_->Set(relation_, 500, true).ok());
  ASSERT_TRUE(Await(sequences_->AwaitDurable()).ok());
  PowerCut();
  EXPECT_EQ(Told(), 501);
  ASSERT_TRUE(sequences_->Set(relation_, 10, false).ok());
  EXPECT_EQ(Told(), 10);
  EXPECT_EQ(sequences_->Set(relation_, 0, true).message(), "setval: value 0 is out of bounds for sequence \"s\" (1..9223372036854775807)");
}

TEST_F(SequencesTest, EndsOrCycles) {
  relation_.sequence->maximum = 3;
  for (int64_t i = 1; i <= 3; ++i) EXPECT_EQ(*sequences_->Next(relation_), i);
  const StatusOr<int64_t> over = sequences_->Next(relation_);
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(FieldsOf(over.status()).sqlstate, "2200H");
  relation_.sequence->cycle = true;
  EXPECT_EQ(*sequences_->Next(relation_), 1);
}

TEST_F(SequencesTest, CountsDownToTheEndOfTheRange) {
  relation_.sequence->increment = -4;
  relation_.sequence->minimum = INT64_MIN;
  relation_.sequence->maximum = -1;
  relation_.sequence->start = INT64_MIN + 9;
  EXPECT_EQ(*sequences_->Next(relation_), INT64_MIN + 9);
  EXPECT_EQ(*sequences_->Next(relation_), INT64_MIN + 5);
  EXPECT_EQ(*sequences_->Next(relation_), INT64_MIN + 1);
  EXPECT_FALSE(sequences_->Next(relation_).ok());
}

TEST_F(SequencesTest, AnotherIncrementDoesNotRunPastWhatIsLogged) {
  for (int i = 0; i < 3; ++i) Told();
  relation_.sequence->increment = 100;
  std::set<int64_t> told;
  for (int i = 0; i < 40; ++i) told.insert(Told());
  PowerCut();
  EXPECT_FALSE(told.contains(Told()));
}

TEST_F(SequencesTest, PreparedChangesWaitForTheirDecision) {
  const TxnId committed{5, 1}, aborted{5, 2}, open{5, 3};
  const auto schema = [&](const std::string& name) {
    CatalogChange change;
    change.PutSchema(name, log_->AllocateOid());
    return change;
  };
  ASSERT_TRUE(Await(log_->LogPrepared(committed, schema("c"))).ok());
  ASSERT_TRUE(Await(log_->LogPrepared(aborted, schema("a"))).ok());
  ASSERT_TRUE(Await(log_->LogPrepared(open, schema("o"))).ok());
  EXPECT_TRUE(log_->Current()->schemas.empty());
  PowerCut();
  EXPECT_EQ(log_->PreparedChanges().size(), 3u);
  ASSERT_TRUE(Await(log_->LogResolved(committed, true)).ok());
  ASSERT_TRUE(Await(log_->LogResolved(aborted, false)).ok());
  ASSERT_TRUE(Await(log_->LogResolved(committed, true)).ok()) << "told twice";
  EXPECT_TRUE(log_->Current()->schemas.contains("c"));
  PowerCut();
  EXPECT_TRUE(log_->Current()->schemas.contains("c"));
  EXPECT_FALSE(log_->Current()->schemas.contains("a"));
  ASSERT_EQ(log_->PreparedChanges().size(), 1u);
  EXPECT_EQ(log_->PreparedChanges()[0].txn, open);
}

}  // namespace
}  // namespace tsd::coord
