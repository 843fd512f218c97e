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

/// The low bytes of `from`, one after another, to the bytes that are 0xff in `mask`.
HWY_INLINE uint64_t Deposit(uint64_t from, uint64_t mask) {
#if HWY_ARCH_X86_64 && HWY_TARGET <= HWY_AVX2
  return _pdep_u64(from, mask);
#else
  uint64_t result = 0;
  for (; mask != 0; from >>= 8) {
    const int shift = __builtin_ctzll(mask);
    result |= (from & 0xff) << shift;
    mask &= ~(uint64_t{0xff} << shift);
  }
  return result;
#endif
}

/// Eight numbers of a PackedFrame as bytes: symbols moved up, or the escapes that they stand for.
template <unsigned kWidth>
HWY_INLINE uint64_t PutEscapeBytes(uint64_t eight, uint8_t shift, const uint8_t* HWY_RESTRICT escapes, size_t* used) {
  constexpr uint64_t kOnes = 0x0101010101010101u;
  constexpr uint64_t kSymbol = (1u << kWidth) - 1;
  uint64_t next;
  std::memcpy(&next, escapes + *used, 8);
  const uint64_t found = (eight + kOnes * (0x80 - kSymbol)) & (0x80 * kOnes);  // no symbol is larger
  const uint64_t mask = (found << 1) - (found >> 7);
  *used += static_cast<size_t>(__builtin_popcountll(found));
  return ((eight + kOnes * shift) & ~mask) | Deposit(next, mask);
}

#if HWY_TARGET == HWY_SCALAR
struct EightOffsets {
  explicit EightOffsets(int16_t step) : step_(step) {}
  void Put(uint64_t eight, int16_t* out) {
    for (size_t i = 0; i < 8; ++i) out[i] = static_cast<int16_t>(eight >> (8 * i) & 0xff);
  }
  void PutSums(uint64_t eight, int16_t* out) {
    for (size_t i = 0; i < 8; ++i) out[i] = sum_ = static_cast<int16_t>(sum_ + static_cast<int>(eight >> (8 * i) & 0xff) + step_);
  }

  const int16_t step_;
  int16_t sum_ = 0;
};
#else
/// Writes bytes, or their running sums: within the eight by a product, from one eight to the next by the last lane.
class EightOffsets {
 public:
  HWY_INLINE explicit EightOffsets(int16_t step) : ramp_(hn::Mul(hn::Iota(D(), 1), hn::Set(D(), step))), carry_(hn::Zero(D())) {}
  HWY_INLINE void Put(uint64_t eight, int16_t* HWY_RESTRICT out) { hn::StoreU(Spread(eight), D(), out); }
  HWY_INLINE void PutSums(uint64_t eight, int16_t* HWY_RESTRICT out) {
    const auto sums = hn::Add(hn::Add(Spread(eight * 0x0101010101010101u), ramp_), carry_);
    hn::StoreU(sums, D(), out);
    const auto last_lane = hn::BitCast(Bytes(), hn::Set(hn::Full128<uint16_t>(), 0x0f0e));
    carry_ = hn::BitCast(D(), hn::TableLookupBytes(hn::BitCast(Bytes(), sums), last_lane));
  }

 private:
  using D = hn::Full128<int16_t>;
  using Bytes = hn::Full128<uint8_t>;
  static HWY_INLINE hn::Vec<D> Spread(uint64_t eight) {
    return hn::PromoteTo(D(), hn::BitCast(hn::Full64<uint8_t>(), hn::Set(hn::Full64<uint64_t>(), eight)));
  }

  const hn::Vec<D> ramp_;
  hn::Vec<D> carry_;
};
#endif

/// Eight offsets at a time, through one 64-bit word of bytes.
template <unsigned kWidth, bool kEscaped, bool kSummed>
HWY_INLINE size_t UnpackEights(const PackedFrame& frame, int16_t step, int16_t* HWY_RESTRICT out) {
  EightOffsets offsets(step);
  size_t used = 0;
  for (size_t i = 0, offset = 0; i < frame.count; i += 8, offset += kWidth) {
    uint64_t bits = 0;
    if (frame.available - offset >= 8) {
      std::memcpy(&bits, frame.bits + offset, 8);
    } else {
      std::memcpy(&bits, frame.bits + offset, frame.available - offset);
    }
    uint64_t eight = SpreadToBytes<kWidth>(bits);
    if (frame.count - i < 8) eight &= (uint64_t{1} << (8 * (frame.count - i))) - 1;  // what follows the frame is no escape
    if constexpr (kEscaped) eight = PutEscapeBytes<kWidth>(eight, frame.shift, frame.escapes, &used);
    if constexpr (kSummed) {
      offsets.PutSums(eight, out + i);
    } else {
      offsets.Put(eight, out + i);
    }
  }
  return used;
}

template <unsigned kWidth>
HWY_INLINE size_t UnpackSymbols(const PackedFrame& frame, int16_t* out) {
  if constexpr (kWidth <= kWidestEscaped) {
    if (frame.escapes != nullptr) return UnpackEights<kWidth, true, false>(frame, 0, out);
  }
  return UnpackEights<kWidth, false, false>(frame, 0, out);
}

size_t UnpackOffsetsImpl(const PackedFrame& frame, int16_t* out) {
  switch (frame.width) {
    case 1: return UnpackSymbols<1>(frame, out);
    case 2: return UnpackSymbols<2>(frame, out);
    case 3: return UnpackSymbols<3>(frame, out);
    case 4: return UnpackSymbols<4>(frame, out);
    case 5: return UnpackSymbols<5>(frame, out);
    case 6: return UnpackSymbols<6>(frame, out);
    case 7: return UnpackSymbols<7>(frame, out);
    default: return UnpackSymbols<8>(frame, out);
  }
}

template <unsigned kWidth>
HWY_INLINE size_t SumSymbols(const PackedFrame& frame, int16_t step, int16_t* out) {
  if constexpr (kWidth <= kWidestEscaped) {
    if (frame.escapes != nullptr) return UnpackEights<kWidth, true, true>(frame, step, out);
  }
  return UnpackEights<kWidth, false, true>(frame, step, out);
}

size_t UnpackSummedImpl(const PackedFrame& frame, int16_t step, int16_t* out) {
  switch (frame.width) {
    case 1: return SumSymbols<1>(frame, step, out);
    case 2: return SumSymbols<2>(frame, step, out);
    case 3: return SumSymbols<3>(frame, step, out);
    case 4: return SumSymbols<4>(frame, step, out);
    default: return SumSymbols<5>(frame, step, out);
  }
}

bool AddSaturatedImpl(const int16_t* HWY_RESTRICT offsets, size_t count, int16_t base, int16_t* HWY_RESTRICT out) {
  const hn::ScalableTag<int16_t> d;
  const size_t lanes = hn::Lanes(d);
  const auto added = hn::Set(d, base), most = hn::Set(d, INT16_MAX), zero = hn::Zero(d);
  bool far = false;
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto sum = hn::SaturatedAdd(hn::LoadU(d, offsets + i), added);
    hn::StoreU(sum, d, out + i);
    far = far || !hn::AllFalse(d, hn::Or(hn::Eq(sum, most), hn::Lt(sum, zero)));
  }
  for (; i < count; ++i) {
    const int sum = offsets[i] + base;
    out[i] = static_cast<int16_t>(sum > INT16_MAX ? INT16_MAX : sum);
    far = far || sum < 0 || sum >= INT16_MAX;
  }
  return far;
}

bool UnzigzagToBytesImpl(const int16_t* HWY_RESTRICT numbers, size_t count, int16_t escape, int16_t center, int16_t most, uint8_t* HWY_RESTRICT out) {
  const hn::ScalableTag<int16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> narrow;
  const size_t lanes = hn::Lanes(d);
  const auto one = hn::Set(d, 1), moved = hn::Set(d, center), symbol = hn::Set(d, escape), limit = hn::Set(d, most);
  bool far = false;
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto number = hn::LoadU(d, numbers + i);
    far = far || !hn::AllFalse(d, hn::Gt(number, limit));
    const auto zigzag = hn::Add(number, symbol);
    const auto value = hn::Xor(hn::ShiftRight<1>(zigzag), hn::Neg(hn::And(zigzag, one)));
    hn::StoreU(hn::DemoteTo(narrow, hn::Add(value, moved)), narrow, out + i);
  }
  for (; i < count; ++i) {
    const unsigned zigzag = static_cast<unsigned>(numbers[i]) + static_cast<unsigned>(escape);
    out[i] = static_cast<uint8_t>((zigzag >> 1 ^ (0 - (zigzag & 1))) + static_cast<unsigned>(center));
    far = far || numbers[i] > most;
  }
  return far;
}

int64_t SumOffsetsImpl(const int16_t* offsets, size_t count) {
  const hn::ScalableTag<int16_t> d;
  const hn::RepartitionToWide<decltype(d)> wide;
  const size_t lanes = hn::Lanes(d);
  const auto one = hn::Set(d, 1);
  auto first = hn::Zero(wide), second = first;
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) first = hn::ReorderWidenMulAccumulate(wide, hn::LoadU(d, offsets + i), one, first, second);
  int64_t sum = hn::GetLane(hn::SumOfLanes(wide, hn::Add(first, second)));
  for (; i < count; ++i) sum += offsets[i];
  return sum;
}

KeptSum SumKeptOffsetsImpl(const int16_t* HWY_RESTRICT offsets, const uint8_t* HWY_RESTRICT keep, size_t count) {
  const hn::ScalableTag<int16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> narrow;
  const hn::RepartitionToWide<decltype(d)> wide;
  const size_t lanes = hn::Lanes(d);
  auto first = hn::Zero(wide), second = first;
  auto kept = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto counts = hn::PromoteTo(d, hn::LoadU(narrow, keep + i));
    kept = hn::Add(kept, counts);
    first = hn::ReorderWidenMulAccumulate(wide, hn::LoadU(d, offsets + i), counts, first, second);
  }
  auto kept_first = hn::Zero(wide), kept_second = kept_first;
  kept_first = hn::ReorderWidenMulAccumulate(wide, kept, hn::Set(d, 1), kept_first, kept_second);
  KeptSum result;
  result.sum = hn::GetLane(hn::SumOfLanes(wide, hn::Add(first, second)));
  result.kept = static_cast<size_t>(hn::GetLane(hn::SumOfLanes(wide, hn::Add(kept_first, kept_second))));
  for (; i < count; ++i) {
    result.sum += keep[i] != 0 ? offsets[i] : 0;
    result.kept += keep[i];
  }
  return result;
}

void TestOffsetsImpl(const int16_t* HWY_RESTRICT offsets, size_t count, int16_t low, int16_t high, uint8_t* HWY_RESTRICT passed) {
  const hn::ScalableTag<int16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> narrow;
  const size_t lanes = hn::Lanes(d);
  const auto lowest = hn::Set(d, low), highest = hn::Set(d, high), one = hn::Set(d, 1);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(d, offsets + i);
    const auto outside = hn::Or(hn::Lt(value, lowest), hn::Gt(value, highest));
    hn::StoreU(hn::DemoteTo(narrow, hn::IfThenZeroElse(outside, one)), narrow, passed + i);
  }
  for (; i < count; ++i) passed[i] = offsets[i] >= low && offsets[i] <= high;
}

void AndBytesImpl(const uint8_t* HWY_RESTRICT bytes, size_t count, uint8_t* HWY_RESTRICT to) {
  const hn::ScalableTag<uint8_t> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::And(hn::LoadU(d, bytes + i), hn::LoadU(d, to + i)), d, to + i);
  for (; i < count; ++i) to[i] &= bytes[i];
}

void AddOffsetsImpl(const int16_t* HWY_RESTRICT offsets, size_t count, int64_t base, int64_t* HWY_RESTRICT out) {
  const Wide d;
  const hn::Rebind<int16_t, Wide> narrow;
  const hn::Rebind<int32_t, Wide> middle;
  const size_t lanes = hn::Lanes(d);
  const auto added = hn::Set(d, base);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Add(hn::PromoteTo(d, hn::PromoteTo(middle, hn::LoadU(narrow, offsets + i))), added), d, out + i);
  }
  for (; i < count; ++i) out[i] = static_cast<int64_t>(static_cast<uint64_t>(base) + static_cast<uint64_t>(int64_t{offsets[i]}));
}

void AddBytesImpl(const uint8_t* HWY_RESTRICT bytes, size_t count, int64_t base, int64_t* HWY_RESTRICT out) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  const auto added = hn::Set(d, base);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::Add(Widen(bytes + i), added), d, out + i);
  for (; i < count; ++i) out[i] = static_cast<int64_t>(static_cast<uint64_t>(base) + bytes[i]);
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

void OffsetsToDoublesImpl(const int16_t* HWY_RESTRICT offsets, size_t count, int32_t base, double power, double inverse, double* HWY_RESTRICT out) {
  const Doubles d;
  const hn::Rebind<int16_t, Doubles> narrow;
  const hn::Rebind<int32_t, Doubles> middle;
  const size_t lanes = hn::Lanes(d);
  const auto added = hn::Set(middle, base);
  const auto times = hn::Set(d, power), then = hn::Set(d, inverse);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto digits = hn::PromoteTo(d, hn::Add(hn::PromoteTo(middle, hn::LoadU(narrow, offsets + i)), added));
    hn::StoreU(hn::Mul(hn::Mul(digits, times), then), d, out + i);
  }
  for (; i < count; ++i) out[i] = static_cast<double>(base + offsets[i]) * power * inverse;
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
HWY_EXPORT(UnpackOffsetsImpl);
HWY_EXPORT(UnpackSummedImpl);
HWY_EXPORT(AddSaturatedImpl);
HWY_EXPORT(UnzigzagToBytesImpl);
HWY_EXPORT(SumOffsetsImpl);
HWY_EXPORT(SumKeptOffsetsImpl);
HWY_EXPORT(TestOffsetsImpl);
HWY_EXPORT(AndBytesImpl);
HWY_EXPORT(AddOffsetsImpl);
HWY_EXPORT(AddBytesImpl);
HWY_EXPORT(PrefixSumImpl);
HWY_EXPORT(FindByteImpl);
HWY_EXPORT(DifferencesImpl);
HWY_EXPORT(CountChangesImpl);
HWY_EXPORT(SumNumbersImpl);
HWY_EXPORT(MinMaxImpl);
HWY_EXPORT(ScaleToDoublesImpl);
HWY_EXPORT(OffsetsToDoublesImpl);
HWY_EXPORT(ToDecimalDigitsImpl);
HWY_EXPORT(SummariseDoublesImpl);

void UnpackBytes(unsigned width, const char* in, size_t available, size_t count, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(UnpackBytesImpl)(width, in, available, count, out);
}
size_t UnpackOffsets(const PackedFrame& frame, int16_t* out) { return HWY_DYNAMIC_DISPATCH(UnpackOffsetsImpl)(frame, out); }
size_t UnpackSummed(const PackedFrame& frame, int16_t step, int16_t* out) { return HWY_DYNAMIC_DISPATCH(UnpackSummedImpl)(frame, step, out); }
bool AddSaturated(const int16_t* offsets, size_t count, int16_t base, int16_t* out) {
  return HWY_DYNAMIC_DISPATCH(AddSaturatedImpl)(offsets, count, base, out);
}
bool UnzigzagToBytes(const int16_t* numbers, size_t count, int16_t escape, int16_t center, int16_t most, uint8_t* out) {
  return HWY_DYNAMIC_DISPATCH(UnzigzagToBytesImpl)(numbers, count, escape, center, most, out);
}
int64_t SumOffsets(const int16_t* offsets, size_t count) { return HWY_DYNAMIC_DISPATCH(SumOffsetsImpl)(offsets, count); }
KeptSum SumKeptOffsets(const int16_t* offsets, const uint8_t* keep, size_t count) {
  return HWY_DYNAMIC_DISPATCH(SumKeptOffsetsImpl)(offsets, keep, count);
}
void TestOffsets(const int16_t* offsets, size_t count, int16_t low, int16_t high, uint8_t* passed) {
  HWY_DYNAMIC_DISPATCH(TestOffsetsImpl)(offsets, count, low, high, passed);
}
void AndBytes(const uint8_t* bytes, size_t count, uint8_t* to) { HWY_DYNAMIC_DISPATCH(AndBytesImpl)(bytes, count, to); }
void AddOffsets(const int16_t* offsets, size_t count, int64_t base, int64_t* out) {
  HWY_DYNAMIC_DISPATCH(AddOffsetsImpl)(offsets, count, base, out);
}
void AddBytes(const uint8_t* bytes, size_t count, int64_t base, int64_t* out) { HWY_DYNAMIC_DISPATCH(AddBytesImpl)(bytes, count, base, out); }
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
void OffsetsToDoubles(const int16_t* offsets, size_t count, int32_t base, double power, double inverse, double* out) {
  HWY_DYNAMIC_DISPATCH(OffsetsToDoublesImpl)(offsets, count, base, power, inverse, out);
}
size_t ToDecimalDigits(const double* values, size_t count, double up, double down, double power, double inverse, int64_t* digits,
                       uint64_t* failed) {
  return HWY_DYNAMIC_DISPATCH(ToDecimalDigitsImpl)(values, count, up, down, power, inverse, digits, failed);
}
DoubleSummary SummariseDoubles(const double* values, size_t count) { return HWY_DYNAMIC_DISPATCH(SummariseDoublesImpl)(values, count); }

}  // namespace tsd::engine
#endif
