#pragma once
// Wal: a write-ahead log with group commit; records are (type byte, payload), it knows nothing of their meaning. Used by the store and by
// the access node's catalog and decision log, one directory each.
//
// W1 Order of Append calls = LSN order = file order.
// W2 A kSync append that ended OK, and every append called before it, is handed out by every later ScanWal.
// W3 After one failed write or sync the log is poisoned: everything not yet acknowledged and all later calls fail with that error;
//    options.on_poisoned is called once. No retry.
// W4 A segment is used only after its header and its name are durable and the one before it is synced whole.
//
// Thread-safe. One job at a time runs on options.executor: it takes all that is queued, writes it, syncs once if anyone asked, and
// completes all promises; meanwhile the next group forms. Futures are set on the executor (or at once for kBuffered).
// kBuffered appends wake nobody: until the next call that someone waits for they stay in memory, or until there are 256 KiB of them, and
// the end of the process takes them like a power cut. Destroying a Wal without Close loses what is not durable; running jobs keep what
// they need alive.
#include <functional>
#include <memory>
#include <string>

#include "engine/base/executor.h"
#include "engine/base/task.h"
#include "engine/wal/wal_reader.h"

namespace tsd::engine {

struct WalOptions {
  Env* env = nullptr;
  Executor* executor = nullptr;
  std::string directory;                    // created if missing
  uint64_t segment_bytes = 64 << 20;        // a segment is ended when the next frame would pass it; a larger record gets its own
  uint64_t max_queued_bytes = 64 << 20;     // above it kBuffered appends wait for the writer
  std::function<void(const Status&)> on_poisoned;
};

enum class Durability : uint8_t {
  kBuffered,  // ends when queued; durable with the next kSync append, Sync, Rotate or Close
  kSync,      // ends when durable
};

class Wal {
 public:
  /// Hands every record with lsn >= replay_from to `visitor` (on this thread, blocking), makes the surviving tail durable, removes
  /// segments wholly below replay_from and starts a fresh segment.
  static StatusOr<std::unique_ptr<Wal>> Open(WalOptions options, Lsn replay_from, const WalVisitor& visitor);
  ~Wal();

  /// The record's LSN. type >= kFirstUserType; payload <= kMaxRecordBytes (54000 otherwise).
  Future<StatusOr<Lsn>> Append(uint8_t type, std::string payload, Durability durability);
  /// Everything appended so far is durable.
  Future<Status> Sync();
  /// Everything appended so far is durable and later appends go to a new segment.
  Future<Status> Rotate();
  /// Deletes segments all of whose records have LSNs below `lsn`; durable when set. Never the current one.
  Future<Status> DropSegmentsBelow(Lsn lsn);
  /// Writes the end mark, syncs, closes. Later calls fail with 57P01.
  Future<Status> Close();

  /// The LSN the next append will get: every append called before has a lower one.
  Lsn NextLsn() const;
  Lsn DurableLsn() const;
  /// Bytes of all segment files.
  uint64_t TotalBytes() const;
  /// OK, or why the log is poisoned.
  Status status() const;

 private:
  class Core;
  explicit Wal(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace tsd::engine
