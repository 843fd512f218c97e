#include "net/transport/io_threads.h"

#include <vector>

namespace tsd::net {

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
  workers_.Finish();
}

}  // namespace tsd::net
