#include "net/transport/asio_workers.h"

#include <sched.h>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/server_thread.h"

namespace tsd::net {
namespace {

constexpr std::chrono::milliseconds kStandbyWait(2);
constexpr std::chrono::microseconds kTakeOverWait(200);  // who does not come back to the sockets for so long is at a long task
constexpr std::chrono::microseconds kCrowded(400);  // who was away for so long when it gave way has a neighbour on its core that computes
constexpr int kTasksPerPoll = 16;     // while there are always tasks, a worker looks after the sockets so often, if nobody else does
constexpr std::chrono::microseconds kLongTask(200);  // and after each that took so long
constexpr int kTasksPerShared = 8;    // and takes a shared one so often, though it has its own
constexpr size_t kMostKept = 4;       // tasks made ready by a task are mostly tiny; of more than this others get their part
constexpr std::chrono::nanoseconds kSoon = std::chrono::microseconds(200);  // tasks from the sockets are kept as far as they are begun so soon, by those before them

struct Current {
  AsioWorkers* workers = nullptr;
  std::deque<AsioWorkers::Task>* ready = nullptr;
};
thread_local Current current;

}  // namespace

AsioWorkers::AsioWorkers(int threads) : work_(boost::asio::make_work_guard(context_)) {
  for (int i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
  for (const std::unique_ptr<Worker>& worker : workers_) {
    threads_.push_back(StartServerThread("tsd-worker", [this, self = worker.get()] { Run(self); }));
  }
}

AsioWorkers::~AsioWorkers() { Finish(); }

void AsioWorkers::Post(Task task) {
  Worker* woken = nullptr;
  bool interrupt = false;
  {
    MutexLock lock(mutex_);
    shared_.push_back(std::move(task));
    shared_count_.store(shared_.size(), std::memory_order_relaxed);
    woken = TakeParked();
    if (woken == nullptr) interrupt = std::exchange(waiting_, false);
  }
  if (woken != nullptr) woken->wake.NotifyOne();
  if (interrupt) boost::asio::post(context_, [] {});
}

void AsioWorkers::Continue(Task task) {
  if (current.workers != this) return Post(std::move(task));
  current.ready->push_back(std::move(task));
}

AsioWorkers::Worker* AsioWorkers::TakeParked() {
  Worker* result = nullptr;
  if (!parked_.empty()) {
    result = parked_.back();
    parked_.pop_back();
  } else {
    result = std::exchange(standby_, nullptr);
  }
  if (result != nullptr) result->woken = true;
  return result;
}

void AsioWorkers::Run(Worker* self) {
  current = Current{this, &self->ready};
  while (true) {
    if (std::optional<Task> task = TakeTask(self)) {
      const auto begun = std::chrono::steady_clock::now();
      // A task that throws (memory ran out) leaves a coroutine that never goes on: better the process ends.
      [&]() noexcept { std::move (*task)(); }();
      task.reset();
      const auto took = std::chrono::steady_clock::now() - begun;
      self->pace = (3 * self->pace + took) / 4;
      if (self->ready.size() > kMostKept) Share(self, kMostKept);
      const bool is_due = took > kLongTask || self->tasks % kTasksPerPoll == 0;
      const bool goes_on = !self->ready.empty() || shared_count_.load(std::memory_order_relaxed) > 0;
      if (is_due && goes_on && !polling_.exchange(true)) Poll(self, /*wait=*/false);
    } else if (drained_.load()) {
      return;
    } else if (!polling_.exchange(true)) {
      Poll(self, /*wait=*/true);
    } else {
      Park(self);
    }
  }
}

std::optional<AsioWorkers::Task> AsioWorkers::TakeTask(Worker* self) {
  ++self->tasks;
  std::optional<Task> result;
  if (self->ready.empty() || self->tasks % kTasksPerShared == 0) result = TakeShared();
  if (result.has_value() || self->ready.empty()) return result;
  result.emplace(std::move(self->ready.front()));
  self->ready.pop_front();
  return result;
}

std::optional<AsioWorkers::Task> AsioWorkers::TakeShared() {
  std::optional<Task> result;
  if (shared_count_.load(std::memory_order_relaxed) == 0) return result;
  Worker* woken = nullptr;
  {
    MutexLock lock(mutex_);
    if (shared_.empty()) return result;
    result.emplace(std::move(shared_.front()));
    shared_.pop_front();
    shared_count_.store(shared_.size(), std::memory_order_relaxed);
    if (!shared_.empty()) woken = TakeParked();
  }
  if (woken != nullptr) woken->wake.NotifyOne();
  return result;
}

void AsioWorkers::Poll(Worker* self, bool wait) {
  const size_t own = self->ready.size();
  try {
    if (wait && Wait() == 0) EndAll();
    context_.poll();
  } catch (const std::exception& error) {
    // Ours do not throw; memory may run out inside Asio. The operation is lost, the thread must not be.
    log::Error("exception in an io thread: ", error.what());
  }
  polls_.fetch_add(1, std::memory_order_relaxed);
  polling_.store(false);
  if (wait && standby_asleep_.load(std::memory_order_relaxed)) WakeStandby();
  // Little tasks stay: they are done sooner than another thread would wake up. So do those that were its own before.
  const auto soon = static_cast<size_t>(kSoon / std::max(self->pace, kSoon / static_cast<int>(kMostKept)));
  if (const size_t keep = std::max({own, soon, size_t{1}}); self->ready.size() > keep) Share(self, keep);
}

size_t AsioWorkers::Wait() {
  const auto begun = AdaptiveSpin::Clock::now();
  size_t handled = 1;
  if (!Spin(begun)) {
    {
      MutexLock lock(mutex_);
      if (!shared_.empty()) return handled;
      waiting_ = true;
    }
    handled = context_.run_one();
    MutexLock lock(mutex_);
    waiting_ = false;
  }
  const auto now = AdaptiveSpin::Clock::now();
  spin_.NoteWait(now - begun, now);
  return handled;
}

bool AsioWorkers::Spin(AdaptiveSpin::Clock::time_point begun) {
  auto now = begun;
  while (spin_.IsWorth(now - begun)) {
    if (context_.poll_one() > 0 || shared_count_.load(std::memory_order_relaxed) > 0) return true;
    ::sched_yield();
    const auto before = std::exchange(now, AdaptiveSpin::Clock::now());
    if (now - before > kCrowded) {
      spin_.NoteCrowded(now);
      return false;
    }
  }
  return false;
}

void AsioWorkers::EndAll() {
  MutexLock lock(mutex_);
  drained_ = true;
  while (Worker* const parked = TakeParked()) parked->wake.NotifyOne();
}

void AsioWorkers::Share(Worker* self, size_t keep) {
  Worker* woken = nullptr;
  {
    MutexLock lock(mutex_);
    while (self->ready.size() > keep) {
      shared_.push_back(std::move(self->ready[keep]));
      self->ready.erase(self->ready.begin() + static_cast<std::ptrdiff_t>(keep));
    }
    shared_count_.store(shared_.size(), std::memory_order_relaxed);
    woken = TakeParked();
  }
  if (woken != nullptr) woken->wake.NotifyOne();
}

void AsioWorkers::WakeStandby() {
  MutexLock lock(mutex_);
  if (standby_ != nullptr) standby_->wake.NotifyOne();
}

void AsioWorkers::Park(Worker* self) {
  MutexLock lock(mutex_);
  if (!shared_.empty() || drained_.load()) return;
  self->woken = false;
  if (standby_ == nullptr) return StandBy(self);
  parked_.push_back(self);
  while (!self->woken) self->wake.Wait(mutex_);
}

void AsioWorkers::StandBy(Worker* self) {
  standby_ = self;
  uint64_t seen = polls_.load(std::memory_order_relaxed);
  while (true) {
    self->wake.WaitFor(mutex_, kStandbyWait);
    if (self->woken) return;
    const uint64_t polls = polls_.load(std::memory_order_relaxed);
    if (!polling_.load()) {
      self->wake.WaitFor(mutex_, kTakeOverWait);
      if (self->woken) return;
      if (!polling_.load() && polls == polls_.load(std::memory_order_relaxed)) break;
    } else if (polls == seen) {
      // Whoever polls has slept all the time: so may this one, until there is an event.
      standby_asleep_.store(true);
      // One that came back meanwhile may not have seen that.
      if (polling_.load()) self->wake.Wait(mutex_);
      standby_asleep_.store(false);
      if (self->woken) return;
    }
    seen = polls;
  }
  standby_ = nullptr;
}

void AsioWorkers::Finish() {
  work_.reset();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace tsd::net
