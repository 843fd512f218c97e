#pragma once
// Participant: one node's store as a transaction sees it. The access node's own store is one (LocalParticipant, no socket); a data node's
// is reached over RPC (coord/node/remote_participant.h). Thread-safe.
#include <memory>
#include <string>
#include <vector>

#include "coord/txn/chunk_rows.h"
#include "engine/base/task.h"
#include "engine/store/store.h"

namespace tsd::coord {

/// How far a transaction is that a node holds.
enum class HeldState : uint8_t {
  kActive,     // it will never be prepared if the node was told that it is over (see ListTransactions)
  kPreparing,  // it may be prepared in a moment
  kPrepared,   // durably
};
struct HeldTransaction {
  TxnId txn;
  HeldState state = HeldState::kActive;
  std::vector<NodeId> participants = {};  // of a prepared one: Preparation::participants
};

/// What a participant is told of a committed transaction.
struct CommittedTxn {
  TxnId txn;
  Timestamp commit;
};

/// A table's schema with its byte form, which each message with rows carries: worked out once, not a message.
struct EncodedSchema {
  TableSchemaPtr schema;
  std::string bytes;

  static std::shared_ptr<const EncodedSchema> Of(TableSchemaPtr schema);
};
using EncodedSchemaPtr = std::shared_ptr<const EncodedSchema>;

/// Rows of one statement for chunks of one node: they travel together, however many chunks there are.
struct NodeWrites {
  struct Part {
    ChunkId chunk;
    ChunkRows rows;
    uint64_t first_row_id = 0;  // the same on all nodes of the chunk, which tell rows apart by it; 0: the chunk's only node chooses
  };
  TxnId txn;
  uint32_t level = 0;
  EncodedSchemaPtr schema;
  std::vector<Part> parts;
};

class Participant {
 public:
  virtual ~Participant() = default;
  /// One operation (see Prepare). After an error some of the parts may be staged: the caller rolls the statement back.
  virtual Task<Status> Write(NodeWrites writes) = 0;
  /// As Write, but rows that conflict in one of the schema's unique keys `arbiters` are left out. The conflicts of each part.
  virtual Task<StatusOr<std::vector<engine::WriteConflicts>>> WriteUnlessConflicting(NodeWrites writes, std::vector<size_t> arbiters) = 0;
  virtual Task<StatusOr<uint64_t>> Delete(engine::DeleteRequest request) = 0;
  virtual Task<Status> RollbackTo(TxnId txn, uint32_t level) = 0;
  /// `operations`: how many writes and deletes of the transaction were acknowledged here. A node that has seen fewer was restarted
  /// meanwhile and has lost some: it refuses.
  virtual Task<Status> Prepare(TxnId txn, uint64_t operations, engine::Preparation preparation) = 0;
  /// OK: none of them will be forgotten.
  virtual Task<Status> CommitPrepared(std::vector<CommittedTxn> committed) = 0;
  virtual Task<StatusOr<Timestamp>> CommitOnePhase(TxnId txn, uint64_t operations, Timestamp minimum) = 0;
  /// All writes of a transaction here and its prepare, as one request.
  virtual Task<Status> WriteAndPrepare(NodeWrites writes, engine::Preparation preparation) = 0;
  /// The same with the commit, where nothing else takes part. An error other than 08006 means that nothing was committed.
  virtual Task<StatusOr<Timestamp>> WriteAndCommit(NodeWrites writes, Timestamp minimum) = 0;
  virtual Task<Status> Abort(TxnId txn) = 0;
  /// Transactions of this coordinator's cluster that are active or in doubt there. Tells the node too that the cluster uses no snapshot older
  /// than `oldest_snapshot` any more: what was deleted before it may go, and no transaction with a smaller number is prepared there from now
  /// on, unless it is listed as being prepared.
  virtual Task<StatusOr<std::vector<HeldTransaction>>> ListTransactions(uint64_t origin, Timestamp oldest_snapshot) = 0;
  virtual Task<Status> DropChunks(std::vector<ChunkId> chunks) = 0;
  virtual Task<StatusOr<std::vector<engine::ChunkSize>>> SizesOf(std::vector<ChunkId> chunks) = 0;
  /// Writes what is in memory of the chunks to files, and those files anew that are not sorted as their table's schema says.
  virtual Task<Status> Compact(std::vector<ChunkId> chunks, TableSchemaPtr schema) = 0;
  virtual Task<StatusOr<std::vector<std::vector<engine::ColumnUsage>>>> ColumnsOf(std::vector<ChunkId> chunks) = 0;
  /// Reads and checks every file. XX001 names the damaged one.
  virtual Task<Status> Verify() = 0;
};

/// What a node does for Write, WriteAndCommit and CommitPrepared.
Task<Status> StageWrites(engine::Store& store, NodeWrites writes);
Task<StatusOr<std::vector<engine::WriteConflicts>>> StageUnlessConflicting(engine::Store& store, NodeWrites writes, std::vector<size_t> arbiters);
Task<StatusOr<Timestamp>> WriteAndCommit(engine::Store& store, NodeWrites writes, Timestamp minimum);
Task<Status> CommitAllPrepared(engine::Store& store, const std::vector<CommittedTxn>& committed);

class LocalParticipant final : public Participant {
 public:
  explicit LocalParticipant(engine::Store& store) : store_(store) {}
  Task<Status> Write(NodeWrites writes) override;
  Task<StatusOr<std::vector<engine::WriteConflicts>>> WriteUnlessConflicting(NodeWrites writes, std::vector<size_t> arbiters) override;
  Task<StatusOr<uint64_t>> Delete(engine::DeleteRequest request) override;
  Task<Status> RollbackTo(TxnId txn, uint32_t level) override;
  Task<Status> Prepare(TxnId txn, uint64_t operations, engine::Preparation preparation) override;
  Task<Status> CommitPrepared(std::vector<CommittedTxn> committed) override;
  Task<StatusOr<Timestamp>> CommitOnePhase(TxnId txn, uint64_t operations, Timestamp minimum) override;
  Task<Status> WriteAndPrepare(NodeWrites writes, engine::Preparation preparation) override;
  Task<StatusOr<Timestamp>> WriteAndCommit(NodeWrites writes, Timestamp minimum) override;
  Task<Status> Abort(TxnId txn) override;
  Task<StatusOr<std::vector<HeldTransaction>>> ListTransactions(uint64_t origin, Timestamp oldest_snapshot) override;
  Task<Status> DropChunks(std::vector<ChunkId> chunks) override;
  Task<StatusOr<std::vector<engine::ChunkSize>>> SizesOf(std::vector<ChunkId> chunks) override;
  Task<Status> Compact(std::vector<ChunkId> chunks, TableSchemaPtr schema) override;
  Task<StatusOr<std::vector<std::vector<engine::ColumnUsage>>>> ColumnsOf(std::vector<ChunkId> chunks) override;
  Task<Status> Verify() override;

 private:
  engine::Store& store_;
};

}  // namespace tsd::coord
