// The fast text forms against slower ways to say the same.
#include "engine/types/fast_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <random>

#include "engine/types/datetime.h"
#include "engine/types/text_form.h"
#include "engine/types/timezone.h"

namespace tsd {
namespace {

std::string Float(double value) {
  char buffer[kMaxFastText];
  return std::string(buffer, PutFloat64Text(value, buffer));
}

/// PostgreSQL's layout of the shortest digits, from to_chars' scientific form.
std::string Reference(double value) {
  char buffer[64];
  const std::string text(buffer, std::to_chars(buffer, buffer + sizeof(buffer), std::fabs(value), std::chars_format::scientific).ptr);
  std::string digits;
  for (char c : text.substr(0, text.find('e'))) {
    if (c != '.') digits += c;
  }
  const int exponent = std::stoi(text.substr(text.find('e') + 1));
  const std::string sign = value < 0 ? "-" : "";
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  while (digits.size() < static_cast<size_t>(exponent) + 1) digits += '0';
  if (digits.size() == static_cast<size_t>(exponent) + 1) return sign + digits;
  return sign + digits.substr(0, static_cast<size_t>(exponent) + 1) + "." + digits.substr(static_cast<size_t>(exponent) + 1);
}

TEST(FastTextTest, Floats) {
  EXPECT_EQ(Float(0), "0");
  EXPECT_EQ(Float(-0.0), "-0");
  EXPECT_EQ(Float(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(Float(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(Float(100), "100");
  EXPECT_EQ(Float(-0.5), "-0.5");
  EXPECT_EQ(Float(0.1), "0.1");
  EXPECT_EQ(Float(0.3), "0.3");
  EXPECT_EQ(Float(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(Float(1e15), "1e+15");
  EXPECT_EQ(Float(999999999999999.0), "999999999999999");
  EXPECT_EQ(Float(0.0001), "0.0001");
  EXPECT_EQ(Float(0.00001), "1e-05");
  EXPECT_EQ(Float(5e-324), "5e-324");
  EXPECT_EQ(Float(1.7976931348623157e308), "1.7976931348623157e+308");
  EXPECT_EQ(Float(99999999.999999), "99999999.999999");
}

TEST(FastTextTest, RandomFloatsReadBackAndAreShortest) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 300000; ++i) {
    double value = 0;
    switch (i % 4) {
      case 0: value = std::bit_cast<double>(random()); break;
      case 1: value = static_cast<double>(static_cast<int64_t>(random() % 2'000'000'000) - 1'000'000'000) / std::pow(10, random() % 8); break;
      case 2: value = static_cast<double>(random() % 1000) / static_cast<double>(1 + random() % 1000); break;
      default: value = std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 60) - 70); break;
    }
    if (!std::isfinite(value)) continue;
    const std::string text = Float(value);
    double back = 0;
    std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(std::bit_cast<uint64_t>(back), std::bit_cast<uint64_t>(value)) << text;
    std::string slow;
    FormatFloat64(value, 1, slow);
    ASSERT_EQ(text, slow);
    if (std::fabs(value) >= 1e-4 && std::fabs(value) < 1e15) {
      ASSERT_EQ(text, Reference(value));
    }
  }
}

TEST(FastTextTest, Integers) {
  std::mt19937_64 random(2);
  const auto check = [](int64_t value) {
    char buffer[kMaxFastText];
    ASSERT_EQ(std::string(buffer, PutIntegerText(value, buffer)), std::to_string(value));
  };
  for (int64_t value : {INT64_MIN, INT64_MIN + 1, int64_t{-1}, int64_t{0}, int64_t{9}, int64_t{10}, int64_t{99}, int64_t{100}, INT64_MAX}) check(value);
  for (int i = 0; i < 100000; ++i) check(static_cast<int64_t>(random() >> (random() % 64)) * (i % 2 == 0 ? 1 : -1));
}

TEST(FastTextTest, Timestamps) {
  std::mt19937_64 random(3);
  for (const char* name : {"UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"}) {
    const StatusOr<absl::TimeZone> zone = RequireTimeZone(name);
    ASSERT_TRUE(zone.ok());
    TimestampText zoned(&*zone), plain(nullptr);
    char buffer[kMaxFastText];
    int64_t time = 0;
    for (int i = 0; i < 60000; ++i) {
      switch (i % 5) {
        case 0: time = static_cast<int64_t>(random() % 4'000'000'000'000'000) - 2'000'000'000'000'000; break;
        case 1: time = i % 3 == 0 ? kTimestampInfinity : i % 3 == 1 ? kTimestampMinusInfinity : kMinTimestamp; break;
        case 2: time = kEndTimestamp - 1 - static_cast<int64_t>(random() % 1'000'000); break;
        case 3: time = kMinTimestamp + static_cast<int64_t>(random() >> 4); break;
        default: time += 10'000'000; break;
      }
      std::string expected;
      FormatTimestampTz(time, *zone, expected);
      ASSERT_EQ(std::string(buffer, zoned.Put(time, buffer)), expected) << name;
      expected.clear();
      FormatTimestamp(time, expected);
      ASSERT_EQ(std::string(buffer, plain.Put(time, buffer)), expected);
    }
  }
}

}  // namespace
}  // namespace tsd
