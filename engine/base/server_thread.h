#pragma once
// How the server's threads are started. Any thread.
#include <absl/functional/any_invocable.h>

#include <string_view>
#include <thread>

namespace tsd {

/// Runs `body` in a thread of this name (cut to 15 characters). The thread is of the kernel's batch policy (sched(7)): as it wakes up it
/// does not push aside the one that runs, which mostly is the one that woke it and about to wait itself; what runs already gives way
/// after its slice as ever. May throw (no threads).
std::thread StartServerThread(std::string_view name, absl::AnyInvocable<void()> body);

}  // namespace tsd
