#include "net/transport/io_threads.h"

#include <pthread.h>

#include <exception>
#include <utility>

#include "engine/base/log.h"

namespace tsd::net {

IoThreads::IoThreads(int threads) {
  for (int i = 0; i < threads; ++i) {
    auto thread = std::make_unique<Thread>();
    thread->work = std::make_unique<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>>(
        thread->context.get_executor());
    threads_.push_back(std::move(thread));
  }
  for (std::unique_ptr<Thread>& thread : threads_) {
    thread->thread = std::thread([context = &thread->context] { Run(context); });
    pthread_setname_np(thread->thread.native_handle(), "tsd-io");
  }
}

IoThreads::~IoThreads() { Stop(); }

void IoThreads::Run(boost::asio::io_context* context) {
  while (true) {
    try {
      context->run();
      return;
    } catch (const std::exception& error) {
      // Ours do not throw; memory may run out inside Asio. The operation is lost, the thread must not be.
      log::Error("exception in an io thread: ", error.what());
    }
  }
}

boost::asio::io_context& IoThreads::Next() {
  return threads_[next_.fetch_add(1, std::memory_order_relaxed) % threads_.size()]->context;
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
  for (std::unique_ptr<Thread>& thread : threads_) thread->work.reset();
  for (std::unique_ptr<Thread>& thread : threads_) {
    if (thread->thread.joinable()) thread->thread.join();
  }
}

}  // namespace tsd::net
