#include "engine/codec/integer_frames.h"

#include <algorithm>

#include "engine/codec/bitpack.h"

namespace tsd::engine {
namespace {

constexpr size_t kMaxExceptions = 32;
constexpr size_t kExceptionBytes = 7;  // about: position and a varint

struct Plan {
  int64_t base = 0;
  unsigned width = 0;
  size_t exceptions = 0;
  size_t bytes = 0;
};

inline uint64_t Difference(int64_t value, int64_t base) { return static_cast<uint64_t>(value) - static_cast<uint64_t>(base); }

int64_t SaturatingSubtract(int64_t value, uint64_t amount) {
  // Below the type's minimum there is nothing to fence off.
  const uint64_t room = Difference(value, INT64_MIN);
  return amount > room ? INT64_MIN : static_cast<int64_t>(static_cast<uint64_t>(value) - amount);
}

/// Looks at a sample: is most of the frame much narrower than all of it? Sets `fence` to where the bulk may begin.
bool HasOutliers(const int64_t* values, size_t count, unsigned full_width, int64_t* fence) {
  constexpr size_t kSample = 16;
  if (count < 2 * kSample || full_width < 3) return false;
  int64_t sample[kSample];
  for (size_t i = 0; i < kSample; ++i) sample[i] = values[(2 * i + 1) * count / (2 * kSample)];
  std::sort(sample, sample + kSample);
  const uint64_t spread = Difference(sample[kSample - 3], sample[2]);
  if (BitLength(spread) + 2 > full_width) return false;
  *fence = SaturatingSubtract(sample[2], spread > UINT64_MAX / 4 - 16 ? UINT64_MAX : spread * 4 + 16);
  return true;
}

/// The cheapest width when values wider than it go apart.
Plan PlanWithExceptions(const int64_t* values, size_t count, int64_t fence) {
  Plan plan;
  plan.base = INT64_MAX;
  for (size_t i = 0; i < count; ++i) {
    if (values[i] >= fence && values[i] < plan.base) plan.base = values[i];
  }
  size_t of_length[65] = {};
  for (size_t i = 0; i < count; ++i) ++of_length[BitLength(Difference(values[i], plan.base))];
  plan.bytes = SIZE_MAX;
  size_t wider = 0;
  for (unsigned width = 64;; --width) {
    const size_t bytes = PackedBytes(count, width) + wider * kExceptionBytes;
    if (wider <= kMaxExceptions && bytes < plan.bytes) {
      plan.width = width;
      plan.exceptions = wider;
      plan.bytes = bytes;
    }
    wider += of_length[width];
    if (width == 0 || wider > kMaxExceptions) break;
  }
  return plan;
}

Plan PlanFrame(const int64_t* values, size_t count) {
  int64_t low = values[0];
  int64_t high = values[0];
  for (size_t i = 1; i < count; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  Plan plan;
  plan.base = low;
  plan.width = BitLength(Difference(high, low));
  plan.bytes = PackedBytes(count, plan.width);
  int64_t fence;
  if (HasOutliers(values, count, plan.width, &fence)) {
    const Plan patched = PlanWithExceptions(values, count, fence);
    if (patched.bytes < plan.bytes) plan = patched;
  }
  return plan;
}

void PutVarint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}
void PutZigzag(int64_t value, std::string& out) {
  PutVarint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63), out);
}

void EncodeWithExceptions(const int64_t* values, size_t count, const Plan& plan, std::string& out) {
  uint64_t packed[kFrameValues] = {};
  uint8_t positions[kMaxExceptions];
  size_t exceptions = 0;
  for (size_t i = 0; i < count; ++i) {
    packed[i] = Difference(values[i], plan.base);
    if (BitLength(packed[i]) > plan.width) {
      positions[exceptions++] = static_cast<uint8_t>(i);
      packed[i] = 0;
    }
  }
  PackBits(packed, count, plan.width, 0, out);
  for (size_t i = 0; i < exceptions; ++i) {
    out.push_back(static_cast<char>(positions[i]));
    PutZigzag(values[positions[i]], out);
  }
}

}  // namespace

void EncodeFrames(const int64_t* values, size_t count, std::string& out) {
  for (size_t begin = 0; begin < count; begin += kFrameValues) {
    const size_t length = std::min(kFrameValues, count - begin);
    const int64_t* frame = values + begin;
    const Plan plan = PlanFrame(frame, length);
    out.push_back(static_cast<char>(plan.width));
    out.push_back(static_cast<char>(plan.exceptions));
    PutZigzag(plan.base, out);
    if (plan.exceptions == 0) {
      PackBits(reinterpret_cast<const uint64_t*>(frame), length, plan.width, static_cast<uint64_t>(plan.base), out);
    } else {
      EncodeWithExceptions(frame, length, plan, out);
    }
  }
}

size_t EstimateFrames(const int64_t* values, size_t count) {
  size_t bytes = 0;
  for (size_t begin = 0; begin < count; begin += kFrameValues) {
    const size_t length = std::min(kFrameValues, count - begin);
    const Plan plan = PlanFrame(values + begin, length);
    bytes += plan.bytes + 3 + BitLength(static_cast<uint64_t>(plan.base < 0 ? ~plan.base : plan.base)) / 7;
  }
  return bytes;
}

bool DecodeFrames(ByteReader& reader, size_t count, int64_t* out) {
  for (size_t begin = 0; begin < count; begin += kFrameValues) {
    const size_t length = std::min(kFrameValues, count - begin);
    const unsigned width = reader.GetU8();
    const size_t exceptions = reader.GetU8();
    const int64_t base = reader.GetZigzag();
    if (width > 64 || exceptions > kMaxExceptions) return false;
    const std::string_view packed = reader.GetBytes(PackedBytes(length, width));
    if (!reader.ok()) return false;
    int64_t* frame = out + begin;
    UnpackBits(packed.data(), packed.size() + reader.remaining(), length, width, static_cast<uint64_t>(base),
               reinterpret_cast<uint64_t*>(frame));
    for (size_t i = 0; i < exceptions; ++i) {
      const size_t position = reader.GetU8();
      const int64_t value = reader.GetZigzag();
      if (!reader.ok() || position >= length) return false;
      frame[position] = value;
    }
  }
  return true;
}

}  // namespace tsd::engine
