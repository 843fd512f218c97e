#pragma once
// One simulated run: a seed decides cluster, workloads and faults. Replays exactly.
#include <cstdint>
#include <string>
#include <vector>

namespace tsd::sim {

struct RunResult {
  std::vector<std::string> violations;
  uint64_t trace_hash = 0;
  uint64_t events = 0;
  double virtual_seconds = 0;
};

RunResult RunSeed(uint64_t seed);

}  // namespace tsd::sim
