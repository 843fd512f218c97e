#include "engine/codec/chooser.h"

#include <algorithm>
#include <vector>

#include "engine/codec/integer_codec.h"
#include "engine/codec/integer_frames.h"

namespace tsd::engine {
namespace {

constexpr size_t kSampleFrames = 4;

struct Sizes {
  size_t frame = 0, delta = 0, delta_delta = 0;
};

/// Adds what a stretch of consecutive values would take.
void TryStretch(std::span<const int64_t> values, Sizes& sizes) {
  int64_t differences[kFrameValues];
  const size_t count = values.size();
  sizes.frame += EstimateFrames(values.data(), count);
  if (count < 3) return;
  for (size_t i = 0; i + 1 < count; ++i) {
    differences[i] = static_cast<int64_t>(static_cast<uint64_t>(values[i + 1]) - static_cast<uint64_t>(values[i]));
  }
  sizes.delta += EstimateFrames(differences, count - 1);
  for (size_t i = 0; i + 2 < count; ++i) {
    differences[i] = static_cast<int64_t>(static_cast<uint64_t>(differences[i + 1]) - static_cast<uint64_t>(differences[i]));
  }
  sizes.delta_delta += EstimateFrames(differences, count - 2);
}

size_t CountRuns(std::span<const int64_t> values) {
  size_t runs = values.empty() ? 0 : 1;
  for (size_t i = 1; i < values.size(); ++i) runs += values[i] != values[i - 1];
  return runs;
}

}  // namespace

CodecId ChooseIntegerCodec(std::span<const int64_t> values) {
  if (values.empty()) return CodecId::kFrame;
  const size_t runs = CountRuns(values);
  if (runs == 1) return CodecId::kConstant;
  if (values.size() < 8) return CodecId::kFrame;

  Sizes sizes;
  size_t sampled = 0;
  const size_t frames = (values.size() + kFrameValues - 1) / kFrameValues;
  const size_t stretches = std::min(frames, kSampleFrames);
  for (size_t i = 0; i < stretches; ++i) {
    // Starts off the frame grid, so that the middle of long regular stretches and their borders are both seen.
    const size_t begin = stretches == frames ? i * kFrameValues : (values.size() - kFrameValues) * (2 * i + 1) / (2 * stretches);
    const size_t length = std::min(kFrameValues, values.size() - begin);
    TryStretch(values.subspan(begin, length), sizes);
    sampled += length;
  }
  CodecId best = CodecId::kFrame;
  size_t bytes = sizes.frame;
  // Plain frames decode fastest and need no values before: others must win clearly.
  if (sizes.delta + sizes.delta / 16 < bytes) {
    best = CodecId::kDelta;
    bytes = sizes.delta;
  }
  if (sizes.delta_delta + sizes.delta_delta / 16 < bytes) {
    best = CodecId::kDeltaDelta;
    bytes = sizes.delta_delta;
  }
  if (runs * 8 <= values.size()) {
    std::string run_length;
    EncodeIntegersAs(CodecId::kRunLength, values, run_length);
    if (run_length.size() <= bytes * values.size() / sampled) best = CodecId::kRunLength;
  }
  return best;
}

}  // namespace tsd::engine
