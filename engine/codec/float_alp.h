#pragma once
// ALP (Afroozeh, Kuffo, Boncz 2023): most floats in the world are short decimals. v = d * 10^f * 10^-e for an integer d, with one (e, f)
// for all values of the block; the integers go through the integer codecs, values that do not come back bit for bit are exceptions.
// Any thread.
//
// Form: u8 e, u8 f, integers (integer_codec.h), varint exceptions, and if any: their positions as integers, their values (float_parts.h).
#include <span>
#include <string>

#include "engine/base/bytes.h"
#include "engine/codec/block_codec.h"

namespace tsd::engine {

/// T is float or double. False (nothing appended) if it does not pay.
template <typename T>
bool EncodeAlp(std::span<const T> values, std::string& out);
template <typename T>
bool DecodeAlp(ByteReader& reader, std::span<T> out);

/// SumRows and TestRows of block_codec.h, for doubles in EncodeAlp's form.
bool SumAlp(ByteReader& reader, size_t count, std::span<const RowSpan> spans, std::span<const uint8_t> keep, double* sums);
bool TestAlp(ByteReader& reader, size_t count, DoubleTest test, uint8_t* keep);

}  // namespace tsd::engine
