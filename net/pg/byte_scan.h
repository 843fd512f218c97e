#pragma once
// Finding the few bytes that matter in a stretch of COPY data: 64 bytes at a time become a bit mask (SSE2, part of every x86-64;
// plain C++ elsewhere). Pure, any thread.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tsd::net::pg {

/// Up to five byte values; fewer are given by repeating one.
using ByteSet = std::array<char, 5>;

namespace byte_scan_internal {
#if defined(__SSE2__)
template <size_t N>
inline uint64_t Mask64(const char* data, const ByteSet& set) {
  uint64_t result = 0;
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + 16 * part));  // tidy: an unaligned SIMD load
    __m128i hit = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(set[0]));
    for (size_t i = 1; i < N; ++i) hit = _mm_or_si128(hit, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(set[i])));
    result |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(hit))) << (16 * part);
  }
  return result;
}
#else
template <size_t N>
inline uint64_t Mask64(const char* data, const ByteSet& set) {
  uint64_t result = 0;
  for (int i = 0; i < 64; ++i) {
    bool hit = false;
    for (size_t k = 0; k < N; ++k) hit |= data[i] == set[k];
    result |= static_cast<uint64_t>(hit) << i;
  }
  return result;
}
#endif
}  // namespace byte_scan_internal

/// Yields the positions of the first N bytes of a ByteSet in ascending order.
template <size_t N>
class ByteScanner {
 public:
  ByteScanner(std::string_view data, const ByteSet& set) : data_(data), set_(set) { Load(); }

  /// The next position, or data.size() when there is none left.
  size_t Next() {
    while (mask_ == 0) {
      base_ += 64;
      if (base_ >= data_.size()) return data_.size();
      Load();
    }
    const size_t position = base_ + static_cast<size_t>(__builtin_ctzll(mask_));
    mask_ &= mask_ - 1;
    return position;
  }

 private:
  void Load() {
    const size_t left = data_.size() - std::min(base_, data_.size());
    if (left >= 64) {
      mask_ = byte_scan_internal::Mask64<N>(data_.data() + base_, set_);
      return;
    }
    char padded[64] = {};
    std::memcpy(padded, data_.data() + data_.size() - left, left);
    mask_ = byte_scan_internal::Mask64<N>(padded, set_);
    mask_ &= (uint64_t{1} << left) - 1;
  }

  const std::string_view data_;
  const ByteSet set_;
  size_t base_ = 0;
  uint64_t mask_ = 0;
};

/// True if all bytes are 1..127: valid text in any case.
inline bool IsPlainAscii(std::string_view data) {
  size_t at = 0;
  uint64_t bad = 0;
  for (; at + 8 <= data.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, data.data() + at, 8);
    // High bits, and bytes that are zero (they borrow).
    bad |= (word | ((word - 0x0101010101010101ULL) & ~word)) & 0x8080808080808080ULL;
  }
  for (; at < data.size(); ++at) {
    if (data[at] <= 0) bad = 1;
  }
  return bad == 0;
}

}  // namespace tsd::net::pg
