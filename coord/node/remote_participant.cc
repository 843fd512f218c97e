#include "coord/node/remote_participant.h"

#include "coord/node/node_messages.h"
#include "engine/base/strings.h"

namespace tsd::coord {
namespace {

using net::rpc::Method;

// A write waits for memory on the node, a prepare for its disk: long, but never for ever. A dead connection is noticed much earlier.
constexpr absl::Duration kWorkTimeout = absl::Seconds(60);
constexpr absl::Duration kCompactTimeout = absl::Hours(1);  // all rows of large chunks may be sorted anew
constexpr absl::Duration kControlTimeout = absl::Seconds(10);

}  // namespace

Status NodeError(const std::string& node_name, const Status& status) {
  if (status.ok()) return status;
  if (HasSqlState(status, sqlstate::kSqlclientUnableToConnect)) {
    return WithDetail(Error(sqlstate::kSqlclientUnableToConnect, StrCat("could not connect to \"", node_name, "\"")),
                      StdView(status.message()));
  }
  if (HasSqlState(status, sqlstate::kConnectionFailure)) {
    return WithDetail(Error(sqlstate::kConnectionFailure, StrCat("connection to data node \"", node_name, "\" was lost")),
                      StdView(status.message()));
  }
  return WithPrefix(status, StrCat("[", node_name, "]: "));
}

Task<StatusOr<std::string>> RemoteParticipant::Call(Method method, std::string payload, absl::Duration timeout) {
  StatusOr<std::string> answer = co_await client_->Call(method, std::move(payload), timeout);
  if (!answer.ok()) co_return NodeError(name_, answer.status());
  co_return answer;
}

Task<Status> RemoteParticipant::Write(NodeWrites writes) {
  const StatusOr<std::string> answer = co_await Call(Method::kWrite, EncodeWrites(writes, compression_), kWorkTimeout);
  co_return answer.status();
}

Task<StatusOr<std::vector<engine::WriteConflicts>>> RemoteParticipant::WriteUnlessConflicting(NodeWrites writes, std::vector<size_t> arbiters) {
  const size_t parts = writes.parts.size();
  const EncodedSchemaPtr schema = writes.schema;
  const ConditionalWrites message{std::move(arbiters), std::move(writes)};
  CO_ASSIGN_OR_RETURN(const std::string answer, co_await Call(Method::kWriteUnlessConflicting, message.Encode(compression_), kWorkTimeout));
  CO_ASSIGN_OR_RETURN(std::vector<engine::WriteConflicts> conflicts, DecodeConflicts(answer, *schema->schema));
  if (conflicts.size() != parts) co_return Error(sqlstate::kProtocolViolation, "a data node answered for other writes than it was sent");
  co_return conflicts;
}

Task<StatusOr<uint64_t>> RemoteParticipant::Delete(engine::DeleteRequest request) {
  CO_ASSIGN_OR_RETURN(const std::string answer, co_await Call(Method::kDelete, EncodeDelete(request), kWorkTimeout));
  ByteReader reader(answer);
  co_return reader.GetVarint();
}

Task<Status> RemoteParticipant::RollbackTo(TxnId txn, uint32_t level) {
  TxnMessage message;
  message.txn = txn;
  message.level = level;
  const StatusOr<std::string> answer = co_await Call(Method::kRollbackTo, message.Encode(), kControlTimeout);
  co_return answer.status();
}

Task<Status> RemoteParticipant::Prepare(TxnId txn, uint64_t operations, engine::Preparation preparation) {
  const PrepareMessage message{txn, operations, std::move(preparation)};
  const StatusOr<std::string> answer = co_await Call(Method::kPrepare, message.Encode(), kWorkTimeout);
  co_return answer.status();
}

Task<Status> RemoteParticipant::CommitPrepared(std::vector<CommittedTxn> committed) {
  const StatusOr<std::string> answer = co_await Call(Method::kCommitPrepared, EncodeCommitted(committed), kControlTimeout);
  co_return answer.status();
}

Task<StatusOr<Timestamp>> RemoteParticipant::CommitOnePhase(TxnId txn, uint64_t operations, Timestamp minimum) {
  const TxnMessage message{txn, operations, 0, minimum};
  CO_ASSIGN_OR_RETURN(const std::string answer, co_await Call(Method::kCommitOnePhase, message.Encode(), kWorkTimeout));
  ByteReader reader(answer);
  co_return Timestamp(reader.GetU64());
}

Task<Status> RemoteParticipant::WriteAndPrepare(NodeWrites writes, engine::Preparation preparation) {
  const WriteAndPrepareMessage message{std::move(preparation), std::move(writes)};
  const StatusOr<std::string> answer = co_await Call(Method::kWriteAndPrepare, message.Encode(compression_), kWorkTimeout);
  co_return answer.status();
}

Task<StatusOr<Timestamp>> RemoteParticipant::WriteAndCommit(NodeWrites writes, Timestamp minimum) {
  const WriteAndCommitMessage message{minimum, std::move(writes)};
  CO_ASSIGN_OR_RETURN(const std::string answer, co_await Call(Method::kWriteAndCommit, message.Encode(compression_), kWorkTimeout));
  ByteReader reader(answer);
  co_return Timestamp(reader.GetU64());
}

Task<Status> RemoteParticipant::Abort(TxnId txn) {
  const TxnMessage message{txn, 0, 0, Timestamp()};
  const StatusOr<std::string> answer = co_await Call(Method::kAbort, message.Encode(), kControlTimeout);
  co_return answer.status();
}

Task<StatusOr<std::vector<HeldTransaction>>> RemoteParticipant::ListTransactions(uint64_t origin, Timestamp oldest_snapshot) {
  ByteWriter writer;
  writer.PutU64(origin);
  writer.PutU64(oldest_snapshot.value());
  CO_ASSIGN_OR_RETURN(const std::string answer, co_await Call(Method::kListTransactions, std::move(writer).Take(), kControlTimeout));
  co_return DecodeTransactions(answer);
}

Task<Status> RemoteParticipant::DropChunks(std::vector<ChunkId> chunks) {
  const StatusOr<std::string> answer = co_await Call(Method::kDropChunks, EncodeChunks(chunks), kControlTimeout);
  co_return answer.status();
}

Task<StatusOr<std::vector<engine::ChunkSize>>> RemoteParticipant::SizesOf(std::vector<ChunkId> chunks) {
  CO_ASSIGN_OR_RETURN(const std::string answer, co_await Call(Method::kSizes, EncodeChunks(chunks), kControlTimeout));
  StatusOr<std::vector<engine::ChunkSize>> sizes = DecodeSizes(answer);
  if (sizes.ok() && sizes->size() != chunks.size()) co_return Error(sqlstate::kProtocolViolation, "malformed size list from a peer");
  co_return sizes;
}

Task<Status> RemoteParticipant::Compact(std::vector<ChunkId> chunks, TableSchemaPtr schema) {
  const CompactMessage message{std::move(chunks), std::move(schema)};
  co_return (co_await Call(Method::kCompact, message.Encode(), kCompactTimeout)).status();
}

Task<StatusOr<std::vector<std::vector<engine::ColumnUsage>>>> RemoteParticipant::ColumnsOf(std::vector<ChunkId> chunks) {
  CO_ASSIGN_OR_RETURN(const std::string answer, co_await Call(Method::kColumnUsage, EncodeChunks(chunks), kWorkTimeout));
  StatusOr<std::vector<std::vector<engine::ColumnUsage>>> lists = DecodeColumnUsage(answer);
  if (lists.ok() && lists->size() != chunks.size()) co_return Error(sqlstate::kProtocolViolation, "malformed column usage from a peer");
  co_return lists;
}

Task<Status> RemoteParticipant::Verify() { co_return (co_await Call(Method::kVerify, "", kWorkTimeout)).status(); }

}  // namespace tsd::coord
