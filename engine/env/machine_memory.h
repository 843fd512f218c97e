#pragma once
// How much memory this process can have. Any thread.
#include <cstdint>
#include <string>

namespace tsd::engine {

/// The machine's memory, or less where a control group of this process (version 1 or 2) limits it. `root`: where /proc and /sys are found.
uint64_t MachineMemory(const std::string& root = "");

}  // namespace tsd::engine
