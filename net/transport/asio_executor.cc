#include "net/transport/asio_executor.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tsd::net {

TimerId AsioExecutor::PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) {
  const absl::Duration bounded = std::clamp(delay, absl::ZeroDuration(), absl::Hours(24 * 365));
  MutexLock lock(mutex_);
  const TimerId id = next_timer_++;
  if (stopped_) return id;
  auto timer = std::make_unique<Timer>(workers_.context(), std::move(task));
  timer->wait.expires_after(absl::ToChronoNanoseconds(bounded));
  timer->wait.async_wait([this, id](const boost::system::error_code&) {
    // Not there: it was canceled, perhaps as it fired.
    const std::unique_ptr<Timer> fired = Take(id);
    if (fired != nullptr) workers_.Continue(std::move(fired->task));
  });
  timers_.emplace(id, std::move(timer));
  return id;
}

std::unique_ptr<AsioExecutor::Timer> AsioExecutor::Take(TimerId timer) {
  MutexLock lock(mutex_);
  const auto found = timers_.find(timer);
  if (found == timers_.end()) return nullptr;
  std::unique_ptr<Timer> result = std::move(found->second);
  timers_.erase(found);
  return result;
}

// The timer ends outside the mutex: its task may own things that post.
void AsioExecutor::Cancel(TimerId timer) { (void)Take(timer); }

void AsioExecutor::DropTimers() {
  absl::flat_hash_map<TimerId, std::unique_ptr<Timer>> dropped;
  MutexLock lock(mutex_);
  stopped_ = true;
  dropped.swap(timers_);
}

}  // namespace tsd::net
