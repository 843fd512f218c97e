#include "engine/codec/float_alp.h"

#include <bit>
#include <cmath>
#include <memory>
#include <vector>

#include "engine/codec/bitpack.h"
#include "engine/codec/frame_kernels.h"
#include "engine/codec/integer_codec.h"

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
  const size_t allowed = count / 4;
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
  const size_t allowed = values.size() / 8 + 4;
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
  if (!positions.empty()) EncodeIntegers(positions, out);
  for (int64_t position : positions) out.append(reinterpret_cast<const char*>(&values[static_cast<size_t>(position)]), sizeof(T));
  if (out.size() - begin >= values.size() * sizeof(T)) {
    out.resize(begin);
    return false;
  }
  return true;
}

template <typename T>
bool DecodeAlp(ByteReader& reader, std::span<T> out) {
  const int exponent = reader.GetU8();
  const int factor = reader.GetU8();
  if (!reader.ok() || exponent > kMaxExponent || factor > exponent) return false;
  const double power = kPower[factor];
  const double inverse = kInverse[exponent];
  if constexpr (sizeof(T) == 8) {
    int64_t* digits = reinterpret_cast<int64_t*>(out.data());
    if (!DecodeIntegers(reader, std::span<int64_t>(digits, out.size()))) return false;
    ScaleToDoubles(digits, out.size(), power, inverse);
  } else {
    const std::unique_ptr<int64_t[]> digits = std::make_unique_for_overwrite<int64_t[]>(out.size());
    if (!DecodeIntegers(reader, std::span<int64_t>(digits.get(), out.size()))) return false;
    for (size_t i = 0; i < out.size(); ++i) out[i] = Restore<T>(digits[i], power, inverse);
  }
  const uint64_t exceptions = reader.GetVarint();
  if (!reader.ok() || exceptions > out.size()) return false;
  if (exceptions == 0) return true;
  std::vector<int64_t> positions(exceptions);
  if (!DecodeIntegers(reader, positions)) return false;
  const std::string_view raw = reader.GetBytes(exceptions * sizeof(T));
  if (!reader.ok()) return false;
  for (size_t i = 0; i < exceptions; ++i) {
    if (static_cast<uint64_t>(positions[i]) >= out.size()) return false;
    std::memcpy(&out[static_cast<size_t>(positions[i])], raw.data() + i * sizeof(T), sizeof(T));
  }
  return true;
}

bool SumAlp(ByteReader& reader, size_t count, std::span<const RowSpan> spans, double* sums) {
  const int exponent = reader.GetU8();
  const int factor = reader.GetU8();
  if (!reader.ok() || exponent > kMaxExponent || factor > exponent) return false;
  SpanSums digits(spans);
  if (!SumIntegers(reader, count, digits)) return false;
  // A value that is an exception stands among the digits as its neighbour.
  if (reader.GetVarint() != 0 || !reader.ok()) return false;
  for (size_t i = 0; i < spans.size(); ++i) sums[i] = static_cast<double>(digits.sum(i)) * kPower[factor] * kInverse[exponent];
  return true;
}

template bool EncodeAlp<float>(std::span<const float>, std::string&);
template bool EncodeAlp<double>(std::span<const double>, std::string&);
template bool DecodeAlp<float>(ByteReader&, std::span<float>);
template bool DecodeAlp<double>(ByteReader&, std::span<double>);

}  // namespace tsd::engine
