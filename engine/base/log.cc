#include "engine/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

#include "engine/base/mutex.h"

namespace tsd::log {
namespace {

constexpr char kPattern[] = "%Y-%m-%d %H:%M:%S.%e UTC [%P] %l %v";

Mutex mutex;
std::shared_ptr<spdlog::logger> logger;
spdlog::level::level_enum threshold = spdlog::level::info;

std::shared_ptr<spdlog::logger> Get() {
  MutexLock lock(mutex);
  if (!logger) {
    logger = std::make_shared<spdlog::logger>("tsd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern(kPattern, spdlog::pattern_time_type::utc);
    logger->set_level(threshold);
  }
  return logger;
}

spdlog::level::level_enum Convert(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarning: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

void SetLevel(Level level) {
  Get()->set_level(Convert(level));
  MutexLock lock(mutex);
  threshold = Convert(level);
}

void SetFile(std::string_view path) {
  std::shared_ptr<spdlog::logger> next;
  if (!path.empty()) {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(std::string(path));
    next = std::make_shared<spdlog::logger>("tsd", sink);
    next->set_pattern(kPattern, spdlog::pattern_time_type::utc);
    next->flush_on(spdlog::level::info);
  }
  MutexLock lock(mutex);
  if (next) next->set_level(threshold);
  logger = next;
}

void Write(Level level, std::string_view message) {
  // Control characters would let a client forge lines.
  std::string line(message);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  Get()->log(Convert(level), line);
}

}  // namespace tsd::log
