#include "engine/types/narrow_values.h"

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

bool IsWhole(double value, int32_t* whole) {
  if (!(value >= INT32_MIN && value <= INT32_MAX)) return false;
  *whole = static_cast<int32_t>(value);
  return std::bit_cast<uint64_t>(static_cast<double>(*whole)) == std::bit_cast<uint64_t>(value);
}

/// False unless all values are whole numbers; else the union of their magnitudes.
bool WholeNumbers(const double* values, size_t count, uint32_t* magnitudes) {
  size_t i = 0;
#if defined(__SSE2__)
  __m128i same = _mm_set1_epi32(-1);
  __m128i bits = _mm_setzero_si128();
  for (; i + 4 <= count; i += 4) {
    const __m128d low = _mm_loadu_pd(values + i);
    const __m128d high = _mm_loadu_pd(values + i + 2);
    // A value out of range becomes INT32_MIN, which differs from it.
    const __m128i low_whole = _mm_cvttpd_epi32(low);
    const __m128i high_whole = _mm_cvttpd_epi32(high);
    same = _mm_and_si128(same, _mm_cmpeq_epi32(_mm_castpd_si128(low), _mm_castpd_si128(_mm_cvtepi32_pd(low_whole))));
    same = _mm_and_si128(same, _mm_cmpeq_epi32(_mm_castpd_si128(high), _mm_castpd_si128(_mm_cvtepi32_pd(high_whole))));
    const __m128i four = _mm_unpacklo_epi64(low_whole, high_whole);
    bits = _mm_or_si128(bits, _mm_xor_si128(four, _mm_srai_epi32(four, 31)));
  }
  if (_mm_movemask_epi8(same) != 0xffff) return false;
  uint32_t lanes[4];
  std::memcpy(lanes, &bits, sizeof(bits));
  *magnitudes |= lanes[0] | lanes[1] | lanes[2] | lanes[3];
#endif
  for (; i < count; ++i) {
    int32_t whole;
    if (!IsWhole(values[i], &whole)) return false;
    *magnitudes |= Magnitude(whole);
  }
  return true;
}

int64_t DifferenceOf(int64_t value, int64_t base) { return static_cast<int64_t>(static_cast<uint64_t>(value) - static_cast<uint64_t>(base)); }

/// False unless all differences are of int32; else the union of their magnitudes.
bool SmallDifferences(const int64_t* values, size_t count, int64_t base, uint32_t* magnitudes) {
  uint64_t bits = 0;
  for (size_t i = 0; i < count; ++i) {
    const int64_t difference = DifferenceOf(values[i], base);
    bits |= static_cast<uint64_t>(difference ^ (difference >> 63));
  }
  *magnitudes |= static_cast<uint32_t>(bits);
  return bits <= INT32_MAX;
}

/// Requires: whole numbers of T's range.
template <typename T>
void Narrow(const double* values, size_t count, T* narrow) {
  size_t i = 0;
#if defined(__SSE2__)
  const auto four = [values](size_t at) {
    return _mm_unpacklo_epi64(_mm_cvttpd_epi32(_mm_loadu_pd(values + at)), _mm_cvttpd_epi32(_mm_loadu_pd(values + at + 2)));
  };
  for (; i + 8 <= count; i += 8) {
    __m128i packed[2] = {four(i), four(i + 4)};
    if constexpr (sizeof(T) < sizeof(int32_t)) packed[0] = _mm_packs_epi32(packed[0], packed[1]);
    if constexpr (sizeof(T) < sizeof(int16_t)) packed[0] = _mm_packs_epi16(packed[0], packed[0]);
    std::memcpy(narrow + i, packed, 8 * sizeof(T));
  }
#endif
  for (; i < count; ++i) narrow[i] = static_cast<T>(static_cast<int32_t>(values[i]));
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
void ReadAs(std::string_view bytes, int64_t base, Vector& column) {
  if (column.type().Physical() == PhysicalType::kFloat64) {
    Widen<T>(bytes, column.mutable_values<double>());
  } else {
    AddBase<T>(bytes, base, column.mutable_values<int64_t>());
  }
}

}  // namespace

NarrowValues::NarrowValues(const Vector& column) : column_(column) {
  const PhysicalType type = column.type().Physical();
  const size_t rows = column.size();
  // Even one byte a value must save something.
  if ((type != PhysicalType::kInt64 && type != PhysicalType::kFloat64) || rows * 7 <= kNarrowHeaderBytes) return;
  uint32_t magnitudes = 0;
  if (type == PhysicalType::kInt64) base_ = column.Get<int64_t>(0);
  for (size_t begin = 0; begin < rows; begin += kPiece) {
    const size_t count = std::min(kPiece, rows - begin);
    const bool fits = type == PhysicalType::kFloat64 ? WholeNumbers(column.values<double>() + begin, count, &magnitudes)
                                                     : SmallDifferences(column.values<int64_t>() + begin, count, base_, &magnitudes);
    if (!fits) return;
  }
  const size_t width = magnitudes <= INT8_MAX ? 1 : magnitudes <= INT16_MAX ? 2 : 4;
  if (rows * width + kNarrowHeaderBytes < rows * sizeof(int64_t)) width_ = width;
}

template <typename T>
void NarrowValues::WriteAs(ByteWriter& writer) const {
  const bool is_double = column_.type().Physical() == PhysicalType::kFloat64;
  const size_t rows = column_.size();
  T piece[kPiece];
  for (size_t begin = 0; begin < rows; begin += kPiece) {
    const size_t count = std::min(kPiece, rows - begin);
    if (is_double) {
      Narrow(column_.values<double>() + begin, count, piece);
    } else {
      const int64_t* const values = column_.values<int64_t>() + begin;
      for (size_t i = 0; i < count; ++i) piece[i] = static_cast<T>(DifferenceOf(values[i], base_));
    }
    writer.PutBytes(RawBytes(piece, count));
  }
}

void NarrowValues::Write(ByteWriter& writer) const {
  writer.PutI64(base_);
  writer.PutU8(static_cast<uint8_t>(width_));
  switch (width_) {
    case 1: return WriteAs<int8_t>(writer);
    case 2: return WriteAs<int16_t>(writer);
    default: return WriteAs<int32_t>(writer);
  }
}

bool ReadNarrowValues(size_t rows, ByteReader& reader, Vector& column) {
  const int64_t base = reader.GetI64();
  const size_t width = reader.GetU8();
  if (width != 1 && width != 2 && width != 4) return false;
  const std::string_view bytes = reader.GetBytes(rows * width);
  if (!reader.ok() || (base != 0 && column.type().Physical() == PhysicalType::kFloat64)) return false;
  column.ResizeFixedUninitialized(rows);
  switch (width) {
    case 1: ReadAs<int8_t>(bytes, base, column); break;
    case 2: ReadAs<int16_t>(bytes, base, column); break;
    default: ReadAs<int32_t>(bytes, base, column); break;
  }
  return true;
}

}  // namespace tsd
