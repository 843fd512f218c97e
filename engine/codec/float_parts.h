#pragma once
// Floats that are no short decimals, cut in two as ALP's variant for real doubles does (Afroozeh, Kuffo, Boncz: "ALP: Adaptive Lossless
// floating-Point Compression", 2023): the upper bits, which resemble those of neighbours, and the lower ones, which are noise and are packed as
// they are. Where ALP looks the upper bits up in eight entries, here they are integers like any others: equal, slowly changing or seldom
// escaping ones cost next to nothing. Any thread.
//
// Form: u8 what of the bits is left out, u8 low bits (0..63), the upper parts as integers (integer_codec.h), the lower parts packed (bitpack.h).
// The first byte: bits 0..5 how many bits at the lower end are zero in all values and not kept; bit 7: signs differ, and are the lowest bit
// of the lower part instead of the highest of the upper one.
#include <span>
#include <string>

#include "engine/base/bytes.h"

namespace tsd::engine {

/// T is float or double. Requires: values.
template <typename T>
void EncodeParts(std::span<const T> values, std::string& out);
template <typename T>
bool DecodeParts(ByteReader& reader, std::span<T> out);

}  // namespace tsd::engine
