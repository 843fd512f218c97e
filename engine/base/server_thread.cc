#include "engine/base/server_thread.h"

#include <pthread.h>
#include <sched.h>

#include <string>
#include <utility>

namespace tsd {

std::thread StartServerThread(std::string_view name, absl::AnyInvocable<void()> body) {
  return std::thread([name = std::string(name.substr(0, 15)), body = std::move(body)]() mutable {
    pthread_setname_np(pthread_self(), name.c_str());
    const sched_param priority{};
    (void)sched_setscheduler(0, SCHED_BATCH, &priority);  // of this thread; only a little time is lost without it
    body();
  });
}

}  // namespace tsd
