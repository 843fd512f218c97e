#include "sql/catalog/catalog.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tsd::sql {
namespace {

Catalog Sample() {
  Catalog catalog;
  catalog.version = 12;
  catalog.cluster_id = 0x1234567890abcdef;
  catalog.next_oid = 20000;
  catalog.schemas = {{"public", 2200}, {"s", 16390}};
  catalog.databases = {{"postgres", 5}};
  Role role;
  role.oid = 10;
  role.name = "postgres";
  role.superuser = true;
  catalog.roles["postgres"] = role;
  auto node = std::make_shared<DataNode>();
  node->id = NodeId(3);
  node->name = "dn1";
  node->host = "localhost";
  node->port = 5433;
  catalog.nodes["dn1"] = node;
  auto relation = std::make_shared<Relation>();
  relation->id = TableId(16400);
  relation->schema = "public";
  relation->name = "cpu";
  relation->columns = {{ColumnId(1), "time", TypeId::kTimestampTz, true}, {ColumnId(3), "host", TypeId::kText}, {ColumnId(4), "v", TypeId::kFloat64}};
  relation->columns[2].default_sql = "1 + 1";
  relation->columns[2].missing_value = Value::Float64(2);
  relation->last_column_id = 4;
  Hypertable table;
  table.id = 1;
  table.distributed = true;
  table.replication_factor = 2;
  Dimension time;
  time.column = ColumnId(1);
  time.interval = 1000;
  Dimension space;
  space.kind = DimensionKind::kSpace;
  space.column = ColumnId(3);
  space.number_partitions = 4;
  table.dimensions = {time, space};
  table.data_nodes = {NodeId(3), NodeId(4)};
  std::vector<ChunkPtr> chunks;
  for (int i = 0; i < 5; ++i) {
    auto chunk = std::make_shared<Chunk>();
    chunk->id = ChunkId(static_cast<uint64_t>(100 + i));
    chunk->name = "c" + std::to_string(i);
    chunk->range_start = i * 1000;
    chunk->range_end = chunk->range_start + 1000;
    chunk->nodes = {NodeId(3)};
    chunks.push_back(chunk);
  }
  table.chunks = std::make_shared<ChunkSet>(std::move(chunks));
  relation->hypertable = table;
  catalog.Put(relation);
  catalog.pending_drops = {{NodeId(3), ChunkId(7)}};
  return catalog;
}

std::string Bytes(const Catalog& catalog) {
  ByteWriter writer;
  catalog.Encode(writer);
  return std::move(writer).Take();
}

TEST(CatalogTest, RoundTrip) {
  const Catalog catalog = Sample();
  const std::string bytes = Bytes(catalog);
  StatusOr<Catalog> decoded = Catalog::Decode(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(Bytes(*decoded), bytes);
  const RelationPtr cpu = decoded->Find("public", "cpu");
  ASSERT_NE(cpu, nullptr);
  EXPECT_EQ(cpu, decoded->Find(TableId(16400)));
  EXPECT_EQ(cpu->hypertable->chunks->size(), 5u);
  EXPECT_EQ(cpu->Find("v")->missing_value.AsDouble(), 2);
  EXPECT_EQ(decoded->FindNode(NodeId(3))->name, "dn1");
  EXPECT_EQ(decoded->FindNode(NodeId(9)), nullptr);
}

TEST(CatalogTest, PutReplacesAndRenames) {
  Catalog catalog = Sample();
  auto renamed = std::make_shared<Relation>(*catalog.Find(TableId(16400)));
  renamed->name = "cpu2";
  catalog.Put(renamed);
  EXPECT_EQ(catalog.Find("public", "cpu"), nullptr);
  EXPECT_NE(catalog.Find("public", "cpu2"), nullptr);
  catalog.Remove(TableId(16400));
  EXPECT_TRUE(catalog.relations.empty());
  EXPECT_TRUE(catalog.relations_by_id.empty());
  catalog.Remove(TableId(1));
}

TEST(CatalogTest, DamagedBytesAreRefused) {
  const std::string bytes = Bytes(Sample());
  for (size_t length = 0; length < bytes.size(); ++length) EXPECT_FALSE(Catalog::Decode(std::string_view(bytes).substr(0, length)).ok());
  EXPECT_FALSE(Catalog::Decode(bytes + "x").ok());
  std::mt19937 random(3);
  for (int i = 0; i < 3000; ++i) {
    std::string mutated = bytes;
    mutated[random() % mutated.size()] = static_cast<char>(random());
    Catalog::Decode(mutated).status().IgnoreError();
  }
}

TEST(CatalogTest, StorageSchemaSortsBySpaceThenTime) {
  const TableSchemaPtr schema = StorageSchema(*Sample().Find(TableId(16400)), 99);
  EXPECT_EQ(schema->origin, 99u);
  EXPECT_EQ(schema->name, "public.cpu");
  EXPECT_EQ(schema->segment_by, std::vector<ColumnId>{ColumnId(3)});
  EXPECT_EQ(schema->order_by, std::vector<ColumnId>{ColumnId(1)});
}

TEST(CatalogTest, CompressionSettingsAreTheOrderOfRowsWithTimeFirst) {
  Relation relation = *Sample().Find(TableId(16400));
  Compression& compression = relation.hypertable->compression.emplace();
  compression.segment_by = {ColumnId(2)};
  compression.order_by = {{ColumnId(3), false, false}, {ColumnId(1), true, true}};
  const TableSchemaPtr schema = StorageSchema(relation, 99);
  EXPECT_EQ(schema->segment_by, std::vector<ColumnId>{ColumnId(2)});
  EXPECT_EQ(schema->order_by, (std::vector<ColumnId>{ColumnId(1), ColumnId(3)}));
}

int SlotOfValue(const Value& value) { return SlotOf(*value.ToConstant(1), 0); }

// Placement on disk depends on these numbers: a change here loses data.
TEST(SlotTest, Golden) {
  EXPECT_EQ(SlotOfValue(Value::Text("host_1")), SlotOfValue(Value::Bytes(TypeId::kVarchar, "host_1")));
  EXPECT_EQ(SlotOfValue(Value::Bytes(TypeId::kBpchar, "ab  ")), SlotOfValue(Value::Text("ab")));
  EXPECT_EQ(SlotOfValue(Value::Int16(7)), SlotOfValue(Value::Int64(7)));
  EXPECT_EQ(SlotOfValue(Value::Int32(7)), SlotOfValue(Value::Int64(7)));
  EXPECT_EQ(SlotOfValue(Value::Float64(-0.0)), SlotOfValue(Value::Float64(0.0)));
  EXPECT_EQ(SlotOfValue(Value::Null(TypeId::kText)), 0);
  EXPECT_EQ(SlotOfValue(Value::Text("host_1")), 408);
  EXPECT_EQ(SlotOfValue(Value::Int64(42)), 968);
}

TEST(SlotTest, SpreadsEvenly) {
  std::vector<int> quarters(4);
  for (int i = 0; i < 4000; ++i) ++quarters[SlotOfValue(Value::Text("host_" + std::to_string(i))) * 4 / kSlotCount];
  for (int count : quarters) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace tsd::sql
