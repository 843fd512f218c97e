// tsbench generate: the CPU data set, the same for the same seed: walks with normal steps between 0 and 100, printed as integers.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include "engine/base/strings.h"
#include "tools/tsbench/arguments.h"
#include "tools/tsbench/workload.h"

namespace tsd::tsbench {
namespace {

constexpr int kColumns = 10;
constexpr size_t kFlushBytes = 1 << 20;
constexpr char kHeader[] =
    "time,hostname,usage_user,usage_system,usage_idle,usage_nice,usage_iowait,usage_irq,usage_softirq,usage_steal,usage_guest,usage_guest_nice\n";

/// Normal steps by table: the standard library's distributions differ between libraries, this one does not.
class NormalSteps {
 public:
  NormalSteps() : quantiles_(size_t{1} << 16) {
    // The quantile of (i + 1/2) / 65536 by bisection of the error function's complement.
    for (size_t i = 0; i < quantiles_.size(); ++i) {
      const double probability = (static_cast<double>(i) + 0.5) / static_cast<double>(quantiles_.size());
      double low = -6, high = 6;
      while (high - low > 1e-9) {
        const double middle = (low + high) / 2;
        (0.5 * std::erfc(-middle / std::sqrt(2.0)) < probability ? low : high) = middle;
      }
      quantiles_[i] = static_cast<float>(low);
    }
  }
  float At(uint64_t random) const { return quantiles_[random & 0xffff]; }

 private:
  std::vector<float> quantiles_;
};

}  // namespace

Status Generate(const Arguments& arguments) {
  const uint64_t rows = Number(arguments, "rows", 0), hosts = Number(arguments, "hosts", 100);
  const std::string path = Text(arguments, "out", "");
  if (rows == 0 || hosts == 0 || path.empty()) return Error(sqlstate::kInvalidParameterValue, "generate needs --rows, --out and at least one host");
  ASSIGN_OR_RETURN(absl::Time time, StartOf(arguments));
  FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "we");
  if (file == nullptr) return Error(sqlstate::kIoError, StrCat(path, ": ", std::strerror(errno)));
  std::mt19937_64 random(Number(arguments, "seed", 1));
  const NormalSteps steps;
  std::vector<std::array<float, kColumns>> values(hosts);
  for (auto& host : values) {
    for (float& value : host) value = static_cast<float>(random() % 101);
  }
  std::string out = Text(arguments, "header", "no") == "yes" ? kHeader : "", stamp;
  bool written = true;
  for (uint64_t row = 0; row < rows && written; ++row) {
    const uint64_t host = row % hosts;
    if (host == 0) {
      stamp = absl::FormatTime("%Y-%m-%d %H:%M:%S+00", time, absl::UTCTimeZone());
      time += kCpuStep;
    }
    StrAppend(&out, stamp, ",host_", host);
    uint64_t bits = 0;
    for (size_t i = 0; i < values[host].size(); ++i, bits >>= 16) {
      if (i % 4 == 0) bits = random();
      float& value = values[host][i];
      value = std::clamp(value + steps.At(bits), 0.0F, 100.0F);
      StrAppend(&out, ",", static_cast<int>(value));
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
