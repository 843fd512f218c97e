// Transactions, visibility, recovery: what the store promises (I1 to I4), one rule a test.
#include "engine/base/fault.h"
#include "tests/engine/store/store_fixture.h"

namespace tsd::engine {
namespace {

TEST_F(StoreTest, EmptyStoreHasNoRows) {
  Open();
  EXPECT_TRUE(Keys({1, 2}, kMaxTimestamp).empty());
  EXPECT_TRUE(store_->Chunks().empty());
  EXPECT_EQ(store_->SizeOf(ChunkId(1)).rows, 0u);
}

TEST_F(StoreTest, CommittedRowsAreVisibleFromTheirTimestampOn) {
  Open();
  const Timestamp first = Insert(1, 1, Rows(0, 3));
  const Timestamp second = Insert(2, 1, Rows(10, 2));
  EXPECT_LT(first, second);
  EXPECT_EQ(Keys({1}, Timestamp(first.value() - 1)), KeyRange(0, 0));
  EXPECT_EQ(Keys({1}, first), KeyRange(0, 3));
  EXPECT_EQ(Keys({1}, second), (std::vector<int64_t>{0, 1, 2, 10, 11}));
}

TEST_F(StoreTest, StagedRowsAreSeenByTheirOwnerOnlyAndByLevel) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 2), 1).ok());
  ASSERT_TRUE(Write(1, 1, Rows(2, 2), 2).ok());
  EXPECT_TRUE(Keys({1}, kMaxTimestamp).empty());
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 1), KeyRange(0, 4));
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 1, 2), KeyRange(0, 2));
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 1, 1), KeyRange(0, 0));
  EXPECT_TRUE(Keys({1}, kMaxTimestamp, 2).empty());
  EXPECT_TRUE(store_->IsActive(Txn(1)));
  ASSERT_TRUE(Await(store_->Abort(Txn(1))).ok());
  EXPECT_FALSE(store_->IsActive(Txn(1)));
  EXPECT_TRUE(Keys({1}, kMaxTimestamp, 1).empty());
}

TEST_F(StoreTest, CommitSurvivesACrashAndUncommittedDoesNot) {
  Open();
  const Timestamp commit = Insert(1, 1, Rows(0, 5));
  ASSERT_TRUE(Write(2, 1, Rows(100, 5)).ok());
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, commit), KeyRange(0, 5));
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 5));
  EXPECT_FALSE(store_->IsActive(Txn(2)));
  EXPECT_GT(Insert(3, 1, Rows(5, 1)), commit);
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 6));
}

TEST_F(StoreTest, PreparedSurvivesACrashAndCommitsAtTheGivenTimestamp) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 5)).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(1), {Timestamp(50), "node 7"})).ok());
  ASSERT_TRUE(Write(2, 1, Rows(50, 5)).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(2), {Timestamp(50), "node 8"})).ok());
  CrashAndOpen();
  ASSERT_EQ(store_->InDoubt().size(), 2u);
  EXPECT_EQ(store_->InDoubt()[0].txn, Txn(1));
  EXPECT_EQ(store_->InDoubt()[0].preparation.coordinator, "node 7");
  EXPECT_TRUE(Keys({1}, kMaxTimestamp).empty());
  ASSERT_TRUE(Await(store_->CommitPrepared(Txn(1), Timestamp(77))).ok());
  ASSERT_TRUE(Await(store_->Abort(Txn(2))).ok());
  EXPECT_TRUE(Await(store_->CommitPrepared(Txn(1), Timestamp(77))).ok());
  EXPECT_TRUE(Keys({1}, Timestamp(76)).empty());
  EXPECT_EQ(Keys({1}, Timestamp(77)), KeyRange(0, 5));
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 5));
  for (const PreparedTransaction& prepared : store_->InDoubt()) EXPECT_EQ(prepared.txn, Txn(2));  // its abort need not be durable
}

TEST_F(StoreTest, CommitOfAPreparedTransactionIsSeenAtOnceAndAnsweredWhenDurable) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 5)).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(1), {Timestamp(50), "node 7"})).ok());
  Future<Status> commit = store_->CommitPrepared(Txn(1), Timestamp(77));
  scheduler_.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(Keys({1}, Timestamp(77)), KeyRange(0, 5));
  EXPECT_TRUE(store_->InDoubt().empty());
  Future<Status> again = store_->CommitPrepared(Txn(1), Timestamp(77));
  EXPECT_FALSE(commit.ready());
  EXPECT_FALSE(again.ready()) << "forgotten here, but a power cut may bring it back";
  CrashAndOpen();
  // Its record was not synced: it may be gone or not.
  const bool survived = store_->InDoubt().empty();
  commit = store_->CommitPrepared(Txn(1), Timestamp(77));
  scheduler_.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(commit.ready(), survived);
  // The sync of another transaction's commit covers it.
  Insert(2, 1, Rows(5, 1));
  EXPECT_TRUE(commit.ready());
  ASSERT_TRUE(Await(store_->CommitPrepared(Txn(1), Timestamp(77))).ok());
  CrashAndOpen();
  EXPECT_TRUE(store_->InDoubt().empty());
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 6));
}

TEST_F(StoreTest, CommitsOfPreparedTransactionsBecomeDurableByThemselves) {
  Open();
  for (uint64_t txn = 1; txn <= 3; ++txn) {
    ASSERT_TRUE(Write(txn, 1, Rows(static_cast<int64_t>(txn), 1)).ok());
    ASSERT_TRUE(Await(store_->Prepare(Txn(txn), {Timestamp(50), "node 7"})).ok());
  }
  Future<Status> first = store_->CommitPrepared(Txn(1), Timestamp(77));
  Future<Status> second = store_->CommitPrepared(Txn(2), Timestamp(78));
  EXPECT_TRUE(Await(first).ok());
  EXPECT_TRUE(Await(second).ok());
  EXPECT_TRUE(Await(store_->CommitPrepared(Txn(3), Timestamp(79))).ok());
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(1, 3));
}

TEST_F(StoreTest, PrepareOfAnUnknownTransactionFails) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 1)).ok());
  CrashAndOpen();
  EXPECT_EQ(SqlStateOf(Await(store_->Prepare(Txn(1), {Timestamp(1), ""}))), sqlstate::kInFailedSqlTransaction);
  EXPECT_EQ(SqlStateOf(Commit(1).status()), sqlstate::kInFailedSqlTransaction);
  EXPECT_TRUE(Await(store_->Abort(Txn(1))).ok());
}

TEST_F(StoreTest, EndedTransactionsTakeNoMoreWrites) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 1)).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(1), {Timestamp(1), ""})).ok());
  EXPECT_FALSE(Write(1, 1, Rows(1, 1)).ok());
  EXPECT_FALSE(Commit(1).ok());
  EXPECT_TRUE(Await(store_->Prepare(Txn(1), {Timestamp(1), ""})).ok());
}

TEST_F(StoreTest, RollbackToTakesLevelsBack) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 2), 1).ok());
  ASSERT_TRUE(Write(1, 1, Rows(10, 2), 2).ok());
  ASSERT_TRUE(Write(1, 2, Rows(20, 2), 3).ok());
  ASSERT_TRUE(Await(store_->RollbackTo(Txn(1), 2)).ok());
  ASSERT_TRUE(Write(1, 2, Rows(30, 1), 4).ok());
  ASSERT_TRUE(Commit(1).ok());
  EXPECT_EQ(Keys({1, 2}, kMaxTimestamp), (std::vector<int64_t>{0, 1, 30}));
  CrashAndOpen();
  EXPECT_EQ(Keys({1, 2}, kMaxTimestamp), (std::vector<int64_t>{0, 1, 30}));
}

TEST_F(StoreTest, CommitOfNothingNeedsNoLog) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 2), 1).ok());
  ASSERT_TRUE(Await(store_->RollbackTo(Txn(1), 0)).ok());
  const StatusOr<Timestamp> commit = Commit(1, 500);
  ASSERT_TRUE(commit.ok());
  EXPECT_GE(*commit, Timestamp(500));
}

TEST_F(StoreTest, ManySmallCommitsAreMergedInMemory) {
  Open();
  for (uint64_t i = 0; i < 600; ++i) Insert(i + 1, 1, Rows(static_cast<int64_t>(i), 1));
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 600));
  EXPECT_EQ(Keys({1}, Timestamp(300)).size(), 300u);
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, Timestamp(300)).size(), 300u);
  ASSERT_TRUE(Flush().ok());
  EXPECT_EQ(Keys({1}, Timestamp(300)).size(), 300u);
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 600));
  EXPECT_TRUE(store_->Verify().ok());
}

// ---- I3: readers and timestamps ----

TEST_F(StoreTest, CommitOnePhaseStaysAboveEveryReaderBefore) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 1)).ok());
  ASSERT_TRUE(Await(store_->AwaitReadable({ChunkId(1)}, {Timestamp(1000)}, absl::Seconds(1))).ok());
  const StatusOr<Timestamp> commit = Commit(1);
  ASSERT_TRUE(commit.ok());
  EXPECT_GT(*commit, Timestamp(1000));
  EXPECT_TRUE(Keys({1}, Timestamp(1000)).empty());
}

TEST_F(StoreTest, ReaderWaitsForACommitInFlightBelowIt) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 1)).ok());
  Future<StatusOr<Timestamp>> commit = store_->CommitOnePhase(Txn(1), Timestamp(10));
  ASSERT_FALSE(commit.ready());
  Future<Status> reader = store_->AwaitReadable({ChunkId(1)}, {Timestamp(10)}, absl::Seconds(1));
  Future<Status> elsewhere = store_->AwaitReadable({ChunkId(2)}, {Timestamp(10)}, absl::Seconds(1));
  Future<Status> before = store_->AwaitReadable({ChunkId(1)}, {Timestamp(9)}, absl::Seconds(1));
  EXPECT_FALSE(reader.ready());
  EXPECT_TRUE(elsewhere.ready());
  EXPECT_TRUE(before.ready());
  ASSERT_TRUE(Await(std::move(reader)).ok());
  EXPECT_EQ(Keys({1}, Timestamp(10)), KeyRange(0, 1));
}

TEST_F(StoreTest, ReaderAboveTheFloorWaitsForThePreparedTransaction) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 1)).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(1), {Timestamp(50), ""})).ok());
  EXPECT_TRUE(store_->AwaitReadable({ChunkId(1)}, {Timestamp(50)}, absl::Seconds(1)).ready());
  EXPECT_TRUE(store_->AwaitReadable({ChunkId(2)}, {Timestamp(51)}, absl::Seconds(1)).ready());
  EXPECT_TRUE(store_->AwaitReadable({ChunkId(1)}, {Timestamp(51), Txn(1)}, absl::Seconds(1)).ready());
  Future<Status> reader = store_->AwaitReadable({ChunkId(1)}, {Timestamp(60)}, absl::Seconds(1));
  Future<Status> impatient = store_->AwaitReadable({ChunkId(1)}, {Timestamp(60)}, absl::Milliseconds(1));
  EXPECT_FALSE(reader.ready());
  const Status timeout = Await(std::move(impatient));
  EXPECT_EQ(SqlStateOf(timeout), sqlstate::kLockNotAvailable);
  EXPECT_NE(std::string(timeout.message()).find(Txn(1).ToString()), std::string::npos);
  ASSERT_TRUE(Await(store_->CommitPrepared(Txn(1), Timestamp(55))).ok());
  ASSERT_TRUE(Await(std::move(reader)).ok());
  EXPECT_EQ(Keys({1}, Timestamp(60)), KeyRange(0, 1));
}

TEST_F(StoreTest, ReaderThatIgnoresPreparedTransactionsWouldBeNoticed) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 1)).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(1), {Timestamp(50), ""})).ok());
  fault::SetBroken("read_ignores_prepared", true);
  const bool ready = store_->AwaitReadable({ChunkId(1)}, {Timestamp(60)}, absl::Seconds(1)).ready();
  fault::SetBroken("read_ignores_prepared", false);
  EXPECT_TRUE(ready);
  EXPECT_FALSE(store_->AwaitReadable({ChunkId(1)}, {Timestamp(60)}, absl::Seconds(1)).ready());
}

TEST_F(StoreTest, PrepareWithoutSyncWouldBeNoticed) {
  auto lost = [this](bool broken) {
    int count = 0;
    for (uint64_t i = 0; i < 12; ++i) {
      const uint64_t round = i + (broken ? 100 : 0);
      Open();
      EXPECT_TRUE(Write(round + 1, 1, Rows(static_cast<int64_t>(round), 1)).ok());
      fault::SetBroken("skip_prepare_sync", broken);
      EXPECT_TRUE(Await(store_->Prepare(Txn(round + 1), {Timestamp(50), ""})).ok());
      fault::SetBroken("skip_prepare_sync", false);
      CrashAndOpen();
      bool found = false;
      for (const PreparedTransaction& prepared : store_->InDoubt()) found |= prepared.txn == Txn(round + 1);
      if (!found) ++count;
      Crash();
    }
    return count;
  };
  EXPECT_EQ(lost(false), 0);
  EXPECT_GT(lost(true), 0);
}

// ---- deletes and conflicts ----

TEST_F(StoreTest, DeletedRowsVanishAtTheDeletersTimestamp) {
  Open();
  const Timestamp inserted = Insert(1, 1, Rows(0, 5));
  const StatusOr<uint64_t> count = Delete(2, 1, {1, 3}, inserted);
  ASSERT_TRUE(count.ok());
  EXPECT_EQ(*count, 2u);
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 5));
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 2), (std::vector<int64_t>{0, 2, 4}));
  EXPECT_EQ(*Delete(2, 1, {0}, inserted, 5), 1u);
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 2, 5), (std::vector<int64_t>{0, 2, 4}));
  const StatusOr<Timestamp> deleted = Commit(2);
  ASSERT_TRUE(deleted.ok());
  EXPECT_EQ(Keys({1}, inserted), KeyRange(0, 5));
  EXPECT_EQ(Keys({1}, *deleted), (std::vector<int64_t>{2, 4}));
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, inserted), KeyRange(0, 5));
  EXPECT_EQ(Keys({1}, *deleted), (std::vector<int64_t>{2, 4}));
  ASSERT_TRUE(Flush().ok());
  EXPECT_EQ(Keys({1}, inserted), KeyRange(0, 5));
  EXPECT_EQ(Keys({1}, *deleted), (std::vector<int64_t>{2, 4}));
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, inserted), KeyRange(0, 5));
  EXPECT_EQ(Keys({1}, *deleted), (std::vector<int64_t>{2, 4}));
}

TEST_F(StoreTest, OwnStagedRowsCanBeDeleted) {
  Open();
  ASSERT_TRUE(Write(1, 1, Rows(0, 3), 1).ok());
  EXPECT_EQ(*Delete(1, 1, {1}, Timestamp(1), 2), 1u);
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 1), (std::vector<int64_t>{0, 2}));
  ASSERT_TRUE(Commit(1).ok());
  EXPECT_EQ(Keys({1}, kMaxTimestamp), (std::vector<int64_t>{0, 2}));
}

TEST_F(StoreTest, SecondDeleterFailsWhenTheFirstCommits) {
  Open();
  const Timestamp read = Insert(1, 1, Rows(0, 5));
  ASSERT_TRUE(Delete(2, 1, {1}, read).ok());
  Future<StatusOr<uint64_t>> second = StartDelete(3, 1, {0, 1}, read);
  EXPECT_FALSE(Ready(second));
  ASSERT_TRUE(Commit(2).ok());
  EXPECT_EQ(SqlStateOf(Await(std::move(second)).status()), sqlstate::kSerializationFailure);
  // What the failed statement had locked is free again, and a later snapshot goes on.
  const StatusOr<uint64_t> third = Delete(4, 1, {0}, read);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(SqlStateOf(Delete(3, 1, {1}, read).status()), sqlstate::kSerializationFailure);
}

TEST_F(StoreTest, SecondDeleterGoesOnWhenTheFirstAborts) {
  Open();
  const Timestamp read = Insert(1, 1, Rows(0, 5));
  ASSERT_TRUE(Delete(2, 1, {1}, read).ok());
  Future<StatusOr<uint64_t>> second = StartDelete(3, 1, {0, 1}, read);
  EXPECT_FALSE(Ready(second));
  ASSERT_TRUE(Await(store_->Abort(Txn(2))).ok());
  EXPECT_EQ(*Await(std::move(second)), 2u);
}

TEST_F(StoreTest, RollbackToFreesRowLocks) {
  Open();
  const Timestamp read = Insert(1, 1, Rows(0, 5));
  ASSERT_TRUE(Delete(2, 1, {1}, read, 3).ok());
  Future<StatusOr<uint64_t>> second = StartDelete(3, 1, {1}, read);
  EXPECT_FALSE(Ready(second));
  ASSERT_TRUE(Await(store_->RollbackTo(Txn(2), 3)).ok());
  EXPECT_EQ(*Await(std::move(second)), 1u);
}

TEST_F(StoreTest, LockWaitTimesOutAndDeadlocksAreFound) {
  Open();
  const Timestamp read = Insert(1, 1, Rows(0, 5));
  ASSERT_TRUE(Delete(2, 1, {1}, read).ok());
  ASSERT_TRUE(Delete(3, 1, {2}, read).ok());
  Future<StatusOr<uint64_t>> waiting = StartDelete(3, 1, {1}, read);
  EXPECT_FALSE(Ready(waiting));
  EXPECT_EQ(SqlStateOf(Delete(2, 1, {2}, read).status()), sqlstate::kDeadlockDetected);
  EXPECT_EQ(SqlStateOf(Await(std::move(waiting)).status()), sqlstate::kDeadlockDetected);  // after lock_timeout
}

TEST_F(StoreTest, AbortEndsAWaitingDelete) {
  Open();
  const Timestamp read = Insert(1, 1, Rows(0, 5));
  ASSERT_TRUE(Delete(2, 1, {1}, read).ok());
  Future<StatusOr<uint64_t>> waiting = StartDelete(3, 1, {0, 1}, read);
  ASSERT_TRUE(Await(store_->Abort(Txn(3))).ok());
  EXPECT_FALSE(Await(std::move(waiting)).ok());
  EXPECT_EQ(*Delete(4, 1, {0}, read), 1u);
}

TEST_F(StoreTest, RowLocksOfPreparedTransactionsComeBack) {
  Open();
  const Timestamp read = Insert(1, 1, Rows(0, 5));
  ASSERT_TRUE(Delete(2, 1, {1}, read).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(2), {Timestamp(50), ""})).ok());
  CrashAndOpen();
  Future<StatusOr<uint64_t>> waiting = StartDelete(3, 1, {1}, read);
  EXPECT_FALSE(Ready(waiting));
  ASSERT_TRUE(Await(store_->CommitPrepared(Txn(2), Timestamp(60))).ok());
  EXPECT_EQ(SqlStateOf(Await(std::move(waiting)).status()), sqlstate::kSerializationFailure);
  EXPECT_EQ(Keys({1}, Timestamp(60)), (std::vector<int64_t>{0, 2, 3, 4}));
}

// ---- poison ----

TEST_F(StoreTest, AFailedSyncPoisonsTheStore) {
  Open();
  Insert(1, 1, Rows(0, 2));
  ASSERT_TRUE(Write(2, 1, Rows(2, 2)).ok());
  env_.FailPath("/wal/", SimCall::kSync, SimFault::kEio);
  EXPECT_EQ(SqlStateOf(Commit(2).status()), sqlstate::kIoError);
  env_.ClearFaults();
  Settle();
  EXPECT_EQ(poisonings_, 1);
  EXPECT_FALSE(store_->poisoned().ok());
  EXPECT_EQ(SqlStateOf(Write(3, 1, Rows(9, 1))), sqlstate::kIoError);
  EXPECT_EQ(SqlStateOf(Commit(3).status()), sqlstate::kIoError);
  EXPECT_EQ(SqlStateOf(Flush()), sqlstate::kIoError);
  EXPECT_EQ(SqlStateOf(Await(store_->AwaitReadable({ChunkId(1)}, {Timestamp(1)}, absl::Seconds(1)))), sqlstate::kIoError);
  CrashAndOpen();
  const std::vector<int64_t> keys = Keys({1}, kMaxTimestamp);
  EXPECT_TRUE(keys == KeyRange(0, 2) || keys == KeyRange(0, 4));
}

TEST_F(StoreTest, CloseThenOpen) {
  Open();
  Insert(1, 1, Rows(0, 2));
  ASSERT_TRUE(Await(store_->Close()).ok());
  EXPECT_EQ(SqlStateOf(Write(2, 1, Rows(2, 2))), sqlstate::kAdminShutdown);
  store_.reset();
  Open();
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 2));
}

TEST_F(StoreTest, OnlyOneStoreInADirectory) {
  Open();
  const StatusOr<std::unique_ptr<Store>> second = Store::Open(Options());
  EXPECT_EQ(SqlStateOf(second.status()), sqlstate::kObjectInUse);
}

}  // namespace
}  // namespace tsd::engine
