#include "net/transport/adaptive_spin.h"

#include <gtest/gtest.h>

namespace tsd::net {
namespace {

using std::chrono::microseconds;

TEST(AdaptiveSpin, IsNotWorthItBeforeShortWaitsWereSeen) {
  AdaptiveSpin spin;
  EXPECT_FALSE(spin.IsWorth(microseconds(0)));
  spin.Note(std::chrono::seconds(1));
  EXPECT_FALSE(spin.IsWorth(microseconds(0)));
}

TEST(AdaptiveSpin, ShortWaitsMakeItLongerUpToItsMost) {
  AdaptiveSpin spin;
  spin.Note(microseconds(150));
  EXPECT_TRUE(spin.IsWorth(microseconds(0)));
  EXPECT_FALSE(spin.IsWorth(microseconds(150)));
  for (int i = 0; i < 4; ++i) spin.Note(microseconds(150));
  EXPECT_TRUE(spin.IsWorth(microseconds(150)));
  for (int i = 0; i < 100; ++i) spin.Note(AdaptiveSpin::kLongest);
  EXPECT_TRUE(spin.IsWorth(AdaptiveSpin::kLongest - microseconds(1)));
  EXPECT_FALSE(spin.IsWorth(AdaptiveSpin::kLongest));
}

TEST(AdaptiveSpin, WaitsWithinItLeaveItAsItIs) {
  AdaptiveSpin spin;
  for (int i = 0; i < 10; ++i) spin.Note(microseconds(30));
  EXPECT_TRUE(spin.IsWorth(microseconds(30)));
  EXPECT_FALSE(spin.IsWorth(microseconds(80)));
}

TEST(AdaptiveSpin, LongWaitsEndIt) {
  AdaptiveSpin spin;
  for (int i = 0; i < 10; ++i) spin.Note(AdaptiveSpin::kLongest);
  for (int i = 0; i < 6; ++i) spin.Note(std::chrono::milliseconds(10));
  EXPECT_FALSE(spin.IsWorth(microseconds(0)));
}

}  // namespace
}  // namespace tsd::net
