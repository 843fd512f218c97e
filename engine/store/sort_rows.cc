#include "engine/store/sort_rows.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <string_view>

namespace tsd::engine {
namespace {

constexpr uint64_t kSignBit = uint64_t{1} << 63;

uint64_t FloatRank(double value) {
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}

/// Ranks of the distinct strings: comparing them once is cheaper than in every comparison of the sort.
std::vector<uint64_t> RankStrings(const Vector& column) {
  absl::flat_hash_map<absl::string_view, uint64_t> ranks;
  for (size_t row = 0; row < column.size(); ++row) {
    const std::string_view bytes = column.GetBytes(row);
    ranks.try_emplace(absl::string_view(bytes.data(), bytes.size()), 0);
  }
  std::vector<absl::string_view> distinct;
  distinct.reserve(ranks.size());
  for (const auto& [bytes, rank] : ranks) distinct.push_back(bytes);
  std::sort(distinct.begin(), distinct.end());
  for (size_t i = 0; i < distinct.size(); ++i) ranks[distinct[i]] = i;
  std::vector<uint64_t> result(column.size());
  for (size_t row = 0; row < column.size(); ++row) {
    const std::string_view bytes = column.GetBytes(row);
    result[row] = ranks.find(absl::string_view(bytes.data(), bytes.size()))->second;
  }
  return result;
}

template <typename T>
std::vector<uint64_t> RankIntegers(const Vector& column) {
  std::vector<uint64_t> result(column.size());
  const T* values = column.values<T>();
  for (size_t row = 0; row < result.size(); ++row) result[row] = static_cast<uint64_t>(static_cast<int64_t>(values[row])) ^ kSignBit;
  return result;
}

std::vector<uint64_t> Rank(const Vector& column) {
  std::vector<uint64_t> result;
  switch (column.type().Physical()) {
    case PhysicalType::kBool: result = RankIntegers<uint8_t>(column); break;
    case PhysicalType::kInt16: result = RankIntegers<int16_t>(column); break;
    case PhysicalType::kInt32: result = RankIntegers<int32_t>(column); break;
    case PhysicalType::kInt64: result = RankIntegers<int64_t>(column); break;
    case PhysicalType::kFloat32:
      for (size_t row = 0; row < column.size(); ++row) result.push_back(FloatRank(column.Get<float>(row)));
      break;
    case PhysicalType::kFloat64:
      for (size_t row = 0; row < column.size(); ++row) result.push_back(FloatRank(column.Get<double>(row)));
      break;
    case PhysicalType::kInterval:
      for (size_t row = 0; row < column.size(); ++row) {
        const Interval value = column.Get<Interval>(row);
        result.push_back(FloatRank((value.months * 30.0 + value.days) * 86400e6 + static_cast<double>(value.micros)));
      }
      break;
    case PhysicalType::kUuid:
      for (size_t row = 0; row < column.size(); ++row) {
        const Uuid value = column.Get<Uuid>(row);
        uint64_t head;
        std::memcpy(&head, value.bytes, sizeof(head));
        result.push_back(__builtin_bswap64(head));
      }
      break;
    case PhysicalType::kBytes: result = RankStrings(column); break;
  }
  if (column.HasNulls()) {
    for (size_t row = 0; row < column.size(); ++row) {
      if (column.IsNull(row)) result[row] = UINT64_MAX;
    }
  }
  return result;
}

}  // namespace

std::vector<uint32_t> SortOrder(const ColumnBatch& rows, const TableSchema& schema) {
  std::vector<std::vector<uint64_t>> keys;
  std::vector<ColumnId> sort_key = schema.segment_by;
  sort_key.insert(sort_key.end(), schema.order_by.begin(), schema.order_by.end());
  for (ColumnId key : sort_key) {
    for (size_t i = 0; i < schema.columns.size(); ++i) {
      if (schema.columns[i].id == key) keys.push_back(Rank(rows.column(i)));
    }
  }
  const size_t count = rows.rows();
  if (keys.empty() || count < 2) return {};
  auto less = [&keys](uint32_t left, uint32_t right) {
    for (const std::vector<uint64_t>& key : keys) {
      if (key[left] != key[right]) return key[left] < key[right];
    }
    return left < right;
  };
  bool sorted = true;
  for (size_t row = 1; sorted && row < count; ++row) sorted = less(static_cast<uint32_t>(row - 1), static_cast<uint32_t>(row));
  if (sorted) return {};

  // The first two keys travel with the row number: the sort stays in cache.
  struct Entry {
    uint64_t first, second;
    uint32_t row;
  };
  std::vector<Entry> entries(count);
  for (size_t row = 0; row < count; ++row) {
    entries[row] = {keys[0][row], keys.size() > 1 ? keys[1][row] : 0, static_cast<uint32_t>(row)};
  }
  std::sort(entries.begin(), entries.end(), [&less](const Entry& left, const Entry& right) {
    if (left.first != right.first) return left.first < right.first;
    if (left.second != right.second) return left.second < right.second;
    return less(left.row, right.row);
  });
  std::vector<uint32_t> order(count);
  for (size_t i = 0; i < count; ++i) order[i] = entries[i].row;
  return order;
}

}  // namespace tsd::engine
