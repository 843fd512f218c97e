#pragma once
// TableWriter: rows of one relation, in one transaction, to their chunks on their nodes: the one write path of COPY, INSERT and UPDATE.
// Rows are routed, collected a chunk, and sent with a bounded number of messages under way to each node; one message carries the rows of
// many chunks where those are few. One coroutine at a time.
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "coord/cluster/cluster.h"
#include "coord/txn/commit_clock.h"
#include "coord/txn/transaction.h"
#include "coord/write/chunk_creator.h"
#include "coord/write/route.h"
#include "coord/write/row_checks.h"
#include "coord/write/storage_schemas.h"

namespace tsd::coord {

struct WriteDeps {
  ClusterLog* log = nullptr;
  Cluster* cluster = nullptr;
  ChunkCreator* chunks = nullptr;
  StorageSchemas* schemas = nullptr;
  CommitClock* clock = nullptr;
  Executor* executor = nullptr;
};

class TableWriter {
 public:
  /// `checks`: of the relation; null if it has none.
  TableWriter(WriteDeps deps, std::shared_ptr<Transaction> transaction, sql::RelationPtr relation, std::shared_ptr<RowChecks> checks);

  /// `rows`: all columns of the relation, in order. 23502 for a NULL in a NOT NULL column, 23514 for a failed CHECK.
  Task<Status> Write(ColumnBatch rows);
  /// The rows that were not written since their key is taken, by position in `rows` (engine/store/store.h).
  struct Conflict {
    ChunkId chunk;
    engine::WriteConflict row;
    size_t existing = 0;      // in Conflicts::existing, unless it is same_statement
  };
  struct Conflicts {
    std::vector<Conflict> rows;
    ColumnBatch existing;
  };
  /// As Write, but rows that conflict in one of the schema's unique keys `arbiters` are left out. Awaits the nodes' answers.
  Task<StatusOr<Conflicts>> WriteUnlessConflicting(ColumnBatch rows, std::vector<size_t> arbiters);
  /// Sends what is left and awaits every write: the statement's rows are all staged on their nodes. kMayTravelWithCommit: the statement is
  /// a transaction of its own, so if it has few rows, the transaction keeps its writes until the commit.
  enum class LastWrite : uint8_t { kSend, kMayTravelWithCommit };
  Task<Status> Finish(LastWrite last);
  uint64_t rows() const { return rows_; }
  /// The row that a failed Write was about, counted in its batch, where one row is to blame.
  std::optional<size_t> refused_row() const { return refused_row_; }

 private:
  /// A chunk's rows that wait to be sent.
  struct Buffer {
    std::vector<NodeId> nodes;
    ChunkRows rows;
  };
  /// A batch that some buffer may have rows of, and its bytes.
  struct HeldBatch {
    std::weak_ptr<const ColumnBatch> batch;
    size_t bytes = 0;
  };
  sql::RelationPtr CurrentRelation() const;
  /// NOT NULL and CHECK: the error of the first row that fails one.
  Status CheckRows(const ColumnBatch& rows);
  struct Destination {
    ChunkId chunk;
    std::vector<NodeId> nodes;
    std::vector<uint32_t> positions;  // empty: all of them
  };
  /// Makes the chunks that are missing.
  Task<StatusOr<std::vector<Destination>>> Route(ColumnBatch rows);
  /// For `rows` rows of a chunk on `nodes`: replicas must know a row by the same id, as deletes name rows by it. 0 for a chunk of one node.
  Task<StatusOr<uint64_t>> RowIds(const std::vector<NodeId>& nodes, size_t rows);
  /// Larger pieces are cut to messages.
  Task<Status> Add(ChunkId chunk, const std::vector<NodeId>& nodes, RowPiece piece);
  /// False if the writes must be sent now.
  Task<StatusOr<bool>> KeepWrites();
  NodeWrites NoWrites() const;
  /// The rows of a buffer that holds some, which is empty then.
  ChunkRows TakeRows(Buffer& buffer);
  /// Rows wait in the batch, however few of its rows those are.
  void Hold(const std::shared_ptr<const ColumnBatch>& batch);
  Task<Status> SendAll();
  Task<Status> SendToAll(const std::vector<NodeId>& nodes, ChunkId chunk, ChunkRows rows);
  Task<Status> SendTo(NodeId node, NodeWrites writes);
  Task<Status> AwaitOldest(NodeId node);

  const WriteDeps deps_;
  const std::shared_ptr<Transaction> transaction_;
  sql::RelationPtr relation_;
  const std::shared_ptr<RowChecks> checks_;
  const EncodedSchemaPtr schema_;
  const uint32_t level_;
  std::map<ChunkId, Buffer> buffers_;
  size_t buffered_rows_ = 0;
  size_t buffered_bytes_ = 0;
  std::vector<HeldBatch> held_;
  size_t held_bytes_ = 0;  // of them; those that are gone count until it is much
  std::map<NodeId, std::deque<Future<Status>>> under_way_;
  uint64_t rows_ = 0;
  std::optional<size_t> refused_row_;
};

}  // namespace tsd::coord
