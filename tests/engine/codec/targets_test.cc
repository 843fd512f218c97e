// The SIMD kernels of every instruction set that this machine has, the plainest among them, give the same bits: each by itself on random input, and
// all together in blocks, which have the same bytes whoever writes them and the same values whoever reads them.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "engine/base/hash.h"
#include "engine/base/strings.h"
#include "engine/codec/bitpack.h"
#include "engine/codec/double_kernels.h"
#include "engine/codec/number_kernels.h"
#include "engine/codec/offset_kernels.h"
#include "engine/codec/packed_kernels.h"
#include "engine/codec/shared_dictionary.h"
#include "engine/scan/row_kernels.h"
#include "tests/engine/codec/random_columns.h"
#include "tests/support/each_target.h"

namespace tsd::engine {
namespace {

/// What a kernel said, as bytes.
class Answer {
 public:
  template <typename T>
  void Add(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  template <typename T>
  void Add(const std::vector<T>& values, size_t count) {
    bytes_.append(reinterpret_cast<const char*>(values.data()), count * sizeof(T));
  }
  void AddNumber(double value) { Add(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value); }  // whose payload is anybody's guess
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

template <typename T>
std::vector<T> Numbers(Random& random, size_t count, int64_t low, int64_t high, size_t slack = 0) {
  std::vector<T> result(count + slack);
  for (size_t i = 0; i < count; ++i) result[i] = static_cast<T>(random.Between(low, high));
  return result;
}

std::vector<int64_t> WideNumbers(Random& random, size_t count) {
  std::vector<int64_t> result(count);
  const unsigned shift = static_cast<unsigned>(random.Below(64));
  for (int64_t& value : result) value = static_cast<int64_t>(random.Next()) >> shift;
  for (size_t i = 1; i < count; ++i) {
    if (random.Chance(0.3)) result[i] = result[i - 1];
  }
  return result;
}

/// Decimals, noise and, with `wild`, any bits.
std::vector<double> SomeDoubles(Random& random, size_t count, bool wild) {
  std::vector<double> result(count);
  for (double& value : result) {
    value = static_cast<double>(random.Between(-100'000, 100'000)) / 100;
    if (random.Chance(0.2)) value = random.Fraction() * 1e300;
    if (random.Chance(0.1)) value = random.Chance(0.5) ? 0.0 : -0.0;
    if (wild && random.Chance(0.1)) value = std::bit_cast<double>(random.Next());
    if (wild && random.Chance(0.05)) value = random.Chance(0.5) ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  }
  return result;
}

// ---- packed numbers ----

struct Packed {
  std::string bits;
  unsigned width;
  size_t count;
};
Packed PackRandom(Random& random, unsigned widest) {
  Packed packed;
  packed.width = 1 + static_cast<unsigned>(random.Below(widest));
  packed.count = random.Below(kFrameValues + 1);
  std::vector<uint64_t> values(packed.count);
  for (uint64_t& value : values) value = random.Next() >> (64 - packed.width);
  PackBits(values.data(), values.size(), packed.width, 0, packed.bits);
  if (random.Chance(0.5)) packed.bits.resize(packed.bits.size() + random.Below(20), 'x');
  return packed;
}

void Unpack(Random& random, Answer& answer) {
  const Packed packed = PackRandom(random, 8);
  std::vector<uint8_t> out(packed.count + 8);
  UnpackBytes(packed.width, packed.bits.data(), packed.bits.size(), packed.count, out.data());
  answer.Add(out, packed.count);
}

void UnpackFrame(Random& random, Answer& answer) {
  const bool escaped = random.Chance(0.5);
  const bool summed = random.Chance(0.5);
  const Packed packed = PackRandom(random, escaped ? kWidestEscaped : summed ? kWidestSummed : 8);
  const std::vector<uint8_t> escapes = Numbers<uint8_t>(random, 2 * kFrameValues + 16, 0, 31);
  PackedFrame frame{packed.bits.data(), packed.bits.size(), packed.width, packed.count};
  if (escaped) {
    frame.escapes = escapes.data();
    frame.shift = static_cast<uint8_t>(random.Below(16));
  }
  std::vector<int16_t> out(packed.count + 8);
  const int16_t step = static_cast<int16_t>(random.Between(-40, 40));
  answer.Add(summed ? UnpackSummed(frame, step, out.data()) : UnpackOffsets(frame, out.data()));
  answer.Add(out, packed.count);
}

// ---- offsets ----

void Offsets(Random& random, Answer& answer) {
  const size_t count = random.Below(kFrameValues + 1);
  const int64_t most = int64_t{1} << random.Below(15);
  const std::vector<int16_t> offsets = Numbers<int16_t>(random, count, random.Chance(0.5) ? 0 : -most, most);
  const std::vector<uint8_t> keep = Numbers<uint8_t>(random, count, 0, 1);
  std::vector<int16_t> saturated(count);
  answer.Add(AddSaturated(offsets.data(), count, static_cast<int16_t>(random.Below(INT16_MAX)), saturated.data()));
  answer.Add(saturated, count);
  answer.Add(SumOffsets(offsets.data(), count));
  const KeptSum kept = SumKeptOffsets(offsets.data(), keep.data(), count);
  answer.Add(kept.sum);
  answer.Add(kept.kept);
  std::vector<uint8_t> passed(count);
  TestOffsets(offsets.data(), count, static_cast<int16_t>(random.Between(-most, most)), static_cast<int16_t>(random.Between(-most, most)), passed.data());
  answer.Add(passed, count);
  AndBytes(keep.data(), count, passed.data());
  answer.Add(passed, count);
  std::vector<int64_t> wide(count);
  AddOffsets(offsets.data(), count, static_cast<int64_t>(random.Next()), wide.data());
  answer.Add(wide, count);
  std::vector<uint16_t> codes(count);
  const auto base = static_cast<int32_t>(random.Below(1000)), limit = static_cast<int32_t>(random.Below(65537));
  const bool in_range = OffsetsToCodes(offsets.data(), count, base, limit, codes.data());
  answer.Add(in_range);
  if (in_range) answer.Add(codes, count);
  std::vector<double> doubles(count);
  OffsetsToDoubles(offsets.data(), count, static_cast<int32_t>(random.Between(-(1 << 30), 1 << 30)), 1, 0.01, doubles.data());
  answer.Add(doubles, count);
}

void Escapes(Random& random, Answer& answer) {
  const size_t count = random.Below(kFrameValues + 1);
  const int escape = static_cast<int>(random.Below(16)), center = static_cast<int>(random.Below(128));
  if (2 * center < escape) return;
  const auto most = static_cast<int16_t>(2 * center - escape);
  const std::vector<int16_t> numbers = Numbers<int16_t>(random, count, 0, random.Chance(0.9) ? most : INT16_MAX);
  std::vector<uint8_t> bytes(count);
  const bool above = UnzigzagToBytes(numbers.data(), count, static_cast<int16_t>(escape), static_cast<int16_t>(center), most, bytes.data());
  answer.Add(above);
  if (!above) answer.Add(bytes, count);
}

void Bytes(Random& random, Answer& answer) {
  const size_t count = random.Below(600);
  const std::vector<uint8_t> bytes = Numbers<uint8_t>(random, count, 0, random.Chance(0.5) ? 3 : 255, kKernelSlack);
  std::vector<int64_t> wide(count);
  AddBytes(bytes.data(), count, static_cast<int64_t>(random.Next()), wide.data());
  answer.Add(wide, count);
  std::vector<uint64_t> masks((count + 63) / 64);
  FindByte(bytes.data(), count, static_cast<uint8_t>(random.Below(4)), masks.data());
  answer.Add(masks, masks.size());
}

// ---- 64-bit integers ----

void Integers(Random& random, Answer& answer) {
  const size_t count = 1 + random.Below(600);
  const std::vector<int64_t> values = WideNumbers(random, count);
  std::vector<int64_t> work = values;
  answer.Add(PrefixSum(work.data(), count, static_cast<int64_t>(random.Next())));
  answer.Add(work, count);
  Differences(values.data(), count, work.data());
  answer.Add(work, count - 1);
  answer.Add(CountChanges(values.data(), count));
  answer.Add(SumNumbers(values.data(), count));
  int64_t low = 0, high = 0;
  MinMax(values.data(), count, &low, &high);
  answer.Add(low);
  answer.Add(high);
}

// ---- doubles ----

void Decimals(Random& random, Answer& answer) {
  const size_t count = random.Below(600);
  std::vector<int64_t> digits = Numbers<int64_t>(random, count, -(int64_t{1} << 50), int64_t{1} << 50);
  ScaleToDoubles(digits.data(), count, 100, 0.0001);
  answer.Add(digits, count);
  const std::vector<double> values = SomeDoubles(random, count, true);
  std::vector<uint64_t> failed((count + 63) / 64);
  answer.Add(ToDecimalDigits(values.data(), count, 100, 1, 1, 0.01, digits.data(), failed.data()));
  answer.Add(failed, failed.size());
  for (size_t i = 0; i < count; ++i) {
    if ((failed[i / 64] >> (i % 64) & 1) == 0) answer.Add(digits[i]);
  }
}

void Parts(Random& random, Answer& answer) {
  const size_t count = random.Below(600);
  FloatWords words;
  words.low_bits = static_cast<unsigned>(random.Below(64));
  words.cut_bits = static_cast<unsigned>(random.Below(64));
  words.signs_apart = random.Chance(0.5);
  std::vector<uint64_t> lower(count);
  for (uint64_t& value : lower) value = words.low_bits == 0 ? 0 : random.Next() >> (64 - words.low_bits);
  const std::vector<int64_t> upper = WideNumbers(random, count);
  std::vector<double> doubles(count);
  JoinParts(upper.data(), lower.data(), count, words, doubles.data());
  answer.Add(doubles, count);
  words.sign_bit = 31;
  std::vector<float> floats(count);
  JoinParts(upper.data(), lower.data(), count, words, floats.data());
  answer.Add(floats, count);
  WidenFloats(floats.data(), count, doubles.data());
  answer.Add(doubles, count);
}

void Summaries(Random& random, Answer& answer) {
  const size_t count = random.Below(600);
  const std::vector<double> values = SomeDoubles(random, count, random.Chance(0.5));
  const DoubleSummary summary = SummariseDoubles(values.data(), count);
  answer.AddNumber(summary.sum);
  answer.Add(summary.has_nan);
  answer.Add(summary.has_number);
  if (summary.has_number) {
    answer.Add(summary.low);
    answer.Add(summary.high);
  }
  answer.AddNumber(SumDoubles(values.data(), count));
  std::vector<uint8_t> keep = Numbers<uint8_t>(random, count, 0, 1);
  answer.AddNumber(SumKeptDoubles(values.data(), keep.data(), count));
  const std::vector<int64_t> numbers = WideNumbers(random, count);
  const auto test = static_cast<RowTest>(random.Below(5));
  TestDoubles(values.data(), count, test, count > 0 && !std::isnan(values[0]) ? values[0] : 1, keep.data());
  answer.Add(keep, count);
  TestIntegers(numbers.data(), count, test, count > 0 ? numbers[count / 2] : 1, keep.data());
  answer.Add(keep, count);
  answer.Add(CountKept(keep.data(), count));
}

struct Kernels {
  const char* name;
  std::function<void(Random&, Answer&)> run;
};
constexpr int kRounds = 400;

TEST(TargetsTest, KernelsGiveTheSameBits) {
  const Kernels all[] = {{"unpack", Unpack}, {"unpack frames", UnpackFrame}, {"offsets", Offsets}, {"escapes", Escapes}, {"bytes", Bytes},
                         {"integers", Integers}, {"decimals", Decimals}, {"parts", Parts}, {"summaries", Summaries}};
  for (const Kernels& kernels : all) {
    std::vector<std::string> first;
    std::string names;
    const int targets = OnEachTarget([&](const char* target) {
      StrAppend(&names, target, " ");
      for (size_t round = 0; round < kRounds; ++round) {
        Random random(round + 1);
        Answer answer;
        kernels.run(random, answer);
        std::string said = answer.Take();
        if (first.size() == round) {
          first.push_back(std::move(said));
        } else {
          ASSERT_TRUE(said == first[round]) << kernels.name << " of " << target << ", round " << round;
        }
      }
    });
    RecordProperty("targets", names);
    // Any x86-64 of the last fifteen years has one beside the plainest.
    EXPECT_GE(targets, 2) << names;
  }
}

TEST(TargetsTest, BlocksHaveTheSameBytesAndValues) {
  for (const Family& family : Families()) {
    if (!IsWanted(family.name)) continue;
    Random random(Hash64(family.name) + 2);
    for (uint64_t values = 0; values < ValuesWanted() / 8;) {
      const Vector vector = family.make(random);
      values += ValuesIn(vector);
      std::string first;
      std::vector<uint8_t> first_keep;
      OnEachTarget([&](const char* target) {
        SharedDictionary shared;
        const std::string bytes = EncodeBlock(vector, &shared);
        if (first.empty()) first = bytes;
        ASSERT_TRUE(bytes == first) << family.name << " written with " << target << ", codec " << CodecName(BlockCodec(bytes));
        const bool needs_shared = BlockCodec(bytes) == CodecId::kSharedDictionary;
        const auto decoded = DecodeBlock(vector.type(), bytes, vector.size(), needs_shared ? std::make_shared<const Vector>(shared.Entries(vector.type())) : nullptr);
        ASSERT_TRUE(decoded.ok()) << family.name << " read with " << target << ": " << decoded.status();
        ASSERT_TRUE(SameBits(vector, **decoded)) << family.name << " read with " << target << ", codec " << CodecName(BlockCodec(bytes));
        if (!vector.type().Is(TypeId::kFloat64) || vector.HasNulls()) return;
        // Decided without decoding.
        std::vector<uint8_t> keep(vector.size(), 1);
        const RowSpan spans[] = {{0, static_cast<uint32_t>(vector.size() / 3)}, {static_cast<uint32_t>(vector.size() / 2), static_cast<uint32_t>(vector.size())}};
        double sums[2] = {};
        Answer answer;
        const double bound = vector.Get<double>(vector.size() / 2);
        if (!std::isnan(bound)) answer.Add(TestRows(bytes, vector.size(), {RowTest::kLessEqual, bound}, keep.data()));
        answer.Add(keep, keep.size());
        if (SumRows(bytes, vector.size(), spans, keep, sums)) {
          answer.AddNumber(sums[0]);
          answer.AddNumber(sums[1]);
        }
        const std::string said = answer.Take();
        std::vector<uint8_t> all(said.begin(), said.end());
        if (first_keep.empty()) first_keep = std::move(all);
        else ASSERT_TRUE(all == first_keep) << "rows tested and summed with " << target;
      });
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace tsd::engine
