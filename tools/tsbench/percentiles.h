#pragma once
// Percentiles of measured times. Values only.
#include <algorithm>
#include <cstddef>
#include <vector>

namespace tsd::tsbench {

struct Percentiles {
  double p50 = 0, p90 = 0, p99 = 0, max = 0;
};

/// Of at least one value.
inline Percentiles PercentilesOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](size_t percent) { return values[std::min(values.size() - 1, values.size() * percent / 100)]; };
  return {at(50), at(90), at(99), values.back()};
}

}  // namespace tsd::tsbench
