// The cluster under seeded faults. TSD_SIM_SEEDS = how many seeds (default 40), TSD_SIM_SEED = the first, or with TSD_SIM_SEEDS=1 the one.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "engine/base/fault.h"
#include "engine/base/log.h"
#include "engine/base/strings.h"
#include "tests/sim/run.h"
#include "tests/support/sim_executor.h"

namespace tsd::sim {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

class SimulationTest : public ::testing::Test {
 protected:
  SimulationTest() { log::SetLevel(std::getenv("TSD_SIM_LOG") ? log::Level::kDebug : log::Level::kError); }
  SimLeaksAllowed leaks_;
};

/// Runs these seeds; each one that fails is a failure of the test.
void RunSeeds(uint64_t first, uint64_t count) {
  double virtual_seconds = 0;
  int failed = 0;
  for (uint64_t seed = first; seed < first + count && failed < 5; ++seed) {
    const RunResult result = RunSeed(seed);
    virtual_seconds += result.virtual_seconds;
    if (result.violations.empty()) continue;
    ++failed;
    std::string text;
    for (size_t i = 0; i < result.violations.size() && i < 5; ++i) StrAppend(&text, "\n  ", result.violations[i]);
    ADD_FAILURE() << "seed " << seed << " (TSD_SIM_SEED=" << seed << " TSD_SIM_SEEDS=1):" << text;
  }
  std::printf("%llu seeds from %llu, %.0f virtual seconds\n", static_cast<unsigned long long>(count), static_cast<unsigned long long>(first), virtual_seconds);
}

/// The same in a process of its own. Coroutines of a simulation's crashed nodes end nowhere, and what they hold, some megabytes a seed, is
/// only given back with the process.
void RunSeedsApart(uint64_t first, uint64_t count) {
  std::fflush(nullptr);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    RunSeeds(first, count);
    std::fflush(nullptr);
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "among " << count << " seeds from " << first;
}

TEST_F(SimulationTest, SeedsPass) {
  constexpr uint64_t kSeedsAProcess = 100;
  const uint64_t first = FromEnvironment("TSD_SIM_SEED", 1);
  const uint64_t count = FromEnvironment("TSD_SIM_SEEDS", 40);
  if (count <= kSeedsAProcess) return RunSeeds(first, count);
  for (uint64_t done = 0; done < count && !HasFailure(); done += kSeedsAProcess) RunSeedsApart(first + done, std::min(kSeedsAProcess, count - done));
}

TEST_F(SimulationTest, SameSeedSameRun) {
  for (uint64_t seed : {3u, 17u}) {
    const RunResult once = RunSeed(seed);
    const RunResult again = RunSeed(seed);
    EXPECT_EQ(once.trace_hash, again.trace_hash) << "seed " << seed;
    EXPECT_EQ(once.events, again.events) << "seed " << seed;
  }
}

// The tests of the tests: each way to be wrong must be noticed within a number of seeds.
class BrokenVariantTest : public SimulationTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(BrokenVariantTest, IsCaught) {
  const uint64_t limit = FromEnvironment("TSD_SIM_BROKEN_SEEDS", 150);
  fault::SetBroken(GetParam(), true);
  uint64_t caught_at = 0;
  for (uint64_t seed = 1; seed <= limit && caught_at == 0; ++seed) {
    if (!RunSeed(seed).violations.empty()) caught_at = seed;
  }
  fault::SetBroken(GetParam(), false);
  EXPECT_NE(caught_at, 0u) << GetParam() << " was not noticed in " << limit << " seeds";
  std::printf("%s caught at seed %llu\n", GetParam(), static_cast<unsigned long long>(caught_at));
}

INSTANTIATE_TEST_SUITE_P(Variants, BrokenVariantTest,
                         ::testing::Values("skip_decision_sync", "skip_prepare_sync", "answer_whatever_was_prepared", "abort_without_record", "read_ignores_prepared"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace tsd::sim
