#pragma once
// Worker threads that run tasks and, in turn, wait for sockets. Includes Asio: only net/transport/*.cc include this.
//
// Asio's own pool wakes a second thread for every event, to wait on while the first handles it; for short requests the waking costs more
// than the handling. Here the thread that found an event handles it and nobody waits meanwhile, unless it takes long:
// I1 One thread at a time is inside the io_context (polling_); handlers there only make tasks ready (AsioExecutor::Continue).
// I2 A worker runs what it made ready itself first; what it will not begin soon, as its last tasks went, it shares, and wakes a parked
//    worker for it.
// I3 Who waits for sockets looks again and again for a while before it sleeps (AdaptiveSpin), as to be woken on an idle core takes longer
//    than many a request.
// I4 One parked worker stands by: it looks every kStandbyWait, as long as there are events, whether the one who waits for sockets is away at
//    a long task, and takes its place if so. So such a task keeps no socket waiting much longer than that while another thread is idle.
#include <absl/functional/any_invocable.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/mutex.h"
#include "net/transport/adaptive_spin.h"

namespace tsd::net {

class AsioWorkers {
 public:
  using Task = absl::AnyInvocable<void()>;

  /// May throw (no file descriptors, no threads).
  explicit AsioWorkers(int threads);
  ~AsioWorkers();
  AsioWorkers(const AsioWorkers&) = delete;
  AsioWorkers& operator=(const AsioWorkers&) = delete;

  /// Handlers must be short (I1).
  boost::asio::io_context& context() { return context_; }
  /// Runs on any worker. Thread-safe.
  void Post(Task task);
  /// From a worker: runs on this one after the current task, without waking another. Else the same as Post. Thread-safe.
  void Continue(Task task);
  /// Waits until no task and no operation of the io_context is left, joins. Not from a worker. Idempotent.
  void Finish();

 private:
  struct Worker {
    CondVar wake;
    bool woken = false;      // under mutex_: was taken from where it was parked
    // Its own thread's only:
    std::deque<Task> ready;
    unsigned tasks = 0;      // taken so far
    std::chrono::nanoseconds pace{0};  // the time a task takes, by the last few
  };

  void Run(Worker* self);
  std::optional<Task> TakeTask(Worker* self);
  std::optional<Task> TakeShared();
  /// Requires polling_, gives it up. Handles what there is; `wait`: waits for it first.
  void Poll(Worker* self, bool wait);
  /// One wait for events or shared tasks; how many handlers have run. 0: the io_context has no work left.
  size_t Wait();
  bool Spin(AdaptiveSpin::Clock::time_point begun);
  void EndAll();
  void Share(Worker* self, size_t keep);
  void Park(Worker* self);
  void StandBy(Worker* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Worker* TakeParked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeStandby();

  boost::asio::io_context context_{1};  // one thread at a time
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::atomic<bool> polling_{false};       // a thread is inside the io_context
  AdaptiveSpin spin_;                      // that thread's
  std::atomic<uint64_t> polls_{0};         // how often one came back
  std::atomic<bool> standby_asleep_{false};  // the standby waits without a time
  std::atomic<bool> drained_{false};       // the io_context has no work left: the workers end when they have no tasks

  Mutex mutex_;
  std::deque<Task> shared_ ABSL_GUARDED_BY(mutex_);
  std::atomic<size_t> shared_count_{0};    // shared_.size(), to look at without the mutex
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;  // the polling thread may sleep: a task that nobody else can take interrupts it
  std::vector<Worker*> parked_ ABSL_GUARDED_BY(mutex_);  // without the standby; the last to park is the first to wake, its cache is warm
  Worker* standby_ ABSL_GUARDED_BY(mutex_) = nullptr;

  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace tsd::net
