#include "coord/node/horizon_window.h"

#include <gtest/gtest.h>

namespace tsd::coord {
namespace {

absl::Duration At(double seconds) { return absl::Seconds(1000 + seconds); }

TEST(HorizonWindow, BelievesTheSmallestOfTheLastSeconds) {
  HorizonWindow window;
  EXPECT_EQ(window.Note(Timestamp(10), At(0)), Timestamp());
  EXPECT_EQ(window.Note(Timestamp(20), At(1)), Timestamp());
  EXPECT_EQ(window.Note(Timestamp(30), At(2)), Timestamp());
  EXPECT_EQ(window.Note(Timestamp(40), At(3)), Timestamp(10));
  EXPECT_EQ(window.Note(Timestamp(50), At(4)), Timestamp(20));
  EXPECT_EQ(window.Note(Timestamp(50), At(5.5)), Timestamp(40));
}

TEST(HorizonWindow, OneThatIsWrongHasNoEffect) {
  HorizonWindow window;
  for (int second = 0; second < 20; ++second) {
    const Timestamp told(static_cast<uint64_t>(100 + second));
    EXPECT_LE(window.Note(told, At(second)), told);
    EXPECT_LE(window.Note(kMaxTimestamp, At(second + 0.3)), told);
    EXPECT_LE(window.Note(Timestamp(1000000), At(second + 0.6)), told);
  }
}

TEST(HorizonWindow, StartsAnewAfterSilence) {
  HorizonWindow window;
  for (int second = 0; second < 5; ++second) window.Note(Timestamp(10), At(second));
  EXPECT_EQ(window.Note(Timestamp(99), At(100)), Timestamp());
  EXPECT_EQ(window.Note(Timestamp(12), At(101)), Timestamp());
  EXPECT_EQ(window.Note(Timestamp(13), At(103)), Timestamp(12));
}

}  // namespace
}  // namespace tsd::coord
