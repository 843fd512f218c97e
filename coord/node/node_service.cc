#include "coord/node/node_service.h"

#include <map>

#include "engine/base/strings.h"
#include "engine/types/batch_codec.h"

namespace tsd::coord {
namespace {

using net::rpc::Method;

constexpr absl::Duration kFencePause = absl::Milliseconds(1);
constexpr absl::Duration kLimitPause = absl::Milliseconds(1);
constexpr absl::Duration kLimitPatience = absl::Seconds(1);

std::string EncodeTimestamp(Timestamp timestamp) {
  ByteWriter writer;
  writer.PutU64(timestamp.value());
  return std::move(writer).Take();
}

// Sends a fragment's batches down an RPC stream.
class StreamSink final : public FragmentSink {
 public:
  StreamSink(std::shared_ptr<net::rpc::RpcStream> stream, Compression compression) : stream_(std::move(stream)), compression_(compression) {}
  Task<Status> Rows(ColumnBatch batch) override {
    // A message is bounded; a batch of long strings is cut until it fits.
    ByteWriter writer;
    writer.PutU8(static_cast<uint8_t>(FragmentMessage::kBatch));
    EncodeBatch(batch, compression_, writer);
    if (writer.size() > net::rpc::kMaxMessageBytes) {
      if (batch.rows() < 2) co_return Error(sqlstate::kProgramLimitExceeded, "row is too large to be sent between nodes");
      const size_t half = batch.rows() / 2;
      CO_RETURN_IF_ERROR(co_await Rows(batch.Slice(0, half)));
      co_return co_await Rows(batch.Slice(half, batch.rows()));
    }
    co_return co_await stream_->Send(std::move(writer).Take());
  }
  bool IsCancelled() const override { return stream_->IsCancelled(); }

 private:
  const std::shared_ptr<net::rpc::RpcStream> stream_;
  const Compression compression_;
};

}  // namespace

Task<Status> NodeService::Authorize(net::rpc::HelloInfo hello, net::Endpoint peer) {
  co_return co_await deps_.authorize(std::move(hello), std::move(peer));
}

Task<StatusOr<std::string>> NodeService::HandleCall(Method method, std::string payload, const net::rpc::PeerInfo& peer) {
  switch (method) {
    case Method::kPing: co_return std::string();
    case Method::kWrite: co_return co_await Write(std::move(payload));
    case Method::kDelete: co_return co_await Delete(std::move(payload));
    case Method::kCommitPrepared: {
      CO_ASSIGN_OR_RETURN(const std::vector<CommittedTxn> committed, DecodeCommitted(payload));
      CO_RETURN_IF_ERROR(co_await CommitAllPrepared(*deps_.store, committed));
      for (const CommittedTxn& entry : committed) CO_RETURN_IF_ERROR(co_await deps_.executions->Commit(entry.txn, entry.commit));
      co_return std::string();
    }
    case Method::kRollbackTo:
    case Method::kCommitOnePhase:
    case Method::kAbort: co_return co_await Transaction(method, std::move(payload));
    case Method::kWriteAndCommit: {
      CO_ASSIGN_OR_RETURN(WriteAndCommitMessage message, WriteAndCommitMessage::Decode(payload, schemas_));
      CO_ASSIGN_OR_RETURN(const Timestamp commit, co_await WriteAndCommit(*deps_.store, std::move(message.writes), message.minimum));
      co_return EncodeTimestamp(commit);
    }
    case Method::kPrepare: {
      CO_ASSIGN_OR_RETURN(PrepareMessage message, PrepareMessage::Decode(payload));
      co_return co_await Prepare(std::move(message));
    }
    case Method::kWriteAndPrepare: co_return co_await WriteAndPrepare(std::move(payload));
    case Method::kWriteUnlessConflicting: co_return co_await WriteUnlessConflicting(std::move(payload));
    case Method::kListTransactions: co_return ListTransactions(payload);
    case Method::kDropChunks: {
      CO_ASSIGN_OR_RETURN(std::vector<ChunkId> chunks, DecodeChunks(payload));
      CO_RETURN_IF_ERROR(co_await deps_.store->DropChunks(std::move(chunks)));
      co_return std::string();
    }
    case Method::kSizes: co_return co_await Sizes(std::move(payload));
    case Method::kCompact: {
      CO_ASSIGN_OR_RETURN(CompactMessage message, CompactMessage::Decode(payload));
      CO_RETURN_IF_ERROR(co_await deps_.store->Compact(std::move(message.chunks), std::move(message.schema)));
      co_return std::string();
    }
    case Method::kColumnUsage: {
      CO_ASSIGN_OR_RETURN(std::vector<ChunkId> chunks, DecodeChunks(payload));
      LocalParticipant own(*deps_.store);
      CO_ASSIGN_OR_RETURN(const std::vector<std::vector<engine::ColumnUsage>> lists, co_await own.ColumnsOf(std::move(chunks)));
      co_return EncodeColumnUsage(lists);
    }
    case Method::kVerify: CO_RETURN_IF_ERROR(deps_.store->Verify()); co_return std::string();
    case Method::kDescribe: {
      NodeDescription description = deps_.describe(peer.hello.database);
      description.member_of = deps_.membership->cluster();
      co_return description.Encode();
    }
    case Method::kJoin: co_return co_await Join(std::move(payload));
    case Method::kLeave: {
      CO_ASSIGN_OR_RETURN(const JoinRequest request, JoinRequest::Decode(payload));
      const bool member = deps_.membership->cluster() == request.cluster_id;
      CO_RETURN_IF_ERROR(deps_.membership->Leave(request.cluster_id));
      if (member && request.drop_database) CO_RETURN_IF_ERROR(co_await deps_.drop_database(request.database));
      co_return std::string();
    }
    case Method::kExecute: co_return co_await Execute(std::move(payload), peer.hello.user);
    case Method::kRunFragment: break;
  }
  co_return Error(sqlstate::kProtocolViolation, StrCat("unknown method ", static_cast<int>(method)));
}

Task<Status> NodeService::HandleStream(Method method, std::string payload, std::shared_ptr<net::rpc::RpcStream> stream,
                                       const net::rpc::PeerInfo& peer) {
  if (method != Method::kRunFragment) co_return Error(sqlstate::kProtocolViolation, StrCat("unknown stream ", static_cast<int>(method)));
  CO_ASSIGN_OR_RETURN(FragmentRequest request, FragmentRequest::Decode(payload));
  co_await AwaitFence(request.snapshot.own, request.incarnation);
  StreamSink sink(stream, CompressionTo(peer.address));
  FragmentDeps deps;
  deps.store = deps_.store;
  deps.clock = deps_.clock;
  deps.threads = deps_.threads;
  deps.spill = deps_.spill;
  deps.memory = deps_.memory;
  CO_ASSIGN_OR_RETURN(const FragmentStats stats, co_await RunFragment(deps, std::move(request), &sink));
  std::string message(1, static_cast<char>(FragmentMessage::kStats));
  message += stats.Encode();
  co_return co_await stream->Send(std::move(message));
}

// What an access node's earlier incarnation sent may still be on its way here. Were a transaction prepared by it after a reader of the new one
// had passed, that reader would see the rest of the transaction without this node's part (T5).
Task<void> NodeService::AwaitFence(TxnId reader, Timestamp incarnation) {
  if (reader.origin != deps_.membership->cluster()) co_return;
  while (!open_.IsFenced(reader.origin, incarnation)) co_await SleepFor{kFencePause};
}

Task<StatusOr<std::string>> NodeService::Write(std::string payload) {
  CO_ASSIGN_OR_RETURN(NodeWrites writes, DecodeWrites(payload, schemas_));
  payload = std::string();
  const TxnId txn = writes.txn;
  CO_RETURN_IF_ERROR(co_await StageWrites(*deps_.store, std::move(writes)));
  open_.NoteOperation(txn);
  co_return std::string();
}

Task<StatusOr<std::string>> NodeService::WriteAndPrepare(std::string payload) {
  CO_ASSIGN_OR_RETURN(WriteAndPrepareMessage message, WriteAndPrepareMessage::Decode(payload, schemas_));
  payload = std::string();
  PrepareMessage prepare{message.writes.txn, 1, std::move(message.preparation)};
  open_.NoteArrival(prepare.txn);
  CO_RETURN_IF_ERROR(co_await StageWrites(*deps_.store, std::move(message.writes)));
  if (Status arrived = open_.NoteArrived(prepare.txn); !arrived.ok()) {
    CO_RETURN_IF_ERROR(co_await deps_.store->Abort(prepare.txn));
    co_return arrived;
  }
  co_return co_await Prepare(std::move(prepare));
}

Task<StatusOr<std::string>> NodeService::WriteUnlessConflicting(std::string payload) {
  CO_ASSIGN_OR_RETURN(ConditionalWrites message, ConditionalWrites::Decode(payload, schemas_));
  payload = std::string();
  const TxnId txn = message.writes.txn;
  CO_ASSIGN_OR_RETURN(const std::vector<engine::WriteConflicts> conflicts,
                      co_await StageUnlessConflicting(*deps_.store, std::move(message.writes), std::move(message.arbiters)));
  open_.NoteOperation(txn);
  co_return EncodeConflicts(conflicts);
}

Task<StatusOr<std::string>> NodeService::Delete(std::string payload) {
  CO_ASSIGN_OR_RETURN(engine::DeleteRequest request, DecodeDelete(payload));
  const TxnId txn = request.txn;
  CO_ASSIGN_OR_RETURN(const uint64_t count, co_await deps_.store->Delete(std::move(request)));
  open_.NoteOperation(txn);
  ByteWriter writer;
  writer.PutVarint(count);
  co_return std::move(writer).Take();
}

Task<StatusOr<std::string>> NodeService::Execute(std::string payload, std::string user) {
  CO_ASSIGN_OR_RETURN(ExecuteRequest request, ExecuteRequest::Decode(payload));
  const bool transactional = request.transactional;
  const TxnId txn = request.txn;
  CO_ASSIGN_OR_RETURN(const ExecuteAnswer answer, co_await deps_.executions->Execute(std::move(request), std::move(user)));
  if (transactional) open_.NoteOperation(txn);
  co_return answer.Encode();
}

Task<StatusOr<std::string>> NodeService::Prepare(PrepareMessage message) {
  const TxnId txn = message.txn;
  CO_RETURN_IF_ERROR(open_.BeginPrepare(txn, message.operations));
  const Status prepared = co_await PrepareStore(std::move(message));
  if (!prepared.ok()) {
    open_.NotePrepareRefused(txn);
    co_return prepared;
  }
  open_.Forget(txn);
  co_return std::string();
}

Task<Status> NodeService::PrepareStore(PrepareMessage message) {
  const int64_t limit = deps_.max_prepared_transactions();
  if (limit == 0) {
    co_return WithHint(Error(sqlstate::kObjectNotInPrerequisiteState, "prepared transactions are disabled"),
                       "Set max_prepared_transactions to a nonzero value.");
  }
  // Commits that were answered ahead of their records are here for some milliseconds: a low limit makes their successors wait, not fail.
  const absl::Duration until = deps_.clock->Monotonic() + kLimitPatience;
  while (static_cast<int64_t>(deps_.store->PreparedCount()) >= limit && deps_.clock->Monotonic() < until) co_await SleepFor{kLimitPause};
  if (static_cast<int64_t>(deps_.store->PreparedCount()) >= limit) {
    co_return WithHint(Error(sqlstate::kOutOfMemory, "maximum number of prepared transactions reached"),
                       StrCat("Increase max_prepared_transactions (currently ", limit, ")."));
  }
  // Rows first: should the catalog's part fail, the sender aborts both.
  const bool has_execution = deps_.executions->Has(message.txn);
  if (!has_execution || deps_.store->IsActive(message.txn)) {
    CO_RETURN_IF_ERROR(co_await deps_.store->Prepare(message.txn, std::move(message.preparation)));
  }
  if (has_execution) CO_RETURN_IF_ERROR(co_await deps_.executions->Prepare(message.txn));
  co_return OkStatus();
}

Task<StatusOr<std::string>> NodeService::CommitOnePhase(TxnMessage message) {
  CO_RETURN_IF_ERROR(open_.CheckOperations(message.txn, message.operations));
  CO_ASSIGN_OR_RETURN(const Timestamp commit, co_await deps_.store->CommitOnePhase(message.txn, message.timestamp));
  open_.Forget(message.txn);
  co_return EncodeTimestamp(commit);
}

Task<StatusOr<std::string>> NodeService::Transaction(Method method, std::string payload) {
  CO_ASSIGN_OR_RETURN(TxnMessage message, TxnMessage::Decode(payload));
  switch (method) {
    case Method::kCommitOnePhase: co_return co_await CommitOnePhase(std::move(message));
    case Method::kRollbackTo:
      CO_RETURN_IF_ERROR(co_await deps_.executions->RollbackTo(message.txn, message.level));
      CO_RETURN_IF_ERROR(co_await deps_.store->RollbackTo(message.txn, message.level));
      break;
    default:
      // First: of rows that are just coming in, those to come must not stay behind as if they were all (NoteArrived).
      open_.Forget(message.txn);
      CO_RETURN_IF_ERROR(co_await deps_.executions->Abort(message.txn));
      CO_RETURN_IF_ERROR(co_await deps_.store->Abort(message.txn));
  }
  co_return std::string();
}

StatusOr<std::string> NodeService::ListTransactions(std::string_view payload) {
  ByteReader reader(payload);
  const uint64_t origin = reader.GetU64();
  const Timestamp oldest_snapshot(reader.GetU64());
  if (!reader.ok()) return Error(sqlstate::kProtocolViolation, "malformed request for a list of transactions");
  if (origin == deps_.membership->cluster()) {
    open_.RaiseFence(origin, oldest_snapshot);
    Timestamp believed;
    {
      MutexLock lock(mutex_);
      believed = horizon_.Note(oldest_snapshot, deps_.clock->Monotonic());
    }
    deps_.store->AdvanceHorizon(origin, believed);
  }
  // In this order: one that becomes prepared meanwhile is in one of the lists, if not in both.
  std::map<TxnId, HeldTransaction> held;
  for (HeldTransaction& open : open_.List(origin)) held[open.txn] = std::move(open);
  for (engine::PreparedTransaction& prepared : deps_.store->InDoubt()) {
    if (prepared.txn.origin != origin) continue;
    held[prepared.txn] = {prepared.txn, HeldState::kPrepared, std::move(prepared.preparation.participants)};
  }
  deps_.executions->NoteAlive(origin);
  for (TxnId txn : deps_.executions->Prepared(origin)) held.try_emplace(txn, HeldTransaction{txn, HeldState::kPrepared});
  std::vector<HeldTransaction> result;
  for (auto& [txn, entry] : held) result.push_back(std::move(entry));
  return EncodeTransactions(result);
}

Task<StatusOr<std::string>> NodeService::Sizes(std::string payload) {
  CO_ASSIGN_OR_RETURN(const std::vector<ChunkId> chunks, DecodeChunks(payload));
  std::vector<engine::ChunkSize> sizes;
  for (ChunkId chunk : chunks) sizes.push_back(deps_.store->SizeOf(chunk));
  co_return EncodeSizes(sizes);
}

Task<StatusOr<std::string>> NodeService::Join(std::string payload) {
  CO_ASSIGN_OR_RETURN(const JoinRequest request, JoinRequest::Decode(payload));
  NodeDescription description = deps_.describe(request.database);
  if (description.uuid == request.access_node_uuid) {
    co_return Error(sqlstate::kDataNodeInvalidConfig, "cannot add the current database as a data node to itself");
  }
  if (description.is_access_node) {
    co_return Error(sqlstate::kDataNodeInvalidConfig, "node is already an access node");
  }
  if (deps_.membership->cluster() != 0 && deps_.membership->cluster() != request.cluster_id) {
    co_return Error(sqlstate::kDataNodeInvalidConfig, "node is already a data node");
  }
  const int64_t limit = deps_.max_prepared_transactions();
  if (limit == 0) {
    co_return WithHint(WithDetail(Error(sqlstate::kDataNodeInvalidConfig, "prepared transactions need to be enabled"),
                                  "Parameter max_prepared_transactions=0."),
                       "Set max_prepared_transactions in the data node's tsd.conf to a value above 0 and reload it (no restart is needed).");
  }
  if (request.bootstrap) {
    CO_ASSIGN_OR_RETURN(description.database_created, co_await deps_.create_database(request.database));
  } else if (!description.database_exists) {
    co_return Error(sqlstate::kInvalidCatalogName, StrCat("database \"", request.database, "\" does not exist"));
  }
  CO_RETURN_IF_ERROR(deps_.membership->Join(request.cluster_id));
  description.member_of = request.cluster_id;
  co_return description.Encode();
}

}  // namespace tsd::coord
