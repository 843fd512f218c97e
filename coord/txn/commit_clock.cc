#include "coord/txn/commit_clock.h"

namespace tsd::coord {
namespace {

// A crash skips at most this many timestamps; raising the ceiling costs one log sync.
constexpr uint64_t kReserve = uint64_t{1} << 24;

}  // namespace

Task<Status> CommitClock::Start() {
  {
    MutexLock lock(mutex_);
    // One-phase commits may have pushed stores slightly beyond what was handed out here.
    last_ = log_.Ceiling().value() + kReserve;
    ceiling_ = last_;
    incarnation_ = Timestamp(last_);
  }
  co_return co_await EnsureBelowCeiling(ceiling_ + 1);
}

Task<Status> CommitClock::EnsureBelowCeiling(uint64_t wanted) {
  co_await raising_.Lock();
  uint64_t ceiling = 0;
  {
    MutexLock lock(mutex_);
    ceiling = ceiling_;
  }
  Status status;
  if (wanted >= ceiling) {
    const uint64_t next = wanted + kReserve;
    status = co_await log_.RaiseCeiling(Timestamp(next));
    if (status.ok()) {
      MutexLock lock(mutex_);
      ceiling_ = next;
    }
  }
  raising_.Unlock();
  co_return status;
}

Task<StatusOr<Timestamp>> CommitClock::Next() {
  while (true) {
    uint64_t wanted = 0;
    {
      MutexLock lock(mutex_);
      if (last_ + 1 < ceiling_) co_return Timestamp(++last_);
      wanted = last_ + 1;
    }
    CO_RETURN_IF_ERROR(co_await EnsureBelowCeiling(wanted));
  }
}

Task<StatusOr<uint64_t>> CommitClock::Reserve(uint64_t count) {
  while (true) {
    uint64_t wanted = 0;
    {
      MutexLock lock(mutex_);
      wanted = last_ + count;
      if (wanted < ceiling_) {
        last_ = wanted;
        co_return wanted - count + 1;
      }
    }
    CO_RETURN_IF_ERROR(co_await EnsureBelowCeiling(wanted));
  }
}

Timestamp CommitClock::ReadTimestamp() const {
  MutexLock lock(mutex_);
  return Timestamp(last_);
}

Task<Status> CommitClock::Observe(Timestamp seen) {
  {
    MutexLock lock(mutex_);
    if (seen.value() < ceiling_) {
      if (seen.value() > last_) last_ = seen.value();
      co_return OkStatus();
    }
  }
  CO_RETURN_IF_ERROR(co_await EnsureBelowCeiling(seen.value()));
  MutexLock lock(mutex_);
  if (seen.value() > last_) last_ = seen.value();
  co_return OkStatus();
}

}  // namespace tsd::coord
