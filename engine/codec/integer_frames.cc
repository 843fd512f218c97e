#include "engine/codec/integer_frames.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/codec/bitpack.h"
#include "engine/codec/frame_plan.h"
#include "engine/codec/number_kernels.h"
#include "engine/codec/offset_kernels.h"
#include "engine/codec/packed_kernels.h"

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

/// Escapes are put among the symbols as bytes if they lie this near to the base: neither they nor symbols get above the largest byte, eight of
/// which add up to less than 256.
constexpr uint8_t kBytesBelow = 12;
constexpr int kLargestByte = 31;
/// kFrameValues steps of at most so much stay in 16 bits.
constexpr int64_t kFarthestStep = 127;

/// The values that escaped from the frames of one sequence, handed out in order: 16 bits each, the few that need more apart.
class EscapeQueue final : public FrameSink {
 public:
  EscapeQueue() = default;
  explicit EscapeQueue(size_t count) : values_(std::make_unique_for_overwrite<int16_t[]>(count)), count_(count) {}

  // Filling.
  void PutNarrow(int64_t base, const int16_t* offsets, size_t count) override {
    int16_t* const out = values_.get() + filled_;
    filled_ += count;
    if (base >= INT16_MIN && base <= INT16_MAX && !AddSaturated(offsets, count, static_cast<int16_t>(base), out)) return;
    for (size_t i = 0; i < count; ++i) out[i] = Keep(Plus(base, offsets[i]), filled_ - count + i);
  }
  int64_t* Room(size_t count) override {
    room_.resize(count);
    return room_.data();
  }
  void PutWide(const int64_t* values, size_t count) override {
    for (size_t i = 0; i < count; ++i, ++filled_) values_[filled_] = Keep(values[i], filled_);
  }

  // Handing out.
  size_t left() const { return count_ - next_; }
  void Skip(size_t used) { next_ += used; }
  /// Requires: one is left.
  int64_t Take() {
    const size_t at = next_++;
    if (values_[at] != kApart) return values_[at];
    while (apart_[next_apart_].position < at) ++next_apart_;
    return apart_[next_apart_].value;
  }
  /// The next values, all that a frame may use, as PackedFrame::escapes of a frame of the width.
  const uint8_t* NextBytes(unsigned width) {
    if (bytes_width_ != width || std::min(count_, next_ + kFrameValues) > bytes_end_) MakeBytes(width);
    return bytes_.get() + (next_ - bytes_begin_);
  }
  /// Whether one of the next `used` values, at most kFrameValues and no more than are left, has no byte. Requires: NextBytes came before.
  bool AnyFar(size_t used) const {
    const int16_t* const next = values_.get() + next_;
    return bytes_far_ && std::any_of(next, next + used, [this](int16_t value) { return value > bytes_most_; });
  }

 private:
  static constexpr int16_t kApart = INT16_MAX;
  static constexpr size_t kByteWindow = 4 * kFrameValues;
  struct Apart {
    size_t position;
    int64_t value;
  };

  int16_t Keep(int64_t value, size_t position) {
    if (value >= 0 && value < kApart) return static_cast<int16_t>(value);
    apart_.push_back({position, value});
    return kApart;
  }

  void MakeBytes(unsigned width) {
    const int escape = static_cast<int>(EscapeSymbol(width));
    const int center = static_cast<int>(EscapeCenter(kBytesBelow, width));
    const int most = 2 * std::min(center, kLargestByte - center) - escape;  // zigzag form of the farthest on both sides
    if (bytes_ == nullptr) bytes_ = std::make_unique<uint8_t[]>(kByteWindow + kFrameValues + 8);
    // Frames of one width mostly follow each other; where they do not, little was made in vain.
    const size_t window = bytes_width_ == width ? kByteWindow : kFrameValues;
    bytes_width_ = width;
    bytes_begin_ = next_;
    bytes_end_ = std::min(count_, next_ + window);
    bytes_most_ = static_cast<int16_t>(most);
    bytes_far_ = UnzigzagToBytes(values_.get() + next_, bytes_end_ - next_, static_cast<int16_t>(escape), static_cast<int16_t>(center), bytes_most_, bytes_.get());
  }

  std::unique_ptr<int16_t[]> values_;
  std::vector<Apart> apart_;
  std::vector<int64_t> room_;
  size_t count_ = 0, filled_ = 0, next_ = 0, next_apart_ = 0;
  unsigned bytes_width_ = 0;
  size_t bytes_begin_ = 0, bytes_end_ = 0;  // the values that bytes_ are of
  int16_t bytes_most_ = 0;                  // values above have no byte
  bool bytes_far_ = false;                  // there are such
  std::unique_ptr<uint8_t[]> bytes_;
};

enum class Sum : uint8_t { kNo, kYes };

class SequenceDecoder {
 public:
  SequenceDecoder(ByteReader& reader, int depth) : reader_(reader), depth_(depth) {}

  bool Decode(size_t count, Sum sum, int64_t start, FrameSink& sink) {
    running_ = start;
    if (!ReadEscapes(count)) return false;
    for (size_t begin = 0; begin < count; begin += kFrameValues) {
      Frame frame;
      if (!ReadFrame(std::min(kFrameValues, count - begin), frame)) return false;
      if (DecodeNarrow(frame, sum, sink)) continue;
      int64_t* const values = sink.Room(frame.length);
      if (!DecodeWide(frame, sum, values)) return false;
      sink.PutWide(values, frame.length);
    }
    return escapes_.left() == 0;
  }

 private:
  struct Frame {
    size_t length = 0;
    bool escaped = false, patched = false;
    unsigned width = 0;
    size_t patches = 0;
    int64_t base = 0;
    std::string_view packed;
  };

  bool ReadEscapes(size_t count) {
    const uint64_t escape_count = reader_.GetVarint();
    if (!reader_.ok() || escape_count > count) return false;
    if (escape_count == 0) return true;
    if (depth_ >= kMaxFrameDepth) return false;
    escapes_ = EscapeQueue(escape_count);
    return SequenceDecoder(reader_, depth_ + 1).Decode(escape_count, Sum::kNo, 0, escapes_);
  }

  /// A frame's head and its packed bits; what is kept apart by position follows.
  bool ReadFrame(size_t length, Frame& frame) {
    const unsigned kind = reader_.GetU8();
    frame.length = length;
    frame.escaped = kind >= kEscapedKind;
    frame.patched = !frame.escaped && kind >= kPatchedKind;
    frame.width = frame.escaped ? kind - kEscapedKind : frame.patched ? kind - kPatchedKind : kind;
    frame.patches = frame.patched ? reader_.GetU8() : 0;
    frame.base = reader_.GetZigzag();
    if (frame.escaped && (frame.width == 0 || frame.width > kMaxEscapeWidth)) return false;
    frame.packed = reader_.GetBytes(PackedBytes(length, frame.width));
    return reader_.ok();
  }

  // ---- frames whose numbers lie near to each other ----

  /// False, with nothing done, if the frame is none of these.
  bool DecodeNarrow(const Frame& frame, Sum sum, FrameSink& sink) {
    if (frame.patched || frame.width > 8 || (frame.escaped && frame.width > kWidestEscaped)) return false;
    const int64_t step = frame.escaped ? Minus(frame.base, kBytesBelow) : frame.base;  // what is to be added to a byte
    if (sum == Sum::kYes && (frame.width > kWidestSummed || step < -kFarthestStep || step + kLargestByte > kFarthestStep)) return false;
    PackedFrame packed{frame.packed.data(), frame.packed.size() + reader_.remaining(), frame.width, frame.length};
    if (frame.escaped) {
      packed.escapes = escapes_.NextBytes(frame.width);
      packed.shift = kBytesBelow;
    }
    size_t used = 0;
    if (frame.width == 0) {
      for (size_t i = 0; i < frame.length; ++i) offsets_[i] = static_cast<int16_t>(sum == Sum::kYes ? (static_cast<int64_t>(i) + 1) * step : 0);
    } else if (sum == Sum::kYes) {
      used = UnpackSummed(packed, static_cast<int16_t>(step), offsets_);
    } else {
      used = UnpackOffsets(packed, offsets_);
    }
    if (used != 0 && (used > escapes_.left() || escapes_.AnyFar(used))) return false;
    escapes_.Skip(used);
    sink.PutNarrow(sum == Sum::kYes ? running_ : step, offsets_, frame.length);
    if (sum == Sum::kYes) running_ = Plus(running_, offsets_[frame.length - 1]);
    return true;
  }

  // ---- any frame ----

  bool DecodeWide(const Frame& frame, Sum sum, int64_t* out) {
    const size_t length = frame.length;
    const size_t available = frame.packed.size() + reader_.remaining();
    if (frame.width == 0) {
      std::fill_n(out, length, frame.base);
    } else if (frame.width <= 8) {
      UnpackBytes(frame.width, frame.packed.data(), available, length, bytes_);
      AddBytes(bytes_, length, frame.base, out);
    } else {
      UnpackBits(frame.packed.data(), available, length, frame.width, static_cast<uint64_t>(frame.base), reinterpret_cast<uint64_t*>(out));
    }
    if (frame.escaped && !PutEscapes(frame, out)) return false;
    for (size_t i = 0; i < frame.patches; ++i) {
      const size_t position = reader_.GetU8();
      const int64_t value = reader_.GetZigzag();
      if (!reader_.ok() || position >= length) return false;
      out[position] = value;
    }
    if (sum == Sum::kYes) running_ = PrefixSum(out, length, running_);
    return true;
  }

  bool PutEscapes(const Frame& frame, int64_t* out) {
    const uint64_t escape = EscapeSymbol(frame.width);
    const int64_t center = EscapeCenter(frame.base, frame.width);
    if (frame.width <= 8) {  // still there as bytes: no branch a value
      uint64_t masks[kFrameValues / 64];
      FindByte(bytes_, frame.length, static_cast<uint8_t>(escape), masks);
      for (size_t word = 0; word * 64 < frame.length; ++word) {
        for (uint64_t mask = masks[word]; mask != 0; mask &= mask - 1) {
          if (escapes_.left() == 0) return false;
          out[word * 64 + static_cast<size_t>(__builtin_ctzll(mask))] = Plus(center, NextEscape(escape));
        }
      }
      return true;
    }
    const int64_t symbol = Plus(frame.base, static_cast<int64_t>(escape));
    for (size_t i = 0; i < frame.length; ++i) {
      if (out[i] != symbol) continue;
      if (escapes_.left() == 0) return false;
      out[i] = Plus(center, NextEscape(escape));
    }
    return true;
  }
  /// Relative to the center. Requires: one is left.
  int64_t NextEscape(uint64_t escape) { return Unzigzag(static_cast<uint64_t>(escapes_.Take()) + escape); }

  ByteReader& reader_;
  const int depth_;
  EscapeQueue escapes_;
  int64_t running_ = 0;
  int16_t offsets_[kFrameValues + 8];
  uint8_t bytes_[kFrameValues + kKernelSlack];
};

/// Puts the numbers into an array.
class NumberArray final : public FrameSink {
 public:
  explicit NumberArray(int64_t* out) : out_(out) {}
  void PutNarrow(int64_t base, const int16_t* offsets, size_t count) override {
    AddOffsets(offsets, count, base, out_);
    out_ += count;
  }
  int64_t* Room(size_t) override { return out_; }
  void PutWide(const int64_t*, size_t count) override { out_ += count; }

 private:
  int64_t* out_;
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

bool VisitFrames(ByteReader& reader, size_t count, FrameSink& sink) { return SequenceDecoder(reader, 0).Decode(count, Sum::kNo, 0, sink); }

bool VisitFramesSummed(ByteReader& reader, size_t count, int64_t start, FrameSink& sink) {
  return SequenceDecoder(reader, 0).Decode(count, Sum::kYes, start, sink);
}

bool DecodeFrames(ByteReader& reader, size_t count, int64_t* out) {
  NumberArray numbers(out);
  return VisitFrames(reader, count, numbers);
}

bool DecodeFramesSummed(ByteReader& reader, size_t count, int64_t start, int64_t* out) {
  NumberArray numbers(out);
  return VisitFramesSummed(reader, count, start, numbers);
}

}  // namespace tsd::engine
