#include "engine/codec/block_codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "engine/base/hash.h"
#include "engine/base/random.h"
#include "engine/codec/bitpack.h"
#include "engine/codec/chooser.h"
#include "engine/codec/integer_codec.h"
#include "engine/codec/integer_frames.h"
#include "engine/codec/shared_dictionary.h"

namespace tsd::engine {
namespace {

/// Same bits, also of NaN and -0; same NULLs.
void ExpectSame(const Vector& expected, const Vector& actual) {
  ASSERT_EQ(expected.size(), actual.size());
  ASSERT_EQ(expected.null_count(), actual.null_count());
  const size_t width = expected.type().Width();
  for (size_t row = 0; row < expected.size(); ++row) {
    ASSERT_EQ(expected.IsNull(row), actual.IsNull(row)) << "row " << row;
    if (width == 0) {
      ASSERT_EQ(expected.GetBytes(row), actual.GetBytes(row)) << "row " << row;
    } else {
      const uint8_t* left = expected.values<uint8_t>() + row * width;
      const uint8_t* right = actual.values<uint8_t>() + row * width;
      ASSERT_EQ(0, std::memcmp(left, right, width)) << "row " << row;
    }
  }
}

size_t RoundTrip(const Vector& vector) {
  const std::string bytes = EncodeBlock(vector);
  const StatusOr<VectorPtr> decoded = DecodeBlock(vector.type(), bytes, vector.size());
  EXPECT_TRUE(decoded.ok()) << decoded.status() << " codec " << CodecName(BlockCodec(bytes));
  if (decoded.ok()) ExpectSame(vector, **decoded);
  return bytes.size();
}

template <typename T>
Vector Make(DataType type, size_t rows, const std::function<T(size_t)>& value, const std::function<bool(size_t)>& is_null = nullptr) {
  Vector vector(type);
  for (size_t i = 0; i < rows; ++i) {
    if (is_null && is_null(i)) {
      vector.AppendNull();
    } else {
      vector.Append<T>(value(i));
    }
  }
  return vector;
}

constexpr size_t kSizes[] = {1, 2, 3, 7, 8, 9, 255, 256, 257, 1000, 8192};

TEST(Bitpack, EveryWidthAndCountComesBack) {
  Random random(1);
  for (unsigned width = 0; width <= 64; ++width) {
    for (size_t count : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{9}, size_t{64}, size_t{100}, size_t{256}}) {
      const uint64_t mask = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
      const uint64_t base = random.Next();
      std::vector<uint64_t> values(count);
      for (uint64_t& value : values) value = base + (random.Next() & mask);
      std::string packed = "x";
      PackBits(values.data(), count, width, base, packed);
      ASSERT_EQ(packed.size(), 1 + PackedBytes(count, width));
      std::vector<uint64_t> out(count);
      // Exactly as many bytes as there must be: reading on would be found by the sanitizer.
      const std::vector<char> exact(packed.begin() + 1, packed.end());
      UnpackBits(exact.data(), exact.size(), count, width, base, out.data());
      ASSERT_EQ(values, out) << "width " << width << " count " << count;
      packed += std::string(100, '\xff');
      UnpackBits(packed.data() + 1, packed.size() - 1, count, width, base, out.data());
      ASSERT_EQ(values, out) << "width " << width << " count " << count;
    }
  }
}

TEST(IntegerCodec, EveryCodecTakesEverySequence) {
  Random random(2);
  const std::vector<std::function<int64_t(size_t)>> sequences = {
      [](size_t) { return int64_t{0}; },
      [](size_t i) { return static_cast<int64_t>(i) * 10'000'000; },
      [](size_t i) { return i % 2 == 0 ? INT64_MIN : INT64_MAX; },
      [&](size_t) { return static_cast<int64_t>(random.Next()); },
      [&](size_t) { return random.Between(-100, 100); },
      [](size_t i) { return static_cast<int64_t>(i / 50); },
      [](size_t i) { return i % 100 == 99 ? INT64_MIN + 5 : static_cast<int64_t>(i); },
      [&](size_t i) { return i % 64 == 3 ? INT64_MAX - static_cast<int64_t>(i) : random.Between(0, 7); },
  };
  for (size_t which = 0; which < sequences.size(); ++which) {
    for (size_t count : {size_t{0}, size_t{1}, size_t{2}, size_t{3}, size_t{255}, size_t{256}, size_t{257}, size_t{3000}}) {
      std::vector<int64_t> values(count);
      for (size_t i = 0; i < count; ++i) values[i] = sequences[which](i);
      for (CodecId codec : {CodecId::kRunLength, CodecId::kFrame, CodecId::kDelta, CodecId::kDeltaDelta}) {
        std::string bytes;
        EncodeIntegersAs(codec, values, bytes);
        std::vector<int64_t> out(count, 42);
        ByteReader reader(bytes);
        ASSERT_TRUE(DecodeIntegersAs(codec, reader, out)) << which << " " << CodecName(codec) << " " << count;
        ASSERT_TRUE(reader.AtEnd());
        ASSERT_EQ(values, out) << which << " " << CodecName(codec) << " " << count;
      }
      std::string bytes;
      EncodeIntegers(values, bytes);
      std::vector<int64_t> out(count);
      ByteReader reader(bytes);
      ASSERT_TRUE(DecodeIntegers(reader, out));
      ASSERT_EQ(values, out);
    }
  }
}

TEST(Chooser, PicksWhatFits) {
  std::vector<int64_t> values(8192);
  std::fill(values.begin(), values.end(), 7);
  EXPECT_EQ(ChooseIntegerCodec(values), CodecId::kConstant);
  Random jitter(1);
  for (size_t i = 0; i < values.size(); ++i) values[i] = 1'700'000'000'000'000 + static_cast<int64_t>(i) * 10'000'000 + jitter.Between(0, 999);
  EXPECT_EQ(ChooseIntegerCodec(values), CodecId::kDelta);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int64_t>(i * i);
  EXPECT_EQ(ChooseIntegerCodec(values), CodecId::kDeltaDelta);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int64_t>(MixHash(i / 1000));
  EXPECT_EQ(ChooseIntegerCodec(values), CodecId::kRunLength);
  Random random(3);
  for (int64_t& value : values) value = random.Between(0, 1000);
  EXPECT_EQ(ChooseIntegerCodec(values), CodecId::kFrame);
}

TEST(BlockCodec, TimestampsOfManySeriesStaySmall) {
  // Sorted by series, then time: a jump back every 1000 rows must not widen the rest.
  const Vector vector = Make<int64_t>(TypeId::kTimestampTz, 8192, [](size_t i) {
    return 800'000'000'000'000 + static_cast<int64_t>(i % 1000) * 10'000'000;
  });
  EXPECT_LT(RoundTrip(vector), 600u);
}

TEST(BlockCodec, IntegersOfAllWidthsAndShapes) {
  Random random(4);
  for (size_t rows : kSizes) {
    RoundTrip(Make<int64_t>(TypeId::kInt64, rows, [&](size_t) { return static_cast<int64_t>(random.Next()); }));
    RoundTrip(Make<int64_t>(TypeId::kInt64, rows, [](size_t i) { return i % 3 == 0 ? INT64_MIN : INT64_MAX; }));
    RoundTrip(Make<int32_t>(TypeId::kInt32, rows, [&](size_t) { return static_cast<int32_t>(random.Next()); }));
    RoundTrip(Make<int32_t>(TypeId::kDate, rows, [](size_t i) { return static_cast<int32_t>(i / 24) - 3; }));
    RoundTrip(Make<int16_t>(TypeId::kInt16, rows, [&](size_t) { return static_cast<int16_t>(random.Next()); }));
    RoundTrip(Make<int64_t>(
        TypeId::kTimestamp, rows, [](size_t i) { return static_cast<int64_t>(i) * 1000; }, [](size_t i) { return i % 5 == 2; }));
    RoundTrip(Make<int16_t>(
        TypeId::kInt16, rows, [](size_t i) { return static_cast<int16_t>(i); }, [&](size_t) { return random.Chance(0.9); }));
    RoundTrip(Make<uint8_t>(TypeId::kBool, rows, [&](size_t) { return random.Chance(0.5); }));
    RoundTrip(Make<uint8_t>(TypeId::kBool, rows, [](size_t i) { return i / 500 % 2 == 0; }));
    RoundTrip(Make<uint8_t>(
        TypeId::kBool, rows, [](size_t) { return 1; }, [](size_t i) { return i % 2 == 1; }));
  }
}

TEST(BlockCodec, NullsOnlyAndOneValueAmongNulls) {
  for (TypeId type : {TypeId::kBool, TypeId::kInt16, TypeId::kInt32, TypeId::kInt64, TypeId::kFloat32, TypeId::kFloat64,
                      TypeId::kInterval, TypeId::kUuid, TypeId::kText}) {
    for (size_t rows : kSizes) {
      const VectorPtr nulls = Vector::AllNull(type, rows);
      EXPECT_LE(RoundTrip(*nulls), 16u);
      Vector one(type);
      for (size_t i = 0; i < rows; ++i) one.AppendNull();
      Vector value(type);
      if (value.type().Physical() == PhysicalType::kBytes) {
        value.AppendBytes("last");
      } else {
        value.ResizeFixed(1);
        value.mutable_values<uint8_t>()[0] = 1;
      }
      one.AppendFrom(value, 0);
      RoundTrip(one);
    }
  }
}

const double kSpecials[] = {0.0,
                            -0.0,
                            1.0,
                            -1.5,
                            0.1,
                            1e308,
                            -1e308,
                            1e-308,
                            5e-324,
                            std::numeric_limits<double>::denorm_min(),
                            std::numeric_limits<double>::max(),
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN(),
                            std::bit_cast<double>(uint64_t{0xfff8000000000123}),
                            4503599627370496.0,
                            2251799813685248.0,
                            9007199254740993.0,
                            9.223372036854775807e18};

TEST(BlockCodec, SpecialFloatsComeBackBitForBit) {
  constexpr size_t kCount = std::size(kSpecials);
  for (size_t rows : kSizes) {
    RoundTrip(Make<double>(TypeId::kFloat64, rows, [](size_t i) { return kSpecials[i % kCount]; }));
    RoundTrip(Make<float>(TypeId::kFloat32, rows, [](size_t i) { return static_cast<float>(kSpecials[i % kCount]); }));
    // Rare among decimals: as exceptions.
    RoundTrip(Make<double>(TypeId::kFloat64, rows, [](size_t i) {
      return i % 100 == 7 ? kSpecials[i / 100 % kCount] : static_cast<double>(i) / 100;
    }));
    RoundTrip(Make<float>(TypeId::kFloat32, rows, [](size_t i) {
      return i % 100 == 7 ? static_cast<float>(kSpecials[i / 100 % kCount]) : static_cast<float>(i) / 10;
    }));
    for (double special : kSpecials) RoundTrip(Make<double>(TypeId::kFloat64, std::min<size_t>(rows, 300), [&](size_t) { return special; }));
  }
}

TEST(BlockCodec, FloatDistributions) {
  Random random(5);
  double walk = 50;
  auto step = [&] { return walk += static_cast<double>(random.Between(-3, 3)) / 10; };
  for (size_t rows : kSizes) {
    RoundTrip(Make<double>(TypeId::kFloat64, rows, [&](size_t) { return std::bit_cast<double>(random.Next()); }));
    RoundTrip(Make<double>(TypeId::kFloat64, rows, [&](size_t) { return random.Fraction(); }));
    RoundTrip(Make<double>(TypeId::kFloat64, rows, [&](size_t) { return step(); }));
    RoundTrip(Make<double>(TypeId::kFloat64, rows, [](size_t i) { return std::sin(static_cast<double>(i) / 100); }));
    RoundTrip(Make<float>(TypeId::kFloat32, rows, [&](size_t) { return std::bit_cast<float>(static_cast<uint32_t>(random.Next())); }));
    RoundTrip(Make<float>(TypeId::kFloat32, rows, [&](size_t) { return static_cast<float>(random.Fraction()); }));
    RoundTrip(Make<double>(
        TypeId::kFloat64, rows, [&](size_t) { return static_cast<double>(random.Between(0, 10000)) / 100; },
        [](size_t i) { return i % 7 == 0; }));
  }
}

TEST(BlockCodec, DecimalsAreSmall) {
  Random random(6);
  const Vector percent = Make<double>(TypeId::kFloat64, 8192, [&](size_t) { return static_cast<double>(random.Between(0, 100)); });
  EXPECT_LT(RoundTrip(percent), 8192u);  // 7 bits a value
  const Vector hundredths = Make<double>(TypeId::kFloat64, 8192, [&](size_t) { return static_cast<double>(random.Between(-2000, 4500)) / 100; });
  EXPECT_EQ(BlockCodec(EncodeBlock(hundredths)), CodecId::kAlp);
  EXPECT_LT(RoundTrip(hundredths), 8192u * 2);
  const Vector floats = Make<float>(TypeId::kFloat32, 8192, [&](size_t) { return static_cast<float>(random.Between(0, 999)) / 10; });
  EXPECT_EQ(BlockCodec(EncodeBlock(floats)), CodecId::kAlp);
  EXPECT_LT(RoundTrip(floats), 8192u * 2);
  const Vector noise = Make<double>(TypeId::kFloat64, 8192, [&](size_t) { return std::bit_cast<double>(random.Next()); });
  EXPECT_LE(RoundTrip(noise), 8192u * 8 + 64);
}

/// Encodes to the codec in less than `most` bytes a value and comes back.
void ExpectCodec(const Vector& vector, CodecId codec, double most) {
  EXPECT_EQ(CodecName(BlockCodec(EncodeBlock(vector))), std::string(CodecName(codec)));
  EXPECT_LT(static_cast<double>(RoundTrip(vector)), most * static_cast<double>(vector.size()));
}

TEST(BlockCodec, FloatsThatAreNoDecimals) {
  Random random(16);
  const auto doubles = [](const std::function<double(size_t)>& value) { return Make<double>(TypeId::kFloat64, 4096, value); };
  ExpectCodec(doubles([&](size_t) { return random.Fraction(); }), CodecId::kParts, 6.9);
  ExpectCodec(doubles([&](size_t) { return random.Fraction() - 0.5; }), CodecId::kParts, 6.95);  // of both signs
  ExpectCodec(doubles([](size_t i) { return std::sin(static_cast<double>(i) / 100); }), CodecId::kParts, 5.7);
  ExpectCodec(doubles([&](size_t) { return std::sqrt(static_cast<double>(random.Below(200))); }), CodecId::kDictionary, 1.5);
  ExpectCodec(doubles([](size_t i) { return std::sqrt(static_cast<double>(i / 20)); }), CodecId::kDictionary, 0.6);  // runs
  ExpectCodec(doubles([&](size_t) { return static_cast<float>(random.Below(10'000)) / 100; }), CodecId::kNarrow, 1.8);
  ExpectCodec(doubles([&](size_t) { return static_cast<double>(static_cast<float>(random.Fraction())); }), CodecId::kNarrow, 3.4);
  ExpectCodec(doubles([&](size_t) { return random.Chance(0.5) ? 0 : random.Fraction(); }), CodecId::kAlp, 3.9);  // half of them exceptions
  ExpectCodec(doubles([&](size_t) { return std::bit_cast<double>(random.Next()); }), CodecId::kPlain, 8.1);
  ExpectCodec(Make<float>(TypeId::kFloat32, 4096, [&](size_t) { return static_cast<float>(random.Fraction()) - 0.5f; }), CodecId::kParts, 3.4);
  ExpectCodec(Make<float>(TypeId::kFloat32, 4096, [&](size_t) { return std::sqrt(static_cast<float>(random.Below(100))); }), CodecId::kDictionary, 1.1);
}

TEST(BlockCodec, PartsOfExtremes) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  const std::vector<std::vector<uint64_t>> patterns = {
      {1, 2, 3, kSign | 1},                            // subnormals
      {kSign, kSign | 5, kSign | ~uint64_t{0} >> 1},   // negative only
      {0, kSign},                                      // zeros: every bit may be left out
      {uint64_t{1} << 62, uint64_t{1} << 61},          // trailing zeros only
      {~uint64_t{0}, 0, kSign, ~kSign},
      {0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001},
  };
  Random random(17);
  for (const std::vector<uint64_t>& bits : patterns) {
    for (size_t rows : kSizes) {
      RoundTrip(Make<double>(TypeId::kFloat64, rows, [&](size_t) { return std::bit_cast<double>(bits[random.Below(bits.size())]); }));
      RoundTrip(Make<float>(TypeId::kFloat32, rows, [&](size_t) { return std::bit_cast<float>(static_cast<uint32_t>(bits[random.Below(bits.size())] >> 32)); }));
    }
  }
}

TEST(BlockCodec, Strings) {
  Random random(7);
  for (size_t rows : kSizes) {
    for (int shape = 0; shape < 6; ++shape) {
      Vector vector(TypeId::kText);
      for (size_t i = 0; i < rows; ++i) {
        switch (shape) {
          case 0: vector.AppendBytes(""); break;
          case 1: vector.AppendBytes("host_" + std::to_string(i / 300)); break;
          case 2: vector.AppendBytes(std::string(random.Below(20), static_cast<char>(random.Next()))); break;
          case 3: vector.AppendBytes(std::to_string(random.Next())); break;
          case 4:
            if (random.Chance(0.3)) {
              vector.AppendNull();
            } else {
              vector.AppendBytes(i % 2 == 0 ? "even" : std::string_view("o\0d", 3));
            }
            break;
          default: vector.AppendBytes(i == rows / 2 ? std::string(100'000, 'x') : "y");
        }
      }
      RoundTrip(vector);
    }
  }
}

TEST(BlockCodec, RepeatedStringsAreSmall) {
  Vector vector(TypeId::kText);
  for (size_t i = 0; i < 8192; ++i) vector.AppendBytes("host_" + std::to_string(i / 4000));
  EXPECT_LT(RoundTrip(vector), 100u);
}

Vector Strings(size_t rows, const std::function<std::string(size_t)>& value, const std::function<bool(size_t)>& is_null = nullptr) {
  Vector vector(TypeId::kText);
  for (size_t i = 0; i < rows; ++i) {
    if (is_null && is_null(i)) {
      vector.AppendNull();
    } else {
      vector.AppendBytes(value(i));
    }
  }
  return vector;
}

TEST(BlockCodec, BlocksShareADictionary) {
  Random random(18);
  SharedDictionary shared;
  std::vector<Vector> blocks;
  std::vector<std::string> encoded;
  for (size_t block = 0; block < 8; ++block) {
    blocks.push_back(Strings(4096, [&](size_t) { return "/api/v1/users/" + std::to_string(MixHash(random.Below(3000)) % 1'000'000); },
                             [&](size_t i) { return block % 2 == 1 && i % 7 == 3; }));
    encoded.push_back(EncodeBlock(blocks.back(), &shared));
    EXPECT_EQ(BlockCodec(encoded.back()), CodecId::kSharedDictionary) << block;
  }
  EXPECT_LT(encoded.back().size(), 4096 * 14 / 8);
  const auto entries = std::make_shared<Vector>(shared.Entries(TypeId::kText));
  EXPECT_LE(entries->size(), 3000u);
  for (size_t block = 0; block < blocks.size(); ++block) {
    const auto decoded = DecodeBlock(TypeId::kText, encoded[block], 4096, entries);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ExpectSame(blocks[block], **decoded);
    const auto coded = DecodeCodedRows(TypeId::kText, encoded[block], 4096, entries);
    ASSERT_TRUE(coded.ok() && coded->has_value());
    EXPECT_EQ((*coded)->entries, entries);
    size_t next = 0;
    for (size_t row = 0; row < 4096; ++row) {
      if (blocks[block].IsNull(row)) continue;
      ASSERT_EQ(blocks[block].GetBytes(row), entries->GetBytes((*coded)->codes[next++]));
    }
    EXPECT_EQ(next, (*coded)->codes.size());
  }
  // Without the dictionary, or with one that lacks what the codes name, a block is damaged.
  EXPECT_FALSE(DecodeBlock(TypeId::kText, encoded[0], 4096).ok());
  const VectorPtr fewer = Vector::Slice(entries, 0, 100);
  EXPECT_FALSE(DecodeBlock(TypeId::kText, encoded[0], 4096, fewer).ok());
  EXPECT_FALSE(DecodeCodedRows(TypeId::kText, encoded[0], 4096, fewer).ok());
}

TEST(BlockCodec, ADictionaryIsSharedWhereItPays) {
  Random random(19);
  SharedDictionary shared;
  const auto codec = [&](const Vector& vector) { return BlockCodec(EncodeBlock(vector, &shared)); };
  EXPECT_EQ(codec(Strings(4096, [](size_t) { return std::string("host_17"); })), CodecId::kDictionary);  // a block that says it all
  EXPECT_EQ(codec(Strings(4096, [&](size_t) { return std::to_string(random.Next()); })), CodecId::kBytes);
  EXPECT_EQ(codec(Strings(60, [](size_t i) { return std::to_string(i % 3); })), CodecId::kDictionary);  // of its own, as small
  EXPECT_EQ(shared.size(), 0u);
  const Vector hosts = Strings(4096, [&](size_t) { return "host_" + std::to_string(random.Below(100)); });
  EXPECT_EQ(codec(hosts), CodecId::kSharedDictionary);
  EXPECT_EQ(shared.size(), 100u);
  EXPECT_EQ(codec(Strings(60, [](size_t i) { return "host_" + std::to_string(i % 50); })), CodecId::kSharedDictionary);
  // Long values fill it: what does not fit goes its own way.
  for (int block = 0; block < 40; ++block) {
    const Vector vector = Strings(4096, [&](size_t i) { return std::string(200, 'x') + std::to_string(block * 1000 + static_cast<int>(i % 600)); });
    const std::string bytes = EncodeBlock(vector, &shared);
    const auto entries = std::make_shared<const Vector>(shared.Entries(TypeId::kText));
    const auto decoded = DecodeBlock(TypeId::kText, bytes, 4096, entries);
    ASSERT_TRUE(decoded.ok());
    ExpectSame(vector, **decoded);
  }
  EXPECT_LT(shared.Entries(TypeId::kText).heap().size(), size_t{1} << 20 | 1);
}

TEST(BlockCodec, WideValues) {
  Random random(8);
  for (size_t rows : kSizes) {
    RoundTrip(Make<Interval>(TypeId::kInterval, rows, [](size_t i) { return Interval{static_cast<int64_t>(i), 1, -2}; }));
    RoundTrip(Make<Interval>(TypeId::kInterval, rows, [](size_t) { return Interval{5, 1, 2}; }));
    RoundTrip(Make<Uuid>(
        TypeId::kUuid, rows,
        [&](size_t) {
          Uuid uuid;
          for (uint8_t& byte : uuid.bytes) byte = static_cast<uint8_t>(random.Next());
          return uuid;
        },
        [](size_t i) { return i % 3 == 1; }));
  }
}

TEST(BlockCodec, FewWideValuesAreADictionary) {
  Random random(20);
  std::vector<Uuid> devices(50);
  for (Uuid& uuid : devices) {
    for (uint8_t& byte : uuid.bytes) byte = static_cast<uint8_t>(random.Next());
  }
  ExpectCodec(Make<Uuid>(TypeId::kUuid, 4096, [&](size_t) { return devices[random.Below(50)]; }), CodecId::kDictionary, 1.1);
  ExpectCodec(Make<Interval>(TypeId::kInterval, 4096, [](size_t i) { return Interval{static_cast<int64_t>(i / 64), 0, 0}; }), CodecId::kDictionary, 0.2);
}

std::vector<Vector> Samples() {
  Random random(9);
  std::vector<Vector> samples;
  samples.push_back(Make<int64_t>(TypeId::kInt64, 600, [&](size_t i) { return i % 50 == 0 ? INT64_MIN : random.Between(0, 50); }));
  samples.push_back(Make<int64_t>(
      TypeId::kTimestamp, 600, [](size_t i) { return static_cast<int64_t>(i * 1000); }, [](size_t i) { return i % 9 == 0; }));
  samples.push_back(Make<int32_t>(TypeId::kInt32, 600, [](size_t i) { return static_cast<int32_t>(i / 100); }));
  samples.push_back(Make<int16_t>(TypeId::kInt16, 600, [](size_t i) { return static_cast<int16_t>(i * i); }));
  samples.push_back(Make<uint8_t>(TypeId::kBool, 600, [&](size_t) { return random.Chance(0.5); }));
  samples.push_back(Make<double>(TypeId::kFloat64, 600, [](size_t i) { return i % 60 == 0 ? NAN : static_cast<double>(i) / 10; }));
  samples.push_back(Make<double>(TypeId::kFloat64, 600, [](size_t i) { return std::sin(static_cast<double>(i)); }));
  samples.push_back(Make<double>(TypeId::kFloat64, 600, [&](size_t) { return std::sqrt(static_cast<double>(random.Below(20))); }));
  samples.push_back(Make<double>(TypeId::kFloat64, 600, [&](size_t) { return static_cast<float>(random.Below(1000)) / 10; }));
  samples.push_back(Make<double>(TypeId::kFloat64, 600, [&](size_t) { return random.Chance(0.5) ? 0 : random.Fraction(); }));
  samples.push_back(Make<float>(TypeId::kFloat32, 600, [&](size_t) { return static_cast<float>(random.Fraction()); }));
  samples.push_back(Make<float>(TypeId::kFloat32, 600, [](size_t i) { return static_cast<float>(i) / 8; }));
  samples.push_back(Make<Interval>(TypeId::kInterval, 100, [](size_t i) { return Interval{static_cast<int64_t>(i % 3), 1, 1}; }));
  samples.push_back(Make<Uuid>(TypeId::kUuid, 20, [](size_t i) { return Uuid{{static_cast<uint8_t>(i)}}; }));
  samples.push_back(Make<Uuid>(TypeId::kUuid, 300, [&](size_t) { return Uuid{{static_cast<uint8_t>(random.Below(5))}}; }));
  Vector text(TypeId::kText);
  Vector words(TypeId::kBytea);
  for (size_t i = 0; i < 400; ++i) {
    text.AppendBytes("name " + std::to_string(i / 40));
    words.AppendBytes("some long enough text to be compressed " + std::to_string(MixHash(i)));
  }
  samples.push_back(std::move(text));
  samples.push_back(std::move(words));
  return samples;
}

TEST(BlockCodecFuzz, NoBytesHarm) {
  Random random(10);
  const std::vector<Vector> samples = Samples();
  size_t accepted = 0;
  for (const Vector& sample : samples) {
    const std::string good = EncodeBlock(sample);
    for (size_t length = 0; length < good.size(); length += 1 + length / 40) {
      EXPECT_FALSE(DecodeBlock(sample.type(), good.substr(0, length), sample.size()).ok()) << length;
    }
    EXPECT_FALSE(DecodeBlock(sample.type(), good + "x", sample.size()).ok());
    EXPECT_FALSE(DecodeBlock(sample.type(), good, sample.size() + 1).ok());
    for (int round = 0; round < 400; ++round) {
      std::string bad = good;
      const size_t flips = 1 + random.Below(4);
      for (size_t i = 0; i < flips; ++i) {
        // Headers of all levels are near the front.
        const size_t at = random.Chance(0.6) ? random.Below(std::min<size_t>(40, bad.size())) : random.Below(bad.size());
        bad[at] = static_cast<char>(random.Next());
      }
      if (random.Chance(0.1)) bad.resize(random.Below(bad.size()));
      for (const Vector& other : samples) {
        if (&other != &sample && !random.Chance(0.1)) continue;
        const StatusOr<VectorPtr> decoded = DecodeBlock(other.type(), bad, sample.size());
        if (!decoded.ok()) continue;
        ++accepted;
        // Whatever came out is a proper vector.
        ASSERT_EQ((*decoded)->size(), sample.size());
        EncodeBlock(**decoded);
      }
    }
  }
  EXPECT_GT(accepted, 0u);
}

TEST(BlockCodecFuzz, RandomBytesHarmNothing) {
  Random random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(8 + random.Below(60), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Chance(0.5) ? random.Below(12) : random.Next());
    bytes[0] = static_cast<char>(random.Below(3));
    bytes[1] = static_cast<char>(random.Below(15));
    const uint32_t rows = static_cast<uint32_t>(1 + random.Below(40));
    bytes[2] = bytes[3] = 0;
    std::memcpy(bytes.data() + 4, &rows, 4);
    const TypeId types[] = {TypeId::kBool, TypeId::kInt16, TypeId::kInt64, TypeId::kFloat32, TypeId::kFloat64, TypeId::kText, TypeId::kUuid};
    const TypeId type = types[random.Below(std::size(types))];
    const StatusOr<VectorPtr> decoded = DecodeBlock(type, bytes, rows);
    if (decoded.ok()) EncodeBlock(**decoded);
  }
}

}  // namespace
}  // namespace tsd::engine
