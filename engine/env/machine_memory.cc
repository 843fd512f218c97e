#include "engine/env/machine_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "engine/base/strings.h"

namespace tsd::engine {
namespace {

/// Of the group `path` below the hierarchy `mount` and of all above it: the least limit counts. In a container the path may be the host's,
/// and only the hierarchy's root be there.
uint64_t LeastLimit(const std::string& mount, std::string path, std::string_view file) {
  uint64_t least = UINT64_MAX;
  while (true) {
    std::ifstream limit(StrCat(mount, path, "/", file));
    uint64_t bytes = 0;  // "max" is no number
    if (limit >> bytes) least = std::min(least, bytes);
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return least;
    path.resize(slash);
  }
}

}  // namespace

uint64_t MachineMemory(const std::string& root) {
  uint64_t memory = static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  // Lines "0::/path" of version 2, "4:memory:/path" of version 1.
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (controllers.empty()) {
      memory = std::min(memory, LeastLimit(root + "/sys/fs/cgroup", path, "memory.max"));
    } else if (StrCat(",", controllers, ",").find(",memory,") != std::string::npos) {
      memory = std::min(memory, LeastLimit(root + "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"));
    }
  }
  return memory;
}

}  // namespace tsd::engine
