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
    if (!Begin(count, start)) return false;
    for (size_t begin = 0; begin < count; begin += kFrameValues) {
      Frame frame;
      if (!ReadFrame(std::min(kFrameValues, count - begin), frame) || !DecodeFrame(frame, sum, out + begin)) return false;
    }
    return escapes_.left() == 0;
  }

  bool AddUp(size_t count, Sum sum, int64_t start, SpanSums& sums) {
    if (!Begin(count, start)) return false;
    int64_t values[kFrameValues + kKernelSlack / sizeof(int64_t)];
    for (size_t begin = 0; begin < count; begin += kFrameValues) {
      Frame frame;
      if (!ReadFrame(std::min(kFrameValues, count - begin), frame)) return false;
      if (frame.width <= 8 && !frame.patched) {
        if (!AddFrame(frame, sum, sums)) return false;
        continue;
      }
      if (!DecodeFrame(frame, sum, values)) return false;
      sums.Take(values, frame.length);
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

  /// Reads what stands before the frames.
  bool Begin(size_t count, int64_t start) {
    running_ = start;
    const uint64_t escape_count = reader_.GetVarint();
    if (!reader_.ok() || escape_count > count) return false;
    if (escape_count > 0) {
      if (depth_ >= kMaxFrameDepth) return false;
      std::unique_ptr<int64_t[]> escapes = std::make_unique_for_overwrite<int64_t[]>(escape_count);
      if (!SequenceDecoder(reader_, depth_ + 1).Decode(escape_count, Sum::kNo, 0, escapes.get())) return false;
      escapes_ = EscapeQueue(std::move(escapes), escape_count);
    }
    return true;
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

  /// Requires: width <= 8.
  void Unpack(const Frame& frame) {
    UnpackBytes(frame.width, frame.packed.data(), frame.packed.size() + reader_.remaining(), frame.length, bytes_);
  }

  bool DecodeFrame(const Frame& frame, Sum sum, int64_t* out) {
    const size_t length = frame.length;
    if (frame.width == 0) {
      if (!frame.patched && sum == Sum::kYes) {
        Ramp(length, frame.base, out);
        return true;
      }
      std::fill_n(out, length, frame.base);
    } else if (frame.width <= 8) {
      Unpack(frame);
      if (sum == Sum::kYes && frame.width <= kWidestSummed && !frame.patched) {
        if (!frame.escaped) {
          running_ = SumBytes(bytes_, length, frame.base, running_, out);
          return true;
        }
        if (SumEscaped(frame, out)) return true;
      }
      AddBytes(bytes_, length, frame.base, out);
    } else {
      UnpackBits(frame.packed.data(), frame.packed.size() + reader_.remaining(), length, frame.width, static_cast<uint64_t>(frame.base),
                 reinterpret_cast<uint64_t*>(out));
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

  /// All differences equal.
  void Ramp(size_t length, int64_t step, int64_t* out) {
    uint64_t value = static_cast<uint64_t>(running_);
    for (size_t i = 0; i < length; ++i) out[i] = static_cast<int64_t>(value += static_cast<uint64_t>(step));
    running_ = static_cast<int64_t>(value);
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
  int64_t NextEscape(uint64_t escape) {
    const int64_t value = Unzigzag(static_cast<uint64_t>(*escapes_.next()) + escape);
    escapes_.Skip(1);
    return value;
  }

  /// Differences that never leave bytes. False, with nothing done, if an escape is too wide for that.
  bool SumEscaped(const Frame& frame, int64_t* out) {
    const uint8_t* escape_bytes = escapes_.NextBytes(frame.width, kBytesBelow, kLargestByte);
    int64_t running = running_;
    const size_t used = SumEscapedBytes(bytes_, frame.length, static_cast<uint8_t>(EscapeSymbol(frame.width)), kBytesBelow, escape_bytes,
                                        Minus(frame.base, kBytesBelow), &running, out);
    if (used > escapes_.left() || escapes_.AnyFar(used)) return false;
    escapes_.Skip(used);
    running_ = running;
    return true;
  }

  // ---- numbers that are only added up ----

  /// A frame of bytes. A sum of running sums is a sum of the differences weighted by how many of them follow, so nothing has to be spread
  /// out: first as if no symbol were an escape, then what each escape differs from its symbol.
  bool AddFrame(const Frame& frame, Sum sum, SpanSums& sums) {
    if (frame.width == 0) {
      std::memset(bytes_, 0, frame.length);
    } else {
      Unpack(frame);
    }
    uint64_t masks[kFrameValues / 64] = {};
    if (frame.escaped) FindByte(bytes_, frame.length, static_cast<uint8_t>(EscapeSymbol(frame.width)), masks);
    for (size_t begin = 0; begin < frame.length;) {
      const size_t count = sums.Together(frame.length - begin);
      if (!AddPiece(frame, begin, count, masks, sum, sums)) return false;
      begin += count;
    }
    return true;
  }

  /// Numbers [begin, begin + count) of a frame, of one span.
  bool AddPiece(const Frame& frame, size_t begin, size_t count, const uint64_t* masks, Sum sum, SpanSums& sums) {
    const ByteSums bytes = SumBytesTwice(bytes_ + begin, count);
    const uint64_t base = static_cast<uint64_t>(frame.base), n = count;
    uint64_t plain = bytes.plain + n * base;
    uint64_t weighted = bytes.weighted + n * (n + 1) / 2 * base;
    if (frame.escaped && !AddEscapes(frame, begin, begin + count, masks, plain, weighted)) return false;
    if (sum == Sum::kNo) {
      sums.TakeSum(count, static_cast<int64_t>(plain));
      return true;
    }
    const uint64_t start = static_cast<uint64_t>(running_);
    sums.TakeSum(count, static_cast<int64_t>(weighted + n * start));
    running_ = static_cast<int64_t>(start + plain);
    return true;
  }

  /// What the escapes among numbers [begin, end) add to their symbols. Everything in registers: this is the loop that counts.
  bool AddEscapes(const Frame& frame, size_t begin, size_t end, const uint64_t* masks, uint64_t& plain, uint64_t& weighted) {
    const uint64_t escape = EscapeSymbol(frame.width);
    const uint64_t center = static_cast<uint64_t>(EscapeCenter(0, frame.width)) - escape;
    const int64_t* const first = escapes_.next();
    const int64_t* const last = first + escapes_.left();
    const int64_t* next = first;
    uint64_t sum = 0, weighted_sum = 0;
    for (size_t word = begin / 64; word * 64 < end; ++word) {
      uint64_t mask = masks[word];
      if (word == begin / 64) mask &= ~uint64_t{0} << (begin % 64);
      if (word == end / 64) mask &= (uint64_t{1} << (end % 64)) - 1;
      if (last - next < __builtin_popcountll(mask)) return false;
      for (size_t behind = end - word * 64; mask != 0; mask &= mask - 1) {
        const uint64_t more = static_cast<uint64_t>(Unzigzag(static_cast<uint64_t>(*next++) + escape)) + center;
        sum += more;
        weighted_sum += (behind - static_cast<size_t>(__builtin_ctzll(mask))) * more;
      }
    }
    escapes_.Skip(static_cast<size_t>(next - first));
    plain += sum;
    weighted += weighted_sum;
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

bool SumFrames(ByteReader& reader, size_t count, SpanSums& sums) { return SequenceDecoder(reader, 0).AddUp(count, Sum::kNo, 0, sums); }

bool SumFramesSummed(ByteReader& reader, size_t count, int64_t start, SpanSums& sums) {
  return SequenceDecoder(reader, 0).AddUp(count, Sum::kYes, start, sums);
}

}  // namespace tsd::engine
