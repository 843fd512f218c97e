// Merges: tiers keep their number of files and what is written again bounded, sorted runs that overlap come out sorted, deleted rows give their
// space back once the horizon of their own cluster has passed them, and a store left alone writes its memory to files.
#include <set>

#include "tests/engine/store/store_fixture.h"
#include "tests/support/counting_env.h"

namespace tsd::engine {
namespace {

class MergeTest : public StoreTest {
 protected:
  StoreOptions Options() override {
    StoreOptions options = StoreTest::Options();
    options.idle_checkpoint = idle_;
    options.direct_file_bytes = direct_file_bytes_;
    return options;
  }
  ChunkSize Size(uint64_t chunk = 1) { return store_->SizeOf(ChunkId(chunk)); }
  static TableSchemaPtr Unsegmented() {
    static const TableSchemaPtr schema = [] {
      auto result = std::make_shared<TableSchema>(*TestSchema());
      result->segment_by.clear();
      return TableSchemaPtr(result);
    }();
    return schema;
  }
  /// Of a scan of the chunk: row groups that lie in the order of k.
  size_t AscendingBatches(uint64_t chunk) {
    ScanSpec spec;
    spec.schema = TestSchema();
    spec.chunks = {ChunkId(chunk)};
    spec.columns = {ColumnId(1)};
    spec.snapshot.read_timestamp = Timestamp(100'000);
    const std::unique_ptr<TableScan> scan = *store_->OpenScan(spec);
    size_t ascending = 0;
    while (true) {
      const ColumnBatch batch = *scan->Next();
      if (batch.empty()) return ascending;
      ascending += batch.column(0).IsAscending();
    }
  }
  absl::Duration idle_ = absl::ZeroDuration();
  uint64_t direct_file_bytes_ = StoreOptions().direct_file_bytes;
};

TEST_F(MergeTest, ManyFlushesLeaveFewFilesAndEveryRow) {
  Open();
  std::vector<int64_t> expected;
  for (int64_t i = 0; i < 60; ++i) {
    // Each covers all times: the runs of every segment interleave.
    std::vector<TestRow> rows;
    for (int64_t k = i; k < 3000; k += 60) {
      rows.push_back({k, k % 5, "tag-" + std::to_string(k % 10)});
      expected.push_back(k);
    }
    Insert(static_cast<uint64_t>(i) + 1, 1, rows);
    ASSERT_TRUE(Flush().ok());
    Settle();
    ASSERT_LT(Size().file_count, 8u) << i;
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(Keys({1}, Timestamp(100'000)), expected);
  EXPECT_TRUE(store_->Verify().ok()) << store_->Verify();
  // Merged files are sorted by segment and time: a segment's row groups hold it alone.
  ScanSpec spec;
  spec.schema = TestSchema();
  spec.chunks = {ChunkId(1)};
  spec.columns = {ColumnId(1), ColumnId(2)};
  spec.snapshot.read_timestamp = Timestamp(100'000);
  std::unique_ptr<TableScan> scan = *store_->OpenScan(spec);
  size_t uniform = 0, batches = 0;
  while (true) {
    const ColumnBatch batch = *scan->Next();
    if (batch.empty()) break;
    ++batches;
    uniform += batch.column(1).IsUniform() && batch.column(0).IsAscending();
  }
  EXPECT_GT(uniform * 2, batches);
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, Timestamp(100'000)), expected);
}

/// Bytes of chunk files that flushes and merges wrote for so many commits, each flushed: an access node that is told to settle often.
struct Written {
  uint64_t by_flushes = 0;
  uint64_t by_merges = 0;
  double again() const { return static_cast<double>(by_merges) / static_cast<double>(by_flushes); }
};

class WriteAmplificationTest : public MergeTest {
 protected:
  StoreOptions Options() override {
    StoreOptions options = MergeTest::Options();
    options.env = &counting_;
    options.rows_per_block = kDefaultBatchRows;
    return options;
  }
  Written WriteSeries(int64_t commits, int64_t rows, bool in_order) {
    Open();
    Written written;
    Random random(1);
    for (int64_t i = 0; i < commits; ++i) {
      std::vector<TestRow> batch;
      for (int64_t k = 0; k < rows; ++k) {
        // Out of order: each commit covers all of the time. What does not compress takes as much in a large file as in a small one.
        batch.push_back({in_order ? i * rows + k : k * commits + i, k % 5, std::to_string(random.Next())});
      }
      Insert(static_cast<uint64_t>(i) + 1, 1, batch);
      const uint64_t before = counting_.bytes();
      EXPECT_TRUE(Flush().ok());
      const uint64_t flushed = counting_.bytes();
      Settle();
      written.by_flushes += flushed - before;
      written.by_merges += counting_.bytes() - flushed;
    }
    EXPECT_EQ(Keys({1}, Timestamp(1'000'000'000)).size(), static_cast<size_t>(commits * rows));
    RecordProperty("flushed", std::to_string(written.by_flushes));
    RecordProperty("merged", std::to_string(written.by_merges));
    RecordProperty("raw", std::to_string(Size().raw_bytes));
    return written;
  }
  CountingEnv counting_{&env_, "/chunks/"};
};

// 55 kB at a time, 17 MB in all: through three tiers. Figures in engine/store/README.md, Merge.
TEST_F(WriteAmplificationTest, RowsInOrderAreWrittenAgainOnceATier) {
  const Written written = WriteSeries(300, 1000, true);
  EXPECT_LT(written.again(), 3) << written.by_flushes << " " << written.by_merges;
  EXPECT_GT(written.again(), 0.5);
  EXPECT_LT(Size().file_count, 3 * 8u);
}

TEST_F(WriteAmplificationTest, RowsOutOfOrderAreWrittenAgainOnceATier) {
  const Written written = WriteSeries(300, 1000, false);
  EXPECT_LT(written.again(), 3) << written.by_flushes << " " << written.by_merges;
  EXPECT_GT(written.again(), 0.5);
  EXPECT_LT(Size().file_count, 3 * 8u);
}

// What is far below the lowest tier's end is written again and again there, but every seventh flush only, and little at a time.
TEST_F(WriteAmplificationTest, TinyFlushesCostNoMoreThanASeventhOfTheLowestTierEach) {
  const int64_t commits = 2000;
  const Written written = WriteSeries(commits, 10, false);
  EXPECT_LT(written.by_merges, static_cast<uint64_t>(commits / 7) * (128 << 10)) << written.by_flushes;
  EXPECT_LT(Size().file_count, 2 * 8u);
}

TEST_F(MergeTest, FilesOfTwoOrdersAreMergedIntoOneThatSurvivesAPowerCut) {
  Open();
  for (uint64_t i = 0; i < 12; ++i) {
    const TableSchemaPtr schema = i < 3 ? TestSchema() : Unsegmented();
    ASSERT_TRUE(Await(store_->Write({Txn(i + 1), 0, schema, ChunkId(1), TestBatch(Rows(static_cast<int64_t>(i) * 10, 10))})).ok());
    ASSERT_TRUE(Commit(i + 1).ok());
    ASSERT_TRUE(Flush().ok());
    Settle();
    CrashAndOpen();  // nothing syncs the merged file's name but the merge
    ASSERT_EQ(Keys({1}, Timestamp(100'000)), KeyRange(0, static_cast<int64_t>(i + 1) * 10)) << i;
  }
  EXPECT_LT(Size().file_count, 8u);
}

TEST_F(MergeTest, AMergeTakesTheOrderOfTheLatestRows) {
  Open();
  for (uint64_t i = 0; i < 8; ++i) {
    const TableSchemaPtr schema = i < 7 ? TestSchema() : Unsegmented();
    ASSERT_TRUE(Await(store_->Write({Txn(i + 1), 0, schema, ChunkId(1), TestBatch(Rows(static_cast<int64_t>(i) * 10, 10))})).ok());
    ASSERT_TRUE(Commit(i + 1, i + 1).ok());
    ASSERT_TRUE(Flush().ok());
    Settle();
  }
  EXPECT_EQ(Size().file_count, 1u);
  EXPECT_EQ(AscendingBatches(1), 2u);  // all
  EXPECT_EQ(Keys({1}, Timestamp(100'000)), KeyRange(0, 80));
}

TEST_F(MergeTest, CompactSortsFilesAndMemoryAnew) {
  Open();
  for (uint64_t i = 0; i < 3; ++i) {
    Insert(i + 1, 1, Rows(static_cast<int64_t>(i) * 1000, 1000));
    Insert(i + 11, 2, Rows(static_cast<int64_t>(i) * 1000, 1000));
    if (i < 2) {
      ASSERT_TRUE(Flush().ok());
    }
  }
  ASSERT_TRUE(Delete(21, 1, KeyRange(100, 50), Timestamp(1000)).ok());
  const Timestamp deleted = *Commit(21, 1001);
  Settle();
  EXPECT_EQ(AscendingBatches(1), 0u);
  const uint64_t other_bytes = Size(2).bytes;
  ASSERT_TRUE(Await(store_->Compact({ChunkId(1), ChunkId(77)}, Unsegmented())).ok());
  EXPECT_EQ(Size().memory_rows, 0u);
  EXPECT_EQ(Size().file_count, 1u);
  EXPECT_EQ(AscendingBatches(1), (3000u + 63) / 64);
  EXPECT_EQ(AscendingBatches(2), 0u);
  EXPECT_NE(Size(2).bytes, other_bytes);  // its rows in memory went to a file, the others stayed
  std::vector<int64_t> left = KeyRange(0, 100);
  for (int64_t k = 150; k < 3000; ++k) left.push_back(k);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Keys({1}, Timestamp(deleted.value() - 1)), KeyRange(0, 3000));
    EXPECT_EQ(Keys({1}, deleted), left);
    EXPECT_EQ(Keys({2}, deleted), KeyRange(0, 3000));
    EXPECT_TRUE(store_->Verify().ok()) << store_->Verify();
    const std::vector<std::string> files = *env_.ListDirectory("/db/chunks");
    // Nothing is left to do.
    ASSERT_TRUE(Await(store_->Compact({ChunkId(1)}, Unsegmented())).ok());
    EXPECT_EQ(*env_.ListDirectory("/db/chunks"), files);
    CrashAndOpen();
  }
  EXPECT_EQ(AscendingBatches(1), (3000u + 63) / 64);
}

TEST_F(MergeTest, CompactLeavesFilesWithLaterColumnsAlone) {
  Open();
  auto wider = std::make_shared<TableSchema>(*TestSchema());
  wider->columns.push_back({ColumnId(4), "extra", TypeId::kInt64, Value()});
  auto extra = std::make_shared<Vector>(DataType(TypeId::kInt64));
  for (int i = 0; i < 10; ++i) extra->Append(int64_t{42});
  ColumnBatch rows = TestBatch(Rows(0, 10));
  rows.Add(extra);
  ASSERT_TRUE(Await(store_->Write({Txn(1), 0, wider, ChunkId(1), rows})).ok());
  ASSERT_TRUE(Commit(1).ok());
  ASSERT_TRUE(Flush().ok());
  const std::vector<std::string> files = *env_.ListDirectory("/db/chunks");
  ASSERT_TRUE(Await(store_->Compact({ChunkId(1)}, Unsegmented())).ok());
  EXPECT_EQ(*env_.ListDirectory("/db/chunks"), files);
}

TEST_F(MergeTest, ACompactionThatCannotWriteSaysSoAndLeavesAllAsItWas) {
  Open();
  Insert(1, 1, Rows(0, 500));
  ASSERT_TRUE(Flush().ok());
  const std::vector<std::string> files = *env_.ListDirectory("/db/chunks");
  env_.SetCapacity(0);
  const Status full = Await(store_->Compact({ChunkId(1)}, Unsegmented()));
  EXPECT_TRUE(HasSqlState(full, sqlstate::kDiskFull)) << full;
  EXPECT_EQ(*env_.ListDirectory("/db/chunks"), files);
  env_.SetCapacity(UINT64_MAX);
  ASSERT_TRUE(Await(store_->Compact({ChunkId(1)}, Unsegmented())).ok());
  EXPECT_GT(AscendingBatches(1), 0u);
  EXPECT_EQ(Keys({1}, Timestamp(1000)), KeyRange(0, 500));
}

TEST_F(MergeTest, ACrashAnywhereInACompactionLeavesEveryRow) {
  Open();
  for (uint64_t call = 0; call < 200; ++call) {
    const uint64_t chunk = call + 1;
    Insert(2 * call + 1, chunk, Rows(0, 300));
    ASSERT_TRUE(Flush().ok());
    Insert(2 * call + 2, chunk, Rows(300, 300));
    env_.FreezeAt(call);
    const Future<Status> compacted = store_->Compact({ChunkId(chunk)}, Unsegmented());
    EXPECT_TRUE(scheduler_.RunUntil([&] { return compacted.ready(); }, absl::Hours(1)));
    const bool done = !env_.frozen();
    CrashAndOpen();
    ASSERT_EQ(Keys({chunk}, Timestamp(100'000)), KeyRange(0, 600)) << call;
    ASSERT_TRUE(store_->Verify().ok()) << store_->Verify();
    if (!done) continue;
    EXPECT_EQ(AscendingBatches(chunk), (600u + 63) / 64);
    EXPECT_GT(call, 5u);
    return;
  }
  FAIL() << "never got to the end";
}

TEST_F(MergeTest, OldSnapshotsSeeTheirRowsThroughMerges) {
  Open();
  std::vector<Timestamp> commits;
  for (uint64_t i = 0; i < 20; ++i) {
    commits.push_back(Insert(i + 1, 1, Rows(static_cast<int64_t>(i) * 10, 10)));
    ASSERT_TRUE(Flush().ok());
    if (i == 9) store_->AdvanceHorizon(0, commits[4]);
    Settle();
  }
  EXPECT_LT(Size().file_count, 8u);
  for (size_t i = 4; i < commits.size(); ++i) {
    EXPECT_EQ(Keys({1}, commits[i]), KeyRange(0, static_cast<int64_t>(i + 1) * 10));
  }
}

TEST_F(MergeTest, DeletedRowsGiveTheirSpaceBack) {
  Open();
  Insert(1, 1, Rows(0, 2000));
  ASSERT_TRUE(Flush().ok());
  Insert(2, 1, Rows(5000, 1000));
  ASSERT_TRUE(Flush().ok());
  const uint64_t before = Size().bytes;
  ASSERT_TRUE(Delete(3, 1, KeyRange(100, 1800), Timestamp(1000)).ok());
  const Timestamp deleted = *Commit(3, 1001);
  ASSERT_TRUE(Flush().ok());
  Settle();
  EXPECT_EQ(Size().bytes, before);  // somebody may still look
  // Another cluster's clock says nothing about ours.
  store_->AdvanceHorizon(99, Timestamp(deleted.value() + 1000));
  Settle();
  EXPECT_EQ(Size().bytes, before);
  store_->AdvanceHorizon(0, deleted);
  Settle();
  EXPECT_LT(Size().bytes, before * 2 / 3);
  EXPECT_EQ(Size().rows, 1200u);
  std::vector<int64_t> left = KeyRange(0, 100);
  for (const std::vector<int64_t>& part : {KeyRange(1900, 100), KeyRange(5000, 1000)}) left.insert(left.end(), part.begin(), part.end());
  EXPECT_EQ(Keys({1}, deleted), left);
  EXPECT_TRUE(HasSqlState(Scan({1}, {Timestamp(deleted.value() - 1), TxnId()}).status(), sqlstate::kSerializationFailure));
  EXPECT_TRUE(store_->Verify().ok()) << store_->Verify();
  CrashAndOpen();
  EXPECT_EQ(Keys({1}, deleted), left);
}

TEST_F(MergeTest, AnIdleStoreWritesItsMemoryToFiles) {
  idle_ = absl::Seconds(30);
  Open();
  Insert(1, 1, Rows(0, 50));
  scheduler_.RunFor(absl::Seconds(20));
  Insert(2, 1, Rows(50, 50));
  scheduler_.RunFor(absl::Seconds(20));
  EXPECT_EQ(Size().file_count, 0u);  // not idle for long enough
  scheduler_.RunFor(absl::Seconds(60));
  EXPECT_EQ(Size().file_count, 1u);
  EXPECT_EQ(Keys({1}, Timestamp(1000)), KeyRange(0, 100));
}

TEST_F(MergeTest, TheLogOfALoadIsCutAtTheFirstPause) {
  idle_ = absl::Seconds(30);
  direct_file_bytes_ = 4 << 10;
  Open();
  Insert(1, 1, Rows(0, 5));
  scheduler_.RunFor(absl::Seconds(5));
  EXPECT_EQ(Size().file_count, 0u);  // a trickle waits
  Insert(2, 1, Rows(100, 500));
  scheduler_.RunFor(absl::Seconds(3));
  EXPECT_EQ(Size().file_count, 2u);  // the load's own file, and one of the rows before it
  const auto in_log = [&] {
    uint64_t bytes = 0;
    const std::vector<std::string> names = *env_.ListDirectory("/db/wal");
    for (const std::string& name : names) bytes += *env_.FileSize("/db/wal/" + name);
    return bytes;
  };
  EXPECT_LT(in_log(), 8192u);
  EXPECT_EQ(Keys({1}, Timestamp(1000)).size(), 505u);
}

TEST_F(MergeTest, ALoadThatACrashInterruptedIsSettledAfterTheStart) {
  idle_ = absl::Seconds(30);
  direct_file_bytes_ = 4 << 10;
  Open();
  Insert(1, 1, Rows(0, 5));
  Insert(2, 1, Rows(100, 500));
  CrashAndOpen();
  EXPECT_EQ(Size().file_count, 1u);
  scheduler_.RunFor(absl::Seconds(3));
  EXPECT_EQ(Size().file_count, 2u);
}

TEST_F(MergeTest, FilesAreOpenedWhenTheyAreRead) {
  Open();
  for (uint64_t chunk = 1; chunk <= 20; ++chunk) Insert(chunk, chunk, Rows(static_cast<int64_t>(chunk) * 100, 10));
  ASSERT_TRUE(Flush().ok());
  ASSERT_TRUE(Await(store_->Close()).ok());
  store_.reset();
  // A damaged footer does not keep the other chunks from being read.
  const std::vector<std::string> names = *env_.ListDirectory("/db/chunks");
  ASSERT_EQ(names.size(), 20u);
  const std::string path = "/db/chunks/" + names[0];
  env_.FlipBit(path, *env_.FileSize(path) - 40, 0);
  Open();
  size_t readable = 0;
  for (uint64_t chunk = 1; chunk <= 20; ++chunk) {
    const StatusOr<Found> found = Scan({chunk}, {Timestamp(1000), TxnId()});
    if (found.ok()) {
      ++readable;
    } else {
      EXPECT_TRUE(HasSqlState(found.status(), sqlstate::kDataCorrupted)) << found.status();
    }
  }
  EXPECT_EQ(readable, 19u);
  // A missing one is noticed at once.
  ASSERT_TRUE(Await(store_->Close()).ok());
  store_.reset();
  ASSERT_TRUE(env_.DeleteFile("/db/chunks/" + names[1]).ok());
  EXPECT_FALSE(TryOpen().ok());
}

}  // namespace
}  // namespace tsd::engine
