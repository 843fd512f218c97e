#include "coord/node/node_messages.h"

#include <algorithm>

#include "engine/base/strings.h"
#include "engine/types/batch_codec.h"

namespace tsd::coord {
namespace {

Status Malformed(std::string_view what) { return Error(sqlstate::kProtocolViolation, StrCat("malformed ", what, " message from a peer")); }

void PutTxn(TxnId txn, ByteWriter& writer) {
  writer.PutU64(txn.origin);
  writer.PutU64(txn.sequence);
}

TxnId GetTxn(ByteReader& reader) {
  TxnId txn;
  txn.origin = reader.GetU64();
  txn.sequence = reader.GetU64();
  return txn;
}

void PutChunks(const std::vector<ChunkId>& chunks, ByteWriter& writer) {
  writer.PutVarint(chunks.size());
  for (ChunkId chunk : chunks) writer.PutVarint(chunk.value());
}

std::vector<ChunkId> GetChunks(ByteReader& reader) {
  std::vector<ChunkId> chunks;
  for (uint64_t count = reader.GetCount(1); count > 0; --count) chunks.push_back(ChunkId(reader.GetVarint()));
  return chunks;
}

void PutNodes(const std::vector<NodeId>& nodes, ByteWriter& writer) {
  writer.PutVarint(nodes.size());
  for (const NodeId node : nodes) writer.PutVarint(node.value());
}

std::vector<NodeId> GetNodes(ByteReader& reader) {
  std::vector<NodeId> nodes;
  for (uint64_t count = reader.GetCount(1); count > 0; --count) nodes.push_back(NodeId(static_cast<uint32_t>(reader.GetVarint())));
  return nodes;
}

void PutPreparation(const engine::Preparation& preparation, ByteWriter& writer) {
  writer.PutU64(preparation.floor.value());
  writer.PutString(preparation.coordinator);
  PutNodes(preparation.participants, writer);
}

engine::Preparation GetPreparation(ByteReader& reader) {
  engine::Preparation preparation;
  preparation.floor = Timestamp(reader.GetU64());
  preparation.coordinator = std::string(reader.GetString());
  preparation.participants = GetNodes(reader);
  return preparation;
}

void PutWrites(const NodeWrites& writes, Compression compression, ByteWriter& writer) {
  PutTxn(writes.txn, writer);
  writer.PutVarint(writes.level);
  writer.PutString(writes.schema->bytes);
  writer.PutVarint(writes.parts.size());
  for (const NodeWrites::Part& part : writes.parts) {
    writer.PutVarint(part.chunk.value());
    writer.PutVarint(part.first_row_id);
    const size_t size_at = writer.size();
    writer.PutU32(0);
    part.rows.Encode(compression, writer);
    writer.PatchU32(size_at, static_cast<uint32_t>(writer.size() - size_at - 4));
  }
}

bool HasColumnsOf(const ColumnBatch& rows, const TableSchema& schema) {
  if (rows.column_count() != schema.columns.size()) return false;
  for (size_t i = 0; i < rows.column_count(); ++i) {
    if (!rows.column(i).type().SameAs(schema.columns[i].type)) return false;
  }
  return true;
}

StatusOr<ColumnBatch> GetRows(ByteReader& reader, const TableSchema& schema) {
  const uint32_t size = reader.GetU32();
  ASSIGN_OR_RETURN(ColumnBatch rows, DecodeChunkRows(reader.GetBytes(size)));
  if (!HasColumnsOf(rows, schema)) return Malformed("write");
  return rows;
}

constexpr uint64_t kMaxRowId = uint64_t{1} << 62;

/// To the end of the message.
StatusOr<NodeWrites> GetWrites(ByteReader& reader, KnownSchemas& schemas) {
  NodeWrites writes;
  writes.txn = GetTxn(reader);
  writes.level = static_cast<uint32_t>(reader.GetVarint());
  ASSIGN_OR_RETURN(writes.schema, schemas.Of(reader.GetString()));
  const uint64_t count = reader.GetCount(5);
  if (!reader.ok() || !writes.txn.IsValid() || count == 0) return Malformed("write");
  for (uint64_t i = 0; i < count; ++i) {
    NodeWrites::Part part;
    part.chunk = ChunkId(reader.GetVarint());
    part.first_row_id = reader.GetVarint();
    if (!reader.ok() || !part.chunk.IsValid() || part.first_row_id > kMaxRowId) return Malformed("write");
    ASSIGN_OR_RETURN(ColumnBatch rows, GetRows(reader, *writes.schema->schema));
    part.rows = ChunkRows(std::move(rows));
    writes.parts.push_back(std::move(part));
  }
  if (!reader.AtEnd()) return Malformed("write");
  return writes;
}

}  // namespace

Compression CompressionTo(const net::Endpoint& peer) { return peer.IsLoopback() ? Compression::kNone : Compression::kLz4; }

std::string EncodeWrites(const NodeWrites& writes, Compression compression) {
  ByteWriter writer;
  PutWrites(writes, compression, writer);
  return std::move(writer).Take();
}

StatusOr<NodeWrites> DecodeWrites(std::string_view bytes, KnownSchemas& schemas) {
  ByteReader reader(bytes);
  return GetWrites(reader, schemas);
}

std::string WriteAndCommitMessage::Encode(Compression compression) const {
  ByteWriter writer;
  writer.PutU64(minimum.value());
  PutWrites(writes, compression, writer);
  return std::move(writer).Take();
}

StatusOr<WriteAndCommitMessage> WriteAndCommitMessage::Decode(std::string_view bytes, KnownSchemas& schemas) {
  ByteReader reader(bytes);
  WriteAndCommitMessage message;
  message.minimum = Timestamp(reader.GetU64());
  ASSIGN_OR_RETURN(message.writes, GetWrites(reader, schemas));
  return message;
}

std::string WriteAndPrepareMessage::Encode(Compression compression) const {
  ByteWriter writer;
  PutPreparation(preparation, writer);
  PutWrites(writes, compression, writer);
  return std::move(writer).Take();
}

StatusOr<WriteAndPrepareMessage> WriteAndPrepareMessage::Decode(std::string_view bytes, KnownSchemas& schemas) {
  ByteReader reader(bytes);
  WriteAndPrepareMessage message;
  message.preparation = GetPreparation(reader);
  ASSIGN_OR_RETURN(message.writes, GetWrites(reader, schemas));
  return message;
}

std::string ConditionalWrites::Encode(Compression compression) const {
  ByteWriter writer;
  writer.PutVarint(arbiters.size());
  for (const size_t key : arbiters) writer.PutVarint(key);
  writer.PutString(EncodeWrites(writes, compression));
  return std::move(writer).Take();
}

StatusOr<ConditionalWrites> ConditionalWrites::Decode(std::string_view bytes, KnownSchemas& schemas) {
  ByteReader reader(bytes);
  ConditionalWrites message;
  for (uint64_t count = reader.GetCount(1); count > 0; --count) message.arbiters.push_back(reader.GetVarint());
  const std::string_view writes = reader.GetString();
  if (!reader.AtEnd()) return Malformed("write");
  ASSIGN_OR_RETURN(message.writes, DecodeWrites(writes, schemas));
  return message;
}

std::string EncodeConflicts(const std::vector<engine::WriteConflicts>& parts) {
  ByteWriter writer;
  writer.PutVarint(parts.size());
  for (const engine::WriteConflicts& part : parts) {
    writer.PutVarint(part.rows.size());
    for (const engine::WriteConflict& conflict : part.rows) {
      writer.PutVarint(conflict.position);
      writer.PutBool(conflict.same_statement);
      writer.PutVarint(conflict.row_id);
      writer.PutU64(conflict.commit.value());
    }
    ByteWriter rows;
    EncodeBatch(part.existing, rows);
    writer.PutString(rows.data());
  }
  return std::move(writer).Take();
}

StatusOr<std::vector<engine::WriteConflicts>> DecodeConflicts(std::string_view bytes, const TableSchema& schema) {
  ByteReader reader(bytes);
  std::vector<engine::WriteConflicts> parts;
  for (uint64_t count = reader.GetCount(2); count > 0 && reader.ok(); --count) {
    engine::WriteConflicts part;
    size_t existing = 0;
    for (uint64_t rows = reader.GetCount(11); rows > 0 && reader.ok(); --rows) {
      engine::WriteConflict conflict;
      conflict.position = static_cast<uint32_t>(reader.GetVarint());
      conflict.same_statement = reader.GetBool();
      conflict.row_id = reader.GetVarint();
      conflict.commit = Timestamp(reader.GetU64());
      existing += conflict.same_statement ? 0 : 1;
      part.rows.push_back(conflict);
    }
    ASSIGN_OR_RETURN(part.existing, DecodeBatch(reader.GetString()));
    if (part.existing.rows() != existing || (existing > 0 && !HasColumnsOf(part.existing, schema))) return Malformed("conflict");
    parts.push_back(std::move(part));
  }
  if (!reader.ok() || !reader.AtEnd()) return Malformed("conflict");
  return parts;
}

std::string EncodeDelete(const engine::DeleteRequest& request) {
  ByteWriter writer;
  PutTxn(request.txn, writer);
  writer.PutVarint(request.level);
  writer.PutVarint(request.chunk.value());
  writer.PutU64(request.read_timestamp.value());
  writer.PutVarint(request.row_ids.size());
  for (uint64_t row : request.row_ids) writer.PutVarint(row);
  return std::move(writer).Take();
}

StatusOr<engine::DeleteRequest> DecodeDelete(std::string_view bytes) {
  ByteReader reader(bytes);
  engine::DeleteRequest request;
  request.txn = GetTxn(reader);
  request.level = static_cast<uint32_t>(reader.GetVarint());
  request.chunk = ChunkId(reader.GetVarint());
  request.read_timestamp = Timestamp(reader.GetU64());
  for (uint64_t count = reader.GetCount(1); count > 0; --count) request.row_ids.push_back(reader.GetVarint());
  if (!reader.ok() || !request.txn.IsValid()) return Malformed("delete");
  return request;
}

std::string PrepareMessage::Encode() const {
  ByteWriter writer;
  PutTxn(txn, writer);
  writer.PutVarint(operations);
  PutPreparation(preparation, writer);
  return std::move(writer).Take();
}

StatusOr<PrepareMessage> PrepareMessage::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  PrepareMessage message;
  message.txn = GetTxn(reader);
  message.operations = reader.GetVarint();
  message.preparation = GetPreparation(reader);
  if (!reader.ok()) return Malformed("prepare");
  return message;
}

std::string TxnMessage::Encode() const {
  ByteWriter writer;
  PutTxn(txn, writer);
  writer.PutVarint(operations);
  writer.PutVarint(level);
  writer.PutU64(timestamp.value());
  return std::move(writer).Take();
}

StatusOr<TxnMessage> TxnMessage::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  TxnMessage message;
  message.txn = GetTxn(reader);
  message.operations = reader.GetVarint();
  message.level = static_cast<uint32_t>(reader.GetVarint());
  message.timestamp = Timestamp(reader.GetU64());
  if (!reader.ok()) return Malformed("transaction");
  return message;
}

std::string EncodeCommitted(const std::vector<CommittedTxn>& committed) {
  ByteWriter writer;
  writer.PutVarint(committed.size());
  for (const CommittedTxn& entry : committed) {
    PutTxn(entry.txn, writer);
    writer.PutU64(entry.commit.value());
  }
  return std::move(writer).Take();
}

StatusOr<std::vector<CommittedTxn>> DecodeCommitted(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<CommittedTxn> committed;
  const uint64_t count = reader.GetVarint();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    const TxnId txn = GetTxn(reader);
    committed.push_back({txn, Timestamp(reader.GetU64())});
  }
  if (!reader.ok()) return Malformed("list of commits");
  return committed;
}

std::string EncodeTransactions(const std::vector<HeldTransaction>& transactions) {
  ByteWriter writer;
  writer.PutVarint(transactions.size());
  for (const HeldTransaction& entry : transactions) {
    PutTxn(entry.txn, writer);
    writer.PutU8(static_cast<uint8_t>(entry.state));
    PutNodes(entry.participants, writer);
  }
  return std::move(writer).Take();
}

StatusOr<std::vector<HeldTransaction>> DecodeTransactions(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<HeldTransaction> transactions;
  for (uint64_t count = reader.GetCount(18); count > 0; --count) {
    HeldTransaction entry;
    entry.txn = GetTxn(reader);
    const uint8_t state = reader.GetU8();
    if (state > static_cast<uint8_t>(HeldState::kPrepared)) return Malformed("transaction list");
    entry.state = static_cast<HeldState>(state);
    entry.participants = GetNodes(reader);
    transactions.push_back(std::move(entry));
  }
  if (!reader.ok()) return Malformed("transaction list");
  return transactions;
}

std::string CompactMessage::Encode() const {
  ByteWriter writer;
  PutChunks(chunks, writer);
  schema->Encode(writer);
  return std::move(writer).Take();
}

StatusOr<CompactMessage> CompactMessage::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  CompactMessage message;
  message.chunks = GetChunks(reader);
  if (!reader.ok()) return Malformed("chunk list");
  ASSIGN_OR_RETURN(message.schema, TableSchema::Decode(reader));
  return message;
}

std::string EncodeChunks(const std::vector<ChunkId>& chunks) {
  ByteWriter writer;
  PutChunks(chunks, writer);
  return std::move(writer).Take();
}

StatusOr<std::vector<ChunkId>> DecodeChunks(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<ChunkId> chunks = GetChunks(reader);
  if (!reader.ok()) return Malformed("chunk list");
  return chunks;
}

std::string EncodeSizes(const std::vector<engine::ChunkSize>& sizes) {
  ByteWriter writer;
  writer.PutVarint(sizes.size());
  for (const engine::ChunkSize& size : sizes) {
    writer.PutVarint(size.bytes);
    writer.PutVarint(size.rows);
    writer.PutVarint(size.file_count);
    writer.PutVarint(size.memory_rows);
    writer.PutVarint(size.raw_bytes);
  }
  return std::move(writer).Take();
}

StatusOr<std::vector<engine::ChunkSize>> DecodeSizes(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<engine::ChunkSize> sizes;
  for (uint64_t count = reader.GetCount(5); count > 0; --count) {
    engine::ChunkSize size;
    size.bytes = reader.GetVarint();
    size.rows = reader.GetVarint();
    size.file_count = reader.GetVarint();
    size.memory_rows = reader.GetVarint();
    size.raw_bytes = reader.GetVarint();
    sizes.push_back(size);
  }
  if (!reader.ok()) return Malformed("size list");
  return sizes;
}

std::string EncodeColumnUsage(const std::vector<std::vector<engine::ColumnUsage>>& lists) {
  ByteWriter writer;
  writer.PutVarint(lists.size());
  for (const std::vector<engine::ColumnUsage>& list : lists) {
    writer.PutVarint(list.size());
    for (const engine::ColumnUsage& usage : list) {
      writer.PutU16(usage.column.value());
      for (uint64_t number : {usage.rows, usage.null_count, usage.bytes}) writer.PutVarint(number);
      writer.PutVarint(usage.blocks.size());
      for (const auto& [codec, blocks] : usage.blocks) {
        writer.PutU8(static_cast<uint8_t>(codec));
        writer.PutVarint(blocks);
      }
      writer.PutBool(usage.has_bounds);
      writer.PutString(usage.minimum);
      writer.PutString(usage.maximum);
    }
  }
  return std::move(writer).Take();
}

StatusOr<std::vector<std::vector<engine::ColumnUsage>>> DecodeColumnUsage(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<std::vector<engine::ColumnUsage>> lists;
  for (uint64_t count = reader.GetCount(1); count > 0; --count) {
    std::vector<engine::ColumnUsage>& list = lists.emplace_back();
    for (uint64_t entries = reader.GetCount(9); entries > 0; --entries) {
      engine::ColumnUsage& usage = list.emplace_back();
      usage.column = ColumnId(reader.GetU16());
      for (uint64_t* number : {&usage.rows, &usage.null_count, &usage.bytes}) *number = reader.GetVarint();
      for (uint64_t codecs = reader.GetCount(2); codecs > 0; --codecs) {
        const auto codec = static_cast<engine::CodecId>(reader.GetU8());
        usage.blocks[codec] = reader.GetVarint();
      }
      usage.has_bounds = reader.GetBool();
      usage.minimum = reader.GetString();
      usage.maximum = reader.GetString();
    }
  }
  if (!reader.ok()) return Malformed("column usage");
  return lists;
}

std::string FragmentRequest::Encode() const {
  ByteWriter writer;
  writer.PutString(plan);
  PutChunks(chunks, writer);
  writer.PutU64(snapshot.read_timestamp.value());
  PutTxn(snapshot.own, writer);
  writer.PutVarint(snapshot.own_level);
  writer.PutString(zone);
  writer.PutI64(now);
  writer.PutVarint(memory_bytes);
  writer.PutU8(static_cast<uint8_t>(text.datetime.order));
  writer.PutU8(static_cast<uint8_t>(text.datetime.style));
  writer.PutU8(static_cast<uint8_t>(text.datetime.interval_style));
  writer.PutU8(static_cast<uint8_t>(text.bytea_output));
  writer.PutI64(text.extra_float_digits);
  writer.PutU64(incarnation.value());
  return std::move(writer).Take();
}

StatusOr<FragmentRequest> FragmentRequest::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  FragmentRequest request;
  request.plan = std::string(reader.GetString());
  request.chunks = GetChunks(reader);
  request.snapshot.read_timestamp = Timestamp(reader.GetU64());
  request.snapshot.own = GetTxn(reader);
  request.snapshot.own_level = static_cast<uint32_t>(reader.GetVarint());
  request.zone = std::string(reader.GetString());
  request.now = reader.GetI64();
  request.memory_bytes = reader.GetVarint();
  const uint8_t order = reader.GetU8(), style = reader.GetU8(), interval_style = reader.GetU8(), bytea = reader.GetU8();
  const int64_t digits = reader.GetI64();
  request.incarnation = Timestamp(reader.GetU64());
  if (!reader.ok() || order > 2 || style > 3 || interval_style > 3 || bytea > 1 || digits < -15 || digits > 3) return Malformed("fragment");
  request.text.datetime.order = static_cast<DateOrder>(order);
  request.text.datetime.style = static_cast<DateStyle>(style);
  request.text.datetime.interval_style = static_cast<IntervalStyle>(interval_style);
  request.text.bytea_output = static_cast<ByteaOutput>(bytea);
  request.text.extra_float_digits = static_cast<int>(digits);
  return request;
}

std::string FragmentStats::Encode() const {
  ByteWriter writer;
  for (uint64_t value : {scan.rows_read, scan.blocks_read, scan.blocks_skipped, scan.blocks_summarised, scan.bytes_read, scan.chunks, rows_sent, bytes_sent}) {
    writer.PutVarint(value);
  }
  writer.PutZigzag(micros);
  return std::move(writer).Take();
}

StatusOr<FragmentStats> FragmentStats::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  FragmentStats stats;
  for (uint64_t* value : {&stats.scan.rows_read, &stats.scan.blocks_read, &stats.scan.blocks_skipped, &stats.scan.blocks_summarised,
                          &stats.scan.bytes_read, &stats.scan.chunks, &stats.rows_sent, &stats.bytes_sent}) {
    *value = reader.GetVarint();
  }
  stats.micros = reader.GetZigzag();
  if (!reader.ok()) return Malformed("statistics");
  return stats;
}

std::string NodeDescription::Encode() const {
  ByteWriter writer;
  writer.PutString(uuid);
  writer.PutU64(cluster_id);
  writer.PutU64(member_of);
  writer.PutBool(is_access_node);
  writer.PutZigzag(max_prepared_transactions);
  writer.PutBool(database_exists);
  writer.PutBool(database_created);
  writer.PutString(version);
  return std::move(writer).Take();
}

StatusOr<NodeDescription> NodeDescription::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  NodeDescription description;
  description.uuid = std::string(reader.GetString());
  description.cluster_id = reader.GetU64();
  description.member_of = reader.GetU64();
  description.is_access_node = reader.GetBool();
  description.max_prepared_transactions = reader.GetZigzag();
  description.database_exists = reader.GetBool();
  description.database_created = reader.GetBool();
  description.version = std::string(reader.GetString());
  if (!reader.ok()) return Malformed("description");
  return description;
}

std::string JoinRequest::Encode() const {
  ByteWriter writer;
  writer.PutU64(cluster_id);
  writer.PutString(access_node_uuid);
  writer.PutString(database);
  writer.PutBool(bootstrap);
  writer.PutBool(drop_database);
  return std::move(writer).Take();
}

StatusOr<JoinRequest> JoinRequest::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  JoinRequest request;
  request.cluster_id = reader.GetU64();
  request.access_node_uuid = std::string(reader.GetString());
  request.database = std::string(reader.GetString());
  request.bootstrap = reader.GetBool();
  request.drop_database = reader.GetBool();
  if (!reader.ok()) return Malformed("join");
  return request;
}

std::string ExecuteRequest::Encode() const {
  ByteWriter writer;
  writer.PutString(sql);
  writer.PutString(search_path);
  writer.PutBool(transactional);
  writer.PutU64(txn.origin);
  writer.PutU64(txn.sequence);
  writer.PutU32(level);
  writer.PutU64(snapshot.value());
  return std::move(writer).Take();
}

StatusOr<ExecuteRequest> ExecuteRequest::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  ExecuteRequest request;
  request.sql = std::string(reader.GetString());
  request.search_path = std::string(reader.GetString());
  request.transactional = reader.GetBool();
  request.txn.origin = reader.GetU64();
  request.txn.sequence = reader.GetU64();
  request.level = reader.GetU32();
  request.snapshot = Timestamp(reader.GetU64());
  if (!reader.ok() || (request.transactional && !request.txn.IsValid())) return Malformed("execute");
  return request;
}

std::string ExecuteAnswer::Encode() const {
  ByteWriter writer;
  writer.PutU32(level);
  writer.PutU64(clock.value());
  return std::move(writer).Take();
}
StatusOr<ExecuteAnswer> ExecuteAnswer::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  ExecuteAnswer answer;
  answer.level = reader.GetU32();
  answer.clock = Timestamp(reader.GetU64());
  if (!reader.ok()) return Malformed("execute answer");
  return answer;
}

}  // namespace tsd::coord
