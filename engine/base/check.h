#pragma once
// TSD_CHECK: a broken invariant of ours ends the process with file, line and values; on in every build. Never for user input,
// a peer's bytes or a file's bytes: those get a Status.
#include <string>

namespace tsd {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, const std::string& message);
}  // namespace tsd

#define TSD_CHECK(condition)                                                          \
  do {                                                                                \
    if (__builtin_expect(!(condition), 0)) ::tsd::CheckFailed(__FILE__, __LINE__, #condition, ""); \
  } while (0)
#define TSD_CHECK_MSG(condition, message)                                             \
  do {                                                                                \
    if (__builtin_expect(!(condition), 0)) ::tsd::CheckFailed(__FILE__, __LINE__, #condition, (message)); \
  } while (0)
