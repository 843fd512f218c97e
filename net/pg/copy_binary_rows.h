#pragma once
// The shape of COPY's binary format: a signature, a header with an extension, rows of length-prefixed values (-1 for NULL), a trailer that
// may be missing (pgx sends none). Pure; any thread.
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/base/status.h"

namespace tsd::net::pg {

inline constexpr std::string_view kCopySignature("PGCOPY\n\377\r\n\0", 11);

/// Bytes of the header that `data` begins with; 0: some are missing. 22P04 as soon as it cannot become one.
StatusOr<size_t> BinaryHeaderSize(std::string_view data);
/// Why a header that ends with `data` is none.
Status RefuseCutHeader(std::string_view data);

struct BinaryRow {
  enum class Kind : uint8_t {
    kWhole,
    kCut,       // its end is missing, in `column` or, if that is 0, before
    kTrailer,
    kBadCount,  // it has `count` fields
    kBadSize,   // of `column`
  };
  Kind kind;
  size_t column = 0;
  int count = 0;
  const char* end = nullptr;  // of a whole row or trailer
};

/// Goes through the row of `columns` values at the beginning of `data`; `take(column, bytes)` gets each value, bytes with no data for NULL.
template <typename Take>
BinaryRow WalkBinaryRow(std::string_view data, size_t columns, const Take& take) {
  constexpr int32_t kMaxFieldBytes = 0x3fffffff;
  const char* at = data.data();
  const char* const end = at + data.size();
  if (end - at < 2) return {BinaryRow::Kind::kCut};
  const int16_t count = static_cast<int16_t>((static_cast<unsigned char>(at[0]) << 8) | static_cast<unsigned char>(at[1]));
  at += 2;
  if (count == -1) return {BinaryRow::Kind::kTrailer, 0, count, at};
  if (count < 0 || static_cast<size_t>(count) != columns) return {BinaryRow::Kind::kBadCount, 0, count};
  for (size_t c = 0; c < columns; ++c) {
    if (end - at < 4) return {BinaryRow::Kind::kCut, c};
    uint32_t word;
    std::memcpy(&word, at, sizeof(word));
    const int32_t size = static_cast<int32_t>(__builtin_bswap32(word));
    at += 4;
    if (size == -1) {
      take(c, std::string_view());
      continue;
    }
    if (size < 0 || size > kMaxFieldBytes) return {BinaryRow::Kind::kBadSize, c};
    if (end - at < size) return {BinaryRow::Kind::kCut, c};
    take(c, std::string_view(at, static_cast<size_t>(size)));
    at += size;
  }
  return {BinaryRow::Kind::kWhole, 0, count, at};
}

}  // namespace tsd::net::pg
