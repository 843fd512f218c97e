#include "engine/base/timer_queue.h"

namespace tsd {

TimerId TimerQueue::Add(absl::Duration due, Task task) {
  const TimerId id = next_++;
  tasks_.emplace(std::pair(due, id), std::move(task));
  due_.emplace(id, due);
  return id;
}

std::optional<TimerQueue::Task> TimerQueue::Remove(TimerId timer) {
  const auto due = due_.find(timer);
  if (due == due_.end()) return std::nullopt;
  const auto found = tasks_.find(std::pair(due->second, timer));
  std::optional<Task> result(std::move(found->second));
  tasks_.erase(found);
  due_.erase(due);
  return result;
}

std::optional<TimerQueue::Task> TimerQueue::TakeDue(absl::Duration now) {
  if (NextDue() > now) return std::nullopt;
  return Remove(tasks_.begin()->first.second);
}

std::vector<TimerQueue::Task> TimerQueue::TakeAll() {
  std::vector<Task> result;
  for (auto& [due, task] : tasks_) result.push_back(std::move(task));
  tasks_.clear();
  due_.clear();
  return result;
}

}  // namespace tsd
