// Routing and placement: pure functions over a relation and a batch.
#include "coord/write/route.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "engine/types/datetime.h"

namespace tsd::coord {
namespace {

sql::Relation Table(DataType time_type, int64_t interval, int16_t partitions) {
  sql::Relation relation;
  relation.id = TableId(1);
  relation.schema = "public";
  relation.name = "t";
  relation.columns = {{ColumnId(1), "time", time_type, true, "", {}}, {ColumnId(2), "device", TypeId::kText, false, "", {}}};
  relation.hypertable.emplace();
  relation.hypertable->id = 1;
  sql::Dimension time;
  time.column = ColumnId(1);
  time.interval = interval;
  relation.hypertable->dimensions.push_back(time);
  if (partitions > 0) {
    sql::Dimension space;
    space.kind = sql::DimensionKind::kSpace;
    space.column = ColumnId(2);
    space.number_partitions = partitions;
    relation.hypertable->dimensions.push_back(space);
  }
  return relation;
}

ColumnBatch Rows(DataType time_type, const std::vector<int64_t>& times, const std::vector<std::string>& devices) {
  BatchBuilder builder({time_type, TypeId::kText});
  for (size_t i = 0; i < times.size(); ++i) {
    Value::Integer(time_type, times[i]).AppendTo(builder.column(0));
    builder.column(1).AppendBytes(devices[i]);
    builder.FinishRow();
  }
  return builder.Finish();
}

TEST(Route, SlicesAreAlignedToTheUnixEpoch) {
  const sql::Relation relation = Table(TypeId::kTimestampTz, 7 * kMicrosPerDay, 0);
  // 2000-01-01 was a Saturday; weeks since the epoch begin on Thursdays: 1999-12-30.
  const ChunkKey key = SliceOf(relation, 0);
  EXPECT_EQ(key.range_start, -2 * kMicrosPerDay);
  EXPECT_EQ(key.range_end, 5 * kMicrosPerDay);
}

TEST(Route, IntegerSlicesFloorBelowZero) {
  const sql::Relation relation = Table(TypeId::kInt64, 10, 0);
  EXPECT_EQ(SliceOf(relation, -1).range_start, -10);
  EXPECT_EQ(SliceOf(relation, -10).range_start, -10);
  EXPECT_EQ(SliceOf(relation, 9).range_start, 0);
  EXPECT_EQ(SliceOf(relation, INT64_MIN).range_start, INT64_MIN);
}

TEST(Route, DatesAreSlicedInDays) {
  const sql::Relation relation = Table(TypeId::kDate, 7 * kMicrosPerDay, 0);
  EXPECT_EQ(SliceOf(relation, 0).range_end - SliceOf(relation, 0).range_start, 7);
}

TEST(Route, PartitionsCoverAllSlotsOnce) {
  for (int count : {1, 2, 3, 7, 1024}) {
    int next = 0;
    for (int partition = 0; partition < count; ++partition) {
      const auto [low, high] = SlotsOfPartition(partition, count);
      EXPECT_EQ(low, next);
      EXPECT_LT(low, high);
      next = high;
    }
    EXPECT_EQ(next, sql::kSlotCount);
  }
}

TEST(Route, EveryRowGoesToExactlyOneChunkOfItsSliceAndSlot) {
  const sql::Relation relation = Table(TypeId::kInt64, 100, 3);
  std::vector<int64_t> times;
  std::vector<std::string> devices;
  for (int i = 0; i < 500; ++i) {
    times.push_back(i * 7 % 350);
    devices.push_back("d" + std::to_string(i % 23));
  }
  const ColumnBatch batch = Rows(TypeId::kInt64, times, devices);
  const StatusOr<std::vector<RoutedRows>> routed = RouteRows(relation, batch);
  ASSERT_TRUE(routed.ok());
  std::vector<int> seen(500);
  for (const RoutedRows& entry : *routed) {
    for (uint32_t row : entry.rows) {
      ++seen[row];
      EXPECT_GE(times[row], entry.key.range_start);
      EXPECT_LT(times[row], entry.key.range_end);
      const int slot = sql::SlotOf(batch.column(1), row);
      EXPECT_GE(slot, entry.key.slot_start);
      EXPECT_LT(slot, entry.key.slot_end);
    }
  }
  EXPECT_EQ(seen, std::vector<int>(500, 1));
}

TEST(Route, RowsFindChunksThatWereCutInSeveralWays) {
  sql::Relation relation = Table(TypeId::kInt64, 100, 3);
  std::vector<sql::ChunkPtr> chunks;
  const auto add = [&](int64_t begin, int64_t end, int partitions) {
    for (int partition = 0; partition < partitions; ++partition) {
      auto chunk = std::make_shared<sql::Chunk>();
      chunk->id = ChunkId(chunks.size() + 1);
      chunk->range_start = begin;
      chunk->range_end = end;
      std::tie(chunk->slot_start, chunk->slot_end) = SlotsOfPartition(partition, partitions);
      chunks.push_back(chunk);
    }
  };
  add(0, 100, 2);
  add(100, 130, 5);
  add(130, 200, 1);
  relation.hypertable->chunks = std::make_shared<sql::ChunkSet>(chunks);
  std::vector<int64_t> times;
  std::vector<std::string> devices;
  for (int i = 0; i < 4000; ++i) {
    // Runs of a slice, then rows of all of them in turn.
    times.push_back(i < 2000 ? i / 10 : i * 37 % 200);
    devices.push_back("d" + std::to_string(i % 101));
  }
  const ColumnBatch batch = Rows(TypeId::kInt64, times, devices);
  const StatusOr<std::vector<RoutedRows>> routed = RouteRows(relation, batch);
  ASSERT_TRUE(routed.ok());
  EXPECT_EQ(routed->size(), 8u);
  size_t rows = 0;
  for (const RoutedRows& entry : *routed) {
    ASSERT_NE(entry.chunk, nullptr);
    EXPECT_TRUE(std::ranges::is_sorted(entry.rows));
    for (uint32_t row : entry.rows) EXPECT_EQ(relation.hypertable->chunks->FindAt(times[row], sql::SlotOf(batch.column(1), row)), entry.chunk);
    rows += entry.rows.size();
  }
  EXPECT_EQ(rows, 4000u);
}

TEST(Route, NewChunksAreClippedAroundOlderOnesOfAnotherInterval) {
  sql::Relation relation = Table(TypeId::kInt64, 100, 0);
  auto old = std::make_shared<sql::Chunk>();
  old->id = ChunkId(1);
  old->range_start = 120;
  old->range_end = 150;
  relation.hypertable->chunks = std::make_shared<sql::ChunkSet>(std::vector<sql::ChunkPtr>{old});
  const StatusOr<std::vector<RoutedRows>> routed = RouteRows(relation, Rows(TypeId::kInt64, {110, 130, 160}, {"a", "a", "a"}));
  ASSERT_TRUE(routed.ok());
  ASSERT_EQ(routed->size(), 3u);
  EXPECT_EQ((*routed)[0].key.range_start, 100);
  EXPECT_EQ((*routed)[0].key.range_end, 120);
  EXPECT_EQ((*routed)[1].chunk->id, ChunkId(1));
  EXPECT_EQ((*routed)[2].key.range_start, 150);
  EXPECT_EQ((*routed)[2].key.range_end, 200);
}

TEST(Route, RowsOfVeryManyChunksFindEachItsOwn) {
  sql::Relation relation = Table(TypeId::kInt64, 10, 4);
  std::vector<int64_t> times;
  std::vector<std::string> keys;
  for (int64_t i = 0; i < 3000; ++i) {
    times.push_back(i * 7919 % 20'000);
    keys.push_back("h" + std::to_string(i % 5));
  }
  const ColumnBatch rows = Rows(TypeId::kInt64, times, keys);
  for (const bool existing : {false, true}) {
    const StatusOr<std::vector<RoutedRows>> routed = RouteRows(relation, rows);
    ASSERT_TRUE(routed.ok());
    EXPECT_GT(routed->size(), 1000u);
    std::set<ChunkKey> boxes;
    std::vector<sql::ChunkPtr> made;
    size_t count = 0;
    for (const RoutedRows& entry : *routed) {
      EXPECT_EQ(entry.chunk != nullptr, existing);
      EXPECT_TRUE(boxes.insert(entry.key).second) << "one destination twice";
      count += entry.rows.size();
      for (uint32_t row : entry.rows) {
        const int slot = sql::SlotOf(rows.column(1), row);
        EXPECT_TRUE(times[row] >= entry.key.range_start && times[row] < entry.key.range_end && slot >= entry.key.slot_start && slot < entry.key.slot_end);
      }
      auto chunk = std::make_shared<sql::Chunk>();
      chunk->id = ChunkId(made.size() + 1);
      std::tie(chunk->range_start, chunk->range_end, chunk->slot_start, chunk->slot_end) =
          std::tuple(entry.key.range_start, entry.key.range_end, entry.key.slot_start, entry.key.slot_end);
      made.push_back(std::move(chunk));
    }
    EXPECT_EQ(count, times.size());
    relation.hypertable->chunks = std::make_shared<sql::ChunkSet>(std::move(made));
  }
}

TEST(Route, NullTimeIsRefused) {
  const sql::Relation relation = Table(TypeId::kInt64, 100, 0);
  BatchBuilder builder({TypeId::kInt64, TypeId::kText});
  builder.column(0).AppendNull();
  builder.column(1).AppendNull();
  builder.FinishRow();
  EXPECT_EQ(SqlStateOf(RouteRows(relation, builder.Finish()).status()), sqlstate::kNotNullViolation);
}

TEST(Placement, PartitionsSpreadOverNodesAndBlockedOnesGetNothing) {
  sql::Relation relation = Table(TypeId::kInt64, 100, 3);
  relation.hypertable->distributed = true;
  relation.hypertable->replication_factor = 1;
  sql::Catalog catalog;
  for (uint32_t i = 1; i <= 3; ++i) {
    auto node = std::make_shared<sql::DataNode>();
    node->id = NodeId(i);
    node->name = "dn" + std::to_string(i);
    catalog.nodes[node->name] = node;
    relation.hypertable->data_nodes.push_back(NodeId(i));
  }
  std::set<NodeId> used;
  for (int partition = 0; partition < 3; ++partition) {
    ChunkKey key;
    std::tie(key.slot_start, key.slot_end) = SlotsOfPartition(partition, 3);
    const StatusOr<std::vector<NodeId>> nodes = PlaceChunk(catalog, relation, key);
    ASSERT_TRUE(nodes.ok());
    ASSERT_EQ(nodes->size(), 1u);
    used.insert((*nodes)[0]);
  }
  EXPECT_EQ(used.size(), 3u);
  relation.hypertable->blocked_nodes = {NodeId(1), NodeId(2), NodeId(3)};
  EXPECT_EQ(SqlStateOf(PlaceChunk(catalog, relation, ChunkKey()).status()), sqlstate::kInsufficientDataNodes);
}

}  // namespace
}  // namespace tsd::coord
