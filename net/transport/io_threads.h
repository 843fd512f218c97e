#pragma once
// The transport's threads, with the register of what must be aborted before they end. Includes Asio: only net/transport/*.cc include this.
#include <memory>
#include <unordered_map>

#include "engine/base/mutex.h"
#include "net/transport/asio_executor.h"
#include "net/transport/asio_workers.h"

namespace tsd::net {

/// Something with promises that must be kept when the transport shuts down.
class Abortable {
 public:
  virtual ~Abortable() = default;
  /// Any thread, more than once. Afterwards no promise of this object is open and no Asio operation of it lasts.
  virtual void Abort() = 0;
};

class IoThreads {
 public:
  /// May throw (no file descriptors, no threads).
  explicit IoThreads(int threads) : workers_(threads) {}
  ~IoThreads() { Stop(); }
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  /// Its handlers are short: they set promises. They run one at a time, each on any worker.
  boost::asio::io_context& context() { return workers_.context(); }
  AsioExecutor& executor() { return executor_; }

  /// False if the threads are stopping: `operation` must not start.
  bool Register(const std::shared_ptr<Abortable>& operation);
  void Unregister(Abortable* operation);
  /// Drops timers, aborts all that is registered, lets the threads run out of work, joins them. Not from one of them. Idempotent.
  void Stop();

 private:
  AsioWorkers workers_;
  AsioExecutor executor_{workers_};
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_map<Abortable*, std::weak_ptr<Abortable>> operations_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::net
