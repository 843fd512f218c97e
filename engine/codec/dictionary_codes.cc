#include "engine/codec/dictionary_codes.h"

#include <algorithm>
#include <cstring>

#include "engine/base/hash.h"
#include "engine/codec/block_codec.h"
#include "engine/codec/integer_codec.h"
#include "engine/codec/offset_kernels.h"
#include "engine/types/interval.h"

namespace tsd::engine {
namespace {

/// Takes codes; notes those that are out of range, and puts anything in their place.
class CodeArray final : public FrameSink {
 public:
  CodeArray(size_t entries, uint16_t* out) : entries_(entries), out_(out) {}
  bool ok() const { return ok_; }

  void PutNarrow(int64_t base, const int16_t* offsets, size_t count) override {
    // No sum of an offset and a base farther away is a code.
    constexpr int64_t kFar = 1 << 20;
    ok_ &= OffsetsToCodes(offsets, count, static_cast<int32_t>(std::clamp(base, -kFar, kFar)), static_cast<int32_t>(entries_), out_);
    out_ += count;
  }
  int64_t* Room(size_t) override { return room_; }
  void PutWide(const int64_t* values, size_t count) override {
    for (size_t i = 0; i < count; ++i) {
      ok_ &= static_cast<uint64_t>(values[i]) < entries_;
      out_[i] = static_cast<uint16_t>(values[i]);
    }
    out_ += count;
  }

 private:
  const size_t entries_;
  uint16_t* out_;
  bool ok_ = true;
  int64_t room_[kFrameValues];
};

constexpr size_t kSample = 512;
constexpr uint32_t kFree = UINT32_MAX;

template <typename T>
bool SameBits(const T& left, const T& right) {
  return std::memcmp(&left, &right, sizeof(T)) == 0;
}

template <typename T>
uint64_t HashOf(const T& value) {
  if constexpr (sizeof(T) <= 8) {
    uint64_t word = 0;
    std::memcpy(&word, &value, sizeof(T));
    return MixHash(word);
  } else {
    return Hash64(std::string_view(reinterpret_cast<const char*>(&value), sizeof(T)));
  }
}

/// An open hash table of what was seen.
template <typename T>
class SeenValues {
 public:
  explicit SeenValues(size_t most) {
    size_t slots = 16;
    while (slots < 2 * most + 2) slots *= 2;
    slots_.assign(slots, kFree);
  }
  /// The place in `entries`, where the value is put if it is new.
  uint32_t Find(const T& value, std::vector<T>& entries) {
    for (size_t at = HashOf(value) & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == kFree) {
        slots_[at] = static_cast<uint32_t>(entries.size());
        entries.push_back(value);
        return slots_[at];
      }
      if (SameBits(entries[slots_[at]], value)) return slots_[at];
    }
  }

 private:
  std::vector<uint32_t> slots_;
};

/// Whether runs, or values far apart, look as if they repeated.
template <typename T>
bool MayRepeat(std::span<const T> values) {
  size_t changes = 0;
  for (size_t i = 1; i < values.size(); ++i) changes += SameBits(values[i], values[i - 1]) ? 0 : 1;
  if (changes * 2 < values.size()) return true;
  const size_t sampled = std::min(kSample, values.size());
  SeenValues<T> seen(sampled);
  std::vector<T> entries;
  for (size_t i = 0; i < sampled; ++i) seen.Find(values[i * values.size() / sampled], entries);
  return entries.size() * 8 <= sampled * 7;
}

}  // namespace

bool DecodeCodes(ByteReader& reader, size_t entries, std::span<uint16_t> codes) {
  CodeArray array(entries, codes.data());
  return VisitIntegers(reader, codes.size(), array) && array.ok();
}

template <typename T>
bool FindDistinct(std::span<const T> values, DistinctValues<T>& distinct) {
  if (!MayRepeat(values)) return false;
  const size_t most = values.size() / 2;
  SeenValues<T> seen(most + 1);
  distinct.codes.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    distinct.codes[i] = i > 0 && SameBits(values[i], values[i - 1]) ? distinct.codes[i - 1] : static_cast<int64_t>(seen.Find(values[i], distinct.entries));
    if (distinct.entries.size() > most) return false;
  }
  return true;
}

template bool FindDistinct<float>(std::span<const float>, DistinctValues<float>&);
template bool FindDistinct<double>(std::span<const double>, DistinctValues<double>&);
template bool FindDistinct<Uuid>(std::span<const Uuid>, DistinctValues<Uuid>&);
template bool FindDistinct<Interval>(std::span<const Interval>, DistinctValues<Interval>&);

}  // namespace tsd::engine
