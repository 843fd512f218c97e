#include "engine/base/fault.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "engine/base/mutex.h"

namespace tsd::fault {
namespace {

Mutex mutex;
Handler handler;
std::set<std::string, std::less<>> broken;
std::atomic<bool> any_broken{false};

}  // namespace

void SetHandler(Handler new_handler) {
  MutexLock lock(mutex);
  handler = std::move(new_handler);
  armed.store(handler != nullptr);
}

void ArmFromEnvironment() {
  const char* text = std::getenv("TSD_FAULT");
  if (text == nullptr || *text == '\0') return;
  std::string name(text);
  int skip = 0;
  if (const size_t colon = name.find(':'); colon != std::string::npos) {
    skip = std::atoi(name.c_str() + colon + 1);
    name.resize(colon);
  }
  SetHandler([name, skip](std::string_view point) mutable {
    if (point == name && skip-- == 0) ::kill(::getpid(), SIGKILL);
  });
}

void Passed(const char* point) {
  MutexLock lock(mutex);
  if (handler) handler(point);
}

bool Broken(std::string_view variant) {
  if (!any_broken.load(std::memory_order_relaxed)) return false;
  MutexLock lock(mutex);
  return broken.contains(variant);
}

void SetBroken(std::string_view variant, bool on) {
  MutexLock lock(mutex);
  if (on) {
    broken.insert(std::string(variant));
  } else {
    broken.erase(std::string(variant));
  }
  any_broken.store(!broken.empty());
}

}  // namespace tsd::fault
