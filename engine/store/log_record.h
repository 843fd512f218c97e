#pragma once
// The store's records in the write-ahead log (payloads; wal/ frames them). A transaction is logged when it ends or prepares, whole, in one
// record: a crash can never find half of one. README.md here draws the bytes. Pure functions; any thread.
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/ids.h"
#include "engine/base/status.h"
#include "engine/store/chunk_file.h"
#include "engine/store/preparation.h"

namespace tsd::engine {

enum class LogType : uint8_t {
  kSchema = 1,         // a schema by fingerprint; before its first use after every checkpoint
  kCommitOnePhase = 2, // timestamp, body
  kPrepareAlone = 3,   // floor, coordinator, body; of earlier versions: such a transaction needs a decision
  kCommitPrepared = 4, // timestamp
  kAbort = 5,
  kDropChunks = 6,
  kPrepare = 7,        // floor, coordinator, participants, body
};

/// Encoding side: what a transaction staged in one chunk.
struct ChunkToLog {
  ChunkId chunk;
  RowBlockPtr rows;                  // may be null
  uint64_t schema_fingerprint = 0;   // of rows->schema
  std::vector<FileMeta> files;       // whole files the transaction owns
  std::vector<uint64_t> deleted;     // ascending row ids
};

std::string EncodeSchemaRecord(uint64_t fingerprint, std::string_view schema);
/// The timestamp is set later, by SetRecordTimestamp: it is known only when the record takes its place in the log.
std::string EncodeCommitOnePhase(TxnId txn, const std::vector<ChunkToLog>& chunks);
void SetRecordTimestamp(std::string& record, Timestamp commit);
std::string EncodePrepare(TxnId txn, const Preparation& preparation, const std::vector<ChunkToLog>& chunks);
std::string EncodeCommitPrepared(TxnId txn, Timestamp commit);
std::string EncodeAbort(TxnId txn);
std::string EncodeDropChunks(const std::vector<ChunkId>& chunks);

/// Decoding side. Rows are decoded at once, files are only named.
struct LoggedRows {
  uint64_t schema_fingerprint = 0;
  uint64_t first_row_id = 0;
  VectorPtr row_ids;  // null: consecutive
  ColumnBatch rows;
};
struct LoggedChunk {
  ChunkId chunk;
  std::vector<LoggedRows> rows;  // none or one
  std::vector<FileMeta> files;
  std::vector<uint64_t> deleted;
};
struct LoggedRecord {
  TxnId txn;
  Timestamp timestamp;      // of a commit
  Preparation preparation;
  std::vector<LoggedChunk> chunks;
  std::vector<ChunkId> dropped;
  uint64_t schema_fingerprint = 0;
  TableSchemaPtr schema;
};
/// XX001 if the payload is not a whole record of the type.
StatusOr<LoggedRecord> DecodeLogRecord(LogType type, std::string_view payload);

}  // namespace tsd::engine
