#pragma once
// Requests and answers between nodes (payloads of net/rpc): plain structs with Encode and Decode. Decode takes any bytes: 08P01 if they
// are not such a message. Pure; any thread.
#include <string>
#include <vector>

#include "coord/node/known_schemas.h"
#include "coord/txn/participant.h"
#include "engine/base/status.h"
#include "engine/store/store.h"
#include "engine/types/batch_codec.h"
#include "engine/types/datetime.h"
#include "engine/types/text_form.h"
#include "net/transport/transport.h"

namespace tsd::coord {

/// Rows between processes of one machine are sent as they are; compressing them costs more than copying.
Compression CompressionTo(const net::Endpoint& peer);

/// At least one part.
std::string EncodeWrites(const NodeWrites& writes, Compression compression);
StatusOr<NodeWrites> DecodeWrites(std::string_view bytes, KnownSchemas& schemas);

/// All writes of one transaction on a node, and its commit or prepare.
struct WriteAndCommitMessage {
  Timestamp minimum;
  NodeWrites writes;

  std::string Encode(Compression compression) const;
  static StatusOr<WriteAndCommitMessage> Decode(std::string_view bytes, KnownSchemas& schemas);
};
struct WriteAndPrepareMessage {
  engine::Preparation preparation;
  NodeWrites writes;

  std::string Encode(Compression compression) const;
  static StatusOr<WriteAndPrepareMessage> Decode(std::string_view bytes, KnownSchemas& schemas);
};

/// WriteUnlessConflicting, and its answer: the conflicts of each part.
struct ConditionalWrites {
  std::vector<size_t> arbiters;
  NodeWrites writes;

  std::string Encode(Compression compression) const;
  static StatusOr<ConditionalWrites> Decode(std::string_view bytes, KnownSchemas& schemas);
};
std::string EncodeConflicts(const std::vector<engine::WriteConflicts>& parts);
StatusOr<std::vector<engine::WriteConflicts>> DecodeConflicts(std::string_view bytes, const TableSchema& schema);

std::string EncodeDelete(const engine::DeleteRequest& request);
StatusOr<engine::DeleteRequest> DecodeDelete(std::string_view bytes);

struct PrepareMessage {
  TxnId txn;
  uint64_t operations = 0;
  engine::Preparation preparation;

  std::string Encode() const;
  static StatusOr<PrepareMessage> Decode(std::string_view bytes);
};

/// CommitPrepared.
std::string EncodeCommitted(const std::vector<CommittedTxn>& committed);
StatusOr<std::vector<CommittedTxn>> DecodeCommitted(std::string_view bytes);

/// CommitOnePhase, Abort, RollbackTo: each uses the fields it needs.
struct TxnMessage {
  TxnId txn;
  uint64_t operations = 0;
  uint32_t level = 0;
  Timestamp timestamp;      // the minimum

  std::string Encode() const;
  static StatusOr<TxnMessage> Decode(std::string_view bytes);
};

std::string EncodeTransactions(const std::vector<HeldTransaction>& transactions);
StatusOr<std::vector<HeldTransaction>> DecodeTransactions(std::string_view bytes);

struct CompactMessage {
  std::vector<ChunkId> chunks;
  TableSchemaPtr schema;  // of their table

  std::string Encode() const;
  static StatusOr<CompactMessage> Decode(std::string_view bytes);
};
std::string EncodeChunks(const std::vector<ChunkId>& chunks);
StatusOr<std::vector<ChunkId>> DecodeChunks(std::string_view bytes);

std::string EncodeSizes(const std::vector<engine::ChunkSize>& sizes);
StatusOr<std::vector<engine::ChunkSize>> DecodeSizes(std::string_view bytes);

std::string EncodeColumnUsage(const std::vector<std::vector<engine::ColumnUsage>>& lists);
StatusOr<std::vector<std::vector<engine::ColumnUsage>>> DecodeColumnUsage(std::string_view bytes);

/// Opens a stream of results: messages that begin with kBatch (an encoded batch follows) and, last, one kStats.
struct FragmentRequest {
  std::string plan;             // sql::EncodePlan
  std::vector<ChunkId> chunks;  // read by its scan
  engine::Snapshot snapshot;
  std::string zone;             // session time zone
  int64_t now = 0;              // statement time, microseconds since 2000
  TextContext text;             // the session's styles for casts to and from text; zone and now are the two above, no names
  uint64_t memory_bytes = 0;    // of all that the statement does on the node
  Timestamp incarnation;        // of the access node: transactions with smaller numbers are over (NodeService::Fence)

  std::string Encode() const;
  static StatusOr<FragmentRequest> Decode(std::string_view bytes);
};
enum class FragmentMessage : uint8_t { kBatch = 1, kStats = 2 };

/// What a fragment's scan did on its node, for EXPLAIN ANALYZE.
struct FragmentStats {
  engine::ScanStats scan;
  uint64_t rows_sent = 0;
  uint64_t bytes_sent = 0;
  int64_t micros = 0;
  std::string Encode() const;
  static StatusOr<FragmentStats> Decode(std::string_view bytes);
};

/// What a node says of itself (kDescribe) and what joining it answers (kJoin).
struct NodeDescription {
  std::string uuid;
  uint64_t cluster_id = 0;        // of its own catalog
  uint64_t member_of = 0;         // the cluster it is a data node of; 0 = none
  bool is_access_node = false;    // it has data nodes of its own
  int64_t max_prepared_transactions = 0;
  bool database_exists = false;
  bool database_created = false;
  std::string version;
  std::string Encode() const;
  static StatusOr<NodeDescription> Decode(std::string_view bytes);
};

struct JoinRequest {
  uint64_t cluster_id = 0;
  std::string access_node_uuid;
  std::string database;
  bool bootstrap = true;          // create the database if missing
  bool drop_database = false;     // kLeave
  std::string Encode() const;
  static StatusOr<JoinRequest> Decode(std::string_view bytes);
};

struct ExecuteRequest {
  std::string sql;
  std::string search_path;
  bool transactional = true;
  // transactional:
  TxnId txn;                      // the SQL's writes and catalog changes are part of it
  uint32_t level = 0;
  Timestamp snapshot;             // of the sender's clock, for the node's own to follow
  std::string Encode() const;
  static StatusOr<ExecuteRequest> Decode(std::string_view bytes);
};

struct ExecuteAnswer {
  uint32_t level = 0;             // the last one used
  Timestamp clock;                // of the node
  std::string Encode() const;
  static StatusOr<ExecuteAnswer> Decode(std::string_view bytes);
};

}  // namespace tsd::coord
