#include "engine/codec/double_kernels.h"

#include <bit>
#include <cmath>

// Highway compiles this file once a target: the first inclusion sets that up.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/codec/double_kernels.cc"
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

template <typename V, class D>
HWY_INLINE V JoinedBits(D d, V upper, V lower, const FloatWords& words) {
  const auto word = hn::Or(hn::ShiftLeftSame(upper, static_cast<int>(words.low_bits)), lower);
  if (!words.signs_apart) return hn::ShiftLeftSame(word, static_cast<int>(words.cut_bits));
  const auto sign = hn::ShiftLeftSame(hn::And(word, hn::Set(d, 1)), static_cast<int>(words.sign_bit));
  return hn::Or(hn::ShiftLeftSame(hn::ShiftRight<1>(word), static_cast<int>(words.cut_bits)), sign);
}

void JoinDoublesImpl(const int64_t* HWY_RESTRICT upper, const uint64_t* HWY_RESTRICT lower, size_t count, const FloatWords& words,
                     double* HWY_RESTRICT out) {
  const hn::ScalableTag<uint64_t> d;
  const hn::CappedTag<uint64_t, 1> one;
  const Doubles doubles;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto high = hn::BitCast(d, hn::LoadU(Wide(), upper + i));
    hn::StoreU(hn::BitCast(doubles, JoinedBits(d, high, hn::LoadU(d, lower + i), words)), doubles, out + i);
  }
  for (; i < count; ++i) {
    const auto bits = JoinedBits(one, hn::Set(one, static_cast<uint64_t>(upper[i])), hn::Set(one, lower[i]), words);
    out[i] = std::bit_cast<double>(hn::GetLane(bits));
  }
}

void JoinFloatsImpl(const int64_t* HWY_RESTRICT upper, const uint64_t* HWY_RESTRICT lower, size_t count, const FloatWords& words,
                    float* HWY_RESTRICT out) {
  const hn::ScalableTag<uint64_t> d;
  const hn::CappedTag<uint64_t, 1> one;
  const hn::Rebind<uint32_t, decltype(d)> half;
  const hn::Rebind<float, decltype(d)> floats;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto high = hn::BitCast(d, hn::LoadU(Wide(), upper + i));
    hn::StoreU(hn::BitCast(floats, hn::TruncateTo(half, JoinedBits(d, high, hn::LoadU(d, lower + i), words))), floats, out + i);
  }
  for (; i < count; ++i) {
    const auto bits = JoinedBits(one, hn::Set(one, static_cast<uint64_t>(upper[i])), hn::Set(one, lower[i]), words);
    out[i] = std::bit_cast<float>(static_cast<uint32_t>(hn::GetLane(bits)));
  }
}

void WidenFloatsImpl(const float* HWY_RESTRICT values, size_t count, double* HWY_RESTRICT out) {
  const Doubles d;
  const hn::Rebind<float, Doubles> narrow;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::PromoteTo(d, hn::LoadU(narrow, values + i)), d, out + i);
  for (; i < count; ++i) out[i] = static_cast<double>(values[i]);
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

HWY_EXPORT(ScaleToDoublesImpl);
HWY_EXPORT(OffsetsToDoublesImpl);
HWY_EXPORT(ToDecimalDigitsImpl);
HWY_EXPORT(JoinDoublesImpl);
HWY_EXPORT(JoinFloatsImpl);
HWY_EXPORT(WidenFloatsImpl);
HWY_EXPORT(SummariseDoublesImpl);

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
void JoinParts(const int64_t* upper, const uint64_t* lower, size_t count, const FloatWords& words, double* out) {
  HWY_DYNAMIC_DISPATCH(JoinDoublesImpl)(upper, lower, count, words, out);
}
void JoinParts(const int64_t* upper, const uint64_t* lower, size_t count, const FloatWords& words, float* out) {
  HWY_DYNAMIC_DISPATCH(JoinFloatsImpl)(upper, lower, count, words, out);
}
void WidenFloats(const float* values, size_t count, double* out) { HWY_DYNAMIC_DISPATCH(WidenFloatsImpl)(values, count, out); }
DoubleSummary SummariseDoubles(const double* values, size_t count) { return HWY_DYNAMIC_DISPATCH(SummariseDoublesImpl)(values, count); }

}  // namespace tsd::engine
#endif
