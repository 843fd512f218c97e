#include "engine/base/thread_pool.h"

#include <pthread.h>

#include <chrono>
#include <utility>

#include "engine/base/clock.h"

namespace tsd {
namespace {

absl::Duration MonotonicNow() { return RealClock().Monotonic(); }

}  // namespace

ThreadPool::ThreadPool(std::string name, int threads) : name_(std::move(name)) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
    pthread_setname_np(threads_.back().native_handle(), name_.substr(0, 15).c_str());
  }
}

ThreadPool::~ThreadPool() { Shutdown(); }

void ThreadPool::Shutdown() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    timers_.clear();
    due_.clear();
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
    id = next_timer_++;
    if (stopping_) return id;
    timers_.emplace(due, Timer{id, std::move(task)});
    due_.emplace(id, due);
  }
  wake_.NotifyOne();
  return id;
}

void ThreadPool::Cancel(TimerId timer) {
  absl::AnyInvocable<void()> dropped;  // destroyed outside the lock: it may own things that post
  MutexLock lock(mutex_);
  auto found = due_.find(timer);
  if (found == due_.end()) return;
  auto [begin, end] = timers_.equal_range(found->second);
  for (auto it = begin; it != end; ++it) {
    if (it->second.id == timer) {
      dropped = std::move(it->second.task);
      timers_.erase(it);
      break;
    }
  }
  due_.erase(found);
}

void ThreadPool::Run() {
  mutex_.Lock();
  while (true) {
    if (!timers_.empty() && timers_.begin()->first <= MonotonicNow()) {
      auto first = timers_.begin();
      queue_.push_back(std::move(first->second.task));
      due_.erase(first->second.id);
      timers_.erase(first);
    }
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
    if (timers_.empty()) {
      wake_.Wait(mutex_);
    } else {
      const absl::Duration wait = timers_.begin()->first - MonotonicNow();
      wake_.WaitFor(mutex_, std::chrono::nanoseconds(std::max<int64_t>(absl::ToInt64Nanoseconds(wait), 1000)));
    }
  }
  mutex_.Unlock();
}

}  // namespace tsd
