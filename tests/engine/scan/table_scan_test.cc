// The scan itself, over views made by hand: visibility by row, delete marks, hidden ranges, missing columns, batch sizes.
#include "engine/scan/table_scan.h"

#include "tests/engine/store/store_fixture.h"

namespace tsd::engine {
namespace {

RowBlockPtr Block(int64_t first, int64_t count, uint64_t first_row_id, std::vector<int64_t> commits = {}) {
  auto block = std::make_shared<RowBlock>();
  block->schema = TestSchema();
  block->rows = TestBatch(Rows(first, count));
  block->first_row_id = first_row_id;
  if (!commits.empty()) {
    auto column = std::make_shared<Vector>(DataType(TypeId::kInt64));
    for (int64_t commit : commits) column->Append(commit);
    block->commits = column;
  }
  return block;
}

ScanSpec Spec(uint64_t read, std::vector<ColumnId> columns = {ColumnId(1)}) {
  ScanSpec spec;
  spec.schema = TestSchema();
  spec.columns = std::move(columns);
  spec.snapshot.read_timestamp = Timestamp(read);
  return spec;
}

std::vector<int64_t> KeysOf(ScanSpec spec, std::vector<ChunkView> views) {
  const std::unique_ptr<TableScan> scan = NewTableScan(std::move(spec), std::move(views));
  std::vector<int64_t> keys;
  while (true) {
    const StatusOr<ColumnBatch> batch = scan->Next();
    EXPECT_TRUE(batch.ok());
    if (!batch.ok() || batch->empty()) break;
    for (size_t row = 0; row < batch->rows(); ++row) keys.push_back(batch->column(0).Get<int64_t>(row));
  }
  EXPECT_EQ(scan->stats().rows_read, keys.size());
  return keys;
}

TEST(TableScanTest, NoChunksGiveAnEmptyBatchWithColumns) {
  const std::unique_ptr<TableScan> scan = NewTableScan(Spec(5, {ColumnId(3), ColumnId(1)}), {});
  for (int i = 0; i < 2; ++i) {
    const StatusOr<ColumnBatch> batch = scan->Next();
    ASSERT_TRUE(batch.ok());
    EXPECT_EQ(batch->rows(), 0u);
    ASSERT_EQ(batch->column_count(), 2u);
    EXPECT_EQ(batch->column(0).type(), DataType(TypeId::kText));
  }
}

TEST(TableScanTest, RowsOfMixedBlocksAreChosenByTheirTimestamps) {
  ChunkView view;
  view.blocks = {{Block(0, 4, 1, {5, 9, 7, 6}), Timestamp(5), Timestamp(9)}};
  EXPECT_EQ(KeysOf(Spec(4), {view}), std::vector<int64_t>{});
  EXPECT_EQ(KeysOf(Spec(6), {view}), (std::vector<int64_t>{0, 3}));
  EXPECT_EQ(KeysOf(Spec(8), {view}), (std::vector<int64_t>{0, 2, 3}));
  EXPECT_EQ(KeysOf(Spec(9), {view}), (std::vector<int64_t>{0, 1, 2, 3}));
}

TEST(TableScanTest, DeleteMarksCountFromTheirTimestampOnAndOwnOnesAlways) {
  ChunkView view;
  view.blocks = {{Block(0, 5, 10), Timestamp(1), Timestamp(1)}};
  view.deletes = {MakeDeleteRun({11, 13}, Timestamp(7)), MakeDeleteRun({10, 1000000000}, Timestamp(8))};
  view.own_deletes = {14};
  EXPECT_EQ(KeysOf(Spec(6), {view}), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(KeysOf(Spec(7), {view}), (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(KeysOf(Spec(8), {view}), (std::vector<int64_t>{2}));
}

TEST(TableScanTest, LargeBlocksComeInBatchesOfTheUsualSize) {
  ChunkView view;
  view.blocks = {{Block(0, 10000, 1), Timestamp(1), Timestamp(1)}};
  const std::unique_ptr<TableScan> scan = NewTableScan(Spec(5), {view});
  std::vector<size_t> sizes;
  for (StatusOr<ColumnBatch> batch = scan->Next(); batch.ok() && !batch->empty(); batch = scan->Next()) sizes.push_back(batch->rows());
  EXPECT_EQ(sizes, (std::vector<size_t>{4096, 4096, 1808}));
}

TEST(TableScanTest, CountsRowsWithoutColumns) {
  ChunkView view;
  view.blocks = {{Block(0, 100, 1), Timestamp(1), Timestamp(1)}};
  view.deletes = {MakeDeleteRun({7}, Timestamp(2))};
  const std::unique_ptr<TableScan> scan = NewTableScan(Spec(5, {}), {view});
  const StatusOr<ColumnBatch> batch = scan->Next();
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->rows(), 99u);
  EXPECT_EQ(batch->column_count(), 0u);
}

TEST(TableScanTest, UniformBlocksPassThroughWithoutCopying) {
  ChunkView view;
  const RowBlockPtr block = Block(0, 100, 1);
  view.blocks = {{block, Timestamp(1), Timestamp(1)}};
  view.deletes = {MakeDeleteRun({500}, Timestamp(2))};
  const std::unique_ptr<TableScan> scan = NewTableScan(Spec(5), {view});
  const StatusOr<ColumnBatch> batch = scan->Next();
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->column_ptr(0), block->rows.column_ptr(0));
}

TEST(DeleteMarksTest, SmallRunsAreMergedAndFound) {
  DeleteRuns runs;
  for (uint64_t i = 0; i < 500; ++i) AddDeleteRun(runs, MakeDeleteRun({i * 2}, Timestamp(i + 1)));
  EXPECT_LT(runs.size(), 30u);
  for (uint64_t i = 0; i < 500; ++i) {
    EXPECT_EQ(FindDelete(runs, i * 2), Timestamp(i + 1));
    EXPECT_FALSE(FindDelete(runs, i * 2 + 1).has_value());
  }
  const DeleteRunPtr all = MergeDeleteRuns(runs);
  EXPECT_EQ(all->row_ids.size(), 500u);
  const StatusOr<std::shared_ptr<DeleteRun>> decoded = DecodeDeleteFile(EncodeDeleteFile(*all));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ((*decoded)->row_ids, all->row_ids);
  EXPECT_EQ((*decoded)->commits, all->commits);
  std::string bytes = EncodeDeleteFile(*all);
  for (size_t i = 0; i < bytes.size(); i += 37) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(DecodeDeleteFile(damaged).ok()) << i;
    EXPECT_FALSE(DecodeDeleteFile(bytes.substr(0, i)).ok()) << i;
  }
  const DeleteRunPtr rest = WithoutRows(all, std::vector<uint64_t>{0, 4, 5, 998});
  EXPECT_EQ(rest->row_ids.size(), 497u);
}

}  // namespace
}  // namespace tsd::engine
