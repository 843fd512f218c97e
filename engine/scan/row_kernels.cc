#include "engine/scan/row_kernels.h"

#include <cstring>

// Highway compiles this file once a target: the first inclusion sets that up.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/scan/row_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tsd::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Whole numbers have no <= of their own.
template <typename V>
HWY_INLINE auto AtMost(V value, V bound) {
  if constexpr (hwy::IsFloat<hn::TFromV<V>>()) {
    return hn::Le(value, bound);
  } else {
    return hn::Not(hn::Lt(bound, value));
  }
}

struct EqualTest {
  template <typename V>
  HWY_INLINE auto operator()(V value, V bound) const { return hn::Eq(value, bound); }
};
struct LessTest {
  template <typename V>
  HWY_INLINE auto operator()(V value, V bound) const { return hn::Lt(value, bound); }
};
struct LessEqualTest {
  template <typename V>
  HWY_INLINE auto operator()(V value, V bound) const { return AtMost(value, bound); }
};
/// Negated, so that NaN passes.
struct GreaterTest {
  template <typename V>
  HWY_INLINE auto operator()(V value, V bound) const { return hn::Not(AtMost(value, bound)); }
};
struct GreaterEqualTest {
  template <typename V>
  HWY_INLINE auto operator()(V value, V bound) const { return hn::Not(hn::Lt(value, bound)); }
};

/// One byte, 0 or 1, for each of the eight low bits.
HWY_INLINE uint64_t BitsToBytes(uint64_t bits) {
#if HWY_ARCH_X86_64 && HWY_TARGET <= HWY_AVX2
  return _pdep_u64(bits, 0x0101010101010101u);
#else
  const uint64_t spread = bits * 0x0101010101010101u & 0x8040201008040201u;
  return (spread + 0x7f7f7f7f7f7f7f7fu) >> 7 & 0x0101010101010101u;
#endif
}

template <typename T, typename Test>
HWY_INLINE void TestRows(const T* HWY_RESTRICT values, size_t count, T bound, Test test, uint8_t* HWY_RESTRICT keep) {
  const hn::CappedTag<T, 8> d;
  const size_t lanes = hn::Lanes(d);
  const auto limit = hn::Set(d, bound);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t passed = 0;
    for (size_t part = 0; part < 8; part += lanes) {
      uint8_t bits[8] = {};
      hn::StoreMaskBits(d, test(hn::LoadU(d, values + i + part), limit), bits);
      passed |= static_cast<uint64_t>(bits[0]) << part;
    }
    uint64_t kept;
    std::memcpy(&kept, keep + i, 8);
    kept &= BitsToBytes(passed);
    std::memcpy(keep + i, &kept, 8);
  }
  const hn::CappedTag<T, 1> one;
  for (; i < count; ++i) {
    uint8_t bits[8] = {};
    hn::StoreMaskBits(one, test(hn::LoadU(one, values + i), hn::Set(one, bound)), bits);
    keep[i] &= bits[0] & 1;
  }
}

template <typename T>
HWY_INLINE void TestBy(const T* values, size_t count, RowTest test, T bound, uint8_t* keep) {
  switch (test) {
    case RowTest::kEqual: return TestRows(values, count, bound, EqualTest(), keep);
    case RowTest::kLess: return TestRows(values, count, bound, LessTest(), keep);
    case RowTest::kLessEqual: return TestRows(values, count, bound, LessEqualTest(), keep);
    case RowTest::kGreater: return TestRows(values, count, bound, GreaterTest(), keep);
    case RowTest::kGreaterEqual: return TestRows(values, count, bound, GreaterEqualTest(), keep);
  }
}

void TestDoublesImpl(const double* values, size_t count, RowTest test, double bound, uint8_t* keep) { TestBy(values, count, test, bound, keep); }
void TestIntegersImpl(const int64_t* values, size_t count, RowTest test, int64_t bound, uint8_t* keep) {
  TestBy(values, count, test, bound, keep);
}

HWY_INLINE double SumOfEight(const double* sums) {
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

double SumDoublesImpl(const double* HWY_RESTRICT values, size_t count) {
  const hn::CappedTag<double, 8> d;
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN double sums[8] = {};
  const size_t whole = count / 8 * 8;
  for (size_t part = 0; part < 8; part += 2 * lanes) {
    auto sum = hn::Zero(d);
    auto next = sum;
    const size_t second = lanes < 8 ? part + lanes : part;
    for (size_t i = 0; i < whole; i += 8) {
      sum = hn::Add(sum, hn::LoadU(d, values + i + part));
      if (lanes < 8) next = hn::Add(next, hn::LoadU(d, values + i + second));
    }
    hn::StoreU(sum, d, sums + part);
    if (lanes < 8) hn::StoreU(next, d, sums + second);
  }
  for (size_t i = whole; i < count; ++i) sums[i % 8] += values[i];
  return SumOfEight(sums);
}

size_t CountKeptImpl(const uint8_t* keep, size_t count) {
  const hn::ScalableTag<uint8_t> d;
  const hn::Repartition<uint64_t, decltype(d)> wide;
  const size_t lanes = hn::Lanes(d);
  auto sums = hn::Zero(wide);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) sums = hn::Add(sums, hn::SumsOf8(hn::LoadU(d, keep + i)));
  size_t kept = static_cast<size_t>(hn::GetLane(hn::SumOfLanes(wide, sums)));
  for (; i < count; ++i) kept += keep[i];
  return kept;
}

double SumKeptDoublesImpl(const double* HWY_RESTRICT values, const uint8_t* HWY_RESTRICT keep, size_t count) {
  const hn::CappedTag<double, 8> d;
  const hn::RebindToSigned<decltype(d)> wide;
  const hn::Rebind<uint8_t, decltype(d)> bytes;
  const hn::Rebind<uint32_t, decltype(d)> middle;
  const hn::Rebind<uint64_t, decltype(d)> unsigned_wide;
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN double sums[8] = {};
  const size_t whole = count / 8 * 8;
  for (size_t part = 0; part < 8; part += lanes) {
    auto sum = hn::Zero(d);
    for (size_t i = part; i < whole; i += 8) {
      const auto kept = hn::BitCast(wide, hn::PromoteTo(unsigned_wide, hn::PromoteTo(middle, hn::LoadU(bytes, keep + i))));
      const auto mask = hn::BitCast(d, hn::Neg(kept));  // all ones or none
      sum = hn::Add(sum, hn::And(mask, hn::LoadU(d, values + i)));
    }
    hn::StoreU(sum, d, sums + part);
  }
  for (size_t i = whole; i < count; ++i) sums[i % 8] += keep[i] != 0 ? values[i] : 0;
  return SumOfEight(sums);
}

}  // namespace tsd::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tsd::engine {

HWY_EXPORT(TestDoublesImpl);
HWY_EXPORT(TestIntegersImpl);
HWY_EXPORT(CountKeptImpl);
HWY_EXPORT(SumDoublesImpl);
HWY_EXPORT(SumKeptDoublesImpl);

void TestDoubles(const double* values, size_t count, RowTest test, double bound, uint8_t* keep) {
  HWY_DYNAMIC_DISPATCH(TestDoublesImpl)(values, count, test, bound, keep);
}
void TestIntegers(const int64_t* values, size_t count, RowTest test, int64_t bound, uint8_t* keep) {
  HWY_DYNAMIC_DISPATCH(TestIntegersImpl)(values, count, test, bound, keep);
}
double SumDoubles(const double* values, size_t count) { return HWY_DYNAMIC_DISPATCH(SumDoublesImpl)(values, count); }
double SumKeptDoubles(const double* values, const uint8_t* keep, size_t count) {
  return HWY_DYNAMIC_DISPATCH(SumKeptDoublesImpl)(values, keep, count);
}

size_t CountKept(const uint8_t* keep, size_t count) { return HWY_DYNAMIC_DISPATCH(CountKeptImpl)(keep, count); }

}  // namespace tsd::engine
#endif
