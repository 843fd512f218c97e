#include "engine/base/timer_queue.h"

#include <gtest/gtest.h>

#include <memory>

namespace tsd {
namespace {

TEST(TimerQueue, HandsOutByTimeThenByOrder) {
  TimerQueue timers;
  std::string ran;
  timers.Add(absl::Seconds(3), [&ran] { ran += 'c'; });
  timers.Add(absl::Seconds(1), [&ran] { ran += 'a'; });
  timers.Add(absl::Seconds(3), [&ran] { ran += 'd'; });
  timers.Add(absl::Seconds(2), [&ran] { ran += 'b'; });
  EXPECT_EQ(timers.NextDue(), absl::Seconds(1));
  EXPECT_FALSE(timers.TakeDue(absl::Milliseconds(999)).has_value());
  while (std::optional<TimerQueue::Task> task = timers.TakeDue(absl::Seconds(2))) std::move (*task)();
  EXPECT_EQ(ran, "ab");
  EXPECT_EQ(timers.NextDue(), absl::Seconds(3));
  while (std::optional<TimerQueue::Task> task = timers.TakeDue(absl::Hours(1))) std::move (*task)();
  EXPECT_EQ(ran, "abcd");
  EXPECT_EQ(timers.NextDue(), absl::InfiniteDuration());
}

TEST(TimerQueue, RemovesOnlyWhatWaits) {
  TimerQueue timers;
  const TimerId first = timers.Add(absl::Seconds(1), [] {});
  const TimerId second = timers.Add(absl::Seconds(1), [] {});
  EXPECT_FALSE(timers.Remove(0).has_value());
  EXPECT_TRUE(timers.Remove(first).has_value());
  EXPECT_FALSE(timers.Remove(first).has_value());
  EXPECT_TRUE(timers.TakeDue(absl::Seconds(1)).has_value());
  EXPECT_FALSE(timers.Remove(second).has_value());
  EXPECT_FALSE(timers.TakeDue(absl::Seconds(1)).has_value());
}

TEST(TimerQueue, TakeAllLeavesTheTasksToTheCaller) {
  TimerQueue timers;
  const auto owned = std::make_shared<int>(1);
  for (int i = 0; i < 3; ++i) timers.Add(absl::Seconds(i), [owned] {});
  {
    const std::vector<TimerQueue::Task> all = timers.TakeAll();
    EXPECT_EQ(all.size(), 3u);
    EXPECT_EQ(timers.NextDue(), absl::InfiniteDuration());
    EXPECT_EQ(owned.use_count(), 4);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace tsd
