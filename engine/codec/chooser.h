#pragma once
// Which codec for these values: candidates are tried on a sample of whole frames. Only size counts; all candidates decode fast. Any thread.
#include <cstdint>
#include <span>

#include "engine/codec/block_codec.h"

namespace tsd::engine {

/// kConstant, kProgression, kRunLength, kFrame, kDelta or kDeltaDelta.
CodecId ChooseIntegerCodec(std::span<const int64_t> values);

}  // namespace tsd::engine
