#pragma once
// Columns of many shapes for tests of the codecs: a family a type, each with a maker of random columns. TSD_CODEC_VALUES says how many values a
// family gets (default below; a billion is a night's work), TSD_CODEC_FAMILY names the only one. Any thread.
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "engine/codec/block_codec.h"
#include "engine/types/column_batch.h"

namespace tsd::engine {

struct Family {
  const char* name;
  std::function<Vector(Random&)> make;  // 1 to kMaxBlockRows rows
};
const std::vector<Family>& Families();

uint64_t ValuesWanted();
/// Rows, long strings counted as so many short ones.
uint64_t ValuesIn(const Vector& vector);
bool IsWanted(std::string_view family);

/// The same rows, bit for bit: NaNs with their payloads, zeros with their signs.
bool SameBits(const Vector& left, const Vector& right);

}  // namespace tsd::engine
