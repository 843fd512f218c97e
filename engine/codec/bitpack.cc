#include "engine/codec/bitpack.h"

#include <array>
#include <cstring>
#include <utility>

namespace tsd::engine {
namespace {

// The unit of work is a group of eight values, which takes exactly `width` bytes: all offsets and shifts are constants of the width.
constexpr size_t kGroup = 8;
// A group's last value may be loaded with eight bytes and one more.
constexpr size_t kSlack = 16;

inline uint64_t Load64(const uint8_t* in) {
  uint64_t value;
  std::memcpy(&value, in, sizeof(value));
  return value;
}

template <unsigned kWidth, size_t kIndex>
inline uint64_t ValueAt(const uint8_t* in) {
  constexpr size_t kByte = kIndex * kWidth / 8;
  constexpr unsigned kShift = kIndex * kWidth % 8;
  uint64_t value = Load64(in + kByte) >> kShift;
  if constexpr (kShift + kWidth > 64) value |= static_cast<uint64_t>(in[kByte + 8]) << (64 - kShift);
  if constexpr (kWidth < 64) value &= (uint64_t{1} << kWidth) - 1;
  return value;
}

template <unsigned kWidth, size_t... kIndex>
inline void UnpackGroup(const uint8_t* in, uint64_t base, uint64_t* out, std::index_sequence<kIndex...>) {
  ((out[kIndex] = ValueAt<kWidth, kIndex>(in) + base), ...);
}

template <unsigned kWidth>
void UnpackGroups(const uint8_t* in, size_t groups, uint64_t base, uint64_t* out) {
  for (size_t group = 0; group < groups; ++group) {
    UnpackGroup<kWidth>(in, base, out, std::make_index_sequence<kGroup>());
    in += kWidth;
    out += kGroup;
  }
}

struct Accumulator {
  uint64_t bits = 0;
  uint8_t* out;
};

template <unsigned kWidth, size_t kIndex>
inline void PackValue(uint64_t value, Accumulator& accumulator) {
  constexpr unsigned kFill = kIndex * kWidth % 64;
  if constexpr (kWidth < 64) value &= (uint64_t{1} << kWidth) - 1;
  accumulator.bits |= value << kFill;
  if constexpr (kFill + kWidth >= 64) {
    std::memcpy(accumulator.out, &accumulator.bits, 8);
    accumulator.out += 8;
    if constexpr (kFill == 0) {
      accumulator.bits = 0;
    } else {
      accumulator.bits = value >> (64 - kFill);
    }
  }
}

template <unsigned kWidth, size_t... kIndex>
inline void PackGroup(const uint64_t* values, uint64_t base, uint8_t* out, std::index_sequence<kIndex...>) {
  Accumulator accumulator{0, out};
  (PackValue<kWidth, kIndex>(values[kIndex] - base, accumulator), ...);
  std::memcpy(accumulator.out, &accumulator.bits, 8);  // the part past the group is overwritten by the next one
}

template <unsigned kWidth>
void PackGroups(const uint64_t* values, size_t groups, uint64_t base, uint8_t* out) {
  for (size_t group = 0; group < groups; ++group) {
    PackGroup<kWidth>(values, base, out, std::make_index_sequence<kGroup>());
    values += kGroup;
    out += kWidth;
  }
}

using UnpackFunction = void (*)(const uint8_t*, size_t, uint64_t, uint64_t*);
using PackFunction = void (*)(const uint64_t*, size_t, uint64_t, uint8_t*);

template <size_t... kWidths>
constexpr std::array<UnpackFunction, sizeof...(kWidths)> UnpackTable(std::index_sequence<kWidths...>) {
  return {&UnpackGroups<kWidths>...};
}
template <size_t... kWidths>
constexpr std::array<PackFunction, sizeof...(kWidths)> PackTable(std::index_sequence<kWidths...>) {
  return {&PackGroups<kWidths>...};
}
constexpr auto kUnpack = UnpackTable(std::make_index_sequence<65>());
constexpr auto kPack = PackTable(std::make_index_sequence<65>());

}  // namespace

void PackBits(const uint64_t* values, size_t count, unsigned width, uint64_t base, std::string& out) {
  if (width == 0 || count == 0) return;
  const size_t begin = out.size();
  const size_t groups = count / kGroup;
  const size_t rest = count % kGroup;
  out.resize(begin + (groups + (rest != 0)) * width + kSlack);
  uint8_t* target = reinterpret_cast<uint8_t*>(out.data()) + begin;
  kPack[width](values, groups, base, target);
  if (rest != 0) {
    uint64_t last[kGroup];
    for (size_t i = 0; i < kGroup; ++i) last[i] = i < rest ? values[groups * kGroup + i] : base;
    kPack[width](last, 1, base, target + groups * width);
  }
  out.resize(begin + PackedBytes(count, width));
}

void UnpackBits(const char* in, size_t available, size_t count, unsigned width, uint64_t base, uint64_t* out) {
  if (width == 0) {
    for (size_t i = 0; i < count; ++i) out[i] = base;
    return;
  }
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(in);
  // Groups that may be loaded in place; the others are copied to where reading past their end is allowed.
  size_t direct = count / kGroup;
  if (available < direct * width + kSlack) direct = available < kSlack ? 0 : (available - kSlack) / width;
  if (direct > count / kGroup) direct = count / kGroup;
  kUnpack[width](bytes, direct, base, out);
  for (size_t done = direct * kGroup; done < count; done += kGroup) {
    uint8_t padded[64 + kSlack] = {};
    const size_t offset = done / kGroup * width;
    const size_t left = count - done < kGroup ? count - done : kGroup;
    std::memcpy(padded, bytes + offset, PackedBytes(left, width));
    uint64_t values[kGroup];
    kUnpack[width](padded, 1, base, values);
    std::memcpy(out + done, values, left * sizeof(uint64_t));
  }
}

}  // namespace tsd::engine
