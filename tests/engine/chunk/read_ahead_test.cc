#include "engine/chunk/read_ahead.h"

#include <gtest/gtest.h>

#include <set>

namespace tsd::engine {
namespace {

// A disk whose blocks are in memory once they were asked for or read.
struct Disk {
  std::set<size_t> in_memory;
  size_t waited = 0;
  size_t asked = 0;

  void Read(ReadAhead& ahead, size_t block, size_t count) {
    const bool waits = !in_memory.contains(block);
    const ReadAhead::Blocks blocks = ahead.Next(block, count, waits);
    EXPECT_LE(blocks.end, count);
    for (size_t next = blocks.begin; next < blocks.end; ++next) {
      EXPECT_GT(next, block);
      EXPECT_TRUE(in_memory.insert(next).second) << "asked for twice: " << next;
      ++asked;
    }
    in_memory.insert(block);
    waited += waits;
  }
};

TEST(ReadAhead, AScanWaitsOnlyAtItsBeginning) {
  ReadAhead ahead;
  Disk disk;
  for (size_t block = 0; block < 1000; ++block) disk.Read(ahead, block, 1000);
  EXPECT_EQ(disk.waited, 2u);
  EXPECT_EQ(disk.asked, 998u);
}

TEST(ReadAhead, ThreadsThatShareAScanAreOneScan) {
  ReadAhead ahead;
  Disk disk;
  for (size_t block = 0; block < 1000; block += 4) {
    for (size_t other : {1, 0, 3, 2}) disk.Read(ahead, block + other, 1000);
  }
  EXPECT_LE(disk.waited, 4u);
}

TEST(ReadAhead, LookupsHereAndThereAskForNothing) {
  ReadAhead ahead;
  Disk disk;
  for (size_t i = 0; i < 100; ++i) disk.Read(ahead, i * 617 % 1000, 1000);
  EXPECT_EQ(disk.asked, 0u);
}

TEST(ReadAhead, AShortRangeAsksForFew) {
  ReadAhead ahead;
  Disk disk;
  for (size_t block = 500; block < 503; ++block) disk.Read(ahead, block, 1000);
  EXPECT_LE(disk.asked, 16u);
}

TEST(ReadAhead, WhatIsInMemoryIsNotAskedFor) {
  ReadAhead ahead;
  for (size_t block = 0; block < 1000; ++block) EXPECT_EQ(ahead.Next(block, 1000, false).end, 0u);
}

TEST(ReadAhead, AsksAgainAfterAnotherPlace) {
  ReadAhead ahead;
  Disk disk;
  for (size_t block = 0; block < 100; ++block) disk.Read(ahead, block, 1000);
  for (size_t block = 600; block < 700; ++block) disk.Read(ahead, block, 1000);
  EXPECT_LE(disk.waited, 4u);
}

}  // namespace
}  // namespace tsd::engine
