#pragma once
// Codes: which of the values of a dictionary (at most kMaxBlockRows) each row has, as integers (integer_codec.h): packed, or in runs where
// rows repeat. And fixed-width values as such a dictionary. Any thread. As column stores have it (Abadi, Madden, Ferreira: "Integrating Compression
// and Execution in Column-Oriented Database Systems", SIGMOD 2006), entries in order of appearance: nothing here compares codes for order.
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/bytes.h"

namespace tsd::engine {

/// False on damage, or if a code is not below `entries`. Requires: entries <= kMaxBlockRows.
bool DecodeCodes(ByteReader& reader, size_t entries, std::span<uint16_t> codes);

/// Distinct values in order of first appearance.
template <typename T>
struct DistinctValues {
  std::vector<T> entries;
  std::vector<int64_t> codes;  // one a value
};
/// False if values, compared bit by bit, repeat too little. T: double, float, Uuid or Interval.
template <typename T>
bool FindDistinct(std::span<const T> values, DistinctValues<T>& distinct);

}  // namespace tsd::engine
