#include "engine/codec/number_kernels.h"

// Highway compiles this file once a target: the first inclusion sets that up.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/codec/number_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tsd::engine::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<int64_t>;

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
  // Lane by lane, as unsigned numbers: a compiler's own sum over lanes is of signed ones, which must not overflow.
  HWY_ALIGN int64_t sums[hn::MaxLanes(d)];
  hn::Store(hn::Add(first, second), d, sums);
  uint64_t sum = 0;
  for (size_t lane = 0; lane < lanes; ++lane) sum += static_cast<uint64_t>(sums[lane]);
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

}  // namespace tsd::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tsd::engine {

HWY_EXPORT(PrefixSumImpl);
HWY_EXPORT(DifferencesImpl);
HWY_EXPORT(CountChangesImpl);
HWY_EXPORT(SumNumbersImpl);
HWY_EXPORT(MinMaxImpl);

int64_t PrefixSum(int64_t* values, size_t count, int64_t start) { return HWY_DYNAMIC_DISPATCH(PrefixSumImpl)(values, count, start); }
void Differences(const int64_t* values, size_t count, int64_t* out) { HWY_DYNAMIC_DISPATCH(DifferencesImpl)(values, count, out); }
size_t CountChanges(const int64_t* values, size_t count) { return HWY_DYNAMIC_DISPATCH(CountChangesImpl)(values, count); }
int64_t SumNumbers(const int64_t* values, size_t count) { return HWY_DYNAMIC_DISPATCH(SumNumbersImpl)(values, count); }
void MinMax(const int64_t* values, size_t count, int64_t* low, int64_t* high) {
  HWY_DYNAMIC_DISPATCH(MinMaxImpl)(values, count, low, high);
}

}  // namespace tsd::engine
#endif
