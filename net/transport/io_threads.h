#pragma once
// The threads that wait for sockets, one io_context each. Includes Asio: only net/transport/*.cc include this.
// They never block but for host names (Asio resolves those on threads of its own).
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/base/mutex.h"

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

  /// Round robin.
  boost::asio::io_context& Next();

  /// False if the threads are stopping: `operation` must not start.
  bool Register(const std::shared_ptr<Abortable>& operation);
  void Unregister(Abortable* operation);
  /// Aborts all that is registered, lets the threads run out of work, joins them. Not from one of them. Idempotent.
  void Stop();

 private:
  struct Thread {
    boost::asio::io_context context{1};
    std::unique_ptr<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work;
    std::thread thread;
  };
  static void Run(boost::asio::io_context* context);

  std::vector<std::unique_ptr<Thread>> threads_;
  std::atomic<size_t> next_{0};
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_map<Abortable*, std::weak_ptr<Abortable>> operations_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tsd::net
