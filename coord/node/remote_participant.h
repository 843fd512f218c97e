#pragma once
// A data node's store over RPC. Errors of the node come with their own SQLSTATE and the prefix "[name]: "; a node that cannot be reached is
// 08001 'could not connect to "name"' with the reason as detail. Thread-safe.
#include <memory>
#include <string>

#include "coord/txn/participant.h"
#include "engine/types/batch_codec.h"
#include "net/rpc/client.h"

namespace tsd::coord {

/// Rewrites an RPC error the way a client should read it.
Status NodeError(const std::string& node_name, const Status& status);

class RemoteParticipant final : public Participant {
 public:
  /// `compression`: of rows on the way.
  RemoteParticipant(std::string name, std::shared_ptr<net::rpc::RpcClient> client, Compression compression)
      : name_(std::move(name)), client_(std::move(client)), compression_(compression) {}
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
  Task<StatusOr<std::string>> Call(net::rpc::Method method, std::string payload, absl::Duration timeout);

  const std::string name_;
  const std::shared_ptr<net::rpc::RpcClient> client_;
  const Compression compression_;
};

}  // namespace tsd::coord
