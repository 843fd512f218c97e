#include "coord/node/node_messages.h"

#include <gtest/gtest.h>

namespace tsd::coord {
namespace {

TableSchemaPtr TwoColumns() {
  auto schema = std::make_shared<TableSchema>();
  schema->id = TableId(7);
  schema->name = "public.t";
  schema->columns = {{ColumnId(1), "time", TypeId::kTimestampTz, Value()}, {ColumnId(2), "v", TypeId::kFloat64, Value()}};
  return schema;
}

ColumnBatch Rows(int64_t first, size_t count) {
  auto time = std::make_shared<Vector>(TypeId::kTimestampTz);
  auto value = std::make_shared<Vector>(TypeId::kFloat64);
  for (size_t row = 0; row < count; ++row) {
    time->Append<int64_t>(first + static_cast<int64_t>(row));
    value->Append<double>(0.5);
  }
  return ColumnBatch({time, value}, count);
}

NodeWrites ManyChunks(uint64_t chunks) {
  NodeWrites writes{TxnId{3, 4}, 5, EncodedSchema::Of(TwoColumns()), {}};
  for (uint64_t chunk = 1; chunk <= chunks; ++chunk) writes.parts.push_back({ChunkId(chunk), ChunkRows(Rows(static_cast<int64_t>(chunk) * 100, 1 + chunk % 3))});
  return writes;
}

TEST(NodeMessages, WritesToManyChunksArriveAsTheyWereSent) {
  for (const Compression compression : {Compression::kNone, Compression::kLz4}) {
    const NodeWrites sent = ManyChunks(1000);
    KnownSchemas schemas;
    const StatusOr<NodeWrites> received = DecodeWrites(EncodeWrites(sent, compression), schemas);
    ASSERT_TRUE(received.ok()) << received.status();
    EXPECT_EQ(received->txn, sent.txn);
    EXPECT_EQ(received->level, 5u);
    EXPECT_EQ(received->schema->schema->name, "public.t");
    ASSERT_EQ(received->parts.size(), 1000u);
    for (size_t i = 0; i < sent.parts.size(); ++i) {
      EXPECT_EQ(received->parts[i].chunk, sent.parts[i].chunk);
      ASSERT_EQ(received->parts[i].rows.rows(), sent.parts[i].rows.rows());
      EXPECT_EQ(received->parts[i].rows.Join().column(0).Get<int64_t>(0), sent.parts[i].rows.Join().column(0).Get<int64_t>(0));
    }
  }
}

TEST(NodeMessages, WritesWithoutPartsOrOfOtherColumnsAreRefused) {
  KnownSchemas schemas;
  EXPECT_FALSE(DecodeWrites(EncodeWrites(ManyChunks(0), Compression::kNone), schemas).ok());
  NodeWrites narrow = ManyChunks(2);
  narrow.parts[1].rows = ChunkRows(ColumnBatch({narrow.parts[1].rows.Join().columns()[0]}, narrow.parts[1].rows.rows()));
  EXPECT_FALSE(DecodeWrites(EncodeWrites(narrow, Compression::kNone), schemas).ok());
  NodeWrites swapped = ManyChunks(2);
  swapped.schema = [&] {
    auto schema = std::make_shared<TableSchema>(*swapped.schema->schema);
    std::swap(schema->columns[0], schema->columns[1]);
    return EncodedSchema::Of(std::move(schema));
  }();
  EXPECT_FALSE(DecodeWrites(EncodeWrites(swapped, Compression::kNone), schemas).ok());
}

TEST(NodeMessages, ConflictsArriveWithTheRowsThatAreThere) {
  const ConditionalWrites sent{{0, 2}, ManyChunks(2)};
  KnownSchemas schemas;
  const StatusOr<ConditionalWrites> received = ConditionalWrites::Decode(sent.Encode(Compression::kLz4), schemas);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->arbiters, sent.arbiters);
  EXPECT_EQ(received->writes.parts.size(), 2u);

  std::vector<engine::WriteConflicts> parts(2);
  parts[1].rows = {{3, false, 77, Timestamp(9)}, {4, true, 0, Timestamp()}};
  parts[1].existing = Rows(5, 1);
  const std::string bytes = EncodeConflicts(parts);
  const StatusOr<std::vector<engine::WriteConflicts>> told = DecodeConflicts(bytes, *TwoColumns());
  ASSERT_TRUE(told.ok()) << told.status();
  ASSERT_EQ(told->size(), 2u);
  ASSERT_EQ((*told)[1].rows.size(), 2u);
  EXPECT_EQ((*told)[1].rows[0].row_id, 77u);
  EXPECT_TRUE((*told)[1].rows[1].same_statement);
  EXPECT_EQ((*told)[1].existing.column(0).Get<int64_t>(0), 5);
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(DecodeConflicts(bytes.substr(0, size), *TwoColumns()).ok()) << size;
  parts[1].existing = Rows(5, 2);
  EXPECT_FALSE(DecodeConflicts(EncodeConflicts(parts), *TwoColumns()).ok()) << "another number of rows";
  parts[1].existing = ColumnBatch({Rows(5, 1).columns()[1], Rows(5, 1).columns()[0]}, 1);
  EXPECT_FALSE(DecodeConflicts(EncodeConflicts(parts), *TwoColumns()).ok()) << "other columns";
}

TEST(NodeMessages, CommitsTravelTogether) {
  const std::vector<CommittedTxn> sent = {{TxnId{3, 4}, Timestamp(9)}, {TxnId{3, 5}, Timestamp(10)}};
  const std::string bytes = EncodeCommitted(sent);
  const StatusOr<std::vector<CommittedTxn>> received = DecodeCommitted(bytes);
  ASSERT_TRUE(received.ok()) << received.status();
  ASSERT_EQ(received->size(), 2u);
  EXPECT_EQ((*received)[1].txn, sent[1].txn);
  EXPECT_EQ((*received)[1].commit, Timestamp(10));
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(DecodeCommitted(bytes.substr(0, size)).ok()) << size;
}

TEST(NodeMessages, RowIdsOfReplicasTravelAndHaveABound) {
  NodeWrites writes = ManyChunks(2);
  writes.parts[1].first_row_id = uint64_t{1} << 60;
  KnownSchemas schemas;
  const StatusOr<NodeWrites> received = DecodeWrites(EncodeWrites(writes, Compression::kNone), schemas);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->parts[0].first_row_id, 0u);
  EXPECT_EQ(received->parts[1].first_row_id, uint64_t{1} << 60);
  writes.parts[1].first_row_id = uint64_t{1} << 63;
  EXPECT_FALSE(DecodeWrites(EncodeWrites(writes, Compression::kNone), schemas).ok());
}

TEST(NodeMessages, CutAndPaddedWritesAreRefused) {
  KnownSchemas schemas;
  const std::string bytes = EncodeWrites(ManyChunks(3), Compression::kNone);
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(DecodeWrites(std::string_view(bytes).substr(0, size), schemas).ok()) << size;
  EXPECT_FALSE(DecodeWrites(bytes + '\0', schemas).ok());
}

TEST(NodeMessages, NoByteOfWritesMakesTheDecoderFall) {
  const std::string bytes = WriteAndPrepareMessage{{Timestamp(9), "who decides", {NodeId(1), NodeId(4)}}, ManyChunks(3)}.Encode(Compression::kLz4);
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string damaged = bytes;
      damaged[at] = value;
      KnownSchemas schemas;
      const StatusOr<WriteAndPrepareMessage> decoded = WriteAndPrepareMessage::Decode(damaged, schemas);
      EXPECT_TRUE(!decoded.ok() || !decoded->writes.parts.empty());
    }
  }
}

}  // namespace
}  // namespace tsd::coord
