#include "engine/codec/integer_frames.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/codec/bitpack.h"
#include "engine/codec/frame_kernels.h"
#include "engine/codec/frame_plan.h"

namespace tsd::engine {
namespace {

constexpr unsigned kPatchedKind = 65;
constexpr unsigned kEscapedKind = 128;
constexpr unsigned kMaxEscapeWidth = 32;

inline uint64_t Difference(int64_t value, int64_t base) { return static_cast<uint64_t>(value) - static_cast<uint64_t>(base); }

void PutVarint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// ---- encoding ----

void EncodePatched(const int64_t* values, size_t count, const FramePlan& plan, std::string& out) {
  uint64_t packed[kFrameValues] = {};
  uint8_t positions[kFrameValues];
  size_t exceptions = 0;
  for (size_t i = 0; i < count; ++i) {
    packed[i] = Difference(values[i], plan.base);
    if (BitLength(packed[i]) > plan.width) {
      positions[exceptions++] = static_cast<uint8_t>(i);
      packed[i] = 0;
    }
  }
  out.push_back(static_cast<char>(exceptions));
  PutVarint(Zigzag(plan.base), out);
  PackBits(packed, count, plan.width, 0, out);
  for (size_t i = 0; i < exceptions; ++i) {
    out.push_back(static_cast<char>(positions[i]));
    PutVarint(Zigzag(values[positions[i]]), out);
  }
}

void EncodeEscaped(const int64_t* values, size_t count, const FramePlan& plan, std::string& out, std::vector<int64_t>& escapes) {
  const uint64_t escape = EscapeSymbol(plan.width);
  const int64_t center = EscapeCenter(plan.base, plan.width);
  uint64_t packed[kFrameValues];
  // No branch a value: whether it escapes is as good as random.
  size_t escaped = escapes.size();
  escapes.resize(escaped + count);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t symbol = Difference(values[i], plan.base);
    packed[i] = std::min(symbol, escape);
    escapes[escaped] = static_cast<int64_t>(Zigzag(Minus(values[i], center)) - escape);
    escaped += symbol >= escape;
  }
  escapes.resize(escaped);
  PutVarint(Zigzag(plan.base), out);
  PackBits(packed, count, plan.width, 0, out);
}

void EncodeSequence(const int64_t* values, size_t count, int depth, std::string& out) {
  const Escapes allowed = depth < kMaxFrameDepth ? Escapes::kAllowed : Escapes::kForbidden;
  std::string frames;
  frames.reserve(count / 2 + 64);
  std::vector<int64_t> escapes;
  for (size_t begin = 0; begin < count; begin += kFrameValues) {
    const size_t length = std::min(kFrameValues, count - begin);
    const int64_t* frame = values + begin;
    const FramePlan plan = PlanFrame(frame, length, allowed);
    switch (plan.kind) {
      case FrameKind::kPlain:
        frames.push_back(static_cast<char>(plan.width));
        PutVarint(Zigzag(plan.base), frames);
        PackBits(reinterpret_cast<const uint64_t*>(frame), length, plan.width, static_cast<uint64_t>(plan.base), frames);
        break;
      case FrameKind::kPatched:
        frames.push_back(static_cast<char>(kPatchedKind + plan.width));
        EncodePatched(frame, length, plan, frames);
        break;
      case FrameKind::kEscaped:
        frames.push_back(static_cast<char>(kEscapedKind + plan.width));
        EncodeEscaped(frame, length, plan, frames, escapes);
        break;
    }
  }
  PutVarint(escapes.size(), out);
  if (!escapes.empty()) EncodeSequence(escapes.data(), escapes.size(), depth + 1, out);
  out += frames;
}

// ---- decoding ----

/// Eight values of kWidth bits -> eight bytes, in three doublings.
template <unsigned kWidth>
inline uint64_t SpreadToBytes(uint64_t bits) {
  if constexpr (kWidth == 8) {
    return bits;
  } else {
    constexpr uint64_t kLow4 = (uint64_t{1} << (4 * kWidth)) - 1;
    constexpr uint64_t kLow2 = (uint64_t{1} << (2 * kWidth)) - 1;
    constexpr uint64_t kLow1 = (uint64_t{1} << kWidth) - 1;
    constexpr uint64_t kPairs = kLow2 | kLow2 << 32;
    constexpr uint64_t kOnes = kLow1 | kLow1 << 16 | kLow1 << 32 | kLow1 << 48;
    bits = (bits & kLow4) | (bits >> (4 * kWidth) & kLow4) << 32;
    bits = (bits & kPairs) | (bits >> (2 * kWidth) & kPairs) << 16;
    return (bits & kOnes) | (bits >> kWidth & kOnes) << 8;
  }
}

/// `count` values to bytes; writes up to seven more. `available` bytes may be read.
template <unsigned kWidth>
void UnpackToBytes(const char* in, size_t available, size_t count, uint8_t* out) {
  size_t group = 0;
  for (; group * 8 < count && group * kWidth + 8 <= available; ++group) {
    uint64_t bits;
    std::memcpy(&bits, in + group * kWidth, 8);
    const uint64_t bytes = SpreadToBytes<kWidth>(bits);
    std::memcpy(out + group * 8, &bytes, 8);
  }
  for (; group * 8 < count; ++group) {
    uint64_t bits = 0;
    std::memcpy(&bits, in + group * kWidth, std::min<size_t>(kWidth, available - group * kWidth));
    const uint64_t bytes = SpreadToBytes<kWidth>(bits);
    std::memcpy(out + group * 8, &bytes, 8);
  }
}

void UnpackToBytes(unsigned width, const char* in, size_t available, size_t count, uint8_t* out) {
  switch (width) {
    case 1: return UnpackToBytes<1>(in, available, count, out);
    case 2: return UnpackToBytes<2>(in, available, count, out);
    case 3: return UnpackToBytes<3>(in, available, count, out);
    case 4: return UnpackToBytes<4>(in, available, count, out);
    case 5: return UnpackToBytes<5>(in, available, count, out);
    case 6: return UnpackToBytes<6>(in, available, count, out);
    case 7: return UnpackToBytes<7>(in, available, count, out);
    case 8: return UnpackToBytes<8>(in, available, count, out);
    default: std::memset(out, 0, count);
  }
}

/// The values that escaped from the frames of one sequence, handed out in order.
class EscapeQueue {
 public:
  EscapeQueue() = default;
  EscapeQueue(std::unique_ptr<int64_t[]> values, size_t count) : values_(std::move(values)), count_(count) {}

  size_t left() const { return count_ - next_; }
  const int64_t* next() const { return values_.get() + next_; }
  void Skip(size_t used) { next_ += used; }

  /// The next values as bytes `below` above their distance from the base of an escaped frame of the width; more bytes than there are values.
  const uint8_t* NextBytes(unsigned width, int64_t below, int64_t largest) {
    if (bytes_width_ != width) MakeBytes(width, below, largest);
    return bytes_.data() + (next_ - bytes_from_);
  }
  /// Whether one of the next `used` values does not fit in a byte. Requires: NextBytes came before.
  bool AnyFar(size_t used) {
    while (!far_.empty() && far_.back() < next_) far_.pop_back();
    return !far_.empty() && far_.back() < next_ + used;
  }

 private:
  void MakeBytes(unsigned width, int64_t below, int64_t largest) {
    const uint64_t escape = EscapeSymbol(width);
    const uint64_t center = static_cast<uint64_t>(EscapeCenter(0, width) + below);
    bytes_width_ = width;
    bytes_from_ = next_;
    bytes_.assign(count_ - next_ + kFrameValues + 8, 0);
    far_.clear();
    for (size_t i = next_; i < count_; ++i) {
      const uint64_t byte = static_cast<uint64_t>(Unzigzag(static_cast<uint64_t>(values_[i]) + escape)) + center;
      if (byte > static_cast<uint64_t>(largest)) far_.push_back(i);
      bytes_[i - next_] = static_cast<uint8_t>(byte);
    }
    std::reverse(far_.begin(), far_.end());
  }

  std::unique_ptr<int64_t[]> values_;
  size_t count_ = 0;
  size_t next_ = 0;
  unsigned bytes_width_ = 0;
  size_t bytes_from_ = 0;
  std::vector<uint8_t> bytes_;
  std::vector<size_t> far_;  // the nearest last
};

/// Escapes may be summed as bytes if they lie this near to the base: the largest byte is 31, and eight of them stay below 256.
constexpr uint8_t kBytesBelow = 12;
constexpr int64_t kLargestByte = 31;
constexpr unsigned kWidestSummed = 4;  // symbols up to 15, also when moved up by kBytesBelow

enum class Sum : uint8_t { kNo, kYes };

class SequenceDecoder {
 public:
  SequenceDecoder(ByteReader& reader, int depth) : reader_(reader), depth_(depth) {}

  bool Decode(size_t count, Sum sum, int64_t start, int64_t* out) {
    const uint64_t escape_count = reader_.GetVarint();
    if (!reader_.ok() || escape_count > count) return false;
    if (escape_count > 0) {
      if (depth_ >= kMaxFrameDepth) return false;
      std::unique_ptr<int64_t[]> escapes = std::make_unique_for_overwrite<int64_t[]>(escape_count);
      if (!SequenceDecoder(reader_, depth_ + 1).Decode(escape_count, Sum::kNo, 0, escapes.get())) return false;
      escapes_ = EscapeQueue(std::move(escapes), escape_count);
    }
    running_ = start;
    for (size_t begin = 0; begin < count; begin += kFrameValues) {
      if (!DecodeFrame(std::min(kFrameValues, count - begin), sum, out + begin)) return false;
    }
    return escapes_.left() == 0;
  }

 private:
  bool DecodeFrame(size_t length, Sum sum, int64_t* out) {
    const unsigned kind = reader_.GetU8();
    const bool escaped = kind >= kEscapedKind;
    const bool patched = !escaped && kind >= kPatchedKind;
    const unsigned width = escaped ? kind - kEscapedKind : patched ? kind - kPatchedKind : kind;
    const size_t patches = patched ? reader_.GetU8() : 0;
    const int64_t base = reader_.GetZigzag();
    if (escaped && (width == 0 || width > kMaxEscapeWidth)) return false;
    const std::string_view packed = reader_.GetBytes(PackedBytes(length, width));
    if (!reader_.ok()) return false;
    if (width == 0) {
      if (!patched && sum == Sum::kYes) {
        Ramp(length, base, out);
        return true;
      }
      std::fill_n(out, length, base);
    } else if (width <= 8) {
      UnpackToBytes(width, packed.data(), packed.size() + reader_.remaining(), length, bytes_);
      if (sum == Sum::kYes && width <= kWidestSummed && !patched) {
        if (!escaped) {
          running_ = SumBytes(bytes_, length, base, running_, out);
          return true;
        }
        if (SumEscaped(length, width, base, out)) return true;
      }
      AddBytes(bytes_, length, base, out);
    } else {
      UnpackBits(packed.data(), packed.size() + reader_.remaining(), length, width, static_cast<uint64_t>(base), reinterpret_cast<uint64_t*>(out));
    }
    if (escaped && !PutEscapes(length, width, base, out)) return false;
    for (size_t i = 0; i < patches; ++i) {
      const size_t position = reader_.GetU8();
      const int64_t value = reader_.GetZigzag();
      if (!reader_.ok() || position >= length) return false;
      out[position] = value;
    }
    if (sum == Sum::kYes) running_ = PrefixSum(out, length, running_);
    return true;
  }

  /// All differences equal.
  void Ramp(size_t length, int64_t step, int64_t* out) {
    uint64_t value = static_cast<uint64_t>(running_);
    for (size_t i = 0; i < length; ++i) out[i] = static_cast<int64_t>(value += static_cast<uint64_t>(step));
    running_ = static_cast<int64_t>(value);
  }

  bool PutEscapes(size_t length, unsigned width, int64_t base, int64_t* out) {
    const uint64_t escape = EscapeSymbol(width);
    const int64_t center = EscapeCenter(base, width);
    const int64_t symbol = Plus(base, static_cast<int64_t>(escape));
    for (size_t i = 0; i < length; ++i) {
      if (out[i] != symbol) continue;
      if (escapes_.left() == 0) return false;
      out[i] = Plus(center, Unzigzag(static_cast<uint64_t>(*escapes_.next()) + escape));
      escapes_.Skip(1);
    }
    return true;
  }

  /// Differences that never leave bytes. False, with nothing done, if an escape is too wide for that.
  bool SumEscaped(size_t length, unsigned width, int64_t base, int64_t* out) {
    const uint8_t* escape_bytes = escapes_.NextBytes(width, kBytesBelow, kLargestByte);
    int64_t running = running_;
    const size_t used = SumEscapedBytes(bytes_, length, static_cast<uint8_t>(EscapeSymbol(width)), kBytesBelow, escape_bytes,
                                        Minus(base, kBytesBelow), &running, out);
    if (used > escapes_.left() || escapes_.AnyFar(used)) return false;
    escapes_.Skip(used);
    running_ = running;
    return true;
  }

  ByteReader& reader_;
  const int depth_;
  EscapeQueue escapes_;
  int64_t running_ = 0;
  uint8_t bytes_[kFrameValues + kKernelSlack] = {};
};

}  // namespace

void EncodeFrames(const int64_t* values, size_t count, std::string& out) { EncodeSequence(values, count, 0, out); }

size_t EstimateFrames(const int64_t* values, size_t count) {
  size_t bytes = 1;
  for (size_t begin = 0; begin < count; begin += kFrameValues) {
    const size_t length = std::min(kFrameValues, count - begin);
    const FramePlan plan = PlanFrame(values + begin, length, Escapes::kAllowed);
    bytes += (plan.bits + 7) / 8 + 2 + BitLength(Zigzag(plan.base)) / 7;
  }
  return bytes;
}

bool DecodeFrames(ByteReader& reader, size_t count, int64_t* out) {
  return SequenceDecoder(reader, 0).Decode(count, Sum::kNo, 0, out);
}

bool DecodeFramesSummed(ByteReader& reader, size_t count, int64_t start, int64_t* out) {
  return SequenceDecoder(reader, 0).Decode(count, Sum::kYes, start, out);
}

}  // namespace tsd::engine
