// Unique keys: what counts as there (memory, files, other transactions, after a crash), who waits for whom, what is told of conflicts.
#include <set>

#include "engine/store/unique_keys.h"
#include "engine/types/text_form.h"
#include "tests/engine/store/store_fixture.h"

namespace tsd::engine {
namespace {

class UniqueTest : public StoreTest, public ::testing::WithParamInterface<bool> {
 protected:
  /// k is a key, and so are v and s together.
  static TableSchemaPtr KeyedSchema(bool nulls_distinct = true) {
    auto schema = std::make_shared<TableSchema>(*TestSchema());
    schema->unique_keys = {{"t_pkey", "k", {ColumnId(1)}, true}, {"t_v_s_key", "v, s", {ColumnId(2), ColumnId(3)}, nulls_distinct}};
    return schema;
  }
  static TableSchemaPtr KSchema() {
    auto schema = std::make_shared<TableSchema>(*TestSchema());
    schema->unique_keys = {{"t_pkey", "k", {ColumnId(1)}, true}};
    return schema;
  }
  Future<Status> StartKeyed(uint64_t txn, const std::vector<TestRow>& rows, uint32_t level = 1) {
    return store_->Write({Txn(txn), level, KSchema(), ChunkId(1), TestBatch(rows)});
  }
  Status Keyed(uint64_t txn, const std::vector<TestRow>& rows, uint32_t level = 1) { return Await(StartKeyed(txn, rows, level)); }
  void Put(uint64_t txn, const std::vector<TestRow>& rows) {
    const Status status = Keyed(txn, rows);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_TRUE(Commit(txn).ok());
  }
  static void ExpectDuplicate(const Status& status, const std::string& detail) {
    EXPECT_EQ(SqlStateOf(status), sqlstate::kUniqueViolation) << status;
    EXPECT_EQ(FieldsOf(status).detail, detail);
    EXPECT_EQ(FieldsOf(status).constraint, "t_pkey");
    EXPECT_EQ(FieldsOf(status).table, "t");
    EXPECT_EQ(FieldsOf(status).schema, "public");
  }
  StatusOr<WriteConflicts> Unless(uint64_t txn, const std::vector<TestRow>& rows, uint32_t level = 1) {
    return Await(store_->WriteUnlessConflicting({Txn(txn), level, KSchema(), ChunkId(1), TestBatch(rows)}, {0}));
  }
  /// In memory, or in a file.
  void MaybeFlush() {
    if (GetParam()) {
      ASSERT_TRUE(Flush().ok());
    }
  }
};

TEST_P(UniqueTest, ACommittedKeyIsRefusedAndTheRestOfTheTransactionGoesOn) {
  Open();
  Put(1, Rows(0, 500));
  MaybeFlush();
  ExpectDuplicate(Keyed(2, {{499, 1, "x"}}), "Key (k)=(499) already exists.");
  ASSERT_TRUE(Await(store_->RollbackTo(Txn(2), 1)).ok());
  ASSERT_TRUE(Keyed(2, {{500, 1, "x"}}, 2).ok());
  ExpectDuplicate(Keyed(2, {{500, 1, "x"}}, 3), "Key (k)=(500) already exists.");
  ASSERT_TRUE(Await(store_->RollbackTo(Txn(2), 3)).ok());
  ASSERT_TRUE(Commit(2).ok());
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 501));
}

TEST_P(UniqueTest, TheFirstRowToBlameIsNamed) {
  Open();
  Put(1, {{7, 1, "a"}});
  MaybeFlush();
  ExpectDuplicate(Keyed(2, {{1, 1, "a"}, {1, 1, "b"}, {7, 1, "c"}}), "Key (k)=(1) already exists.");
  ASSERT_TRUE(Await(store_->Abort(Txn(2))).ok());
  ExpectDuplicate(Keyed(3, {{7, 1, "c"}, {1, 1, "a"}, {1, 1, "b"}}), "Key (k)=(7) already exists.");
}

TEST_P(UniqueTest, DeletedRowsDoNotCount) {
  Open();
  Put(1, Rows(0, 200));
  MaybeFlush();
  ASSERT_TRUE(Delete(2, 1, {5, 150}, kMaxTimestamp, 1).ok());
  ASSERT_TRUE(Keyed(2, {{5, 0, "again"}}, 2).ok()) << "deleted by itself";
  ASSERT_TRUE(Commit(2).ok());
  MaybeFlush();
  ASSERT_TRUE(Keyed(3, {{150, 0, "again"}}).ok());
  ExpectDuplicate(Keyed(3, {{5, 0, "third"}}, 2), "Key (k)=(5) already exists.");
  ASSERT_TRUE(Await(store_->RollbackTo(Txn(3), 2)).ok());
  ASSERT_TRUE(Commit(3).ok());
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 200));
}

TEST_P(UniqueTest, AWriterWaitsForWhoWroteTheKey) {
  Open();
  ASSERT_TRUE(Keyed(1, {{1, 0, "a"}}).ok());
  Future<Status> second = StartKeyed(2, {{1, 0, "b"}});
  EXPECT_FALSE(Ready(second));
  Future<Status> third = StartKeyed(3, {{2, 0, "c"}, {1, 0, "c"}});
  EXPECT_FALSE(Ready(third));
  ASSERT_TRUE(Await(store_->Abort(Txn(1))).ok());
  // One of the two goes on, the other waits for it.
  ASSERT_TRUE(scheduler_.RunUntil([&] { return second.ready() || third.ready(); }, absl::Seconds(1)));
  const bool second_won = second.ready();
  EXPECT_TRUE((second_won ? second : third).Take().ok());
  ASSERT_TRUE(Commit(second_won ? 2 : 3).ok());
  MaybeFlush();
  ExpectDuplicate(Await(second_won ? third : second), "Key (k)=(1) already exists.");
}

TEST_P(UniqueTest, AWriterWaitsForWhoDeletesTheKey) {
  Open();
  Put(1, Rows(0, 100));
  MaybeFlush();
  ASSERT_TRUE(Delete(2, 1, {42}, kMaxTimestamp, 1).ok());
  Future<Status> waiting = StartKeyed(3, {{42, 0, "b"}});
  EXPECT_FALSE(Ready(waiting));
  ASSERT_TRUE(Await(store_->RollbackTo(Txn(2), 1)).ok());
  ExpectDuplicate(Await(waiting), "Key (k)=(42) already exists.");
  ASSERT_TRUE(Delete(2, 1, {43}, kMaxTimestamp, 2).ok());
  ASSERT_TRUE(Await(store_->RollbackTo(Txn(3), 1)).ok());
  waiting = StartKeyed(3, {{43, 0, "b"}});
  EXPECT_FALSE(Ready(waiting));
  ASSERT_TRUE(Commit(2).ok());
  EXPECT_TRUE(Await(waiting).ok());
  ASSERT_TRUE(Commit(3).ok());
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 100));
}

// An update's new row and a waiting writer of the same key: whoever comes second must see the first's outcome.
TEST_P(UniqueTest, AnUpdateDoesNotLetAWaitingWriterIn) {
  Open();
  Put(1, {{1, 0, "old"}});
  MaybeFlush();
  ASSERT_TRUE(Delete(2, 1, {1}, kMaxTimestamp, 1).ok());
  Future<Status> waiting = StartKeyed(3, {{1, 0, "other"}});
  EXPECT_FALSE(Ready(waiting));
  ASSERT_TRUE(Keyed(2, {{1, 0, "new"}}).ok());
  EXPECT_FALSE(Ready(waiting));
  ASSERT_TRUE(Commit(2).ok());
  ExpectDuplicate(Await(waiting), "Key (k)=(1) already exists.");
}

TEST_P(UniqueTest, TwoWhoWaitForEachOtherAreNoticed) {
  Open();
  ASSERT_TRUE(Keyed(1, {{1, 0, "a"}}).ok());
  ASSERT_TRUE(Keyed(2, {{2, 0, "b"}}).ok());
  Future<Status> first = StartKeyed(1, {{2, 0, "a"}}, 2);
  EXPECT_FALSE(Ready(first));
  EXPECT_EQ(SqlStateOf(Keyed(2, {{1, 0, "b"}}, 2)), sqlstate::kDeadlockDetected);
  ASSERT_TRUE(Await(store_->Abort(Txn(2))).ok());
  EXPECT_TRUE(Await(first).ok());
}

TEST_P(UniqueTest, AnAbortEndsAWaitAndATimeoutToo) {
  Open();
  ASSERT_TRUE(Keyed(1, {{1, 0, "a"}}).ok());
  Future<Status> waiting = StartKeyed(2, {{1, 0, "b"}});
  EXPECT_FALSE(Ready(waiting));
  ASSERT_TRUE(Await(store_->Abort(Txn(2))).ok());
  EXPECT_FALSE(Await(waiting).ok());
  waiting = StartKeyed(3, {{1, 0, "b"}});
  scheduler_.RunFor(absl::Seconds(11));
  EXPECT_EQ(SqlStateOf(Await(waiting)), sqlstate::kDeadlockDetected);
}

TEST_P(UniqueTest, PreparedTransactionsHoldTheirKeysOverACrash) {
  Open();
  ASSERT_TRUE(Keyed(1, {{1, 0, "a"}}).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(1), {Timestamp(50), "node 7"})).ok());
  CrashAndOpen();
  Future<Status> waiting = StartKeyed(2, {{1, 0, "b"}});
  EXPECT_FALSE(Ready(waiting));
  ASSERT_TRUE(Await(store_->CommitPrepared(Txn(1), Timestamp(77))).ok());
  ExpectDuplicate(Await(waiting), "Key (k)=(1) already exists.");
  CrashAndOpen();
  MaybeFlush();
  ExpectDuplicate(Keyed(3, {{1, 0, "c"}}), "Key (k)=(1) already exists.");
}

TEST_P(UniqueTest, ConflictsAreToldWithTheRowsThatAreThere) {
  Open();
  Put(1, Rows(0, 300));
  MaybeFlush();
  ASSERT_TRUE(Keyed(2, {{1000, 5, "own"}}, 1).ok());
  const StatusOr<WriteConflicts> conflicts = Unless(2, {{299, 0, "x"}, {300, 0, "new"}, {1000, 0, "x"}, {300, 0, "twice"}, {7, 0, "x"}}, 2);
  ASSERT_TRUE(conflicts.ok()) << conflicts.status();
  ASSERT_EQ(conflicts->rows.size(), 4u);
  const uint32_t positions[] = {0, 2, 3, 4};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(conflicts->rows[i].position, positions[i]);
    EXPECT_EQ(conflicts->rows[i].same_statement, i == 2);
  }
  EXPECT_EQ(conflicts->rows[1].commit, Timestamp());
  EXPECT_GT(conflicts->rows[0].commit, Timestamp());
  ASSERT_EQ(conflicts->existing.rows(), 3u);
  EXPECT_EQ(conflicts->existing.column(0).Get<int64_t>(0), 299);
  EXPECT_EQ(conflicts->existing.column(2).GetBytes(0), "tag-9");
  EXPECT_EQ(conflicts->existing.column(2).GetBytes(1), "own");
  EXPECT_EQ(conflicts->existing.column(0).Get<int64_t>(2), 7);
  // What was written before by the statement itself is told apart.
  const StatusOr<WriteConflicts> again = Unless(2, {{300, 0, "x"}}, 2);
  ASSERT_TRUE(again.ok());
  ASSERT_EQ(again->rows.size(), 1u);
  EXPECT_TRUE(again->rows[0].same_statement);
  ASSERT_TRUE(Commit(2).ok());
  std::vector<int64_t> keys = KeyRange(0, 301);
  keys.push_back(1000);
  EXPECT_EQ(Keys({1}, kMaxTimestamp), keys);
}

TEST_P(UniqueTest, KeysThatAreNoArbitersAreEnforced) {
  Open();
  ASSERT_TRUE(Await(store_->Write({Txn(1), 1, KeyedSchema(), ChunkId(1), TestBatch({{1, 1, "a"}})})).ok());
  ASSERT_TRUE(Commit(1).ok());
  MaybeFlush();
  const StatusOr<WriteConflicts> other =
      Await(store_->WriteUnlessConflicting({Txn(2), 1, KeyedSchema(), ChunkId(1), TestBatch({{2, 1, "a"}})}, {0}));
  EXPECT_EQ(FieldsOf(other.status()).constraint, "t_v_s_key");
  EXPECT_EQ(FieldsOf(other.status()).detail, "Key (v, s)=(1, a) already exists.");
  ASSERT_TRUE(Await(store_->Abort(Txn(2))).ok());
  const StatusOr<WriteConflicts> both =
      Await(store_->WriteUnlessConflicting({Txn(3), 1, KeyedSchema(), ChunkId(1), TestBatch({{2, 1, "a"}, {1, 9, "z"}, {3, 3, "c"}})}, {0, 1}));
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->rows.size(), 2u);
  ASSERT_TRUE(Commit(3).ok());
  EXPECT_EQ(Keys({1}, kMaxTimestamp), (std::vector<int64_t>{1, 3}));
}

TEST_P(UniqueTest, NullsAreDistinctUnlessSaidOtherwise) {
  Open();
  const auto write = [&](uint64_t txn, bool nulls_distinct, int64_t k) {
    auto s = std::make_shared<Vector>(DataType(TypeId::kText));
    s->AppendNull();
    ColumnBatch batch = TestBatch({{k, 4, ""}});
    batch = ColumnBatch({batch.column_ptr(0), batch.column_ptr(1), s}, 1);
    return Await(store_->Write({Txn(txn), 1, KeyedSchema(nulls_distinct), ChunkId(1), batch}));
  };
  ASSERT_TRUE(write(1, true, 1).ok());
  ASSERT_TRUE(write(1, true, 2).ok());
  ASSERT_TRUE(Commit(1).ok());
  MaybeFlush();
  EXPECT_TRUE(write(2, true, 3).ok());
  EXPECT_EQ(FieldsOf(write(2, false, 4)).detail, "Key (v, s)=(4, null) already exists.");
}

// Many rows, in and out of order, through merged blocks and direct files.
TEST_P(UniqueTest, RandomKeysAgainstAModel) {
  Open();
  std::set<int64_t> model;
  uint64_t state = 12345;
  const auto next = [&state](uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
  };
  for (uint64_t txn = 1; txn <= 300; ++txn) {
    std::vector<TestRow> rows;
    bool duplicate = false;
    std::set<int64_t> mine;
    for (uint64_t i = 0; i < 1 + next(40); ++i) {
      const int64_t k = static_cast<int64_t>(next(20000));
      duplicate = duplicate || model.contains(k) || !mine.insert(k).second;
      rows.push_back({k, k % 7, "s"});
    }
    const Status status = Keyed(txn, rows);
    ASSERT_EQ(status.ok(), !duplicate) << txn << ": " << status;
    if (duplicate) {
      ASSERT_TRUE(Await(store_->Abort(Txn(txn))).ok());
    } else {
      ASSERT_TRUE(Commit(txn).ok());
      model.insert(mine.begin(), mine.end());
    }
    if (txn % 50 == 0) MaybeFlush();
    if (txn == 170) CrashAndOpen();
  }
  EXPECT_EQ(Keys({1}, kMaxTimestamp), std::vector<int64_t>(model.begin(), model.end()));
}

INSTANTIATE_TEST_SUITE_P(Places, UniqueTest, ::testing::Bool(), [](const auto& parameter) { return parameter.param ? "InFiles" : "InMemory"; });

class UniqueDirectTest : public UniqueTest {
 protected:
  StoreOptions Options() override {
    StoreOptions options = StoreTest::Options();
    options.direct_file_bytes = 4096;
    return options;
  }
};

// A transaction's own files, and those of another that has not ended.
TEST_P(UniqueDirectTest, KeysInStagedFilesAreThere) {
  Open();
  for (int64_t i = 0; i < 20; ++i) ASSERT_TRUE(Keyed(1, Rows(i * 100, 100)).ok());
  Settle();
  ExpectDuplicate(Keyed(1, {{123, 0, "x"}}, 2), "Key (k)=(123) already exists.");
  ASSERT_TRUE(Await(store_->RollbackTo(Txn(1), 2)).ok());
  Future<Status> waiting = StartKeyed(2, {{5, 0, "x"}});
  EXPECT_FALSE(Ready(waiting));
  ASSERT_TRUE(Commit(1).ok());
  ExpectDuplicate(Await(waiting), "Key (k)=(5) already exists.");
}

INSTANTIATE_TEST_SUITE_P(Files, UniqueDirectTest, ::testing::Values(true));

TEST(KeyRowsTest, EqualByValueNotByBytes) {
  const auto numeric = [](const std::string& text) {
    auto column = std::make_shared<Vector>(DataType(TypeId::kNumeric));
    EXPECT_TRUE(ParseText(TypeId::kNumeric, text, TextContext(), *column).ok());
    return KeyRows({column}, 1, true);
  };
  EXPECT_TRUE(numeric("1.0").Equal(0, numeric("1.00"), 0));
  EXPECT_EQ(numeric("1.0").Hash(0), numeric("1.00").Hash(0));
  EXPECT_FALSE(numeric("1.0").Equal(0, numeric("1.01"), 0));
  EXPECT_EQ(numeric("1.0").Hashes()[0], numeric("1.0").Hash(0));
}

TEST(KeyRowsTest, BoundsLetNothingSlipThrough) {
  const auto rows = [](std::vector<int64_t> values) {
    auto column = std::make_shared<Vector>(DataType(TypeId::kInt64));
    for (const int64_t value : values) column->Append(value);
    return KeyRows({column}, values.size(), true);
  };
  EXPECT_TRUE(rows({1, 5}).Bounds().Meets(rows({5, 9}).Bounds()));
  EXPECT_FALSE(rows({1, 4}).Bounds().Meets(rows({5, 9}).Bounds()));
  EXPECT_FALSE(rows({}).Bounds().Meets(rows({5, 9}).Bounds()));
  EXPECT_TRUE(rows({INT64_MIN, INT64_MAX}).Bounds().Meets(rows({0}).Bounds()));
  EXPECT_TRUE(rows({1, 2, 9}).IsStrictlyAscending());
  EXPECT_FALSE(rows({1, 2, 2}).IsStrictlyAscending());
}

}  // namespace
}  // namespace tsd::engine
