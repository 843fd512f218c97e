// Expected strings are what PostgreSQL 15 answers.
#include <gtest/gtest.h>

#include "engine/types/datetime.h"
#include "engine/types/datetime_functions.h"
#include "tests/engine/types/type_outcome.h"

namespace tsd {
namespace {

using outcome::Outcome;
using outcome::RoundTrip;
using outcome::Zone;

struct TextRow {
  std::string_view text, expected;
};

TextContext ContextIn(std::string_view zone) {
  TextContext context;
  context.datetime.zone = Zone(zone);
  return context;
}

TEST(DateTimeText, Timestamp) {
  static constexpr TextRow kRows[] = {
      {"2024-01-05", "2024-01-05 00:00:00"},
      {"2024-01-05 04:05:06.789", "2024-01-05 04:05:06.789"},
      {"2024-01-05T04:05:06", "2024-01-05 04:05:06"},
      {"Jan 5 2024", "2024-01-05 00:00:00"},
      {"5 January 2024", "2024-01-05 00:00:00"},
      {"January 5, 2024 04:05", "2024-01-05 04:05:00"},
      {"20240105", "2024-01-05 00:00:00"},
      {"20240105T040506", "2024-01-05 04:05:06"},
      {"2024.005", "2024-01-05 00:00:00"},
      {"2024-005", "2024-01-05 00:00:00"},
      {"J2451187", "1999-01-08 00:00:00"},
      {"2024-01-05 04:05 PM", "2024-01-05 16:05:00"},
      {"January 8, 99 BC", "0099-01-08 00:00:00 BC"},
      {"1/8/99", "1999-01-08 00:00:00"},
      {"05-Jan-2024", "2024-01-05 00:00:00"},
      {"990108", "1999-01-08 00:00:00"},
      {"Fri Jan 05 04:05:06.5 2024 UTC", "2024-01-05 04:05:06.5"},
      {"2024-01-05 04:05:06 America/New_York", "2024-01-05 04:05:06"},
      {"epoch", "1970-01-01 00:00:00"},
      {"infinity", "infinity"},
      {"-infinity", "-infinity"},
      {"2024-01-05 24:00", "2024-01-06 00:00:00"},
      {"2024-02-03 23:59:60", "2024-02-04 00:00:00"},
      {"2024-02-03 23:59:59.9999999", "2024-02-04 00:00:00"},
      {"2024-01-05 allballs", "2024-01-05 00:00:00"},
      {"2024-02-29", "2024-02-29 00:00:00"},
      {"2023-02-29", "!22008 date/time field value out of range: \"2023-02-29\""},
      {"2023-02-29 BC", "!22008 date/time field value out of range: \"2023-02-29 BC\""},
      {"4714-11-24 BC", "4714-11-24 00:00:00 BC"},
      {"4715-01-01 BC", "!22008 timestamp out of range: \"4715-01-01 BC\""},
      {"294276-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999"},
      {"294277-01-01", "!22008 timestamp out of range: \"294277-01-01\""},
      {"", "!22007 invalid input syntax for type timestamp: \"\""},
      {"x", "!22007 invalid input syntax for type timestamp: \"x\""},
      {"2024-01", "!22007 invalid input syntax for type timestamp: \"2024-01\""},
      {"12345", "!22007 invalid input syntax for type timestamp: \"12345\""},
      {"2024-01-05 04", "!22007 invalid input syntax for type timestamp: \"2024-01-05 04\""},
      {"2024-01-05 13:00 PM", "!22008 date/time field value out of range: \"2024-01-05 13:00 PM\""},
      {"2024-13-01", "!22008 date/time field value out of range: \"2024-13-01\""},
      {"2024-02-30 25:00", "!22008 date/time field value out of range: \"2024-02-30 25:00\""},
      {"2024-02-03 24:00:01", "!22008 date/time field value out of range: \"2024-02-03 24:00:01\""},
      {"32 Jan 2024", "!22007 invalid input syntax for type timestamp: \"32 Jan 2024\""},
      {"now now", "!22007 invalid input syntax for type timestamp: \"now now\""},
      {"2024-01-05 04:05:06 Foo/Bar", "!22023 time zone \"foo/bar\" not recognized"},
      {"0000-01-01", "!22008 date/time field value out of range: \"0000-01-01\""},
      {"+infinity", "!22007 invalid input syntax for type timestamp: \"+infinity\""},
      {"2024-01-05 12:30 am", "2024-01-05 00:30:00"},
      {"  2024-01-05  ", "2024-01-05 00:00:00"},
  };
  for (const TextRow& row : kRows) EXPECT_EQ(RoundTrip(TypeId::kTimestamp, row.text), row.expected) << row.text;
}

TEST(DateTimeText, TimestampTz) {
  static constexpr TextRow kRows[] = {
      {"2024-01-05 04:05:06Z", "2024-01-04 23:05:06-05"},
      {"2024-07-05 04:05:06", "2024-07-05 04:05:06-04"},
      {"2024-01-05 04:05:06+03", "2024-01-04 20:05:06-05"},
      {"2024-01-05 04:05:06+0330", "2024-01-04 19:35:06-05"},
      {"2024-01-05 04:05:06-05:30:15", "2024-01-05 04:35:21-05"},
      {"2024-03-10 02:30", "2024-03-10 03:30:00-04"},
      {"2024-11-03 01:30", "2024-11-03 01:30:00-05"},
      {"2024-01-05 04:05 CEST", "2024-01-04 21:05:00-05"},
      {"2024-01-05 04:05 MET DST", "2024-01-04 21:05:00-05"},
      {"2024-07-05 04:05:06 Europe/Berlin", "2024-07-04 22:05:06-04"},
      {"2024-07-05 04:05:06 GMT+3", "2024-07-05 03:05:06-04"},
      {"2024-07-05 00:00+16", "!22009 time zone displacement out of range: \"2024-07-05 00:00+16\""},
      {"1800-01-01 00:00", "1800-01-01 00:00:00-04:56:02"},
      {"infinity", "infinity"},
      {"294276-12-31 23:59:59.999999-01", "!22008 timestamp out of range: \"294276-12-31 23:59:59.999999-01\""},
      {"2024-01-05 abc", "!22007 invalid input syntax for type timestamp with time zone: \"2024-01-05 abc\""},
      {"20240705T040506Z", "2024-07-05 00:05:06-04"},
  };
  const TextContext context = ContextIn("America/New_York");
  for (const TextRow& row : kRows) EXPECT_EQ(RoundTrip(TypeId::kTimestampTz, row.text, context), row.expected) << row.text;
}

TEST(DateTimeText, Date) {
  static constexpr TextRow kRows[] = {
      {"2024-01-05", "2024-01-05"},
      {"2024-02-30", "!22008 date/time field value out of range: \"2024-02-30\""},
      {"epoch", "1970-01-01"},
      {"infinity", "infinity"},
      {"5874897-12-31", "5874897-12-31"},
      {"5874898-01-01", "!22008 date out of range: \"5874898-01-01\""},
      {"4714-11-24 BC", "4714-11-24 BC"},
      {"4714-11-23 BC", "!22008 date out of range: \"4714-11-23 BC\""},
      {"20240105", "2024-01-05"},
      {"x", "!22007 invalid input syntax for type date: \"x\""},
      {"1/1", "!22007 invalid input syntax for type date: \"1/1\""},
      {"2024-01-05 10:00+03", "2024-01-05"},
  };
  for (const TextRow& row : kRows) EXPECT_EQ(RoundTrip(TypeId::kDate, row.text), row.expected) << row.text;
}

TEST(DateTimeText, Time) {
  static constexpr TextRow kRows[] = {
      {"04:05", "04:05:00"},
      {"04:05:06.789", "04:05:06.789"},
      {"040506", "04:05:06"},
      {"0405", "04:05:00"},
      {"04:05 PM", "16:05:00"},
      {"24:00", "24:00:00"},
      {"24:00:00.1", "!22008 date/time field value out of range: \"24:00:00.1\""},
      {"23:59:60", "24:00:00"},
      {"04:05:06+03", "04:05:06"},
      {"25:00", "!22008 date/time field value out of range: \"25:00\""},
      {"x", "!22007 invalid input syntax for type time: \"x\""},
      {"23:59:59.9999999", "24:00:00"},
      {"allballs", "00:00:00"},
  };
  for (const TextRow& row : kRows) EXPECT_EQ(RoundTrip(TypeId::kTime, row.text), row.expected) << row.text;
}

TEST(DateTimeText, RelativeWords) {
  TextContext context = ContextIn("America/New_York");
  context.datetime.now = absl::FromUnixSeconds(1'704'427'445);  // 2024-01-05 04:04:05 UTC, still the 4th in New York
  EXPECT_EQ(RoundTrip(TypeId::kTimestampTz, "now", context), "2024-01-04 23:04:05-05");
  EXPECT_EQ(RoundTrip(TypeId::kTimestamp, "now", context), "2024-01-04 23:04:05");
  EXPECT_EQ(RoundTrip(TypeId::kDate, "today", context), "2024-01-04");
  EXPECT_EQ(RoundTrip(TypeId::kDate, "tomorrow", context), "2024-01-05");
  EXPECT_EQ(RoundTrip(TypeId::kTimestamp, "yesterday 05:00", context), "2024-01-03 05:00:00");
}

TEST(DateTimeText, DateOrderDecides) {
  TextContext context;
  context.datetime.order = DateOrder::kDmy;
  EXPECT_EQ(RoundTrip(TypeId::kDate, "1/8/1999", context), "1999-08-01");
  context.datetime.order = DateOrder::kYmd;
  EXPECT_EQ(RoundTrip(TypeId::kDate, "99/1/8", context), "1999-01-08");
}

TEST(DateTimeText, PrecisionRounds) {
  EXPECT_EQ(RoundTrip(DataType(TypeId::kTimestamp, false, 2), "2024-01-05 04:05:06.785"), "2024-01-05 04:05:06.79");
  EXPECT_EQ(RoundTrip(DataType(TypeId::kTimestamp, false, 0), "2000-12-31 23:59:59.5"), "2001-01-01 00:00:00");
  // Away from zero, and zero is 2000-01-01.
  EXPECT_EQ(RoundTrip(DataType(TypeId::kTimestamp, false, 0), "1999-12-31 23:59:59.5"), "1999-12-31 23:59:59");
}

TEST(DateTimeText, FastPathAgreesWithSlowPath) {
  int64_t fast;
  bool has_zone;
  for (std::string_view text : {"2024-01-05 04:05:06", "2024-02-29T23:59:59.000001", "0001-01-01 00:00:00", "1969-12-31 23:59:59.9"}) {
    ASSERT_TRUE(ParseIsoTimestampFast(text, &fast, &has_zone)) << text;
    EXPECT_FALSE(has_zone);
    // A blank in front sends the text down the slow path.
    EXPECT_EQ(fast, *ParseTimestamp(std::string(" ") + std::string(text), -1, DateTimeContext())) << text;
  }
  for (std::string_view text : {"2024-01-05 04:05:06Z", "2024-01-05 04:05:06.5+03", "2024-01-05 04:05:06-0330", "2024-01-05 04:05:06+05:45"}) {
    ASSERT_TRUE(ParseIsoTimestampFast(text, &fast, &has_zone)) << text;
    EXPECT_TRUE(has_zone);
    EXPECT_EQ(fast, *ParseTimestampTz(std::string(" ") + std::string(text), -1, DateTimeContext())) << text;
  }
  for (std::string_view text : {"2024-02-30 00:00:00", "2024-01-05 24:00:00", "2024-01-05 04:05:60", "2024-01-05 04:05:06.", "2024-1-05 04:05:06",
                                "2024-01-05 04:05:06.1234567", "2024-01-05 04:05:06+", "2024-01-05 04:05:06+3", "0000-01-01", "2024-01-05 04:05", ""}) {
    EXPECT_FALSE(ParseIsoTimestampFast(text, &fast, &has_zone)) << text;
  }
}

TEST(DateTimeText, HostileTextIsRefused) {
  for (const std::string& text : {std::string(10'000, '1'), std::string(200, '-'), std::string("2024-01-05\0x", 12), std::string(100, ':'), std::string(100, '/')}) {
    EXPECT_EQ(RoundTrip(TypeId::kTimestampTz, text)[0], '!');
    EXPECT_EQ(RoundTrip(TypeId::kTime, text)[0], '!');
    EXPECT_EQ(RoundTrip(TypeId::kInterval, text)[0], '!');
  }
}

std::string OutcomeTz(const StatusOr<int64_t>& result, const absl::TimeZone& zone) {
  if (!result.ok()) return outcome::ErrorText(result.status());
  std::string out;
  FormatTimestampTz(*result, zone, out);
  return out;
}

TEST(DateTimeFunctions, Extract) {
  struct Row {
    std::string_view field, text, expected;
  };
  static constexpr Row kRows[] = {
      {"microseconds", "2024-12-30 13:45:06.789012", "6789012"},
      {"milliseconds", "2024-12-30 13:45:06.789012", "6789.012"},
      {"second", "2024-12-30 13:45:06.789012", "6.789012"},
      {"minute", "2024-12-30 13:45:06.789012", "45"},
      {"hour", "2024-12-30 13:45:06.789012", "13"},
      {"day", "2024-12-30 13:45:06.789012", "30"},
      {"dow", "2024-12-30 13:45:06.789012", "1"},
      {"isodow", "2024-12-30 13:45:06.789012", "1"},
      {"doy", "2024-12-30 13:45:06.789012", "365"},
      {"week", "2024-12-30 13:45:06.789012", "1"},
      {"month", "2024-12-30 13:45:06.789012", "12"},
      {"quarter", "2024-12-30 13:45:06.789012", "4"},
      {"year", "2024-12-30 13:45:06.789012", "2024"},
      {"isoyear", "2024-12-30 13:45:06.789012", "2025"},
      {"decade", "2024-12-30 13:45:06.789012", "202"},
      {"century", "2024-12-30 13:45:06.789012", "21"},
      {"millennium", "2024-12-30 13:45:06.789012", "3"},
      {"epoch", "2024-12-30 13:45:06.789012", "1735584306.789012"},
      {"julian", "2024-12-30 13:45:06.789012", "2460675.57299524319444444444"},
      {"timezone", "2024-12-30 13:45:06.789012", "-18000"},
      {"timezone_hour", "2024-12-30 13:45:06.789012", "-5"},
      {"timezone_minute", "2024-12-30 13:45:06.789012", "0"},
      {"microseconds", "0044-03-15 00:00 BC", "0"},
      {"milliseconds", "0044-03-15 00:00 BC", "0.000"},
      {"second", "0044-03-15 00:00 BC", "0.000000"},
      {"minute", "0044-03-15 00:00 BC", "0"},
      {"hour", "0044-03-15 00:00 BC", "0"},
      {"day", "0044-03-15 00:00 BC", "15"},
      {"dow", "0044-03-15 00:00 BC", "5"},
      {"isodow", "0044-03-15 00:00 BC", "5"},
      {"doy", "0044-03-15 00:00 BC", "74"},
      {"week", "0044-03-15 00:00 BC", "11"},
      {"month", "0044-03-15 00:00 BC", "3"},
      {"quarter", "0044-03-15 00:00 BC", "1"},
      {"year", "0044-03-15 00:00 BC", "-44"},
      {"isoyear", "0044-03-15 00:00 BC", "-44"},
      {"decade", "0044-03-15 00:00 BC", "-5"},
      {"century", "0044-03-15 00:00 BC", "-1"},
      {"millennium", "0044-03-15 00:00 BC", "-1"},
      {"epoch", "0044-03-15 00:00 BC", "-63517806238.000000"},
      {"julian", "0044-03-15 00:00 BC", "1705428.0000000000000000000000000000"},
      {"timezone", "0044-03-15 00:00 BC", "-17762"},
      {"timezone_hour", "0044-03-15 00:00 BC", "-4"},
      {"timezone_minute", "0044-03-15 00:00 BC", "-56"},
      {"microseconds", "infinity", ""},
      {"milliseconds", "infinity", ""},
      {"second", "infinity", ""},
      {"minute", "infinity", ""},
      {"hour", "infinity", ""},
      {"day", "infinity", ""},
      {"dow", "infinity", ""},
      {"isodow", "infinity", ""},
      {"doy", "infinity", ""},
      {"week", "infinity", ""},
      {"month", "infinity", ""},
      {"quarter", "infinity", ""},
      {"year", "infinity", "Infinity"},
      {"isoyear", "infinity", "Infinity"},
      {"decade", "infinity", "Infinity"},
      {"century", "infinity", "Infinity"},
      {"millennium", "infinity", "Infinity"},
      {"epoch", "infinity", "Infinity"},
      {"julian", "infinity", "Infinity"},
      {"timezone", "infinity", ""},
      {"timezone_hour", "infinity", ""},
      {"timezone_minute", "infinity", ""},
  };
  const TextContext context = ContextIn("America/New_York");
  for (const Row& row : kRows) {
    const int64_t timestamp = *ParseTimestampTz(row.text, -1, context.datetime);
    const auto result = ExtractTimestampTz(*ParseDateTimeField(row.field, TypeId::kTimestampTz), timestamp, context.datetime.zone);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->has_value() ? (*result)->ToString() : "", row.expected) << row.field << " " << row.text;
  }
}

TEST(DateTimeFunctions, ExtractRefusesForeignFields) {
  EXPECT_EQ(outcome::ErrorText(ParseDateTimeField("foo", TypeId::kTimestamp).status()),
            "!22023 unit \"foo\" not recognized for type timestamp without time zone");
  EXPECT_EQ(outcome::ErrorText(ExtractDate(DateTimeField::kHour, 0).status()), "!0A000 unit \"hour\" not supported for type date");
  EXPECT_EQ(outcome::ErrorText(ExtractTime(DateTimeField::kDay, 0).status()), "!0A000 unit \"day\" not supported for type time without time zone");
  EXPECT_EQ(outcome::ErrorText(ExtractInterval(DateTimeField::kDow, Interval()).status()), "!0A000 unit \"dow\" not supported for type interval");
}

TEST(DateTimeFunctions, Truncate) {
  struct Row {
    std::string_view field, text, expected;
  };
  static constexpr Row kRows[] = {
      {"microseconds", "2024-03-13 13:45:06.789012", "2024-03-13 13:45:06.789012-04"},
      {"milliseconds", "2024-03-13 13:45:06.789012", "2024-03-13 13:45:06.789-04"},
      {"second", "2024-03-13 13:45:06.789012", "2024-03-13 13:45:06-04"},
      {"minute", "2024-03-13 13:45:06.789012", "2024-03-13 13:45:00-04"},
      {"hour", "2024-03-13 13:45:06.789012", "2024-03-13 13:00:00-04"},
      {"day", "2024-03-13 13:45:06.789012", "2024-03-13 00:00:00-04"},
      {"week", "2024-03-13 13:45:06.789012", "2024-03-11 00:00:00-04"},
      {"month", "2024-03-13 13:45:06.789012", "2024-03-01 00:00:00-05"},
      {"quarter", "2024-03-13 13:45:06.789012", "2024-01-01 00:00:00-05"},
      {"year", "2024-03-13 13:45:06.789012", "2024-01-01 00:00:00-05"},
      {"decade", "2024-03-13 13:45:06.789012", "2020-01-01 00:00:00-05"},
      {"century", "2024-03-13 13:45:06.789012", "2001-01-01 00:00:00-05"},
      {"millennium", "2024-03-13 13:45:06.789012", "2001-01-01 00:00:00-05"},
      {"dow", "2024-03-13 13:45:06.789012", "!22023 unit \"dow\" not recognized for type timestamp with time zone"},
      {"timezone", "2024-03-13 13:45:06.789012", "!0A000 unit \"timezone\" not supported for type timestamp with time zone"},
      {"microseconds", "0044-03-15 13:00 BC", "0044-03-15 13:00:00-04:56:02 BC"},
      {"milliseconds", "0044-03-15 13:00 BC", "0044-03-15 13:00:00-04:56:02 BC"},
      {"second", "0044-03-15 13:00 BC", "0044-03-15 13:00:00-04:56:02 BC"},
      {"minute", "0044-03-15 13:00 BC", "0044-03-15 13:00:00-04:56:02 BC"},
      {"hour", "0044-03-15 13:00 BC", "0044-03-15 13:00:00-04:56:02 BC"},
      {"day", "0044-03-15 13:00 BC", "0044-03-15 00:00:00-04:56:02 BC"},
      {"week", "0044-03-15 13:00 BC", "0044-03-11 00:00:00-04:56:02 BC"},
      {"month", "0044-03-15 13:00 BC", "0044-03-01 00:00:00-04:56:02 BC"},
      {"quarter", "0044-03-15 13:00 BC", "0044-01-01 00:00:00-04:56:02 BC"},
      {"year", "0044-03-15 13:00 BC", "0044-01-01 00:00:00-04:56:02 BC"},
      {"decade", "0044-03-15 13:00 BC", "0051-01-01 00:00:00-04:56:02 BC"},
      {"century", "0044-03-15 13:00 BC", "0100-01-01 00:00:00-04:56:02 BC"},
      {"millennium", "0044-03-15 13:00 BC", "1000-01-01 00:00:00-04:56:02 BC"},
      {"dow", "0044-03-15 13:00 BC", "!22023 unit \"dow\" not recognized for type timestamp with time zone"},
      {"timezone", "0044-03-15 13:00 BC", "!0A000 unit \"timezone\" not supported for type timestamp with time zone"},
  };
  const TextContext context = ContextIn("America/New_York");
  for (const Row& row : kRows) {
    const int64_t timestamp = *ParseTimestampTz(row.text, -1, context.datetime);
    const DateTimeField field = *ParseDateTimeField(row.field, TypeId::kTimestampTz);
    EXPECT_EQ(OutcomeTz(TruncateTimestampTz(field, timestamp, context.datetime.zone), context.datetime.zone), row.expected) << row.field << " " << row.text;
  }
}

TEST(DateTimeFunctions, AddIntervalInZone) {
  struct Row {
    std::string_view text, interval, expected;
  };
  static constexpr Row kRows[] = {
      {"2024-01-31 00:00", "1 mon", "2024-02-29 00:00:00-05"},
      {"2024-03-31 00:00", "-1 mon", "2024-02-29 00:00:00-05"},
      {"2024-03-09 12:00", "1 day", "2024-03-10 12:00:00-04"},
      {"2024-03-09 12:00", "24 hours", "2024-03-10 13:00:00-04"},
      {"2024-02-29 00:00", "1 year", "2025-02-28 00:00:00-05"},
      {"294276-12-31 00:00", "1 day", "!22008 timestamp out of range"},
      {"infinity", "1 day", "infinity"},
      {"2024-11-03 00:30", "1 hour", "2024-11-03 01:30:00-04"},
      {"2024-11-03 00:30", "2 hours", "2024-11-03 01:30:00-05"},
  };
  const TextContext context = ContextIn("America/New_York");
  const absl::TimeZone& zone = context.datetime.zone;
  for (const Row& row : kRows) {
    const int64_t timestamp = *ParseTimestampTz(row.text, -1, context.datetime);
    EXPECT_EQ(OutcomeTz(AddIntervalTz(timestamp, *ParseInterval(row.interval, -1), zone), zone), row.expected) << row.text << " + " << row.interval;
  }
}

TEST(DateTimeFunctions, Age) {
  struct Row {
    std::string_view left, right, expected;
  };
  static constexpr Row kRows[] = {
      {"2024-03-01", "2023-02-28", "1 year 1 day"},
      {"2023-02-28", "2024-03-01", "-1 years -1 days"},
      {"2024-03-31 10:00", "2024-02-29 11:00", "1 mon 1 day 23:00:00"},
      {"2001-04-10", "1957-06-13", "43 years 9 mons 27 days"},
      {"2024-01-01", "2024-01-01", "00:00:00"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Outcome(Age(*ParseTimestamp(row.left, -1, DateTimeContext()), *ParseTimestamp(row.right, -1, DateTimeContext()))), row.expected);
  }
}

TEST(DateTimeFunctions, DifferencesAndRanges) {
  EXPECT_EQ(Outcome(SubtractTimestamps(kMicrosPerDay * 3 / 2, 0)), "1 day 12:00:00");
  EXPECT_EQ(Outcome(SubtractTimestamps(kTimestampInfinity, 0)), "!22008 cannot subtract infinite timestamps");
  EXPECT_EQ(outcome::ErrorText(AddInterval(kEndTimestamp - 1, *ParseInterval("1 us", -1)).status()), "!22008 timestamp out of range");
  EXPECT_EQ(outcome::ErrorText(AddDays(kEndDate - 1, 1).status()), "!22008 date out of range");
  EXPECT_EQ(outcome::ErrorText(MakeDate(2024, 2, 30).status()), "!22008 date field value out of range: 2024-02-30");
  EXPECT_EQ(outcome::ErrorText(DateToTimestamp(kEndDate - 1).status()), "!22008 date out of range for timestamp");
  EXPECT_EQ(outcome::ErrorText(AddInterval(0, *ParseInterval("2147483647 days", -1)).status()), "!22008 timestamp out of range");
  EXPECT_EQ(outcome::ErrorText(DateToTimestamp(kDateMinusInfinity + 1).status()), "!22008 date out of range for timestamp");
  EXPECT_EQ(*TimestampFromEpochSeconds(0), -kEpochShiftMicros);
  EXPECT_EQ(*TimestampToDate(-1), -1);
}

TEST(DateTimeFunctions, CalendarRoundTrips) {
  for (int64_t days = kMinDate; days < 4'000'000; days += 997) {
    CivilTime civil;
    CivilFromDays(days, &civil);
    ASSERT_EQ(DaysFromCivil(civil.year, civil.month, civil.day), days);
    ASSERT_LE(civil.day, DaysInMonth(civil.year, civil.month));
  }
}

TEST(TimeZones, Names) {
  absl::TimeZone zone;
  EXPECT_TRUE(FindTimeZone("america/new_york", &zone));
  EXPECT_EQ(ZoneOffsetAt(0, zone), -5 * 3600);
  EXPECT_TRUE(FindTimeZone("UTC+3", &zone));  // POSIX: west is positive
  EXPECT_EQ(ZoneOffsetAt(0, zone), -3 * 3600);
  EXPECT_TRUE(FindTimeZone("<+03>-3", &zone));
  EXPECT_EQ(ZoneOffsetAt(0, zone), 3 * 3600);
  EXPECT_TRUE(FindTimeZone("-05:30", &zone));
  EXPECT_EQ(ZoneOffsetAt(0, zone), 5 * 3600 + 1800);
  EXPECT_TRUE(FindTimeZoneSetting("-5.5", &zone));  // SET timezone: hours east
  EXPECT_EQ(ZoneOffsetAt(0, zone), -5 * 3600 - 1800);
  for (std::string_view bad : {"", "/etc/passwd", "../../etc/passwd", "Foo/Bar", "file:x", "libc:localtime", "UTC+99999", "+"}) {
    EXPECT_FALSE(FindTimeZone(bad, &zone)) << bad;
  }
  EXPECT_EQ(outcome::ErrorText(RequireTimeZone("Nowhere").status()), "!22023 time zone \"Nowhere\" not recognized");
}

TEST(TimeZones, GapsAndOverlaps) {
  const absl::TimeZone zone = Zone("Europe/Berlin");
  const auto instant = [&](std::string_view text) {
    std::string out;
    FormatTimestampTz(*LocalToUtc(*ParseTimestamp(text, -1, DateTimeContext()), zone), absl::UTCTimeZone(), out);
    return out;
  };
  EXPECT_EQ(instant("2024-03-31 02:30"), "2024-03-31 01:30:00+00");  // no such wall clock: as before the change
  EXPECT_EQ(instant("2024-10-27 02:30"), "2024-10-27 01:30:00+00");  // twice: the second one
  EXPECT_EQ(instant("2024-10-27 01:59:59"), "2024-10-26 23:59:59+00");
  EXPECT_EQ(instant("2024-07-01 00:00"), "2024-06-30 22:00:00+00");
}

struct StyleRow {
  DateStyle style;
  DateOrder order;
  std::string_view timestamp, zoned, date, before_christ;
};

TEST(DateTimeText, Styles) {
  static constexpr StyleRow kRows[] = {
      {DateStyle::kPostgres, DateOrder::kMdy, "Wed Dec 17 07:37:16.25 1997", "Sun Jun 30 20:00:00 2024 EDT", "12-17-1997", "Fri Mar 15 05:03:58 0044 LMT BC"},
      {DateStyle::kPostgres, DateOrder::kDmy, "Wed 17 Dec 07:37:16.25 1997", "Sun 30 Jun 20:00:00 2024 EDT", "17-12-1997", "Fri 15 Mar 05:03:58 0044 LMT BC"},
      {DateStyle::kPostgres, DateOrder::kYmd, "Wed Dec 17 07:37:16.25 1997", "Sun Jun 30 20:00:00 2024 EDT", "12-17-1997", "Fri Mar 15 05:03:58 0044 LMT BC"},
      {DateStyle::kSql, DateOrder::kMdy, "12/17/1997 07:37:16.25", "06/30/2024 20:00:00 EDT", "12/17/1997", "03/15/0044 05:03:58 LMT BC"},
      {DateStyle::kSql, DateOrder::kDmy, "17/12/1997 07:37:16.25", "30/06/2024 20:00:00 EDT", "17/12/1997", "15/03/0044 05:03:58 LMT BC"},
      {DateStyle::kGerman, DateOrder::kDmy, "17.12.1997 07:37:16.25", "30.06.2024 20:00:00 EDT", "17.12.1997", "15.03.0044 05:03:58 LMT BC"},
      {DateStyle::kIso, DateOrder::kDmy, "1997-12-17 07:37:16.25", "2024-06-30 20:00:00-04", "1997-12-17", "0044-03-15 05:03:58-04:56:02 BC"},
  };
  const DateTimeContext plain;
  for (const StyleRow& row : kRows) {
    DateTimeContext context = ContextIn("America/New_York").datetime;
    context.style = row.style;
    context.order = row.order;
    std::string out;
    FormatTimestampStyled(*ParseTimestamp("1997-12-17 07:37:16.25", -1, plain), context, out);
    EXPECT_EQ(out, row.timestamp);
    out.clear();
    FormatTimestampTzStyled(*ParseTimestampTz("2024-07-01 00:00+00", -1, plain), context, out);
    EXPECT_EQ(out, row.zoned);
    out.clear();
    FormatDateStyled(*ParseDate("1997-12-17", plain), context, out);
    EXPECT_EQ(out, row.date);
    out.clear();
    FormatTimestampTzStyled(*ParseTimestampTz("0044-03-15 10:00+00 BC", -1, plain), context, out);
    EXPECT_EQ(out, row.before_christ);
    out.clear();
    FormatTimestampStyled(kTimestampMinusInfinity, context, out);
    FormatDateStyled(kDateInfinity, context, out);
    EXPECT_EQ(out, "-infinityinfinity");
  }
}

}  // namespace
}  // namespace tsd
