#include "engine/types/narrow_values.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tsd {
namespace {

constexpr size_t kNarrowHeaderBytes = sizeof(int64_t) + 1;
constexpr size_t kPiece = 1024;

/// At least the bits that a signed number needs, but for its sign.
uint32_t Magnitude(int32_t value) { return static_cast<uint32_t>(value ^ (value >> 31)); }

/// Values one after the other, and values at positions: a loop over either.
template <typename T>
struct Consecutive {
  const T* values;
  T At(size_t i) const { return values[i]; }
  Consecutive From(size_t i) const { return {values + i}; }
#if defined(__SSE2__)
  __m128d Two(size_t i) const { return _mm_loadu_pd(values + i); }
#endif
};
template <typename T>
struct Picked {
  const T* values;
  const uint32_t* positions;
  T At(size_t i) const { return values[positions[i]]; }
  Picked From(size_t i) const { return {values, positions + i}; }
#if defined(__SSE2__)
  __m128d Two(size_t i) const { return _mm_loadh_pd(_mm_load_sd(values + positions[i]), values + positions[i + 1]); }
#endif
};

bool IsWhole(double value, int32_t* whole) {
  if (!(value >= INT32_MIN && value <= INT32_MAX)) return false;
  *whole = static_cast<int32_t>(value);
  return std::bit_cast<uint64_t>(static_cast<double>(*whole)) == std::bit_cast<uint64_t>(value);
}

/// The values as integers, and the union of their magnitudes; false unless all are whole numbers.
template <typename Source>
bool TakeWholes(Source source, size_t count, int32_t* out, uint32_t* magnitudes) {
  size_t i = 0;
#if defined(__SSE2__)
  __m128i same = _mm_set1_epi32(-1);
  __m128i bits = _mm_setzero_si128();
  for (; i + 4 <= count; i += 4) {
    const __m128d low = source.Two(i);
    const __m128d high = source.Two(i + 2);
    // A value out of range becomes INT32_MIN, which differs from it.
    const __m128i low_whole = _mm_cvttpd_epi32(low);
    const __m128i high_whole = _mm_cvttpd_epi32(high);
    same = _mm_and_si128(same, _mm_cmpeq_epi32(_mm_castpd_si128(low), _mm_castpd_si128(_mm_cvtepi32_pd(low_whole))));
    same = _mm_and_si128(same, _mm_cmpeq_epi32(_mm_castpd_si128(high), _mm_castpd_si128(_mm_cvtepi32_pd(high_whole))));
    const __m128i four = _mm_unpacklo_epi64(low_whole, high_whole);
    bits = _mm_or_si128(bits, _mm_xor_si128(four, _mm_srai_epi32(four, 31)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), four);
  }
  if (_mm_movemask_epi8(same) != 0xffff) return false;
  uint32_t lanes[4];
  std::memcpy(lanes, &bits, sizeof(bits));
  *magnitudes |= lanes[0] | lanes[1] | lanes[2] | lanes[3];
#endif
  for (; i < count; ++i) {
    if (!IsWhole(source.At(i), &out[i])) return false;
    *magnitudes |= Magnitude(out[i]);
  }
  return true;
}

/// The values' differences from `base`, and the union of their magnitudes; false unless all are of int32's range.
template <typename Source>
bool TakeDifferences(Source source, size_t count, int64_t base, int32_t* out, uint32_t* magnitudes) {
  uint64_t bits = 0;
  for (size_t i = 0; i < count; ++i) {
    const int64_t difference = static_cast<int64_t>(static_cast<uint64_t>(source.At(i)) - static_cast<uint64_t>(base));
    bits |= static_cast<uint64_t>(difference ^ (difference >> 63));
    out[i] = static_cast<int32_t>(difference);
  }
  *magnitudes |= static_cast<uint32_t>(bits);
  return bits <= INT32_MAX;
}

/// A stretch at a time, as most columns that have not the form show it soon.
template <typename Source, typename TakeStretch>
bool TakeAll(Source source, size_t count, int32_t* out, TakeStretch take) {
  for (size_t begin = 0; begin < count; begin += kPiece) {
    if (!take(source.From(begin), std::min(kPiece, count - begin), out + begin)) return false;
  }
  return true;
}

template <typename T, typename TakeStretch>
bool TakeRows(const Vector& column, const std::vector<uint32_t>* positions, int32_t* out, TakeStretch take) {
  if (positions) return TakeAll(Picked<T>{column.values<T>(), positions->data()}, positions->size(), out, take);
  return TakeAll(Consecutive<T>{column.values<T>()}, column.size(), out, take);
}

/// Requires: numbers of T's range.
template <typename T>
void Pack(const int32_t* values, size_t count, T* packed) {
  size_t i = 0;
#if defined(__SSE2__)
  const auto four = [values](size_t at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(values + at)); };
  for (; i + 8 <= count; i += 8) {
    __m128i eight = _mm_packs_epi32(four(i), four(i + 4));
    if constexpr (sizeof(T) < sizeof(int16_t)) eight = _mm_packs_epi16(eight, eight);
    std::memcpy(packed + i, &eight, 8 * sizeof(T));
  }
#endif
  for (; i < count; ++i) packed[i] = static_cast<T>(values[i]);
}

#if defined(__SSE2__)
/// Eight integers, each in the high part of a lane twice as wide until it is of 32 bits, then shifted down with its sign.
template <typename T>
void LoadEight(const char* bytes, __m128i* low, __m128i* high) {
  if constexpr (sizeof(T) == sizeof(int32_t)) {
    std::memcpy(low, bytes, sizeof(*low));
    std::memcpy(high, bytes + sizeof(*low), sizeof(*high));
    return;
  }
  __m128i eight = _mm_setzero_si128();
  std::memcpy(&eight, bytes, 8 * sizeof(T));
  if constexpr (sizeof(T) == 1) eight = _mm_srai_epi16(_mm_unpacklo_epi8(eight, eight), 8);
  *low = _mm_srai_epi32(_mm_unpacklo_epi16(eight, eight), 16);
  *high = _mm_srai_epi32(_mm_unpackhi_epi16(eight, eight), 16);
}
#endif

/// Doubles that were narrowed: their base is zero.
template <typename T>
void Widen(std::string_view bytes, double* values) {
  const size_t count = bytes.size() / sizeof(T);
  size_t i = 0;
#if defined(__SSE2__)
  for (; i + 8 <= count; i += 8) {
    __m128i low, high;
    LoadEight<T>(bytes.data() + i * sizeof(T), &low, &high);
    _mm_storeu_pd(values + i, _mm_cvtepi32_pd(low));
    _mm_storeu_pd(values + i + 2, _mm_cvtepi32_pd(_mm_srli_si128(low, 8)));
    _mm_storeu_pd(values + i + 4, _mm_cvtepi32_pd(high));
    _mm_storeu_pd(values + i + 6, _mm_cvtepi32_pd(_mm_srli_si128(high, 8)));
  }
#endif
  for (; i < count; ++i) {
    T whole;
    std::memcpy(&whole, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = whole;
  }
}

template <typename T>
void AddBase(std::string_view bytes, int64_t base, int64_t* values) {
  const size_t count = bytes.size() / sizeof(T);
  for (size_t i = 0; i < count; ++i) {
    T difference;
    std::memcpy(&difference, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<int64_t>(static_cast<uint64_t>(base) + static_cast<uint64_t>(int64_t{difference}));
  }
}

template <typename T>
void ReadAs(std::string_view bytes, int64_t base, size_t at, Vector& column) {
  if (column.type().Physical() == PhysicalType::kFloat64) {
    Widen<T>(bytes, column.mutable_values<double>() + at);
  } else {
    AddBase<T>(bytes, base, column.mutable_values<int64_t>() + at);
  }
}

}  // namespace

bool NarrowValues::Take(const Vector& column, const std::vector<uint32_t>* positions) {
  const PhysicalType type = column.type().Physical();
  rows_ = positions ? positions->size() : column.size();
  // Even one byte a value must save something.
  if ((type != PhysicalType::kInt64 && type != PhysicalType::kFloat64) || rows_ * 7 <= kNarrowHeaderBytes) return false;
  if (capacity_ < rows_) {
    differences_ = std::make_unique_for_overwrite<int32_t[]>(rows_);
    capacity_ = rows_;
  }
  uint32_t magnitudes = 0;
  bool fits = false;
  if (type == PhysicalType::kFloat64) {
    base_ = 0;
    fits = TakeRows<double>(column, positions, differences_.get(),
                            [&](auto source, size_t count, int32_t* out) { return TakeWholes(source, count, out, &magnitudes); });
  } else {
    base_ = column.Get<int64_t>(positions ? positions->front() : 0);
    fits = TakeRows<int64_t>(column, positions, differences_.get(),
                             [&](auto source, size_t count, int32_t* out) { return TakeDifferences(source, count, base_, out, &magnitudes); });
  }
  if (!fits) return false;
  width_ = magnitudes <= INT8_MAX ? 1 : magnitudes <= INT16_MAX ? 2 : 4;
  return rows_ * width_ + kNarrowHeaderBytes < rows_ * sizeof(int64_t);
}

template <typename T>
void NarrowValues::WriteAs(ByteWriter& writer) const {
  T piece[kPiece];
  for (size_t begin = 0; begin < rows_; begin += kPiece) {
    const size_t count = std::min(kPiece, rows_ - begin);
    Pack(differences_.get() + begin, count, piece);
    writer.PutBytes(RawBytes(piece, count));
  }
}

void NarrowValues::Write(ByteWriter& writer) const {
  writer.PutI64(base_);
  writer.PutU8(static_cast<uint8_t>(width_));
  switch (width_) {
    case 1: return WriteAs<int8_t>(writer);
    case 2: return WriteAs<int16_t>(writer);
    default: writer.PutBytes(RawBytes(differences_.get(), rows_));
  }
}

bool ReadNarrowValues(size_t at, size_t rows, ByteReader& reader, Vector& column) {
  const int64_t base = reader.GetI64();
  const size_t width = reader.GetU8();
  if (width != 1 && width != 2 && width != 4) return false;
  const std::string_view bytes = reader.GetBytes(rows * width);
  if (!reader.ok() || (base != 0 && column.type().Physical() == PhysicalType::kFloat64)) return false;
  switch (width) {
    case 1: ReadAs<int8_t>(bytes, base, at, column); break;
    case 2: ReadAs<int16_t>(bytes, base, at, column); break;
    default: ReadAs<int32_t>(bytes, base, at, column); break;
  }
  return true;
}

}  // namespace tsd
