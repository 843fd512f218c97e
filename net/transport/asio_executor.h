#pragma once
// Tasks and timers on the transport's workers. Includes Asio: only net/transport/*.cc include this.
#include <boost/asio/steady_timer.hpp>

#include "engine/base/executor.h"
#include "engine/base/mutex.h"
#include "engine/base/timer_queue.h"
#include "net/transport/asio_workers.h"

namespace tsd::net {

/// Thread-safe. `workers` outlive it. Most timers are deadlines far off that are canceled after a moment, a few for each request: one alarm
/// of Asio's serves all, and a canceled timer leaves it as it is.
class AsioExecutor final : public Executor {
 public:
  explicit AsioExecutor(AsioWorkers& workers) : workers_(workers), alarm_(workers.context()) {}

  void Post(absl::AnyInvocable<void()> task) override { workers_.Post(std::move(task)); }
  void Continue(absl::AnyInvocable<void()> task) override { workers_.Continue(std::move(task)); }
  TimerId PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) override;
  void Cancel(TimerId timer) override;
  /// No timer fires from now on.
  void DropTimers();

 private:
  void SetAlarm() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnAlarm();

  AsioWorkers& workers_;
  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  TimerQueue timers_ ABSL_GUARDED_BY(mutex_);
  boost::asio::steady_timer alarm_ ABSL_GUARDED_BY(mutex_);
  absl::Duration alarm_at_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();  // not after the first timer is due
};

}  // namespace tsd::net
