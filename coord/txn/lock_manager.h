#pragma once
// LockManager: PostgreSQL's table locks (eight modes, one conflict table), and the one lock that DDL transactions take turns by. First come
// first served: a request waits for holders it conflicts with and for earlier waiters it conflicts with. A request that would close a cycle
// of waiting is refused at once (40P01), so that nobody waits for ever. Owners are sessions or prepared transactions; a lock is held until
// Release. Numbered L1: an owner that has gone holds nothing. Thread-safe.
#include <list>
#include <memory>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "engine/base/ids.h"
#include "engine/base/mutex.h"
#include "engine/base/status.h"
#include "engine/base/task.h"

namespace tsd::coord {

enum class LockMode : uint8_t {
  kAccessShare, kRowShare, kRowExclusive, kShareUpdateExclusive, kShare, kShareRowExclusive, kExclusive, kAccessExclusive,
};
inline constexpr int kLockModes = 8;
/// "AccessShareLock" …, as pg_locks has them.
std::string_view LockModeName(LockMode mode);
/// From LOCK TABLE's words ("ROW EXCLUSIVE"); false if there is no such mode.
bool LockModeFromWords(std::string_view words, LockMode* mode);
bool LockModesConflict(LockMode left, LockMode right);

/// The target that every DDL transaction locks: one at a time changes the catalog.
inline constexpr TableId kDdlLock = TableId();

class LockManager {
 public:
  using OwnerId = uint64_t;
  struct Request {
    OwnerId owner = 0;
    TableId target;
    LockMode mode = LockMode::kAccessShare;
    uint32_t level = 0;       // of the owner's transaction, for ReleaseFrom
    int32_t process_id = 0;   // for the text of a deadlock
  };
  /// A request under way. `wake` is set when it was granted.
  class Wait {
   public:
    const Request request;
    std::shared_ptr<Event> wake;

   private:
    friend class LockManager;
    Wait(Request r, std::shared_ptr<Event> w) : request(r), wake(std::move(w)) {}
    bool granted_ = false;
  };
  struct Held {
    Request request;
    bool granted = false;
  };

  OwnerId NewOwner();
  /// Granted at once, or not at all.
  bool TryAcquire(const Request& request);
  /// null: granted at once. 40P01 if waiting would never end.
  StatusOr<std::shared_ptr<Wait>> Acquire(const Request& request, std::shared_ptr<Event> wake);
  bool IsGranted(const Wait& wait) const;
  /// Ends a wait. False: it was granted meanwhile, and is held.
  bool Withdraw(const std::shared_ptr<Wait>& wait);
  void Release(OwnerId owner);
  /// Those taken at `level` or later.
  void ReleaseFrom(OwnerId owner, uint32_t level);
  /// For pg_locks.
  std::vector<Held> Snapshot() const;

 private:
  struct Lock {
    absl::flat_hash_map<OwnerId, uint8_t> held;   // bits of modes
    std::list<std::shared_ptr<Wait>> waiting;
  };
  bool Covered(const Request& request) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static bool ConflictsWithHolders(const Lock& lock, const Request& request);
  void Grant(Lock& lock, const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool GrantAtOnce(const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Pump(TableId target, std::vector<std::shared_ptr<Event>>* wake) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  /// Whom a waiting request waits for.
  std::vector<Request> Blockers(const Wait& wait) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool FindCycle(const Wait& wait, OwnerId from, std::vector<OwnerId>* seen, std::vector<std::pair<Request, Request>>* path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Deadlock(const std::vector<std::pair<Request, Request>>& path) const;

  mutable Mutex mutex_;
  OwnerId next_owner_ ABSL_GUARDED_BY(mutex_) = 1;
  absl::flat_hash_map<TableId, Lock> locks_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<OwnerId, std::vector<Request>> owned_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<OwnerId, std::shared_ptr<Wait>> waits_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::coord
