// Rows of the CPU use case: every 10 s a row a host, ten metrics that walk by normal steps between 0 and 100, printed as integers.
#include <algorithm>
#include <array>
#include <random>

#include "engine/base/strings.h"
#include "tools/tsbench/random_walk.h"
#include "tools/tsbench/workload.h"

namespace tsd::tsbench {

void WriteCpuRows(const DataOptions& options, std::span<CsvFile> files) {
  std::mt19937_64 random(options.seed);
  const NormalSteps steps;
  std::vector<std::array<float, 10>> values(options.series);
  for (auto& host : values) {
    for (float& value : host) value = static_cast<float>(random() % 101);
  }
  const absl::Duration step = CpuUseCase().step;
  absl::Time time = options.start;
  std::string stamp;
  for (uint64_t row = 0; row < options.rows; ++row) {
    const uint64_t host = row % options.series;
    if (host == 0) {
      stamp = absl::FormatTime("%Y-%m-%d %H:%M:%S+00", time, absl::UTCTimeZone());
      time += step;
    }
    std::string& out = files[0].row();
    StrAppend(&out, stamp, ",host_", host);
    uint64_t bits = 0;
    for (size_t i = 0; i < values[host].size(); ++i, bits >>= 16) {
      if (i % 4 == 0) bits = random();
      float& value = values[host][i];
      value = std::clamp(value + steps.At(bits), 0.0F, 100.0F);
      StrAppend(&out, ",", static_cast<int>(value));
    }
    files[0].EndRow();
  }
}

}  // namespace tsd::tsbench
