#include "sql/exec/row_order.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/types/compare.h"
#include "sql/exec/key_codes.h"

namespace tsd::sql {
namespace {

/// What rows are compared by first: 64 bits a row whose unsigned order agrees with a key's order.
struct Prefix {
  std::vector<uint64_t> values;
  bool exact = false;  // equal ones have equal keys; else CompareOrder decides among them
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

template <typename T, typename Of>
void FillValues(const Vector& column, std::vector<uint64_t>& out, Of of) {
  for (size_t row = 0; row < out.size(); ++row) out[row] = of(column.Get<T>(row));
}

/// The values' own bits; nothing is done for types that have none such.
Prefix ValuePrefix(const Vector& column, size_t rows) {
  const DataType& type = column.type();
  Prefix prefix{std::vector<uint64_t>(rows), !column.HasNulls()};
  switch (type.Physical()) {
    case PhysicalType::kBool: FillValues<uint8_t>(column, prefix.values, [](uint8_t value) { return uint64_t{value}; }); return prefix;
    case PhysicalType::kInt16: FillValues<int16_t>(column, prefix.values, FromSigned); return prefix;
    case PhysicalType::kInt32: FillValues<int32_t>(column, prefix.values, FromSigned); return prefix;
    case PhysicalType::kFloat32: FillValues<float>(column, prefix.values, FromDouble); return prefix;
    case PhysicalType::kFloat64: FillValues<double>(column, prefix.values, FromDouble); return prefix;
    case PhysicalType::kInt64:
      if (type.Is(TypeId::kPgLsn)) break;
      FillValues<int64_t>(column, prefix.values, FromSigned);
      return prefix;
    case PhysicalType::kBytes:
      if (!type.Is(TypeId::kText) && !type.Is(TypeId::kVarchar) && !type.Is(TypeId::kName) && !type.Is(TypeId::kBytea)) break;
      for (size_t row = 0; row < rows; ++row) prefix.values[row] = FromText(column.GetBytes(row));
      break;
    default: break;
  }
  prefix.exact = false;
  return prefix;
}

/// Ranks among the distinct values, where these are few; NULL among them. False: they are not.
bool RankPrefix(const Vector& column, size_t rows, const OrderKey& key, Prefix* prefix) {
  constexpr size_t kSample = 1 << 15;
  constexpr size_t kRowsAValue = 4;
  if (IsWordType(column.type()) || rows < kRowsAValue) return false;
  ValueDictionary dictionary(column.type());
  std::vector<uint32_t> codes(rows);
  const size_t sample = std::min(rows, kSample);
  dictionary.Encode(column, nullptr, sample, codes.data());
  if (dictionary.size() * kRowsAValue > sample) return false;
  dictionary.Encode(column, nullptr, rows, codes.data());
  if (dictionary.size() * kRowsAValue > rows) return false;
  const ColumnBatch values({dictionary.values()}, dictionary.size());
  const OrderKey own{0, key.descending, key.nulls_first};
  std::vector<uint32_t> order(dictionary.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return CompareOrder({own}, values, a, values, b) < 0; });
  std::vector<uint64_t> ranks(order.size());
  for (size_t rank = 0; rank < order.size(); ++rank) ranks[order[rank]] = rank;
  prefix->values.resize(rows);
  for (size_t row = 0; row < rows; ++row) prefix->values[row] = ranks[codes[row]];
  prefix->exact = true;
  return true;
}

Prefix PrefixOf(const ColumnBatch& batch, const OrderKey& key) {
  const Vector& column = batch.column(key.column);
  Prefix prefix;
  if (RankPrefix(column, batch.rows(), key, &prefix)) return prefix;
  prefix = ValuePrefix(column, batch.rows());
  if (key.descending) {
    for (uint64_t& value : prefix.values) value = ~value;
  }
  const uint64_t null_prefix = key.nulls_first ? 0 : UINT64_MAX;
  for (size_t row = 0; row < batch.rows() && column.HasNulls(); ++row) {
    if (column.IsNull(row)) prefix.values[row] = null_prefix;
  }
  return prefix;
}

struct OneKey {
  uint64_t first;
  uint32_t row;
};
struct TwoKeys {
  uint64_t first, second;
  uint32_t row;
};
int ComparePrefixes(const OneKey& a, const OneKey& b) { return a.first < b.first ? -1 : a.first > b.first ? 1 : 0; }
int ComparePrefixes(const TwoKeys& a, const TwoKeys& b) {
  if (a.first != b.first) return a.first < b.first ? -1 : 1;
  return a.second < b.second ? -1 : a.second > b.second ? 1 : 0;
}

template <typename Row, typename Less>
std::vector<uint32_t> FirstOf(std::vector<Row> rows, size_t count, Less less) {
  count = std::min(count, rows.size());
  const auto end = rows.begin() + static_cast<ptrdiff_t>(count);
  if (end != rows.end()) std::nth_element(rows.begin(), end, rows.end(), less);
  std::sort(rows.begin(), end, less);
  std::vector<uint32_t> result(count);
  for (size_t i = 0; i < count; ++i) result[i] = rows[i].row;
  return result;
}

/// `undecided`: keys that the prefixes do not settle.
template <typename Row>
std::vector<uint32_t> FirstByPrefix(const ColumnBatch& batch, const std::vector<OrderKey>& undecided, std::vector<Row> rows, size_t count) {
  if (undecided.empty()) {
    return FirstOf(std::move(rows), count, [](const Row& a, const Row& b) {
      const int order = ComparePrefixes(a, b);
      return order != 0 ? order < 0 : a.row < b.row;
    });
  }
  return FirstOf(std::move(rows), count, [&](const Row& a, const Row& b) {
    int order = ComparePrefixes(a, b);
    if (order == 0) order = CompareOrder(undecided, batch, a.row, batch, b.row);
    return order != 0 ? order < 0 : a.row < b.row;
  });
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

std::vector<uint32_t> FirstRows(const ColumnBatch& batch, const std::vector<OrderKey>& keys, size_t count) {
  const size_t rows = batch.rows();
  std::vector<OrderKey> undecided = keys;
  Prefix first{std::vector<uint64_t>(keys.empty() ? rows : 0), true};
  if (!keys.empty()) first = PrefixOf(batch, keys[0]);
  if (first.exact && !undecided.empty()) undecided.erase(undecided.begin());
  if (!first.exact || undecided.empty()) {
    std::vector<OneKey> one(rows);
    for (size_t row = 0; row < rows; ++row) one[row] = {first.values[row], static_cast<uint32_t>(row)};
    first = {};
    return FirstByPrefix(batch, undecided, std::move(one), count);
  }
  const Prefix second = PrefixOf(batch, undecided[0]);
  if (second.exact) undecided.erase(undecided.begin());
  std::vector<TwoKeys> two(rows);
  for (size_t row = 0; row < rows; ++row) two[row] = {first.values[row], second.values[row], static_cast<uint32_t>(row)};
  first = {};
  return FirstByPrefix(batch, undecided, std::move(two), count);
}

std::vector<uint32_t> SortedRows(const ColumnBatch& batch, const std::vector<OrderKey>& keys) {
  return FirstRows(batch, keys, batch.rows());
}

}  // namespace tsd::sql
