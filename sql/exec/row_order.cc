#include "sql/exec/row_order.h"

#include <algorithm>
#include <cmath>

#include "engine/types/compare.h"

namespace tsd::sql {
namespace {

/// A 64-bit prefix of the first key whose unsigned order agrees with the key's order; equal prefixes are decided by CompareOrder.
struct Prefixed {
  uint64_t prefix;
  uint32_t row;
};

uint64_t FromSigned(int64_t value) { return static_cast<uint64_t>(value) ^ (uint64_t{1} << 63); }

uint64_t FromDouble(double value) {
  if (std::isnan(value)) return UINT64_MAX;
  if (value == 0) value = 0;
  uint64_t bits;
  std::memcpy(&bits, &value, 8);
  return (bits >> 63) != 0 ? ~bits : bits | (uint64_t{1} << 63);
}

uint64_t FromText(std::string_view bytes) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; ++i) prefix = prefix << 8 | (i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0);
  return prefix;
}

/// False when the type has no such prefix; all of it then is 0.
bool ValuePrefixes(const Vector& column, std::vector<Prefixed>& rows) {
  const DataType& type = column.type();
  switch (type.Physical()) {
    case PhysicalType::kBool:
      for (Prefixed& row : rows) row.prefix = column.Get<uint8_t>(row.row);
      return true;
    case PhysicalType::kInt16:
      for (Prefixed& row : rows) row.prefix = FromSigned(column.Get<int16_t>(row.row));
      return true;
    case PhysicalType::kInt32:
      for (Prefixed& row : rows) row.prefix = FromSigned(column.Get<int32_t>(row.row));
      return true;
    case PhysicalType::kInt64:
      if (type.Is(TypeId::kPgLsn)) return false;
      for (Prefixed& row : rows) row.prefix = FromSigned(column.Get<int64_t>(row.row));
      return true;
    case PhysicalType::kFloat32:
      for (Prefixed& row : rows) row.prefix = FromDouble(column.Get<float>(row.row));
      return true;
    case PhysicalType::kFloat64:
      for (Prefixed& row : rows) row.prefix = FromDouble(column.Get<double>(row.row));
      return true;
    case PhysicalType::kBytes:
      if (!type.Is(TypeId::kText) && !type.Is(TypeId::kVarchar) && !type.Is(TypeId::kName) && !type.Is(TypeId::kBytea)) return false;
      for (Prefixed& row : rows) row.prefix = FromText(column.GetBytes(row.row));
      return true;
    default: return false;
  }
}

std::vector<Prefixed> Prefixes(const ColumnBatch& batch, const std::vector<OrderKey>& keys) {
  std::vector<Prefixed> rows(batch.rows());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = {0, static_cast<uint32_t>(i)};
  if (keys.empty()) return rows;
  const Vector& column = batch.column(keys[0].column);
  if (!ValuePrefixes(column, rows)) {
    for (Prefixed& row : rows) row.prefix = 0;
    return rows;
  }
  if (keys[0].descending) {
    for (Prefixed& row : rows) row.prefix = ~row.prefix;
  }
  if (column.HasNulls()) {
    const uint64_t null_prefix = keys[0].nulls_first ? 0 : UINT64_MAX;
    for (Prefixed& row : rows) {
      if (column.IsNull(row.row)) row.prefix = null_prefix;
    }
  }
  return rows;
}

}  // namespace

int CompareOrder(const std::vector<OrderKey>& keys, const ColumnBatch& left, size_t left_row, const ColumnBatch& right, size_t right_row) {
  for (const OrderKey& key : keys) {
    const Vector& a = left.column(key.column);
    const Vector& b = right.column(key.column);
    const bool a_null = a.IsNull(left_row);
    const bool b_null = b.IsNull(right_row);
    if (a_null || b_null) {
      if (a_null && b_null) continue;
      return a_null == key.nulls_first ? -1 : 1;
    }
    const int order = CompareRows(a, left_row, b, right_row);
    if (order != 0) return key.descending ? -order : order;
  }
  return 0;
}

namespace {

/// Whether rows of equal prefixes have equal first keys.
bool IsExact(const Vector& column) { return column.type().Width() > 0 && column.type().Width() <= 8 && !column.type().Is(TypeId::kPgLsn) && !column.HasNulls(); }

template <typename Less>
std::vector<uint32_t> FirstOf(std::vector<Prefixed> rows, size_t count, Less less) {
  count = std::min(count, rows.size());
  const auto end = rows.begin() + static_cast<ptrdiff_t>(count);
  if (end != rows.end()) std::nth_element(rows.begin(), end, rows.end(), less);
  std::sort(rows.begin(), end, less);
  std::vector<uint32_t> result(count);
  for (size_t i = 0; i < count; ++i) result[i] = rows[i].row;
  return result;
}

}  // namespace

std::vector<uint32_t> FirstRows(const ColumnBatch& batch, const std::vector<OrderKey>& keys, size_t count) {
  std::vector<OrderKey> undecided = keys;
  if (!keys.empty() && IsExact(batch.column(keys[0].column))) undecided.erase(undecided.begin());
  if (undecided.empty()) {
    return FirstOf(Prefixes(batch, keys), count, [](const Prefixed& a, const Prefixed& b) { return a.prefix != b.prefix ? a.prefix < b.prefix : a.row < b.row; });
  }
  return FirstOf(Prefixes(batch, keys), count, [&](const Prefixed& a, const Prefixed& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    const int order = CompareOrder(undecided, batch, a.row, batch, b.row);
    return order != 0 ? order < 0 : a.row < b.row;
  });
}

std::vector<uint32_t> SortedRows(const ColumnBatch& batch, const std::vector<OrderKey>& keys) {
  return FirstRows(batch, keys, batch.rows());
}

}  // namespace tsd::sql
