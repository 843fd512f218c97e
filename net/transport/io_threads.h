#pragma once
// The transport's threads: they wait for sockets together, on one io_context, and run the executor's tasks. Includes Asio: only
// net/transport/*.cc include this.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/base/mutex.h"
#include "net/transport/asio_executor.h"

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
  explicit IoThreads(int threads);
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  /// Handlers of one object may run at the same time on several threads.
  boost::asio::io_context& context() { return context_; }
  AsioExecutor& executor() { return executor_; }

  /// False if the threads are stopping: `operation` must not start.
  bool Register(const std::shared_ptr<Abortable>& operation);
  void Unregister(Abortable* operation);
  /// Drops timers, aborts all that is registered, lets the threads run out of work, joins them. Not from one of them. Idempotent.
  void Stop();

 private:
  void Run();

  boost::asio::io_context context_;
  AsioExecutor executor_{context_};
  std::unique_ptr<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::vector<std::thread> threads_;
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_map<Abortable*, std::weak_ptr<Abortable>> operations_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::net
