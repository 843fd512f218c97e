#include "engine/codec/float_alp.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "engine/codec/bitpack.h"
#include "engine/codec/double_kernels.h"
#include "engine/codec/float_parts.h"
#include "engine/codec/integer_codec.h"
#include "engine/codec/offset_kernels.h"
#include "engine/codec/span_sums.h"

namespace tsd::engine {
namespace {

constexpr int kMaxExponent = 18;
constexpr double kPower[kMaxExponent + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                             1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
constexpr double kInverse[kMaxExponent + 1] = {1e-0,  1e-1,  1e-2,  1e-3,  1e-4,  1e-5,  1e-6,  1e-7,  1e-8, 1e-9,
                                               1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17, 1e-18};
// Adding and taking away 1.5 * 2^52 rounds to an integer; exact below 2^51.
constexpr double kRounder = 6755399441055744.0;
constexpr double kLimit = 2251799813685248.0;
constexpr size_t kSample = 32;

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <typename T>
inline T Restore(int64_t digits, double power, double inverse) {
  return static_cast<T>(static_cast<double>(digits) * power * inverse);
}

/// False if the value does not survive.
template <typename T>
inline bool ToDigits(T value, double up, double down, double power, double inverse, int64_t* digits) {
  const double scaled = static_cast<double>(value) * up * down;
  if (!(std::fabs(scaled) < kLimit)) return false;  // also NaN
  *digits = static_cast<int64_t>(scaled + kRounder - kRounder);
  return std::bit_cast<BitsOf<T>>(Restore<T>(*digits, power, inverse)) == std::bit_cast<BitsOf<T>>(value);
}

struct Scale {
  int exponent = -1;
  int factor = 0;
};

struct SampleCost {
  size_t exceptions = 0;
  size_t width = 0;
};

template <typename T>
SampleCost Try(std::span<const T> sample, int exponent, int factor, size_t allowed) {
  SampleCost cost;
  int64_t low = INT64_MAX;
  int64_t high = INT64_MIN;
  for (size_t i = 0; i < sample.size() && cost.exceptions <= allowed; ++i) {
    int64_t digits;
    if (ToDigits(sample[i], kPower[exponent], kInverse[factor], kPower[factor], kInverse[exponent], &digits)) {
      low = std::min(low, digits);
      high = std::max(high, digits);
    } else {
      ++cost.exceptions;
    }
  }
  if (low <= high) cost.width = BitLength(static_cast<uint64_t>(high) - static_cast<uint64_t>(low));
  if (low > high) cost.exceptions = SIZE_MAX;
  return cost;
}

/// The pair that makes the sample smallest; exponent -1 if most of it does not survive any. Every decimal place makes all integers 3.3 bits
/// longer: the fewest that do for all win, and looking further ends when the length alone costs more than the exceptions of the best.
template <typename T>
Scale ChooseScale(std::span<const T> values) {
  T buffer[kSample];
  const size_t count = std::min(kSample, values.size());
  for (size_t i = 0; i < count; ++i) buffer[i] = values[(2 * i + 1) * values.size() / (2 * count)];
  const std::span<const T> sample(buffer, count);
  const size_t allowed = count - count / 4;
  Scale best;
  size_t best_bits = SIZE_MAX;
  for (int places = 0; places <= kMaxExponent; ++places) {
    bool too_long = false;
    for (int exponent = places; exponent <= kMaxExponent; ++exponent) {
      const SampleCost cost = Try(sample, exponent, exponent - places, allowed);
      if (cost.exceptions > allowed) continue;
      const size_t bits = count * cost.width + cost.exceptions * (8 * sizeof(T) + 16);
      if (bits < best_bits) {
        best_bits = bits;
        best = Scale{exponent, exponent - places};
      }
      if (cost.exceptions == 0 || count * cost.width >= best_bits) {
        too_long = true;
        break;
      }
      if (places == 0) break;  // integers come back at the first try or not at all
    }
    if (too_long) break;
  }
  if (best_bits > count * (8 * sizeof(T) - 4)) best.exponent = -1;
  return best;
}

/// Fills digits and the positions of values that do not survive; false if those are too many.
template <typename T>
bool AllDigits(std::span<const T> values, Scale scale, int64_t* digits, std::vector<int64_t>& positions) {
  const double up = kPower[scale.exponent];
  const double down = kInverse[scale.factor];
  const double power = kPower[scale.factor];
  const double inverse = kInverse[scale.exponent];
  const size_t allowed = values.size() - values.size() / 4;
  if constexpr (sizeof(T) == 8) {
    std::vector<uint64_t> failed((values.size() + 63) / 64);
    const size_t failures = ToDecimalDigits(values.data(), values.size(), up, down, power, inverse, digits, failed.data());
    if (failures > allowed) return false;
    for (size_t word = 0; failures != 0 && word < failed.size(); ++word) {
      for (uint64_t mask = failed[word]; mask != 0; mask &= mask - 1) {
        positions.push_back(static_cast<int64_t>(word * 64 + static_cast<size_t>(__builtin_ctzll(mask))));
      }
    }
  } else {
    for (size_t i = 0; i < values.size(); ++i) {
      if (ToDigits(values[i], up, down, power, inverse, &digits[i])) continue;
      positions.push_back(static_cast<int64_t>(i));
      if (positions.size() > allowed) return false;
    }
  }
  // A failed value repeats its neighbour: that compresses best.
  int64_t first_good = 0;
  for (size_t i = 0, failed_before = 0; i < values.size(); ++i, ++failed_before) {
    if (failed_before >= positions.size() || positions[failed_before] != static_cast<int64_t>(i)) {
      first_good = digits[i];
      break;
    }
  }
  for (int64_t position : positions) digits[position] = position == 0 ? first_good : digits[position - 1];
  return true;
}

bool ReadScale(ByteReader& reader, Scale& scale) {
  scale.exponent = reader.GetU8();
  scale.factor = reader.GetU8();
  return reader.ok() && scale.exponent <= kMaxExponent && scale.factor <= scale.exponent;
}

/// Hands the values that are kept apart to put(position, value).
template <typename T, typename Put>
bool ReadExceptions(ByteReader& reader, size_t count, Put put) {
  const uint64_t exceptions = reader.GetVarint();
  if (!reader.ok() || exceptions > count) return false;
  if (exceptions == 0) return true;
  std::vector<int64_t> positions(exceptions);
  if (!DecodeIntegers(reader, positions)) return false;
  const std::unique_ptr<T[]> values = std::make_unique_for_overwrite<T[]>(exceptions);
  if (!DecodeParts<T>(reader, std::span<T>(values.get(), exceptions))) return false;
  for (size_t i = 0; i < exceptions; ++i) {
    if (static_cast<uint64_t>(positions[i]) >= count) return false;
    put(static_cast<size_t>(positions[i]), values[i]);
  }
  return true;
}

/// Makes doubles of digits.
class DoubleArray final : public FrameSink {
 public:
  DoubleArray(double* out, double power, double inverse) : out_(out), power_(power), inverse_(inverse) {}
  void PutNarrow(int64_t base, const int16_t* offsets, size_t count) override {
    constexpr int64_t kMost = int64_t{1} << 30;
    if (base >= -kMost && base <= kMost) {
      OffsetsToDoubles(offsets, count, static_cast<int32_t>(base), power_, inverse_, out_);
      out_ += count;
      return;
    }
    AddOffsets(offsets, count, base, Room(count));
    Scale(count);
  }
  int64_t* Room(size_t) override { return reinterpret_cast<int64_t*>(out_); }
  void PutWide(const int64_t* values, size_t count) override {
    if (values != Room(count)) std::memcpy(out_, values, count * sizeof(int64_t));
    Scale(count);
  }

 private:
  void Scale(size_t count) {
    ScaleToDoubles(Room(count), count, power_, inverse_);
    out_ += count;
  }

  double* out_;
  const double power_, inverse_;
};

/// The digits of the values that pass a test: values do not descend while digits ascend, as every step of Restore only rounds.
struct DigitRange {
  int64_t low = INT64_MIN, high = INT64_MAX;
};

/// The least digits whose value satisfies what all greater ones satisfy too; kLimit + 1 if none does. `guess`: where they may be.
template <typename Passes>
int64_t LeastDigits(Scale scale, double guess, Passes passes) {
  const auto passes_at = [&](int64_t digits) { return passes(Restore<double>(digits, kPower[scale.factor], kInverse[scale.exponent])); };
  constexpr int64_t kMost = static_cast<int64_t>(kLimit), kNear = 4;
  int64_t below = -kMost - 1, at = kMost + 1;  // does not, does
  if (std::fabs(guess) < kLimit - kNear) {
    const int64_t middle = static_cast<int64_t>(guess);
    if (!passes_at(middle - kNear)) below = middle - kNear;
    if (passes_at(middle + kNear)) at = middle + kNear;
  }
  while (at - below > 1) {
    const int64_t middle = below + (at - below) / 2;
    (passes_at(middle) ? at : below) = middle;
  }
  return at;
}

DigitRange DigitsThatPass(DoubleTest test, Scale scale) {
  const double bound = test.bound;
  const double guess = bound * kPower[scale.exponent] * kInverse[scale.factor];
  const auto not_below = [&] { return LeastDigits(scale, guess, [bound](double value) { return value >= bound; }); };
  const auto above = [&] { return LeastDigits(scale, guess, [bound](double value) { return value > bound; }); };
  DigitRange range;
  if (test.test == RowTest::kGreater) range.low = above();
  if (test.test == RowTest::kGreaterEqual || test.test == RowTest::kEqual) range.low = not_below();
  if (test.test == RowTest::kLess) range.high = not_below() - 1;
  if (test.test == RowTest::kLessEqual || test.test == RowTest::kEqual) range.high = above() - 1;
  return range;
}

/// passed[i] = whether the i-th number lies in the range.
class RangeTest final : public FrameSink {
 public:
  RangeTest(DigitRange range, uint8_t* passed) : range_(range), passed_(passed) {}
  void PutNarrow(int64_t base, const int16_t* offsets, size_t count) override {
    const __int128 low = static_cast<__int128>(range_.low) - base, high = static_cast<__int128>(range_.high) - base;
    if (low > INT16_MAX || high < INT16_MIN) {
      std::memset(passed_, 0, count);
    } else {
      TestOffsets(offsets, count, static_cast<int16_t>(std::max<__int128>(low, INT16_MIN)), static_cast<int16_t>(std::min<__int128>(high, INT16_MAX)), passed_);
    }
    passed_ += count;
  }
  int64_t* Room(size_t) override { return room_; }
  void PutWide(const int64_t* values, size_t count) override {
    for (size_t i = 0; i < count; ++i) passed_[i] = values[i] >= range_.low && values[i] <= range_.high;
    passed_ += count;
  }

 private:
  const DigitRange range_;
  uint8_t* passed_;
  int64_t room_[kFrameValues];
};

}  // namespace

template <typename T>
bool EncodeAlp(std::span<const T> values, std::string& out) {
  const Scale scale = ChooseScale(values);
  if (scale.exponent < 0) return false;
  const std::unique_ptr<int64_t[]> digits = std::make_unique_for_overwrite<int64_t[]>(values.size());
  std::vector<int64_t> positions;
  if (!AllDigits(values, scale, digits.get(), positions)) return false;
  const size_t begin = out.size();
  out.push_back(static_cast<char>(scale.exponent));
  out.push_back(static_cast<char>(scale.factor));
  EncodeIntegers(std::span<const int64_t>(digits.get(), values.size()), out);
  ByteWriter writer;
  writer.PutVarint(positions.size());
  out += writer.data();
  if (!positions.empty()) {
    EncodeIntegers(positions, out);
    std::vector<T> exceptions;
    exceptions.reserve(positions.size());
    for (int64_t position : positions) exceptions.push_back(values[static_cast<size_t>(position)]);
    EncodeParts<T>(exceptions, out);
  }
  if (out.size() - begin >= values.size() * sizeof(T)) {
    out.resize(begin);
    return false;
  }
  return true;
}

template <typename T>
bool DecodeAlp(ByteReader& reader, std::span<T> out) {
  Scale scale;
  if (!ReadScale(reader, scale)) return false;
  const double power = kPower[scale.factor];
  const double inverse = kInverse[scale.exponent];
  if constexpr (sizeof(T) == 8) {
    DoubleArray values(out.data(), power, inverse);
    if (!VisitIntegers(reader, out.size(), values)) return false;
  } else {
    const std::unique_ptr<int64_t[]> digits = std::make_unique_for_overwrite<int64_t[]>(out.size());
    if (!DecodeIntegers(reader, std::span<int64_t>(digits.get(), out.size()))) return false;
    for (size_t i = 0; i < out.size(); ++i) out[i] = Restore<T>(digits[i], power, inverse);
  }
  return ReadExceptions<T>(reader, out.size(), [&](size_t position, T value) { out[position] = value; });
}

bool SumAlp(ByteReader& reader, size_t count, std::span<const RowSpan> spans, std::span<const uint8_t> keep, double* sums) {
  Scale scale;
  if (!ReadScale(reader, scale)) return false;
  SpanSums digits(spans, keep);
  if (!VisitIntegers(reader, count, digits)) return false;
  // A value that is an exception stands among the digits as its neighbour.
  if (reader.GetVarint() != 0 || !reader.ok()) return false;
  for (size_t i = 0; i < spans.size(); ++i) sums[i] = static_cast<double>(digits.sum(i)) * kPower[scale.factor] * kInverse[scale.exponent];
  return true;
}

bool TestAlp(ByteReader& reader, size_t count, DoubleTest test, uint8_t* keep) {
  Scale scale;
  if (!ReadScale(reader, scale)) return false;
  const std::unique_ptr<uint8_t[]> passed = std::make_unique_for_overwrite<uint8_t[]>(count);
  RangeTest digits(DigitsThatPass(test, scale), passed.get());
  if (!VisitIntegers(reader, count, digits)) return false;
  const auto decide = [&](size_t position, double value) { passed[position] = test.Passes(value); };
  if (!ReadExceptions<double>(reader, count, decide) || !reader.AtEnd()) return false;
  AndBytes(passed.get(), count, keep);
  return true;
}

template bool EncodeAlp<float>(std::span<const float>, std::string&);
template bool EncodeAlp<double>(std::span<const double>, std::string&);
template bool DecodeAlp<float>(ByteReader&, std::span<float>);
template bool DecodeAlp<double>(ByteReader&, std::span<double>);

}  // namespace tsd::engine
