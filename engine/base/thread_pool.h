#pragma once
// Real executor: `threads` workers on one queue, plus timers kept by whichever worker is idle. Their threads: server_thread.h.
#include <deque>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/base/executor.h"
#include "engine/base/mutex.h"
#include "engine/base/timer_queue.h"

namespace tsd {

class ThreadPool final : public Executor {
 public:
  /// `name` shows in thread lists (at most 15 characters).
  ThreadPool(std::string_view name, int threads);
  /// Runs what is queued, drops timers, joins. Must not be called from a worker.
  ~ThreadPool() override;
  void Shutdown();

  void Post(absl::AnyInvocable<void()> task) override;
  TimerId PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) override;
  void Cancel(TimerId timer) override;

 private:
  void Run();

  Mutex mutex_;
  CondVar wake_;
  std::deque<absl::AnyInvocable<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  TimerQueue timers_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace tsd
