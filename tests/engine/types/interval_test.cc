// Expected strings are what PostgreSQL 15 answers.
#include <gtest/gtest.h>

#include "engine/types/interval_text.h"
#include "tests/engine/types/type_outcome.h"

namespace tsd {
namespace {

using outcome::Outcome;
using outcome::RoundTrip;

TEST(Interval, Text) {
  struct Row {
    std::string_view text, expected;
  };
  static constexpr Row kRows[] = {
      {"1 day 02:03:04.5", "1 day 02:03:04.5"},
      {"1 year 2 mons", "1 year 2 mons"},
      {"60.000s", "00:01:00"},
      {"1h30m", "01:30:00"},
      {"@ 1 day ago", "-1 days"},
      {"P1Y2M3DT4H5M6S", "1 year 2 mons 3 days 04:05:06"},
      {"1-2", "1 year 2 mons"},
      {"1.5 days", "1 day 12:00:00"},
      {"1.5 months", "1 mon 15 days"},
      {"1.5 years", "1 year 6 mons"},
      {"1", "00:00:01"},
      {"-1 day +02:03:04", "-1 days +02:03:04"},
      {"1 day -02:03:04", "1 day -02:03:04"},
      {"1:30.5", "00:01:30.5"},
      {"00:00:01.123456789", "00:00:01.123457"},
      {"1 week", "7 days"},
      {"1 2:03:04", "1 day 02:03:04"},
      {"-1-2 -3 -4:05:06", "-1 years -2 mons -3 days -04:05:06"},
      {"P0001-02-03T04:05:06", "1 year 2 mons 3 days 04:05:06"},
      {"PT36H", "36:00:00"},
      {"P1W", "7 days"},
      {"1.5 weeks", "10 days 12:00:00"},
      {"1 mon -1 day", "1 mon -1 days"},
      {"1 month 1 month", "!22007 invalid input syntax for type interval: \"1 month 1 month\""},
      {"x", "!22007 invalid input syntax for type interval: \"x\""},
      {"", "!22007 invalid input syntax for type interval: \"\""},
      {"1 foo", "!22007 invalid input syntax for type interval: \"1 foo\""},
      {"100000000000 years", "!22015 interval field value out of range: \"100000000000 years\""},
      {"2147483648 days", "!22015 interval field value out of range: \"2147483648 days\""},
      {"12:60", "!22015 interval field value out of range: \"12:60\""},
      {"500 ms", "00:00:00.5"},
      {"5 m", "00:05:00"},
      {"-0.5 days", "-12:00:00"},
      {"1 12", "!22007 invalid input syntax for type interval: \"1 12\""},
      {"P1Y-2M", "10 mons"},
      {"-P1Y", "!22007 invalid input syntax for type interval: \"-P1Y\""},
      {"1.7 months", "1 mon 21 days"},
      {"178956970 years 7 mons", "178956970 years 7 mons"},
      {"178956970 years 8 mons", "!22008 interval out of range"},
      {"2562047788:00:54.775807", "2562047788:00:54.775807"},
      {"2562047788:00:54.775808", "!22015 interval field value out of range: \"2562047788:00:54.775808\""},
      {"- 1 day", "-1 days"},
      {"1.2.3 days", "!22007 invalid input syntax for type interval: \"1.2.3 days\""},
      {"P", "!22007 invalid input syntax for type interval: \"P\""},
      {"PT1.5M", "00:01:30"},
      {"0", "00:00:00"},
  };
  for (const Row& row : kRows) EXPECT_EQ(RoundTrip(TypeId::kInterval, row.text), row.expected) << row.text;
}

TEST(Interval, Multiply) {
  struct Row {
    std::string_view text, factor, expected;
  };
  static constexpr Row kRows[] = {
      {"1 mon", "1.5", "1 mon 15 days"},
      {"1 day", "0.3", "07:12:00"},
      {"1 year", "0.33", "3 mons 28 days 19:12:00"},
      {"35 days", "0.1", "3 days 12:00:00"},
      {"1 mon", "-1.5", "-1 mons -15 days"},
      {"178956970 years", "10", "!22008 interval out of range"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Outcome(MultiplyInterval(*ParseInterval(row.text, -1), *ParseFloat64(row.factor))), row.expected) << row.text << " * " << row.factor;
  }
  EXPECT_EQ(Outcome(DivideInterval(*ParseInterval("1 mon 1 day 1 hour", -1), 7)), "4 days 10:25:42.832457");
  EXPECT_EQ(Outcome(DivideInterval(*ParseInterval("1 day", -1), 0)), "!22012 division by zero");
}

TEST(Interval, SumsAndJustification) {
  const auto of = [](std::string_view text) { return *ParseInterval(text, -1); };
  EXPECT_EQ(Outcome(AddIntervals(of("2147483647 days"), of("1 day"))), "!22008 interval out of range");
  EXPECT_EQ(Outcome(NegateInterval(of("-2147483648 days"))), "!22008 interval out of range");
  EXPECT_EQ(Outcome(SubtractIntervals(of("1 mon"), of("1 day"))), "1 mon -1 days");
  EXPECT_EQ(Outcome(JustifyHours(of("50 hours -3 days"))), "-22:00:00");
  EXPECT_EQ(Outcome(JustifyDays(of("35 days -1 mon"))), "5 days");
  EXPECT_EQ(Outcome(JustifyInterval(of("1 mon -1 hour"))), "29 days 23:00:00");
  EXPECT_EQ(Outcome(JustifyInterval(of("-1 mon 1 day"))), "-29 days");
}

TEST(Interval, PrecisionRounds) {
  EXPECT_EQ(RoundTrip(DataType(TypeId::kInterval, false, (0x7fff << 16) | 1), "1 day 02:03:04.567"), "1 day 02:03:04.6");
}

TEST(Interval, EqualityCountsThirtyDays) {
  EXPECT_EQ(*ParseInterval("1 mon", -1), *ParseInterval("30 days", -1));
  EXPECT_EQ(*ParseInterval("1 day", -1), *ParseInterval("24 hours", -1));
}

TEST(Interval, Styles) {
  static constexpr struct {
    std::string_view text, verbose, sql, iso;
  } kRows[] = {
      {"0", "@ 0", "0", "PT0S"},
      {"1 year 2 mons 3 days 04:05:06.7", "@ 1 year 2 mons 3 days 4 hours 5 mins 6.7 secs", "+1-2 +3 +4:05:06.7", "P1Y2M3DT4H5M6.7S"},
      {"-1 year -2 mons", "@ 1 year 2 mons ago", "-1-2", "P-1Y-2M"},
      {"-1 day", "@ 1 day ago", "-1 0:00:00", "P-1D"},
      {"-1 day +02:03:00", "@ 1 day -2 hours -3 mins ago", "+0-0 -1 +2:03:00", "P-1DT2H3M"},
      {"1 mon -1 day", "@ 1 mon -1 days", "+0-1 -1 +0:00:00", "P1M-1D"},
      {"1 sec", "@ 1 sec", "0:00:01", "PT1S"},
      {"-0.5 sec", "@ 0.5 secs ago", "-0:00:00.5", "PT-0.5S"},
      {"1 day 2 hours", "@ 1 day 2 hours", "1 2:00:00", "P1DT2H"},
      {"-04:05:06", "@ 4 hours 5 mins 6 secs ago", "-4:05:06", "PT-4H-5M-6S"},
      {"100 hours", "@ 100 hours", "100:00:00", "PT100H"},
      {"1 day -00:00:01", "@ 1 day -1 sec", "+0-0 +1 -0:00:01", "P1DT-1S"},
  };
  for (const auto& row : kRows) {
    const auto in = [&](IntervalStyle style) {
      std::string out;
      FormatIntervalStyled(*ParseInterval(row.text, -1), style, out);
      return out;
    };
    EXPECT_EQ(in(IntervalStyle::kPostgresVerbose), row.verbose);
    EXPECT_EQ(in(IntervalStyle::kSqlStandard), row.sql);
    EXPECT_EQ(in(IntervalStyle::kIso8601), row.iso);
  }
}

}  // namespace
}  // namespace tsd
