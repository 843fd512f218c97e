// The cluster log over a crashable disk: what was acknowledged is there after a power cut, ids and timestamps are never handed out twice.
#include "coord/cluster/cluster_log.h"

#include <gtest/gtest.h>

#include "coord/txn/commit_clock.h"
#include "tests/support/sim_env.h"
#include "tests/support/sim_executor.h"

namespace tsd::coord {
namespace {

class ClusterLogTest : public ::testing::Test {
 protected:
  ClusterLogTest() : env_(7), scheduler_(7) { node_ = scheduler_.AddNode("an"); }

  void Open() {
    ClusterLogOptions options;
    options.env = &env_;
    options.executor = scheduler_.executor(node_);
    options.directory = "/cluster";
    StatusOr<std::unique_ptr<ClusterLog>> log = ClusterLog::Open(options);
    ASSERT_TRUE(log.ok()) << log.status().message();
    log_ = std::move(*log);
  }
  void PowerCut() {
    scheduler_.Crash(node_);
    log_.reset();
    env_.Crash();
    scheduler_.Restart(node_);
    Open();
  }
  Status Await(Future<Status> future) {
    EXPECT_TRUE(scheduler_.RunUntil([&] { return future.ready(); }, absl::Seconds(10)));
    return future.Take();
  }
  static CatalogChange SchemaChange(const std::string& name, uint32_t oid) {
    CatalogChange change;
    change.PutSchema(name, oid);
    return change;
  }

  engine::SimEnv env_;
  sim::SimScheduler scheduler_;
  int node_ = 0;
  std::unique_ptr<ClusterLog> log_;
};

TEST_F(ClusterLogTest, AcknowledgedChangesSurviveAPowerCut) {
  Open();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Await(log_->Commit(SchemaChange("s" + std::to_string(i), log_->AllocateOid()))).ok());
  PowerCut();
  EXPECT_EQ(log_->Current()->schemas.size(), 20u);
}

TEST_F(ClusterLogTest, ManyNewChunksOfSeveralTablesAreOneChange) {
  Open();
  CatalogChange tables;
  for (uint32_t id : {50001u, 50002u}) {
    sql::Relation relation;
    relation.id = TableId(id);
    relation.schema = "public";
    relation.name = "t" + std::to_string(id);
    relation.hypertable.emplace();
    relation.hypertable->dimensions.emplace_back();
    tables.PutRelation(relation);
  }
  ASSERT_TRUE(Await(log_->Commit(tables)).ok());
  for (const std::vector<int64_t>& starts : {std::vector<int64_t>{30, 10, 20}, std::vector<int64_t>{25, 5, 35}}) {
    CatalogChange change;
    for (int64_t start : starts) {
      for (uint32_t table : {50001u, 50001u, 50002u}) {
        sql::Chunk chunk;
        chunk.id = log_->AllocateChunk();
        chunk.range_start = start;
        chunk.range_end = start + 5;
        change.AddChunk(TableId(table), chunk);
      }
    }
    ASSERT_TRUE(Await(log_->Commit(std::move(change))).ok());
  }
  PowerCut();
  for (const auto& [table, count] : {std::pair(50001u, 12u), std::pair(50002u, 6u)}) {
    const sql::RelationPtr relation = log_->Current()->Find(TableId(table));
    const sql::ChunkSet& set = *relation->hypertable->chunks;
    ASSERT_EQ(set.size(), count);
    EXPECT_TRUE(std::is_sorted(set.begin(), set.end(), [](const auto& a, const auto& b) { return a->range_start < b->range_start; }));
  }
}

TEST_F(ClusterLogTest, DecisionsSurviveUntilTheyEnd) {
  Open();
  const TxnId first{1, 1}, second{1, 2};
  ASSERT_TRUE(Await(log_->LogDecision({first, Timestamp(100), {NodeId(1), NodeId(2)}}, {})).ok());
  ASSERT_TRUE(Await(log_->LogDecision({second, Timestamp(101), {NodeId(1)}}, {})).ok());
  log_->LogEnd(first);
  ASSERT_TRUE(Await(log_->Commit(SchemaChange("flush", 20000))).ok());
  PowerCut();
  EXPECT_EQ(log_->DecisionOf(second)->commit, Timestamp(101));
  EXPECT_FALSE(log_->DecisionOf(first).has_value());
}

TEST_F(ClusterLogTest, AbortsSurviveUntilTheyEndAlsoInASnapshot) {
  Open();
  const TxnId first{1, 1}, second{1, 2}, third{1, 3};
  ASSERT_TRUE(Await(log_->LogDecision({first, Timestamp(), {NodeId(1), NodeId(2)}}, {})).ok());
  ASSERT_TRUE(Await(log_->LogDecision({second, Timestamp(), {NodeId(2)}}, {})).ok());
  ASSERT_TRUE(Await(log_->LogDecision({third, Timestamp(101), {NodeId(1)}}, {})).ok());
  log_->LogEnd(first);
  // More than a log may have when it is opened: the state is read back from a snapshot the second time.
  const std::string name(100 << 10, 's');
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(Await(log_->Commit(SchemaChange(name, 20000 + static_cast<uint32_t>(i)))).ok());
  for (int cut = 0; cut < 2; ++cut) {
    PowerCut();
    EXPECT_EQ(env_.FileExists("/cluster/CATALOG"), true);
    EXPECT_FALSE(log_->DecisionOf(first).has_value());
    ASSERT_TRUE(log_->DecisionOf(second).has_value());
    EXPECT_FALSE(log_->DecisionOf(second)->commits());
    EXPECT_EQ(log_->DecisionOf(second)->participants, std::vector<NodeId>({NodeId(2)}));
    EXPECT_EQ(log_->DecisionOf(third)->commit, Timestamp(101));
  }
}

TEST_F(ClusterLogTest, AllocatedIdsOfCommittedChangesAreNotReused) {
  Open();
  const uint32_t oid = log_->AllocateOid();
  ASSERT_TRUE(Await(log_->Commit(SchemaChange("s", oid))).ok());
  PowerCut();
  EXPECT_GT(log_->AllocateOid(), oid);
}

Task<void> TakeTimestamps(CommitClock* clock, int count, std::vector<Timestamp>* out, Promise<Status> done) {
  Status status = co_await clock->Start();
  for (int i = 0; i < count && status.ok(); ++i) {
    StatusOr<Timestamp> next = co_await clock->Next();
    status = next.status();
    if (status.ok()) out->push_back(*next);
  }
  done.Set(status);
}

TEST_F(ClusterLogTest, TimestampsGrowAcrossPowerCuts) {
  Open();
  std::vector<Timestamp> all;
  for (int life = 0; life < 4; ++life) {
    CommitClock clock(*log_);
    Promise<Status> done;
    Spawn(*scheduler_.executor(node_), TakeTimestamps(&clock, 100, &all, done));
    ASSERT_TRUE(Await(done.future()).ok());
    PowerCut();
  }
  for (size_t i = 1; i < all.size(); ++i) ASSERT_LT(all[i - 1], all[i]);
}

TEST_F(ClusterLogTest, ReservedNumbersAreNobodyElses) {
  Open();
  uint64_t free = 0;  // above all that was handed out
  for (int life = 0; life < 3; ++life) {
    CommitClock clock(*log_);
    ASSERT_TRUE(Await(Start(*scheduler_.executor(node_), clock.Start())).ok());
    // Far more than are kept below the ceiling, and few.
    for (const uint64_t count : {uint64_t{1}, uint64_t{1} << 26, uint64_t{7}}) {
      Future<StatusOr<uint64_t>> reserved = Start(*scheduler_.executor(node_), clock.Reserve(count));
      ASSERT_TRUE(scheduler_.RunUntil([&] { return reserved.ready(); }, absl::Seconds(10)));
      const StatusOr<uint64_t> first = reserved.Take();
      ASSERT_TRUE(first.ok()) << first.status();
      EXPECT_GE(*first, free);
      free = *first + count;
    }
    Future<StatusOr<Timestamp>> next = Start(*scheduler_.executor(node_), clock.Next());
    ASSERT_TRUE(scheduler_.RunUntil([&] { return next.ready(); }, absl::Seconds(10)));
    const StatusOr<Timestamp> timestamp = next.Take();
    ASSERT_TRUE(timestamp.ok()) << timestamp.status();
    EXPECT_GE(timestamp->value(), free);
    free = timestamp->value() + 1;
    PowerCut();
  }
}

}  // namespace
}  // namespace tsd::coord
