#pragma once
// InvariantDivider: unsigned 64-bit division by a number known before a loop, as one multiplication and shifts (Granlund and Montgomery,
// 1994; the variant with a 65-bit multiplier). Pure.
#include <bit>
#include <cstdint>

#include "engine/base/check.h"

namespace tsd::sql {

class InvariantDivider {
 public:
  /// Requires: divisor >= 2.
  explicit InvariantDivider(uint64_t divisor) {
    TSD_CHECK(divisor >= 2);
    const int log2 = 63 - std::countl_zero(divisor);
    if ((divisor & (divisor - 1)) == 0) {
      magic_ = 0;
      shift_ = log2 - 1;
      return;
    }
    // floor(2^(65 + log2) / divisor) + 1, without its top bit.
    const unsigned __int128 power = static_cast<unsigned __int128>(1) << (64 + log2);
    const uint64_t half = static_cast<uint64_t>(power / divisor);
    const uint64_t rest = static_cast<uint64_t>(power % divisor);
    const uint64_t twice = rest + rest;
    magic_ = half + half + ((twice >= divisor || twice < rest) ? 1 : 0) + 1;
    shift_ = log2;
  }
  uint64_t Divide(uint64_t value) const {
    const uint64_t high = static_cast<uint64_t>((static_cast<unsigned __int128>(magic_) * value) >> 64);
    return (((value - high) >> 1) + high) >> shift_;
  }

 private:
  uint64_t magic_ = 0;
  int shift_ = 0;
};

}  // namespace tsd::sql
