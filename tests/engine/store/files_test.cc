// What happens on disk: direct files, checkpoints, merges, dropped chunks, schema changes, damage.
#include "engine/base/fault.h"
#include "tests/engine/store/store_fixture.h"

namespace tsd::engine {
namespace {

class FilesTest : public StoreTest {
 protected:
  StoreOptions Options() override {
    StoreOptions options = StoreTest::Options();
    options.direct_file_bytes = direct_file_bytes_;
    options.memtable_bytes = memtable_bytes_;
    return options;
  }
  size_t CountFiles(std::string_view suffix) const {
    size_t count = 0;
    for (const std::string& path : env_.AllFiles()) count += path.ends_with(suffix);
    return count;
  }
  size_t FileCount(uint64_t chunk) { return store_->SizeOf(ChunkId(chunk)).file_count; }

  uint64_t direct_file_bytes_ = 8 << 10;
  uint64_t memtable_bytes_ = 128 << 20;
};

// ---- direct files ----

TEST_F(FilesTest, LargeTransactionsGoToFilesOfTheirOwn) {
  Open();
  // Without the space reserved behind the last record.
  const auto logged = [&] { return env_.ReadFile("/db/wal/wal-0000000000000001.log").value_or("").find_last_not_of('\0'); };
  const size_t log_before = logged();
  for (int part = 0; part < 20; ++part) ASSERT_TRUE(Write(1, 1, Rows(part * 100, 100)).ok());
  Settle();
  EXPECT_GT(CountFiles(".chunk"), 2u);
  EXPECT_TRUE(Keys({1}, kMaxTimestamp).empty());
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 1), KeyRange(0, 2000));
  const StatusOr<Timestamp> commit = Commit(1);
  ASSERT_TRUE(commit.ok()) << commit.status();
  EXPECT_EQ(Keys({1}, *commit), KeyRange(0, 2000));
  EXPECT_TRUE(Keys({1}, Timestamp(commit->value() - 1)).empty());
  EXPECT_LT(logged(), log_before + 16000);  // rows are not logged
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, *commit), KeyRange(0, 2000));
  EXPECT_TRUE(Keys({1}, Timestamp(commit->value() - 1)).empty());
  ASSERT_TRUE(Flush().ok());
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, *commit), KeyRange(0, 2000));
  EXPECT_TRUE(store_->Verify().ok());
}

TEST_F(FilesTest, TheRestOfALargeTransactionIsNotLoggedEither) {
  Open();
  const auto logged = [&] { return env_.ReadFile("/db/wal/wal-0000000000000001.log").value_or("").find_last_not_of('\0'); };
  const size_t before = logged();
  for (uint64_t chunk = 1; chunk <= 5; ++chunk) ASSERT_TRUE(Write(1, chunk, Rows(static_cast<int64_t>(chunk) * 1000, 80)).ok());
  ASSERT_TRUE(Write(1, 9, Rows(0, 5)).ok());
  EXPECT_EQ(CountFiles(".chunk"), 0u);  // none of them is large by itself
  ASSERT_TRUE(Commit(1).ok());
  EXPECT_EQ(CountFiles(".chunk"), 5u);
  EXPECT_LT(logged(), before + 1500);
  CrashAndOpen();
  EXPECT_EQ(Keys({1, 2, 3, 4, 5}, kMaxTimestamp).size(), 400u);
  EXPECT_EQ(Keys({9}, kMaxTimestamp), KeyRange(0, 5));
}

TEST_F(FilesTest, RowsScatteredOverManyChunksStayWithinTheirMemory) {
  direct_file_bytes_ = 1 << 20;  // nothing is worth a file
  memtable_bytes_ = 64 << 10;
  Open();
  constexpr uint64_t kChunks = 300;
  for (int64_t part = 0; part < 4; ++part) {
    for (uint64_t chunk = 1; chunk <= kChunks; ++chunk) ASSERT_TRUE(Write(1, chunk, Rows(part * 10, 10)).ok());
    Settle();
  }
  EXPECT_GT(CountFiles(".chunk"), kChunks);  // the rows of 200 and more writes do not fit into the memory
  ASSERT_TRUE(Commit(1).ok());
  for (uint64_t chunk : {uint64_t{1}, uint64_t{150}, kChunks}) EXPECT_EQ(Keys({chunk}, kMaxTimestamp), KeyRange(0, 40));
}

TEST_F(FilesTest, FilesOfAbortedTransactionsGo) {
  Open();
  for (int part = 0; part < 10; ++part) ASSERT_TRUE(Write(1, 1, Rows(part * 100, 100)).ok());
  ASSERT_TRUE(Await(store_->Abort(Txn(1))).ok());
  Settle();
  EXPECT_EQ(CountFiles(".chunk"), 0u);
  EXPECT_TRUE(Keys({1}, kMaxTimestamp).empty());
}

TEST_F(FilesTest, FilesOfLostTransactionsAreRemovedAtOpen) {
  Open();
  for (int part = 0; part < 10; ++part) ASSERT_TRUE(Write(1, 1, Rows(part * 100, 100)).ok());
  Settle();
  EXPECT_GT(CountFiles(".chunk"), 0u);
  CrashAndOpen();
  Settle();
  EXPECT_EQ(CountFiles(".chunk"), 0u);
}

TEST_F(FilesTest, ACloseEndsACheckpointOfManyChunksAndItsFilesGoLater) {
  Open();
  for (uint64_t chunk = 1; chunk <= 300; ++chunk) Insert(chunk, chunk, Rows(static_cast<int64_t>(chunk) * 10, 2));
  Future<Status> flush = store_->Flush();
  ASSERT_TRUE(scheduler_.RunUntil([this] { return CountFiles(".chunk") >= 120; }, absl::Hours(1)));
  const size_t written = CountFiles(".chunk");
  ASSERT_TRUE(Await(store_->Close()).ok());
  EXPECT_EQ(SqlStateOf(Await(flush)), sqlstate::kAdminShutdown);
  EXPECT_LE(CountFiles(".chunk"), written + 1);
  store_.reset();
  Open();
  EXPECT_GE(CountFiles(".chunk"), written);  // they go in the background
  std::vector<uint64_t> chunks;
  for (uint64_t chunk = 1; chunk <= 300; ++chunk) chunks.push_back(chunk);
  EXPECT_EQ(Keys(chunks, kMaxTimestamp).size(), 600u);
  ASSERT_TRUE(Await(store_->Close()).ok());  // ends the removal too
  store_.reset();
  Open();
  Settle();
  EXPECT_EQ(CountFiles(".chunk"), 0u);
  ASSERT_TRUE(Flush().ok());
  EXPECT_EQ(CountFiles(".chunk"), 300u);
  EXPECT_EQ(Keys(chunks, kMaxTimestamp).size(), 600u);
}

TEST_F(FilesTest, PreparedFilesSurviveAndFollowTheDecision) {
  Open();
  for (int part = 0; part < 10; ++part) ASSERT_TRUE(Write(1, 1, Rows(part * 100, 100)).ok());
  for (int part = 0; part < 10; ++part) ASSERT_TRUE(Write(2, 1, Rows(5000 + part * 100, 100)).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(1), {Timestamp(10), "c"})).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(2), {Timestamp(10), "c"})).ok());
  ASSERT_TRUE(Flush().ok());  // a checkpoint must keep what they need
  CrashAndOpen();
  EXPECT_EQ(store_->InDoubt().size(), 2u);
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 1), KeyRange(0, 1000));
  ASSERT_TRUE(Await(store_->CommitPrepared(Txn(1), Timestamp(20))).ok());
  ASSERT_TRUE(Await(store_->Abort(Txn(2))).ok());
  EXPECT_EQ(Keys({1}, Timestamp(20)), KeyRange(0, 1000));
  Settle();
  CrashAndOpen();
  EXPECT_TRUE(store_->InDoubt().empty());
  EXPECT_EQ(Keys({1}, Timestamp(20)), KeyRange(0, 1000));
  ASSERT_TRUE(Flush().ok());
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 1000));
  EXPECT_TRUE(store_->Verify().ok());
}

TEST_F(FilesTest, RollbackToReachesIntoFiles) {
  Open();
  for (uint32_t level = 1; level <= 6; ++level) ASSERT_TRUE(Write(1, 1, Rows(level * 100, 90), level).ok());
  Settle();
  EXPECT_GT(CountFiles(".chunk"), 0u);
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 1, 3).size(), 180u);
  ASSERT_TRUE(Await(store_->RollbackTo(Txn(1), 4)).ok());
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 1).size(), 270u);
  ASSERT_TRUE(Write(1, 1, Rows(1000, 10), 7).ok());
  EXPECT_EQ(Keys({1}, kMaxTimestamp, 1).size(), 280u);
  ASSERT_TRUE(Commit(1).ok());
  EXPECT_EQ(Keys({1}, kMaxTimestamp).size(), 280u);
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, kMaxTimestamp).size(), 280u);
}

TEST_F(FilesTest, ManyWritesInFlightWaitForTheirFiles) {
  Open();
  std::vector<Future<Status>> writes;
  for (int part = 0; part < 100; ++part) writes.push_back(StartWrite(1, static_cast<uint64_t>(part % 3) + 1, Rows(part * 200, 200)));
  size_t waiting = 0;
  for (const Future<Status>& write : writes) waiting += !write.ready();
  EXPECT_GT(waiting, 0u);
  for (Future<Status>& write : writes) EXPECT_TRUE(Await(std::move(write)).ok());
  ASSERT_TRUE(Commit(1).ok());
  EXPECT_EQ(Keys({1, 2, 3}, kMaxTimestamp), KeyRange(0, 20000));
}

TEST_F(FilesTest, AbortWhileFilesAreBeingWritten) {
  Open();
  Future<Status> write = StartWrite(1, 1, Rows(0, 500));
  Future<StatusOr<Timestamp>> commit = store_->CommitOnePhase(Txn(1), Timestamp(1));
  EXPECT_FALSE(commit.ready());
  ASSERT_TRUE(Await(store_->Abort(Txn(1))).ok());
  EXPECT_EQ(SqlStateOf(Await(std::move(commit)).status()), sqlstate::kInFailedSqlTransaction);
  Settle();
  EXPECT_TRUE(Keys({1}, kMaxTimestamp).empty());
  EXPECT_EQ(CountFiles(".chunk"), 0u);
}

TEST_F(FilesTest, AFullDiskFailsTheTransactionAndNothingElse) {
  Open();
  Insert(9, 1, Rows(10000, 5));
  env_.FailPath(".chunk", SimCall::kAppend, SimFault::kEnospc);
  StartWrite(1, 1, Rows(0, 500));
  Settle();
  EXPECT_EQ(SqlStateOf(Write(1, 1, Rows(900, 1))), sqlstate::kDiskFull);
  EXPECT_EQ(SqlStateOf(Commit(1).status()), sqlstate::kDiskFull);
  ASSERT_TRUE(Await(store_->Abort(Txn(1))).ok());
  EXPECT_EQ(SqlStateOf(Flush()), sqlstate::kDiskFull);
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(10000, 5));
  env_.ClearFaults();
  Insert(10, 1, Rows(10005, 5));
  ASSERT_TRUE(Flush().ok());
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(10000, 10));
  EXPECT_TRUE(store_->poisoned().ok());
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(10000, 10));
}

TEST_F(FilesTest, AFailedChunkFileSyncPoisons) {
  Open();
  env_.FailPath(".chunk", SimCall::kSync, SimFault::kEio);
  StartWrite(1, 1, Rows(0, 500));
  EXPECT_FALSE(Commit(1).ok());
  Settle();
  EXPECT_EQ(poisonings_, 1);
  EXPECT_FALSE(store_->poisoned().ok());
}

// ---- checkpoints ----

TEST_F(FilesTest, FlushMovesRowsToFilesAndCutsTheLog) {
  Open();
  for (uint64_t i = 0; i < 50; ++i) Insert(i + 1, i % 3 + 1, Rows(static_cast<int64_t>(i) * 10, 10));
  const size_t segments = CountFiles(".log");
  ASSERT_TRUE(Flush().ok());
  Settle();
  EXPECT_EQ(FileCount(1), 1u);
  EXPECT_EQ(CountFiles(".chunk"), 3u);
  EXPECT_LE(CountFiles(".log"), segments);
  EXPECT_EQ(Keys({1, 2, 3}, kMaxTimestamp), KeyRange(0, 500));
  EXPECT_EQ(Keys({1, 2, 3}, Timestamp(10)).size(), 100u);
  CrashAndOpen();
  EXPECT_EQ(Keys({1, 2, 3}, kMaxTimestamp), KeyRange(0, 500));
  EXPECT_EQ(Keys({1, 2, 3}, Timestamp(10)).size(), 100u);
  ASSERT_TRUE(Flush().ok());
  EXPECT_EQ(CountFiles(".chunk"), 3u);
  EXPECT_TRUE(store_->Verify().ok());
}

TEST_F(FilesTest, FilesAreSortedSoThatBlocksAreSkipped) {
  Open();
  Insert(1, 1, Rows(0, 1000));
  ASSERT_TRUE(Flush().ok());
  ScanPredicate predicate;
  predicate.conditions = {{ColumnId(2), ColumnCondition::Op::kEqual, {Value::Int64(500)}}};
  ScanStats stats;
  const StatusOr<Found> found = Scan({1}, {kMaxTimestamp}, predicate, &stats);
  ASSERT_TRUE(found.ok());
  EXPECT_GT(stats.blocks_skipped, 3 * stats.blocks_read / 2);
  size_t matching = 0;
  for (const TestRow& row : found->rows) matching += row.v == 500;
  EXPECT_EQ(matching, 1u);
}

TEST_F(FilesTest, MemtablePressureStartsACheckpoint) {
  memtable_bytes_ = 64 << 10;
  direct_file_bytes_ = 16 << 20;
  Open();
  for (uint64_t i = 0; i < 40; ++i) Insert(i + 1, 1, Rows(static_cast<int64_t>(i) * 50, 50));
  Settle();
  EXPECT_GT(FileCount(1), 0u);
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 2000));
}

TEST_F(FilesTest, ScansKeepTheirFilesThroughFlushMergeAndDrop) {
  Open();
  for (uint64_t i = 0; i < 12; ++i) {
    Insert(i + 1, 1, Rows(static_cast<int64_t>(i) * 50, 50));
    ASSERT_TRUE(Flush().ok());
  }
  ScanSpec spec;
  spec.schema = TestSchema();
  spec.chunks = {ChunkId(1)};
  spec.columns = {ColumnId(1)};
  spec.snapshot = {kMaxTimestamp};
  StatusOr<std::unique_ptr<TableScan>> scan = store_->OpenScan(spec);
  ASSERT_TRUE(scan.ok());
  size_t rows = (*(*scan)->Next()).rows();
  Settle();
  ASSERT_TRUE(Await(store_->DropChunks({ChunkId(1)})).ok());
  EXPECT_TRUE(Keys({1}, kMaxTimestamp).empty());
  while (true) {
    const StatusOr<ColumnBatch> batch = (*scan)->Next();
    ASSERT_TRUE(batch.ok()) << batch.status();
    if (batch->empty()) break;
    rows += batch->rows();
  }
  EXPECT_EQ(rows, 600u);
  scan->reset();
  Settle();
  EXPECT_EQ(CountFiles(".chunk"), 0u);
}

TEST_F(FilesTest, FilesAreDeletedOnceMerged) {
  Open();
  for (uint64_t i = 0; i < 30; ++i) {
    Insert(i + 1, 1, Rows(static_cast<int64_t>(i) * 10, 10));
    ASSERT_TRUE(Flush().ok());
  }
  Settle();
  EXPECT_LE(FileCount(1), 9u);
  EXPECT_EQ(CountFiles(".chunk"), FileCount(1));
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 300));
  EXPECT_EQ(Keys({1}, Timestamp(15)), KeyRange(0, 150));  // timestamps survive the merge
  EXPECT_TRUE(store_->Verify().ok());
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 300));
  EXPECT_EQ(Keys({1}, Timestamp(15)), KeyRange(0, 150));
}

TEST_F(FilesTest, MergesDropDeletedRowsBelowTheHorizonOnly) {
  Open();
  Timestamp last;
  for (uint64_t i = 0; i < 8; ++i) {
    last = Insert(i + 1, 1, Rows(static_cast<int64_t>(i) * 10, 10));
    ASSERT_TRUE(Flush().ok());
  }
  ASSERT_EQ(*Delete(100, 1, {3, 14, 25}, last), 3u);
  const Timestamp first_delete = *Commit(100);
  ASSERT_TRUE(Flush().ok());
  ASSERT_EQ(*Delete(101, 1, {4, 15, 26}, first_delete), 3u);
  const Timestamp second_delete = *Commit(101);
  store_->AdvanceHorizon(0, first_delete);
  Insert(102, 1, Rows(80, 10));
  ASSERT_TRUE(Flush().ok());
  Settle();
  EXPECT_LT(FileCount(1), 9u);
  EXPECT_EQ(Keys({1}, kMaxTimestamp).size(), 84u);
  EXPECT_EQ(Keys({1}, first_delete).size(), 77u);
  EXPECT_EQ(Keys({1}, second_delete).size(), 74u);
  const StatusOr<Found> old = Scan({1}, {last});
  EXPECT_EQ(SqlStateOf(old.status()), sqlstate::kSerializationFailure);
  EXPECT_TRUE(store_->Verify().ok());
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, kMaxTimestamp).size(), 84u);
  EXPECT_EQ(Keys({1}, first_delete).size(), 77u);
}

TEST_F(FilesTest, ManyDeleteFilesBecomeOne) {
  Open();
  const Timestamp read = Insert(1, 1, Rows(0, 100));
  Timestamp now = read;
  for (int64_t i = 0; i < 20; ++i) {
    ASSERT_EQ(*Delete(static_cast<uint64_t>(i) + 10, 1, {i * 3}, now), 1u);
    now = *Commit(static_cast<uint64_t>(i) + 10);
    ASSERT_TRUE(Flush().ok());
  }
  Settle();
  EXPECT_LE(CountFiles(".del"), 6u);
  EXPECT_EQ(Keys({1}, now).size(), 80u);
  EXPECT_EQ(Keys({1}, read).size(), 100u);
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, now).size(), 80u);
  EXPECT_EQ(Keys({1}, read).size(), 100u);
}

// ---- dropped chunks ----

TEST_F(FilesTest, DroppedChunksStayDropped) {
  Open();
  Insert(1, 1, Rows(0, 10));
  ASSERT_TRUE(Flush().ok());
  Insert(2, 1, Rows(10, 10));
  Insert(3, 2, Rows(100, 10));
  for (int part = 0; part < 5; ++part) ASSERT_TRUE(Write(4, 1, Rows(200 + part * 100, 100)).ok());
  ASSERT_TRUE(Write(4, 2, Rows(110, 10)).ok());
  ASSERT_TRUE(Await(store_->Prepare(Txn(4), {Timestamp(10), ""})).ok());
  ASSERT_TRUE(Write(5, 1, Rows(50, 5)).ok());
  ASSERT_TRUE(Await(store_->DropChunks({ChunkId(1), ChunkId(99)})).ok());
  ASSERT_TRUE(Commit(5).ok());
  EXPECT_TRUE(Keys({1}, kMaxTimestamp).empty());
  EXPECT_EQ(store_->Chunks(), std::vector<ChunkId>{ChunkId(2)});
  Settle();  // files go in the background
  EXPECT_EQ(CountFiles(".chunk"), 0u);
  CrashAndOpen();
  EXPECT_TRUE(Keys({1}, kMaxTimestamp).empty());
  ASSERT_TRUE(Await(store_->CommitPrepared(Txn(4), Timestamp(50))).ok());
  EXPECT_EQ(Keys({1, 2}, kMaxTimestamp), KeyRange(100, 20));
  CrashAndOpen();
  EXPECT_EQ(Keys({1, 2}, kMaxTimestamp), KeyRange(100, 20));
  ASSERT_TRUE(Await(store_->DropChunks({ChunkId(1)})).ok());
  Insert(6, 1, Rows(0, 3));  // the id may come back
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(0, 3));
}

TEST_F(FilesTest, ACheckpointKeepsTheChunksThatDidNotChange) {
  Open();
  for (uint64_t chunk = 1; chunk <= 4; ++chunk) Insert(chunk, chunk, Rows(static_cast<int64_t>(chunk) * 100, 10));
  ASSERT_TRUE(Flush().ok());
  Insert(5, 2, Rows(210, 5));
  ASSERT_TRUE(Await(store_->DropChunks({ChunkId(3)})).ok());
  ASSERT_TRUE(Flush().ok());  // writes chunk 2 only
  EXPECT_EQ(FileCount(1), 1u);
  EXPECT_EQ(FileCount(2), 2u);
  const auto check = [this] {
    EXPECT_EQ(Keys({1}, kMaxTimestamp), KeyRange(100, 10));
    EXPECT_EQ(Keys({2}, kMaxTimestamp), KeyRange(200, 15));
    EXPECT_TRUE(Keys({3}, kMaxTimestamp).empty());
    EXPECT_EQ(Keys({4}, kMaxTimestamp), KeyRange(400, 10));
    EXPECT_EQ(CountFiles(".chunk"), 4u);
    EXPECT_TRUE(store_->Verify().ok());
  };
  check();
  CrashAndOpen();
  check();
  // What recovery found changed goes with the first checkpoint after it: rows of the log, and a drop.
  Insert(6, 1, Rows(110, 2));
  ASSERT_TRUE(Await(store_->DropChunks({ChunkId(4)})).ok());
  CrashAndOpen();
  ASSERT_TRUE(Flush().ok());
  CrashAndOpen();
  EXPECT_EQ(Keys({1, 2, 3, 4}, kMaxTimestamp).size(), 27u);
  EXPECT_EQ(store_->Chunks(), (std::vector<ChunkId>{ChunkId(1), ChunkId(2)}));
  Settle();
  EXPECT_EQ(CountFiles(".chunk"), 4u);
}

TEST_F(FilesTest, AScanOfVeryManyChunksReadsThemAll) {
  Open();
  std::vector<uint64_t> chunks;
  for (uint64_t chunk = 1; chunk <= 2500; ++chunk) {
    ASSERT_TRUE(Write(1, chunk, {{static_cast<int64_t>(chunk), 0, ""}}).ok());
    chunks.push_back(chunk);
  }
  ASSERT_TRUE(Commit(1).ok());
  EXPECT_EQ(Keys(chunks, kMaxTimestamp), KeyRange(1, 2500));
  ScanSpec spec;
  spec.schema = TestSchema();
  for (uint64_t chunk : chunks) spec.chunks.emplace_back(chunk);
  spec.columns = {ColumnId(1)};
  spec.snapshot = {kMaxTimestamp};
  StatusOr<std::vector<std::unique_ptr<TableScan>>> shares = store_->OpenScans(spec, 2);
  ASSERT_TRUE(shares.ok());
  size_t rows = 0;
  for (bool more = true; more;) {
    more = false;
    for (const std::unique_ptr<TableScan>& share : *shares) {
      const StatusOr<ColumnBatch> batch = share->Next();
      ASSERT_TRUE(batch.ok()) << batch.status();
      rows += batch->rows();
      more = more || !batch->empty();
    }
  }
  EXPECT_EQ(rows, 2500u);
}

TEST_F(FilesTest, DropWhileACheckpointRuns) {
  Open();
  for (uint64_t i = 0; i < 10; ++i) Insert(i + 1, i % 4 + 1, Rows(static_cast<int64_t>(i) * 10, 10));
  Future<Status> flush = store_->Flush();
  Future<Status> drop = store_->DropChunks({ChunkId(2)});
  EXPECT_TRUE(Await(std::move(flush)).ok());
  EXPECT_TRUE(Await(std::move(drop)).ok());
  Settle();
  EXPECT_EQ(CountFiles(".chunk"), 3u);
  EXPECT_EQ(Keys({1, 2, 3, 4}, kMaxTimestamp).size(), 70u);
  CrashAndOpen();
  EXPECT_EQ(Keys({1, 2, 3, 4}, kMaxTimestamp).size(), 70u);
}

// ---- schema changes ----

TEST_F(FilesTest, OldRowsTakeTheMissingValueOfNewColumns) {
  Open();
  Insert(1, 1, Rows(0, 3));
  ASSERT_TRUE(Flush().ok());
  Insert(2, 1, Rows(3, 3));
  auto wider = std::make_shared<TableSchema>(*TestSchema());
  std::erase_if(wider->columns, [](const ColumnSchema& column) { return column.id == ColumnId(2); });
  wider->columns.push_back({ColumnId(4), "added", TypeId::kInt32, Value::Int32(42)});
  auto column = [](std::initializer_list<int64_t> values) {
    auto vector = std::make_shared<Vector>(DataType(TypeId::kInt64));
    for (int64_t value : values) vector->Append(value);
    return VectorPtr(vector);
  };
  auto text = std::make_shared<Vector>(DataType(TypeId::kText));
  text->AppendBytes("new");
  auto added = std::make_shared<Vector>(DataType(TypeId::kInt32));
  added->Append<int32_t>(7);
  ASSERT_TRUE(Await(store_->Write({Txn(3), 0, wider, ChunkId(1), ColumnBatch({column({6}), text, added}, 1)})).ok());
  ASSERT_TRUE(Commit(3).ok());
  auto check = [&] {
    ScanSpec spec;
    spec.schema = wider;
    spec.chunks = {ChunkId(1)};
    spec.columns = {ColumnId(4), ColumnId(1)};
    spec.snapshot = {kMaxTimestamp};
    StatusOr<std::unique_ptr<TableScan>> scan = store_->OpenScan(spec);
    ASSERT_TRUE(scan.ok());
    std::map<int64_t, int32_t> found;
    while (true) {
      const StatusOr<ColumnBatch> batch = (*scan)->Next();
      ASSERT_TRUE(batch.ok()) << batch.status();
      if (batch->empty()) break;
      for (size_t row = 0; row < batch->rows(); ++row) found[batch->column(1).Get<int64_t>(row)] = batch->column(0).Get<int32_t>(row);
    }
    ASSERT_EQ(found.size(), 7u);
    for (const auto& [k, value] : found) EXPECT_EQ(value, k == 6 ? 7 : 42) << k;
  };
  check();
  ASSERT_TRUE(Flush().ok());
  check();
  CrashAndOpen();
  check();
}

// ---- damage ----

TEST_F(FilesTest, DamageIsReportedNotReturned) {
  Open();
  Insert(1, 1, Rows(0, 200));
  ASSERT_TRUE(Flush().ok());
  ASSERT_TRUE(Await(store_->Close()).ok());
  store_.reset();
  std::string path;
  for (const std::string& name : env_.AllFiles()) {
    if (name.ends_with(".chunk")) path = name;
  }
  env_.FlipBit(path, 100, 3);
  Open();
  const StatusOr<Found> found = Scan({1}, {kMaxTimestamp});
  EXPECT_EQ(SqlStateOf(found.status()), sqlstate::kDataCorrupted);
  EXPECT_NE(std::string(found.status().message()).find(path), std::string::npos);
  EXPECT_EQ(SqlStateOf(store_->Verify()), sqlstate::kDataCorrupted);
  ASSERT_TRUE(Await(store_->Close()).ok());
  store_.reset();
  env_.FlipBit("/db/MANIFEST", 30, 1);
  EXPECT_EQ(SqlStateOf(TryOpen()), sqlstate::kDataCorrupted);
}

}  // namespace
}  // namespace tsd::engine
