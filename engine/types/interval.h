#pragma once
// PostgreSQL's interval: months, days and microseconds kept apart, compared with 30-day months and 24-hour days.
#include <cstdint>
#include <compare>

namespace tsd {

struct Interval {
  int64_t micros = 0;
  int32_t days = 0;
  int32_t months = 0;

  __int128 ComparisonValue() const {
    return static_cast<__int128>(micros) +
           (static_cast<__int128>(months) * 30 + days) * (static_cast<__int128>(86'400) * 1'000'000);
  }
  /// Equality and order are PostgreSQL's ('1 month' = '30 days').
  bool operator==(const Interval& other) const { return ComparisonValue() == other.ComparisonValue(); }
  bool operator<(const Interval& other) const { return ComparisonValue() < other.ComparisonValue(); }
};
static_assert(sizeof(Interval) == 16);

}  // namespace tsd
