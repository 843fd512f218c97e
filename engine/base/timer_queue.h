#pragma once
// Tasks by the time they are due, for the executors. Not thread-safe: its owner's mutex guards it. A task may own things that post when
// they end, so all of them are handed out to end outside that mutex.
#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <absl/functional/any_invocable.h>
#include <absl/time/time.h>

#include <optional>
#include <utility>
#include <vector>

#include "engine/base/executor.h"

namespace tsd {

class TimerQueue {
 public:
  using Task = absl::AnyInvocable<void()>;

  /// `due` is a monotonic time.
  TimerId Add(absl::Duration due, Task task);
  /// The task of a timer that is still waiting.
  std::optional<Task> Remove(TimerId timer);
  /// One that is due by `now`, the earliest first.
  std::optional<Task> TakeDue(absl::Duration now);
  std::vector<Task> TakeAll();
  /// When the first is due; infinite if there is none.
  absl::Duration NextDue() const { return tasks_.empty() ? absl::InfiniteDuration() : tasks_.begin()->first.first; }

 private:
  absl::btree_map<std::pair<absl::Duration, TimerId>, Task> tasks_;
  absl::flat_hash_map<TimerId, absl::Duration> due_;
  TimerId next_ = 1;
};

}  // namespace tsd
