// Expressions against PostgreSQL 15's answers (session time zone America/New_York).
#include <gtest/gtest.h>

#include "tests/sql/function/expression_harness.h"

namespace tsd::sql {
namespace {

constexpr ExpressionCase kArithmetic[] = {
#include "tests/sql/function/cases_arithmetic.inc"
};
constexpr ExpressionCase kCasts[] = {
#include "tests/sql/function/cases_cast.inc"
};
constexpr ExpressionCase kTimes[] = {
#include "tests/sql/function/cases_time.inc"
};
constexpr ExpressionCase kTexts[] = {
#include "tests/sql/function/cases_text.inc"
};
constexpr ExpressionCase kMore[] = {
#include "tests/sql/function/cases_more.inc"
};
// TimescaleDB's; PostgreSQL has none.
constexpr ExpressionCase kTimeBuckets[] = {
#include "tests/sql/function/cases_time_bucket.inc"
};

template <size_t kCount>
void CheckAll(const ExpressionCase (&cases)[kCount]) {
  for (const ExpressionCase& one : cases) {
    EXPECT_EQ(EvaluateText(one.expression), one.expected) << one.expression;
  }
}

TEST(Expressions, ArithmeticAndComparison) { CheckAll(kArithmetic); }
TEST(Expressions, Casts) { CheckAll(kCasts); }
TEST(Expressions, DatesAndTimes) { CheckAll(kTimes); }
TEST(Expressions, More) { CheckAll(kMore); }
TEST(Expressions, TimeBucket) { CheckAll(kTimeBuckets); }
TEST(Expressions, TextArraysJson) { CheckAll(kTexts); }

}  // namespace
}  // namespace tsd::sql
