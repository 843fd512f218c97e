// The least limit of the process's control groups counts, of either version; without one it is the machine's memory.
#include "engine/env/machine_memory.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace tsd::engine {
namespace {

class MachineMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "tsd_memory_test_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    machine_ = MachineMemory(root_);  // no groups at all
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void Put(const std::string& path, const std::string& text) const {
    const std::filesystem::path full = root_ + path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
  }
  std::string root_;
  uint64_t machine_ = 0;
};

TEST_F(MachineMemoryTest, WithoutGroupsItIsTheMachines) {
  EXPECT_GT(machine_, 1u << 20);
  Put("/proc/self/cgroup", "0::/\n");
  EXPECT_EQ(MachineMemory(root_), machine_);
}

TEST_F(MachineMemoryTest, TheLeastLimitOnThePathCounts) {
  Put("/proc/self/cgroup", "0::/a.slice/b.service\n");
  Put("/sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
  EXPECT_EQ(MachineMemory(root_), machine_);
  Put("/sys/fs/cgroup/a.slice/memory.max", "5000\n");
  EXPECT_EQ(MachineMemory(root_), 5000u);
  Put("/sys/fs/cgroup/a.slice/b.service/memory.max", "4000\n");
  EXPECT_EQ(MachineMemory(root_), 4000u);
}

TEST_F(MachineMemoryTest, InAContainerOnlyTheRootMayBeThere) {
  Put("/proc/self/cgroup", "0::/docker/0123\n");
  Put("/sys/fs/cgroup/memory.max", "6000\n");
  EXPECT_EQ(MachineMemory(root_), 6000u);
}

TEST_F(MachineMemoryTest, VersionOne) {
  Put("/proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/x\n0::/\n");
  Put("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "7000\n");
  Put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(MachineMemory(root_), 7000u);
}

}  // namespace
}  // namespace tsd::engine
