#include "net/transport/io_threads.h"

#include <pthread.h>

#include <exception>
#include <utility>

#include "engine/base/log.h"

namespace tsd::net {

IoThreads::IoThreads(int threads)
    : context_(threads),
      work_(std::make_unique<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>>(context_.get_executor())) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
    pthread_setname_np(threads_.back().native_handle(), "tsd-worker");
  }
}

IoThreads::~IoThreads() { Stop(); }

void IoThreads::Run() {
  while (true) {
    try {
      context_.run();
      return;
    } catch (const std::exception& error) {
      // Ours do not throw; memory may run out inside Asio. The operation is lost, the thread must not be.
      log::Error("exception in an io thread: ", error.what());
    }
  }
}

bool IoThreads::Register(const std::shared_ptr<Abortable>& operation) {
  MutexLock lock(mutex_);
  if (stopping_) return false;
  operations_.emplace(operation.get(), operation);
  return true;
}

void IoThreads::Unregister(Abortable* operation) {
  MutexLock lock(mutex_);
  operations_.erase(operation);
}

void IoThreads::Stop() {
  executor_.DropTimers();
  std::vector<std::weak_ptr<Abortable>> operations;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    for (const auto& [pointer, operation] : operations_) operations.push_back(operation);
  }
  for (const std::weak_ptr<Abortable>& weak : operations) {
    if (std::shared_ptr<Abortable> operation = weak.lock()) operation->Abort();
  }
  operations.clear();
  work_.reset();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace tsd::net
