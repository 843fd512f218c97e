#include "engine/store/log_record.h"

#include "engine/types/batch_codec.h"

namespace tsd::engine {
namespace {

constexpr size_t kTimestampOffset = 16;  // behind the transaction's id

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

Preparation GetPreparation(LogType type, ByteReader& reader) {
  Preparation preparation;
  preparation.floor = Timestamp(reader.GetU64());
  preparation.coordinator = std::string(reader.GetString());
  if (type == LogType::kPrepareAlone) return preparation;
  for (uint64_t count = reader.GetCount(1); count > 0; --count) {
    preparation.participants.push_back(NodeId(static_cast<uint32_t>(reader.GetVarint())));
  }
  return preparation;
}

void PutAscending(const std::vector<uint64_t>& values, ByteWriter& writer) {
  writer.PutVarint(values.size());
  uint64_t before = 0;
  for (uint64_t value : values) {
    writer.PutVarint(value - before);
    before = value;
  }
}

std::vector<uint64_t> GetAscending(ByteReader& reader) {
  const uint64_t count = reader.GetCount(1);
  std::vector<uint64_t> values;
  values.reserve(count);
  uint64_t value = 0;
  for (uint64_t i = 0; i < count && reader.ok(); ++i) values.push_back(value += reader.GetVarint());
  return values;
}

void PutBody(const std::vector<ChunkToLog>& chunks, ByteWriter& writer) {
  writer.PutVarint(chunks.size());
  for (const ChunkToLog& chunk : chunks) {
    writer.PutU64(chunk.chunk.value());
    writer.PutVarint(chunk.files.size());
    for (const FileMeta& file : chunk.files) file.Encode(writer);
    PutAscending(chunk.deleted, writer);
    writer.PutBool(chunk.rows != nullptr);
    if (chunk.rows == nullptr) continue;
    const RowBlock& rows = *chunk.rows;
    writer.PutU64(chunk.schema_fingerprint);
    writer.PutVarint(rows.first_row_id);
    writer.PutBool(rows.row_ids != nullptr);
    if (rows.row_ids != nullptr) {
      uint64_t before = 0;
      writer.PutVarint(rows.row_count());
      for (size_t row = 0; row < rows.row_count(); ++row) {
        writer.PutZigzag(static_cast<int64_t>(rows.RowId(row) - before));
        before = rows.RowId(row);
      }
    }
    const size_t length_at = writer.size();
    writer.PutU32(0);
    EncodeBatch(rows.rows, writer);
    writer.PatchU32(length_at, static_cast<uint32_t>(writer.size() - length_at - 4));
  }
}

LoggedRows GetRows(ByteReader& reader) {
  LoggedRows rows;
  rows.schema_fingerprint = reader.GetU64();
  rows.first_row_id = reader.GetVarint();
  std::shared_ptr<Vector> ids;
  if (reader.GetBool()) {
    ids = std::make_shared<Vector>(DataType(TypeId::kInt64));
    const uint64_t count = reader.GetCount(1);
    uint64_t id = 0;
    for (uint64_t i = 0; i < count && reader.ok(); ++i) ids->Append(static_cast<int64_t>(id += static_cast<uint64_t>(reader.GetZigzag())));
  }
  const uint32_t length = reader.GetU32();
  StatusOr<ColumnBatch> batch = DecodeBatch(reader.GetBytes(length));
  if (!batch.ok() || (ids != nullptr && ids->size() != batch->rows())) {
    reader.Fail();
    return rows;
  }
  rows.rows = *std::move(batch);
  rows.row_ids = std::move(ids);
  return rows;
}

std::vector<LoggedChunk> GetBody(ByteReader& reader) {
  const uint64_t count = reader.GetCount(11);
  std::vector<LoggedChunk> chunks;
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    LoggedChunk chunk;
    chunk.chunk = ChunkId(reader.GetU64());
    const uint64_t files = reader.GetCount(14);
    for (uint64_t file = 0; file < files && reader.ok(); ++file) chunk.files.push_back(FileMeta::Decode(reader));
    chunk.deleted = GetAscending(reader);
    if (reader.GetBool()) chunk.rows.push_back(GetRows(reader));
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

}  // namespace

std::string EncodeSchemaRecord(uint64_t fingerprint, std::string_view schema) {
  ByteWriter writer;
  writer.PutU64(fingerprint);
  writer.PutBytes(schema);
  return std::move(writer).Take();
}

std::string EncodeCommitOnePhase(TxnId txn, const std::vector<ChunkToLog>& chunks) {
  ByteWriter writer;
  PutTxn(txn, writer);
  writer.PutU64(0);
  PutBody(chunks, writer);
  return std::move(writer).Take();
}

void SetRecordTimestamp(std::string& record, Timestamp commit) {
  const uint64_t value = commit.value();
  std::memcpy(record.data() + kTimestampOffset, &value, sizeof(value));
}

std::string EncodePrepare(TxnId txn, const Preparation& preparation, const std::vector<ChunkToLog>& chunks) {
  ByteWriter writer;
  PutTxn(txn, writer);
  writer.PutU64(preparation.floor.value());
  writer.PutString(preparation.coordinator);
  writer.PutVarint(preparation.participants.size());
  for (const NodeId node : preparation.participants) writer.PutVarint(node.value());
  PutBody(chunks, writer);
  return std::move(writer).Take();
}

std::string EncodeCommitPrepared(TxnId txn, Timestamp commit) {
  ByteWriter writer;
  PutTxn(txn, writer);
  writer.PutU64(commit.value());
  return std::move(writer).Take();
}

std::string EncodeAbort(TxnId txn) {
  ByteWriter writer;
  PutTxn(txn, writer);
  return std::move(writer).Take();
}

std::string EncodeDropChunks(const std::vector<ChunkId>& chunks) {
  ByteWriter writer;
  writer.PutVarint(chunks.size());
  for (ChunkId chunk : chunks) writer.PutU64(chunk.value());
  return std::move(writer).Take();
}

StatusOr<LoggedRecord> DecodeLogRecord(LogType type, std::string_view payload) {
  ByteReader reader(payload);
  LoggedRecord record;
  switch (type) {
    case LogType::kSchema: {
      record.schema_fingerprint = reader.GetU64();
      ASSIGN_OR_RETURN(record.schema, TableSchema::Decode(reader));
      break;
    }
    case LogType::kDropChunks: {
      const uint64_t count = reader.GetCount(8);
      for (uint64_t i = 0; i < count; ++i) record.dropped.emplace_back(reader.GetU64());
      break;
    }
    case LogType::kCommitOnePhase:
    case LogType::kCommitPrepared:
      record.txn = GetTxn(reader);
      record.timestamp = Timestamp(reader.GetU64());
      if (type == LogType::kCommitOnePhase) record.chunks = GetBody(reader);
      break;
    case LogType::kPrepareAlone:
    case LogType::kPrepare:
      record.txn = GetTxn(reader);
      record.preparation = GetPreparation(type, reader);
      record.chunks = GetBody(reader);
      break;
    case LogType::kAbort: record.txn = GetTxn(reader); break;
    default:
      return Error(sqlstate::kFeatureNotSupported, "log record of an unknown type");
  }
  if (!reader.ok() || !reader.AtEnd()) return Error(sqlstate::kDataCorrupted, "malformed log record");
  return record;
}

}  // namespace tsd::engine
