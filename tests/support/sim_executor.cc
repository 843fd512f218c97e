#include "tests/support/sim_executor.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/base/hash.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace tsd::sim {

// ---- SimExecutor and SimClock ----

void SimExecutor::Post(absl::AnyInvocable<void()> task) { PostAfter(absl::ZeroDuration(), std::move(task)); }

TimerId SimExecutor::PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) {
  return scheduler_->Add(node_, incarnation_, delay, std::move(task));
}

void SimExecutor::Cancel(TimerId timer) { scheduler_->Remove(timer); }

bool SimExecutor::IsAlive() const { return scheduler_->IsAlive(node_, incarnation_); }

absl::Time SimClock::Now() const {
  static const absl::Time kStart = absl::FromUnixSeconds(1767225600);  // 2026-01-01
  return kStart + scheduler_->now() + skew_;
}

// Not zero at the start: zero often means "never" in the code under test.
absl::Duration SimClock::Monotonic() const { return absl::Hours(1) + scheduler_->now(); }

// ---- SimScheduler ----

SimScheduler::SimScheduler(uint64_t seed) : random_(Random(seed).Fork("scheduler")) {}

SimScheduler::~SimScheduler() {
  ending_ = true;
  // Closures own objects whose destructors may post and cancel.
  std::map<Key, Event> dropped;
  dropped.swap(queue_);
  keys_.clear();
}

int SimScheduler::AddNode(const std::string& name) {
  const int node = node_count();
  Node& added = nodes_.emplace_back();
  added.name = name;
  added.clock = std::make_unique<SimClock>(this);
  added.executors.push_back(std::make_unique<SimExecutor>(this, node, added.incarnation));
  return node;
}

bool SimScheduler::IsAlive(int node, uint64_t incarnation) const {
  const Node& state = nodes_[static_cast<size_t>(node)];
  return state.alive && state.incarnation == incarnation;
}

void SimScheduler::Crash(int node) {
  nodes_[static_cast<size_t>(node)].alive = false;
  std::vector<Event> dropped;  // destroyed when the queue is in order again
  for (auto it = queue_.begin(); it != queue_.end();) {
    if (it->second.node != node) {
      ++it;
      continue;
    }
    dropped.push_back(std::move(it->second));
    keys_.erase(it->first.id);
    it = queue_.erase(it);
  }
}

SimExecutor* SimScheduler::Restart(int node) {
  Node& state = nodes_[static_cast<size_t>(node)];
  TSD_CHECK_MSG(!state.alive, "Restart of a running node");
  state.alive = true;
  ++state.incarnation;
  state.executors.push_back(std::make_unique<SimExecutor>(this, node, state.incarnation));
  return state.executors.back().get();
}

void SimScheduler::AtAfter(absl::Duration delay, absl::AnyInvocable<void()> task) { Add(kWorld, 0, delay, std::move(task)); }

TimerId SimScheduler::Add(int node, uint64_t incarnation, absl::Duration delay, absl::AnyInvocable<void()> task) {
  const TimerId id = next_id_++;
  if (ending_ || (node != kWorld && !IsAlive(node, incarnation))) return id;
  // Every step takes some time: tasks that yield to each other for ever must not stop the clock.
  const absl::Duration step = absl::Nanoseconds(random_.Between(500, 5000));
  const Key key{now_ + std::max(delay, absl::ZeroDuration()) + step, random_.Next(), id};
  queue_.emplace(key, Event{node, incarnation, std::move(task)});
  keys_.emplace(id, key);
  return id;
}

void SimScheduler::Remove(TimerId id) {
  auto found = keys_.find(id);
  if (found == keys_.end()) return;
  auto queued = queue_.find(found->second);
  Event dropped = std::move(queued->second);  // destroyed last: it may own things that post
  queue_.erase(queued);
  keys_.erase(found);
}

void SimScheduler::RunNext() {
  auto first = queue_.begin();
  const Key key = first->first;
  Event event = std::move(first->second);
  queue_.erase(first);
  keys_.erase(key.id);
  now_ = std::max(now_, key.due);
  ++events_run_;
  trace_hash_ = CombineHash(trace_hash_, CombineHash(static_cast<uint64_t>(absl::ToInt64Nanoseconds(now_)),
                                                     static_cast<uint64_t>(event.node + 1)));
  std::move(event.task)();
}

void SimScheduler::RunFor(absl::Duration duration) {
  RunUntil([] { return false; }, duration);
}

bool SimScheduler::RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit) {
  const absl::Duration end = now_ + limit;
  while (!done()) {
    if (queue_.empty() || queue_.begin()->first.due > end) {
      now_ = std::max(now_, end);
      return done();
    }
    RunNext();
  }
  return true;
}

bool SimScheduler::RunUntilIdle(absl::Duration limit) {
  const absl::Duration end = now_ + limit;
  while (!queue_.empty() && queue_.begin()->first.due <= end) RunNext();
  return queue_.empty();
}

// ---- leaks ----

#if defined(__SANITIZE_ADDRESS__)
SimLeaksAllowed::SimLeaksAllowed() { __lsan_disable(); }
SimLeaksAllowed::~SimLeaksAllowed() { __lsan_enable(); }
#else
SimLeaksAllowed::SimLeaksAllowed() = default;
SimLeaksAllowed::~SimLeaksAllowed() = default;
#endif

}  // namespace tsd::sim
