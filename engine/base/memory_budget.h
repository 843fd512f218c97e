#pragma once
// A bound on bytes held (a query's, all queries' of a node). Reserving may be refused: the caller goes to disk or reports 53200.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace tsd {

/// Thread-safe.
class MemoryBudget {
 public:
  /// What is reserved here is reserved in `parent` too, if there is one, and its limit is the highest that this one can have.
  explicit MemoryBudget(int64_t limit_bytes, std::shared_ptr<MemoryBudget> parent = nullptr)
      : limit_(parent != nullptr ? std::min(limit_bytes, parent->limit()) : limit_bytes), parent_(std::move(parent)) {}

  bool TryReserve(int64_t bytes) {
    int64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (used + bytes > limit_) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    if (parent_ == nullptr || parent_->TryReserve(bytes)) return true;
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  void Release(int64_t bytes) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    if (parent_ != nullptr) parent_->Release(bytes);
  }
  /// Whether `bytes` more would leave a `part`-th of the limit free, here and in the parent.
  bool WouldLeave(int64_t bytes, int64_t part) const {
    return used() + bytes <= limit_ - limit_ / part && (parent_ == nullptr || parent_->WouldLeave(bytes, part));
  }
  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  int64_t limit() const { return limit_; }
  const MemoryBudget* parent() const { return parent_.get(); }

 private:
  const int64_t limit_;
  const std::shared_ptr<MemoryBudget> parent_;
  std::atomic<int64_t> used_{0};
};

}  // namespace tsd
