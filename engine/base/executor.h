#pragma once
// Where work runs. Core code owns no threads: it posts to an Executor it was given. Tasks are short (about 5 ms) and never block on
// another task. The real ones are ThreadPool (base/thread_pool.h) and the transport's threads (net/transport/asio_executor.h); the
// simulator's is one queue in virtual time.
#include <absl/functional/any_invocable.h>
#include <absl/time/time.h>

#include <cstdint>
#include <utility>

namespace tsd {

using TimerId = uint64_t;

class Executor {
 public:
  virtual ~Executor() = default;
  /// Runs `task` soon, on any thread of this executor. Thread-safe.
  virtual void Post(absl::AnyInvocable<void()> task) = 0;
  /// The same for a task that the caller's own has made ready and soon gives way to (a coroutine whose value is there): on one of this
  /// executor's threads it runs after the caller's task, without waking another thread for it. Thread-safe.
  virtual void Continue(absl::AnyInvocable<void()> task) { Post(std::move(task)); }
  /// Runs `task` after `delay`. Returns an id for Cancel. Thread-safe.
  virtual TimerId PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) = 0;
  /// Drops a timer that has not fired; no effect otherwise. Thread-safe.
  virtual void Cancel(TimerId timer) = 0;
};

}  // namespace tsd
