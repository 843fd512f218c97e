#pragma once
// Bit packing: values of `width` bits (0..64), least significant first, one after another. Any thread.
#include <cstddef>
#include <cstdint>
#include <string>

namespace tsd::engine {

constexpr size_t PackedBytes(size_t count, unsigned width) { return (count * width + 7) / 8; }
constexpr unsigned BitLength(uint64_t value) { return value == 0 ? 0 : 64 - static_cast<unsigned>(__builtin_clzll(value)); }

/// Appends PackedBytes(count, width) bytes with values[i] - base. Requires: each difference fits in width bits (higher bits are cut).
void PackBits(const uint64_t* values, size_t count, unsigned width, uint64_t base, std::string& out);

/// out[i] = value + base. Requires: width <= 64 and available >= PackedBytes(count, width); bytes up to `available` may be read.
void UnpackBits(const char* in, size_t available, size_t count, unsigned width, uint64_t base, uint64_t* out);

}  // namespace tsd::engine
