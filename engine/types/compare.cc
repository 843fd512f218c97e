#include "engine/types/compare.h"

#include <bit>
#include <cmath>

#include "engine/base/hash.h"
#include "engine/types/array.h"
#include "engine/types/numeric.h"

namespace tsd {
namespace {

constexpr uint64_t kNullHash = 0x6e756c6c6e756c6cULL;
/// Added before mixing, which maps 0 to 0.
constexpr uint64_t kHashOffset = 0x9e3779b97f4a7c15ULL;

template <typename T>
int CompareOrdered(T left, T right) {
  return left < right ? -1 : right < left ? 1 : 0;
}

std::string_view WithoutPadding(std::string_view text) {
  const size_t last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

int CompareText(std::string_view left, std::string_view right) {
  const int order = left.compare(right);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int CompareNumericBytes(std::string_view left, std::string_view right) {
  if (left == right) return 0;
  const StatusOr<Numeric> a = Numeric::Decode(left), b = Numeric::Decode(right);
  if (!a.ok() || !b.ok()) return CompareText(left, right);  // damaged bytes: any order will do
  return a->Compare(*b);
}

/// PostgreSQL's btarraycmp: elements first (a NULL element above all), then their number, then the shape.
int CompareArrays(const ArrayValue& left, const ArrayValue& right) {
  const size_t common = std::min(left.size(), right.size());
  for (size_t i = 0; i < common; ++i) {
    const bool left_null = left.elements().IsNull(i), right_null = right.elements().IsNull(i);
    if (left_null && right_null) continue;
    if (left_null || right_null) return left_null ? 1 : -1;
    const int order = CompareRows(left.elements(), i, right.elements(), i);
    if (order != 0) return order;
  }
  if (left.size() != right.size()) return CompareOrdered(left.size(), right.size());
  if (left.dimensions().size() != right.dimensions().size()) {
    return CompareOrdered(left.dimensions().size(), right.dimensions().size());
  }
  for (size_t i = 0; i < left.dimensions().size(); ++i) {
    const ArrayDimension& a = left.dimensions()[i];
    const ArrayDimension& b = right.dimensions()[i];
    if (a.length != b.length) return CompareOrdered(a.length, b.length);
    if (a.lower_bound != b.lower_bound) return CompareOrdered(a.lower_bound, b.lower_bound);
  }
  return 0;
}

int CompareArrayBytes(DataType element, std::string_view left, std::string_view right) {
  if (left == right) return 0;
  const StatusOr<ArrayValue> a = ArrayValue::Decode(element, left), b = ArrayValue::Decode(element, right);
  if (!a.ok() || !b.ok()) return CompareText(left, right);
  return CompareArrays(*a, *b);
}

int CompareInt64(DataType type, int64_t left, int64_t right) {
  // An LSN uses all 64 bits.
  if (type.id == TypeId::kPgLsn) return CompareOrdered(static_cast<uint64_t>(left), static_cast<uint64_t>(right));
  return CompareOrdered(left, right);
}

uint64_t HashFloat(double value) {
  if (std::isnan(value)) return MixHash(0x7ff8000000000000ULL);
  if (value == 0) value = 0;  // -0
  return MixHash(std::bit_cast<uint64_t>(value) + kHashOffset);
}

uint64_t HashInterval(const Interval& interval) {
  const __int128 value = interval.ComparisonValue();
  return CombineHash(static_cast<uint64_t>(value) + kHashOffset, static_cast<uint64_t>(value >> 64));
}

uint64_t HashUuid(const Uuid& uuid) { return Hash64(std::string_view(reinterpret_cast<const char*>(uuid.bytes), sizeof(uuid.bytes))); }

uint64_t HashArrayBytes(DataType element, std::string_view bytes) {
  const StatusOr<ArrayValue> array = ArrayValue::Decode(element, bytes);
  if (!array.ok()) return Hash64(bytes);
  uint64_t hash = array->size() + kHashOffset;
  for (size_t i = 0; i < array->size(); ++i) {
    hash = CombineHash(hash, array->elements().IsNull(i) ? kNullHash : HashRow(array->elements(), i));
  }
  return hash;
}

uint64_t HashNumericBytes(std::string_view bytes) {
  const StatusOr<Numeric> value = Numeric::Decode(bytes);
  return value.ok() ? value->Hash() : Hash64(bytes);
}

/// Runs `hash_row(row)` over all rows; NULLs hash to a constant.
template <typename HashOne>
void HashAll(const Vector& vector, std::span<uint64_t> hashes, HashMode mode, HashOne hash_row) {
  const auto put = [&](size_t row, uint64_t hash) { hashes[row] = mode == HashMode::kReplace ? hash : CombineHash(hashes[row], hash); };
  if (vector.IsConstant()) {
    const uint64_t hash = vector.IsNull(0) ? kNullHash : hash_row(0);
    for (size_t row = 0; row < hashes.size(); ++row) put(row, hash);
    return;
  }
  if (!vector.HasNulls()) {
    if (mode == HashMode::kReplace) {
      for (size_t row = 0; row < hashes.size(); ++row) hashes[row] = hash_row(row);
    } else {
      for (size_t row = 0; row < hashes.size(); ++row) hashes[row] = CombineHash(hashes[row], hash_row(row));
    }
    return;
  }
  for (size_t row = 0; row < hashes.size(); ++row) put(row, vector.IsNull(row) ? kNullHash : hash_row(row));
}

template <typename T>
void HashIntegers(const Vector& vector, std::span<uint64_t> hashes, HashMode mode) {
  const T* values = vector.values<T>();
  HashAll(vector, hashes, mode, [values](size_t row) { return HashInteger(static_cast<int64_t>(values[row])); });
}

}  // namespace

int CompareFloat64(double left, double right) {
  if (std::isnan(left)) return std::isnan(right) ? 0 : 1;
  if (std::isnan(right)) return -1;
  return CompareOrdered(left, right);
}

int CompareBytes(DataType type, std::string_view left, std::string_view right) {
  if (type.is_array) return CompareArrayBytes(type.Element(), left, right);
  switch (type.id) {
    case TypeId::kNumeric: return CompareNumericBytes(left, right);
    case TypeId::kBpchar: return CompareText(WithoutPadding(left), WithoutPadding(right));
    default: return CompareText(left, right);
  }
}

int CompareRows(const Vector& left, size_t left_row, const Vector& right, size_t right_row) {
  switch (left.type().Physical()) {
    case PhysicalType::kBool: return CompareOrdered(left.Get<uint8_t>(left_row), right.Get<uint8_t>(right_row));
    case PhysicalType::kInt16: return CompareOrdered(left.Get<int16_t>(left_row), right.Get<int16_t>(right_row));
    case PhysicalType::kInt32: return CompareOrdered(left.Get<int32_t>(left_row), right.Get<int32_t>(right_row));
    case PhysicalType::kInt64: return CompareInt64(left.type(), left.Get<int64_t>(left_row), right.Get<int64_t>(right_row));
    case PhysicalType::kFloat32: return CompareFloat64(left.Get<float>(left_row), right.Get<float>(right_row));
    case PhysicalType::kFloat64: return CompareFloat64(left.Get<double>(left_row), right.Get<double>(right_row));
    case PhysicalType::kInterval: return CompareOrdered(left.Get<Interval>(left_row), right.Get<Interval>(right_row));
    case PhysicalType::kUuid: return CompareOrdered(left.Get<Uuid>(left_row), right.Get<Uuid>(right_row));
    case PhysicalType::kBytes: return CompareBytes(left.type(), left.GetBytes(left_row), right.GetBytes(right_row));
  }
  return 0;
}

bool RowsEqualOrBothNull(const Vector& left, size_t left_row, const Vector& right, size_t right_row) {
  const bool left_null = left.IsNull(left_row), right_null = right.IsNull(right_row);
  if (left_null || right_null) return left_null && right_null;
  return CompareRows(left, left_row, right, right_row) == 0;
}

int CompareValues(const Value& left, const Value& right) {
  switch (left.type().Physical()) {
    case PhysicalType::kBool:
    case PhysicalType::kInt16:
    case PhysicalType::kInt32:
    case PhysicalType::kInt64: return CompareInt64(left.type(), left.AsInteger(), right.AsInteger());
    case PhysicalType::kFloat32:
    case PhysicalType::kFloat64: return CompareFloat64(left.AsDouble(), right.AsDouble());
    case PhysicalType::kInterval: return CompareOrdered(left.AsInterval(), right.AsInterval());
    case PhysicalType::kUuid: return CompareOrdered(left.AsUuid(), right.AsUuid());
    case PhysicalType::kBytes: return CompareBytes(left.type(), left.AsBytes(), right.AsBytes());
  }
  return 0;
}

int CompareRowToValue(const Vector& vector, size_t row, const Value& value) {
  switch (vector.type().Physical()) {
    case PhysicalType::kBool: return CompareOrdered<int64_t>(vector.Get<uint8_t>(row), value.AsInteger());
    case PhysicalType::kInt16: return CompareOrdered<int64_t>(vector.Get<int16_t>(row), value.AsInteger());
    case PhysicalType::kInt32: return CompareOrdered<int64_t>(vector.Get<int32_t>(row), value.AsInteger());
    case PhysicalType::kInt64: return CompareInt64(vector.type(), vector.Get<int64_t>(row), value.AsInteger());
    case PhysicalType::kFloat32: return CompareFloat64(vector.Get<float>(row), value.AsDouble());
    case PhysicalType::kFloat64: return CompareFloat64(vector.Get<double>(row), value.AsDouble());
    case PhysicalType::kInterval: return CompareOrdered(vector.Get<Interval>(row), value.AsInterval());
    case PhysicalType::kUuid: return CompareOrdered(vector.Get<Uuid>(row), value.AsUuid());
    case PhysicalType::kBytes: return CompareBytes(vector.type(), vector.GetBytes(row), value.AsBytes());
  }
  return 0;
}

uint64_t HashInteger(int64_t value) { return MixHash(static_cast<uint64_t>(value) + kHashOffset); }

uint64_t HashBytes(DataType type, std::string_view bytes) {
  if (type.is_array) return HashArrayBytes(type.Element(), bytes);
  switch (type.id) {
    case TypeId::kNumeric: return HashNumericBytes(bytes);
    case TypeId::kBpchar: return Hash64(WithoutPadding(bytes));
    default: return Hash64(bytes);
  }
}

uint64_t HashRow(const Vector& vector, size_t row) {
  if (vector.IsNull(row)) return kNullHash;
  switch (vector.type().Physical()) {
    case PhysicalType::kBool: return HashInteger(vector.Get<uint8_t>(row));
    case PhysicalType::kInt16: return HashInteger(vector.Get<int16_t>(row));
    case PhysicalType::kInt32: return HashInteger(vector.Get<int32_t>(row));
    case PhysicalType::kInt64: return HashInteger(vector.Get<int64_t>(row));
    case PhysicalType::kFloat32: return HashFloat(vector.Get<float>(row));
    case PhysicalType::kFloat64: return HashFloat(vector.Get<double>(row));
    case PhysicalType::kInterval: return HashInterval(vector.Get<Interval>(row));
    case PhysicalType::kUuid: return HashUuid(vector.Get<Uuid>(row));
    case PhysicalType::kBytes: return HashBytes(vector.type(), vector.GetBytes(row));
  }
  return 0;
}

uint64_t HashValue(const Value& value) {
  if (value.IsNull()) return kNullHash;
  switch (value.type().Physical()) {
    case PhysicalType::kBool:
    case PhysicalType::kInt16:
    case PhysicalType::kInt32:
    case PhysicalType::kInt64: return HashInteger(value.AsInteger());
    case PhysicalType::kFloat32:
    case PhysicalType::kFloat64: return HashFloat(value.AsDouble());
    case PhysicalType::kInterval: return HashInterval(value.AsInterval());
    case PhysicalType::kUuid: return HashUuid(value.AsUuid());
    case PhysicalType::kBytes: return HashBytes(value.type(), value.AsBytes());
  }
  return 0;
}

void HashColumn(const Vector& vector, std::span<uint64_t> hashes, HashMode mode) {
  TSD_CHECK(hashes.size() == vector.size());
  if (hashes.empty()) return;
  switch (vector.type().Physical()) {
    case PhysicalType::kBool: HashIntegers<uint8_t>(vector, hashes, mode); return;
    case PhysicalType::kInt16: HashIntegers<int16_t>(vector, hashes, mode); return;
    case PhysicalType::kInt32: HashIntegers<int32_t>(vector, hashes, mode); return;
    case PhysicalType::kInt64: HashIntegers<int64_t>(vector, hashes, mode); return;
    case PhysicalType::kFloat32: HashAll(vector, hashes, mode, [&](size_t row) { return HashFloat(vector.Get<float>(row)); }); return;
    case PhysicalType::kFloat64: HashAll(vector, hashes, mode, [&](size_t row) { return HashFloat(vector.Get<double>(row)); }); return;
    case PhysicalType::kInterval: HashAll(vector, hashes, mode, [&](size_t row) { return HashInterval(vector.Get<Interval>(row)); }); return;
    case PhysicalType::kUuid: HashAll(vector, hashes, mode, [&](size_t row) { return HashUuid(vector.Get<Uuid>(row)); }); return;
    case PhysicalType::kBytes: {
      const DataType type = vector.type();
      if (!type.is_array && type.id != TypeId::kNumeric && type.id != TypeId::kBpchar) {
        HashAll(vector, hashes, mode, [&](size_t row) { return Hash64(vector.GetBytes(row)); });
      } else {
        HashAll(vector, hashes, mode, [&](size_t row) { return HashBytes(type, vector.GetBytes(row)); });
      }
      return;
    }
  }
}

}  // namespace tsd
