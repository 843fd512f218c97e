#include "engine/chunk/zone_map.h"

#include <cmath>

#include "engine/codec/double_kernels.h"
#include "engine/types/compare.h"

namespace tsd::engine {
namespace {

constexpr size_t kMaxBoundBytes = 64;

/// Calls `visit(row)` for the rows that are present.
template <typename Visit>
void ForEachPresent(const Vector& vector, Visit visit) {
  if (!vector.HasNulls()) {
    for (size_t row = 0; row < vector.size(); ++row) visit(row);
    return;
  }
  const std::span<const uint64_t> validity = vector.validity();
  for (size_t word = 0; word < validity.size(); ++word) {
    for (uint64_t bits = validity[word]; bits != 0; bits &= bits - 1) visit(word * 64 + static_cast<size_t>(__builtin_ctzll(bits)));
  }
}

template <typename T>
void IntegerStats(const Vector& vector, ColumnStats& stats) {
  const T* values = vector.values<T>();
  int64_t low = INT64_MAX;
  int64_t high = INT64_MIN;
  __int128 sum = 0;
  ForEachPresent(vector, [&](size_t row) {
    const int64_t value = values[row];
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
  });
  if (HasZoneOrder(vector.type())) {
    stats.has_bounds = stats.exact = true;
    stats.min = Value::Integer(vector.type(), low);
    stats.max = Value::Integer(vector.type(), high);
  }
  if (vector.type().IsInteger()) {
    stats.sum_kind = ColumnStats::SumKind::kInteger;
    stats.int_sum = sum;
  }
}

template <typename T>
void FloatStats(const Vector& vector, ColumnStats& stats) {
  const T* values = vector.values<T>();
  DoubleSummary summary;
  if (sizeof(T) == sizeof(double) && !vector.HasNulls()) {
    summary = SummariseDoubles(vector.values<double>(), vector.size());
  } else {
    std::vector<double> present;
    present.reserve(vector.size());
    ForEachPresent(vector, [&](size_t row) { present.push_back(values[row]); });
    summary = SummariseDoubles(present.data(), present.size());
  }
  stats.has_bounds = stats.exact = true;
  stats.min = Value::Double(vector.type(), summary.has_number ? summary.low : NAN);
  stats.max = Value::Double(vector.type(), summary.has_nan ? NAN : summary.high);  // NaN is the largest
  stats.sum_kind = ColumnStats::SumKind::kDouble;
  stats.double_sum = summary.sum;
}

/// Bounds of any other fixed-width type, by row comparison.
void OrderedStats(const Vector& vector, ColumnStats& stats) {
  size_t low = SIZE_MAX;
  size_t high = 0;
  ForEachPresent(vector, [&](size_t row) {
    if (low == SIZE_MAX) {
      low = high = row;
      return;
    }
    if (CompareRows(vector, row, vector, low) < 0) low = row;
    if (CompareRows(vector, row, vector, high) > 0) high = row;
  });
  stats.has_bounds = stats.exact = true;
  stats.min = Value::FromVector(vector, low);
  stats.max = Value::FromVector(vector, high);
  stats.min.SetType(vector.type());
  stats.max.SetType(vector.type());
}

/// Cuts a long upper bound to a short one that is not below it. False if there is none.
bool CutUpperBound(DataType type, std::string& bound) {
  bound.resize(kMaxBoundBytes);
  while (!bound.empty() && static_cast<uint8_t>(bound.back()) == 0xff) bound.pop_back();
  if (bound.empty()) return false;
  bound.back() = static_cast<char>(static_cast<uint8_t>(bound.back()) + 1);
  // char(n) compares without trailing blanks: a blank at the end would take the increment away.
  if (type.id == TypeId::kBpchar && bound.back() == ' ') bound.back() = '!';
  return true;
}

void StringStats(const Vector& vector, ColumnStats& stats) {
  const DataType type = vector.type();
  std::string_view low;
  std::string_view high;
  bool first = true;
  const bool plain_bytes = type.id != TypeId::kBpchar && type.id != TypeId::kNumeric;
  ForEachPresent(vector, [&](size_t row) {
    const std::string_view value = vector.GetBytes(row);
    if (first) {
      low = high = value;
      first = false;
    } else if (plain_bytes) {
      if (value < low) low = value;
      if (value > high) high = value;
    } else {
      if (CompareBytes(type, value, low) < 0) low = value;
      if (CompareBytes(type, value, high) > 0) high = value;
    }
  });
  std::string min(low);
  std::string max(high);
  stats.exact = true;
  if (min.size() > kMaxBoundBytes || max.size() > kMaxBoundBytes) {
    if (type.id == TypeId::kNumeric) return;  // no prefix of a number is a bound
    stats.exact = false;
    if (min.size() > kMaxBoundBytes) min.resize(kMaxBoundBytes);
    if (max.size() > kMaxBoundBytes && !CutUpperBound(type, max)) return;
  }
  stats.has_bounds = true;
  stats.min = Value::Bytes(type, std::move(min));
  stats.max = Value::Bytes(type, std::move(max));
}

/// First and last value; long strings are not worth their bytes in the footer.
void Edges(const Vector& vector, ColumnStats& stats) {
  const size_t last = vector.size() - 1;
  if (vector.type().Physical() == PhysicalType::kBytes) {
    for (size_t row : {size_t{0}, last}) {
      if (vector.IsValid(row) && vector.GetBytes(row).size() > kMaxBoundBytes) return;
    }
  }
  stats.has_edges = true;
  stats.first = Value::FromVector(vector, 0);
  stats.last = Value::FromVector(vector, last);
}

bool MayEqual(const ColumnStats& stats, DataType type, const Value& value) {
  if (value.IsNull()) return false;
  if (!stats.has_bounds || !ComparableWith(value, type)) return true;
  Value typed = value;
  typed.SetType(type);
  return CompareValues(typed, stats.min) >= 0 && CompareValues(typed, stats.max) <= 0;
}

bool MayLie(const ColumnStats& stats, DataType type, ColumnCondition::Op op, const Value& value) {
  using Op = ColumnCondition::Op;
  if (value.IsNull()) return false;
  if (!stats.has_bounds || !ComparableWith(value, type)) return true;
  Value typed = value;
  typed.SetType(type);
  switch (op) {
    case Op::kLess: return CompareValues(stats.min, typed) < 0;
    case Op::kLessEqual: return CompareValues(stats.min, typed) <= 0;
    case Op::kGreater: return CompareValues(stats.max, typed) > 0;
    case Op::kGreaterEqual: return CompareValues(stats.max, typed) >= 0;
    default: return true;
  }
}

void MergeBounds(ColumnStats& into, const ColumnStats& other) {
  if (!into.has_bounds || !other.has_bounds) {
    into.has_bounds = into.exact = false;
    into.min = into.max = Value();
    return;
  }
  into.exact = into.exact && other.exact;
  if (CompareValues(other.min, into.min) < 0) into.min = other.min;
  if (CompareValues(other.max, into.max) > 0) into.max = other.max;
}

}  // namespace

bool HasZoneOrder(DataType type) {
  if (type.is_array) return false;
  switch (type.id) {
    case TypeId::kBool:
    case TypeId::kInt16:
    case TypeId::kInt32:
    case TypeId::kInt64:
    case TypeId::kFloat32:
    case TypeId::kFloat64:
    case TypeId::kNumeric:
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpchar:
    case TypeId::kName:
    case TypeId::kBytea:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kInterval:
    case TypeId::kUuid:
    case TypeId::kOid: return true;
    default: return false;
  }
}

ColumnStats ComputeStats(const Vector& vector) {
  ColumnStats stats;
  stats.rows = vector.size();
  stats.null_count = vector.null_count();
  const DataType type = vector.type();
  if (stats.rows != 0) Edges(vector, stats);
  if (stats.value_count() == 0) {
    if (type.IsInteger()) stats.sum_kind = ColumnStats::SumKind::kInteger;
    if (type.IsFloat()) stats.sum_kind = ColumnStats::SumKind::kDouble;
    return stats;
  }
  switch (type.Physical()) {
    case PhysicalType::kBool: IntegerStats<uint8_t>(vector, stats); break;
    case PhysicalType::kInt16: IntegerStats<int16_t>(vector, stats); break;
    case PhysicalType::kInt32: IntegerStats<int32_t>(vector, stats); break;
    case PhysicalType::kInt64: IntegerStats<int64_t>(vector, stats); break;
    case PhysicalType::kFloat32: FloatStats<float>(vector, stats); break;
    case PhysicalType::kFloat64: FloatStats<double>(vector, stats); break;
    case PhysicalType::kInterval:
    case PhysicalType::kUuid:
      if (HasZoneOrder(type)) OrderedStats(vector, stats);
      break;
    case PhysicalType::kBytes:
      if (HasZoneOrder(type)) StringStats(vector, stats);
      break;
  }
  return stats;
}

void ColumnStats::Merge(const ColumnStats& other) {
  if (other.rows == 0) return;
  if (rows == 0) {
    *this = other;
    return;
  }
  if (value_count() == 0) {
    has_bounds = other.has_bounds;
    exact = other.exact;
    min = other.min;
    max = other.max;
  } else if (other.value_count() != 0) {
    MergeBounds(*this, other);
  }
  has_edges = has_edges && other.has_edges;
  last = has_edges ? other.last : Value();
  if (!has_edges) first = Value();
  rows += other.rows;
  null_count += other.null_count;
  if (sum_kind != other.sum_kind) sum_kind = SumKind::kNone;
  int_sum += other.int_sum;
  double_sum += other.double_sum;
}

bool ComparableWith(const Value& value, DataType column) {
  if (value.type().is_array || value.type().Physical() != column.Physical()) return false;
  if (value.type().SameAs(column)) return true;
  auto is_text = [](DataType type) { return type.Is(TypeId::kText) || type.Is(TypeId::kVarchar) || type.Is(TypeId::kName); };
  return is_text(value.type()) && is_text(column);
}

bool MayMatch(const ColumnStats& stats, DataType type, const ColumnCondition& condition) {
  using Op = ColumnCondition::Op;
  switch (condition.op) {
    case Op::kIsNull: return stats.null_count != 0;
    case Op::kIsNotNull: return stats.value_count() != 0;
    default: break;
  }
  if (stats.value_count() == 0) return false;  // a comparison with NULL is never true
  if (condition.op == Op::kEqual || condition.op == Op::kIn) {
    for (const Value& value : condition.values) {
      if (MayEqual(stats, type, value)) return true;
    }
    return false;
  }
  return condition.values.size() != 1 || MayLie(stats, type, condition.op, condition.values[0]);
}

bool MustMatch(const ColumnStats& stats, DataType type, const ColumnCondition& condition) {
  using Op = ColumnCondition::Op;
  if (condition.op == Op::kIsNull) return stats.value_count() == 0;
  if (stats.null_count != 0) return false;
  if (condition.op == Op::kIsNotNull) return true;
  if (!stats.has_bounds) return false;
  const bool one_value = stats.exact && CompareValues(stats.min, stats.max) == 0;
  if (condition.op == Op::kEqual || condition.op == Op::kIn) {
    if (!one_value) return false;
    for (const Value& value : condition.values) {
      if (value.IsNull() || !ComparableWith(value, type)) continue;
      Value typed = value;
      typed.SetType(type);
      if (CompareValues(typed, stats.min) == 0) return true;
    }
    return false;
  }
  if (condition.values.size() != 1 || condition.values[0].IsNull() || !ComparableWith(condition.values[0], type)) return false;
  Value typed = condition.values[0];
  typed.SetType(type);
  switch (condition.op) {
    case Op::kLess: return CompareValues(stats.max, typed) < 0;
    case Op::kLessEqual: return CompareValues(stats.max, typed) <= 0;
    case Op::kGreater: return CompareValues(stats.min, typed) > 0;
    case Op::kGreaterEqual: return CompareValues(stats.min, typed) >= 0;
    default: return false;
  }
}

}  // namespace tsd::engine
