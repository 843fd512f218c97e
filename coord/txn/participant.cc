#include "coord/txn/participant.h"

#include "engine/base/log.h"

namespace tsd::coord {

EncodedSchemaPtr EncodedSchema::Of(TableSchemaPtr schema) {
  ByteWriter writer;
  schema->Encode(writer);
  return std::make_shared<const EncodedSchema>(EncodedSchema{std::move(schema), std::move(writer).Take()});
}

Task<Status> StageWrites(engine::Store& store, NodeWrites writes) {
  for (NodeWrites::Part& part : writes.parts) {
    engine::WriteRequest request{writes.txn, writes.level, writes.schema->schema, part.chunk, std::exchange(part.rows, ChunkRows()).Join(), part.first_row_id};
    CO_RETURN_IF_ERROR(co_await store.Write(std::move(request)));
  }
  co_return OkStatus();
}

Task<StatusOr<std::vector<engine::WriteConflicts>>> StageUnlessConflicting(engine::Store& store, NodeWrites writes, std::vector<size_t> arbiters) {
  std::vector<engine::WriteConflicts> conflicts;
  for (NodeWrites::Part& part : writes.parts) {
    engine::WriteRequest request{writes.txn, writes.level, writes.schema->schema, part.chunk, std::exchange(part.rows, ChunkRows()).Join(), part.first_row_id};
    CO_ASSIGN_OR_RETURN(engine::WriteConflicts found, co_await store.WriteUnlessConflicting(std::move(request), arbiters));
    conflicts.push_back(std::move(found));
  }
  co_return conflicts;
}

Task<StatusOr<Timestamp>> WriteAndCommit(engine::Store& store, NodeWrites writes, Timestamp minimum) {
  const TxnId txn = writes.txn;
  Status status = co_await StageWrites(store, std::move(writes));
  if (status.ok()) {
    const StatusOr<Timestamp> commit = co_await store.CommitOnePhase(txn, minimum);
    if (commit.ok()) co_return commit;
    status = commit.status();
  }
  const Status aborted = co_await store.Abort(txn);
  if (!aborted.ok()) log::Debug("abort of ", txn.ToString(), ": ", aborted.message());
  co_return status;
}

Task<Status> CommitAllPrepared(engine::Store& store, const std::vector<CommittedTxn>& committed) {
  // All before the first is awaited: they become durable together.
  std::vector<Future<Status>> commits;
  commits.reserve(committed.size());
  for (const CommittedTxn& entry : committed) commits.push_back(store.CommitPrepared(entry.txn, entry.commit));
  Status result;
  for (Future<Status>& commit : commits) {
    if (const Status status = co_await commit; !status.ok()) result = status;
  }
  co_return result;
}

Task<Status> LocalParticipant::Write(NodeWrites writes) { co_return co_await StageWrites(store_, std::move(writes)); }

Task<StatusOr<std::vector<engine::WriteConflicts>>> LocalParticipant::WriteUnlessConflicting(NodeWrites writes, std::vector<size_t> arbiters) {
  co_return co_await StageUnlessConflicting(store_, std::move(writes), std::move(arbiters));
}

Task<StatusOr<uint64_t>> LocalParticipant::Delete(engine::DeleteRequest request) {
  co_return co_await store_.Delete(std::move(request));
}

Task<Status> LocalParticipant::RollbackTo(TxnId txn, uint32_t level) { co_return co_await store_.RollbackTo(txn, level); }

// The local store lives and dies with this process, so it cannot have lost operations of a transaction that is still known here.
Task<Status> LocalParticipant::Prepare(TxnId txn, uint64_t, engine::Preparation preparation) {
  co_return co_await store_.Prepare(txn, std::move(preparation));
}

Task<Status> LocalParticipant::CommitPrepared(std::vector<CommittedTxn> committed) { co_return co_await CommitAllPrepared(store_, committed); }

Task<StatusOr<Timestamp>> LocalParticipant::CommitOnePhase(TxnId txn, uint64_t, Timestamp minimum) {
  co_return co_await store_.CommitOnePhase(txn, minimum);
}

Task<Status> LocalParticipant::WriteAndPrepare(NodeWrites writes, engine::Preparation preparation) {
  const TxnId txn = writes.txn;
  CO_RETURN_IF_ERROR(co_await StageWrites(store_, std::move(writes)));
  co_return co_await store_.Prepare(txn, std::move(preparation));
}

Task<StatusOr<Timestamp>> LocalParticipant::WriteAndCommit(NodeWrites writes, Timestamp minimum) {
  co_return co_await coord::WriteAndCommit(store_, std::move(writes), minimum);
}

Task<Status> LocalParticipant::Abort(TxnId txn) { co_return co_await store_.Abort(txn); }

Task<StatusOr<std::vector<HeldTransaction>>> LocalParticipant::ListTransactions(uint64_t origin, Timestamp oldest_snapshot) {
  store_.AdvanceHorizon(origin, oldest_snapshot);
  std::vector<HeldTransaction> result;
  for (engine::PreparedTransaction& prepared : store_.InDoubt()) {
    if (prepared.txn.origin == origin) result.push_back({prepared.txn, HeldState::kPrepared, std::move(prepared.preparation.participants)});
  }
  co_return result;
}

Task<Status> LocalParticipant::DropChunks(std::vector<ChunkId> chunks) { co_return co_await store_.DropChunks(std::move(chunks)); }

Task<StatusOr<std::vector<engine::ChunkSize>>> LocalParticipant::SizesOf(std::vector<ChunkId> chunks) {
  std::vector<engine::ChunkSize> result;
  for (ChunkId chunk : chunks) result.push_back(store_.SizeOf(chunk));
  co_return result;
}

Task<Status> LocalParticipant::Compact(std::vector<ChunkId> chunks, TableSchemaPtr schema) {
  Future<Status> compacted = store_.Compact(std::move(chunks), std::move(schema));
  co_return co_await compacted;
}

Task<StatusOr<std::vector<std::vector<engine::ColumnUsage>>>> LocalParticipant::ColumnsOf(std::vector<ChunkId> chunks) {
  std::vector<std::vector<engine::ColumnUsage>> lists;
  for (const ChunkId chunk : chunks) {
    CO_ASSIGN_OR_RETURN(std::vector<engine::ColumnUsage> columns, store_.ColumnsOf(chunk));
    lists.push_back(std::move(columns));
    co_await Yield();
  }
  co_return lists;
}

Task<Status> LocalParticipant::Verify() { co_return store_.Verify(); }

}  // namespace tsd::coord
