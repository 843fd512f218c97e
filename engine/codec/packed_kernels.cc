#include "engine/codec/packed_kernels.h"

#include <cstring>

// Highway compiles this file once a target: the first inclusion sets that up.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/codec/packed_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tsd::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

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

}  // namespace tsd::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tsd::engine {

HWY_EXPORT(UnpackBytesImpl);
HWY_EXPORT(UnpackOffsetsImpl);
HWY_EXPORT(UnpackSummedImpl);

void UnpackBytes(unsigned width, const char* in, size_t available, size_t count, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(UnpackBytesImpl)(width, in, available, count, out);
}
size_t UnpackOffsets(const PackedFrame& frame, int16_t* out) { return HWY_DYNAMIC_DISPATCH(UnpackOffsetsImpl)(frame, out); }
size_t UnpackSummed(const PackedFrame& frame, int16_t step, int16_t* out) { return HWY_DYNAMIC_DISPATCH(UnpackSummedImpl)(frame, step, out); }

}  // namespace tsd::engine
#endif
