#pragma once
// A simulated cluster's time and tasks: one queue for all nodes, ordered by virtual time with a seeded tie-break, run by one thread.
// The same seed gives the same run.
//
// A node is a name with incarnations. Crash(node) ends the current one: its queued tasks and timers are destroyed unrun, and what it
// posts from then on is destroyed at once. Its suspended coroutines never run again; their frames leak (see SimLeaksAllowed).
// Restart(node) begins the next one. Executors and clocks live as long as the scheduler. Not thread-safe: one thread owns it all.
#include <absl/functional/any_invocable.h>
#include <absl/functional/function_ref.h>
#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/executor.h"
#include "engine/base/random.h"

namespace tsd::sim {

class SimScheduler;

/// One incarnation of a node.
class SimExecutor final : public Executor {
 public:
  SimExecutor(SimScheduler* scheduler, int node, uint64_t incarnation)
      : scheduler_(scheduler), node_(node), incarnation_(incarnation) {}
  void Post(absl::AnyInvocable<void()> task) override;
  TimerId PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) override;
  void Cancel(TimerId timer) override;
  int node() const { return node_; }
  uint64_t incarnation() const { return incarnation_; }
  bool IsAlive() const;

 private:
  SimScheduler* const scheduler_;
  const int node_;
  const uint64_t incarnation_;
};

/// A node's clocks. Monotonic is exact; the wall clock is off by the skew.
class SimClock final : public Clock {
 public:
  explicit SimClock(const SimScheduler* scheduler) : scheduler_(scheduler) {}
  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
  void SetSkew(absl::Duration skew) { skew_ = skew; }

 private:
  const SimScheduler* const scheduler_;
  absl::Duration skew_;
};

class SimScheduler {
 public:
  explicit SimScheduler(uint64_t seed);
  ~SimScheduler();
  SimScheduler(const SimScheduler&) = delete;
  SimScheduler& operator=(const SimScheduler&) = delete;

  int AddNode(const std::string& name);
  const std::string& NameOf(int node) const { return nodes_[static_cast<size_t>(node)].name; }
  int node_count() const { return static_cast<int>(nodes_.size()); }
  /// The current incarnation's; a dead one's if the node is down.
  SimExecutor* executor(int node) const { return nodes_[static_cast<size_t>(node)].executors.back().get(); }
  SimClock* clock(int node) const { return nodes_[static_cast<size_t>(node)].clock.get(); }

  void Crash(int node);
  SimExecutor* Restart(int node);
  bool IsAlive(int node, uint64_t incarnation) const;

  /// Virtual time since the start.
  absl::Duration now() const { return now_; }
  /// Runs `task` after `delay` whatever crashes: for the world outside the nodes (network, disks, fault injection).
  void AtAfter(absl::Duration delay, absl::AnyInvocable<void()> task);

  // All of these return to the test between events; nothing runs meanwhile.
  void RunFor(absl::Duration duration);
  /// False if `done` is still false after `limit` of virtual time.
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit);
  /// Until nothing is queued, or `limit` has passed (a live connection's timers never end). True if nothing is queued.
  bool RunUntilIdle(absl::Duration limit = absl::Hours(1));

  uint64_t events_run() const { return events_run_; }
  /// Of the order of all events so far: two runs of one seed must agree.
  uint64_t TraceHash() const { return trace_hash_; }

 private:
  friend class SimExecutor;
  static constexpr int kWorld = -1;
  struct Key {
    absl::Duration due;
    uint64_t tie = 0;
    TimerId id = 0;
    bool operator<(const Key& other) const { return std::tie(due, tie, id) < std::tie(other.due, other.tie, other.id); }
  };
  struct Event {
    int node = kWorld;
    uint64_t incarnation = 0;
    absl::AnyInvocable<void()> task;
  };
  struct Node {
    std::string name;
    uint64_t incarnation = 1;
    bool alive = true;
    std::vector<std::unique_ptr<SimExecutor>> executors;  // all incarnations: dead objects still point to theirs
    std::unique_ptr<SimClock> clock;
  };

  TimerId Add(int node, uint64_t incarnation, absl::Duration delay, absl::AnyInvocable<void()> task);
  void Remove(TimerId id);
  void RunNext();

  Random random_;
  absl::Duration now_;
  TimerId next_id_ = 1;
  std::map<Key, Event> queue_;
  std::unordered_map<TimerId, Key> keys_;
  std::vector<Node> nodes_;
  bool ending_ = false;
  uint64_t events_run_ = 0;
  uint64_t trace_hash_ = 0;
};

/// While one exists, what is allocated is not reported by LeakSanitizer: for tests that crash nodes.
class SimLeaksAllowed {
 public:
  SimLeaksAllowed();
  ~SimLeaksAllowed();
};

}  // namespace tsd::sim
