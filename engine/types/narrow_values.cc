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

/// The values as integers, and the union of their magnitudes. False at a value that is none.
bool WholeNumbers(const double* values, size_t count, int32_t* whole, uint32_t* magnitudes) {
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
    std::memcpy(whole + i, &four, sizeof(four));
  }
  if (_mm_movemask_epi8(same) != 0xffff) return false;
  uint32_t lanes[4];
  std::memcpy(lanes, &bits, sizeof(bits));
  *magnitudes |= lanes[0] | lanes[1] | lanes[2] | lanes[3];
#endif
  for (; i < count; ++i) {
    if (!IsWhole(values[i], &whole[i])) return false;
    *magnitudes |= Magnitude(whole[i]);
  }
  return true;
}

bool Differences(const int64_t* values, size_t count, int64_t base, int32_t* differences, uint32_t* magnitudes) {
  uint64_t bits = 0;
  for (size_t i = 0; i < count; ++i) {
    const int64_t difference = static_cast<int64_t>(static_cast<uint64_t>(values[i]) - static_cast<uint64_t>(base));
    bits |= static_cast<uint64_t>(difference ^ (difference >> 63));
    differences[i] = static_cast<int32_t>(difference);
  }
  *magnitudes |= static_cast<uint32_t>(bits);
  return bits <= INT32_MAX;
}

template <typename T>
void WriteAs(const std::vector<int32_t>& differences, ByteWriter& writer) {
  T piece[kPiece];
  for (size_t begin = 0; begin < differences.size(); begin += kPiece) {
    const size_t count = std::min(kPiece, differences.size() - begin);
    for (size_t i = 0; i < count; ++i) piece[i] = static_cast<T>(differences[begin + i]);
    writer.PutBytes(RawBytes(piece, count));
  }
}

template <typename T, typename Value>
void ReadAs(std::string_view bytes, int64_t base, Value* values) {
  const size_t count = bytes.size() / sizeof(T);
  for (size_t i = 0; i < count; ++i) {
    T difference;
    std::memcpy(&difference, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<Value>(static_cast<int64_t>(static_cast<uint64_t>(base) + static_cast<uint64_t>(int64_t{difference})));
  }
}

template <typename Value>
void ReadValues(std::string_view bytes, size_t width, int64_t base, Value* values) {
  switch (width) {
    case 1: return ReadAs<int8_t>(bytes, base, values);
    case 2: return ReadAs<int16_t>(bytes, base, values);
    default: return ReadAs<int32_t>(bytes, base, values);
  }
}

}  // namespace

NarrowValues::NarrowValues(const Vector& column) {
  const PhysicalType type = column.type().Physical();
  const size_t rows = column.size();
  // Even one byte a value must save something.
  if ((type != PhysicalType::kInt64 && type != PhysicalType::kFloat64) || rows * 7 <= kNarrowHeaderBytes) return;
  differences_.resize(rows);
  uint32_t magnitudes = 0;
  if (type == PhysicalType::kInt64) base_ = column.Get<int64_t>(0);
  for (size_t begin = 0; begin < rows; begin += kPiece) {
    const size_t count = std::min(kPiece, rows - begin);
    const bool fits = type == PhysicalType::kFloat64
                          ? WholeNumbers(column.values<double>() + begin, count, differences_.data() + begin, &magnitudes)
                          : Differences(column.values<int64_t>() + begin, count, base_, differences_.data() + begin, &magnitudes);
    if (!fits) return;
  }
  Choose(rows, magnitudes);
}

void NarrowValues::Choose(size_t rows, uint32_t magnitudes) {
  const size_t width = magnitudes <= INT8_MAX ? 1 : magnitudes <= INT16_MAX ? 2 : 4;
  if (rows * width + kNarrowHeaderBytes < rows * sizeof(int64_t)) width_ = width;
}

void NarrowValues::Write(ByteWriter& writer) const {
  writer.PutI64(base_);
  writer.PutU8(static_cast<uint8_t>(width_));
  switch (width_) {
    case 1: return WriteAs<int8_t>(differences_, writer);
    case 2: return WriteAs<int16_t>(differences_, writer);
    default: return WriteAs<int32_t>(differences_, writer);
  }
}

bool ReadNarrowValues(size_t rows, ByteReader& reader, Vector& column) {
  const int64_t base = reader.GetI64();
  const size_t width = reader.GetU8();
  if (width != 1 && width != 2 && width != 4) return false;
  const std::string_view bytes = reader.GetBytes(rows * width);
  if (!reader.ok()) return false;
  column.ResizeFixedUninitialized(rows);
  if (column.type().Physical() == PhysicalType::kFloat64) {
    ReadValues(bytes, width, base, column.mutable_values<double>());
  } else {
    ReadValues(bytes, width, base, column.mutable_values<int64_t>());
  }
  return true;
}

}  // namespace tsd
