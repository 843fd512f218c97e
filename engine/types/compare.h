#pragma once
// Order, equality and hashing of values as SQL sees them: NaN equals NaN and is largest, -0 = 0, numeric 1.0 = 1.00, intervals by
// their 30-day months, char(n) without trailing blanks, text by bytes (collation C), arrays elementwise. Any thread.
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/types/value.h"
#include "engine/types/vector.h"

namespace tsd {

/// -1, 0, 1. Requires: neither row is NULL; same type (typmod apart).
int CompareRows(const Vector& left, size_t left_row, const Vector& right, size_t right_row);
/// NULLs are equal to each other here (GROUP BY, DISTINCT).
bool RowsEqualOrBothNull(const Vector& left, size_t left_row, const Vector& right, size_t right_row);
/// Requires: neither is NULL; same type.
int CompareValues(const Value& left, const Value& right);
/// A row against a value of the same type; neither NULL.
int CompareRowToValue(const Vector& vector, size_t row, const Value& value);
/// Two byte forms of a kBytes type (text-like, numeric, arrays …).
int CompareBytes(DataType type, std::string_view left, std::string_view right);
int CompareFloat64(double left, double right);

/// Equal values hash the same; int2, int4 and int8 of equal number do too. NULL hashes to a constant.
uint64_t HashRow(const Vector& vector, size_t row);
uint64_t HashValue(const Value& value);
uint64_t HashBytes(DataType type, std::string_view bytes);
uint64_t HashInteger(int64_t value);

enum class HashMode : uint8_t {
  kReplace,  // hashes[i] = hash
  kCombine,  // hashes[i] = CombineHash(hashes[i], hash): the next key column
};
/// All rows of a column. Requires: hashes.size() == vector.size().
void HashColumn(const Vector& vector, std::span<uint64_t> hashes, HashMode mode);

}  // namespace tsd
