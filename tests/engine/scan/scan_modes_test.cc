// What scans offer the executor beyond rows: summaries, newest first, last rows of segments, conditions checked before other columns are
// read, work shared by several threads. Every mode is compared with the plain scan.
#include <map>
#include <numeric>
#include <set>

#include "tests/engine/store/store_fixture.h"

namespace tsd::engine {
namespace {

using Op = ColumnCondition::Op;

/// v is the segment, k the time (the fixture's schema).
std::vector<TestRow> Series(int64_t segments, int64_t first, int64_t count) {
  std::vector<TestRow> rows;
  for (int64_t k = first; k < first + count; ++k) rows.push_back({k, k % segments, "tag-" + std::to_string(k % segments)});
  return rows;
}

class ScanModesTest : public StoreTest {
 protected:
  /// Two files with ranges that overlap in time, rows in memory, and a file with late rows.
  void Load(int64_t segments, uint64_t chunk = 1) {
    const uint64_t txn = chunk * 10;
    Insert(txn + 1, chunk, Series(segments, 0, 3000));
    ASSERT_TRUE(Flush().ok());
    Insert(txn + 2, chunk, Series(segments, 3000, 2000));
    Insert(txn + 3, chunk, Series(segments, 100'000, 10));
    ASSERT_TRUE(Flush().ok());
    Insert(txn + 4, chunk, Series(segments, 5000, 700));
  }
  ScanSpec Spec(Timestamp read = Timestamp(1000)) const {
    ScanSpec spec;
    spec.schema = TestSchema();
    spec.chunks = {ChunkId(1)};
    spec.columns = {ColumnId(1), ColumnId(2), ColumnId(3)};
    spec.snapshot.read_timestamp = read;
    return spec;
  }
  static void AddCondition(ScanSpec& spec, uint16_t column, Op op, std::vector<Value> values) {
    spec.predicate.conditions.push_back({ColumnId(column), op, std::move(values)});
  }
  static void Collect(const ColumnBatch& batch, std::vector<TestRow>& rows) {
    for (size_t row = 0; row < batch.rows(); ++row) {
      rows.push_back({batch.column(0).Get<int64_t>(row), batch.column(1).Get<int64_t>(row), std::string(batch.column(2).GetBytes(row))});
    }
  }
  std::vector<TestRow> All(ScanSpec spec) {
    std::unique_ptr<TableScan> scan = *store_->OpenScan(std::move(spec));
    std::vector<TestRow> rows;
    while (true) {
      const StatusOr<ColumnBatch> batch = scan->Next();
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok() || batch->empty()) break;
      Collect(*batch, rows);
    }
    return rows;
  }
  static std::vector<TestRow> Sorted(std::vector<TestRow> rows) {
    std::sort(rows.begin(), rows.end());
    return rows;
  }
};

TEST_F(ScanModesTest, ConditionsAreAppliedToRowsOfFiles) {
  Open();
  Load(7);
  ASSERT_TRUE(Flush().ok());
  const std::vector<TestRow> all = Sorted(All(Spec()));
  ASSERT_EQ(all.size(), 5710u);
  const std::vector<std::tuple<uint16_t, Op, std::vector<Value>, std::function<bool(const TestRow&)>>> cases = {
      {1, Op::kLess, {Value::Int64(2000)}, [](const TestRow& row) { return row.k < 2000; }},
      {1, Op::kGreaterEqual, {Value::Int64(5699)}, [](const TestRow& row) { return row.k >= 5699; }},
      {2, Op::kEqual, {Value::Int64(3)}, [](const TestRow& row) { return row.v == 3; }},
      {2, Op::kIn, {Value::Int64(3), Value::Int64(5), Value::Int64(99)}, [](const TestRow& row) { return row.v == 3 || row.v == 5; }},
      {3, Op::kEqual, {Value::Text("tag-2")}, [](const TestRow& row) { return row.s == "tag-2"; }},
      {3, Op::kGreater, {Value::Text("tag-4")}, [](const TestRow& row) { return row.s > "tag-4"; }},
      {3, Op::kIsNull, {}, [](const TestRow&) { return false; }},
      {1, Op::kEqual, {Value::Null(TypeId::kInt64)}, [](const TestRow&) { return false; }},
  };
  for (const auto& [column, op, values, test] : cases) {
    ScanSpec spec = Spec();
    AddCondition(spec, column, op, values);
    AddCondition(spec, 1, Op::kGreater, {Value::Int64(10)});
    std::vector<TestRow> expected;
    for (const TestRow& row : all) {
      if (test(row) && row.k > 10) expected.push_back(row);
    }
    EXPECT_EQ(Sorted(All(spec)), expected) << "column " << column << " op " << static_cast<int>(op);
  }
  // A condition on values of another type than the column's is left to the executor.
  ScanSpec odd = Spec();
  AddCondition(odd, 1, Op::kEqual, {Value::Text("x")});
  EXPECT_EQ(All(odd).size(), all.size());
}

TEST_F(ScanModesTest, HintsAreTrue) {
  Open();
  Load(5);
  ASSERT_TRUE(Flush().ok());
  std::unique_ptr<TableScan> scan = *store_->OpenScan(Spec());
  size_t uniform = 0, ascending = 0;
  while (true) {
    const ColumnBatch batch = *scan->Next();
    if (batch.empty()) break;
    uniform += batch.column(1).IsUniform();
    ascending += batch.column(0).IsAscending();
    for (size_t row = 1; row < batch.rows(); ++row) {
      if (batch.column(1).IsUniform()) {
        ASSERT_EQ(batch.column(1).Get<int64_t>(row), batch.column(1).Get<int64_t>(0));
      }
      if (batch.column(2).IsUniform()) {
        ASSERT_EQ(batch.column(2).GetBytes(row), batch.column(2).GetBytes(0));
      }
      if (batch.column(0).IsAscending()) {
        ASSERT_LE(batch.column(0).Get<int64_t>(row - 1), batch.column(0).Get<int64_t>(row));
      }
    }
  }
  EXPECT_GT(uniform, 50u);
  EXPECT_GT(ascending, 50u);
}

TEST_F(ScanModesTest, RunsAddUpToTheRows) {
  constexpr int64_t segments = 2;
  Open();
  Load(segments);
  // Deleted rows keep their row groups from being told as runs.
  EXPECT_TRUE(Delete(5, 1, {17, 2001}, Timestamp(1000)).ok());
  const Timestamp deleted = *Commit(5, 1001);
  for (const Timestamp read : {Timestamp(1000), deleted}) {
    for (const int conditions : {0, 1, 2}) {
      ScanSpec spec = Spec(read);
      std::function<bool(int64_t, int64_t)> passes = [](int64_t, int64_t) { return true; };
      if (conditions == 1) {
        AddCondition(spec, 1, Op::kLess, {Value::Int64(2500)});
        AddCondition(spec, 2, Op::kIn, {Value::Int64(1), Value::Int64(2)});
        passes = [](int64_t k, int64_t v) { return k < 2500 && (v == 1 || v == 2); };
      }
      if (conditions == 2) {  // single rows here and there
        std::vector<Value> values;
        for (int64_t k = 0; k < 6000; k += 7) values.push_back(Value::Int64(k));
        AddCondition(spec, 1, Op::kIn, values);
        AddCondition(spec, 1, Op::kGreater, {Value::Int64(700)});
        passes = [](int64_t k, int64_t) { return k > 700 && k < 6000 && k % 7 == 0; };
      }
      __int128 sum = 0;
      uint64_t count = 0;
      int64_t low = INT64_MAX;
      for (const TestRow& row : All(spec)) {
        if (!passes(row.k, row.v)) continue;
        sum += row.k;
        ++count;
        low = std::min(low, row.k);
      }
      // Runs of one segment and one cell of ten.
      RunRequest request;
      request.keys = {{1, 0, 0}, {0, 10 * segments, 3}};
      request.columns = {{0, true, true}, {2, false, false}};
      std::unique_ptr<TableScan> scan = *store_->OpenScan(spec);
      size_t found_runs = 0;
      __int128 found_sum = 0;
      uint64_t found_count = 0;
      int64_t found_low = INT64_MAX;
      while (true) {
        const StatusOr<ScanPart> part = scan->NextPart(request);
        ASSERT_TRUE(part.ok()) << part.status();
        if (part->AtEnd()) break;
        if (part->runs.has_value()) {
          const RowRuns& runs = *part->runs;
          ASSERT_EQ(runs.keys.rows(), runs.rows.size());
          for (size_t run = 0; run < runs.rows.size(); ++run) {
            ++found_runs;
            const RunColumn& keys = runs.columns[0];
            found_sum += keys.integer_sums[run];
            found_count += runs.rows[run];
            EXPECT_EQ(keys.counts[run], runs.rows[run]);
            EXPECT_EQ(runs.columns[1].counts[run], runs.rows[run]);
            const int64_t low = keys.lows->Get<int64_t>(run), high = keys.highs->Get<int64_t>(run);
            found_low = std::min(found_low, low);
            const auto cell = [&](int64_t k) { return (k - 3 + 1000 * segments) / (10 * segments); };
            EXPECT_EQ(cell(low), cell(high));
            EXPECT_EQ(cell(low), cell(runs.keys.column(1).Get<int64_t>(run)));
            EXPECT_EQ(low % segments, runs.keys.column(0).Get<int64_t>(run));
          }
          continue;
        }
        for (size_t row = 0; row < part->rows.rows(); ++row) {
          const int64_t key = part->rows.column(0).Get<int64_t>(row);
          const int64_t segment = part->rows.column(1).Get<int64_t>(row);
          if (!passes(key, segment)) continue;
          found_sum += key;
          ++found_count;
          found_low = std::min(found_low, key);
        }
      }
      EXPECT_TRUE(sum == found_sum);
      EXPECT_EQ(count, found_count);
      EXPECT_EQ(low, found_low);
      EXPECT_GT(found_runs, 50u);
    }
  }
}

TEST_F(ScanModesTest, RowsOfFilesAreCountedUnopenedUnlessSomeAreUnseen) {
  Open();
  Load(7);
  const auto count = [this](Timestamp read) {
    ScanSpec spec = Spec(read);
    spec.columns.clear();
    size_t rows = 0, by_parts = 0;
    std::unique_ptr<TableScan> scan = *store_->OpenScan(spec);
    for (ColumnBatch batch = *scan->Next(); !batch.empty(); batch = *scan->Next()) rows += batch.rows();
    std::unique_ptr<TableScan> parts = *store_->OpenScan(spec);
    const RunRequest request;
    for (ScanPart part = *parts->NextPart(request); !part.AtEnd(); part = *parts->NextPart(request)) {
      by_parts += part.rows.rows();
      if (part.runs.has_value()) by_parts = std::accumulate(part.runs->rows.begin(), part.runs->rows.end(), by_parts);
    }
    EXPECT_EQ(by_parts, rows);
    EXPECT_EQ(parts->stats().rows_read, rows);
    EXPECT_EQ(rows, All(Spec(read)).size());
    return rows;
  };
  EXPECT_EQ(count(Timestamp(1000)), 5710u);
  for (uint64_t read = 0; read < 8; ++read) count(Timestamp(read));  // commits of one file of which some are not seen yet
  ASSERT_EQ(*Delete(77, 1, {5, 100'003}, Timestamp(1000)), 2u);
  const Timestamp deleted = *Commit(77, 2000);
  EXPECT_EQ(count(deleted), 5708u);
  EXPECT_EQ(count(Timestamp(deleted.value() - 1)), 5710u);
}

TEST_F(ScanModesTest, NewestFirstKeepsItsPromise) {
  Open();
  Load(4);
  ScanSpec spec = Spec();
  spec.order = ScanOrder::kNewestFirst;
  std::unique_ptr<TableScan> scan = *store_->OpenScan(spec);
  std::optional<int64_t> bound;
  std::vector<TestRow> rows;
  while (true) {
    const ColumnBatch batch = *scan->Next();
    if (batch.empty()) break;
    for (size_t row = 0; row < batch.rows() && bound.has_value(); ++row) ASSERT_LE(batch.column(0).Get<int64_t>(row), *bound);
    Collect(batch, rows);
    bound = scan->NewestRemaining();
    ASSERT_TRUE(bound.has_value());
  }
  EXPECT_EQ(Sorted(rows), Sorted(All(Spec())));
  // A top-n stops early and skips the rest.
  scan = *store_->OpenScan(spec);
  rows.clear();
  while (rows.size() < 10 || *scan->NewestRemaining() > 5000) {
    const ColumnBatch batch = *scan->Next();
    ASSERT_FALSE(batch.empty());
    Collect(batch, rows);
  }
  EXPECT_LT(rows.size(), 1500u);
  scan->RaiseTimeFloor(INT64_MAX);
  EXPECT_TRUE(scan->Next()->empty());
  EXPECT_GT(scan->stats().blocks_skipped, 20u);
}

TEST_F(ScanModesTest, NewestFirstOpensChunksAsTheirTurnComes) {
  Open();
  ScanSpec spec = Spec();
  spec.order = ScanOrder::kNewestFirst;
  spec.chunks.clear();
  // Two chunks a slice of 1,000, the second with fewer rows; of the third slice one is empty; the newest slice has rows in memory.
  for (uint64_t chunk = 1; chunk <= 12; ++chunk) {
    const int64_t begin = 1000 * static_cast<int64_t>((12 - chunk) / 2);
    if (chunk != 5) Insert(chunk, chunk, Series(7, begin, chunk % 2 == 0 ? 1000 : 600));
    if (chunk == 2) Insert(100, chunk, Series(7, begin + 300, 200));
    spec.chunks.push_back(ChunkId(chunk));
    spec.chunk_ends.push_back(begin + 1000);
    ASSERT_TRUE(Flush().ok());
    if (chunk == 1) Insert(101, chunk, Series(7, begin + 500, 500));
  }
  ScanSpec any = spec;
  any.order = ScanOrder::kAny;
  const std::vector<TestRow> all = Sorted(All(any));
  // Shared by two that take turns, as lanes do: together all rows, and each one's promise holds.
  std::vector<std::unique_ptr<TableScan>> scans = *store_->OpenScans(spec, 2);
  ASSERT_EQ(scans.size(), 2u);
  std::vector<TestRow> rows;
  std::array<std::optional<int64_t>, 2> bounds;
  std::array<bool, 2> ended{};
  for (size_t turn = 0; !ended[0] || !ended[1]; ++turn) {
    const size_t one = turn % 3 == 0 ? 1 : 0;
    const ColumnBatch batch = *scans[one]->Next();
    ended[one] = batch.empty();
    for (size_t row = 0; row < batch.rows() && bounds[one].has_value(); ++row) ASSERT_LE(batch.column(0).Get<int64_t>(row), *bounds[one]);
    Collect(batch, rows);
    bounds[one] = scans[one]->NewestRemaining();
  }
  EXPECT_EQ(Sorted(rows), all);
  // The newest rows need the newest slice alone, and what comes right after it to know that.
  std::unique_ptr<TableScan> scan = *store_->OpenScan(spec);
  rows.clear();
  while (rows.size() < 10 || *scan->NewestRemaining() >= 5000) {
    const ColumnBatch batch = *scan->Next();
    ASSERT_FALSE(batch.empty());
    Collect(batch, rows);
  }
  EXPECT_EQ(rows.size(), static_cast<size_t>(std::ranges::count_if(all, [](const TestRow& row) { return row.k >= 5000; })));
  EXPECT_LE(scan->stats().chunks, 3u);
  // A floor that one of them raises ends the other, without the chunks below it.
  scans = *store_->OpenScans(spec, 2);
  ASSERT_FALSE(scans[0]->Next()->empty());
  scans[0]->RaiseTimeFloor(4500);
  rows.clear();
  for (ColumnBatch batch = *scans[1]->Next(); !batch.empty(); batch = *scans[1]->Next()) Collect(batch, rows);
  EXPECT_TRUE(std::ranges::all_of(rows, [](const TestRow& row) { return row.k >= 4000; }));
  EXPECT_LE(scans[0]->stats().chunks + scans[1]->stats().chunks, 6u);
}

TEST_F(ScanModesTest, LastRowsOfSegmentsAreAmongThoseHandedOut) {
  Open();
  uint64_t chunk = 0;
  for (const int64_t segments : {int64_t{1}, int64_t{3}, int64_t{50}, int64_t{2000}}) {
    Load(segments, ++chunk);
    for (const bool condition : {false, true}) {
      ScanSpec spec = Spec();
      spec.chunks = {ChunkId(chunk)};
      if (condition) AddCondition(spec, 2, Op::kLess, {Value::Int64(2)});
      std::map<int64_t, int64_t> last;
      for (const TestRow& row : All(spec)) {
        if (!condition || row.v < 2) last[row.v] = std::max(last[row.v], row.k);
      }
      spec.choice = RowChoice::kLastOfSegment;
      std::map<int64_t, int64_t> found;
      const std::vector<TestRow> rows = All(spec);
      for (const TestRow& row : rows) {
        EXPECT_EQ(row.s, "tag-" + std::to_string(row.v));
        if (!condition || row.v < 2) found[row.v] = std::max(found[row.v], row.k);
      }
      EXPECT_EQ(found, last) << segments;
      if (segments <= 50) {
        EXPECT_LT(rows.size(), 1000u);  // the rows in memory, and a few
      }
    }
  }
}

TEST_F(ScanModesTest, LastRowsWithBoundsOfTime) {
  Open();
  uint64_t chunk = 0;
  for (const int64_t segments : {int64_t{1}, int64_t{3}, int64_t{50}, int64_t{2000}}) {
    Load(segments, ++chunk);
    const auto same_as_plain = [&](std::vector<std::pair<Op, int64_t>> bounds, Timestamp read, size_t most_rows) {
      const auto passes = [&](int64_t k) {
        return std::all_of(bounds.begin(), bounds.end(), [k](const auto& bound) {
          switch (bound.first) {
            case Op::kGreater: return k > bound.second;
            case Op::kGreaterEqual: return k >= bound.second;
            case Op::kLess: return k < bound.second;
            default: return k <= bound.second;
          }
        });
      };
      ScanSpec spec = Spec(read);
      spec.chunks = {ChunkId(chunk)};
      std::map<int64_t, int64_t> last, found;
      for (const TestRow& row : All(spec)) {
        if (passes(row.k)) last[row.v] = std::max(last[row.v], row.k);
      }
      for (const auto& [op, bound] : bounds) AddCondition(spec, 1, op, {Value::Int64(bound)});
      spec.choice = RowChoice::kLastOfSegment;
      std::unique_ptr<TableScan> scan = *store_->OpenScan(spec);
      std::vector<TestRow> rows;
      for (ColumnBatch batch = *scan->Next(); !batch.empty(); batch = *scan->Next()) Collect(batch, rows);
      for (const TestRow& row : rows) {
        if (passes(row.k)) found[row.v] = std::max(found[row.v], row.k);
      }
      EXPECT_EQ(found, last) << segments << " segments, at " << read.value();
      EXPECT_LE(rows.size(), most_rows) << segments << " segments";
    };
    const Timestamp now(1000 * chunk);
    // In memory lie 700 rows, which are all handed out.
    const size_t few = 700 + 4 * static_cast<size_t>(segments);
    for (const int64_t bound : {int64_t{0}, int64_t{1500}, int64_t{2999}, int64_t{4999}, int64_t{5500}, int64_t{100'005}, int64_t{200'000}}) {
      same_as_plain({{Op::kGreater, bound}}, now, few);
      same_as_plain({{Op::kGreaterEqual, bound}}, now, few);
      same_as_plain({{Op::kGreaterEqual, bound}, {Op::kLessEqual, 100'009}}, now, few);  // nothing is later
      same_as_plain({{Op::kGreaterEqual, bound}, {Op::kLess, 4000}}, now, SIZE_MAX);
    }
    // The last rows of every segment are gone, of some in whole row groups: what is before them counts.
    std::vector<int64_t> gone;
    for (int64_t k = 39 * 64; k < 5700; ++k) gone.push_back(k);
    for (int64_t k = 100'000; k < 100'010; ++k) gone.push_back(k);
    ASSERT_TRUE(Delete(chunk * 10 + 7, chunk, gone, now).ok());
    const Timestamp deleted = *Commit(chunk * 10 + 7, 1000 * chunk + 1);
    same_as_plain({}, deleted, SIZE_MAX);
    for (const int64_t bound : {int64_t{0}, int64_t{2400}, int64_t{2495}, int64_t{5500}}) same_as_plain({{Op::kGreaterEqual, bound}}, deleted, SIZE_MAX);
    ASSERT_TRUE(Flush().ok());
    same_as_plain({}, deleted, SIZE_MAX);
    same_as_plain({{Op::kGreater, 2000}}, deleted, SIZE_MAX);
    same_as_plain({{Op::kGreater, 2000}}, now, SIZE_MAX);
  }
}

TEST_F(ScanModesTest, PartsShareTheRows) {
  Open();
  Load(9);
  StatusOr<std::vector<std::unique_ptr<TableScan>>> scans = store_->OpenScans(Spec(), 3);
  ASSERT_TRUE(scans.ok());
  ASSERT_EQ(scans->size(), 3u);
  std::vector<TestRow> rows;
  std::set<size_t> busy;
  bool more = true;
  while (more) {
    more = false;
    for (size_t i = 0; i < scans->size(); ++i) {
      const ColumnBatch batch = *(*scans)[i]->Next();
      if (batch.empty()) continue;
      more = true;
      busy.insert(i);
      Collect(batch, rows);
    }
  }
  EXPECT_EQ(Sorted(rows), Sorted(All(Spec())));
  EXPECT_EQ(busy.size(), 3u);
}

}  // namespace
}  // namespace tsd::engine
