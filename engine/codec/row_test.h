#pragma once
// RowTest: comparing the values of a column with a bound, in the order of types/compare.h. Values; any thread.
#include <cstdint>

namespace tsd::engine {

enum class RowTest : uint8_t { kEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

/// value `test` bound. Requires: bound is not NaN.
struct DoubleTest {
  RowTest test = RowTest::kEqual;
  double bound = 0;

  /// Negated upwards: NaN is above every number.
  bool Passes(double value) const {
    switch (test) {
      case RowTest::kLess: return value < bound;
      case RowTest::kLessEqual: return value <= bound;
      case RowTest::kGreater: return !(value <= bound);
      case RowTest::kGreaterEqual: return !(value < bound);
      default: return value == bound;
    }
  }
};

}  // namespace tsd::engine
