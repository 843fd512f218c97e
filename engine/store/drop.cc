// DropChunks: the chunk vanishes from memory at once, from disk when the log says so durably.
#include "engine/base/fault.h"
#include "engine/store/store_core.h"

namespace tsd::engine {

Future<Status> StoreCore::DropChunks(std::vector<ChunkId> chunks) {
  Promise<Status> promise;
  Deferred after;
  MutexLock lock(mutex_);
  if (Status status = CheckOpen(); !status.ok()) return ReadyFuture(std::move(status));
  std::vector<ChunkStatePtr> dropped;
  for (ChunkId id : chunks) {
    const auto found = chunks_.find(id);
    if (found == chunks_.end()) continue;
    const ChunkStatePtr chunk = found->second;
    chunks_.erase(found);
    dropped_chunks_.push_back(id);
    chunk->dropped = true;
    int64_t bytes = static_cast<int64_t>(chunk->memtable.bytes());
    for (const DeleteRunPtr& run : chunk->fresh_deletes) bytes += static_cast<int64_t>(run->bytes());
    memtable_bytes_ -= bytes;  // the frozen part is given back by the running checkpoint
    dropped.push_back(chunk);
  }
  // What transactions staged there goes too, or their commit, later in the log, would bring the chunk back.
  for (const auto& [id, txn] : transactions_) {
    for (const ChunkStatePtr& chunk : dropped) {
      const auto found = txn->chunks.find(chunk->id);
      if (found == txn->chunks.end() || txn->state == TxnState::kCommitting) continue;
      StagedChunk& staged = found->second;
      for (const StagedFile& file : staged.files) chunk->files.push_back({file.file, Timestamp(), Timestamp()});
      ReleaseLocks(*txn, staged);
      staged_bytes_ -= staged.bytes;
      txn->bytes -= staged.bytes;
      txn->chunks.erase(found);
      ++txn->strips;
    }
  }
  // Logged even if nothing is here: an earlier call for the same chunks may not be durable yet.
  AppendToLog(LogType::kDropChunks, EncodeDropChunks(chunks), Durability::kSync,
              [this, dropped, promise](const Status& status, Deferred& later) {
                if (status.ok()) {
                  TSD_FAULT_POINT("store.drop.logged");
                  std::vector<FileRef> gone;
                  for (const ChunkStatePtr& chunk : dropped) {
                    chunk->drop_durable = true;
                    for (const FileRef& file : chunk->files) file.file->MarkObsolete();
                    gone.insert(gone.end(), chunk->files.begin(), chunk->files.end());
                    chunk->files.clear();
                  }
                  // Deleted when the last holder lets go: very many of them, and not on the log's thread.
                  later.Add([background = options_.background, gone = std::move(gone)]() mutable { background->Post([files = std::move(gone)] {}); });
                }
                later.Set(promise, status);
              }, after);
  return promise.future();
}

}  // namespace tsd::engine
