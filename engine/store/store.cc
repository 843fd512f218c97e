#include "engine/store/store.h"

#include "engine/store/store_core.h"

namespace tsd::engine {
namespace {

class StoreFacade final : public Store {
 public:
  explicit StoreFacade(std::shared_ptr<StoreCore> core) : core_(std::move(core)) {}
  ~StoreFacade() override { core_->Abandon(); }

  Future<Status> Write(WriteRequest request) override { return core_->Write(std::move(request)); }
  Future<StatusOr<WriteConflicts>> WriteUnlessConflicting(WriteRequest request, std::vector<size_t> arbiters) override {
    return core_->WriteUnlessConflicting(std::move(request), std::move(arbiters));
  }
  Future<StatusOr<uint64_t>> Delete(DeleteRequest request) override { return core_->Delete(std::move(request)); }
  Future<Status> RollbackTo(TxnId txn, uint32_t level) override { return core_->RollbackTo(txn, level); }
  Future<Status> Prepare(TxnId txn, Preparation preparation) override {
    return core_->Prepare(txn, std::move(preparation));
  }
  Future<Status> CommitPrepared(TxnId txn, Timestamp commit) override { return core_->CommitPrepared(txn, commit); }
  Future<StatusOr<Timestamp>> CommitOnePhase(TxnId txn, Timestamp minimum) override { return core_->CommitOnePhase(txn, minimum); }
  Future<Status> Abort(TxnId txn) override { return core_->Abort(txn); }
  std::vector<PreparedTransaction> InDoubt() override { return core_->InDoubt(); }
  size_t PreparedCount() override { return core_->PreparedCount(); }
  bool IsActive(TxnId txn) override { return core_->IsActive(txn); }
  Future<Status> DropChunks(std::vector<ChunkId> chunks) override { return core_->DropChunks(std::move(chunks)); }
  std::vector<ChunkId> Chunks() override { return core_->Chunks(); }
  ChunkSize SizeOf(ChunkId chunk) override { return core_->SizeOf(chunk); }
  StatusOr<std::vector<ColumnUsage>> ColumnsOf(ChunkId chunk) override { return core_->ColumnsOf(chunk); }
  void AdvanceHorizon(uint64_t origin, Timestamp oldest_snapshot) override { core_->AdvanceHorizon(origin, oldest_snapshot); }
  Future<Status> Flush() override { return core_->Flush(); }
  Future<Status> Compact(std::vector<ChunkId> chunks, TableSchemaPtr schema) override { return core_->Compact(std::move(chunks), std::move(schema)); }
  Future<Status> Close() override { return core_->Close(); }
  Status Verify() override { return core_->Verify(); }
  Status poisoned() const override { return core_->poisoned(); }
  Future<Status> AwaitReadable(std::vector<ChunkId> chunks, Snapshot snapshot, absl::Duration timeout) override {
    return core_->AwaitReadable(std::move(chunks), snapshot, timeout);
  }
  StatusOr<std::unique_ptr<TableScan>> OpenScan(ScanSpec spec) override { return core_->OpenScan(std::move(spec)); }
  StatusOr<std::vector<std::unique_ptr<TableScan>>> OpenScans(ScanSpec spec, size_t parts) override { return core_->OpenScans(std::move(spec), parts); }

 private:
  const std::shared_ptr<StoreCore> core_;
};

}  // namespace

StatusOr<std::unique_ptr<Store>> Store::Open(StoreOptions options) {
  auto core = std::make_shared<StoreCore>(std::move(options));
  RETURN_IF_ERROR(core->Recover());
  return std::unique_ptr<Store>(std::make_unique<StoreFacade>(std::move(core)));
}

}  // namespace tsd::engine
