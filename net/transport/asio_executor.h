#pragma once
// Tasks and timers on the transport's workers. Includes Asio: only net/transport/*.cc include this.
#include <absl/container/flat_hash_map.h>

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <utility>

#include "engine/base/executor.h"
#include "engine/base/mutex.h"
#include "net/transport/asio_workers.h"

namespace tsd::net {

/// Thread-safe. `workers` outlive it.
class AsioExecutor final : public Executor {
 public:
  explicit AsioExecutor(AsioWorkers& workers) : workers_(workers) {}

  void Post(absl::AnyInvocable<void()> task) override { workers_.Post(std::move(task)); }
  void Continue(absl::AnyInvocable<void()> task) override { workers_.Continue(std::move(task)); }
  TimerId PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) override;
  void Cancel(TimerId timer) override;
  /// No timer fires from now on.
  void DropTimers();

 private:
  struct Timer {
    Timer(boost::asio::io_context& context, absl::AnyInvocable<void()> what) : wait(context), task(std::move(what)) {}
    boost::asio::steady_timer wait;
    absl::AnyInvocable<void()> task;
  };
  std::unique_ptr<Timer> Take(TimerId timer);

  AsioWorkers& workers_;
  Mutex mutex_;  // also for the timers' own state
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  TimerId next_timer_ ABSL_GUARDED_BY(mutex_) = 1;
  absl::flat_hash_map<TimerId, std::unique_ptr<Timer>> timers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::net
