// tsbench generate: the CPU data set, the same for the same seed.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include <absl/time/time.h>

#include "engine/base/strings.h"
#include "tools/tsbench/arguments.h"

namespace tsd::tsbench {
namespace {

constexpr int kColumns = 10, kStepSeconds = 10;
constexpr size_t kFlushBytes = 1 << 20;
constexpr char kHeader[] =
    "time,hostname,usage_user,usage_system,usage_idle,usage_nice,usage_iowait,usage_irq,usage_softirq,usage_steal,usage_guest,usage_guest_nice\n";

}  // namespace

Status Generate(const Arguments& arguments) {
  const uint64_t rows = Number(arguments, "rows", 0), hosts = Number(arguments, "hosts", 100);
  const std::string path = Text(arguments, "out", "");
  if (rows == 0 || hosts == 0 || path.empty()) return Error(sqlstate::kInvalidParameterValue, "generate needs --rows, --out and at least one host");
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d", Text(arguments, "start", "2024-01-01"), absl::UTCTimeZone(), &time, &error)) {
    return Error(sqlstate::kInvalidParameterValue, StrCat("--start: ", error));
  }
  FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "we");
  if (file == nullptr) return Error(sqlstate::kIoError, StrCat(path, ": ", std::strerror(errno)));
  std::mt19937_64 random(Number(arguments, "seed", 1));
  std::vector<std::array<int, kColumns>> values(hosts);
  for (auto& host : values) {
    for (int& value : host) value = static_cast<int>(random() % 101);
  }
  std::string out = Text(arguments, "header", "no") == "yes" ? kHeader : "", stamp;
  bool written = true;
  for (uint64_t row = 0; row < rows && written; ++row) {
    const uint64_t host = row % hosts;
    if (host == 0) {
      stamp = absl::FormatTime("%Y-%m-%d %H:%M:%S+00", time, absl::UTCTimeZone());
      time += absl::Seconds(kStepSeconds);
    }
    StrAppend(&out, stamp, ",host_", host);
    uint64_t bits = random();
    for (int& value : values[host]) {
      value = std::clamp(value + static_cast<int>(bits % 3) - 1, 0, 100);
      bits /= 3;
      StrAppend(&out, ",", value);
    }
    out.push_back('\n');
    if (out.size() >= kFlushBytes || row + 1 == rows) {
      written = std::fwrite(out.data(), 1, out.size(), file) == out.size();
      out.clear();
    }
  }
  const bool closed = file == stdout ? std::fflush(file) == 0 : std::fclose(file) == 0;
  return written && closed ? OkStatus() : Error(sqlstate::kIoError, StrCat(path, ": ", std::strerror(errno)));
}

}  // namespace tsd::tsbench
