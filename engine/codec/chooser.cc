#include "engine/codec/chooser.h"

#include <algorithm>
#include <vector>

#include "engine/codec/frame_plan.h"
#include "engine/codec/integer_codec.h"
#include "engine/codec/integer_frames.h"
#include "engine/codec/number_kernels.h"

namespace tsd::engine {
namespace {

constexpr size_t kSampleFrames = 4;
constexpr size_t kRoughValues = 64;  // of each stretch, for the first look

enum Candidate : size_t { kPlainFrames, kDeltas, kDeltaDeltas, kCandidates };

/// About how many bits the values take, seen from one of them: cheap, and good enough to leave clear losers out.
size_t RoughBits(const int64_t* values, size_t count) {
  if (count == 0) return 0;
  const int64_t center = values[count / 2];
  size_t bits = count;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t zigzag = Zigzag(Minus(values[i], center));
    bits += 64 - static_cast<size_t>(__builtin_clzll(zigzag | 1));
    bits -= zigzag == 0;
  }
  return bits;
}

struct Stretch {
  int64_t values[kCandidates][kFrameValues];
  size_t count[kCandidates];
};

void TakeStretch(std::span<const int64_t> values, Stretch& stretch) {
  std::copy(values.begin(), values.end(), stretch.values[kPlainFrames]);
  stretch.count[kPlainFrames] = values.size();
  stretch.count[kDeltas] = stretch.count[kDeltaDeltas] = 0;
  for (size_t i = kDeltas; i < kCandidates; ++i) {
    if (stretch.count[i - 1] < 2) return;
    Differences(stretch.values[i - 1], stretch.count[i - 1], stretch.values[i]);
    stretch.count[i] = stretch.count[i - 1] - 1;
  }
}

bool IsProgression(std::span<const int64_t> values) {
  const int64_t step = Minus(values[1], values[0]);
  for (size_t i = 2; i < values.size(); ++i) {
    if (Minus(values[i], values[i - 1]) != step) return false;
  }
  return true;
}

}  // namespace

CodecId ChooseIntegerCodec(std::span<const int64_t> values) {
  if (values.empty()) return CodecId::kFrame;
  const size_t runs = CountChanges(values.data(), values.size()) + 1;
  if (runs == 1) return CodecId::kConstant;
  if (runs == values.size() && IsProgression(values)) return CodecId::kProgression;
  if (values.size() < 8) return CodecId::kFrame;

  const size_t stretches = std::min((values.size() + kFrameValues - 1) / kFrameValues, kSampleFrames);
  // Spread evenly, off the frame grid: the middle of long regular stretches and their borders are both seen.
  auto part = [&](size_t index, size_t length) {
    const size_t begin = values.size() <= stretches * kFrameValues ? index * kFrameValues
                                                                   : (values.size() - kFrameValues) * (2 * index + 1) / (2 * stretches);
    return values.subspan(begin, std::min(length, values.size() - begin));
  };
  Stretch stretch;
  size_t rough[kCandidates] = {};
  for (size_t i = 0; i < stretches; ++i) {
    TakeStretch(part(i, kRoughValues), stretch);
    for (size_t candidate = 0; candidate < kCandidates; ++candidate) {
      rough[candidate] += RoughBits(stretch.values[candidate], stretch.count[candidate]);
    }
  }
  constexpr CodecId kCodecs[kCandidates] = {CodecId::kFrame, CodecId::kDelta, CodecId::kDeltaDelta};
  const size_t least = std::min({rough[kPlainFrames], rough[kDeltas], rough[kDeltaDeltas]});
  CodecId best = CodecId::kFrame;
  size_t bytes = SIZE_MAX;
  size_t contenders = 0;
  for (size_t candidate = 0; candidate < kCandidates; ++candidate) {
    if (rough[candidate] > least + least / 4) continue;
    ++contenders;
    best = kCodecs[candidate];
  }
  const bool try_runs = runs * 8 <= values.size();
  if (contenders == 1 && !try_runs) return best;
  size_t estimates[kCandidates] = {};
  size_t sampled = 0;
  for (size_t i = 0; i < stretches; ++i) {
    TakeStretch(part(i, kFrameValues), stretch);
    sampled += stretch.count[kPlainFrames];
    for (size_t candidate = 0; candidate < kCandidates; ++candidate) {
      if (rough[candidate] <= least + least / 4) estimates[candidate] += EstimateFrames(stretch.values[candidate], stretch.count[candidate]);
    }
  }
  for (size_t candidate = 0; candidate < kCandidates; ++candidate) {
    if (rough[candidate] > least + least / 4) continue;
    // The first of them decodes fastest: the others must win clearly.
    if (bytes != SIZE_MAX && estimates[candidate] + estimates[candidate] / 16 >= bytes) continue;
    best = kCodecs[candidate];
    bytes = estimates[candidate];
  }
  if (try_runs) {
    std::string run_length;
    EncodeIntegersAs(CodecId::kRunLength, values, run_length);
    if (run_length.size() <= bytes * values.size() / sampled) best = CodecId::kRunLength;
  }
  return best;
}

}  // namespace tsd::engine
