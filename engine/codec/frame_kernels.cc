#include "engine/codec/frame_kernels.h"

#include <bit>
#include <cmath>
#include <cstring>

// Highway compiles this file once a target: the first inclusion sets that up.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/codec/frame_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tsd::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<int64_t>;
using Doubles = hn::ScalableTag<double>;

// Adding 1.5 * 2^52 leaves an integer's value in the low bits of the double: both conversions cost one addition, without AVX-512 too.
constexpr double kMagic = 6755399441055744.0;
constexpr double kDigitLimit = 2251799813685248.0;

/// Eight bytes as 64-bit lanes: HWY_MIN(Lanes, 8) of them from `bytes`.
HWY_INLINE hn::Vec<Wide> Widen(const uint8_t* bytes) {
  const hn::Rebind<uint8_t, Wide> narrow;
  const hn::Rebind<uint32_t, Wide> middle;
  const hn::Rebind<uint64_t, Wide> wide;
  return hn::BitCast(Wide(), hn::PromoteTo(wide, hn::PromoteTo(middle, hn::LoadU(narrow, bytes))));
}

/// Eight values of kWidth bits -> eight bytes.
template <unsigned kWidth>
HWY_INLINE uint64_t SpreadToBytes(uint64_t bits) {
#if HWY_ARCH_X86_64 && HWY_TARGET <= HWY_AVX2
  return _pdep_u64(bits, 0x0101010101010101u * ((1u << kWidth) - 1));
#else
  if constexpr (kWidth == 8) {
    return bits;
  } else {  // in three doublings
    constexpr uint64_t kLow4 = (uint64_t{1} << (4 * kWidth)) - 1;
    constexpr uint64_t kLow2 = (uint64_t{1} << (2 * kWidth)) - 1;
    constexpr uint64_t kLow1 = (uint64_t{1} << kWidth) - 1;
    constexpr uint64_t kPairs = kLow2 | kLow2 << 32;
    constexpr uint64_t kOnes = kLow1 | kLow1 << 16 | kLow1 << 32 | kLow1 << 48;
    bits = (bits & kLow4) | (bits >> (4 * kWidth) & kLow4) << 32;
    bits = (bits & kPairs) | (bits >> (2 * kWidth) & kPairs) << 16;
    return (bits & kOnes) | (bits >> kWidth & kOnes) << 8;
  }
#endif
}

template <unsigned kWidth>
HWY_INLINE void UnpackWidth(const char* HWY_RESTRICT in, size_t available, size_t count, uint8_t* HWY_RESTRICT out) {
  size_t group = 0;
  for (; group * 8 < count && group * kWidth + 8 <= available; ++group) {
    uint64_t bits;
    std::memcpy(&bits, in + group * kWidth, 8);
    const uint64_t bytes = SpreadToBytes<kWidth>(bits);
    std::memcpy(out + group * 8, &bytes, 8);
  }
  for (; group * 8 < count; ++group) {
    uint64_t bits = 0;
    std::memcpy(&bits, in + group * kWidth, available - group * kWidth < kWidth ? available - group * kWidth : kWidth);
    const uint64_t bytes = SpreadToBytes<kWidth>(bits);
    std::memcpy(out + group * 8, &bytes, 8);
  }
}

void UnpackBytesImpl(unsigned width, const char* in, size_t available, size_t count, uint8_t* out) {
  switch (width) {
    case 1: return UnpackWidth<1>(in, available, count, out);
    case 2: return UnpackWidth<2>(in, available, count, out);
    case 3: return UnpackWidth<3>(in, available, count, out);
    case 4: return UnpackWidth<4>(in, available, count, out);
    case 5: return UnpackWidth<5>(in, available, count, out);
    case 6: return UnpackWidth<6>(in, available, count, out);
    case 7: return UnpackWidth<7>(in, available, count, out);
    case 8: return UnpackWidth<8>(in, available, count, out);
    default: std::memset(out, 0, count);
  }
}

ByteSums SumBytesTwiceImpl(const uint8_t* HWY_RESTRICT bytes, size_t count) {
  constexpr int16_t kMost = 256;
  const hn::ScalableTag<int16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> narrow;
  const hn::RepartitionToWide<decltype(d)> wide;
  const size_t lanes = hn::Lanes(d);
  const auto one = hn::Set(d, 1);
  const auto step = hn::Set(d, static_cast<int16_t>(lanes));
  auto weights = hn::Sub(hn::Set(d, kMost), hn::Iota(d, 0));
  auto plain = hn::Zero(wide), plain_more = plain, weighted = plain, weighted_more = plain;
  const auto add = [&](hn::Vec<decltype(d)> values) HWY_ATTR {
    plain = hn::ReorderWidenMulAccumulate(wide, values, one, plain, plain_more);
    weighted = hn::ReorderWidenMulAccumulate(wide, values, weights, weighted, weighted_more);
    weights = hn::Sub(weights, step);
  };
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) add(hn::PromoteTo(d, hn::LoadU(narrow, bytes + i)));
  if (i < count) add(hn::IfThenElseZero(hn::FirstN(d, count - i), hn::PromoteTo(d, hn::LoadU(narrow, bytes + i))));
  ByteSums sums;
  sums.plain = static_cast<uint64_t>(hn::GetLane(hn::SumOfLanes(wide, hn::Add(plain, plain_more))));
  sums.weighted = static_cast<uint64_t>(hn::GetLane(hn::SumOfLanes(wide, hn::Add(weighted, weighted_more)))) - (kMost - count) * sums.plain;
  return sums;
}

void AddBytesImpl(const uint8_t* HWY_RESTRICT bytes, size_t count, int64_t base, int64_t* HWY_RESTRICT out) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  const auto added = hn::Set(d, base);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::Add(Widen(bytes + i), added), d, out + i);
  for (; i < count; ++i) out[i] = static_cast<int64_t>(static_cast<uint64_t>(base) + bytes[i]);
}

/// Adds up bytes eight at a time: byte k of the product is the sum of bytes 0..k.
class EightSums {
 public:
  EightSums(int64_t base, int64_t start) : step_(static_cast<uint64_t>(base)), running_(static_cast<uint64_t>(start)) {
    for (size_t i = 0; i < 8; ++i) ramp_[i] = static_cast<int64_t>(step_ * (i + 1));
  }
  HWY_INLINE void Put(uint64_t eight, int64_t* HWY_RESTRICT out) {
    const Wide d;
    const size_t lanes = hn::Lanes(d);
    const uint64_t sums = eight * 0x0101010101010101u;
    uint8_t parts[8 + kKernelSlack];
    std::memcpy(parts, &sums, 8);
    const auto carry = hn::Set(d, static_cast<int64_t>(running_));
    for (size_t lane = 0; lane < 8; lane += lanes) {
      hn::StoreU(hn::Add(hn::Add(Widen(parts + lane), hn::LoadU(d, ramp_ + lane)), carry), d, out + lane);
    }
    running_ += (sums >> 56) + 8 * step_;
  }
  HWY_INLINE void PutOne(uint8_t byte, int64_t* out) {
    running_ += byte + step_;
    *out = static_cast<int64_t>(running_);
  }
  int64_t last() const { return static_cast<int64_t>(running_); }

 private:
  const uint64_t step_;
  uint64_t running_;
  HWY_ALIGN int64_t ramp_[8];
};

int64_t SumBytesImpl(const uint8_t* HWY_RESTRICT bytes, size_t count, int64_t base, int64_t start, int64_t* HWY_RESTRICT out) {
  EightSums sums(base, start);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, bytes + i, 8);
    sums.Put(eight, out + i);
  }
  for (; i < count; ++i) sums.PutOne(bytes[i], out + i);
  return sums.last();
}

/// The low bytes of `from`, one after another, to the bytes that are 0xff in `mask`.
HWY_INLINE uint64_t Deposit(uint64_t from, uint64_t mask) {
#if HWY_ARCH_X86_64 && HWY_TARGET <= HWY_AVX2
  return _pdep_u64(from, mask);
#else
  uint64_t result = 0;
  for (unsigned shift = 0; mask >> shift != 0;) {
    shift = static_cast<unsigned>(__builtin_ctzll(mask >> shift)) + shift;
    result |= (from & 0xff) << shift;
    from >>= 8;
    shift += 8;
    if (shift == 64) break;
  }
  return result;
#endif
}

size_t SumEscapedBytesImpl(const uint8_t* HWY_RESTRICT bytes, size_t count, uint8_t symbol, uint8_t shift, const uint8_t* HWY_RESTRICT escapes,
                           int64_t base, int64_t* HWY_RESTRICT start, int64_t* HWY_RESTRICT out) {
  constexpr uint64_t kOnes = 0x0101010101010101u;
  EightSums sums(base, *start);
  size_t used = 0;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t eight, next;
    std::memcpy(&eight, bytes + i, 8);
    std::memcpy(&next, escapes + used, 8);
    const uint64_t differs = (eight ^ (kOnes * symbol)) + 0x7f * kOnes;  // high bit: not the symbol
    const uint64_t found = ~differs & (0x80 * kOnes);
    const uint64_t mask = (found >> 7) * 0xff;
    sums.Put(((eight + kOnes * shift) & ~mask) | Deposit(next, mask), out + i);
    used += static_cast<size_t>(__builtin_popcountll(found));
  }
  for (; i < count; ++i) {
    const bool escaped = bytes[i] == symbol;
    sums.PutOne(escaped ? escapes[used] : static_cast<uint8_t>(bytes[i] + shift), out + i);
    used += escaped;
  }
  *start = sums.last();
  return used;
}

int64_t PrefixSumImpl(int64_t* values, size_t count, int64_t start) {
  // Two independent halves would need a second pass; four values a step keep the dependency to one addition.
  uint64_t running = static_cast<uint64_t>(start);
  uint64_t* v = reinterpret_cast<uint64_t*>(values);
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const uint64_t a = v[i], b = a + v[i + 1], c = v[i + 2], e = c + v[i + 3];
    v[i] = running + a;
    v[i + 1] = running + b;
    v[i + 2] = running + (b + c);
    running += b + e;
    v[i + 3] = running;
  }
  for (; i < count; ++i) {
    running += v[i];
    v[i] = running;
  }
  return static_cast<int64_t>(running);
}

void FindByteImpl(const uint8_t* HWY_RESTRICT bytes, size_t count, uint8_t symbol, uint64_t* HWY_RESTRICT masks) {
  const hn::CappedTag<uint8_t, 64> d;
  const size_t lanes = hn::Lanes(d);
  const auto wanted = hn::Set(d, symbol);
  for (size_t word = 0; word * 64 < count; ++word) {
    uint64_t mask = 0;
    for (size_t lane = 0; lane < 64; lane += lanes) {
      uint8_t bits[8] = {};
      hn::StoreMaskBits(d, hn::Eq(hn::LoadU(d, bytes + word * 64 + lane), wanted), bits);
      uint64_t part;
      std::memcpy(&part, bits, 8);
      mask |= part << lane;
    }
    const size_t left = count - word * 64;
    masks[word] = left < 64 ? mask & ((uint64_t{1} << left) - 1) : mask;
  }
}

void DifferencesImpl(const int64_t* values, size_t count, int64_t* out) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + 1 + lanes <= count; i += lanes) hn::StoreU(hn::Sub(hn::LoadU(d, values + i + 1), hn::LoadU(d, values + i)), d, out + i);
  for (; i + 1 < count; ++i) out[i] = static_cast<int64_t>(static_cast<uint64_t>(values[i + 1]) - static_cast<uint64_t>(values[i]));
}

size_t CountChangesImpl(const int64_t* values, size_t count) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  size_t same = 0;
  size_t i = 0;
  for (; i + 1 + lanes <= count; i += lanes) {
    same += hn::CountTrue(d, hn::Eq(hn::LoadU(d, values + i + 1), hn::LoadU(d, values + i)));
  }
  for (; i + 1 < count; ++i) same += values[i + 1] == values[i];
  return count == 0 ? 0 : count - 1 - same;
}

int64_t SumNumbersImpl(const int64_t* values, size_t count) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  auto first = hn::Zero(d);
  auto second = first;
  size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    first = hn::Add(first, hn::LoadU(d, values + i));
    second = hn::Add(second, hn::LoadU(d, values + i + lanes));
  }
  uint64_t sum = static_cast<uint64_t>(hn::GetLane(hn::SumOfLanes(d, hn::Add(first, second))));
  for (; i < count; ++i) sum += static_cast<uint64_t>(values[i]);
  return static_cast<int64_t>(sum);
}

void MinMaxImpl(const int64_t* HWY_RESTRICT values, size_t count, int64_t* HWY_RESTRICT low, int64_t* HWY_RESTRICT high) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  int64_t smallest = values[0];
  int64_t largest = values[0];
  size_t i = 0;
  if (count >= lanes) {
    auto min = hn::LoadU(d, values);
    auto max = min;
    for (i = lanes; i + lanes <= count; i += lanes) {
      const auto v = hn::LoadU(d, values + i);
      min = hn::IfThenElse(hn::Lt(v, min), v, min);
      max = hn::IfThenElse(hn::Gt(v, max), v, max);
    }
    HWY_ALIGN int64_t mins[HWY_MAX_BYTES / 8], maxs[HWY_MAX_BYTES / 8];
    hn::Store(min, d, mins);
    hn::Store(max, d, maxs);
    for (size_t lane = 0; lane < lanes; ++lane) {
      smallest = mins[lane] < smallest ? mins[lane] : smallest;
      largest = maxs[lane] > largest ? maxs[lane] : largest;
    }
  }
  for (; i < count; ++i) {
    smallest = values[i] < smallest ? values[i] : smallest;
    largest = values[i] > largest ? values[i] : largest;
  }
  *low = smallest;
  *high = largest;
}

void ScaleToDoublesImpl(int64_t* values, size_t count, double power, double inverse) {
  const Wide wide;
  const Doubles d;
  const size_t lanes = hn::Lanes(d);
  const auto magic_bits = hn::Set(wide, std::bit_cast<int64_t>(kMagic));
  const auto magic = hn::Set(d, kMagic);
  const auto times = hn::Set(d, power);
  const auto then = hn::Set(d, inverse);
  size_t i = 0;
  if (power == 1 && inverse == 1) {
    for (; i + lanes <= count; i += lanes) {
      const auto digits = hn::BitCast(d, hn::Add(hn::LoadU(wide, values + i), magic_bits));
      hn::StoreU(hn::BitCast(wide, hn::Sub(digits, magic)), wide, values + i);
    }
  }
  for (; i + lanes <= count; i += lanes) {
    const auto digits = hn::Sub(hn::BitCast(d, hn::Add(hn::LoadU(wide, values + i), magic_bits)), magic);
    hn::StoreU(hn::BitCast(wide, hn::Mul(hn::Mul(digits, times), then)), wide, values + i);
  }
  for (; i < count; ++i) {
    const uint64_t bits = static_cast<uint64_t>(values[i]) + std::bit_cast<uint64_t>(kMagic);
    const double digits = std::bit_cast<double>(bits) - kMagic;
    values[i] = std::bit_cast<int64_t>(digits * power * inverse);
  }
}

size_t ToDecimalDigitsImpl(const double* HWY_RESTRICT values, size_t count, double up, double down, double power, double inverse,
                           int64_t* HWY_RESTRICT digits, uint64_t* HWY_RESTRICT failed) {
  const Wide wide;
  const Doubles d;
  const size_t lanes = hn::Lanes(d);
  const auto magic = hn::Set(d, kMagic);
  const auto magic_bits = hn::Set(wide, std::bit_cast<int64_t>(kMagic));
  const auto limit = hn::Set(d, kDigitLimit);
  const auto v_up = hn::Set(d, up), v_down = hn::Set(d, down), v_power = hn::Set(d, power), v_inverse = hn::Set(d, inverse);
  for (size_t word = 0; word * 64 < count; ++word) failed[word] = 0;
  size_t failures = 0;
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(d, values + i);
    const auto scaled = hn::Mul(hn::Mul(value, v_up), v_down);
    const auto shifted = hn::Add(scaled, magic);
    const auto back = hn::Mul(hn::Mul(hn::Sub(shifted, magic), v_power), v_inverse);
    const auto same = hn::Eq(hn::BitCast(wide, back), hn::BitCast(wide, value));
    const auto small = hn::RebindMask(wide, hn::Lt(hn::Abs(scaled), limit));
    hn::StoreU(hn::Sub(hn::BitCast(wide, shifted), magic_bits), wide, digits + i);
    const auto good = hn::And(same, small);
    if (!hn::AllTrue(wide, good)) {
      uint8_t bits[8] = {};
      hn::StoreMaskBits(wide, hn::Not(good), bits);
      for (size_t lane = 0; lane < lanes; ++lane) {
        if ((bits[0] >> lane & 1) == 0) continue;
        failed[(i + lane) / 64] |= uint64_t{1} << ((i + lane) % 64);
        ++failures;
      }
    }
  }
  for (; i < count; ++i) {
    const double scaled = values[i] * up * down;
    const double shifted = scaled + kMagic;
    const double back = (shifted - kMagic) * power * inverse;
    digits[i] = static_cast<int64_t>(std::bit_cast<uint64_t>(shifted) - std::bit_cast<uint64_t>(kMagic));
    if (std::bit_cast<uint64_t>(back) == std::bit_cast<uint64_t>(values[i]) && std::fabs(scaled) < kDigitLimit) continue;
    failed[i / 64] |= uint64_t{1} << (i % 64);
    ++failures;
  }
  return failures;
}

DoubleSummary SummariseDoublesImpl(const double* HWY_RESTRICT values, size_t count) {
  // Eight running sums on every target, so that every machine computes the same sum.
  const hn::CappedTag<double, 8> d;
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN double sums[8] = {};
  HWY_ALIGN double lows[8], highs[8];
  for (size_t i = 0; i < 8; ++i) {
    lows[i] = INFINITY;
    highs[i] = -INFINITY;
  }
  bool has_nan = false;
  bool has_number = false;
  const size_t whole = count / 8 * 8;
  for (size_t part = 0; part < 8; part += lanes) {
    auto sum = hn::Zero(d);
    auto low = hn::Set(d, INFINITY);
    auto high = hn::Set(d, -INFINITY);
    auto numbers = hn::Eq(sum, low);  // none
    auto nans = numbers;
    for (size_t i = part; i < whole; i += 8) {
      const auto v = hn::LoadU(d, values + i);
      sum = hn::Add(sum, v);
      const auto number = hn::Eq(v, v);
      numbers = hn::Or(numbers, number);
      nans = hn::Or(nans, hn::Not(number));
      low = hn::IfThenElse(hn::Lt(v, low), v, low);
      high = hn::IfThenElse(hn::Gt(v, high), v, high);
    }
    hn::StoreU(sum, d, sums + part);
    hn::StoreU(low, d, lows + part);
    hn::StoreU(high, d, highs + part);
    has_nan = has_nan || !hn::AllFalse(d, nans);
    has_number = has_number || !hn::AllFalse(d, numbers);
  }
  DoubleSummary result;
  result.low = INFINITY;
  result.high = -INFINITY;
  for (size_t i = whole; i < count; ++i) {
    const double v = values[i];
    sums[i % 8] += v;
    if (v != v) {
      has_nan = true;
      continue;
    }
    has_number = true;
    lows[0] = v < lows[0] ? v : lows[0];
    highs[0] = v > highs[0] ? v : highs[0];
  }
  for (size_t i = 0; i < 8; ++i) {
    result.low = lows[i] < result.low ? lows[i] : result.low;
    result.high = highs[i] > result.high ? highs[i] : result.high;
  }
  result.sum = ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
  result.has_nan = has_nan;
  result.has_number = has_number;
  return result;
}

}  // namespace tsd::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tsd::engine {

HWY_EXPORT(UnpackBytesImpl);
HWY_EXPORT(SumBytesTwiceImpl);
HWY_EXPORT(AddBytesImpl);
HWY_EXPORT(SumBytesImpl);
HWY_EXPORT(SumEscapedBytesImpl);
HWY_EXPORT(PrefixSumImpl);
HWY_EXPORT(FindByteImpl);
HWY_EXPORT(DifferencesImpl);
HWY_EXPORT(CountChangesImpl);
HWY_EXPORT(SumNumbersImpl);
HWY_EXPORT(MinMaxImpl);
HWY_EXPORT(ScaleToDoublesImpl);
HWY_EXPORT(ToDecimalDigitsImpl);
HWY_EXPORT(SummariseDoublesImpl);

void UnpackBytes(unsigned width, const char* in, size_t available, size_t count, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(UnpackBytesImpl)(width, in, available, count, out);
}
ByteSums SumBytesTwice(const uint8_t* bytes, size_t count) { return HWY_DYNAMIC_DISPATCH(SumBytesTwiceImpl)(bytes, count); }
void AddBytes(const uint8_t* bytes, size_t count, int64_t base, int64_t* out) { HWY_DYNAMIC_DISPATCH(AddBytesImpl)(bytes, count, base, out); }
int64_t SumBytes(const uint8_t* bytes, size_t count, int64_t base, int64_t start, int64_t* out) {
  return HWY_DYNAMIC_DISPATCH(SumBytesImpl)(bytes, count, base, start, out);
}
size_t SumEscapedBytes(const uint8_t* bytes, size_t count, uint8_t symbol, uint8_t shift, const uint8_t* escapes, int64_t base, int64_t* start,
                       int64_t* out) {
  return HWY_DYNAMIC_DISPATCH(SumEscapedBytesImpl)(bytes, count, symbol, shift, escapes, base, start, out);
}
int64_t PrefixSum(int64_t* values, size_t count, int64_t start) { return HWY_DYNAMIC_DISPATCH(PrefixSumImpl)(values, count, start); }
void FindByte(const uint8_t* bytes, size_t count, uint8_t symbol, uint64_t* masks) {
  HWY_DYNAMIC_DISPATCH(FindByteImpl)(bytes, count, symbol, masks);
}
void Differences(const int64_t* values, size_t count, int64_t* out) { HWY_DYNAMIC_DISPATCH(DifferencesImpl)(values, count, out); }
size_t CountChanges(const int64_t* values, size_t count) { return HWY_DYNAMIC_DISPATCH(CountChangesImpl)(values, count); }
int64_t SumNumbers(const int64_t* values, size_t count) { return HWY_DYNAMIC_DISPATCH(SumNumbersImpl)(values, count); }
void MinMax(const int64_t* values, size_t count, int64_t* low, int64_t* high) {
  HWY_DYNAMIC_DISPATCH(MinMaxImpl)(values, count, low, high);
}
void ScaleToDoubles(int64_t* values, size_t count, double power, double inverse) {
  HWY_DYNAMIC_DISPATCH(ScaleToDoublesImpl)(values, count, power, inverse);
}
size_t ToDecimalDigits(const double* values, size_t count, double up, double down, double power, double inverse, int64_t* digits,
                       uint64_t* failed) {
  return HWY_DYNAMIC_DISPATCH(ToDecimalDigitsImpl)(values, count, up, down, power, inverse, digits, failed);
}
DoubleSummary SummariseDoubles(const double* values, size_t count) { return HWY_DYNAMIC_DISPATCH(SummariseDoublesImpl)(values, count); }

}  // namespace tsd::engine
#endif
