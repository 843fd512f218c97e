#pragma once
// Numbers as small offsets, bytes or 16 bits each: inner loops in SIMD (Google Highway): one body, compiled for several instruction sets,
// the best one picked when the program runs; every target gives the same bits. Free functions over arrays; any thread.
#include <cstddef>
#include <cstdint>

namespace tsd::engine {

/// Bytes that kernels may read past the end, where they say so.
inline constexpr size_t kKernelSlack = 64;

/// out[i] = offsets[i] + base, at most INT16_MAX. Returns whether one is negative or INT16_MAX.
bool AddSaturated(const int16_t* offsets, size_t count, int16_t base, int16_t* out);
/// out[i] = center + what numbers[i] + escape stands for in zigzag form. Returns whether a number is above `most`: its byte is anything, and so is
/// that of a negative one. Requires: bytes for all others.
bool UnzigzagToBytes(const int16_t* numbers, size_t count, int16_t escape, int16_t center, int16_t most, uint8_t* out);

// Of offsets. Requires: count <= kFrameValues, for sums.
int64_t SumOffsets(const int16_t* offsets, size_t count);
/// Of those whose `keep` is 1; the others' is 0.
struct KeptSum {
  int64_t sum = 0;
  size_t kept = 0;
};
KeptSum SumKeptOffsets(const int16_t* offsets, const uint8_t* keep, size_t count);
/// passed[i] = whether low <= offsets[i] <= high, as 1 or 0.
void TestOffsets(const int16_t* offsets, size_t count, int16_t low, int16_t high, uint8_t* passed);
/// to[i] &= bytes[i].
void AndBytes(const uint8_t* bytes, size_t count, uint8_t* to);
/// out[i] = base + offsets[i].
void AddOffsets(const int16_t* offsets, size_t count, int64_t base, int64_t* out);

/// out[i] = base + offsets[i]; false if one of these is not in [0, limit). Requires: |base| <= 2^30, limit <= 65536.
bool OffsetsToCodes(const int16_t* offsets, size_t count, int32_t base, int32_t limit, uint16_t* out);

/// out[i] = bytes[i] + base. May read kKernelSlack bytes past the end.
void AddBytes(const uint8_t* bytes, size_t count, int64_t base, int64_t* out);

/// Sets bit i of `masks` where bytes[i] == symbol. Writes (count + 63) / 64 words; bits past count are zero.
/// May read kKernelSlack bytes past the end.
void FindByte(const uint8_t* bytes, size_t count, uint8_t symbol, uint64_t* masks);

}  // namespace tsd::engine
