#include "engine/store/sort_rows.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/types/compare.h"

namespace tsd::engine {
namespace {

constexpr uint64_t kSignBit = uint64_t{1} << 63;
constexpr uint64_t kNullKey = UINT64_MAX;

struct ViewHash {
  size_t operator()(std::string_view bytes) const { return Hash64(bytes); }
};

/// Which of the distinct values each row has, and a row that has it.
struct Codes {
  std::vector<uint32_t> of_row;
  std::vector<uint32_t> example;
};

template <typename Key, typename Map, typename KeyOf>
Codes MakeCodes(const Vector& column, Map& map, KeyOf key_of) {
  Codes codes;
  codes.of_row.resize(column.size());
  std::optional<uint32_t> null_code;
  // Of each code its key, and the code that followed it last: series come in the same order again and again, so that a comparison mostly
  // does where else a search would.
  std::vector<Key> keys;
  std::vector<uint32_t> follower;
  auto fresh = [&](size_t row, Key key) {
    const auto code = static_cast<uint32_t>(codes.example.size());
    codes.example.push_back(static_cast<uint32_t>(row));
    keys.push_back(key);
    follower.push_back(code);
    return code;
  };
  constexpr uint32_t kNone = UINT32_MAX;
  uint32_t last_code = kNone;
  for (size_t row = 0; row < column.size(); ++row) {
    if (column.IsNull(row)) {
      if (!null_code.has_value()) null_code = fresh(row, Key());
      codes.of_row[row] = *null_code;
      continue;
    }
    const Key key = key_of(row);
    if (last_code == kNone || key != keys[last_code]) {  // rows often come in runs
      uint32_t code = last_code == kNone ? kNone : follower[last_code];
      if (code == kNone || key != keys[code]) {
        const auto [found, is_new] = map.try_emplace(key, 0);
        if (is_new) found->second = fresh(row, key);
        code = found->second;
        if (last_code != kNone) follower[last_code] = code;
      }
      last_code = code;
    }
    codes.of_row[row] = last_code;
  }
  return codes;
}

template <typename T>
Codes IntegerCodes(const Vector& column) {
  absl::flat_hash_map<uint64_t, uint32_t> map;
  const T* values = column.values<T>();
  return MakeCodes<uint64_t>(column, map, [values](size_t row) {
    uint64_t key = 0;
    std::memcpy(&key, &values[row], sizeof(T));
    return key;
  });
}

Codes CodesOf(const Vector& column) {
  switch (column.type().Physical()) {
    case PhysicalType::kBool: return IntegerCodes<uint8_t>(column);
    case PhysicalType::kInt16: return IntegerCodes<int16_t>(column);
    case PhysicalType::kInt32:
    case PhysicalType::kFloat32: return IntegerCodes<int32_t>(column);
    case PhysicalType::kInt64:
    case PhysicalType::kFloat64: return IntegerCodes<int64_t>(column);
    default: break;
  }
  absl::flat_hash_map<std::string_view, uint32_t, ViewHash> map;
  const size_t width = column.type().Width();
  if (width == 0) return MakeCodes<std::string_view>(column, map, [&column](size_t row) { return column.GetBytes(row); });
  const char* bytes = column.values<char>();
  return MakeCodes<std::string_view>(column, map, [bytes, width](size_t row) { return std::string_view(bytes + row * width, width); });
}

int CompareCells(const Vector& left, size_t left_row, const Vector& right, size_t right_row) {
  const bool left_null = left.IsNull(left_row);
  const bool right_null = right.IsNull(right_row);
  if (left_null || right_null) return static_cast<int>(left_null) - static_cast<int>(right_null);
  return CompareRows(left, left_row, right, right_row);
}

struct Prefixed {
  uint64_t prefix = 0;
  uint32_t code = 0;
};

/// Numbers that are smaller only where the values are: of texts, the bytes behind what all of them begin with. Elsewhere all are equal.
std::vector<uint64_t> Prefixes(const Vector& column, const std::vector<uint32_t>& rows) {
  std::vector<uint64_t> prefixes(rows.size(), 0);
  const bool by_bytes = column.type().Is(TypeId::kText) || column.type().Is(TypeId::kVarchar);
  if (!by_bytes || rows.empty()) return prefixes;
  std::optional<std::string_view> shared;
  for (const uint32_t row : rows) {
    if (column.IsNull(row)) continue;
    const std::string_view text = column.GetBytes(row);
    if (!shared.has_value()) shared = text;
    const size_t length = std::min(shared->size(), text.size());
    shared = text.substr(0, static_cast<size_t>(std::mismatch(text.begin(), text.begin() + static_cast<ptrdiff_t>(length), shared->begin()).first - text.begin()));
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    if (column.IsNull(rows[i])) {
      prefixes[i] = UINT64_MAX;  // NULLs are last
      continue;
    }
    const std::string_view rest = column.GetBytes(rows[i]).substr(shared->size(), sizeof(uint64_t));
    for (size_t at = 0; at < rest.size(); ++at) prefixes[i] |= uint64_t{static_cast<uint8_t>(rest[at])} << (56 - 8 * at);
  }
  return prefixes;
}

/// Codes become ranks in the order of SQL; values that are equal there have the same.
struct Ranks {
  std::vector<uint32_t> of_row;
  size_t count = 0;
};

Ranks RanksOf(const Vector& column) {
  Codes codes = CodesOf(column);
  const std::vector<uint64_t> prefixes = Prefixes(column, codes.example);
  std::vector<Prefixed> by_value(codes.example.size());
  for (uint32_t code = 0; code < by_value.size(); ++code) by_value[code] = {prefixes[code], code};
  auto compare = [&](const Prefixed& left, const Prefixed& right) {
    if (left.prefix != right.prefix) return left.prefix < right.prefix ? -1 : 1;
    return CompareCells(column, codes.example[left.code], column, codes.example[right.code]);
  };
  std::sort(by_value.begin(), by_value.end(), [&](const Prefixed& left, const Prefixed& right) { return compare(left, right) < 0; });
  std::vector<uint32_t> rank(by_value.size());
  Ranks ranks;
  for (size_t i = 0; i < by_value.size(); ++i) {
    if (i > 0 && compare(by_value[i - 1], by_value[i]) != 0) ++ranks.count;
    rank[by_value[i].code] = static_cast<uint32_t>(ranks.count);
  }
  if (!by_value.empty()) ++ranks.count;
  ranks.of_row = std::move(codes.of_row);
  for (uint32_t& code : ranks.of_row) code = rank[code];
  return ranks;
}

template <typename T>
std::vector<uint64_t> IntegerKeys(const Vector& column) {
  std::vector<uint64_t> result(column.size());
  const T* values = column.values<T>();
  for (size_t row = 0; row < result.size(); ++row) result[row] = static_cast<uint64_t>(static_cast<int64_t>(values[row])) ^ kSignBit;
  for (size_t row = 0; column.HasNulls() && row < result.size(); ++row) {
    if (column.IsNull(row)) result[row] = kNullKey;
  }
  return result;
}

/// Numbers that sort as the values do.
std::vector<uint64_t> OrderKeys(const Vector& column) {
  switch (column.type().Physical()) {
    case PhysicalType::kBool: return IntegerKeys<uint8_t>(column);
    case PhysicalType::kInt16: return IntegerKeys<int16_t>(column);
    case PhysicalType::kInt32: return IntegerKeys<int32_t>(column);
    case PhysicalType::kInt64: return IntegerKeys<int64_t>(column);
    default: {
      const Ranks ranks = RanksOf(column);
      return std::vector<uint64_t>(ranks.of_row.begin(), ranks.of_row.end());
    }
  }
}

const Vector* ColumnOf(const ColumnBatch& rows, const TableSchema& schema, ColumnId id) {
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    if (schema.columns[i].id == id) return &rows.column(i);
  }
  return nullptr;
}

/// All segment columns as one: ranks of the combinations.
Ranks SegmentRanks(const ColumnBatch& rows, const TableSchema& schema, const std::vector<ColumnId>& columns) {
  Ranks all;
  for (ColumnId id : columns) {
    Ranks next = RanksOf(*ColumnOf(rows, schema, id));
    if (all.of_row.empty()) {
      all = std::move(next);
      continue;
    }
    auto pairs = std::make_shared<Vector>(DataType(TypeId::kInt64));
    pairs->ResizeFixed(rows.rows());
    int64_t* out = pairs->mutable_values<int64_t>();
    for (size_t row = 0; row < rows.rows(); ++row) {
      out[row] = static_cast<int64_t>(static_cast<uint64_t>(all.of_row[row]) * next.count + next.of_row[row]);
    }
    all = RanksOf(*pairs);
  }
  return all;
}

class OrderKeyList {
 public:
  OrderKeyList(const ColumnBatch& rows, const TableSchema& schema, const std::vector<ColumnId>& columns) {
    for (ColumnId id : columns) keys_.push_back(OrderKeys(*ColumnOf(rows, schema, id)));
  }
  bool Less(uint32_t left, uint32_t right) const {
    for (const std::vector<uint64_t>& key : keys_) {
      if (key[left] != key[right]) return key[left] < key[right];
    }
    return left < right;
  }

 private:
  std::vector<std::vector<uint64_t>> keys_;
};

}  // namespace

ChunkOrder OrderOf(const TableSchema& schema) {
  ChunkOrder order;
  for (ColumnId id : schema.segment_by) {
    if (schema.Find(id) != nullptr) order.segment_by.push_back(id);
  }
  for (ColumnId id : schema.order_by) {
    if (schema.Find(id) != nullptr) order.order_by.push_back(id);
  }
  return order;
}

SortedRows SortRows(const ColumnBatch& rows, const TableSchema& schema) {
  const ChunkOrder order = OrderOf(schema);
  const size_t count = rows.rows();
  SortedRows sorted;
  if (count == 0) return sorted;
  sorted.order.resize(count);
  if (order.segment_by.empty()) {
    std::iota(sorted.order.begin(), sorted.order.end(), 0);
    sorted.segment_starts = {0};
  } else {
    // Rows are dealt to their segments in the order they came.
    const Ranks ranks = SegmentRanks(rows, schema, order.segment_by);
    std::vector<uint32_t> ends(ranks.count + 1, 0);
    for (uint32_t rank : ranks.of_row) ++ends[rank + 1];
    for (size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
    sorted.segment_starts.assign(ends.begin(), ends.end() - 1);
    for (size_t row = 0; row < count; ++row) sorted.order[ends[ranks.of_row[row]]++] = static_cast<uint32_t>(row);
  }
  // Within a segment they mostly came in their order already.
  const OrderKeyList keys(rows, schema, order.order_by);
  for (size_t segment = 0; segment < sorted.segment_starts.size(); ++segment) {
    const auto begin = sorted.order.begin() + sorted.segment_starts[segment];
    const auto end = segment + 1 < sorted.segment_starts.size() ? sorted.order.begin() + sorted.segment_starts[segment + 1] : sorted.order.end();
    auto less = [&keys](uint32_t left, uint32_t right) { return keys.Less(left, right); };
    if (!std::is_sorted(begin, end, less)) std::sort(begin, end, less);
  }
  bool moved = false;
  for (size_t i = 0; i < count && !moved; ++i) moved = sorted.order[i] != i;
  if (!moved) sorted.order.clear();
  return sorted;
}

int CompareKeys(const ColumnBatch& left, size_t left_row, const ColumnBatch& right, size_t right_row, const std::vector<size_t>& columns) {
  for (size_t column : columns) {
    if (const int order = CompareCells(left.column(column), left_row, right.column(column), right_row); order != 0) return order;
  }
  return 0;
}

}  // namespace tsd::engine
