#pragma once
// Coroutines for straight-line control flow over completions.
//
//   Task<T>     a lazy coroutine; starts when awaited, runs on its parent's executor, returns T.
//   Spawn       starts a Task<void> on an executor, detached.
//   Promise<T>/Future<T>  a one-shot value set by any thread; awaiting resumes on the awaiting coroutine's executor.
//   Event       multi-shot, auto-reset: Set() wakes the (single) waiter, or the next Wait() returns at once.
//   AsyncMutex  FIFO lock held across co_await.
//
// Rules (g++ 12): no capturing lambda coroutines; parameters by value or pointers that outlive the task; no std lock across co_await;
// no braced initializer list or temporary with a destructor of consequence inside a co_await expression: name it first.
// A Task that is destroyed before it ends is a bug unless it never started. Every await of an outside happening must be certain to end.
#include <atomic>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/executor.h"
#include "engine/base/mutex.h"

namespace tsd {

template <typename T>
class Task;

namespace task_internal {

// Completion without symmetric transfer: at -O0 and under sanitizers g++ does not make tail calls, and a loop over tasks that end at
// once would grow the stack. `state` decides who goes on: the awaiter (child ended inside resume()) or the child's final suspend.
struct PromiseBase {
  enum State : int { kRunning = 0, kParentSuspended = 1, kDone = 2 };
  std::atomic<int> state{kRunning};
  std::coroutine_handle<> continuation;
  Executor* executor = nullptr;

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename P>
    void await_suspend(std::coroutine_handle<P> handle) noexcept {
      PromiseBase& promise = handle.promise();
      if (promise.state.exchange(kDone, std::memory_order_acq_rel) == kParentSuspended) promise.continuation.resume();
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
};

}  // namespace task_internal

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_internal::Promise<T>;
  Task() = default;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  struct Awaiter {
    std::coroutine_handle<promise_type> child;
    bool await_ready() noexcept { return false; }
    template <typename P>
    bool await_suspend(std::coroutine_handle<P> parent) noexcept {
      promise_type& promise = child.promise();
      promise.continuation = parent;
      promise.executor = parent.promise().executor;
      child.resume();
      return promise.state.exchange(task_internal::PromiseBase::kParentSuspended, std::memory_order_acq_rel) !=
             task_internal::PromiseBase::kDone;
    }
    T await_resume() {
      if constexpr (!std::is_void_v<T>) return std::move(*child.promise().value);
    }
  };
  Awaiter operator co_await() && { return Awaiter{handle_}; }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace task_internal {
template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

struct Detached {
  struct promise_type {
    Executor* executor = nullptr;
    Detached get_return_object() { return Detached{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
inline Detached RunDetached(Task<void> task) { co_await std::move(task); }
}  // namespace task_internal

enum class Launch : uint8_t {
  kBeside,  // another thread may begin with it at once
  kNext,    // when the caller gives way: for little tasks, which another thread would take longer to wake up for
};

/// Starts `task` on `executor`; it owns itself from then on.
inline void Spawn(Executor& executor, Task<void> task, Launch launch = Launch::kBeside) {
  task_internal::Detached detached = task_internal::RunDetached(std::move(task));
  detached.handle.promise().executor = &executor;
  auto begin = [handle = detached.handle]() mutable { handle.resume(); };
  if (launch == Launch::kNext) {
    executor.Continue(begin);
  } else {
    executor.Post(begin);
  }
}

/// `Executor* e = co_await CurrentExecutor();`
struct CurrentExecutor {
  Executor* executor = nullptr;
  bool await_ready() noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> handle) noexcept {
    executor = handle.promise().executor;
    return false;
  }
  Executor* await_resume() noexcept { return executor; }
};

/// `co_await Yield();` lets other tasks of the executor run.
struct Yield {
  bool await_ready() noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    handle.promise().executor->Post([handle]() mutable { handle.resume(); });
  }
  void await_resume() noexcept {}
};

/// `co_await GiveWay();` lets what was started with Launch::kNext begin, without another thread.
struct GiveWay {
  bool await_ready() noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    handle.promise().executor->Continue([handle]() mutable { handle.resume(); });
  }
  void await_resume() noexcept {}
};

/// `co_await SleepFor{duration};`
struct SleepFor {
  absl::Duration duration;
  bool await_ready() noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    handle.promise().executor->PostAfter(duration, [handle]() mutable { handle.resume(); });
  }
  void await_resume() noexcept {}
};

/// `co_await ResumeOn{executor};` the rest of this coroutine (not its parents) runs on `executor`.
struct ResumeOn {
  Executor& target;
  bool await_ready() noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    handle.promise().executor = &target;
    target.Post([handle]() mutable { handle.resume(); });
  }
  void await_resume() noexcept {}
};

/// A one-shot value. Copies of a Future share the value; one awaiter or callback at most.
template <typename T>
class Future {
 public:
  struct State {
    Mutex mutex;
    std::optional<T> value ABSL_GUARDED_BY(mutex);
    absl::AnyInvocable<void()> waiter ABSL_GUARDED_BY(mutex);
  };
  Future() = default;
  explicit Future(std::shared_ptr<State> state) : state_(std::move(state)) {}

  bool valid() const { return state_ != nullptr; }
  bool ready() const {
    MutexLock lock(state_->mutex);
    return state_->value.has_value();
  }
  /// The value; Requires: ready().
  T Take() {
    MutexLock lock(state_->mutex);
    TSD_CHECK(state_->value.has_value());
    return std::move(*state_->value);
  }
  /// Runs `callback` (on the setting thread, or at once) when the value is there.
  void OnReady(absl::AnyInvocable<void()> callback) {
    {
      MutexLock lock(state_->mutex);
      if (!state_->value.has_value()) {
        state_->waiter = std::move(callback);
        return;
      }
    }
    callback();
  }

  bool await_ready() const { return ready(); }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> handle) {
    MutexLock lock(state_->mutex);
    if (state_->value.has_value()) return false;
    Executor* executor = handle.promise().executor;
    state_->waiter = [executor, handle]() mutable { executor->Continue([handle]() mutable { handle.resume(); }); };
    return true;
  }
  T await_resume() { return Take(); }

 private:
  std::shared_ptr<State> state_;
};

template <typename T>
class Promise {
 public:
  Promise() : state_(std::make_shared<typename Future<T>::State>()) {}
  Future<T> future() const { return Future<T>(state_); }
  /// Sets the value once; later calls have no effect (returns false). Thread-safe.
  bool Set(T value) const {
    absl::AnyInvocable<void()> waiter;
    {
      MutexLock lock(state_->mutex);
      if (state_->value.has_value()) return false;
      state_->value.emplace(std::move(value));
      waiter = std::move(state_->waiter);
      state_->waiter = nullptr;
    }
    if (waiter) waiter();
    return true;
  }

 private:
  std::shared_ptr<typename Future<T>::State> state_;
};

template <typename T>
Future<T> ReadyFuture(T value) {
  Promise<T> promise;
  promise.Set(std::move(value));
  return promise.future();
}

/// Auto-reset event with a single waiter. Thread-safe. Must outlive its waiter.
class Event {
 public:
  void Set() {
    absl::AnyInvocable<void()> waiter;
    {
      MutexLock lock(mutex_);
      if (!waiter_) {
        set_ = true;
        return;
      }
      waiter = std::move(waiter_);
      waiter_ = nullptr;
    }
    waiter();
  }
  struct Awaiter {
    Event& event;
    bool await_ready() noexcept { return false; }
    template <typename P>
    bool await_suspend(std::coroutine_handle<P> handle) {
      MutexLock lock(event.mutex_);
      if (event.set_) {
        event.set_ = false;
        return false;
      }
      TSD_CHECK_MSG(!event.waiter_, "two waiters on one Event");
      Executor* executor = handle.promise().executor;
      event.waiter_ = [executor, handle]() mutable { executor->Continue([handle]() mutable { handle.resume(); }); };
      return true;
    }
    void await_resume() noexcept {}
  };
  Awaiter Wait() { return Awaiter{*this}; }

 private:
  Mutex mutex_;
  bool set_ ABSL_GUARDED_BY(mutex_) = false;
  absl::AnyInvocable<void()> waiter_ ABSL_GUARDED_BY(mutex_);
};

/// FIFO lock that may be held across co_await: `co_await mutex.Lock(); ... mutex.Unlock();` Thread-safe.
class AsyncMutex {
 public:
  struct Awaiter {
    AsyncMutex& mutex;
    bool await_ready() noexcept { return false; }
    template <typename P>
    bool await_suspend(std::coroutine_handle<P> handle) {
      MutexLock lock(mutex.mutex_);
      if (!mutex.locked_) {
        mutex.locked_ = true;
        return false;
      }
      Executor* executor = handle.promise().executor;
      mutex.waiters_.push_back([executor, handle]() mutable { executor->Continue([handle]() mutable { handle.resume(); }); });
      return true;
    }
    void await_resume() noexcept {}
  };
  Awaiter Lock() { return Awaiter{*this}; }
  void Unlock() {
    absl::AnyInvocable<void()> next;
    {
      MutexLock lock(mutex_);
      TSD_CHECK(locked_);
      if (waiters_.empty()) {
        locked_ = false;
        return;
      }
      next = std::move(waiters_.front());
      waiters_.pop_front();
    }
    next();
  }

 private:
  Mutex mutex_;
  bool locked_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<absl::AnyInvocable<void()>> waiters_ ABSL_GUARDED_BY(mutex_);
};

namespace task_internal {
template <typename T>
Task<void> RunInto(tsd::Promise<T> promise, Task<T> task) {
  promise.Set(co_await std::move(task));
}
}  // namespace task_internal

/// Starts `task` on `executor` beside the caller; await the future for its result (several at once: start all, then await each).
template <typename T>
Future<T> Start(Executor& executor, Task<T> task, Launch launch = Launch::kBeside) {
  Promise<T> promise;
  Future<T> future = promise.future();
  Spawn(executor, task_internal::RunInto<T>(promise, std::move(task)), launch);
  return future;
}

}  // namespace tsd
