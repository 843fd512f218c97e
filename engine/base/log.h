#pragma once
// One line an event: "2026-01-31 12:00:00.123 UTC [pid] LEVEL message". To stderr, or to the file given. Thread-safe.
#include <string_view>

#include "engine/base/strings.h"

namespace tsd::log {

enum class Level { kDebug, kInfo, kWarning, kError };

void SetLevel(Level level);
/// Appends to `path` from now on; empty = stderr.
void SetFile(std::string_view path);
void Write(Level level, std::string_view message);

template <typename... Args>
void Debug(const Args&... args) { Write(Level::kDebug, StrCat(args...)); }
template <typename... Args>
void Info(const Args&... args) { Write(Level::kInfo, StrCat(args...)); }
template <typename... Args>
void Warning(const Args&... args) { Write(Level::kWarning, StrCat(args...)); }
template <typename... Args>
void Error(const Args&... args) { Write(Level::kError, StrCat(args...)); }

}  // namespace tsd::log
