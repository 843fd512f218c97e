#include "engine/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tsd {

void CheckFailed(const char* file, int line, const char* condition, const std::string& message) {
  std::fprintf(stderr, "FATAL invariant broken at %s:%d: %s %s\n", file, line, condition, message.c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace tsd
