#pragma once
// A store on a crashable file system in memory, one thread, virtual time; and short spellings of what the tests do with it.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/store/store.h"
#include "gtest/gtest.h"
#include "tests/support/sim_env.h"
#include "tests/support/sim_executor.h"

namespace tsd::engine {

/// Rows of the test table: (k int8, v int8, s text). k is unique in the tests.
struct TestRow {
  int64_t k = 0;
  int64_t v = 0;
  std::string s;
  auto operator<=>(const TestRow&) const = default;
};

inline TableSchemaPtr TestSchema() {
  static const TableSchemaPtr schema = [] {
    auto result = std::make_shared<TableSchema>();
    result->id = TableId(100);
    result->name = "public.t";
    result->columns = {{ColumnId(1), "k", TypeId::kInt64, Value()}, {ColumnId(2), "v", TypeId::kInt64, Value()}, {ColumnId(3), "s", TypeId::kText, Value()}};
    result->segment_by = {ColumnId(2)};
    result->order_by = {ColumnId(1)};
    return TableSchemaPtr(result);
  }();
  return schema;
}

inline ColumnBatch TestBatch(const std::vector<TestRow>& rows) {
  auto k = std::make_shared<Vector>(DataType(TypeId::kInt64));
  auto v = std::make_shared<Vector>(DataType(TypeId::kInt64));
  auto s = std::make_shared<Vector>(DataType(TypeId::kText));
  for (const TestRow& row : rows) {
    k->Append(row.k);
    v->Append(row.v);
    s->AppendBytes(row.s);
  }
  return ColumnBatch({k, v, s}, rows.size());
}

class StoreTest : public ::testing::Test {
 protected:
  explicit StoreTest(uint64_t seed = 1) : env_(seed), scheduler_(seed) { node_ = scheduler_.AddNode("node"); }
  ~StoreTest() override { store_.reset(); }

  virtual StoreOptions Options() {
    StoreOptions options;
    options.directory = "/db";
    options.env = &env_;
    options.clock = scheduler_.clock(node_);
    options.workers = options.wal_executor = options.background = scheduler_.executor(node_);
    options.rows_per_block = 64;
    options.lock_timeout = absl::Seconds(10);
    options.on_poisoned = [this](const Status&) { ++poisonings_; };
    return options;
  }
  Status TryOpen() {
    StatusOr<std::unique_ptr<Store>> opened = Store::Open(Options());
    if (!opened.ok()) return opened.status();
    store_ = *std::move(opened);
    return OkStatus();
  }
  void Open() {
    const Status status = TryOpen();
    ASSERT_TRUE(status.ok()) << status;
  }
  /// Power cut and restart.
  void Crash() {
    env_.Freeze();
    scheduler_.Crash(node_);
    store_.reset();
    env_.Crash();
    scheduler_.Restart(node_);
  }
  void CrashAndOpen() {
    Crash();
    Open();
  }

  template <typename T>
  T Await(Future<T> future) {
    EXPECT_TRUE(scheduler_.RunUntil([&] { return future.ready(); }, absl::Hours(1)));
    return future.Take();
  }
  bool Ready(const auto& future) {
    scheduler_.RunFor(absl::Milliseconds(10));
    return future.ready();
  }
  static TxnId Txn(uint64_t number) { return TxnId{7, number}; }

  Future<Status> StartWrite(uint64_t txn, uint64_t chunk, const std::vector<TestRow>& rows, uint32_t level = 0) {
    return store_->Write({Txn(txn), level, TestSchema(), ChunkId(chunk), TestBatch(rows)});
  }
  Status Write(uint64_t txn, uint64_t chunk, const std::vector<TestRow>& rows, uint32_t level = 0) {
    return Await(StartWrite(txn, chunk, rows, level));
  }
  StatusOr<Timestamp> Commit(uint64_t txn, uint64_t minimum = 1) { return Await(store_->CommitOnePhase(Txn(txn), Timestamp(minimum))); }
  Timestamp Insert(uint64_t txn, uint64_t chunk, const std::vector<TestRow>& rows) {
    EXPECT_TRUE(Write(txn, chunk, rows).ok());
    const StatusOr<Timestamp> commit = Commit(txn);
    EXPECT_TRUE(commit.ok()) << commit.status();
    return commit.ok() ? *commit : Timestamp();
  }

  struct Found {
    std::vector<TestRow> rows;
    std::map<int64_t, uint64_t> row_ids;  // k -> row id
  };
  StatusOr<Found> Scan(std::vector<uint64_t> chunks, Snapshot snapshot, ScanPredicate predicate = {}, ScanStats* stats = nullptr) {
    ScanSpec spec;
    spec.schema = TestSchema();
    for (uint64_t chunk : chunks) spec.chunks.emplace_back(chunk);
    spec.columns = {ColumnId(1), ColumnId(2), ColumnId(3)};
    spec.with_row_ids = true;
    spec.predicate = std::move(predicate);
    spec.snapshot = snapshot;
    Found found;
    ASSIGN_OR_RETURN(const std::unique_ptr<TableScan> scan, store_->OpenScan(spec));
    while (true) {
      ASSIGN_OR_RETURN(const ColumnBatch batch, scan->Next());
      EXPECT_EQ(batch.column_count(), 5u);
      EXPECT_LE(batch.rows(), kDefaultBatchRows);
      if (batch.empty()) break;
      for (size_t row = 0; row < batch.rows(); ++row) {
        found.rows.push_back({batch.column(0).Get<int64_t>(row), batch.column(1).Get<int64_t>(row), std::string(batch.column(2).GetBytes(row))});
        found.row_ids[found.rows.back().k] = static_cast<uint64_t>(batch.column(4).Get<int64_t>(row));
      }
    }
    if (stats != nullptr) *stats = scan->stats();
    std::sort(found.rows.begin(), found.rows.end());
    return found;
  }
  /// The keys visible at a timestamp.
  std::vector<int64_t> Keys(std::vector<uint64_t> chunks, Timestamp read, uint64_t own = 0, uint32_t own_level = UINT32_MAX) {
    const StatusOr<Found> found = Scan(std::move(chunks), {read, own == 0 ? TxnId() : Txn(own), own_level});
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<int64_t> keys;
    if (found.ok()) {
      for (const TestRow& row : found->rows) keys.push_back(row.k);
    }
    return keys;
  }
  Future<StatusOr<uint64_t>> StartDelete(uint64_t txn, uint64_t chunk, std::vector<int64_t> keys, Timestamp read, uint32_t level = 0) {
    const StatusOr<Found> found = Scan({chunk}, {read, Txn(txn)});
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<uint64_t> ids;
    for (int64_t key : keys) {
      EXPECT_TRUE(found->row_ids.contains(key)) << key;
      ids.push_back(found->row_ids.at(key));
    }
    return store_->Delete({Txn(txn), level, ChunkId(chunk), ids, read});
  }
  StatusOr<uint64_t> Delete(uint64_t txn, uint64_t chunk, std::vector<int64_t> keys, Timestamp read, uint32_t level = 0) {
    return Await(StartDelete(txn, chunk, std::move(keys), read, level));
  }
  Status Flush() { return Await(store_->Flush()); }
  void Settle() { scheduler_.RunUntilIdle(absl::Minutes(5)); }

  SimEnv env_;
  sim::SimScheduler scheduler_;
  int node_ = 0;
  int poisonings_ = 0;
  std::unique_ptr<Store> store_;
};

inline std::vector<TestRow> Rows(int64_t first, int64_t count, int64_t step = 1) {
  std::vector<TestRow> rows;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t k = first + i * step;
    rows.push_back({k, (k * 7919) % 1000, "tag-" + std::to_string(k % 10)});
  }
  return rows;
}
inline std::vector<int64_t> KeyRange(int64_t first, int64_t count) {
  std::vector<int64_t> keys;
  for (int64_t i = 0; i < count; ++i) keys.push_back(first + i);
  return keys;
}

}  // namespace tsd::engine
