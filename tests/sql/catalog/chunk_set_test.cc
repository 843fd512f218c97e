// ChunkSet against a plain map, over random changes; and that versions do not disturb each other.
#include "sql/catalog/chunk_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>

namespace tsd::sql {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

ChunkPtr MakeChunk(uint64_t id, int64_t start, int64_t end, int slot_start = 0, int slot_end = kSlotCount) {
  auto chunk = std::make_shared<Chunk>();
  chunk->id = ChunkId(id);
  chunk->oid = static_cast<uint32_t>(100'000 - id);
  chunk->range_start = start;
  chunk->range_end = end;
  chunk->slot_start = slot_start;
  chunk->slot_end = slot_end;
  return chunk;
}

std::vector<uint64_t> Ids(const ChunkSet& set) {
  std::vector<uint64_t> ids;
  for (const ChunkPtr& chunk : set) ids.push_back(chunk->id.value());
  return ids;
}

size_t Overlapping(const ChunkSet& set, int64_t low, int64_t high, size_t* seen) {
  size_t count = *seen = 0;
  for (const ChunkPtr& chunk : set.Near(low, high)) {
    ++*seen;
    count += chunk->range_start <= high && low < chunk->range_end;
  }
  return count;
}

TEST(ChunkSetTest, AnEmptySetHasNothing) {
  const ChunkSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.begin(), set.end());
  EXPECT_EQ(set.Find(ChunkId(1)), nullptr);
  EXPECT_EQ(set.FindByOid(1), nullptr);
  EXPECT_EQ(set.FindAt(0, 0), nullptr);
  EXPECT_TRUE(set.Near(std::numeric_limits<int64_t>::min(), kMax).empty());
  ChunkSet erased;
  erased.Erase({ChunkId(1)});
  EXPECT_TRUE(erased.empty());
}

TEST(ChunkSetTest, RandomChangesKeepWhatAMapKeeps) {
  std::mt19937_64 random(7);
  std::map<uint64_t, ChunkPtr> model;
  ChunkSet set;
  std::vector<std::pair<ChunkSet, std::vector<uint64_t>>> versions;
  uint64_t next_id = 1;
  for (int round = 0; round < 120; ++round) {
    if (random() % 3 != 0) {
      std::vector<ChunkPtr> added;
      for (uint64_t count = random() % 4 == 0 ? random() % 3000 : random() % 4; count > 0; --count) {
        const int64_t start = static_cast<int64_t>(next_id * 7919 % 65'536) * 10;
        const int half = static_cast<int>(random() % 2) * 512;
        added.push_back(MakeChunk(next_id, start, start + 10, half, half + 512));
        model[next_id++] = added.back();
      }
      if (!model.empty()) {  // one that changed
        auto changed = std::make_shared<Chunk>(*std::next(model.begin(), static_cast<int64_t>(random() % model.size()))->second);
        changed->compression = ChunkCompression::kCompressed;
        const bool doubled = std::any_of(added.begin(), added.end(), [&](const ChunkPtr& chunk) { return chunk->id == changed->id; });
        if (!doubled) {
          model[changed->id.value()] = changed;
          added.push_back(std::move(changed));
        }
      }
      set.Put(std::move(added));
    } else {
      std::vector<ChunkId> ids = {ChunkId(next_id + 5)};  // one that never was
      const uint64_t lowest = random() % next_id;
      for (auto at = model.lower_bound(lowest); at != model.end() && at->first < lowest + random() % 2000; at = model.erase(at)) ids.push_back(ChunkId(at->first));
      std::shuffle(ids.begin(), ids.end(), random);
      set.Erase(ids);
    }
    ASSERT_EQ(set.size(), model.size());
    std::vector<ChunkPtr> expected;
    for (const auto& [id, chunk] : model) expected.push_back(chunk);
    std::sort(expected.begin(), expected.end(), [](const ChunkPtr& a, const ChunkPtr& b) { return ByRange::Of(*a) < ByRange::Of(*b); });
    ASSERT_TRUE(std::equal(set.begin(), set.end(), expected.begin(), expected.end()));
    for (int probe = 0; probe < 50 && !model.empty(); ++probe) {
      const uint64_t id = random() % (next_id + 10);
      const auto found = model.find(id);
      const ChunkPtr chunk = found == model.end() ? nullptr : found->second;
      ASSERT_EQ(set.Find(ChunkId(id)), chunk);
      ASSERT_EQ(set.FindByOid(static_cast<uint32_t>(100'000 - id)), chunk);
      if (chunk) {
        ASSERT_EQ(set.FindAt(chunk->range_start + static_cast<int64_t>(random() % 10), chunk->slot_start + 3), chunk);
      }
      const int64_t time = static_cast<int64_t>(random() % 700'000);
      const bool there = std::any_of(expected.begin(), expected.end(), [&](const ChunkPtr& entry) {
        return entry->range_start <= time && time < entry->range_end && entry->slot_start == 0;
      });
      ASSERT_EQ(set.FindAt(time, 5) != nullptr, there);
      const int64_t high = time + static_cast<int64_t>(random() % 5000);
      const auto overlapping = std::count_if(expected.begin(), expected.end(), [&](const ChunkPtr& entry) { return entry->range_start <= high && time < entry->range_end; });
      size_t seen = 0;
      ASSERT_EQ(Overlapping(set, time, high, &seen), static_cast<size_t>(overlapping));
      ASSERT_EQ(seen, static_cast<size_t>(overlapping));  // slices of one width: nothing in vain
    }
    if (round % 10 == 0) versions.emplace_back(set, Ids(set));
  }
  for (const auto& [version, ids] : versions) EXPECT_EQ(Ids(version), ids);
}

TEST(ChunkSetTest, SlicesOfAnotherWidthAreFoundToo) {
  std::vector<ChunkPtr> chunks = {MakeChunk(1, 0, 100'000)};  // of an interval that was larger once
  for (int64_t i = 0; i < 1000; ++i) chunks.push_back(MakeChunk(static_cast<uint64_t>(i + 2), 100'000 + 10 * i, 100'010 + 10 * i));
  chunks.push_back(MakeChunk(5000, 200, 300, 512, kSlotCount));
  const ChunkSet set(chunks);
  size_t seen = 0;
  EXPECT_EQ(Overlapping(set, -10, -1, &seen), 0u);
  EXPECT_EQ(Overlapping(set, 99'990, 100'010, &seen), 3u);
  EXPECT_EQ(Overlapping(set, 105'000, 105'009, &seen), 1u);
  EXPECT_EQ(seen, 1u);
  EXPECT_EQ(Overlapping(set, 110'000, kMax, &seen), 0u);
  EXPECT_EQ(set.FindAt(99'999, 1)->id, ChunkId(1));
  EXPECT_EQ(set.FindAt(100'005, 1)->id, ChunkId(2));
  EXPECT_EQ(set.FindAt(110'000, 1), nullptr);
}

TEST(ChunkSetTest, TheLastSliceReachesTheGreatestTime) {
  const ChunkSet set({MakeChunk(1, 0, 10), MakeChunk(2, 10, kMax)});
  size_t seen = 0;
  Overlapping(set, kMax, kMax, &seen);
  EXPECT_EQ(seen, 1u);
  EXPECT_EQ(set.FindAt(kMax - 1, 0)->id, ChunkId(2));
}

}  // namespace
}  // namespace tsd::sql
