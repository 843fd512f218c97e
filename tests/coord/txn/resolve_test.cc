// What becomes of transactions that a crash or a lost message left behind (T1, T2), against participants that only note what they are told.
#include <gtest/gtest.h>

#include <map>

#include "coord/txn/transaction_manager.h"
#include "tests/support/sim_env.h"
#include "tests/support/sim_executor.h"

namespace tsd::coord {
namespace {

constexpr uint64_t kCluster = 9;
const NodeId kNodeA(1), kNodeB(2), kNodeC(3);
const Status kUnreachable = Error(sqlstate::kSqlclientUnableToConnect, "down");
const Status kLostAnswer = Error(sqlstate::kConnectionFailure, "lost");

class FakeParticipant final : public Participant {
 public:
  std::map<TxnId, HeldTransaction> held;
  std::map<TxnId, Timestamp> committed;
  std::vector<TxnId> aborted;
  bool reachable = true;
  Status prepare_answer;         // given after the prepare was done
  Status prepare_refusal;        // given instead
  Timestamp told;                // newest horizon

  void Hold(TxnId txn, HeldState state, std::vector<NodeId> participants) { held[txn] = {txn, state, std::move(participants)}; }

  Task<Status> Prepare(TxnId txn, uint64_t, engine::Preparation preparation) override {
    if (!prepare_refusal.ok()) co_return prepare_refusal;
    Hold(txn, HeldState::kPrepared, preparation.participants);
    co_return prepare_answer;
  }
  Task<Status> CommitPrepared(std::vector<CommittedTxn> list) override {
    if (!reachable) co_return kUnreachable;
    for (const CommittedTxn& entry : list) {
      if (held.erase(entry.txn) > 0) committed[entry.txn] = entry.commit;
    }
    co_return OkStatus();
  }
  Task<Status> Abort(TxnId txn) override {
    if (!reachable) co_return kUnreachable;
    if (held.erase(txn) > 0) aborted.push_back(txn);
    co_return OkStatus();
  }
  Task<StatusOr<std::vector<HeldTransaction>>> ListTransactions(uint64_t origin, Timestamp oldest_snapshot) override {
    if (!reachable) co_return kUnreachable;
    EXPECT_EQ(origin, kCluster);
    told = oldest_snapshot;
    std::vector<HeldTransaction> result;
    for (const auto& [txn, entry] : held) result.push_back(entry);
    co_return result;
  }

  // Not of these tests.
  Task<Status> Write(NodeWrites) override { co_return OkStatus(); }
  Task<StatusOr<std::vector<engine::WriteConflicts>>> WriteUnlessConflicting(NodeWrites, std::vector<size_t>) override {
    co_return std::vector<engine::WriteConflicts>();
  }
  Task<StatusOr<uint64_t>> Delete(engine::DeleteRequest) override { co_return uint64_t{0}; }
  Task<Status> RollbackTo(TxnId, uint32_t) override { co_return OkStatus(); }
  Task<StatusOr<Timestamp>> CommitOnePhase(TxnId, uint64_t, Timestamp minimum) override { co_return minimum; }
  Task<Status> WriteAndPrepare(NodeWrites writes, engine::Preparation preparation) override {
    co_return co_await Prepare(writes.txn, 1, std::move(preparation));
  }
  Task<StatusOr<Timestamp>> WriteAndCommit(NodeWrites, Timestamp minimum) override { co_return minimum; }
  Task<Status> DropChunks(std::vector<ChunkId>) override { co_return OkStatus(); }
  Task<StatusOr<std::vector<engine::ChunkSize>>> SizesOf(std::vector<ChunkId>) override { co_return std::vector<engine::ChunkSize>(); }
  Task<Status> Compact(std::vector<ChunkId>, TableSchemaPtr) override { co_return OkStatus(); }
  Task<StatusOr<std::vector<std::vector<engine::ColumnUsage>>>> ColumnsOf(std::vector<ChunkId>) override {
    co_return std::vector<std::vector<engine::ColumnUsage>>();
  }
  Task<Status> Verify() override { co_return OkStatus(); }
};

class ResolveTest : public ::testing::Test {
 protected:
  ResolveTest() : env_(7), scheduler_(7) {
    node_ = scheduler_.AddNode("an");
    for (const NodeId node : {kNodeA, kNodeB, kNodeC}) nodes_[node] = std::make_shared<FakeParticipant>();
    Open();
    CatalogChange change;
    change.SetClusterId(kCluster);
    EXPECT_TRUE(Get(log_->Commit(std::move(change))).ok());
  }
  void Open() {
    ClusterLogOptions options;
    options.env = &env_;
    options.executor = scheduler_.executor(node_);
    options.directory = "/cluster";
    StatusOr<std::unique_ptr<ClusterLog>> log = ClusterLog::Open(options);
    ASSERT_TRUE(log.ok()) << log.status().message();
    log_ = std::move(*log);
    clock_ = std::make_unique<CommitClock>(*log_);
    ASSERT_TRUE(Run(clock_->Start()).ok());
    manager_ = std::make_unique<TransactionManager>(*log_, *clock_, *scheduler_.executor(node_), [this](NodeId node) { return Find(node); }, "an");
  }
  void Restart() {
    scheduler_.Crash(node_);
    manager_.reset();
    clock_.reset();
    log_.reset();
    env_.Crash();
    scheduler_.Restart(node_);
    Open();
  }
  StatusOr<std::shared_ptr<Participant>> Find(NodeId node) {
    auto found = nodes_.find(node);
    if (found == nodes_.end()) return Error(sqlstate::kUndefinedObject, "no such node");
    return std::shared_ptr<Participant>(found->second);
  }
  template <typename T>
  T Get(Future<T> future) {
    EXPECT_TRUE(scheduler_.RunUntil([&] { return future.ready(); }, absl::Seconds(10)));
    return future.Take();
  }
  template <typename T>
  T Run(Task<T> task) {
    return Get(::tsd::Start(*scheduler_.executor(node_), std::move(task)));
  }
  void Resolve(NodeId node) {
    const Status status = Run(manager_->Resolve(node));
    EXPECT_TRUE(status.ok() || !nodes_.at(node)->reachable) << status.message();
  }
  void LeftPrepared(TxnId txn, std::vector<NodeId> where, std::vector<NodeId> participants) {
    for (const NodeId node : where) nodes_[node]->Hold(txn, HeldState::kPrepared, participants);
  }
  std::shared_ptr<Transaction> Begin(std::vector<NodeId> participants) {
    StatusOr<std::shared_ptr<Transaction>> transaction = Run(manager_->Begin(engine::Isolation::kReadCommitted));
    for (const NodeId node : participants) (*transaction)->Join(node);
    return *transaction;
  }
  void Settle() { scheduler_.RunFor(absl::Seconds(1)); }

  engine::SimEnv env_;
  sim::SimScheduler scheduler_;
  int node_ = 0;
  std::map<NodeId, std::shared_ptr<FakeParticipant>> nodes_;
  std::unique_ptr<ClusterLog> log_;
  std::unique_ptr<CommitClock> clock_;
  std::unique_ptr<TransactionManager> manager_;
  const TxnId old_{kCluster, 5};  // of before this start
};

TEST_F(ResolveTest, PreparedEverywhereIsCommittedBelowEveryLaterSnapshot) {
  LeftPrepared(old_, {kNodeA, kNodeB, kNodeC}, {kNodeA, kNodeB, kNodeC});
  Resolve(kNodeB);
  for (const NodeId node : {kNodeA, kNodeB, kNodeC}) EXPECT_EQ(nodes_[node]->committed[old_], clock_->incarnation());
  EXPECT_FALSE(log_->DecisionOf(old_).has_value());
  EXPECT_LT(clock_->incarnation(), Begin({})->snapshot());
}

TEST_F(ResolveTest, TheDecisionStaysUntilTheLastNodeIsTold) {
  LeftPrepared(old_, {kNodeA, kNodeB}, {kNodeA, kNodeB});
  ASSERT_TRUE(Get(log_->LogDecision({old_, Timestamp(77), {kNodeA, kNodeB}}, {})).ok());
  nodes_[kNodeB]->reachable = false;
  Resolve(kNodeA);
  EXPECT_EQ(nodes_[kNodeA]->committed[old_], Timestamp(77));
  EXPECT_TRUE(log_->DecisionOf(old_).has_value());
  Restart();
  nodes_[kNodeB]->reachable = true;
  Resolve(kNodeB);
  EXPECT_EQ(nodes_[kNodeB]->committed[old_], Timestamp(77));
  EXPECT_FALSE(log_->DecisionOf(old_).has_value());
}

TEST_F(ResolveTest, NotPreparedSomewhereIsAborted) {
  LeftPrepared(old_, {kNodeA, kNodeB}, {kNodeA, kNodeB, kNodeC});
  nodes_[kNodeC]->Hold(old_, HeldState::kActive, {});
  Resolve(kNodeA);
  EXPECT_EQ(nodes_[kNodeA]->aborted, std::vector<TxnId>({old_}));
  Resolve(kNodeB);
  EXPECT_EQ(nodes_[kNodeB]->aborted, std::vector<TxnId>({old_}));
  EXPECT_FALSE(log_->DecisionOf(old_).has_value());
}

TEST_F(ResolveTest, ANodeThatCannotBeAskedLeavesItInDoubt) {
  LeftPrepared(old_, {kNodeA, kNodeB}, {kNodeA, kNodeB});
  nodes_[kNodeB]->reachable = false;
  Resolve(kNodeA);
  Resolve(kNodeA);
  EXPECT_TRUE(nodes_[kNodeA]->held.contains(old_));
  nodes_[kNodeB]->reachable = true;
  Resolve(kNodeA);
  EXPECT_TRUE(nodes_[kNodeA]->committed.contains(old_));
  EXPECT_TRUE(nodes_[kNodeB]->committed.contains(old_));
}

TEST_F(ResolveTest, ANodeThatIsJustPreparingLeavesItInDoubt) {
  LeftPrepared(old_, {kNodeA}, {kNodeA, kNodeB});
  nodes_[kNodeB]->Hold(old_, HeldState::kPreparing, {});
  Resolve(kNodeA);
  Resolve(kNodeB);
  EXPECT_TRUE(nodes_[kNodeA]->held.contains(old_));
  EXPECT_TRUE(nodes_[kNodeB]->held.contains(old_));
  LeftPrepared(old_, {kNodeB}, {kNodeA, kNodeB});
  Resolve(kNodeB);
  EXPECT_TRUE(nodes_[kNodeA]->committed.contains(old_));
}

TEST_F(ResolveTest, ANodeThatLeftTheClusterDoesNotHoldTheOthers) {
  LeftPrepared(old_, {kNodeA, kNodeB}, {kNodeA, kNodeB, kNodeC});
  nodes_.erase(kNodeC);
  Resolve(kNodeA);
  EXPECT_TRUE(nodes_[kNodeA]->committed.contains(old_));
  EXPECT_TRUE(nodes_[kNodeB]->committed.contains(old_));
  EXPECT_FALSE(log_->DecisionOf(old_).has_value());
}

TEST_F(ResolveTest, WithoutParticipantsOnlyARecordCommits) {
  LeftPrepared(old_, {kNodeA, kNodeB}, {});
  Resolve(kNodeA);
  EXPECT_EQ(nodes_[kNodeA]->aborted.size(), 1u);
  const TxnId decided{kCluster, 6};
  LeftPrepared(decided, {kNodeA, kNodeB}, {});
  ASSERT_TRUE(Get(log_->LogDecision({decided, Timestamp(77), {kNodeA, kNodeB}}, {})).ok());
  Resolve(kNodeA);
  EXPECT_EQ(nodes_[kNodeB]->committed[decided], Timestamp(77));
}

TEST_F(ResolveTest, AnswersAheadOfTheRecordSurviveACrash) {
  const std::shared_ptr<Transaction> transaction = Begin({kNodeA, kNodeB});
  ASSERT_TRUE(Run(manager_->Commit(transaction)).ok());
  Restart();
  EXPECT_FALSE(log_->DecisionOf(transaction->id()).has_value());
  Resolve(kNodeA);
  Resolve(kNodeB);
  EXPECT_TRUE(nodes_[kNodeA]->committed.contains(transaction->id()));
  EXPECT_TRUE(nodes_[kNodeB]->committed.contains(transaction->id()));
}

TEST_F(ResolveTest, AReaderHastensTheRecord) {
  const std::shared_ptr<Transaction> transaction = Begin({kNodeA, kNodeB});
  ASSERT_TRUE(Run(manager_->Commit(transaction)).ok());
  const absl::Duration answered = scheduler_.now();
  manager_->Hasten();
  EXPECT_TRUE(scheduler_.RunUntil([&] { return nodes_[kNodeB]->committed.contains(transaction->id()); }, absl::Seconds(1)));
  EXPECT_LT(scheduler_.now() - answered, absl::Milliseconds(2));
}

TEST_F(ResolveTest, AReaderHastensWhatBeganBeforeItToo) {
  const std::shared_ptr<Transaction> before = Begin({kNodeA, kNodeB});
  manager_->Hasten();
  const std::shared_ptr<Transaction> after = Begin({kNodeA, kNodeB});
  ASSERT_TRUE(Run(manager_->Commit(after)).ok());
  ASSERT_TRUE(Run(manager_->Commit(before)).ok());
  const absl::Duration answered = scheduler_.now();
  EXPECT_TRUE(scheduler_.RunUntil([&] { return nodes_[kNodeB]->committed.contains(before->id()); }, absl::Seconds(1)));
  EXPECT_LT(scheduler_.now() - answered, absl::Milliseconds(2));
  const std::shared_ptr<Transaction> alone = Begin({kNodeA, kNodeB});
  ASSERT_TRUE(Run(manager_->Commit(alone)).ok());
  EXPECT_FALSE(scheduler_.RunUntil([&] { return nodes_[kNodeB]->committed.contains(alone->id()); }, absl::Milliseconds(5)));
  EXPECT_TRUE(scheduler_.RunUntil([&] { return nodes_[kNodeB]->committed.contains(alone->id()); }, absl::Seconds(1)));
}

TEST_F(ResolveTest, ManyAnsweredAreDecidedTogetherBeforeTheirTime) {
  std::vector<std::shared_ptr<Transaction>> answered;
  for (int i = 0; i < 32; ++i) answered.push_back(Begin({kNodeA, kNodeB}));
  for (const std::shared_ptr<Transaction>& transaction : answered) ASSERT_TRUE(Run(manager_->Commit(transaction)).ok());
  const absl::Duration last = scheduler_.now();
  EXPECT_TRUE(scheduler_.RunUntil([&] { return nodes_[kNodeB]->committed.size() == answered.size(); }, absl::Seconds(1)));
  EXPECT_LT(scheduler_.now() - last, absl::Milliseconds(2));
}

TEST_F(ResolveTest, ASnapshotAfterTheAnswerIsAboveTheCommit) {
  const std::shared_ptr<Transaction> transaction = Begin({kNodeA, kNodeB});
  ASSERT_TRUE(Run(manager_->Commit(transaction)).ok());
  const Timestamp snapshot = Begin({})->snapshot();
  Settle();
  EXPECT_LT(nodes_[kNodeA]->committed[transaction->id()], snapshot);
  EXPECT_FALSE(log_->DecisionOf(transaction->id()).has_value());
}

TEST_F(ResolveTest, ALostAnswerIsAnAbortThatSurvivesUntilNoPrepareCanComeLate) {
  const std::shared_ptr<Transaction> elder = Begin({});
  const std::shared_ptr<Transaction> transaction = Begin({kNodeA, kNodeB});
  for (const NodeId node : {kNodeA, kNodeB}) nodes_[node]->prepare_answer = kLostAnswer;
  for (const NodeId node : {kNodeA, kNodeB}) nodes_[node]->reachable = false;
  EXPECT_EQ(SqlStateOf(Run(manager_->Commit(transaction))), sqlstate::kConnectionFailure);
  Settle();
  for (const NodeId node : {kNodeA, kNodeB}) nodes_[node]->reachable = true;
  Resolve(kNodeA);  // while an elder one is live, nodes cannot be told that this one is over
  EXPECT_EQ(nodes_[kNodeA]->aborted.size(), 1u);
  EXPECT_TRUE(log_->DecisionOf(transaction->id()).has_value());
  Spawn(*scheduler_.executor(node_), manager_->Abort(elder));
  Settle();
  nodes_[kNodeB]->reachable = false;
  Resolve(kNodeA);
  EXPECT_TRUE(log_->DecisionOf(transaction->id()).has_value());
  Restart();
  ASSERT_TRUE(log_->DecisionOf(transaction->id()).has_value());
  LeftPrepared(transaction->id(), {kNodeA}, {kNodeA, kNodeB});  // late
  nodes_[kNodeB]->reachable = true;
  Resolve(kNodeB);
  EXPECT_TRUE(nodes_[kNodeA]->held.empty());
  EXPECT_TRUE(nodes_[kNodeB]->held.empty());
  EXPECT_TRUE(nodes_[kNodeA]->committed.empty());
  EXPECT_GT(nodes_[kNodeA]->told, Timestamp(transaction->id().sequence));
  EXPECT_FALSE(log_->DecisionOf(transaction->id()).has_value());
}

TEST_F(ResolveTest, ARefusalLeavesNoRecord) {
  const std::shared_ptr<Transaction> transaction = Begin({kNodeA, kNodeB});
  nodes_[kNodeA]->prepare_answer = kLostAnswer;
  nodes_[kNodeB]->prepare_refusal = Error(sqlstate::kOutOfMemory, "no");
  EXPECT_EQ(SqlStateOf(Run(manager_->Commit(transaction))), sqlstate::kConnectionFailure);
  Settle();
  EXPECT_FALSE(log_->DecisionOf(transaction->id()).has_value());
  EXPECT_TRUE(nodes_[kNodeA]->held.empty());
}

}  // namespace
}  // namespace tsd::coord
