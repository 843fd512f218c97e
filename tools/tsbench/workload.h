#pragma once
// The questions to the CPU data set, Q1 to Q11, each over some random windows that depend on the seed and the data's range only, so that
// every server is asked the same. Values only.
#include <cstdint>
#include <string>
#include <vector>

#include <absl/time/time.h>

namespace tsd::tsbench {

struct BenchQuery {
  std::string name;
  std::string title;
  std::vector<std::string> statements;  // one a window
};

struct WorkloadRange {
  std::string table;
  absl::Time first, last;  // times in the table
  uint64_t hosts = 100;
  uint64_t seed = 1;
  size_t windows = 5;
};

inline constexpr absl::Duration kCpuStep = absl::Seconds(10);  // between two rows of a host

std::vector<BenchQuery> CpuWorkload(const WorkloadRange& range);

}  // namespace tsd::tsbench
