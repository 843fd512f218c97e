#include "engine/codec/offset_kernels.h"

#include <cstring>

// Highway compiles this file once a target: the first inclusion sets that up.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/codec/offset_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tsd::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<int64_t>;

/// Eight bytes as 64-bit lanes: HWY_MIN(Lanes, 8) of them from `bytes`.
HWY_INLINE hn::Vec<Wide> Widen(const uint8_t* bytes) {
  const hn::Rebind<uint8_t, Wide> narrow;
  const hn::Rebind<uint32_t, Wide> middle;
  const hn::Rebind<uint64_t, Wide> wide;
  return hn::BitCast(Wide(), hn::PromoteTo(wide, hn::PromoteTo(middle, hn::LoadU(narrow, bytes))));
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

bool OffsetsToCodesImpl(const int16_t* HWY_RESTRICT offsets, size_t count, int32_t base, int32_t limit, uint16_t* HWY_RESTRICT out) {
  const hn::ScalableTag<int32_t> d;
  const hn::Rebind<int16_t, decltype(d)> narrow;
  const hn::Rebind<uint16_t, decltype(d)> code;
  const size_t lanes = hn::Lanes(d);
  const auto added = hn::Set(d, base), most = hn::Set(d, limit - 1), zero = hn::Zero(d);
  auto outside = hn::Lt(zero, zero);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::Add(hn::PromoteTo(d, hn::LoadU(narrow, offsets + i)), added);
    outside = hn::Or(outside, hn::Or(hn::Lt(value, zero), hn::Gt(value, most)));
    hn::StoreU(hn::DemoteTo(code, value), code, out + i);
  }
  bool good = hn::AllFalse(d, outside);
  for (; i < count; ++i) {
    const int32_t value = base + offsets[i];
    good = good && value >= 0 && value < limit;
    out[i] = static_cast<uint16_t>(value);
  }
  return good;
}

void AddBytesImpl(const uint8_t* HWY_RESTRICT bytes, size_t count, int64_t base, int64_t* HWY_RESTRICT out) {
  const Wide d;
  const size_t lanes = hn::Lanes(d);
  const auto added = hn::Set(d, base);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::Add(Widen(bytes + i), added), d, out + i);
  for (; i < count; ++i) out[i] = static_cast<int64_t>(static_cast<uint64_t>(base) + bytes[i]);
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

}  // namespace tsd::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tsd::engine {

HWY_EXPORT(AddSaturatedImpl);
HWY_EXPORT(UnzigzagToBytesImpl);
HWY_EXPORT(SumOffsetsImpl);
HWY_EXPORT(SumKeptOffsetsImpl);
HWY_EXPORT(TestOffsetsImpl);
HWY_EXPORT(AndBytesImpl);
HWY_EXPORT(AddOffsetsImpl);
HWY_EXPORT(OffsetsToCodesImpl);
HWY_EXPORT(AddBytesImpl);
HWY_EXPORT(FindByteImpl);

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
bool OffsetsToCodes(const int16_t* offsets, size_t count, int32_t base, int32_t limit, uint16_t* out) {
  return HWY_DYNAMIC_DISPATCH(OffsetsToCodesImpl)(offsets, count, base, limit, out);
}
void AddBytes(const uint8_t* bytes, size_t count, int64_t base, int64_t* out) { HWY_DYNAMIC_DISPATCH(AddBytesImpl)(bytes, count, base, out); }
void FindByte(const uint8_t* bytes, size_t count, uint8_t symbol, uint64_t* masks) {
  HWY_DYNAMIC_DISPATCH(FindByteImpl)(bytes, count, symbol, masks);
}

}  // namespace tsd::engine
#endif
