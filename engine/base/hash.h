#pragma once
// XXH3 (xxHash) for checksums and hash tables. Hash64 of the same bytes is the same on every node and release: placement depends on it.
#include <cstdint>
#include <string_view>

namespace tsd {

uint64_t Hash64(std::string_view bytes);
uint64_t Hash64(std::string_view bytes, uint64_t seed);

/// Finaliser for integers (murmur3's fmix64).
inline uint64_t MixHash(uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ULL;
  value ^= value >> 33;
  return value;
}
inline uint64_t CombineHash(uint64_t left, uint64_t right) {
  return MixHash(left * 0x9e3779b97f4a7c15ULL + right);
}

}  // namespace tsd
