#include "engine/codec/frame_plan.h"

#include <algorithm>

#include "engine/codec/bitpack.h"
#include "engine/codec/integer_frames.h"
#include "engine/codec/number_kernels.h"

namespace tsd::engine {
namespace {

constexpr size_t kMaxPatches = 32;
constexpr uint64_t kSmallRange = 64;  // ranges whose values are counted one by one
constexpr unsigned kMaxEscapeWidth = 32;

void Take(FramePlan& best, FrameKind kind, unsigned width, int64_t base, size_t bits) {
  if (bits >= best.bits) return;
  best = FramePlan{kind, width, base, bits};
}

/// Few distinct values: every window of symbols can be tried.
void PlanSmallRange(const int64_t* values, size_t count, int64_t low, uint64_t range, Escapes escapes, FramePlan& best) {
  uint16_t counts[2 * kSmallRange] = {};
  for (size_t i = 0; i < count; ++i) ++counts[static_cast<uint64_t>(values[i]) - static_cast<uint64_t>(low)];
  const size_t symbols = static_cast<size_t>(range) + 1;
  size_t most = 0;
  for (size_t i = 1; i < symbols; ++i) {
    if (counts[i] > counts[most]) most = i;
  }
  const size_t others = count - counts[most];
  if (others <= kMaxPatches) Take(best, FrameKind::kPatched, 0, Plus(low, static_cast<int64_t>(most)), 8 + 17 * others);
  if (escapes == Escapes::kForbidden) return;
  const unsigned full = BitLength(range);
  for (unsigned width = full - 1; width >= 1 && width + 3 >= full; --width) {
    const size_t window = (size_t{1} << width) - 1;
    size_t inside = 0;
    for (size_t i = 0; i < std::min(window, symbols); ++i) inside += counts[i];
    size_t best_inside = inside;
    size_t begin = 0;
    for (size_t i = window; i < symbols; ++i) {
      inside += counts[i];
      inside -= counts[i - window];
      if (inside > best_inside) {
        best_inside = inside;
        begin = i - window + 1;
      }
    }
    // Escapes next to the window take two bits of the next sequence, those beyond a few more.
    const size_t escaped = count - best_inside;
    size_t near = begin > 0 ? counts[begin - 1] : 0;
    if (begin + window < symbols) near += counts[begin + window];
    const size_t reach = std::max(begin, symbols - std::min(symbols, begin + window));
    const size_t far = escaped - near;
    Take(best, FrameKind::kEscaped, width, Plus(low, static_cast<int64_t>(begin)), count * width + 2 * escaped + far * (BitLength(2 * reach) + 1) + 2);
  }
}

/// Wide ranges: how long values are, seen from the middle of a sample.
void PlanWideRange(const int64_t* values, size_t count, unsigned full, Escapes escapes, FramePlan& best) {
  constexpr size_t kSample = 16;
  if (count < 2 * kSample) return;
  int64_t sample[kSample];
  for (size_t i = 0; i < kSample; ++i) sample[i] = values[(2 * i + 1) * count / (2 * kSample)];
  std::sort(sample, sample + kSample);
  const int64_t center = sample[kSample / 2];
  // Of zigzag + 1: a symbol of an escaped frame of this width, or less.
  uint16_t of_length[66] = {};
  for (size_t i = 0; i < count; ++i) {
    const uint64_t zigzag = Zigzag(Minus(values[i], center));
    ++of_length[zigzag == UINT64_MAX ? 65 : BitLength(zigzag + 1)];
  }
  size_t wider = 0;
  size_t wider_bits = 0;
  for (unsigned width = 64; width >= 1; --width) {
    wider += of_length[width + 1];
    wider_bits += of_length[width + 1] * std::min<size_t>(64, width + 1);
    if (width >= full) continue;
    if (escapes == Escapes::kAllowed && width <= kMaxEscapeWidth) {
      Take(best, FrameKind::kEscaped, width, Minus(center, (int64_t{1} << (width - 1)) - 1), count * width + wider_bits + wider + 24);
    }
    if (wider <= kMaxPatches) {
      const size_t value_bytes = full / 7 + 1;
      Take(best, FrameKind::kPatched, width, Minus(center, static_cast<int64_t>(uint64_t{1} << (width - 1))), count * width + 8 + wider * 8 * (1 + value_bytes));
    }
    if (count * width + wider_bits > 2 * best.bits) break;
  }
  if (count - of_length[1] <= kMaxPatches) Take(best, FrameKind::kPatched, 0, center, 8 + (count - of_length[1]) * 8 * (2 + full / 7));
}

}  // namespace

FramePlan PlanFrame(const int64_t* values, size_t count, Escapes escapes) {
  int64_t low, high;
  MinMax(values, count, &low, &high);
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  FramePlan best{FrameKind::kPlain, BitLength(range), low, count * BitLength(range)};
  if (best.width <= 1 && count < 64) return best;
  if (best.width == 0) return best;
  const FramePlan plain = best;
  // Plain frames decode fastest: the others must win by a little.
  best.bits -= best.bits / 32;
  if (range < kSmallRange) {
    PlanSmallRange(values, count, low, range, escapes, best);
  } else {
    PlanWideRange(values, count, plain.width, escapes, best);
  }
  return best.kind == FrameKind::kPlain ? plain : best;
}

}  // namespace tsd::engine
