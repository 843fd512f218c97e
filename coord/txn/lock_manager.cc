#include "coord/txn/lock_manager.h"

#include <algorithm>

#include "engine/base/strings.h"

namespace tsd::coord {
namespace {

constexpr std::string_view kNames[kLockModes] = {"AccessShareLock", "RowShareLock",          "RowExclusiveLock", "ShareUpdateExclusiveLock",
                                                 "ShareLock",       "ShareRowExclusiveLock", "ExclusiveLock",    "AccessExclusiveLock"};
constexpr std::string_view kWords[kLockModes] = {"ACCESS SHARE", "ROW SHARE",           "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE",
                                                 "SHARE",        "SHARE ROW EXCLUSIVE", "EXCLUSIVE",     "ACCESS EXCLUSIVE"};
// By mode: the bits of the modes it conflicts with (the table of PostgreSQL's documentation, 13.3.1).
constexpr uint8_t kConflicts[kLockModes] = {0b10000000, 0b11000000, 0b11110000, 0b11111000, 0b11101100, 0b11111100, 0b11111110, 0b11111111};

uint8_t Bit(LockMode mode) { return static_cast<uint8_t>(1u << static_cast<int>(mode)); }
uint8_t ConflictsOf(LockMode mode) { return kConflicts[static_cast<int>(mode)]; }

}  // namespace

std::string_view LockModeName(LockMode mode) { return kNames[static_cast<int>(mode)]; }

bool LockModeFromWords(std::string_view words, LockMode* mode) {
  const auto* found = std::ranges::find(kWords, words);
  if (found == std::end(kWords)) return false;
  *mode = static_cast<LockMode>(found - std::begin(kWords));
  return true;
}

bool LockModesConflict(LockMode left, LockMode right) { return (ConflictsOf(left) & Bit(right)) != 0; }

LockManager::OwnerId LockManager::NewOwner() {
  MutexLock lock(mutex_);
  return next_owner_++;
}

bool LockManager::Covered(const Request& request) const {
  auto found = locks_.find(request.target);
  if (found == locks_.end()) return false;
  auto held = found->second.held.find(request.owner);
  return held != found->second.held.end() && (held->second & Bit(request.mode)) != 0;
}

bool LockManager::ConflictsWithHolders(const Lock& lock, const Request& request) {
  return std::ranges::any_of(lock.held, [&](const auto& entry) { return entry.first != request.owner && (entry.second & ConflictsOf(request.mode)) != 0; });
}

void LockManager::Grant(Lock& lock, const Request& request) {
  lock.held[request.owner] |= Bit(request.mode);
  owned_[request.owner].push_back(request);
}

bool LockManager::GrantAtOnce(const Request& request) {
  if (Covered(request)) return true;
  Lock& lock = locks_[request.target];
  if (ConflictsWithHolders(lock, request)) return false;
  // Nobody may be overtaken, except by an owner that the earlier one waits for anyway.
  auto held = lock.held.find(request.owner);
  const uint8_t mine = held == lock.held.end() ? 0 : held->second;
  for (const std::shared_ptr<Wait>& earlier : lock.waiting) {
    if ((ConflictsOf(earlier->request.mode) & mine) != 0) break;
    if (LockModesConflict(earlier->request.mode, request.mode)) return false;
  }
  Grant(lock, request);
  return true;
}

bool LockManager::TryAcquire(const Request& request) {
  MutexLock lock(mutex_);
  return GrantAtOnce(request);
}

StatusOr<std::shared_ptr<LockManager::Wait>> LockManager::Acquire(const Request& request, std::shared_ptr<Event> wake) {
  MutexLock guard(mutex_);
  if (GrantAtOnce(request)) return std::shared_ptr<Wait>();
  Lock& lock = locks_[request.target];
  auto held = lock.held.find(request.owner);
  const uint8_t mine = held == lock.held.end() ? 0 : held->second;
  std::shared_ptr<Wait> wait(new Wait(request, std::move(wake)));
  auto at = std::ranges::find_if(lock.waiting, [&](const std::shared_ptr<Wait>& earlier) { return (ConflictsOf(earlier->request.mode) & mine) != 0; });
  at = lock.waiting.insert(at, wait);
  waits_[request.owner] = wait;
  std::vector<OwnerId> seen;
  std::vector<std::pair<Request, Request>> path;
  if (!FindCycle(*wait, request.owner, &seen, &path)) return wait;
  lock.waiting.erase(at);
  waits_.erase(request.owner);
  return Deadlock(path);
}

std::vector<LockManager::Request> LockManager::Blockers(const Wait& wait) const {
  std::vector<Request> result;
  auto found = locks_.find(wait.request.target);
  if (found == locks_.end()) return result;
  for (const auto& [owner, modes] : found->second.held) {
    if (owner == wait.request.owner || (modes & ConflictsOf(wait.request.mode)) == 0) continue;
    for (const Request& held : owned_.at(owner)) {
      if (held.target == wait.request.target && LockModesConflict(held.mode, wait.request.mode)) {
        result.push_back(held);
        break;
      }
    }
  }
  for (const std::shared_ptr<Wait>& earlier : found->second.waiting) {
    if (earlier.get() == &wait) break;
    if (LockModesConflict(earlier->request.mode, wait.request.mode)) result.push_back(earlier->request);
  }
  return result;
}

bool LockManager::FindCycle(const Wait& wait, OwnerId from, std::vector<OwnerId>* seen, std::vector<std::pair<Request, Request>>* path) const {
  for (const Request& blocker : Blockers(wait)) {
    path->emplace_back(wait.request, blocker);
    if (blocker.owner == from) return true;
    if (std::ranges::find(*seen, blocker.owner) == seen->end()) {
      seen->push_back(blocker.owner);
      auto next = waits_.find(blocker.owner);
      if (next != waits_.end() && FindCycle(*next->second, from, seen, path)) return true;
    }
    path->pop_back();
  }
  return false;
}

Status LockManager::Deadlock(const std::vector<std::pair<Request, Request>>& path) const {
  std::string detail;
  for (const auto& [waiter, blocker] : path) {
    if (!detail.empty()) detail += "\n";
    const std::string what = waiter.target == kDdlLock ? "the catalog" : StrCat("relation ", waiter.target.value());
    StrAppend(&detail, "Process ", waiter.process_id, " waits for ", LockModeName(waiter.mode), " on ", what, "; blocked by process ", blocker.process_id, ".");
  }
  return WithDetail(Error(sqlstate::kDeadlockDetected, "deadlock detected"), detail);
}

bool LockManager::IsGranted(const Wait& wait) const {
  MutexLock lock(mutex_);
  return wait.granted_;
}

bool LockManager::Withdraw(const std::shared_ptr<Wait>& wait) {
  std::vector<std::shared_ptr<Event>> wake;
  {
    MutexLock lock(mutex_);
    if (wait->granted_) return false;
    locks_[wait->request.target].waiting.remove(wait);
    waits_.erase(wait->request.owner);
    Pump(wait->request.target, &wake);
  }
  for (const std::shared_ptr<Event>& event : wake) event->Set();
  return true;
}

// Grants what can be granted now, in order.
void LockManager::Pump(TableId target, std::vector<std::shared_ptr<Event>>* wake) {
  auto found = locks_.find(target);
  if (found == locks_.end()) return;
  Lock& lock = found->second;
  uint8_t ahead = 0;  // modes that earlier waiters still wait for
  for (auto it = lock.waiting.begin(); it != lock.waiting.end();) {
    const std::shared_ptr<Wait> wait = *it;
    if ((ConflictsOf(wait->request.mode) & ahead) != 0 || ConflictsWithHolders(lock, wait->request)) {
      ahead |= Bit(wait->request.mode);
      ++it;
      continue;
    }
    Grant(lock, wait->request);
    wait->granted_ = true;
    waits_.erase(wait->request.owner);
    wake->push_back(wait->wake);
    it = lock.waiting.erase(it);
  }
  if (lock.held.empty() && lock.waiting.empty()) locks_.erase(found);
}

void LockManager::Release(OwnerId owner) { ReleaseFrom(owner, 0); }

void LockManager::ReleaseFrom(OwnerId owner, uint32_t level) {
  std::vector<std::shared_ptr<Event>> wake;
  {
    MutexLock guard(mutex_);
    auto found = owned_.find(owner);
    if (found == owned_.end()) return;
    std::vector<Request> released;
    std::vector<Request> kept;
    for (const Request& request : found->second) (request.level >= level ? released : kept).push_back(request);
    for (const Request& request : released) {
      Lock& lock = locks_[request.target];
      auto held = lock.held.find(owner);
      if (held == lock.held.end()) continue;
      held->second &= static_cast<uint8_t>(~Bit(request.mode));
      if (held->second == 0) lock.held.erase(held);
    }
    if (kept.empty()) owned_.erase(found);
    else found->second = std::move(kept);
    for (const Request& request : released) Pump(request.target, &wake);
  }
  for (const std::shared_ptr<Event>& event : wake) event->Set();
}

std::vector<LockManager::Held> LockManager::Snapshot() const {
  MutexLock lock(mutex_);
  std::vector<Held> result;
  for (const auto& [owner, requests] : owned_) {
    for (const Request& request : requests) result.push_back({request, true});
  }
  for (const auto& [owner, wait] : waits_) result.push_back({wait->request, false});
  return result;
}

}  // namespace tsd::coord
