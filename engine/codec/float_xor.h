#pragma once
// Floats that are no short decimals: each value xor the one before it, only the bits between the leading and trailing zeros stored
// (Pelkonen et al., 2015). Any thread.
//
// Form: varint bit-stream bytes, bits from the least significant up. First value raw; then per value: 0 = same; 01 = meaningful bits in the
// last window; 11 = new window: 6 bits leading zeros (of 64), 6 bits length - 1; then the bits. (Codes written low bit first.)
#include <span>
#include <string>

#include "engine/base/bytes.h"

namespace tsd::engine {

/// T is float or double.
template <typename T>
void EncodeXor(std::span<const T> values, std::string& out);
template <typename T>
bool DecodeXor(ByteReader& reader, std::span<T> out);

}  // namespace tsd::engine
