#include "engine/codec/float_alp.h"

#include <bit>
#include <cmath>
#include <vector>

#include "engine/codec/bitpack.h"
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

/// The pair that makes the sample smallest; exponent -1 if most of it does not survive any.
template <typename T>
Scale ChooseScale(std::span<const T> values) {
  T sample[kSample];
  const size_t count = std::min(kSample, values.size());
  for (size_t i = 0; i < count; ++i) sample[i] = values[(2 * i + 1) * values.size() / (2 * count)];
  Scale best;
  size_t best_bits = SIZE_MAX;
  for (int exponent = kMaxExponent; exponent >= 0; --exponent) {
    for (int factor = exponent; factor >= 0; --factor) {
      size_t exceptions = 0;
      int64_t low = INT64_MAX;
      int64_t high = INT64_MIN;
      const size_t allowed = count / 4;
      for (size_t i = 0; i < count && exceptions <= allowed; ++i) {
        int64_t digits;
        if (ToDigits(sample[i], kPower[exponent], kInverse[factor], kPower[factor], kInverse[exponent], &digits)) {
          low = std::min(low, digits);
          high = std::max(high, digits);
        } else {
          ++exceptions;
        }
      }
      if (exceptions > allowed || low > high) continue;
      const size_t width = BitLength(static_cast<uint64_t>(high) - static_cast<uint64_t>(low));
      const size_t bits = count * width + exceptions * (8 * sizeof(T) + 16);
      if (bits < best_bits || (bits == best_bits && exponent < best.exponent)) {
        best_bits = bits;
        best = Scale{exponent, factor};
      }
    }
  }
  if (best_bits > count * (8 * sizeof(T) - 4)) best.exponent = -1;
  return best;
}

}  // namespace

template <typename T>
bool EncodeAlp(std::span<const T> values, std::string& out) {
  const Scale scale = ChooseScale(values);
  if (scale.exponent < 0) return false;
  const double up = kPower[scale.exponent];
  const double down = kInverse[scale.factor];
  const double power = kPower[scale.factor];
  const double inverse = kInverse[scale.exponent];
  const size_t allowed = values.size() / 8 + 4;
  std::vector<int64_t> digits(values.size());
  std::vector<int64_t> positions;
  int64_t last = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (ToDigits(values[i], up, down, power, inverse, &digits[i])) {
      last = digits[i];
      continue;
    }
    digits[i] = last;  // whatever compresses best
    positions.push_back(static_cast<int64_t>(i));
    if (positions.size() > allowed) return false;
  }
  const size_t begin = out.size();
  out.push_back(static_cast<char>(scale.exponent));
  out.push_back(static_cast<char>(scale.factor));
  EncodeIntegers(digits, out);
  ByteWriter writer;
  writer.PutVarint(positions.size());
  out += writer.data();
  EncodeIntegers(positions, out);
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
  std::vector<int64_t> digits(out.size());
  if (!DecodeIntegers(reader, digits)) return false;
  const double power = kPower[factor];
  const double inverse = kInverse[exponent];
  for (size_t i = 0; i < out.size(); ++i) out[i] = Restore<T>(digits[i], power, inverse);
  const uint64_t exceptions = reader.GetVarint();
  if (!reader.ok() || exceptions > out.size()) return false;
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

template bool EncodeAlp<float>(std::span<const float>, std::string&);
template bool EncodeAlp<double>(std::span<const double>, std::string&);
template bool DecodeAlp<float>(ByteReader&, std::span<float>);
template bool DecodeAlp<double>(ByteReader&, std::span<double>);

}  // namespace tsd::engine
