#include "engine/base/thread_pool.h"

#include <chrono>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/server_thread.h"

namespace tsd {
namespace {

absl::Duration MonotonicNow() { return RealClock().Monotonic(); }

}  // namespace

ThreadPool::ThreadPool(std::string_view name, int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.push_back(StartServerThread(name, [this] { Run(); }));
  }
}

ThreadPool::~ThreadPool() { Shutdown(); }

void ThreadPool::Shutdown() {
  std::vector<TimerQueue::Task> dropped;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    dropped = timers_.TakeAll();
  }
  wake_.NotifyAll();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  threads_.clear();
}

void ThreadPool::Post(absl::AnyInvocable<void()> task) {
  {
    MutexLock lock(mutex_);
    queue_.push_back(std::move(task));
  }
  wake_.NotifyOne();
}

TimerId ThreadPool::PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) {
  const absl::Duration due = MonotonicNow() + std::max(delay, absl::ZeroDuration());
  TimerId id;
  {
    MutexLock lock(mutex_);
    if (stopping_) return 0;
    id = timers_.Add(due, std::move(task));
  }
  wake_.NotifyOne();
  return id;
}

void ThreadPool::Cancel(TimerId timer) {
  std::optional<TimerQueue::Task> dropped;
  MutexLock lock(mutex_);
  dropped = timers_.Remove(timer);
}

void ThreadPool::Run() {
  mutex_.Lock();
  while (true) {
    if (std::optional<TimerQueue::Task> due = timers_.TakeDue(MonotonicNow())) queue_.push_back(*std::move(due));
    if (!queue_.empty()) {
      absl::AnyInvocable<void()> task = std::move(queue_.front());
      queue_.pop_front();
      const bool more = !queue_.empty();
      mutex_.Unlock();
      if (more) wake_.NotifyOne();
      std::move(task)();
      task = nullptr;
      mutex_.Lock();
      continue;
    }
    if (stopping_) break;
    const absl::Duration due = timers_.NextDue();
    if (due == absl::InfiniteDuration()) {
      wake_.Wait(mutex_);
    } else {
      wake_.WaitFor(mutex_, std::chrono::nanoseconds(std::max<int64_t>(absl::ToInt64Nanoseconds(due - MonotonicNow()), 1000)));
    }
  }
  mutex_.Unlock();
}

}  // namespace tsd
