#include "engine/codec/float_xor.h"

#include <bit>
#include <cstring>

namespace tsd::engine {
namespace {

class BitWriter {
 public:
  explicit BitWriter(size_t bytes) { out_.reserve(bytes); }
  /// Requires: count <= 64, no bits above count.
  void Put(uint64_t bits, unsigned count) {
    pending_ |= bits << fill_;
    if (fill_ + count >= 64) {
      out_.append(reinterpret_cast<const char*>(&pending_), 8);
      pending_ = fill_ == 0 ? 0 : bits >> (64 - fill_);
      fill_ = fill_ + count - 64;
    } else {
      fill_ += count;
    }
  }
  std::string Finish() {
    out_.append(reinterpret_cast<const char*>(&pending_), (fill_ + 7) / 8);
    return std::move(out_);
  }

 private:
  std::string out_;
  uint64_t pending_ = 0;
  unsigned fill_ = 0;  // < 64
};

/// Zeros past the end, noticed by Overrun.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}
  /// Requires: 1 <= count <= 64.
  uint64_t Get(unsigned count) {
    const uint64_t mask = count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
    const size_t byte = position_ / 8;
    const unsigned shift = position_ % 8;
    position_ += count;
    uint64_t low = 0;
    uint64_t high = 0;
    if (byte + 9 <= bytes_.size()) {
      std::memcpy(&low, bytes_.data() + byte, 8);
      high = static_cast<uint8_t>(bytes_[byte + 8]);
    } else if (byte < bytes_.size()) {
      std::memcpy(&low, bytes_.data() + byte, std::min<size_t>(8, bytes_.size() - byte));
    }
    uint64_t value = low >> shift;
    if (shift != 0) value |= high << (64 - shift);
    return value & mask;
  }
  bool Overrun() const { return position_ > bytes_.size() * 8; }
  bool AtEnd() const { return (position_ + 7) / 8 == bytes_.size(); }

 private:
  const std::string_view bytes_;
  size_t position_ = 0;  // in bits
};

template <typename T>
uint64_t BitsOf(T value) {
  if constexpr (sizeof(T) == 8) {
    return std::bit_cast<uint64_t>(value);
  } else {
    return std::bit_cast<uint32_t>(value);
  }
}
template <typename T>
T FromBits(uint64_t bits) {
  if constexpr (sizeof(T) == 8) {
    return std::bit_cast<double>(bits);
  } else {
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
  }
}

}  // namespace

template <typename T>
void EncodeXor(std::span<const T> values, std::string& out) {
  BitWriter writer(values.size() * sizeof(T) + 16);
  uint64_t before = 0;
  unsigned window_leading = 64;  // no window yet
  unsigned window_trailing = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t bits = BitsOf(values[i]);
    const uint64_t changed = bits ^ before;
    before = bits;
    if (i == 0) {
      writer.Put(bits, 8 * sizeof(T));
      continue;
    }
    if (changed == 0) {
      writer.Put(0, 1);
      continue;
    }
    const unsigned leading = static_cast<unsigned>(__builtin_clzll(changed));
    const unsigned trailing = static_cast<unsigned>(__builtin_ctzll(changed));
    const unsigned length = 64 - leading - trailing;
    const bool fits = window_leading < 64 && leading >= window_leading && trailing >= window_trailing;
    if (fits && 64 - window_leading - window_trailing <= length + 12) {
      writer.Put(1, 2);  // 1, then 0
      writer.Put(changed >> window_trailing, 64 - window_leading - window_trailing);
    } else {
      writer.Put(3 | leading << 2 | (length - 1) << 8, 14);
      writer.Put(changed >> trailing, length);
      window_leading = leading;
      window_trailing = trailing;
    }
  }
  const std::string bits = writer.Finish();
  ByteWriter header;
  header.PutString(bits);
  out += header.data();
}

template <typename T>
bool DecodeXor(ByteReader& reader, std::span<T> out) {
  BitReader bits(reader.GetString());
  if (!reader.ok()) return false;
  uint64_t value = 0;
  unsigned window_length = 0;
  unsigned window_trailing = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    if (i == 0) {
      value = bits.Get(8 * sizeof(T));
    } else if (bits.Get(1) != 0) {
      if (bits.Get(1) != 0) {
        const uint64_t header = bits.Get(12);
        const unsigned leading = header & 63;
        window_length = static_cast<unsigned>(header >> 6) + 1;
        if (leading + window_length > 64) return false;
        window_trailing = 64 - leading - window_length;
      } else if (window_length == 0) {
        return false;
      }
      value ^= bits.Get(window_length) << window_trailing;
    }
    out[i] = FromBits<T>(value);
  }
  return !bits.Overrun() && bits.AtEnd();
}

template void EncodeXor<float>(std::span<const float>, std::string&);
template void EncodeXor<double>(std::span<const double>, std::string&);
template bool DecodeXor<float>(ByteReader&, std::span<float>);
template bool DecodeXor<double>(ByteReader&, std::span<double>);

}  // namespace tsd::engine
