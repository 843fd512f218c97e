#pragma once
// FixedFloor: floors many timestamps to a grid of fixed width; the loop under time_bucket, date_trunc and date_bin. Pure.
#include <cstdint>
#include <optional>

#include "engine/types/datetime.h"
#include "sql/function/invariant_divider.h"

namespace tsd::sql {

class FixedFloor {
 public:
  /// Grid points are origin + k * width. nullopt where the grid's first point in range cannot be had in 64 bits (huge widths).
  static std::optional<FixedFloor> Make(int64_t width, int64_t origin) {
    if (width < 2) return std::nullopt;
    __int128 distance = static_cast<__int128>(kMinTimestamp) - origin;
    __int128 steps = distance / width;
    if (distance % width > 0) ++steps;  // first grid point at or above the least timestamp
    const __int128 first = static_cast<__int128>(origin) + steps * width;
    if (first < kMinTimestamp || first >= kEndTimestamp) return std::nullopt;
    return FixedFloor(width, static_cast<int64_t>(first));
  }
  /// False if some value is infinite or below the grid: then the caller takes its checked path for the batch.
  bool Run(const int64_t* __restrict values, int64_t* __restrict out, size_t count) const {
    const uint64_t span = static_cast<uint64_t>(kEndTimestamp) - static_cast<uint64_t>(first_);
    const InvariantDivider divider = divider_;
    const uint64_t first = static_cast<uint64_t>(first_);
    const uint64_t width = static_cast<uint64_t>(width_);
    uint64_t bad = 0;
    for (size_t i = 0; i < count; ++i) {
      const uint64_t distance = static_cast<uint64_t>(values[i]) - first;
      bad |= distance >= span ? 1 : 0;
      out[i] = static_cast<int64_t>(first + divider.Divide(distance) * width);
    }
    return bad == 0;
  }

 private:
  FixedFloor(int64_t width, int64_t first) : width_(width), first_(first), divider_(static_cast<uint64_t>(width)) {}
  int64_t width_;
  int64_t first_;
  InvariantDivider divider_;
};

}  // namespace tsd::sql
