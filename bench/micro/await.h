#pragma once
// Waits on the benchmark's thread, which is nobody's worker, for a future that others set.
#include <condition_variable>
#include <mutex>

#include "engine/base/task.h"

namespace tsd {

template <typename T>
T AwaitInBenchmark(Future<T> future) {
  std::mutex mutex;
  std::condition_variable ready;
  bool done = false;
  future.OnReady([&] {
    const std::lock_guard lock(mutex);
    done = true;
    ready.notify_one();
  });
  std::unique_lock lock(mutex);
  ready.wait(lock, [&] { return done; });
  return future.Take();
}

}  // namespace tsd
