#include "engine/codec/float_parts.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <vector>

#include "engine/codec/bitpack.h"
#include "engine/codec/double_kernels.h"
#include "engine/codec/frame_plan.h"
#include "engine/codec/frame_sink.h"
#include "engine/codec/integer_codec.h"

namespace tsd::engine {
namespace {

constexpr uint8_t kSignsApart = 0x80;
constexpr unsigned kMostLowBits = 63;
constexpr size_t kStretches = 4;
constexpr size_t kStretchValues = 64;
/// So many bits of most differences stay in the upper part: few enough for the fastest frames, and noise below them is not worth coding.
constexpr unsigned kHeadBits = 2;

template <typename T>
using FloatBits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <typename T>
FloatWords WordsOf(std::span<const T> values) {
  constexpr uint64_t kSign = uint64_t{1} << (8 * sizeof(T) - 1);
  uint64_t any = 0, all = ~uint64_t{0};
  for (T value : values) {
    const uint64_t bits = std::bit_cast<FloatBits<T>>(value);
    any |= bits;
    all &= bits;
  }
  FloatWords form;
  form.sign_bit = 8 * sizeof(T) - 1;
  form.signs_apart = ((any ^ all) & kSign) != 0;
  form.cut_bits = static_cast<unsigned>(std::countr_zero((any & ~kSign) | kSign));
  return form;
}

uint64_t ToWord(uint64_t bits, const FloatWords& form) {
  if (!form.signs_apart) return bits >> form.cut_bits;
  const uint64_t sign = bits >> form.sign_bit;
  return (bits & ~(uint64_t{1} << form.sign_bit)) >> form.cut_bits << 1 | sign;
}

/// The length that three quarters of the differences do not exceed, of first or second differences or of the values' distance to one of them:
/// where that is least. What is below it by kHeadBits and more cannot be foreseen.
class DifferenceLengths {
 public:
  void Add(const uint64_t* words, size_t count) {
    int64_t values[kStretchValues];
    for (size_t i = 0; i < count; ++i) values[i] = Minus(static_cast<int64_t>(words[i]), static_cast<int64_t>(words[count / 2]));
    for (size_t order = 0; order < kOrders && count > 0; ++order) {
      for (size_t i = 0; i < count; ++i) ++counts_[order][BitLength(Zigzag(values[i]))];
      totals_[order] += count;
      for (size_t i = 0; i + 1 < count; ++i) values[i] = Minus(values[i + 1], values[i]);
      --count;
    }
  }
  unsigned UsualLength() const {
    unsigned least = 64;
    for (size_t order = 0; order < kOrders && totals_[order] != 0; ++order) {
      size_t seen = 0;
      unsigned length = 0;
      while ((seen += counts_[order][length]) * 4 < totals_[order] * 3) ++length;
      least = std::min(least, length);
    }
    return least;
  }

 private:
  static constexpr size_t kOrders = 3;
  size_t counts_[kOrders][65] = {};
  size_t totals_[kOrders] = {};
};

unsigned ChooseLowBits(const uint64_t* words, size_t count) {
  DifferenceLengths lengths;
  const size_t stretches = std::min(kStretches, (count + kStretchValues - 1) / kStretchValues);
  for (size_t i = 0; i < stretches; ++i) {
    const size_t length = std::min(count, kStretchValues);
    lengths.Add(words + (count - length) * (2 * i + 1) / (2 * stretches), length);
  }
  const unsigned usual = lengths.UsualLength();
  return usual <= kHeadBits ? 0 : std::min(kMostLowBits, usual - kHeadBits);
}

}  // namespace

template <typename T>
void EncodeParts(std::span<const T> values, std::string& out) {
  const FloatWords form = WordsOf(values);
  const std::unique_ptr<uint64_t[]> words = std::make_unique_for_overwrite<uint64_t[]>(values.size());
  for (size_t i = 0; i < values.size(); ++i) words[i] = ToWord(std::bit_cast<FloatBits<T>>(values[i]), form);
  const unsigned low_bits = ChooseLowBits(words.get(), values.size());
  out.push_back(static_cast<char>(form.cut_bits | (form.signs_apart ? kSignsApart : 0)));
  out.push_back(static_cast<char>(low_bits));
  std::vector<int64_t> upper(values.size());
  for (size_t i = 0; i < values.size(); ++i) upper[i] = static_cast<int64_t>(words[i] >> low_bits);
  EncodeIntegers(upper, out);
  PackBits(words.get(), values.size(), low_bits, 0, out);
}

template <typename T>
bool DecodeParts(ByteReader& reader, std::span<T> out) {
  FloatWords form;
  const uint8_t left_out = reader.GetU8();
  form.sign_bit = 8 * sizeof(T) - 1;
  form.signs_apart = (left_out & kSignsApart) != 0;
  form.cut_bits = left_out & ~kSignsApart;
  form.low_bits = reader.GetU8();
  if (!reader.ok() || form.cut_bits > form.sign_bit || form.low_bits > kMostLowBits) return false;
  const std::unique_ptr<int64_t[]> upper = std::make_unique_for_overwrite<int64_t[]>(out.size());
  if (!DecodeIntegers(reader, std::span<int64_t>(upper.get(), out.size()))) return false;
  const size_t packed_bytes = PackedBytes(out.size(), form.low_bits);
  const std::string_view packed = reader.GetBytes(packed_bytes);
  if (!reader.ok()) return false;
  const size_t available = packed.size() + reader.remaining();
  for (size_t begin = 0; begin < out.size(); begin += kFrameValues) {
    const size_t count = std::min(kFrameValues, out.size() - begin);
    const size_t offset = PackedBytes(begin, form.low_bits);
    uint64_t lows[kFrameValues];
    UnpackBits(packed.data() + offset, available - offset, count, form.low_bits, 0, lows);
    JoinParts(upper.get() + begin, lows, count, form, out.data() + begin);
  }
  return true;
}

template void EncodeParts<float>(std::span<const float>, std::string&);
template void EncodeParts<double>(std::span<const double>, std::string&);
template bool DecodeParts<float>(ByteReader&, std::span<float>);
template bool DecodeParts<double>(ByteReader&, std::span<double>);

}  // namespace tsd::engine
