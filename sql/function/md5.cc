#include "sql/function/md5.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace tsd::sql {
namespace {

constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

/// The standard's sine table: floor(2^32 * |sin(i + 1)|).
const std::array<uint32_t, 64>& SineTable() {
  static const std::array<uint32_t, 64> table = [] {
    std::array<uint32_t, 64> values{};
    for (size_t i = 0; i < 64; ++i) values[i] = static_cast<uint32_t>(std::floor(std::fabs(std::sin(static_cast<double>(i + 1))) * 4294967296.0));
    return values;
  }();
  return table;
}

void Mix(const char* block, uint32_t state[4]) {
  const std::array<uint32_t, 64>& sines = SineTable();
  uint32_t words[16];
  std::memcpy(words, block, 64);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  for (uint32_t i = 0; i < 64; ++i) {
    uint32_t f;
    uint32_t word;
    switch (i / 16) {
      case 0: f = (b & c) | (~b & d); word = i; break;
      case 1: f = (d & b) | (~d & c); word = (5 * i + 1) % 16; break;
      case 2: f = b ^ c ^ d; word = (3 * i + 5) % 16; break;
      default: f = c ^ (b | ~d); word = (7 * i) % 16; break;
    }
    const uint32_t rotated = std::rotl(a + f + sines[i] + words[word], kShifts[i / 16][i % 4]);
    a = d;
    d = c;
    c = b;
    b += rotated;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

}  // namespace

std::string Md5Hex(std::string_view bytes) {
  uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  size_t at = 0;
  for (; at + 64 <= bytes.size(); at += 64) Mix(bytes.data() + at, state);
  // The rest, one set bit, zeros, and the length in bits.
  std::string tail(bytes.substr(at));
  tail += '\x80';
  while (tail.size() % 64 != 56) tail += '\0';
  const uint64_t bits = static_cast<uint64_t>(bytes.size()) * 8;
  tail.append(reinterpret_cast<const char*>(&bits), 8);  // tidy: the length as little-endian bytes
  for (size_t i = 0; i < tail.size(); i += 64) Mix(tail.data() + i, state);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (uint32_t word : state) {
    for (int i = 0; i < 4; ++i, word >>= 8) {
      hex += kDigits[(word >> 4) & 15];
      hex += kDigits[word & 15];
    }
  }
  return hex;
}

}  // namespace tsd::sql
