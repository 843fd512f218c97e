// The transport's workers as its executor shows them: nothing is lost, nothing waits for a worker that is busy while another is idle.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "net/transport/asio_transport.h"

namespace tsd::net {
namespace {

class Latch {
 public:
  void Open() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// False after 20 seconds.
  bool Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

std::unique_ptr<AsioTransport> Workers(int threads) {
  AsioOptions options;
  options.threads = threads;
  return *AsioTransport::Create(options);
}

/// Each of `count` tasks makes the next ready, mostly on its own worker.
void Chain(Executor& executor, int count, std::shared_ptr<Latch> end) {
  if (count == 0) return end->Open();
  auto next = [&executor, count, end] { Chain(executor, count - 1, end); };
  if (count % 5 == 0) {
    executor.Post(next);
  } else {
    executor.Continue(next);
  }
}

TEST(AsioWorkers, EveryTaskRuns) {
  for (const int threads : {1, 2, 5}) {
    auto workers = Workers(threads);
    Executor& executor = workers->executor();
    std::atomic<int> runs{0};
    auto all = std::make_shared<Latch>();
    constexpr int kThreads = 4, kTasks = 2000;
    auto one_more = [&runs, all] {
      if (++runs == kThreads * kTasks * 2) all->Open();
    };
    std::vector<std::thread> posters;
    for (int i = 0; i < kThreads; ++i) {
      posters.emplace_back([&executor, one_more] {
        for (int task = 0; task < kTasks; ++task) {
          executor.Post([&executor, one_more] {
            one_more();
            executor.Continue(one_more);
          });
          if (task % 100 == 0) std::this_thread::yield();  // sometimes they have nothing to do and park
        }
      });
    }
    for (std::thread& poster : posters) poster.join();
    EXPECT_TRUE(all->Wait()) << runs << " with " << threads << " threads";
  }
}

TEST(AsioWorkers, ChainsDoNotShutOutOthers) {
  // One worker, one task that keeps making itself ready: posted tasks and timers get their turns.
  auto workers = Workers(1);
  Executor& executor = workers->executor();
  std::atomic<bool> stop{false};
  Latch ended, posted, fired;
  std::function<void()> again = [&] {
    if (stop) return ended.Open();
    executor.Continue(again);
  };
  executor.Post(again);
  executor.Post([&] { posted.Open(); });
  executor.PostAfter(absl::Milliseconds(1), [&] { fired.Open(); });
  EXPECT_TRUE(posted.Wait());
  EXPECT_TRUE(fired.Wait());
  stop = true;
  EXPECT_TRUE(ended.Wait());
}

TEST(AsioWorkers, TasksThatKeepGivingWayDoNotShutOutSocketsAndTimers) {
  // More of them than workers, each always ready: nobody ever has nothing to do.
  constexpr int kThreads = 2, kTasks = 5;
  auto workers = Workers(kThreads);
  Executor& executor = workers->executor();
  std::atomic<bool> stop{false};
  std::atomic<int> running{kTasks};
  Latch ended, fired;
  std::function<void()> again = [&] {
    if (!stop) return executor.Post(again);
    if (--running == 0) ended.Open();
  };
  for (int i = 0; i < kTasks; ++i) executor.Post(again);
  executor.PostAfter(absl::Milliseconds(20), [&] { fired.Open(); });
  EXPECT_TRUE(fired.Wait());
  stop = true;
  EXPECT_TRUE(ended.Wait());
}

TEST(AsioWorkers, LongTaskHoldsUpNoSocketsAndNoTimers) {
  // The busy worker took its task from a socket or a timer, so that it was the one who waited for them.
  auto workers = Workers(2);
  Executor& executor = workers->executor();
  for (int round = 0; round < 20; ++round) {
    auto release = std::make_shared<Latch>();
    auto ended = std::make_shared<Latch>();
    executor.PostAfter(absl::Microseconds(100), [&executor, release, ended] {
      executor.PostAfter(absl::Microseconds(100), [release] { release->Open(); });
      EXPECT_TRUE(release->Wait()) << "nobody looked after the timers";
      ended->Open();
    });
    ASSERT_TRUE(ended->Wait());
    if (round % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // all asleep: also the one that stands by
  }
}

TEST(AsioWorkers, TasksMadeReadyByABusyWorkerAreTakenByOthers) {
  auto workers = Workers(2);
  Executor& executor = workers->executor();
  auto release = std::make_shared<Latch>();
  auto ended = std::make_shared<Latch>();
  executor.Post([&executor, release, ended] {
    executor.Post([release] { release->Open(); });
    EXPECT_TRUE(release->Wait()) << "the posted task waited for its maker";
    ended->Open();
  });
  EXPECT_TRUE(ended->Wait());
}

TEST(AsioWorkers, ChainsAcrossWorkersEnd) {
  auto workers = Workers(3);
  std::vector<std::shared_ptr<Latch>> ends;
  for (int i = 0; i < 50; ++i) {
    ends.push_back(std::make_shared<Latch>());
    workers->executor().Post([&executor = workers->executor(), end = ends.back()] { Chain(executor, 200, end); });
  }
  for (const auto& end : ends) EXPECT_TRUE(end->Wait());
}

TEST(AsioWorkers, ShutdownEndsWhatWasPosted) {
  for (int round = 0; round < 50; ++round) {
    auto workers = Workers(3);
    auto runs = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < 100; ++i) workers->executor().Post([runs] { ++*runs; });
    workers->Shutdown();
    EXPECT_EQ(runs->load(), 100);
  }
}

}  // namespace
}  // namespace tsd::net
