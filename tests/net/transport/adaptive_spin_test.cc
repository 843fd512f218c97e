#include "net/transport/adaptive_spin.h"

#include <gtest/gtest.h>

namespace tsd::net {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const AdaptiveSpin::Clock::time_point kStart{std::chrono::hours(1)};

TEST(AdaptiveSpin, IsNotWorthItBeforeShortWaitsWereSeen) {
  AdaptiveSpin spin;
  EXPECT_FALSE(spin.IsWorth(microseconds(0)));
  spin.NoteWait(std::chrono::seconds(1), kStart);
  EXPECT_FALSE(spin.IsWorth(microseconds(0)));
}

TEST(AdaptiveSpin, ShortWaitsMakeItLongerUpToItsMost) {
  AdaptiveSpin spin;
  spin.NoteWait(microseconds(150), kStart);
  EXPECT_TRUE(spin.IsWorth(microseconds(0)));
  EXPECT_FALSE(spin.IsWorth(microseconds(150)));
  for (int i = 0; i < 4; ++i) spin.NoteWait(microseconds(150), kStart);
  EXPECT_TRUE(spin.IsWorth(microseconds(150)));
  for (int i = 0; i < 100; ++i) spin.NoteWait(AdaptiveSpin::kLongest, kStart);
  EXPECT_TRUE(spin.IsWorth(AdaptiveSpin::kLongest - microseconds(1)));
  EXPECT_FALSE(spin.IsWorth(AdaptiveSpin::kLongest));
}

TEST(AdaptiveSpin, WaitsWithinItLeaveItAsItIs) {
  AdaptiveSpin spin;
  for (int i = 0; i < 10; ++i) spin.NoteWait(microseconds(30), kStart);
  EXPECT_TRUE(spin.IsWorth(microseconds(30)));
  EXPECT_FALSE(spin.IsWorth(microseconds(80)));
}

TEST(AdaptiveSpin, LongWaitsEndIt) {
  AdaptiveSpin spin;
  for (int i = 0; i < 10; ++i) spin.NoteWait(AdaptiveSpin::kLongest, kStart);
  for (int i = 0; i < 6; ++i) spin.NoteWait(milliseconds(10), kStart);
  EXPECT_FALSE(spin.IsWorth(microseconds(0)));
}

TEST(AdaptiveSpin, ABusyNeighbourEndsItForLongerEachTime) {
  AdaptiveSpin spin;
  auto now = kStart;
  for (const auto pause : {milliseconds(5), milliseconds(10), milliseconds(20), milliseconds(40)}) {
    spin.NoteWait(microseconds(30), now);
    ASSERT_TRUE(spin.IsWorth(microseconds(0)));
    spin.NoteCrowded(now);
    spin.NoteWait(microseconds(30), now + pause - microseconds(1));
    EXPECT_FALSE(spin.IsWorth(microseconds(0)));
    now += pause;
  }
  spin.NoteWait(microseconds(30), now);
  spin.NoteWait(microseconds(30), now);  // this time nobody wanted the core
  spin.NoteCrowded(now);
  spin.NoteWait(microseconds(30), now + milliseconds(5));
  EXPECT_TRUE(spin.IsWorth(microseconds(0)));
}

}  // namespace
}  // namespace tsd::net
