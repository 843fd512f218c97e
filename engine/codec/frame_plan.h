#pragma once
// How to store one frame of integers: the cheapest width, and what to do with values wider than it. Any thread.
#include <cstddef>
#include <cstdint>

namespace tsd::engine {

enum class FrameKind : uint8_t { kPlain, kPatched, kEscaped };

struct FramePlan {
  FrameKind kind = FrameKind::kPlain;
  unsigned width = 0;
  int64_t base = 0;
  size_t bits = 0;  // packed values and what is kept apart, about
};

enum class Escapes : uint8_t { kAllowed, kForbidden };

/// Requires: 1 <= count <= kFrameValues.
FramePlan PlanFrame(const int64_t* values, size_t count, Escapes escapes);

constexpr uint64_t Zigzag(int64_t value) { return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63); }
constexpr int64_t Unzigzag(uint64_t value) { return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1)); }
constexpr int64_t Minus(int64_t left, int64_t right) { return static_cast<int64_t>(static_cast<uint64_t>(left) - static_cast<uint64_t>(right)); }
constexpr int64_t Plus(int64_t left, int64_t right) { return static_cast<int64_t>(static_cast<uint64_t>(left) + static_cast<uint64_t>(right)); }

/// The largest symbol of a width: the escape. Requires: width < 64.
constexpr uint64_t EscapeSymbol(unsigned width) { return (uint64_t{1} << width) - 1; }
/// The middle of an escaped frame's symbols. Requires: 1 <= width <= 32.
constexpr int64_t EscapeCenter(int64_t base, unsigned width) { return Plus(base, (int64_t{1} << (width - 1)) - 1); }

}  // namespace tsd::engine
