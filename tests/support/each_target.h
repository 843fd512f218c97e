#pragma once
// OnEachTarget: runs something with the SIMD kernels of each instruction set in turn, so that what other machines run is tested on this one.
// One thread: the choice is the process's.
#include <absl/functional/function_ref.h>

namespace tsd {

/// Calls `body` with the name of each target that the program contains and this machine can run, the plainest first; then the best one is
/// chosen again. Returns how many there were.
int OnEachTarget(absl::FunctionRef<void(const char* target)> body);

}  // namespace tsd
