// Property tests of the codecs: random columns of many shapes come back bit for bit; damaged blocks are refused or decode to something of the
// right size, never more. How many values: random_columns.h.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/base/hash.h"
#include "engine/codec/block_codec.h"
#include "engine/codec/shared_dictionary.h"
#include "tests/engine/codec/random_columns.h"

namespace tsd::engine {
namespace {

TEST(CodecProperty, EveryFamilyComesBackBitForBit) {
  std::set<CodecId> seen;
  for (const Family& family : Families()) {
    if (!IsWanted(family.name)) continue;
    Random random(Hash64(family.name));
    SharedDictionary shared;
    for (uint64_t values = 0; values < ValuesWanted();) {
      if (random.Chance(0.05)) shared = SharedDictionary();  // another file
      const Vector vector = family.make(random);
      const std::string bytes = EncodeBlock(vector, &shared);
      seen.insert(BlockCodec(bytes));
      const bool needs_shared = BlockCodec(bytes) == CodecId::kSharedDictionary;
      const VectorPtr entries = needs_shared ? std::make_shared<const Vector>(shared.Entries(vector.type())) : nullptr;
      const auto decoded = DecodeBlock(vector.type(), bytes, vector.size(), entries);
      ASSERT_TRUE(decoded.ok()) << family.name << " after " << values << ": " << decoded.status();
      ASSERT_TRUE(SameBits(vector, **decoded)) << family.name << " after " << values << ", codec " << CodecName(BlockCodec(bytes));
      for (size_t row = 0; row < (*decoded)->codes().size(); ++row) {
        ASSERT_EQ((*decoded)->entries()->GetBytes((*decoded)->codes()[row]), vector.GetBytes(row)) << family.name << " after " << values;
      }
      values += ValuesIn(vector);
    }
  }
  if (std::all_of(Families().begin(), Families().end(), [](const Family& family) { return IsWanted(family.name); })) {
    EXPECT_EQ(seen.size(), static_cast<size_t>(CodecId::kSharedDictionary) + 1) << "a codec that no family leads to";
  }
}

/// What the checksum would catch is let through here: decoders must stand on their own.
TEST(CodecProperty, DamagedBlocksNeverCrash) {
  for (const Family& family : Families()) {
    if (!IsWanted(family.name)) continue;
    Random random(Hash64(family.name) + 1);
    SharedDictionary shared;
    // Each block is damaged forty times.
    for (uint64_t values = 0; values < ValuesWanted() / 4;) {
      const Vector vector = family.make(random);
      values += ValuesIn(vector);
      const std::string bytes = EncodeBlock(vector, &shared);
      const auto entries = std::make_shared<Vector>(shared.size() == 0 ? Vector(vector.type()) : shared.Entries(vector.type()));
      for (int damage = 0; damage < 40; ++damage) {
        std::string bad = bytes;
        switch (random.Below(3)) {
          case 0: bad.resize(random.Below(bad.size())); break;
          case 1: bad[random.Below(std::min<size_t>(bad.size(), 40))] = static_cast<char>(random.Next()); break;
          default:
            for (size_t flips = 1 + random.Below(4); flips > 0; --flips) bad[random.Below(bad.size())] ^= static_cast<char>(1 << random.Below(8));
        }
        // Its own allocation, so that the sanitizer sees every byte past the end.
        const std::vector<char> exact(bad.begin(), bad.end());
        const std::string_view view(exact.data(), exact.size());
        const auto decoded = DecodeBlock(vector.type(), view, vector.size(), entries);
        if (decoded.ok()) {
          ASSERT_EQ((*decoded)->size(), vector.size());
        }
        const auto coded = DecodeCodedRows(vector.type(), view, vector.size(), entries);
        if (!coded.ok() || !coded->has_value()) continue;
        for (uint16_t code : (*coded)->codes) ASSERT_LT(code, (*coded)->entries->size());
      }
    }
  }
}

TEST(CodecProperty, SizesOfUsualData) {
  Random random(5);
  auto size_of = [](const Vector& vector) { return static_cast<double>(EncodeBlock(vector).size()) / static_cast<double>(vector.size()); };
  Vector regular(TypeId::kTimestampTz), late(TypeId::kTimestampTz), walk(TypeId::kFloat64), cents(TypeId::kFloat64), host(TypeId::kText);
  int64_t value = 50;
  for (int64_t i = 0; i < 4096; ++i) {
    regular.Append<int64_t>(504'921'600'000'000 + i * 10'000'000);
    late.Append<int64_t>(504'921'600'000'000 + i * 10'000'000 + (random.Chance(0.01) ? random.Between(1, 5'000'000) : 0));
    const uint64_t step = random.Below(1000);  // shares of 0, 1, 2, 3 as in truncated normal steps
    value += step < 376 ? 0 : step < 615 ? 1 : step < 854 ? -1 : step < 920 ? 2 : step < 985 ? -2 : step < 993 ? 3 : -3;
    walk.Append<double>(static_cast<double>(value));
    cents.Append<double>(static_cast<double>(random.Between(0, 9999)) / 100);
    host.AppendBytes("host_17");
  }
  EXPECT_LT(size_of(regular), 0.01);
  EXPECT_LT(size_of(late), 0.35);
  EXPECT_LT(size_of(walk), 0.31);
  EXPECT_LT(size_of(cents), 1.8);
  EXPECT_LT(size_of(host), 0.02);
}

}  // namespace
}  // namespace tsd::engine
