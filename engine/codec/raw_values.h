#pragma once
// Values as they lie in memory: one for all rows, or one a row. T is of fixed width. Any thread; false on damaged bytes.
#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

#include "engine/base/bytes.h"

namespace tsd::engine {

template <typename T>
bool DecodeConstant(ByteReader& reader, std::span<T> out) {
  const std::string_view raw = reader.GetBytes(sizeof(T));
  if (!reader.ok()) return false;
  T value;
  std::memcpy(&value, raw.data(), sizeof(T));
  std::fill(out.begin(), out.end(), value);
  return true;
}

template <typename T>
bool DecodePlain(ByteReader& reader, std::span<T> out) {
  const std::string_view raw = reader.GetBytes(out.size() * sizeof(T));
  if (!reader.ok()) return false;
  std::memcpy(out.data(), raw.data(), raw.size());
  return true;
}

}  // namespace tsd::engine
