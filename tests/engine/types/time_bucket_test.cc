#include "engine/types/time_bucket.h"

#include <gtest/gtest.h>

#include <limits>

#include "engine/types/datetime.h"
#include "tests/engine/types/type_outcome.h"

namespace tsd {
namespace {

using outcome::Zone;

Interval Width(std::string_view text) { return *ParseInterval(text, -1); }
int64_t At(std::string_view text) { return *ParseTimestamp(text, -1, DateTimeContext()); }

std::string Bucket(std::string_view width, std::string_view text, const TimeBucketOptions& options = {}) {
  const StatusOr<int64_t> result = TimeBucketTimestamp(Width(width), At(text), options);
  if (!result.ok()) return outcome::ErrorText(result.status());
  std::string out;
  FormatTimestamp(*result, out);
  return out;
}

TEST(TimeBucket, FixedWidths) {
  EXPECT_EQ(Bucket("5 min", "2024-01-05 04:07:59"), "2024-01-05 04:05:00");
  EXPECT_EQ(Bucket("1 week", "2024-01-05"), "2024-01-01 00:00:00");  // weeks begin on Monday
  EXPECT_EQ(Bucket("1 day", "1999-12-31 23:00"), "1999-12-31 00:00:00");
  EXPECT_EQ(Bucket("3 days", "2000-01-02 10:00"), "1999-12-31 00:00:00");
  EXPECT_EQ(Bucket("1 hour", "infinity"), "infinity");
  EXPECT_EQ(Bucket("1 hour", "-infinity"), "-infinity");
}

TEST(TimeBucket, MonthWidths) {
  EXPECT_EQ(Bucket("1 mon", "2024-02-29 12:00"), "2024-02-01 00:00:00");
  EXPECT_EQ(Bucket("3 mons", "2024-05-17"), "2024-04-01 00:00:00");
  EXPECT_EQ(Bucket("1 year", "1999-12-31"), "1999-01-01 00:00:00");
  EXPECT_EQ(Bucket("5 mons", "1999-11-15"), "1999-08-01 00:00:00");
  TimeBucketOptions options;
  options.origin = At("2000-02-01");
  EXPECT_EQ(Bucket("3 mons", "2024-04-17", options), "2024-02-01 00:00:00");
}

TEST(TimeBucket, OriginAndOffset) {
  TimeBucketOptions options;
  options.origin = At("2024-01-03 00:00");
  EXPECT_EQ(Bucket("1 week", "2024-01-05", options), "2024-01-03 00:00:00");
  EXPECT_EQ(Bucket("1 week", "2024-01-02", options), "2023-12-27 00:00:00");
  options = TimeBucketOptions();
  options.offset = Width("1 hour");
  EXPECT_EQ(Bucket("1 day", "2024-01-05 00:30", options), "2024-01-04 01:00:00");
  options.offset = Width("10 days");
  EXPECT_EQ(Bucket("1 mon", "2024-02-05", options), "2024-01-11 00:00:00");
}

TEST(TimeBucket, FollowsTheZone) {
  const absl::TimeZone zone = Zone("Europe/Berlin");
  TimeBucketOptions options;
  options.zone = &zone;
  // A day in Berlin begins at 23:00 UTC in winter and at 22:00 in summer; the day of the change has 23 hours.
  EXPECT_EQ(Bucket("1 day", "2024-01-05 12:00", options), "2024-01-04 23:00:00");
  EXPECT_EQ(Bucket("1 day", "2024-03-31 12:00", options), "2024-03-30 23:00:00");
  EXPECT_EQ(Bucket("1 day", "2024-04-01 12:00", options), "2024-03-31 22:00:00");
  EXPECT_EQ(Bucket("1 mon", "2024-03-31 22:30", options), "2024-03-31 22:00:00");
  options.origin = At("2024-01-01 05:00");  // 06:00 in Berlin
  EXPECT_EQ(Bucket("1 day", "2024-07-01 03:59", options), "2024-06-30 04:00:00");
  options.origin.reset();
  options.offset = Width("6 hours");
  EXPECT_EQ(Bucket("1 day", "2024-07-01 04:00", options), "2024-07-01 04:00:00");
}

TEST(TimeBucket, Integers) {
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min(), kHigh = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(*TimeBucketInteger(10, -7, 0, kLow, kHigh), -10);
  EXPECT_EQ(*TimeBucketInteger(10, 19, 0, kLow, kHigh), 10);
  EXPECT_EQ(*TimeBucketInteger(10, -10, 0, kLow, kHigh), -10);
  EXPECT_EQ(*TimeBucketInteger(10, 3, 5, kLow, kHigh), -5);
  EXPECT_EQ(*TimeBucketInteger(10, 3, -15, kLow, kHigh), -5);
  EXPECT_EQ(SqlStateOf(TimeBucketInteger(10, -32767, 0, -32768, 32767).status()), "22008");
  EXPECT_EQ(SqlStateOf(TimeBucketInteger(10, kLow + 1, 3, kLow, kHigh).status()), "22008");
  EXPECT_EQ(outcome::ErrorText(TimeBucketInteger(0, 1, 0, kLow, kHigh).status()), "!22023 period must be greater than 0");
}

TEST(TimeBucket, Errors) {
  EXPECT_EQ(Bucket("0", "2024-01-05"), "!22023 period must be greater than 0");
  EXPECT_EQ(Bucket("-1 day", "2024-01-05"), "!22023 period must be greater than 0");
  EXPECT_EQ(Bucket("-1 mon", "2024-01-05"), "!22023 period must be greater than 0");
  EXPECT_EQ(Bucket("2147483647 days", "2024-01-05"), "!22008 interval out of range");
  EXPECT_EQ(Bucket("1 mon 1 day", "2024-01-05"), "!0A000 month intervals cannot have day or time component");
  EXPECT_EQ(Bucket("1 week", "4714-11-24 BC"), "!22008 timestamp out of range");  // the origin's shift leaves the range
  EXPECT_EQ(Bucket("400000 weeks", "4714-11-25 BC"), "!22008 timestamp out of range");
}

TEST(TimeBucket, Dates) {
  const auto date = [](std::string_view width, std::string_view text) {
    const StatusOr<int32_t> result = TimeBucketDate(Width(width), *ParseDate(text, DateTimeContext()), {});
    if (!result.ok()) return outcome::ErrorText(result.status());
    std::string out;
    FormatDate(*result, out);
    return out;
  };
  EXPECT_EQ(date("1 week", "2024-01-05"), "2024-01-01");
  EXPECT_EQ(date("1 mon", "2024-02-29"), "2024-02-01");
  EXPECT_EQ(date("1 day", "infinity"), "infinity");
  EXPECT_EQ(date("1 hour", "2024-01-05"), "!22023 interval must not have sub-day precision");
}

}  // namespace
}  // namespace tsd
